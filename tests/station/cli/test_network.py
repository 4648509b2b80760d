"""`station network` and `station tls` as typed, on this machine, where nothing is installed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from station.cli.main import main
from station.cli.network import terminal_code


def type_command(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without rights."""
    monkeypatch.setattr(os, "geteuid", lambda: 65_534)


def test_status_of_a_page_on_its_own_machine() -> None:
    """Without an argument it shows the status; systemd has no such socket here."""
    done = type_command("network")
    assert (done.exit_code, "Only this machine can open" in done.output) == (0, True)
    found = json.loads(type_command("network", "status", "--json").output)
    assert (found["is_on"], found["addresses"]) == (False, [])


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("words", [("network", "on"), ("network", "off"), ("tls", "on"), ("tls", "status")])
def test_user_without_root_gets_the_command_to_type(words: tuple[str, ...]) -> None:
    done = type_command(*words)
    assert done.exit_code == 1
    assert f"type sudo station {' '.join(words)}." in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["network", "tls"])
def test_wrong_configuration_is_one_sentence(tmp_path: Path, command: str) -> None:
    config = tmp_path / "station.toml"
    config.write_text("[page]\nport = 'x'\n", encoding="utf-8")
    done = type_command(command, "--config", str(config))
    assert done.exit_code == os.EX_CONFIG
    assert len(done.stderr.splitlines()) == 1
    assert "page.port" in done.stderr


@pytest.mark.parametrize("address", ["http://station.local", f"https://[{':'.join(['fd00'] * 8)}]:8443/trust"])
def test_terminal_code_is_square_and_fits_a_terminal(address: str) -> None:
    """Two rows of the code are one line of the terminal, which has eighty columns and about half as many lines."""
    lines = [line for line in terminal_code(address).splitlines() if line]
    (width,) = {len(line) for line in lines}
    assert len(lines) == (width + 1) // 2
    assert width <= 60
