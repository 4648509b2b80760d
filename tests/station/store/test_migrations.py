"""The schema of the database and its history are one."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from station.core.events import Side
from station.core.measurement.curve import Curve
from station.core.measurement.curve_fit import Point
from station.store import Reader, Store, StoreError, checksums
from station.store.connect import sqlite_driver, write_engine
from station.store.migrate import MIGRATIONS_DIR, alembic_config, upgrade
from station.store.records import HeelLift
from station.store.schema import HEAD_REVISION, metadata
from tests.station.store.histories import HandClock, guided_routine, weeks
from tests.station.store.older_schemas import SCHEMAS, make_older_database, rows_of


def test_the_migrations_make_the_tables_of_the_program(path: Path) -> None:
    """Alembic finds no difference between what its revisions make and what the program declares."""
    engine = write_engine(path, sqlite_driver)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD_REVISION
    engine.dispose()


def test_a_missing_column_would_be_found(path: Path) -> None:
    """The comparison above can fail."""
    engine = write_engine(path, sqlite_driver)
    upgrade(engine)
    with engine.connect() as connection:
        checksums.remove(connection)
        connection.exec_driver_sql("ALTER TABLE people DROP COLUMN added_at")
        assert compare_metadata(MigrationContext.configure(connection), metadata) != []
    engine.dispose()


def test_the_program_knows_its_newest_revision() -> None:
    """The head that the program names is the head of the migrations, and revisions sort as they follow each other."""
    scripts = ScriptDirectory.from_config(alembic_config())
    assert scripts.get_heads() == [HEAD_REVISION]
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)


NEXT_REVISION = f"{int(HEAD_REVISION) + 1:04}"
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{head}"


def upgrade() -> None:
    with op.batch_alter_table("people", recreate="always") as people:
        people.add_column(sa.Column("colour", sa.String(), nullable=False, server_default="red"))
    {more}
"""


def next_source(more: str = "") -> str:
    """The source of the revision after the newest."""
    return NEXT.format(head=HEAD_REVISION, next=NEXT_REVISION, more=more)


@pytest.fixture
def next_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program with one more revision, which rebuilds the table that all sessions refer to."""
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS_DIR, copy)
    (copy / "versions" / f"{NEXT_REVISION}_next.py").write_text(next_source())
    monkeypatch.setattr("station.store.migrate.MIGRATIONS_DIR", copy)
    monkeypatch.setattr("station.store.prepare.HEAD_REVISION", NEXT_REVISION)
    return copy / "versions" / f"{NEXT_REVISION}_next.py"


def test_an_older_database_is_brought_up_to_date(path: Path, clock: HandClock, next_revision: Path) -> None:
    """At start a database of an older schema is copied, changed with its rows kept, and then used."""
    assert next_revision.exists()
    make_old_database(path, clock)
    with Store.open(path, clock=clock) as store:
        with store.write_transaction() as now:
            assert now.execute(text("SELECT DISTINCT colour FROM people")).scalars().all() == ["red"]
            assert now.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [NEXT_REVISION]
            assert now.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert [one.person_name for one in store.sessions()] == ["Bea", "Ann"]
    copy = sqlite3.connect(path.with_name(f"station.db.{HEAD_REVISION}"))
    assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD_REVISION,)]
    assert copy.execute("SELECT count(*) FROM sessions").fetchall() == [(2,)]
    copy.close()


def test_a_change_that_fails_changes_nothing(path: Path, clock: HandClock, next_revision: Path) -> None:
    """A revision that would break a reference, or fails half way, leaves the database as it was."""
    make_old_database(path, clock)
    for more, why in (('op.execute("DELETE FROM people")', "breaks references"), ("raise OSError('half')", "half")):
        next_revision.write_text(next_source(more))
        with pytest.raises(
            StoreError, match=f"could not be upgraded to the schema {NEXT_REVISION} .*{why}.*it is unchanged"
        ):
            Store.open(path, clock=clock)
        same = sqlite3.connect(path)
        assert same.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD_REVISION,)]
        assert len(same.execute("SELECT * FROM people").fetchall()) == 2
        assert "colour" not in str(same.execute("SELECT sql FROM sqlite_master WHERE name = 'people'").fetchone())
        same.close()


CUT = "op.execute('UPDATE people SET name = upper(name)'); import os; os.kill(os.getpid(), 9)"


@pytest.mark.parametrize("place", ["before the table is rebuilt", "after the table is rebuilt"])
def test_a_change_that_is_cut_off_is_made_by_the_next_start(
    path: Path, clock: HandClock, next_revision: Path, place: str
) -> None:
    """The process is killed within the transaction: the rows are as they were, and the next start changes them."""
    make_old_database(path, clock)
    whole, body = next_revision.read_text(encoding="utf-8"), "    with op.batch_alter_table"
    cut = whole.replace(body, f"    {CUT}\n{body}") if place.startswith("before") else next_source(CUT)
    next_revision.write_text(cut, encoding="utf-8")
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            Store.open(path, clock=clock)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    with closing(sqlite3.connect(path)) as same:
        assert same.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD_REVISION,)]
        assert {name for (name,) in same.execute("SELECT name FROM people")} == {"Ann", "Bea"}
    next_revision.write_text(whole, encoding="utf-8")
    with Store.open(path, clock=clock) as store, store.read_transaction() as now:
        assert {(row.name, row.colour) for row in now.execute(text("SELECT name, colour FROM people"))} == {
            ("Ann", "red"),
            ("Bea", "red"),
        }


def test_an_older_database_is_not_read_before_it_is_changed(path: Path, clock: HandClock, next_revision: Path) -> None:
    """The export asks for a start of the station first."""
    assert next_revision.exists()
    make_old_database(path, clock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("station.store.reading.transactions.HEAD_REVISION", NEXT_REVISION)
        with pytest.raises(StoreError, match="older schema: start the station"):
            Reader.open(path)


def make_old_database(path: Path, clock: HandClock) -> None:
    """A database of the schema before, with two people and a session of each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("station.store.prepare.HEAD_REVISION", HEAD_REVISION)
        with Store.open(path, clock=clock) as store:
            weeks(store, clock, days=1)


