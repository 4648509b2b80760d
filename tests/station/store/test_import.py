"""An export can be imported into any station; a bad file changes nothing."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Table

from station.core.events import Side
from station.settings import Settings
from station.store import Store, StoreError, seeded_ids
from station.store.connect import sqlite_driver
from station.store.exchange.export import SUFFIXES, ExportKind, export_person, export_station
from station.store.exchange.export_read import ImportRefusedError, open_export
from station.store.exchange.exported import EXPORTED, STATION_ONLY
from station.store.exchange.merge import import_export, merge, preview
from station.store.exchange.staging import DIRECTORY_PREFIX, staged_export
from station.store.schema import HEAD_REVISION, NEVER_EXPORTED, metadata
from tests.empty_store import with_tables
from tests.station.store.histories import BLOCK, FIT, ITEMS, HandClock, guided_routine, one_test, weeks
from tests.station.store.mutations import mutated, with_value

KINDS = tuple(ExportKind)
IMPORTS_OF_MUTATIONS = 120
"""A seeded part of the thousand of `tests.bench.exchange`."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with everything that can be exported, and its exports of every kind."""
    directory, clock = tmp_path_factory.mktemp("shelf"), HandClock()
    with Store.open(directory / "full.db", clock=clock, new_id=seeded_ids(clock, 1)) as store:
        weeks(store, clock, days=3)
        ann = store.people()[0].id
        store.save_settings(Settings(units="inch"))
        store.save_empty_share(Side.LEFT, 0.02)
        calibration_id = store.add_calibration(FIT, temperature_c=21.5)
        store.add_check(calibration_id=calibration_id, **BLOCK, off_mm=2.4, passed=False)
        guided_routine(store, clock, ann)
        for about in ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'quoted'", "", 'a,b\n"c"', None):
            store.add_answer(ann, "pain", {"now": 1}, about=about)
        store.save_routine(None, None, "=Of everybody", ITEMS)
        store.begin_session(None, clock.pass_by(days=1), simulated=False)
        for kind in KINDS:
            export_station(store, directory / f"{kind}{SUFFIXES[kind]}", kind)
    return directory


@pytest.fixture
def full(shelf: Path, tmp_path: Path, clock: HandClock) -> Iterator[Store]:
    """A copy of the database, opened."""
    with opened_copy(shelf / "full.db", tmp_path / "full.db", clock) as store:
        yield store


def opened_copy(source: Path, path: Path, clock: HandClock) -> Store:
    shutil.copy(source, path)
    return Store.open(path, clock=clock, new_id=seeded_ids(clock, 99))


