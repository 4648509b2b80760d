"""Upgrades an export of an older schema with the migrations, the only place that knows how.

Import this module only for such an export: it loads Alembic.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, DateTime, MetaData, Table, insert

from station.store.connect import sqlite_driver, write_engine
from station.store.migrate import upgrade

Columns = dict[str, list[Any]]


def upgraded_tables(
    tables: dict[str, Columns], schema: str, current_metadata: MetaData
) -> dict[str, list[dict[str, Any]]]:
    """The rows of an export of `schema`, a known revision, as rows of the current tables, by table name.

    Raises `ValueError` or `LookupError` if they do not fit their own schema, and SQLAlchemy's errors for values that it
    refuses.
    """
    with tempfile.TemporaryDirectory(prefix="station-import-") as scratch:
        engine = write_engine(Path(scratch) / "older.db", sqlite_driver)
        try:
            upgrade(engine, schema)
            old_metadata = MetaData()
            old_metadata.reflect(engine)
            with engine.begin() as connection:
                for table in old_metadata.sorted_tables:
                    rows = _parse_rows(table, tables.get(table.name, {}))
                    if rows:
                        connection.execute(insert(table), rows)
            upgrade(engine)
            with engine.connect() as connection:
                return {
                    name: [dict(row) for row in connection.execute(table.select()).mappings()]
                    for name, table in current_metadata.tables.items()
                }
        finally:
            engine.dispose()


def _parse_rows(table: Table, columns: Columns) -> list[dict[str, Any]]:
    values = [[_parse_value(table.c[name], value) for value in column] for name, column in columns.items()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _parse_value(column: Column[Any], value: Any) -> Any:
    if value is None or not isinstance(column.type, DateTime):
        return value
    return datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
