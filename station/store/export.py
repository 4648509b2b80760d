"""Exports everything as one JSON document, which can be imported again, or as CSV.

The document is `{"export": "slant board station", "schema": "0008", "tables": {name: {column: [values]}},
"traces": {run: rows}}`. Values are grouped by column, because similar values compress well together; times are ISO
8601 in UTC. A file whose name ends in `.xz` is compressed. Exports before schema 0004 call it `shape`. Nothing that
lets a browser in is ever exported: see `station.store.schema.NEVER_EXPORTED`.
"""

from __future__ import annotations

import csv
import json
import lzma
import zipfile
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Table, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from station.store.errors import StoreError, translate_errors
from station.store.files import atomic_write
from station.store.read import Reader
from station.store.results import CSV_COLUMNS, result_rows
from station.store.schema import (
    HEAD_REVISION,
    NEVER_EXPORTED,
    UtcDateTime,
    metadata,
    people,
    routines,
    runs,
    sessions,
    trace_chunks,
)
from station.store.traces import compress_rows, read_trace_rows, trace_text
from station.store.write import Store

EXPORT_KIND = "slant board station"
TEXT_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME, "lc": 4, "pb": 0}]
"""xz for text: more literal context, no alignment; 2 % smaller than its default, with the same memory."""
COMPRESSED_SUFFIX = ".xz"
OLDEST_REVISION = "0001"


def export_json(reader: Reader, path: Path, *, traces: bool | Collection[str] = True) -> None:
    """Write a consistent snapshot to `path`.

    `traces` selects the traces by run, all or none: without them the file is small and still has every result.
    """
    with reader.read_transaction() as connection:
        document = {
            "export": EXPORT_KIND,
            "schema": HEAD_REVISION,
            "tables": {table.name: _values_by_column(connection, table) for table in _tables_without_traces()},
            "traces": dict(_traces(connection, traces)),
        }
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(lzma.compress(data, filters=TEXT_FILTERS) if path.suffix == COMPRESSED_SUFFIX else data)