def rows(path: Path, *, without: frozenset[str] = frozenset()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every exported table, as SQLite has it."""
    with closing(sqlite_driver(path, True)) as connection:
        return {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
            for name in sorted(EXPORTED - without)
        }


def test_every_table_is_exported_or_never() -> None:
    """Each new table needs a decision, and nothing that lets a browser in is exported."""
    never = {one.name for one in NEVER_EXPORTED if isinstance(one, Table)}
    assert EXPORTED | never == set(metadata.tables)
    assert not EXPORTED & never
    columns = [column for name in EXPORTED for column in metadata.tables[name].c if column not in NEVER_EXPORTED]
    assert not [column for column in columns if any(word in column.name for word in ("hash", "token", "secret", "pin"))]


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_station_becomes_the_same(shelf: Path, store: Store, path: Path, kind: ExportKind) -> None:
    """Every row is as SQLite had it, in a bundle the traces too. A second import adds nothing."""
    without = frozenset() if kind is ExportKind.BUNDLE else frozenset({"trace_chunks"})
    report = import_export(store, shelf / f"{kind}{SUFFIXES[kind]}")
    assert report.takes_over
    assert rows(path, without=without) == rows(shelf / "full.db", without=without)
    again = import_export(store, shelf / f"{kind}{SUFFIXES[kind]}")
    of_people = sum(one.new for one in report.tables if one.table not in STATION_ONLY)
    assert (again.new_rows, again.different_rows, again.known_rows) == (0, 0, of_people)
    assert rows(path, without=without) == rows(shelf / "full.db", without=without)


def test_cells_that_begin_like_formulas_come_back(shelf: Path, store: Store, path: Path) -> None:
    """In the CSV no cell begins like one; in the database each text is unchanged."""
    with zipfile.ZipFile(shelf / "csv.zip") as archive:
        cells = [line.split(",")[5] for line in archive.read("answers.csv").decode().split("\n") if line.count(",") > 5]
    assert not [cell for cell in cells if cell.lstrip('"').startswith(("=", "+", "-", "@", "\t", "\r"))]
    import_export(store, shelf / "csv.zip")
    with closing(sqlite3.connect(path)) as connection:
        stored = {about for (about,) in connection.execute("SELECT about FROM answers WHERE question = 'pain'")}
    assert stored >= {"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'quoted'", "", 'a,b\n"c"', None}


@pytest.mark.parametrize("kind", KINDS)
def test_one_person_is_imported_without_anyone_else(
    full: Store, store: Store, path: Path, tmp_path: Path, kind: ExportKind
) -> None:
    """One person's rows with their calibrations, and nothing from other people or the station."""
    ann, bea = full.people()
    file = tmp_path / f"ann{SUFFIXES[kind]}"
    export_person(full, ann.id, file, kind)
    content = file.read_bytes()
    if kind is not ExportKind.JSON:
        with zipfile.ZipFile(file) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Bea" not in content
    assert bea.id.encode() not in content
    report = import_export(store, file)
    assert (report.person_id, report.takes_over, report.people) == (ann.id, False, ("Ann",))
    everything = rows(full.path)
    here = rows(path)
    assert here["people"] == [row for row in everything["people"] if row[0] == ann.id]
    assert here["sessions"] == [row for row in everything["sessions"] if row[1] == ann.id]
    assert here["settings"] == here["heel_sensors"] == []
    assert store.current_calibration().fit is None
    assert store.answers(ann.id) == full.answers(ann.id)
    assert store.tests(ann.id) == full.tests(ann.id)
    with pytest.raises(StoreError, match="There is no person nobody"):
        export_person(full, "nobody", file, kind)


def test_missing_rows_are_added_in_their_order(shelf: Path, tmp_path: Path, clock: HandClock) -> None:
    """A station that lost a session and some answers gets all of them back, in order."""
    with opened_copy(shelf / "full.db", tmp_path / "lost.db", clock) as store:
        store.add_calibration(FIT)
        clock.pass_by(days=1)
        store.add_answer(store.people()[0].id, "pain", {"now": 9})
        before = rows(store.path)
        export_station(store, tmp_path / "all.zip", ExportKind.BUNDLE)
    with closing(sqlite3.connect(tmp_path / "lost.db")) as connection, connection:
        (session_id,) = connection.execute("SELECT session_id FROM runs JOIN tests ON run_id = runs.id").fetchone()
        ids = f"SELECT id FROM runs WHERE session_id = '{session_id}'"
        for table, parent in (("trials", "tests"), ("attempts", "tests"), ("heel_lifts", "holds")):
            key = f"{parent[:-1]}_id"
            connection.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT id FROM {parent} WHERE run_id IN ({ids}))")
        for table in ("tests", "holds", "rep_sets", "trace_chunks"):
            connection.execute(f"DELETE FROM {table} WHERE run_id IN ({ids})")
        connection.execute(f"DELETE FROM runs WHERE session_id = '{session_id}'")
        connection.execute(f"DELETE FROM sessions WHERE id = '{session_id}'")
        connection.execute("DELETE FROM answers WHERE number % 3 = 0")
    with Store.open(tmp_path / "lost.db", clock=clock) as store:
        answered = store.answers(store.people()[0].id)
        report = import_export(store, tmp_path / "all.zip")
        assert report.new("sessions") == 1
        assert report.different_rows == 0
        order = [one.id for one in store.answers(store.people()[0].id)]
        assert len(order) > len(answered)
    after = rows(tmp_path / "lost.db")
    assert {name: before[name] for name in before if name != "answers"} == {
        name: after[name] for name in after if name != "answers"
    }
    at = [column.name for column in metadata.tables["answers"].c].index("number")
    assert order == [row[0] for row in sorted(before["answers"], key=lambda row: -row[at]) if row[0] in order]


