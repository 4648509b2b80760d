"""Brings a backup back: as a whole, in place of the database, or merged into it. Nothing is half restored.

The backup is copied beside the database, checked and upgraded there, and takes the database's place in one rename; the
database before it stays beside it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, MetaData, func, select
from sqlalchemy.exc import SQLAlchemyError

from station.store import checksums
from station.store.connect import empty_log, lock_database, sqlite_driver, write_engine
from station.store.errors import StoreError, translate_errors
from station.store.export_read import DATABASE_MAGIC, DamagedExportError, ImportRefusedError
from station.store.files import sync_directory
from station.store.prepare import VERSION_TABLE, read_revision
from station.store.read import Reader
from station.store.schema import HEAD_REVISION, devices, metadata, people, sessions, tests
from station.store.staging import Staged, check_staged, scratch_directory

BEFORE_SUFFIX = ".before-restore"
"""What is added to the name of the database that a backup has replaced."""
COUNTED = (people, sessions, tests)
"""What a preview counts."""


@dataclass(frozen=True, slots=True)
class RestorePreview:
    """What a restore would do: rows by table that only the backup has, and rows that only the station has now.

    `newest_at` is the start of the backup's newest session, `station_newest_at` that of the station's.
    """

    backup_only: dict[str, int]
    station_only: dict[str, int]
    newest_at: datetime | None
    station_newest_at: datetime | None


@contextmanager
def staged_backup(path: Path, beside: Path) -> Iterator[Staged]:
    """A checked copy of a backup, of the current schema, in a temporary directory beside the file `beside`.

    Raises `ImportRefusedError` for a file that is no backup or a damaged one, `StoreError` if it cannot be read.
    """
    with scratch_directory(beside.parent) as scratch:
        target = scratch / "staged.db"
        with translate_errors(path):
            with path.open("rb") as file:
                start = file.read(len(DATABASE_MAGIC))
            if start != DATABASE_MAGIC:
                raise ImportRefusedError(f"The file {path.name} is no backup of the station: name one of its copies.")
            try:
                _copy(path, target)
                _upgrade_and_check(target, path)
            except (sqlite3.DatabaseError, SQLAlchemyError, DamagedExportError, UnicodeDecodeError) as error:
                reason = str(getattr(error, "orig", error))
                raise ImportRefusedError(
                    f"The backup {path.name} is damaged ({reason:.200}): name another one."
                ) from error
        yield Staged(target, None)


def _copy(path: Path, target: Path) -> None:
    """Copy all pages, and check them. No statement of the copied schema runs before its tables are known to be ours."""
    with closing(sqlite_driver(path, True)) as source, closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA trusted_schema=OFF")
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedExportError(verdict.splitlines()[-1])
        for kind, name, sql in copy.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
            is_ours = kind in ("table", "index") or (kind == "trigger" and name.startswith("checksum_"))
            if not is_ours or (sql or "").upper().startswith("CREATE VIRTUAL"):
                raise DamagedExportError(f"it has the {kind} {name}, which no station makes")


def _upgrade_and_check(target: Path, path: Path) -> None:
    engine = write_engine(target, sqlite_driver)
    try:
        with engine.begin() as connection:
            revision = read_revision(connection, path)
        if revision is None:
            raise DamagedExportError("it is empty")
        if revision < HEAD_REVISION:
            from station.store.migrate import upgrade

            upgrade(engine)
        with engine.begin() as connection:
            _require_tables(connection)
            checksums.install(connection)
            damaged = next(checksums.damaged_rows(connection), None)
            if damaged is not None:
                raise DamagedExportError(f"a row of {damaged.table} cannot be read")
        check_staged(engine, None)
    finally:
        engine.dispose()


def _require_tables(connection: Connection) -> None:
    listed = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    missing = {str(name) for name in (*metadata.tables, VERSION_TABLE)} - set(listed)
    if missing:
        raise DamagedExportError(f"it lacks the table {min(missing)}")


def preview_restore(reader: Reader, staged: Staged) -> RestorePreview:
    """What the backup has that the station lacks, and what would be lost."""
    newest = select(func.max(sessions.c.started_at))
    with reader.read_transaction(attach=staged.path) as connection:
        only = {}
        for of, other in (("staged", "main"), ("main", "staged")):
            counts = {}
            for table in COUNTED:
                query = (
                    f'SELECT count(*) FROM {of}."{table.name}" WHERE id NOT IN (SELECT id FROM {other}."{table.name}")'
                )
                counts[str(table.name)] = int(connection.exec_driver_sql(query).scalar_one())
            only[of] = counts
        station_newest_at = connection.execute(newest).scalar_one()
        of_backup = sessions.to_metadata(MetaData(), schema="staged")
        newest_at = connection.execute(select(func.max(of_backup.c.started_at))).scalar_one()
    return RestorePreview(only["staged"], only["main"], newest_at, station_newest_at)


def replace_database(staged: Staged, database: Path) -> Path | None:
    """Put the staged backup in the place of the database, which must not be in use.

    Browsers that the station has sent away since stay away. Gives the name under which the former database stays;
    `None` if there was none. Raises `StoreError`; the database is then as it was.
    """
    with translate_errors(database), closing(lock_database(database)):
        before = None
        if database.exists():
            _keep_out(staged, database)
            with suppress(sqlite3.DatabaseError), closing(sqlite_driver(database, False)) as former:
                empty_log(former)
            before = database.with_name(database.name + BEFORE_SUFFIX)
            before.unlink(missing_ok=True)
            os.link(database, before)
            for ending in ("-wal", "-shm"):
                log = database.with_name(database.name + ending)
                if log.exists():
                    log.replace(before.with_name(before.name + ending))
        staged.path.replace(database)
        sync_directory(database.parent)
        return before


def _keep_out(staged: Staged, database: Path) -> None:
    """Revoke in the backup each browser that the database, if it can be read, does not let in now."""
    try:
        with Reader.open(database) as reader, reader.read_transaction() as connection:
            live = set(connection.execute(select(devices.c.id).where(devices.c.revoked_at.is_(None))).scalars())
    except StoreError:
        return
    engine = write_engine(staged.path, sqlite_driver)
    try:
        with engine.begin() as connection:
            gone = devices.update().where(devices.c.revoked_at.is_(None), devices.c.id.not_in(live))
            connection.execute(gone.values(revoked_at=devices.c.paired_at))
    finally:
        engine.dispose()
