"""Damaged databases: whether a salvage saves every readable row, and none that was never written.

Readable rows are found without the code under test: SQLite itself reads a copy of the damaged file with repaired schema
and inner pages, row by row. So a row is readable if its own bytes are intact.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from station.store import checksums
from station.store.backups.salvage import salvage
from station.store.backups.salvage_report import Salvage
from station.store.schema import CHECKSUM, metadata
from tests.crash.damage import PAGE_BYTES, damaged, make_database

AT = datetime(2026, 3, 9, 8, tzinfo=UTC)
INNER_PAGE = 5
Row = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one damaged database. `report` is `None` if nothing was damaged, or nothing was left."""

    report: Salvage | None
    lost_readable: tuple[Row, ...]
    invented: tuple[Row, ...]
    is_aside_as_it_was: bool


def destroyed(content: bytes, random: Random) -> bytes:
    """The bytes of a file with one kind of damage, including the worst kinds."""
    match random.choice(("part", "part", "several", "header", "cut", "empty")):
        case "several":
            for _ in range(random.randrange(2, 12)):
                content = damaged(content, random)
            return content
        case "header":
            return random.randbytes(100) + content[100:]
        case "cut":
            return content[: random.randrange(len(content))]
        case "empty":
            return b""
        case _:
            return damaged(content, random)


def rows_of(path: Path) -> dict[tuple[str, int], Row]:
    """Every row that SQLite returns by rowid with a valid checksum, by table and rowid."""
    found = {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        checksums.register(connection)
        for name, of in metadata.tables.items():
            columns = ", ".join(f'"{column.name}"' for column in of.c)
            rowids = connection.execute(f'SELECT max(rowid) FROM "{name}"')
            for rowid in range(1, ((rowids.fetchone()[0] or 0) if rowids else 0) + 1):
                with suppress(sqlite3.Error, UnicodeDecodeError):
                    row = connection.execute(
                        f'SELECT {columns} FROM "{name}" WHERE rowid = ? AND {checksums.is_sound(of).text}', (rowid,)
                    ).fetchone()
                    if row is not None:
                        found[name, rowid] = (name, row)
    return found


def put_right(content: bytes, whole: bytes) -> bytes:
    """The damaged bytes with the schema and the inner pages of the whole file."""
    pages = []
    for at in range(0, len(whole), PAGE_BYTES):
        page, sound = content[at : at + PAGE_BYTES].ljust(PAGE_BYTES, b"\0"), whole[at : at + PAGE_BYTES]
        is_structure = at == 0 or sound[0] == INNER_PAGE or b"CREATE " in sound
        pages.append(sound if is_structure else page)
    return b"".join(pages)


def readable_rows(content: bytes, whole: bytes, written: dict[tuple[str, int], Row], scratch: Path) -> set[Row]:
    """The rows whose own bytes are intact."""
    path = scratch / "put-right.db"
    path.write_bytes(put_right(content, whole))
    found = set()
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        for (name, rowid), row in written.items():
            columns = ", ".join(f'"{column.name}"' for column in metadata.tables[name].c)
            with suppress(sqlite3.Error, UnicodeDecodeError):
                if connection.execute(f'SELECT {columns} FROM "{name}" WHERE rowid = ?', (rowid,)).fetchone() == row[1]:
                    found.add(row)
    return found


def without_lost_parents(rows: set[Row]) -> set[Row]:
    """The rows whose required parents are all among them."""
    while True:
        ids = {(name, row[0]) for name, row in rows}
        kept = {
            (name, row)
            for name, row in rows
            if all(
                (str(key.column.table.name), row[list(metadata.tables[name].c).index(key.parent)]) in ids
                for key in metadata.tables[name].foreign_keys
                if not key.parent.nullable
            )
        }
        if kept == rows:
            return kept
        rows = kept


def outcome(path: Path, content: bytes, whole: bytes, written: dict[tuple[str, int], Row]) -> Outcome:
    """Salvage a database of these bytes, beside which there is not a backup."""
    path.write_bytes(content)
    path.with_name(f"{path.name}.had-sessions").touch()
    report = salvage(path, AT)
    saved = set(rows_of(path).values())
    readable = without_lost_parents(readable_rows(content, whole, written, path.parent))
    known = {_without_loose_references(row) for row in written.values()}
    expected = {_without_loose_references(row) for row in readable}
    return Outcome(
        report,
        tuple(expected - {_without_loose_references(row) for row in saved}),
        tuple(row for row in saved if _without_loose_references(row) not in known),
        report is None or report.aside.read_bytes() == content,
    )


def _without_loose_references(row: Row) -> Row:
    """The row without its checksum and optional references: a salvage clears references to lost rows."""
    name, values = row
    left_out = {CHECKSUM} | {key.parent.name for key in metadata.tables[name].foreign_keys if key.parent.nullable}
    return name, tuple(
        value for column, value in zip(metadata.tables[name].c, values, strict=True) if column.name not in left_out
    )


def outcomes(scratch: Path, count: int, seed: int = 1) -> Iterator[Outcome]:
    """The outcome of `count` damaged copies of one database."""
    random, source = Random(seed), scratch / "whole.db"
    make_database(source)
    whole, written = source.read_bytes(), rows_of(source)
    for _ in range(count):
        for old in scratch.glob("station.db*"):
            old.unlink()
        yield outcome(scratch / "station.db", destroyed(whole, random), whole, written)
