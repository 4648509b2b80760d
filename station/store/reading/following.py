"""Reads a database that another process writes, with a cache that follows its revisions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from station.store.connect import open_readable
from station.store.errors import StoreError
from station.store.reading.cache import CACHE_SIZE, Cache
from station.store.reading.reader import Reader


class FollowingReader(Reader):
    """A reader beside the process that writes. `follow` must be called with each revision of that process's cache.

    It keeps no file open while the writer is away, so that a backup can replace the database. If no file can be created
    beside the database, because the disk is full or the directory read-only, reads show one state of it until the
    writer reports a new revision.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, self._open, cache=Cache(CACHE_SIZE))
        self._is_frozen = False
        self._revision: int | None = None

    def follow(self, revision: int | None) -> None:
        """The writer has this revision; `None`: it has gone or has restarted."""
        if revision is None or (self._is_frozen and revision != self._revision):
            self._is_frozen = False
            self._read_engine.dispose()
        self._revision = revision
        self.cache.follow(revision)

    def _open(self, path: Path, _read_only: bool) -> sqlite3.Connection:
        if not path.exists():
            raise StoreError(f"There is no database at {path} yet: start the station, which makes it.")
        connection, is_frozen = open_readable(path)
        self._is_frozen |= is_frozen
        return connection
