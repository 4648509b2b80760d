"""Reads what SQLite can still read of a damaged database of an older schema, and upgrades it.

Its rows have no checksums, so no row can be recognised by its bytes. Each table is read from both ends up to the
damage; if the schema itself is lost, nothing can be read.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, column, func, insert, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError

from station.store.backups.salvage_scan import put_header
from station.store.connect import frozen_driver
from station.store.exchange.staging import loose_references
from station.store.migrate import upgrade
from station.store.prepare import VERSION_TABLE
from station.store.schema import metadata

_UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
Read = tuple[dict[str, int], set[str], bool]
"""How many rows each table has now, the tables that were read completely, and whether the whole file is sound."""


def read_older(pages: Path, revision: str, target: Path, engine: Engine) -> Read:
    """Fill the new database of `engine`, at `target`, from a file of pages of an older revision, and upgrade it.

    Raises whatever a migration raises on the rest.
    """
    upgrade(engine, revision)
    had_header = not put_header(pages, target)
    names = [name for name in inspect(engine).get_table_names() if name != VERSION_TABLE]
    with closing(frozen_driver(pages, True)) as source:
        with loose_references(engine) as connection, connection.begin():
            whole = {name for name in names if _copy(source, connection, name)}
        is_sound = had_header and len(whole) == len(names) and _is_sound(source)
    upgrade(engine, checks_references=False)
    with engine.connect() as connection:
        counts = {
            name: int(connection.execute(select(func.count()).select_from(of)).scalar_one())
            for name, of in metadata.tables.items()
        }
    return {name: count for name, count in counts.items() if count}, whole & set(metadata.tables), is_sound


def _copy(source: sqlite3.Connection, connection: Connection, name: str) -> bool:
    """Copy the readable rows of a table; returns whether all of them are."""
    wanted = {one["name"] for one in inspect(connection).get_columns(name)}
    try:
        columns = [str(row[1]) for row in source.execute("SELECT * FROM pragma_table_info(?)", (name,))]
    except _UNREADABLE:
        return False
    if set(columns) != wanted:
        return False
    add = insert(table(name, *map(column, columns))).prefix_with("OR IGNORE")
    rowids, is_whole = _rowids(source, f'SELECT rowid FROM "{name}" NOT INDEXED ORDER BY rowid')
    if not is_whole:
        rowids |= _rowids(source, f'SELECT rowid FROM "{name}" NOT INDEXED ORDER BY rowid DESC')[0]
    for rowid in rowids:
        try:
            row = source.execute(f'SELECT * FROM "{name}" WHERE rowid = ?', (rowid,)).fetchone()
            is_whole &= connection.execute(add, dict(zip(columns, row, strict=True))).rowcount == 1
        except (*_UNREADABLE, SQLAlchemyError, UnicodeEncodeError, TypeError):
            is_whole = False
    return is_whole


def _rowids(source: sqlite3.Connection, query: str) -> tuple[dict[int, None], bool]:
    """The rowids of a table from one end up to the damage, and whether there was none."""
    found: dict[int, None] = {}
    with suppress(*_UNREADABLE):
        for (rowid,) in source.execute(query):
            found[rowid] = None
        return found, True
    return found, False


def _is_sound(source: sqlite3.Connection) -> bool:
    with suppress(*_UNREADABLE):
        return str(source.execute("PRAGMA integrity_check(1)").fetchone()[0]) == "ok"
    return False
