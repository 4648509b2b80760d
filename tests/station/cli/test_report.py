"""`station report`: the sheet as a file, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from station.cli.main import main
from station.clock import SystemClock
from station.store import Store
from tests.report_histories import add_test

Command = Callable[..., Result]


@pytest.fixture
def report(tmp_path: Path) -> Command:
    """The command on a database with one test of Ann's, and none of Bea's."""
    path = tmp_path / "station.db"
    with Store.open(path, clock=SystemClock()) as store:
        add_test(store, store.add_person("Ann"), 0.1, 84.0, 90.0)
        store.add_person("Bea")
    return lambda *options: CliRunner().invoke(main, ["report", "--database", str(path), *options])


def test_report_writes_one_html_file(report: Command, tmp_path: Path) -> None:
    file = tmp_path / "ann.html"
    result = report("--person", "Ann", "--out", str(file))
    assert (result.exit_code, result.stdout) == (0, f"Written to {file}.\n")
    text = file.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "<h1>Ankle report: Ann</h1>" in text
    assert "8.4 cm \u00b1 0.3" in text


def test_report_prints_without_a_file(report: Command) -> None:
    """Even for a person without a test."""
    result = report("--person", "Bea")
    assert result.exit_code == 0
    assert result.stdout.startswith("<!doctype html>")
    assert "No test yet." in result.stdout


def test_report_replaces_no_file(report: Command, tmp_path: Path) -> None:
    file = tmp_path / "ann.html"
    file.write_text("mine")
    result = report("--person", "Ann", "--out", str(file))
    assert result.exit_code == 1
    assert result.stderr == f"station: {file} exists already: name another file, or delete it first.\n"
    assert file.read_text() == "mine"


def test_report_names_a_missing_directory(report: Command, tmp_path: Path) -> None:
    result = report("--person", "Ann", "--out", str(tmp_path / "none" / "ann.html"))
    assert result.exit_code == 1
    assert "cannot be written: No such file or directory." in result.stderr


def test_report_refuses_unknown_person_and_database(report: Command, tmp_path: Path) -> None:
    """There is no report of unclaimed results either."""
    for name in ("Cleo", "nobody"):
        result = report("--person", name)
        assert result.exit_code == 1
        assert result.stderr == f"station: This station has no person called {name!r} (it has: Ann, Bea).\n"
    none = CliRunner().invoke(main, ["report", "--person", "Ann", "--database", str(tmp_path / "none.db")])
    assert none.exit_code == 1
    assert none.stderr.startswith("station: ")
