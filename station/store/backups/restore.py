"""Restores a backup: it replaces the database or is merged into it, always completely.

The backup is copied beside the database, checked and upgraded there, and replaces the database in one rename; the
former database stays beside it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, MetaData, Table, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from station.store import checksums
from station.store.connect import empty_log, lock_database, sqlite_driver, write_engine
from station.store.errors import OlderSchemaError, StoreError, translate_errors
from station.store.exchange.export_read import DATABASE_MAGIC, ImportRefusedError
from station.store.exchange.export_values import DamagedExportError
from station.store.exchange.same_board import BoardComparison, compare_boards
from station.store.exchange.staging import Staged, check_staged, scratch_directory
from station.store.prepare import VERSION_TABLE, read_revision
from station.store.reading.reader import Reader
from station.store.schema import (
    HEAD_REVISION,
    access_attempts,
    access_log,
    api_tokens,
    calibration_checks,
    calibrations,
    consents,
    devices,
    heel_sensors,
    holds,
    metadata,
    people,
    rep_sets,
    routines,
    sessions,
    tests,
)
from station.store.swap import BEFORE_SUFFIX, KEPT_FOR, remove_former, swap_database, undo_unfinished_swap
from station.units import date_time_text

COUNTED = (people, sessions, tests, holds, rep_sets, routines)
"""The tables whose rows a preview counts."""
_COMPUTES = re.compile(r"\bCHECK\s*\(|\bGENERATED\b|\bAS\s*\(|\([^()]*\(|\bWHERE\b", re.IGNORECASE)
"""Expressions that no table or index of the station has: SQLite would evaluate them while it checks the pages."""
MAX_VALUE_BYTES = 64_000_000
"""The longest value that SQLite accepts in a backup; a chunk of a trace takes less than a megabyte."""
BY_COMMAND, BY_BROWSER = "station restore in a terminal", "the owner's browser"
"""Who restores."""
_OF_BOARD = (calibrations, calibration_checks, heel_sensors)
"""The tables that belong to the board, referenced tables first."""
_OF_ACCESS = (devices, api_tokens, consents, access_attempts, access_log)
"""The tables about access: who may get in, who sees whose results, and who did; referenced tables first."""


class RestorePreview(Struct, frozen=True):
    """What a restore would do: rows by table that only the backup has, and rows that only the station has now.

    `newest_at` is the start of the backup's newest session, `station_newest_at` that of the station's.
    `is_of_other_board`: backup and station share no calibration, and the station `was_calibrated` or not; see
    `BoardComparison`.
    """

    backup_only: dict[str, int]
    station_only: dict[str, int]
    newest_at: datetime | None
    station_newest_at: datetime | None
    is_of_other_board: bool
    was_calibrated: bool

    @property
    def may_be_same_board(self) -> bool:
        """Whether only a person can say that the backup is of this very board."""
        return BoardComparison(self.is_of_other_board, self.was_calibrated).may_be_same


@contextmanager
def staged_backup(path: Path, beside: Path) -> Iterator[Staged]:
    """A checked copy of a backup, of the current schema, in a temporary directory beside the file `beside`.

    Raises `ImportRefusedError` for a damaged file or one that is not a backup, `StoreError` if it cannot be read.
    """
    with scratch_directory(beside.parent) as scratch:
        target = scratch / "staged.db"
        with translate_errors(path):
            with path.open("rb") as file:
                start = file.read(len(DATABASE_MAGIC))
            if start != DATABASE_MAGIC:
                raise ImportRefusedError(f"The file {path.name} is not a backup of the station: choose one that is.")
            try:
                _copy(path, target)
                _upgrade_and_check(target, path)
            except (sqlite3.DatabaseError, SQLAlchemyError, DamagedExportError, UnicodeDecodeError) as error:
                reason = str(getattr(error, "orig", error))
                raise ImportRefusedError(
                    f"The backup {path.name} is damaged ({reason:.200}): name another one."
                ) from error
        yield Staged(target, None, path.name)


def _copy(path: Path, target: Path) -> None:
    """Copy all pages and check them; no expression of the copied schema is evaluated before it is known to be ours."""
    with closing(sqlite_driver(path, True)) as source, closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA trusted_schema=OFF")
        copy.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        for kind, name, sql in copy.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
            is_plain = kind in ("table", "index") and not _computes(sql or "")
            if not is_plain and not (kind == "trigger" and name.startswith("checksum_")):
                raise DamagedExportError(f"it has the {kind} {name}, which no station makes")
        (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedExportError(verdict.splitlines()[-1])


def _computes(sql: str) -> bool:
    """Whether a table is virtual, or a table or index has an expression; types and keys never nest parentheses."""
    columns = re.sub(r"\((?:\d+|\"?\w+\"?(?:, *\"?\w+\"?)*)\)", "", sql)
    return sql.upper().startswith("CREATE VIRTUAL") or _COMPUTES.search(columns) is not None


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
    """Compare a backup with the station: what it adds, and what would be lost."""
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
        boards = compare_boards(connection)
    return RestorePreview(
        only["staged"], only["main"], newest_at, station_newest_at, boards.is_other, boards.was_calibrated
    )


@contextmanager
def reader_of(database: Path) -> Iterator[Reader]:
    """A reader of the station's database, or of an upgraded copy if an older program wrote it.

    Raises `StoreError` if it cannot be read.
    """
    with ExitStack() as opened:
        try:
            reader = opened.enter_context(Reader.open(database))
        except OlderSchemaError:
            reader = opened.enter_context(Reader.open(opened.enter_context(staged_backup(database, database)).path))
        yield reader


def replace_database(
    staged: Staged, database: Path, at: datetime, by: str = BY_COMMAND, *, same_board: bool = False
) -> Path | None:
    """Replace the database, which must not be in use, by the staged backup; a report is written beside it.

    Access (who may get in, who sees whose results) stays as in the database, and so does the calibration of this board
    if the backup is of another one. `same_board`: a person says that a station which was never calibrated has the
    backup's board, so the backup's calibration stays in use. Returns the path that the former database has now; `None`
    if there was none. Raises `StoreError`; the database is then unchanged.
    """
    with translate_errors(database), closing(lock_database(database)):
        undo_unfinished_swap(database)
        if is_there := database.exists():
            _carry_over(staged, database, same_board=same_board)
            with suppress(sqlite3.DatabaseError), closing(sqlite_driver(database, False)) as former:
                empty_log(former)
        before = database.with_name(database.name + BEFORE_SUFFIX)
        remove_former(before)
        report = [f"On {date_time_text(at)} {by} replaced the database with a backup: {staged.name}."]
        if is_there:
            report.append(f"The database before it is kept beside it for {KEPT_FOR.days} days, as {before.name}.")
        swap_database(database, staged.path, before, report)
        return before if is_there else None


def _carry_over(staged: Staged, database: Path, *, same_board: bool) -> None:
    """Copy into the backup what stays as the station has it: access and, if the backup is of another board, the board.

    Such a backup gets this board's calibrations as its newest, and the loads of its empty heel plates. If the database
    cannot be read, the backup stays as it is.
    """
    try:
        with reader_of(database) as reader, reader.read_transaction(attach=staged.path) as connection:
            kept = (*_OF_ACCESS, *(() if compare_boards(connection).is_same(same_board) else _OF_BOARD))
            own = {of: [dict(row) for row in connection.execute(select(of)).mappings()] for of in kept}
            pins = connection.execute(select(people.c.id, people.c.pin_hash)).all()
    except StoreError:
        return
    engine = write_engine(staged.path, sqlite_driver)
    try:
        with engine.begin() as connection:
            _keep_access(connection, own, {row.id: row.pin_hash for row in pins})
            if heel_sensors in own:
                connection.execute(delete(heel_sensors))
            for of in _OF_BOARD:
                _insert_board(connection, of, own.get(of, []))
    finally:
        engine.dispose()


def _keep_access(connection: Connection, own: dict[Table, list[dict[str, Any]]], pins: dict[str, str | None]) -> None:
    """Replace access, except for the decisions of people whom only the backup has."""
    for of in (access_log, access_attempts, api_tokens, devices):
        connection.execute(delete(of))
    connection.execute(delete(consents).where(consents.c.viewer_id.in_(pins), consents.c.person_id.in_(pins)))
    in_backup = set(connection.execute(select(people.c.id)).scalars())
    for person_id in in_backup & pins.keys():
        connection.execute(update(people).where(people.c.id == person_id).values(pin_hash=pins[person_id]))
    ids = {people: in_backup & pins.keys(), devices: {row["id"] for row in own[devices]}}
    for of in _OF_ACCESS:
        rows = [row for row in own[of] if _loosen(row, of, ids)]
        if rows:
            connection.execute(of.insert(), rows)


def _loosen(row: dict[str, Any], of: Table, ids: dict[Table, set[Any]]) -> bool:
    """Clear a row's references to missing rows; returns whether the row is valid without them."""
    for key in of.foreign_keys:
        column = key.parent
        if row[column.name] is not None and row[column.name] not in ids[key.column.table]:
            row[column.name] = None
            if not column.nullable:
                return False
    return True


def _insert_board(connection: Connection, of: Table, rows: list[dict[str, Any]]) -> None:
    if "number" in of.c:
        last = connection.execute(select(func.coalesce(func.max(of.c.number), 0))).scalar_one()
        rows = [row | {"number": row["number"] + last} for row in rows]
    if rows:
        connection.execute(of.insert(), rows)