def import_json(store: Store, path: Path) -> None:
    """Fill an empty store with what `export_json` wrote, in this version or an older one; settings and calibrations
    become those of the export. Paired browsers stay.

    Raises `StoreError` with a sentence when the store is not empty or the file is no export of this program.
    """
    document = _read_document(path)
    with store.write_transaction() as connection:
        filled = (people, sessions, routines)
        if any(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in filled):
            raise StoreError(f"The database {store.path} is not empty: import {path} into a new one.")
        for table in reversed(metadata.sorted_tables):
            if table not in NEVER_EXPORTED:
                connection.execute(table.delete())
        tables = _rows_by_table(document, path)
        for table in _tables_without_traces():
            names = [column.name for column in _exported_columns(table)]
            rows = [{name: row[name] for name in names if name in row} for row in tables[table.name]]
            if rows:
                connection.execute(insert(table), rows)
        versions = {row.id: (row.app_version, row.rule_version) for row in connection.execute(select(runs))}
        chunks = [_chunk_row(run_id, rows, versions, path) for run_id, rows in document["traces"].items()]
        if chunks:
            connection.execute(insert(trace_chunks), chunks)


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def export_csv(reader: Reader, path: Path) -> None:
    """Write a zip with `results.csv`, a CSV file for each table and a trace file for each run.

    `results.csv` has a line for each distance, with its uncertainty, its parts and its method
    (`station.store.results`); the traces are as `station replay` reads them.
    """
    with (
        reader.read_transaction() as connection,
        atomic_write(path) as unfinished,
        zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        _write_csv(archive, "results", CSV_COLUMNS, result_rows(connection))
        for table in _tables_without_traces():
            names = [column.name for column in _exported_columns(table)]
            _write_csv(archive, table.name, names, connection.execute(_all_rows(table)))
        for run_id, rows in _traces(connection):
            header = connection.execute(select(runs.c.header_json).where(runs.c.id == run_id)).scalar_one()
            archive.writestr(f"traces/{run_id}.csv", trace_text(json.loads(header), rows))


def _write_csv(archive: zipfile.ZipFile, name: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with archive.open(f"{name}.csv", "w") as file, TextIOWrapper(file, "utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([csv_value(value) for value in row] for row in rows)


def _tables_without_traces() -> list[Table]:
    """All tables of an export but the traces, referenced tables first."""
    return [table for table in metadata.sorted_tables if table is not trace_chunks and table not in NEVER_EXPORTED]


def _exported_columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column not in NEVER_EXPORTED]


def _all_rows(table: Table) -> Any:
    return select(*_exported_columns(table)).order_by(*table.primary_key)


def _values_by_column(connection: Connection, table: Table) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {column.name: [] for column in _exported_columns(table)}
    for row in connection.execute(_all_rows(table)):
        for values, value in zip(columns.values(), row, strict=True):
            values.append(_json_value(value))
    return columns


def _traces(connection: Connection, wanted: bool | Collection[str] = True) -> Iterator[tuple[str, str]]:
    ids = select(trace_chunks.c.run_id).distinct().order_by(trace_chunks.c.run_id)
    for run_id in connection.execute(ids).scalars().all():
        if wanted is True or (wanted and run_id in wanted):
            yield run_id, read_trace_rows(connection, (run_id,))[run_id]


def _json_value(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def csv_value(value: object) -> object:
    """The value as a spreadsheet reads it: empty if it is missing, and a text that begins like a formula (a person's
    name can) after an apostrophe, so that opening the file runs nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else _json_value(value)


def _read_document(path: Path) -> dict[str, Any]:
    with translate_errors(path):
        data = path.read_bytes()
    try:
        document: dict[str, Any] = json.loads(lzma.decompress(data) if path.suffix == COMPRESSED_SUFFIX else data)
        what, schema = document["export"], document["schema"] if "schema" in document else document["shape"]
        document["schema"] = schema
        document["tables"].items(), document["traces"].items()
    except (ValueError, LookupError, TypeError, AttributeError, EOFError, lzma.LZMAError):
        what = schema = None
    if what != EXPORT_KIND:
        raise StoreError(f"The file {path} is not an export of the station: name one that `station export` wrote.")
    if not (
        isinstance(schema, str)
        and schema.isdigit()
        and len(schema) == len(HEAD_REVISION)
        and OLDEST_REVISION <= schema <= HEAD_REVISION
    ):
        raise StoreError(
            f"The export {path} has the schema {schema}, but this program reads {OLDEST_REVISION} to {HEAD_REVISION}: "
            "update the station, or export it again with this version."
        )
    return document


def _rows_by_table(document: dict[str, Any], path: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table but the traces, in the current schema."""
    if document["schema"] == HEAD_REVISION:
        return {
            table.name: _parse_rows(table, document["tables"].get(table.name, {}), path)
            for table in _tables_without_traces()
        }
    from station.store.older_exports import upgraded_tables

    try:
        return upgraded_tables(document["tables"], document["schema"], metadata)
    except (ValueError, LookupError, TypeError, SQLAlchemyError) as error:
        raise StoreError(
            f"The export {path} is damaged, or not of the schema {document['schema']} ({error}): export it again."
        ) from error


def _parse_rows(table: Table, columns: dict[str, list[Any]], path: Path) -> list[dict[str, Any]]:
    try:
        known = {column.name: column.type for column in _exported_columns(table)}
        kinds = [known[name] for name in columns]
        values = [
            [None if value is None else datetime.fromisoformat(value) for value in column]
            if isinstance(kind, UtcDateTime)
            else column
            for kind, column in zip(kinds, columns.values(), strict=True)
        ]
        return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
    except (ValueError, LookupError, TypeError) as error:
        raise StoreError(
            f"The export {path} is damaged in the table {table.name} ({error}): export it again."
        ) from error


def _chunk_row(run_id: str, rows: str, versions: dict[str, tuple[str, str]], path: Path) -> dict[str, Any]:
    if run_id not in versions:
        raise StoreError(f"The export {path} is damaged: a trace belongs to no run ({run_id}); export it again.")
    app, rule = versions[run_id]
    return {"run_id": run_id, "number": 0, "rows": compress_rows(rows), "app_version": app, "rule_version": rule}