NEW_TABLES = {
    "checks": "calibration_checks",
    "heels": "heel_sensors",
    "lifts": "heel_lifts",
    "reps": "rep_sets",
    "sittings": "sessions",
}
NEW_COLUMNS = {
    **{(table, "made_at"): "created_at" for table in ("calibrations", "checks", "corrections")},
    ("sittings", "ended_why"): "end_reason",
    ("runs", "sitting_id"): "session_id",
    ("runs", "began_at"): "started_at",
    ("runs", "called"): "title",
    ("runs", "rest_json"): "remaining_json",
    ("runs", "rest_at"): "remaining_saved_at",
    ("tests", "doubted"): "is_suspect",
    ("tests", "board_deg"): "board_angle_deg",
    ("tests", "limit_felt"): "felt_place",
    ("attempts", "window_from_us"): "window_start_us",
    ("attempts", "window_to_us"): "window_end_us",
    **{("holds", old): new for old, new in (("lifts", "lift_count"), ("micro_lifts", "micro_lift_count"))},
    **{(table, "step"): "step_index" for table in ("holds", "reps")},
    ("lifts", "since_us"): "started_us",
    ("lifts", "until_us"): "ended_us",
    ("reps", "too_quick"): "too_quick_count",
    ("repetitions", "reps_id"): "rep_set_id",
    ("answers", "at"): "answered_at",
}
NEW_VALUES = {
    ("sittings", "ended_why", "left"): "stepped off",
    ("sittings", "ended_why", "somebody else"): "another person",
    ("answers", "question", "care"): "health",
}
"""Three values have new words: why a session ended, and which questions were answered."""
MAY_BE_EMPTY = {"attempts", "heels", "settings", "trace_chunks", "routines", "plans", "repetitions"}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_an_older_schema_keeps_every_row(path: Path, clock: HandClock, schema: str) -> None:
    """Whatever was in a column is there afterwards; only what a calibration knew is said in another way."""
    make_older_database(path, schema)
    columns, before = rows_of(path)
    columns["calibrations"].remove("points_json" if schema == "0001" else "covariance_json")
    _, before = rows_of(path, columns)
    assert {table for table, rows in before.items() if not rows} <= MAY_BE_EMPTY
    Store.open(path, clock=clock).close()
    today = {
        NEW_TABLES.get(table, table): [NEW_COLUMNS.get((table, name), name) for name in names]
        for table, names in columns.items()
    }
    expected = {
        NEW_TABLES.get(table, table): [
            tuple(NEW_VALUES.get((table, name, value), value) for name, value in zip(columns[table], row, strict=True))
            for row in rows
        ]
        for table, rows in before.items()
    }
    assert rows_of(path, today)[1] == expected
    assert rows_of(path.with_name(f"station.db.{schema}"), columns)[1] == before


