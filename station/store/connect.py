"""SQLite connections that lose no acknowledged write, and the lock that keeps a second station out."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from station.store import checksums
from station.store.errors import PRIMARY_CODE, PermanentStoreError, StoreError, is_not_writable, translate_errors

Driver = Callable[[Path, bool], Any]
"""Opens a database (path, read-only?) and returns a connection of Python's `sqlite3`, or one that behaves like it."""

BUSY_TIMEOUT_S = 5.0
"""How long to wait for other connections of this program; a checkpoint on a slow memory card takes a second or two."""

READ_CONNECTIONS = 4
"""Connections kept open for pages; more are opened while more pages read at once, up to `MAX_READ_CONNECTIONS`."""
MAX_READ_CONNECTIONS = 32

READER_CACHE_KB = 512
"""SQLite's default of 2 MB per connection is a lot on a machine with 512 MB."""

INDEX_ROOM_BYTES = 64 << 10
"""The index of a log of 32 MB, twice the size that is watched for: 32 KiB for each 4,096 pages of the log."""

WAL, FULL, ON = "wal", 2, 1
_WRITER_PRAGMAS = (
    *(("journal_mode", "WAL", WAL), ("synchronous", "FULL", FULL)),
    *(("foreign_keys", "ON", ON), ("secure_delete", "ON", ON)),
)


def sqlite_driver(path: Path, read_only: bool) -> sqlite3.Connection:
    """A connection in autocommit mode, so that only the store begins transactions.

    `psow=0` tells SQLite that, as on memory cards, a power cut may corrupt a whole sector of which only some bytes were
    being written: it then pads each commit to the end of a sector, so that the next one cannot harm it.
    """
    mode = "ro" if read_only else "rwc"
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}&psow=0",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )


def frozen_driver(path: Path, _read_only: bool) -> sqlite3.Connection:
    """A read-only connection that needs no room on the disk. Nothing may write to the database meanwhile."""
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )


def open_readable(path: Path) -> tuple[sqlite3.Connection, bool]:
    """A read-only connection, and whether it is frozen, which it is if the log's index cannot be created.

    Raises `sqlite3.OperationalError` if a frozen connection would miss what is in the log.
    """
    connection = sqlite_driver(path, True)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if has_log(path) or error.sqlite_errorcode & PRIMARY_CODE not in _CANNOT_CREATE:
            raise
        return frozen_driver(path, True), True
    return connection, False


def readable_driver(path: Path, _read_only: bool) -> sqlite3.Connection:
    """The connection of `open_readable`."""
    return open_readable(path)[0]


_CANNOT_CREATE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR)
"""SQLite's error codes if it cannot create the index of the log."""


