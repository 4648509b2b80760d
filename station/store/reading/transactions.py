"""Reading a database: safe from any thread, always a consistent snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from station.store.checksums import DamagedRow, damaged_rows
from station.store.connect import Driver, attached, read_engine, sqlite_driver
from station.store.errors import OlderSchemaError, StoreError, translate_errors
from station.store.prepare import read_revision
from station.store.reading.cache import Cache
from station.store.schema import HEAD_REVISION

DEFAULT_LIMIT = 100
"""How many rows a page gets by default."""


class ReadTransactions:
    """The file and its read connections. Raises `StoreError` with a sentence if the file cannot be read."""

    def __init__(self, path: Path, driver: Driver = sqlite_driver, *, cache: Cache | None = None) -> None:
        self.path = path
        self.cache = cache or Cache()
        self._damaged: set[DamagedRow] = set()
        self._read_engine = read_engine(path, driver, self._damaged)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a database for reading, even while a station writes to it. Raises `StoreError` if it is not ours."""
        if not path.exists():
            raise StoreError(f"There is no database at {path}: name the one that the station uses with --database.")
        reader = cls(path)
        try:
            with reader.read_transaction() as connection:
                revision = read_revision(connection, path)
            if revision != HEAD_REVISION:
                raise OlderSchemaError(f"The database {path} has an older schema: start the station on it once.")
        except BaseException:
            reader.close()
            raise
        return reader

    def close(self) -> None:
        """Close the file; may be called again."""
        self._read_engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def damaged(self) -> tuple[DamagedRow, ...]:
        """The damaged rows that queries have met, and left out, since the start."""
        return tuple(sorted(self._damaged, key=lambda one: (one.table, one.key)))

    def look_for_damage(self) -> tuple[DamagedRow, ...]:
        """Read every row and return the damaged ones. Ten years take a second, and more for their traces."""
        with self.read_transaction() as connection:
            self._damaged.update(damaged_rows(connection))
        return self.damaged

    @contextmanager
    def read_transaction(self, attach: Path | None = None) -> Iterator[Connection]:
        """A connection to a snapshot of the database, unaffected by later writes.

        With `attach`, that database is attached as the schema `staged`.
        """
        with (
            translate_errors(self.path),
            self._read_engine.connect() as connection,
            attached(connection, attach),
            connection.begin(),
        ):
            yield connection