def test_own_row_wins_over_a_different_one(full: Store, shelf: Path, tmp_path: Path) -> None:
    """A session claimed since, a changed name and a changed setting stay, and are named; a preview says the same."""
    ann = full.people()[0].id
    full.rename_person(ann, "Anna")
    full.save_settings(Settings(units="inch", volume="low"))
    full.claim_session(full.sessions()[0].id, ann)
    full.save_settings(Settings(units="cm"))
    before = rows(full.path)
    with staged_export(shelf / "bundle.zip", full.path.parent) as staged:
        seen = preview(full, staged)
        assert merge(full, staged) == seen
    assert (seen.new_rows, seen.takes_over, seen.people) == (0, False, ())
    assert {(one.table, one.columns) for one in seen.conflicts} >= {
        ("people", ("name",)),
        ("sessions", ("person_id", "end_reason")),
    }
    assert rows(full.path) == before
    assert not list(full.path.parent.glob(f"{DIRECTORY_PREFIX}*"))


def test_taken_name_gets_a_number(shelf: Path, path: Path, clock: HandClock) -> None:
    """A different person with the same name stays separate, and sees none of her results."""
    with Store.open(path, clock=clock) as store:
        own = store.add_person("ann")
        store.save_routine(None, None, "=Of everybody", ITEMS)
        report = import_export(store, shelf / "json.json")
        assert report.renamed == (("Ann", "Ann 2"), ("=Of everybody", "=Of everybody 2"))
        assert [one.name for one in store.people()] == ["ann", "Ann 2", "Bea"]
        assert store.tests(own.id) == ()


def test_the_calibration_in_use_stays(shelf: Path, path: Path, clock: HandClock) -> None:
    """Another board's calibration, even a newer one, is never used here; its results keep it."""
    with Store.open(path, clock=clock) as store:
        session_id = store.begin_session(store.add_person("Cleo").id, clock.utc_now(), simulated=False)
        one_test(store, store.begin_run(session_id, {"do": "test"}, clock.utc_now()), 80.0, 90.0)
        own = store.add_calibration(FIT)
        clock.pass_by(days=400)
        report = import_export(store, shelf / "csv.zip")
        assert (report.takes_over, report.new("calibrations")) == (False, 2)
        assert store.current_calibration().id == own
        assert sorted(one.number for one in store.calibrations()) == [1, 2, 3, 4]
        assert store.settings().units == "cm"


def test_a_newer_calibration_of_the_same_board_is_used(shelf: Path, tmp_path: Path, clock: HandClock) -> None:
    """A station restored to an older state gets its own newest calibration back."""
    with opened_copy(shelf / "full.db", tmp_path / "later.db", clock) as later:
        newest = later.add_calibration(FIT)
        export_station(later, tmp_path / "later.json", ExportKind.JSON)
    with opened_copy(shelf / "full.db", tmp_path / "older.db", clock) as older:
        assert import_export(older, tmp_path / "later.json").new("calibrations") == 1
        assert older.current_calibration().id == newest


@pytest.mark.parametrize("is_used", [False, True])
@pytest.mark.parametrize("same_board", [False, True])
def test_calibration_of_an_export_is_used_by_a_yes_alone(
    shelf: Path, tmp_path: Path, clock: HandClock, is_used: bool, same_board: bool
) -> None:
    """A station that was never calibrated cannot tell whether the file is of its board, with results or without."""
    with Store.open(tmp_path / "new.db", clock=clock, as_built_offset_mm=-61.0) as store:
        own = store.current_calibration().id
        if is_used:
            session_id = store.begin_session(store.add_person("Cleo").id, clock.utc_now(), simulated=False)
            one_test(store, store.begin_run(session_id, {"do": "test"}, clock.utc_now()), 80.0, 90.0)
        with staged_export(shelf / "json.json", tmp_path) as staged:
            assert preview(store, staged).takes_board is None
            report = merge(store, staged, same_board=same_board)
        assert (report.takes_board, report.takes_over) == (same_board, not is_used)
        with Store.open(shelf / "full.db", clock=clock) as full:
            theirs = full.current_calibration().id
        assert store.current_calibration().id == (theirs if same_board else own)
        assert store.empty_shares() == ({Side.LEFT: 0.02} if same_board else {})
        assert store.settings().units == ("cm" if is_used else "inch")
        numbers = [one.number for one in store.calibrations()]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))


