"""A checksum in each row, so that a row corrupted by the memory card never passes for a result.

Triggers compute it in every write, whatever the statement; readers see each table through a view that leaves out rows
with a wrong checksum. So no other code of the store is involved. CRC-32 misses one damaged row in four billion.
"""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, String, Table, TextClause, text

from station.store.schema import CHECKSUM, UtcDateTime, metadata

FUNCTION, IS_SOUND = "row_checksum", "is_sound"
MAX_FOUND = 1_000
"""How many damaged rows are remembered; counting more helps nobody."""
MARSHAL_VERSION = 2
"""Binary numbers and no references: equal values give equal bytes in every version of Python."""


class DamagedRow(Struct, frozen=True):
    """A row that is left out because its checksum is wrong: its table and its first key column, decoded as text."""

    table: str
    key: str


def row_checksum(*values: Any) -> int:
    """The checksum of a row's values: numbers, bytes or `None`. It must be fast: a chart reads years of rows."""
    return zlib.crc32(marshal.dumps(values, MARSHAL_VERSION))


def register(driver: Any) -> None:
    """Register the checksum function with a new driver connection; every connection that writes needs it."""
    driver.create_function(FUNCTION, -1, row_checksum, deterministic=True)


def hide_damaged_rows(driver: Any, found: set[DamagedRow]) -> None:
    """Hide damaged rows from a new read-only connection; those that a query meets are added to `found`."""

    def is_sound(checksum: object, table: str, key: Any, *values: Any) -> bool:
        if checksum == row_checksum(table, key, *values):
            return True
        if len(found) < MAX_FOUND:
            found.add(DamagedRow(table, key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)))
        return False

    driver.create_function(IS_SOUND, -1, is_sound, deterministic=True)
    for table in metadata.tables.values():
        # SQLite evaluates a subquery last, so only rows that match the query are checked.
        sound = f"(SELECT {IS_SOUND}({CHECKSUM}, {_values(table, '')}))"
        driver.execute(f'CREATE TEMP VIEW "{table.name}" AS SELECT * FROM main."{table.name}" WHERE {sound}')


def remove(connection: Connection) -> None:
    """Remove all triggers, before an upgrade changes their columns."""
    for table in metadata.sorted_tables:
        for name, _ in _triggers(table):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")


def install(connection: Connection, *, compute: bool = False) -> None:
    """Create or replace the triggers of a database of the current schema, where they differ.

    `compute` also sets every checksum in those tables. Use it only right after an upgrade: it makes damaged rows valid.
    """
    listed = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    found = {row.name: row.sql for row in listed}
    for table in metadata.sorted_tables:
        wanted = dict(_triggers(table))
        if all(found.get(name) == sql for name, sql in wanted.items()):
            continue
        for name in wanted:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        if compute:
            connection.exec_driver_sql(f'UPDATE "{table.name}" SET {CHECKSUM} = {_computed(table, "")}')
        for sql in wanted.values():
            connection.exec_driver_sql(sql)


def damaged_rows(connection: Connection) -> Iterator[DamagedRow]:
    """All rows of a database whose checksum is wrong."""
    for table in metadata.sorted_tables:
        key = f'CAST("{next(iter(table.c)).name}" AS BLOB)'
        query = f'SELECT {key} FROM main."{table.name}" WHERE {CHECKSUM} IS NOT {_computed(table, "")}'
        for (found,) in connection.exec_driver_sql(query):
            yield DamagedRow(str(table.name), (found or b"").decode("utf-8", "replace"))


def count_sound(table: Table) -> str:
    """The SQL that counts a table's rows, and the undamaged ones among them."""
    return f'SELECT count(*), total({CHECKSUM} IS {_computed(table, "")}) FROM main."{table.name}" NOT INDEXED'


def is_sound(table: Table) -> TextClause:
    """The condition that a row of a table is undamaged, for a write connection, which sees every row."""
    return text(f'"{table.name}".{CHECKSUM} = {_computed(table, f"{table.name}.")}')


def _triggers(table: Table) -> Iterator[tuple[str, str]]:
    """The name and the text of each trigger of a table."""
    columns = ", ".join(f'"{column.name}"' for column in table.c if column.name != CHECKSUM)
    new = _values(table, "NEW.", is_damage_possible=False)
    action = f'UPDATE "{table.name}" SET {CHECKSUM} = {FUNCTION}({new}) WHERE rowid = NEW.rowid;'
    for name, event in (("insert", "INSERT"), ("update", f"UPDATE OF {columns}")):
        full_name = f"checksum_{table.name}_{name}"
        yield full_name, f'CREATE TRIGGER {full_name} AFTER {event} ON "{table.name}" BEGIN {action} END'


def _computed(table: Table, of: str) -> str:
    """The SQL for the checksum of a row as stored."""
    return f"{FUNCTION}({_values(table, of)})"


def _values(table: Table, of: str, *, is_damage_possible: bool = True) -> str:
    """The SQL for the checksummed values. Texts count as bytes: a damaged one may not be valid text, in any column."""
    values = []
    for column in table.c:
        name = f'{of}"{column.name}"'
        if column.name == CHECKSUM:
            continue
        is_text = isinstance(column.type, String | UtcDateTime)
        value = f"CAST({name} AS BLOB)" if is_text else name
        if is_damage_possible:  # one flipped bit turns a text into bytes, or bytes into a text
            wrong = "NOT IN ('text', 'null')" if is_text else "= 'text'"
            value = f"iif(typeof({name}) {wrong}, 0, {value})"
        values.append(value)
    return f"'{table.name}', {', '.join(values)}"
