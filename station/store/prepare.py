"""Prepares a database before its first use: checks that it is ours and undamaged, and upgrades its schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from station.store import checksums
from station.store.connect import empty_log
from station.store.errors import SALVAGE, DamagedDatabaseError, DiskFullError, PermanentStoreError, is_disk_full
from station.store.schema import CHECKSUM, HEAD_REVISION, metadata, trace_chunks

VERSION_TABLE = "alembic_version"
SECURE_DELETE_SINCE = "0007"
"""Databases of older revisions may hold bytes of deleted rows."""
CHECKSUMS_SINCE = "0009"
"""In databases of older revisions no row has a checksum."""
_TABLES = "SELECT sql FROM sqlite_master WHERE type = 'table'"


def prepare_database(engine: Engine, path: Path, on_upgrade: Callable[[], None] = lambda: None) -> None:
    """Bring the database to the current schema: create a new one, upgrade an older one, refuse a newer one.

    Alembic is imported only for an upgrade: it costs 0.2 s and 10 MB. An older database is copied first, to a file
    beside it named after its revision. `on_upgrade` is called before that: an upgrade may take minutes.
    """
    with engine.begin() as connection:
        revision = read_revision(connection, path)
        if revision is None:
            metadata.create_all(connection)
            connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES (:head)"), {"head": HEAD_REVISION})
        elif is_mislabelled(revision, connection.execute(text(_TABLES)).scalars()):
            raise DamagedDatabaseError(
                f"The database {path} is damaged (it says that its schema is {revision}, and it is not): {SALVAGE}"
            )
    if revision is not None and revision < HEAD_REVISION:
        from station.store.backups.backup import copy_database
        from station.store.migrate import upgrade

        on_upgrade()
        copy_database(path, path.with_name(f"{path.name}.{revision}"))
        try:
            upgrade(engine)
        except Exception as error:
            kind = DiskFullError if is_disk_full(getattr(error, "orig", error)) else PermanentStoreError
            raise kind(
                f"The database {path} could not be upgraded to the schema {HEAD_REVISION} ({error}): it is unchanged; "
                "go back to the program that wrote it, and report this."
            ) from error
        if revision < SECURE_DELETE_SINCE:
            _forget_deleted_rows(engine)
    with engine.begin() as connection:
        checksums.install(connection)
    check_integrity(engine, path)


def is_mislabelled(revision: str, statements: Iterable[str]) -> bool:
    """Whether the statements that made the tables are newer than the revision: one flipped bit of it is enough."""
    return revision < CHECKSUMS_SINCE and any(CHECKSUM in statement for statement in statements)


def _forget_deleted_rows(engine: Engine) -> None:
    """Rewrite the file without the rows deleted before `secure_delete` was on; without enough room, leave it."""
    with closing(engine.raw_connection()) as pooled, suppress(sqlite3.Error):
        assert pooled.driver_connection is not None
        pooled.driver_connection.execute("VACUUM")
        empty_log(pooled.driver_connection)


def read_revision(connection: Connection, path: Path) -> str | None:
    """The revision of the database; `None` if it is empty. Raises `PermanentStoreError` if it is not ours, or newer."""
    present = set(inspect(connection).get_table_names())
    if not present:
        return None
    if VERSION_TABLE not in present:
        raise PermanentStoreError(
            f"The file {path} is a database of another program: move it away, or name another path."
        )
    revision = str(connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one())
    if revision > HEAD_REVISION:
        raise PermanentStoreError(
            f"The database {path} was written by a newer program (its schema is {revision}, this program knows "
            f"{HEAD_REVISION}): update the station, or restore a backup from before."
        )
    return revision


def check_integrity(engine: Engine, path: Path) -> None:
    """Raise `DamagedDatabaseError` if the database is damaged.

    Traces are skipped: they fill nearly all of the file, and reading a gigabyte from a memory card takes a minute.
    The nightly backup reads everything.
    """
    with engine.connect() as connection:
        for name in metadata.tables:
            if name == trace_chunks.name:
                continue
            verdict = str(connection.execute(text(f"PRAGMA quick_check('{name}')")).scalars().first())
            if verdict != "ok":
                raise DamagedDatabaseError(f"The database {path} is damaged ({verdict.splitlines()[-1]}): {SALVAGE}")


def had_sessions(path: Path) -> bool:
    """Whether this database ever had a session, even if it is now empty: its marker or a backup says so."""
    from station.store.backups.backup import backups_of, list_backups  # starting with a sound database does not need it

    return _marker(path).exists() or bool(list_backups(backups_of(path)))


def mark_sessions(path: Path) -> None:
    """Mark beside the database that it has had a session, so that an empty file no longer passes for a new station."""
    with suppress(OSError):  # a full disk: the next start tries again
        _marker(path).touch()


def _marker(path: Path) -> Path:
    return path.with_name(f"{path.name}.had-sessions")


def require_not_emptied(path: Path) -> None:
    """Raise `DamagedDatabaseError` for an empty file that has had sessions: SQLite would take it for a new database."""
    if path.exists() and path.stat().st_size == 0 and had_sessions(path):
        raise DamagedDatabaseError(f"The database {path} is empty, and has had sessions: {SALVAGE}")
