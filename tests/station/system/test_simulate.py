"""Simulated days: the database filled by `station simulate`, and the shipped history."""

from __future__ import annotations

import json
import lzma
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from station.cli.main import main
from station.clock import SystemClock
from station.config import parse
from station.simulator.board import CHIPS, SENSOR_SEED, delivered_error
from station.store import Store
from station.store.exchange.export import export_json
from station.store.reading.reader import Reader
from station.system.demo_history import DAYS, PEOPLE, SHIPPED, fill, moved_to
from station.system.simulate import Habits, character_of, simulate

MOST_KB = 310
"""250 of them are the trace of one session with two changes of the board's position."""
LIVED = ("people", "sessions", "runs", "tests", "trials", "attempts", "holds", "heel_lifts")
"""The tables that grow day by day; the others only have the final state."""
A_FEW_DAYS = 4


def rows(document: dict[str, Any], table: str) -> set[tuple[str, ...]]:
    """The rows of a table of an export, each as text."""
    return {
        tuple(map(repr, row))
        for part in document["parts"]
        if part.get("table") == table
        for row in zip(*(values for _, values in sorted(part["columns"].items())), strict=True)
    }


def exported(database: Path) -> dict[str, Any]:
    path = database.with_suffix(".json")
    with Reader.open(database) as reader:
        export_json(reader, path, traces=False)
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_shipped_history_is_reproducible(tmp_path: Path) -> None:
    """Simulating the first days of its first person again gives the shipped ones, row by row and number by number.

    If rules or drivers have changed the results, rebuild the file with `python -m station.system.demo_history`.
    """
    database = tmp_path / "again.db"
    progress = list(simulate(PEOPLE[0], A_FEW_DAYS, database))
    assert progress[-1].sessions >= 1
    shipped, again = json.loads(lzma.decompress(SHIPPED.read_bytes())), exported(database)
    for table in LIVED:
        assert rows(again, table) <= rows(shipped, table), table
    assert len(rows(again, "attempts")) > 10


def test_shipped_history_is_small_and_marked_simulated(tmp_path: Path) -> None:
    """Ten weeks of two people fit into 310 kB, with one trace, all of it marked as simulated."""
    assert SHIPPED.stat().st_size < MOST_KB * 1000
    with Store.open(tmp_path / "demo.db", clock=SystemClock()) as store:
        fill(store)
        assert [person.name for person in store.people()] == [person.name for person in PEOPLE]
        sessions = store.sessions()
        assert all(session.simulated and session.end_reason == "stepped off" for session in sessions)
        newest = max(sessions, key=lambda session: session.started_at)
        oldest = min(sessions, key=lambda session: session.started_at)
        assert DAYS - 7 <= (newest.started_at - oldest.started_at).days < DAYS
        detail = store.session(newest.id)
        assert detail is not None
        assert all(store.trace(run) is not None for run in detail.run_ids)
        for person in store.people():
            scores = store.result_summaries(person.id)
            assert len(scores) > 20
            assert all(score.state == "finished" for score in scores)


def test_demonstration_moves_its_history_before_today() -> None:
    """By whole weeks, forwards or back: the newest day is less than a week ago, and weekdays stay."""
    export = '{"at": ["2026-09-14T08:00:00+00:00", "2026-11-22T17:04:54.330000+00:00"], "note": "2026-11-22"}'
    for today, first, last in (
        ("2027-03-01T12:00:00+00:00", "2026-12-21T08:00:00+00:00", "2027-02-28T17:04:54.330000+00:00"),
        ("2026-11-22T17:00:00+00:00", "2026-09-07T08:00:00+00:00", "2026-11-15T17:04:54.330000+00:00"),
    ):
        moved = json.loads(moved_to(datetime.fromisoformat(today), export))
        assert moved == {"at": [first, last], "note": "2026-11-22"}


@pytest.mark.parametrize("kind", list(CHIPS))
def test_simulate_starts_with_calibration_and_adds_second_person(tmp_path: Path, kind: str) -> None:
    """Days are added one by one, and another person's days to an existing database.

    Before the first day the sensor, which has the same error as in the demonstration, is calibrated; all results are
    measured with that calibration.
    """
    database = tmp_path / "two.db"
    config = parse(f'[range_sensor]\nkind = "{kind}"', "station.toml")
    error = delivered_error(config, SENSOR_SEED)
    for seed, name in enumerate(("Ada", "Ben")):
        habits = Habits(name, character_of(left_mm=60.0, right_mm=55.0), seed=seed)
        days = [progress.day for progress in simulate(habits, 1, database, config)]
        assert all(after == before + 1 for before, after in pairwise([0, *days]))
        with Reader.open(database) as reader:
            calibration = reader.current_calibration()
            assert calibration.fit is not None
            for toe_mm in (0.0, 100.0, 200.0):
                assert calibration.curve.toe_mm(error.reading_mm(toe_mm + 70.0)) == pytest.approx(toe_mm, abs=1.5)
            assert {test.calibration_id for test in reader.tests()} == {calibration.id}
    with Reader.open(database) as reader:
        assert sorted(session.person_name or "" for session in reader.sessions()) == ["Ada", "Ben"]


def test_simulate_command_fills_database(tmp_path: Path) -> None:
    """`station simulate` says how many sessions there are now, with --json as JSON."""
    database = tmp_path / "robin.db"
    asked = ["simulate", "--person", "Robin", "--days", "1", "--limit-left-mm", "50", "--json", "--database"]
    result = CliRunner().invoke(main, [*asked, str(database)])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[-1])["sessions"] == 1
    assert database.exists()


@pytest.mark.parametrize("option", [["--days", "0"], ["--sessions-per-week", "9"], ["--limit-left-mm", "900"]])
def test_simulate_command_refuses_bad_options(option: list[str]) -> None:
    """Invalid options are refused before anything is written."""
    result = CliRunner().invoke(main, ["simulate", "--person", "Robin", "--days", "1", *option])
    assert result.exit_code == 2


@pytest.mark.parametrize("name", ["", " ", "x" * 61])
def test_simulate_command_leaves_no_database_for_an_unusable_name(tmp_path: Path, name: str) -> None:
    database = tmp_path / "none.db"
    asked = ["simulate", "--days", "1", "--database", str(database), "--person", name]
    result = CliRunner().invoke(main, asked)
    assert (result.exit_code, result.stderr) == (1, "station: Enter a name of 1 to 60 letters.\n")
    assert list(tmp_path.iterdir()) == []
