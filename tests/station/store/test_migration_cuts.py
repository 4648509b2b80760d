"""An upgrade that is cut off after any statement leaves the database as it was, or as it is to be: never between."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from station.store import Store
from station.store.connect import sqlite_driver
from station.store.schema import HEAD_REVISION
from tests.station.store.histories import HandClock
from tests.station.store.older_schemas import SCHEMAS, make_older_database

FEW_PAGES = 5
"""A cache so small that pages of the unfinished transaction are on the disk at each cut."""
STARTS = 2
"""How many of the cut databases are also started; each takes a third of a second."""
State = tuple[str, dict[str, list[tuple[Any, ...]]]]


class Cuts:
    """The files of a database as they are on the disk before each statement, wherever they have changed since."""

    def __init__(self, path: Path, directory: Path) -> None:
        self._path, self._directory = path, directory
        self._seen: set[bytes] = set()
        self.statements = 0
        self.copies: list[Path] = []

    def driver(self, path: Path, read_only: bool) -> sqlite3.Connection:
        """SQLite's driver, which stops at each statement to look at the disk."""
        connection = sqlite_driver(path, read_only)
        if path == self._path and not read_only:
            connection.execute(f"PRAGMA cache_size={FEW_PAGES}")
            connection.set_trace_callback(self.look)
        return connection

    def look(self, _statement: str = "") -> None:
        """Keep the files as they are now, if they have changed."""
        self.statements += 1
        files = {ending: self._path.with_name(self._path.name + ending) for ending in ("", "-wal")}
        contents = {ending: file.read_bytes() for ending, file in files.items() if file.exists()}
        state = sha256(b"/".join(contents.values())).digest()
        if state not in self._seen:
            self._seen.add(state)
            copy = self._directory / f"{len(self._seen)}.db"
            for ending, content in contents.items():
                copy.with_name(copy.name + ending).write_bytes(content)
            self.copies.append(copy)


def state_of(path: Path) -> State:
    """The revision and every row of a database, as the first connection after a cut finds them; it must be whole."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return revision, {name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_an_upgrade_cut_after_any_statement_is_done_whole_or_not_at_all(tmp_path: Path, schema: str) -> None:
    """From each schema of which there are rows to the newest, through every migration between."""
    path, clock = tmp_path / "station.db", HandClock()
    make_older_database(path, schema)
    before = state_of(path)
    (tmp_path / "cuts").mkdir()
    cuts = Cuts(path, tmp_path / "cuts")
    with Store.open(path, clock=clock, driver=cuts.driver):
        cuts.look()
    after = state_of(path)
    assert (before[0], after[0]) == (schema, HEAD_REVISION)
    found = []
    for number, copy in enumerate(cuts.copies):
        if number % max(1, len(cuts.copies) // STARTS) == 0:
            again = copy.with_name(f"again-{copy.name}")
            for ending in ("", "-wal"):
                if (source := copy.with_name(copy.name + ending)).exists():
                    shutil.copy(source, again.with_name(again.name + ending))
            with Store.open(again, clock=clock):
                pass
            assert state_of(again) == after
        revision, rows = state_of(copy)
        found.append(revision)
        assert rows == before[1] if revision == schema else _without_start(rows) == _without_start(after[1])
    assert cuts.statements > 100
    assert len(cuts.copies) > 20
    assert found == sorted(found)
    assert set(found) == {schema, HEAD_REVISION}


def _without_start(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Without what a start writes after the upgrade: sessions that were cut off, and the calibration as built."""
    return {name: found for name, found in rows.items() if name not in ("sessions", "calibrations")}
