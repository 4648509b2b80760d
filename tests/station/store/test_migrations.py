"""The shape of the database and its history are one."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from station.store import Reader, Store, StoreError
from station.store.connect import sqlite_driver, writing
from station.store.migrate import MIGRATIONS, config, upgrade
from station.store.schema import HEAD, metadata
from tests.station.store.histories import HandClock, weeks


def test_the_migrations_make_the_tables_of_the_program(path: Path) -> None:
    """Alembic finds no difference between what its revisions make and what the program declares."""
    engine = writing(path, sqlite_driver)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD
    engine.dispose()


def test_a_missing_column_would_be_found(path: Path) -> None:
    """The comparison above can fail."""
    engine = writing(path, sqlite_driver)
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE people DROP COLUMN added_at")
        assert compare_metadata(MigrationContext.configure(connection), metadata) != []
    engine.dispose()


def test_the_program_knows_its_newest_revision() -> None:
    """The head that the program names is the head of the migrations, and revisions sort as they follow each other."""
    scripts = ScriptDirectory.from_config(config())
    assert scripts.get_heads() == [HEAD]
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)


NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("people", recreate="always") as people:
        people.add_column(sa.Column("colour", sa.String(), nullable=False, server_default="red"))
    {more}
"""


@pytest.fixture
def next_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program with one more revision, which makes the table anew that all sittings refer to."""
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copy)
    (copy / "versions" / "0003_next.py").write_text(NEXT.format(more=""))
    monkeypatch.setattr("station.store.migrate.MIGRATIONS", copy)
    monkeypatch.setattr("station.store.prepare.HEAD", "0003")
    return copy / "versions" / "0003_next.py"


def test_an_older_database_is_brought_up_to_date(path: Path, clock: HandClock, next_revision: Path) -> None:
    """At start a database of an older shape is copied, changed with its rows kept, and then used."""
    assert next_revision.exists()
    an_old_one(path, clock)
    with Store.open(path, clock=clock) as store:
        with store.writing() as now:
            assert now.execute(text("SELECT DISTINCT colour FROM people")).scalars().all() == ["red"]
            assert now.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["0003"]
            assert now.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert [one.person_name for one in store.sittings()] == ["Bea", "Ann"]
    copy = sqlite3.connect(path.with_name("station.db.0002"))
    assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
    assert copy.execute("SELECT count(*) FROM sittings").fetchall() == [(2,)]
    copy.close()


def test_a_change_that_fails_changes_nothing(path: Path, clock: HandClock, next_revision: Path) -> None:
    """A revision that would break a reference, or fails half way, leaves the database as it was."""
    an_old_one(path, clock)
    for more, why in (('op.execute("DELETE FROM people")', "breaks references"), ("raise OSError('half')", "half")):
        next_revision.write_text(NEXT.format(more=more))
        with pytest.raises(StoreError, match=f"could not be changed to the shape 0003 .*{why}.*it is as it was"):
            Store.open(path, clock=clock)
        same = sqlite3.connect(path)
        assert same.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
        assert len(same.execute("SELECT * FROM people").fetchall()) == 2
        assert "colour" not in str(same.execute("SELECT sql FROM sqlite_master WHERE name = 'people'").fetchone())
        same.close()


def test_an_older_database_is_not_read_before_it_is_changed(path: Path, clock: HandClock, next_revision: Path) -> None:
    """The export asks for a start of the station first."""
    assert next_revision.exists()
    an_old_one(path, clock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("station.store.read.HEAD", "0003")
        with pytest.raises(StoreError, match="older shape: start the station"):
            Reader.open(path)


def an_old_one(path: Path, clock: HandClock) -> None:
    """A database of the shape before, with two people and a sitting of each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("station.store.prepare.HEAD", "0002")
        with Store.open(path, clock=clock) as store:
            weeks(store, clock, days=1)
