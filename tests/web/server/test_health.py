"""`station health`, against the real page."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from station.app.snapshot import Fault
from station.cli import health as command
from station.cli.main import main
from station.clock import SystemClock
from station.config import parse
from station.system.self_check import _page
from tests.web.double import StationDouble
from web.server.http import Server


def health(tmp_path: Path, port: int, *options: str) -> tuple[int, str]:
    config = tmp_path / "station.toml"
    config.write_text(f"[page]\nport = {port}\n")
    done = CliRunner().invoke(main, ["health", "--config", str(config), *options])
    return done.exit_code, done.output.strip()


def test_health_reports_a_station_with_and_without_fault(
    tmp_path: Path, server: Server, station: StationDouble
) -> None:
    """Without access it says that something is wrong, and where to look."""
    station.show(at_us=SystemClock().now_us())
    code, said = health(tmp_path, server.port)
    assert (code, said.endswith(".")) == (0, True)
    station.show(faults=(Fault("distance sensor", "It does not answer."),))
    assert health(tmp_path, server.port) == (1, "Action needed: see the page's Status.")
    assert health(tmp_path, server.port, "--running") == (0, "Action needed: see the page's Status.")


def test_page_without_its_board_is_not_running(tmp_path: Path, server: Server, station: StationDouble) -> None:
    """A loose cable is no reason to roll back to the previous version; a board that does not start is."""
    station.show(at_us=SystemClock().now_us() - 10_000_000)
    code, said = health(tmp_path, server.port, "--running")
    assert (code, "the board does not respond" in said) == (1, True)


def test_station_that_does_not_answer_is_not_healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens."""
    monkeypatch.setattr(command, "LOCAL_PORT", 1)
    code, said = health(tmp_path, 1)
    assert code == 1
    assert said == "station: No page answers on this machine: journalctl --unit 'station*' says why."


def test_check_finds_the_own_page_at_its_port(server: Server) -> None:
    """A running page is not mistaken for another program on the port."""
    found = _page(parse(f"[page]\nport = {server.port}\n", "test"))
    assert (found.well, found.sentence) == (True, f"127.0.0.1 port {server.port} answers")


def test_wrong_configuration_has_its_own_status(tmp_path: Path) -> None:
    """The same as for `station run`: 78."""
    config = tmp_path / "station.toml"
    config.write_text("[page]\nport = 'x'\n")
    assert CliRunner().invoke(main, ["health", "--config", str(config)]).exit_code == 78