@contextmanager
def attached(connection: Connection, path: Path | None) -> Iterator[None]:
    """Attach the database at `path`, if any, as the schema `staged`; nothing may write to it meanwhile.

    No transaction may be open at the beginning or the end of the block.
    """
    if path is None:
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("ATTACH DATABASE ? AS staged", (f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1",))
    try:
        yield
    finally:
        driver.execute("DETACH DATABASE staged")


def has_log(path: Path) -> bool:
    """Whether the write-ahead log has anything that may be missing in the database."""
    log = log_files(path)[0]
    return log.exists() and log.stat().st_size > 0


def log_files(path: Path) -> tuple[Path, Path]:
    """The files of a database's write-ahead log: the log and its index."""
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def keep_index_room(path: Path) -> None:
    """Reserve room beside the database for the index of its log, unless it is reserved already or the disk is full."""
    with suppress(OSError), _index_room(path).open("ab") as file:
        if os.fstat(file.fileno()).st_size < INDEX_ROOM_BYTES:
            os.posix_fallocate(file.fileno(), 0, INDEX_ROOM_BYTES)


def free_index_room(path: Path) -> bool:
    """Free the room reserved for the index; False if none was reserved."""
    try:
        _index_room(path).unlink()
    except OSError:
        return False
    return True


def _index_room(path: Path) -> Path:
    return path.with_name(f"{path.name}.room")


def empty_log(connection: Any) -> bool:
    """Move the log into the database and truncate its file; False while a reader of an older state prevents it.

    A power cut may leave the file half truncated. Of a log with many transactions the first would remain, and the next
    start would overwrite newer pages with their old ones. So one transaction, which changes nothing, replaces them
    before the truncation: it remains completely or not at all.
    """
    is_busy, frames, _ = connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
    if is_busy:
        return False
    if frames > 0:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version={version}").fetchall()
    is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


def empty_log_alone(path: Path, driver: Driver) -> None:
    """Empty the log without the index that other connections would need; if the log only changes existing pages, this
    takes no room. Nobody else may use the database."""
    with closing(driver(path, False)) as alone:
        alone.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
        empty_log(alone)


def write_engine(path: Path, driver: Driver) -> Engine:
    """The engine of the one write connection. Raises `StoreError` if a pragma of `_WRITER_PRAGMAS` has no effect.

    It starts with an empty log. After a power cut the log may end in the middle of a sector with a transaction that was
    never acknowledged: this start would show it, and the next power cut could remove it again.
    """
    creator = partial(driver, path, False)
    engine = create_engine(
        "sqlite://", creator=creator, poolclass=QueuePool, pool_size=1, max_overflow=0, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _set_write_pragmas(connection: Any, _record: object) -> None:
        checksums.register(connection)
        for name, wanted, value in _WRITER_PRAGMAS:
            connection.execute(f"PRAGMA {name}={wanted}").fetchall()
            (got,) = connection.execute(f"PRAGMA {name}").fetchone()
            if got != value:
                raise StoreError(
                    f"The database {path} does not take {name}={wanted} (it says {got}), so a power cut could lose "
                    "results: put it on a local disk or memory card."
                )
        empty_log(connection)

    _begin_transactions_with(engine, "BEGIN IMMEDIATE")
    return engine


def read_engine(path: Path, driver: Driver, found: set[checksums.DamagedRow]) -> Engine:
    """The engine of the pages' read-only connections, which leave out damaged rows and add them to `found`."""
    engine = create_engine(
        "sqlite://",
        creator=partial(driver, path, True),
        poolclass=QueuePool,
        pool_size=READ_CONNECTIONS,
        max_overflow=MAX_READ_CONNECTIONS - READ_CONNECTIONS,
        hide_parameters=True,  # errors are logged, and the values are names and results
    )

    @event.listens_for(engine, "connect")
    def _set_read_pragmas(connection: Any, _record: object) -> None:
        checksums.register(connection)
        connection.execute("PRAGMA temp_store=MEMORY")
        checksums.hide_damaged_rows(connection, found)
        connection.execute("PRAGMA query_only=ON")
        connection.execute(f"PRAGMA cache_size=-{READER_CACHE_KB}")

    _begin_transactions_with(engine, "BEGIN")
    return engine


def _begin_transactions_with(engine: Engine, statement: str) -> None:
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


def make_directory(path: Path) -> None:
    """Create the directory of the database if it is missing."""
    with translate_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise PermanentStoreError(f"The path {path} is a directory: name a file in it.")


def lock_database(path: Path) -> IO[bytes]:
    """Lock the file beside the database for as long as the returned file is open: one station per database."""
    name = path.with_name(path.name + ".lock")
    with translate_errors(name):
        try:
            file: IO[bytes] = name.open("ab+", buffering=0)
        except OSError as error:
            if not (is_not_writable(error) and name.exists()):
                raise
            file = name.open("rb", buffering=0)  # a file opened for reading can be locked too
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().decode("ascii", "replace").strip() or "unknown"
        file.close()
        raise StoreError(
            f"Another station (process {holder}) is using the database {path}: "
            "stop it, or give this one another database."
        ) from None
    with suppress(OSError):  # the disk may be full or read-only; the lock works without it
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
    return file