HOSTILE = [
    ("people", "name", "x" * 61, "name"),
    ("people", "name", "a\u0000b", "people.name cannot be"),
    ("people", "name", None, "people.name is missing"),
    ("people", "name", 5, "people.name cannot be 5"),
    ("people", "added_at", "2026-03-02T07:00:00", "people.added_at cannot be"),
    ("people", "added_at", "9999-12-31T23:59:59-12:00", "people.added_at cannot be"),
    ("people", "added_at", "0001-01-01T00:00:00+14:00", "people.added_at cannot be"),
    ("people", "quiet_from", "25:99", "people.quiet_from"),
    ("people", "time_zone", "../../etc/passwd", "people.time_zone"),
    ("people", "goal_left_mm", -5.0, "people.goal_left_mm"),
    ("people", "unit", "furlong", "people.unit"),
    ("people", "hurt_side", "middle", "people.hurt_side"),
    ("tests", "left_mm", 1e300, "tests.left_mm cannot be"),
    ("tests", "left_mm", "80", "tests.left_mm cannot be"),
    ("tests", "left_mm", True, "tests.left_mm cannot be True"),
    ("tests", "started_us", 10**30, "tests.started_us cannot be"),
    ("tests", "started_us", 10**17, "tests.started_us cannot be"),
    ("tests", "started_us", 1.5, "tests.started_us cannot be"),
    ("tests", "contact", "nose", "a record cannot be read"),
    ("tests", "state", "half", "tests.state"),
    ("tests", "full", 1, "tests.full cannot be 1"),
    ("tests", "pain", 11, "tests.pain"),
    ("tests", "felt_place", "elbow", "elbow"),
    ("tests", "back_foot", "in the air", "tests.back_foot"),
    ("tests", "left_budget_json", "{}", "a record cannot be read"),
    ("tests", "left_budget_json", "[" * 100_000, "a record cannot be read"),
    ("tests", "run_id", "nothing", "a row of tests belongs to no row of runs"),
    ("trials", "side", "middle", "a record cannot be read"),
    ("runs", "header_json", "[1]", "runs.header_json"),
    ("plans", "plan_json", "7", "plans.plan_json"),
    ("settings", "value_json", '"furlong"', "a record cannot be read"),
    ("calibrations", "gain", 0.0, "a calibration"),
    ("routines", "items_json", "{}", "routines.items_json"),
]


@pytest.mark.parametrize(("table", "column", "value", "sentence"), HOSTILE)
def test_a_value_that_no_station_writes_is_refused(
    shelf: Path, store: Store, path: Path, tmp_path: Path, table: str, column: str, value: object, sentence: str
) -> None:
    """One sentence names the place, and nothing is changed."""
    before = rows(path)
    (tmp_path / "bad.json").write_bytes(with_value((shelf / "json.json").read_bytes(), table, column, value))
    with pytest.raises(ImportRefusedError) as refused:
        import_export(store, tmp_path / "bad.json")
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("The export bad.json is damaged (")
    assert len(str(refused.value)) < 500
    assert rows(path) == before