@pytest.mark.parametrize("schema", SCHEMAS[:2])
def test_older_holds_and_repetitions_were_all_verified(path: Path, clock: HandClock, schema: str) -> None:
    """They are of no exercise and no step that anybody knows, and nothing is left of the routines of then."""
    make_older_database(path, schema)
    with Store.open(path, clock=clock) as store:
        (hold,), (reps,) = store.holds("p"), store.rep_sets("p")
        assert (hold.side, hold.credited_us, hold.heel_lifts) == (Side.LEFT, 12_345_678, (HeelLift(7, 700_007),))
        assert (hold.step_index, hold.exercise, hold.verified) == (None, None, True)
        assert (reps.side, reps.count, reps.too_quick_count, reps.state) == (Side.RIGHT, 7, 2, "unfinished")
        assert (reps.step_index, reps.exercise, reps.verified, reps.repetitions) == (None, None, True, ())
        assert [week.left_us for week in store.week_credits("p", exercises=())] == [12_345_678]
        assert store.unfinished_run("p") is None
        assert (store.own_routines("p"), store.answers("p"), store.plans()) == ((), (), {})
        with store.read_transaction() as now:
            kept = now.execute(text("SELECT title, remaining_json, remaining_saved_at FROM runs")).all()
        assert kept == [(None, None, None)]


@pytest.mark.parametrize("schema", SCHEMAS[:2])
def test_an_older_schema_learns_all_that_is_kept_today(path: Path, clock: HandClock, schema: str) -> None:
    """What a guide keeps goes into the changed tables as into new ones."""
    make_older_database(path, schema)
    with Store.open(path, clock=clock) as store:
        run_id = guided_routine(store, clock, "p")
        left = store.unfinished_run("p")
        assert left is not None
        assert left.run_id == run_id
        assert [hold.verified for hold in store.holds("p")] == [False, True]
        assert [len(reps.repetitions) for reps in store.rep_sets("p")] == [3, 0]
        with pytest.raises(StoreError, match="NOT NULL"), store.write_transaction() as now:
            now.execute(text("UPDATE holds SET verified = NULL"))


def test_a_database_of_the_first_schema_keeps_every_number(path: Path, clock: HandClock) -> None:
    """What it had is there as it was; what it could not know is missing, and no number is made up."""
    make_older_database(path, "0001")
    with Store.open(path, clock=clock) as store:
        (test,) = store.tests("p")
        assert (test.left_mm, test.right_mm, test.left_uncertainty_mm, test.calibration_id) == (84.1, None, 0.7, "c2")
        assert (test.left_budget, test.original, test.temperature_c) == (None, None, None)
        assert (test.imported, test.is_suspect, test.answers.pain) == (False, False, 1)
        assert [(trial.toe_mm, trial.uncertainty_mm, trial.budget) for trial in test.trials] == [(84.1, 0.7, None)]
        (score,) = store.result_summaries("p")
        assert (score.left_mm, score.calibration, score.pain, score.imported) == (84.1, 2, 1, False)
        assert store.checks() == ()
    assert path.with_name("station.db.0001").exists()


def test_calibrations_of_the_first_schema_know_how_little_they_know(path: Path, clock: HandClock) -> None:
    """As built stays as built; points count as one reading each, and the line through them carries that on."""
    make_older_database(path, "0001")
    with Store.open(path, clock=clock) as store:
        one_block, two_blocks, as_built = store.calibrations()
    assert (as_built.curve, as_built.fit) == (Curve(), None)
    assert two_blocks.fit is not None
    assert two_blocks.curve == two_blocks.fit.curve == Curve(1.01, -69.0)
    assert two_blocks.fit.points == (Point(0.0, 70.0, 2.1, 1), Point(102.5, 170.0, 2.1, 1))
    assert two_blocks.fit.residuals_mm == pytest.approx((-1.7, -0.2))
    assert [two_blocks.fit.uncertainty_mm(reading) for reading in (70.0, 120.0, 170.0)] == pytest.approx(
        [2.1, 2.1 / 2**0.5, 2.1]
    )
    assert one_block.fit is not None
    assert one_block.fit.uncertainty_mm(145.0) == pytest.approx(2.1)


@pytest.mark.parametrize(
    ("header", "skirting_mm"),
    [
        ("{}", 0.0),
        ('{"offset_mm": -69.0}', 0.0),
        ('{"offset_mm": -57}', 12.0),
        ('{"offset_mm": -56.9}', 12.1),
        ('{"offset_mm": "far"}', None),
        ("{", None),
    ],
)
def test_older_test_gets_its_skirting_from_the_trace_header(
    path: Path, clock: HandClock, header: str, skirting_mm: float | None
) -> None:
    """The curve's offset in the header includes the skirting board; a damaged header leaves it unknown."""
    make_older_database(path, "0003")
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE runs SET header_json = ?", (header,))
        database.commit()
    with Store.open(path, clock=clock) as store:
        assert [test.skirting_mm for test in store.tests("p")] == [skirting_mm]


def test_older_imported_test_has_no_skirting(path: Path, clock: HandClock) -> None:
    """A tape sees no skirting board."""
    make_older_database(path, "0003")
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE tests SET imported = 1")
        database.commit()
    with Store.open(path, clock=clock) as store:
        assert [test.skirting_mm for test in store.tests("p")] == [None]
