"""The only writer: opens the database, holds its lock, and writes transactions that are on disk when they end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, Self

from msgspec.structs import asdict
from sqlalchemy import Connection, Table, delete, event, func, insert, select, update

from station.clock import Clock
from station.core.measurement.curve import Curve
from station.store.checksums import is_sound
from station.store.connect import (
    BUSY_TIMEOUT_S,
    Driver,
    attached,
    empty_log,
    empty_log_alone,
    free_index_room,
    keep_index_room,
    lock_database,
    log_files,
    make_directory,
    read_engine,
    readable_driver,
    sqlite_driver,
    write_engine,
)
from station.store.errors import CannotWriteError, DiskFullError, PermanentStoreError, StoreError, translate_errors
from station.store.ids import IdFactory, uuid7
from station.store.prepare import mark_sessions, prepare_database, read_revision, require_not_emptied
from station.store.reading.cache import CACHE_SIZE, CACHED_TABLES, Cache
from station.store.reading.reader import NEWEST_CALIBRATION, Reader
from station.store.schema import HEAD_REVISION, calibrations, sessions
from station.store.swap import undo_unfinished_swap
from station.version import APP_VERSION, RULE_VERSION

AS_BUILT_OFFSET_MM = -70.0
"""The sensor sits 70 mm behind the toe line; used with gain 1 until the sensor is calibrated."""

CUT_OFF = "cut off"

EMPTY_LOG_TIMEOUT_MS = 250
"""How long the loop waits for reading pages before it leaves the log to a later write."""


def next_number(connection: Connection, table: Table) -> int:
    """One more than the largest number in the table: it orders rows even if the clock has gone back."""
    return int(connection.execute(select(func.coalesce(func.max(table.c.number), 0) + 1)).scalar_one())


def _unless_permanent(error: CannotWriteError) -> StoreError:
    """A full disk may get room without help; any other cause needs a person."""
    return error if isinstance(error, DiskFullError) else PermanentStoreError(str(error))


class WriteTransactions(Reader):
    """The write connection to one station's database, and how rows are written."""

    def __init__(self, path: Path, *, clock: Clock, new_id: IdFactory, driver: Driver) -> None:
        super().__init__(path, driver)
        self._clock = clock
        self._new_id = new_id
        self._write_lock = RLock()
        self._lock_file = lock_database(path)
        try:
            with translate_errors(path):
                undo_unfinished_swap(path)
        except BaseException:
            self._lock_file.close()
            raise
        self._write_engine = write_engine(path, driver)
        self.cache = Cache(CACHE_SIZE)
        self._cached_changed = False
        self._must_empty_log = False
        event.listen(self._write_engine, "before_execute", self._before_execute)
        self._write_connection: Connection | None = None
        self._driver = driver
        self._as_built_offset_mm: float | None = None
        self.is_read_only = False
        """Whether the database could not be written when it was opened, and still cannot."""

    @classmethod
    def open(  # type: ignore[override]  # a store needs a clock, a reader does not
        cls,
        path: Path,
        *,
        clock: Clock,
        new_id: IdFactory = uuid7,
        as_built_offset_mm: float | None = None,
        driver: Driver = sqlite_driver,
        on_upgrade: Callable[[], None] = lambda: None,
    ) -> Self:
        """Open the database, creating it if there is none, and recover from a power cut.

        An existing database that cannot be written still opens: it can be read, and a write raises `CannotWriteError`
        until the disk has room or is writable again.

        `as_built_offset_mm` is the drawing's value until the first calibration; without it, the stored one stays.
        `on_upgrade` is called before an upgrade of the schema, which may take minutes.

        Raises `StoreError` (disk full, or in use by another station), `DamagedDatabaseError`, or `PermanentStoreError`
        (no permission, or written by another or a newer program).
        """
        try:
            make_directory(path)
            with translate_errors(path):
                require_not_emptied(path)
            store = cls(path, clock=clock, new_id=new_id, driver=driver)
        except CannotWriteError as error:
            raise _unless_permanent(error) from error
        store._as_built_offset_mm = as_built_offset_mm
        try:
            try:
                with translate_errors(path):
                    store._open_writer(on_upgrade)
            except CannotWriteError as error:
                store._read_until_writable(_unless_permanent(error))
        except BaseException:
            store.close()
            raise
        return store

    def _open_writer(self, on_upgrade: Callable[[], None] = lambda: None) -> None:
        prepare_database(self._write_engine, self.path, on_upgrade)
        writer = self._write_engine.connect()
        try:
            with writer.begin():
                self._recover_after_power_cut(writer)
        except BaseException:
            writer.close()
            raise
        self._write_connection = writer
        keep_index_room(self.path)

    def _read_until_writable(self, error: StoreError) -> None:
        """Open an existing database read-only. Raises `error` if that would show only a part of it.

        A log that cannot be moved for lack of room is read through its index, which a power cut may have destroyed.
        """
        self._write_engine.dispose()
        with suppress(sqlite3.Error):
            empty_log_alone(self.path, self._driver)
        self._replace_readers(readable_driver)
        if not self._is_current() and not (free_index_room(self.path) and self._is_current()):
            raise error
        self.is_read_only = True

    def _is_current(self) -> bool:
        """Whether the database can be read and has the current schema."""
        try:
            with self.read_transaction() as connection:
                return read_revision(connection, self.path) == HEAD_REVISION
        except StoreError:
            return False

    def _replace_readers(self, driver: Driver) -> None:
        readers, self._read_engine = self._read_engine, read_engine(self.path, driver, self._damaged)
        readers.dispose()
        self.cache.clear()

    def require_writable(self) -> None:
        """Raise `CannotWriteError` while a database that could not be written at the start still cannot be."""
        with self.write_transaction():
            pass

    def close(self) -> None:
        """Close the file and release its lock; may be called again.

        The readers close first: the last connection empties the log into the database, which a reader cannot do.
        """
        with self._write_lock, closing(self._lock_file):
            super().close()
            writer, self._write_connection = self._write_connection, None
            self.is_read_only = False
            try:
                if writer is not None:
                    writer.close()
            finally:
                self._write_engine.dispose()

    @contextmanager
    def write_transaction(self, attach: Path | None = None) -> Iterator[Connection]:
        """One transaction of the only writer. With `attach`, that database is attached as the schema `staged`.

        A transaction inside another one of the same thread is part of it: it can fail on its own, and is on disk when
        the outer one ends.
        """
        with self._write_lock, translate_errors(self.path):
            if self._write_connection is not None and self._write_connection.in_transaction():
                assert attach is None, "a database is attached before a transaction begins"
                with self._write_connection.begin_nested():
                    yield self._write_connection
                return
            if self.is_read_only:
                self._read_engine.dispose()  # a reader with a read-only index keeps a writer from it
                self._open_writer()
                self.is_read_only = False
                self._replace_readers(self._driver)
            if self._write_connection is None:
                raise ValueError(f"The database {self.path} has been closed.")
            try:
                with attached(self._write_connection, attach), self._write_connection.begin():
                    yield self._write_connection
            finally:
                if self._cached_changed:
                    self._cached_changed = False
                    self.cache.clear()
            if self._must_empty_log:
                self._empty_log()

    def log_bytes(self) -> int:
        """How much room the log takes beside the database."""
        log = log_files(self.path)[0]
        return log.stat().st_size if log.exists() else 0

    def empty_log(self) -> None:
        """Move the log into the database and truncate it, so that deleted data is in neither file.

        While a page reads an older state this must wait: each later write tries again.
        """
        with self._write_lock, translate_errors(self.path):
            assert self._write_connection is not None
            if self._write_connection.in_transaction():
                self._must_empty_log = True
            else:
                self._empty_log()

    def _empty_log(self) -> None:
        assert self._write_connection is not None
        raw = self._write_connection.connection.driver_connection
        assert raw is not None
        raw.execute(f"PRAGMA busy_timeout={EMPTY_LOG_TIMEOUT_MS}").fetchall()
        try:
            self._must_empty_log = not empty_log(raw)
        finally:
            raw.execute(f"PRAGMA busy_timeout={round(BUSY_TIMEOUT_S * 1000)}").fetchall()

    def _rewrite(self, connection: Connection, *small_tables: Table) -> None:
        """Rewrite these tables completely.

        `secure_delete` overwrites a deleted row, but not the copies that SQLite left behind when it moved rows between
        pages; pages that are freed completely are overwritten completely.
        """
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for table in small_tables:
            rows = connection.execute(select(table)).all()
            connection.execute(delete(table))
            if rows:
                connection.execute(insert(table), [dict(row._mapping) for row in rows])

    def _before_execute(self, _connection: Connection, statement: Any, *_: object) -> None:
        """Note whether this transaction changes a cached table; the cache is cleared at its end."""
        self._cached_changed |= getattr(statement, "table", None) in CACHED_TABLES

    def _recover_after_power_cut(self, connection: Connection) -> None:
        """Mark interrupted sessions; as the first write it also detects a read-only file."""
        cut = (sessions.c.ended_at.is_(None), sessions.c.end_reason.is_(None))
        as_built_offset_mm = self._as_built_offset_mm
        connection.execute(update(sessions).where(*cut).values(end_reason=CUT_OFF))
        if connection.execute(select(sessions.c.id).limit(1)).first() is not None:
            mark_sessions(self.path)
        newest = connection.execute(NEWEST_CALIBRATION.where(is_sound(calibrations))).first()
        if newest is None:
            self._insert_calibration(connection, Curve(offset_mm=as_built_offset_mm or AS_BUILT_OFFSET_MM))
        elif as_built_offset_mm not in (None, newest.offset_mm) and newest.points_json is None:
            self._insert_calibration(connection, Curve(offset_mm=as_built_offset_mm))

    def _insert_calibration(self, connection: Connection, curve: Curve, **values: Any) -> str:
        values |= asdict(curve)
        return self._insert_numbered(connection, calibrations, **values)

    def _insert_numbered(self, connection: Connection, table: Table, **values: Any) -> str:
        number = next_number(connection, table)
        return self._insert(connection, table, number=number, created_at=self._clock.utc_now(), **values)

    def _insert(self, connection: Connection, table: Table, **values: Any) -> str:
        if "id" in table.c:
            values["id"] = self._new_id()
        connection.execute(insert(table).values(app_version=APP_VERSION, rule_version=RULE_VERSION, **values))
        return str(values.get("id", ""))

    def _insert_and_commit(self, table: Table, **values: Any) -> str:
        with self.write_transaction() as connection:
            return self._insert(connection, table, **values)

    def _update(self, connection: Connection, table: Table, row_id: str, **values: Any) -> None:
        if connection.execute(update(table).where(table.c.id == row_id).values(**values)).rowcount != 1:
            raise LookupError(f"There is no row {row_id} in the table {table.name} of {self.path}.")

    def _update_and_commit(self, table: Table, row_id: str, **values: Any) -> None:
        with self.write_transaction() as connection:
            self._update(connection, table, row_id, **values)