def zipped(*members: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return made.getvalue()


HEAD = {"export": "slant board station", "schema": HEAD_REVISION, "person": None}


def head(**counts: int) -> bytes:
    """The head of a zip."""
    return json.dumps(HEAD | {"rows": counts}).encode()


def document(parts: bytes) -> bytes:
    """A JSON export with these parts."""
    return json.dumps(HEAD).encode().removesuffix(b"}") + b', "parts": ' + parts + b"}"


RESULTS = ("results.csv", b"")
BOMB = b"id,name\n" + b"," * 40_000_000
LONG_CELL = b'id,name\n"' + b"a" * 2_000_000 + b'",b\n'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"date,left,right\n2026-01-31,9,9\n", "is not an export"),
        (b"PK\x03\x04 and no zip", "is not an export"),
        (b"SQLite format 3\x00 and more", "is a database"),
        (b"\x89PNG\r\n\x1a\n", "is not an export"),
        (b"[" * 1_000_000, "is not an export"),
        (b'{"export":' * 100_000, "is not an export"),
        (document(b"5"), "it has no parts"),
        (document(b"[5]"), "a part has no rows"),
        (document(b'[{"table": ["people"]}]'), "has no table"),
        (document(b'[{"table": "people"}]'), "has no columns"),
        (document(b'[{"rows": 5}]'), "rows are missing"),
        (document(b"[]"), "its end is missing"),
        (b'{"export": "slant board station", "schema": "9999", "parts": []}', "update the station"),
        (zipped(("session.json", b"{}"), ("1-test.csv", b"")), "is one session"),
        (zipped(("export.json", b"{}")), "is not an export"),
        (zipped(("export.json", head(people=1)), RESULTS), "a table is missing"),
        (zipped(("export.json", head()), RESULTS, ("../people.csv", b"id\n")), "a table is missing"),
        (
            zipped(("export.json", head(people=1)), RESULTS, ("people.csv", b"id,name\n1\n")),
            "too many cells",
        ),
        (zipped(("export.json", head(people=2)), RESULTS, ("people.csv", b"id,name\n")), "has 0 rows"),
        (zipped(("export.json", head(people=1)), RESULTS, ("people.csv", BOMB)), "a line of people.csv is too long"),
        (
            zipped(("export.json", head(people=1)), RESULTS, ("people.csv", LONG_CELL)),
            "a line of people.csv is too long",
        ),
        (
            zipped(("export.json", head(devices=1)), RESULTS, ("devices.csv", b"id\nx\n")),
            "no table devices",
        ),
    ],
)
def test_a_file_of_another_kind_is_refused(
    store: Store, path: Path, tmp_path: Path, content: bytes, sentence: str
) -> None:
    """By its content, regardless of its name: one sentence, nothing changed, and nothing unpacked anywhere."""
    before = rows(path)
    (tmp_path / "x").mkdir()
    file = tmp_path / "x" / "bad.json"
    file.write_bytes(content)
    with pytest.raises(ImportRefusedError, match=sentence):
        import_export(store, file)
    assert rows(path) == before
    assert {one.name for one in tmp_path.rglob("*") if one.is_file()} <= {
        *("bad.json", "station.db", "station.db-wal", "station.db-shm", "station.db.lock", "station.db.room")
    }


def test_mutated_exports_are_imported_whole_or_not_at_all(shelf: Path, tmp_path: Path, clock: HandClock) -> None:
    """Flipped bits, cuts, repetitions and hostile values: a sentence and no change, or all rows of the file."""
    random = Random(1)
    for number in range(IMPORTS_OF_MUTATIONS):
        kind = KINDS[number % len(KINDS)]
        path, file = tmp_path / f"{number}.db", tmp_path / f"mutated{SUFFIXES[kind]}"
        file.write_bytes(mutated((shelf / f"{kind}{SUFFIXES[kind]}").read_bytes(), random))
        with Store.open(with_tables(path), clock=clock) as store:
            before = rows(path)
            try:
                report = import_export(store, file, same_board=True)
            except StoreError:
                is_whole = rows(path) == before
            else:
                is_whole = sum(map(len, rows(path).values())) == report.new_rows
        assert is_whole, f"mutation {number} is imported by half"


def test_partly_read_export_is_closed(full: Store, tmp_path: Path) -> None:
    """For example if a row cannot be stored: then the file can be deleted or replaced at once."""
    file = tmp_path / "half.zip"
    export_station(full, file, ExportKind.BUNDLE)
    with open_export(file) as (_, parts):
        next(parts)
    open_files = [os.readlink(one) for one in Path("/proc/self/fd").iterdir() if one.exists()]
    assert str(file) not in open_files


def test_ten_thousand_rows_take_no_more_memory_than_a_thousand(store: Store, tmp_path: Path, clock: HandClock) -> None:
    """Rows are read and written in small parts."""
    person_id = store.add_person("Ann").id
    peaks = []
    for count in (1_000, 9_000):
        with store.write_transaction() as connection:
            for number in range(count):
                store._insert_answer(connection, person_id, "pain", {"now": number % 10, "about": "x" * 200})
        tracemalloc.start()
        for kind in KINDS:
            export_station(store, tmp_path / f"{kind}{SUFFIXES[kind]}", kind)
            with Store.open(tmp_path / f"{kind}-{count}.db", clock=clock) as other:
                import_export(other, tmp_path / f"{kind}{SUFFIXES[kind]}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 3_000_000
