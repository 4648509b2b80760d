"""`station progress`: the page's sentences, a chart in characters, and a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from station.cli.main import main
from station.clock import SystemClock
from station.settings import Settings
from station.store import Store
from station.store.reading.training import LEGS
from tests.web.years import add_years_of_tests

Command = Callable[..., Result]


@pytest.fixture
def progress(tmp_path: Path) -> Command:
    """The command on a database with half a year of Ann's tests, and none of Bea's."""
    path = tmp_path / "station.db"
    with Store.open(path, clock=SystemClock()) as store:
        add_years_of_tests(store, 180, every=3.0)
        store.add_person("Bea")
    return lambda *options: CliRunner().invoke(main, ["progress", "--database", str(path), *options])


def test_progress_prints_sentences_chart_and_table(progress: Command) -> None:
    """For each side: the sentences, a chart with its first and last date and the goal, and the newest tests first."""
    result = progress("--person", "Ann")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "\u25cf Left" in lines
    assert any("a real gain" in line.lower() for line in lines)
    assert any("Your own error" in line for line in lines)
    drawn = [line for line in lines if "\u2502" in line]
    assert len(drawn) == 20
    assert all(len(line) <= 67 for line in drawn)
    assert sum(line.count("\u25cb") + line.count("\u25cf") for line in drawn) > 20
    assert "goal 10.2 cm" in result.stdout
    assert "and 40 older tests: --json shows them all." in lines
    table = lines[next(n for n, line in enumerate(lines) if line.startswith("When  ")) + 1 :]
    days = [datetime.strptime(line[:18].strip(), "%a %d %b %Y").astimezone() for line in table[:20]]
    assert days == sorted(days, reverse=True)


def test_progress_uses_units_of_settings(progress: Command, tmp_path: Path) -> None:
    """The terminal uses inches if the page does."""
    with Store.open(tmp_path / "station.db", clock=SystemClock()) as store:
        store.save_settings(Settings(units="inch"))
    result = progress("--person", "Ann")
    assert "goal 4.0 in" in result.stdout
    assert " cm" not in result.stdout


def test_progress_json_has_every_test_unrounded(progress: Command) -> None:
    """For programs: all tests, the trend, the changes and the same sentences."""
    said = json.loads(progress("--person", "Ann", "--json").stdout)
    left = said["sides"]["left"]
    assert len(left["tests"]) == len(left["trend"]) == 60
    assert left["sentences"][0] in progress("--person", "Ann").stdout
    assert datetime.fromisoformat(left["tests"][0]["at"]).tzinfo is not None
    assert {"change_mm", "chance_real", "changes", "forecast", "error", "outliers"} <= left.keys()


def test_progress_accepts_person_without_tests(progress: Command) -> None:
    """A person without a test gets the sentence for it."""
    result = progress("--person", "Bea")
    assert result.exit_code == 0
    assert "the first test is your starting point" in result.stdout
    assert json.loads(progress("--person", "nobody", "--json").stdout)["difference"] is None


def test_progress_refuses_unknown_person_and_database(progress: Command, tmp_path: Path) -> None:
    """An unknown person, and a file that is not a database."""
    result = progress("--person", "Cleo")
    assert (result.exit_code, result.stderr) == (
        1,
        "station: This station has no person called 'Cleo' (it has: Ann, Bea).\n",
    )
    nothing = CliRunner().invoke(main, ["progress", "--person", "Ann", "--database", str(tmp_path / "no.db")])
    assert nothing.exit_code == 1
    assert "There is no database" in nothing.stderr


def test_progress_of_one_leg_has_one_side(progress: Command, tmp_path: Path) -> None:
    """Of a person who tests the right leg only: its sentences, chart and column, and no comparison."""
    with Store.open(tmp_path / "station.db", clock=SystemClock()) as store:
        ann = next(one for one in store.people() if one.name == "Ann")
        store.add_answer(ann.id, LEGS, "right")
    lines = progress("--person", "Ann").stdout.splitlines()
    assert "\u25c6 Right" in lines
    assert "\u25cf Left" not in lines
    assert "Only the right side is tested." in lines
    assert next(line.split() for line in lines if line.startswith("When  ")) == ["When", "Right", "How"]
    said = json.loads(progress("--person", "Ann", "--json").stdout)
    assert said["sides"].keys() == {"right"}
    assert said["difference"] is None
