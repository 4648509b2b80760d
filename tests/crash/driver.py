"""The store's driver for a disk of `tests.crash.disk`: `apsw` with the interface of Python's `sqlite3`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw

from station.store.connect import Driver
from tests.crash.disk import NAME, PowerCutError

Row = tuple[Any, ...]


class Cursor:
    """The part of `sqlite3.Cursor` that SQLAlchemy uses."""

    arraysize = 1

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._rows: Iterator[Row] = iter(())
        self.description: tuple[Row, ...] | None = None
        self.rowcount = -1

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Cursor:
        described: list[Row] = []

        def describe(cursor: apsw.Cursor, _statement: str, _bindings: object) -> bool:
            described.extend((name, *[None] * 6) for name, _ in cursor.get_description())
            return True

        cursor = self._connection.cursor()
        cursor.exec_trace = describe
        self._rows = iter(list(cursor.execute(statement, tuple(parameters))))
        self.description = tuple(described) or None
        self.rowcount = -1 if described else self._connection.changes()
        return self

    def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> Cursor:
        for row in parameters:
            self.execute(statement, row)
        return self

    def fetchall(self) -> list[Row]:
        return list(self._rows)

    def fetchone(self) -> Row | None:
        return next(self._rows, None)

    def close(self) -> None:
        self._rows = iter(())

    @property
    def lastrowid(self) -> int:
        return self._connection.last_insert_rowid()


class Connection:
    """The part of `sqlite3.Connection` that SQLAlchemy and the store use."""

    isolation_level = None

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def cursor(self) -> Cursor:
        return Cursor(self._connection)

    def execute(self, statement: str) -> Cursor:
        return self.cursor().execute(statement)

    def commit(self) -> None:
        self._end("COMMIT")

    def rollback(self) -> None:
        self._end("ROLLBACK")

    def _end(self, how: str) -> None:
        if self._connection.in_transaction:
            self._connection.execute(how)

    def close(self) -> None:
        with suppress(PowerCutError):
            self._connection.close(force=True)

    def create_function(self, name: str, arguments: int, function: Callable[..., Any], **_: object) -> None:
        self._connection.create_scalar_function(name, function, arguments)


def driver(options: str = "psow=0", after: Sequence[str] = ()) -> Driver:
    """A driver whose files are on the disk; `after` are pragmas for each new connection.

    Exclusive locking comes first, so the index of the write-ahead log stays in private memory.
    """

    def connect(path: Path, read_only: bool) -> Connection:
        assert not read_only, "on this disk the writer is alone"
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        connection = apsw.Connection(f"file:{path}?{options}", flags, vfs=NAME)
        for pragma in ("locking_mode=EXCLUSIVE", *after):
            connection.execute(f"PRAGMA {pragma}")
        return Connection(connection)

    return connect
