"""An empty database with its tables, for tests of other things: creating the tables takes longer than most tests."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from station.store.connect import sqlite_driver, write_engine
from station.store.prepare import prepare_database


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory(prefix="station-empty-") as directory:
        path = Path(directory) / "station.db"
        engine = write_engine(path, sqlite_driver)
        prepare_database(engine, path)
        engine.dispose()  # closing the last connection checkpoints the log into the database
        return path.read_bytes()


def with_tables(path: Path) -> Path:
    """Put an empty database with all its tables at `path`, unless one is there, and return the path."""
    if not path.exists():
        path.write_bytes(_empty())
    return path
