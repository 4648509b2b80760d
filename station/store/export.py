"""Everything as one JSON document and back, and everything as CSV.

The document is `{"export": "slant board station", "shape": "0004", "tables": {name: {column: [values]}}, "traces":
{run: rows}}`. Values stand by column, because like compresses well beside like; times are ISO 8601 in UTC. A file whose
name ends in `.xz` is compressed.
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

from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from station.store.errors import StoreError, explained
from station.store.files import replacing
from station.store.read import Reader
from station.store.results import COLUMNS, result_lines
from station.store.schema import HEAD, UtcTime, metadata, people, routines, runs, sessions, trace_chunks
from station.store.traces import packed, read_rows, trace_text
from station.store.write import Store

WHAT = "slant board station"
TEXT_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME, "lc": 4, "pb": 0}]
"""xz for text: more literal context, no alignment; 2 % smaller than its default, with the same memory."""
COMPRESSED = ".xz"
FIRST = "0001"


def export_json(reader: Reader, path: Path, *, traces: bool | Collection[str] = True) -> None:
    """Write everything of one moment to `path`; without `traces`, or with those of a few runs, it is small and still
    has every result."""
    with reader.read_transaction() as now:
        document = {
            "export": WHAT,
            "shape": HEAD,
            "tables": {table.name: _columns(now, table) for table in _plain_tables()},
            "traces": dict(_traces(now, traces)),
        }
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    with replacing(path) as unfinished:
        unfinished.write_bytes(lzma.compress(data, filters=TEXT_FILTERS) if path.suffix == COMPRESSED else data)


def import_json(store: Store, path: Path) -> None:
    """Fill an empty store with what `export_json` wrote, in this version or an older one; settings and calibrations
    become those of the export.

    Raises `StoreError` with a sentence when the store is not empty or the file is no export of this program.
    """
    document = _document(path)
    with store.write_transaction() as now:
        filled = (people, sessions, routines)
        if any(now.execute(select(func.count()).select_from(table)).scalar_one() for table in filled):
            raise StoreError(f"The database {store.path} is not empty: import {path} into a new one.")
        for table in reversed(metadata.sorted_tables):
            now.execute(table.delete())
        tables = _tables(document, path)
        for table in _plain_tables():
            rows = tables[table.name]
            if rows:
                now.execute(insert(table), rows)
        versions = {row.id: (row.app_version, row.rule_version) for row in now.execute(select(runs))}
        chunks = [_chunk(run_id, rows, versions, path) for run_id, rows in document["traces"].items()]
        if chunks:
            now.execute(insert(trace_chunks), chunks)


def export_csv(reader: Reader, path: Path) -> None:
    """Write a zip with `results.csv`, a CSV file for each table and a trace file for each run.

    `results.csv` has a line for each distance, with its uncertainty, its parts and its method
    (`station.store.results`); the traces are as `station replay` reads them.
    """
    with (
        reader.read_transaction() as now,
        replacing(path) as unfinished,
        zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        _write_csv(archive, "results", COLUMNS, result_lines(now))
        for table in _plain_tables():
            _write_csv(archive, table.name, [column.name for column in table.c], now.execute(_all_rows(table)))
        for run_id, rows in _traces(now):
            header = now.execute(select(runs.c.header_json).where(runs.c.id == run_id)).scalar_one()
            archive.writestr(f"traces/{run_id}.csv", trace_text(json.loads(header), rows))


def _write_csv(archive: zipfile.ZipFile, name: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with archive.open(f"{name}.csv", "w") as file, TextIOWrapper(file, "utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_display_value(value) for value in row] for row in rows)


def _plain_tables() -> list[Table]:
    """All but the traces, those that others refer to first."""
    return [table for table in metadata.sorted_tables if table is not trace_chunks]


def _all_rows(table: Table) -> Any:
    return select(table).order_by(*table.primary_key)


def _columns(now: Connection, table: Table) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {column.name: [] for column in table.c}
    for row in now.execute(_all_rows(table)):
        for values, value in zip(columns.values(), row, strict=True):
            values.append(_plain_value(value))
    return columns


def _traces(now: Connection, wanted: bool | Collection[str] = True) -> Iterator[tuple[str, str]]:
    ids = select(trace_chunks.c.run_id).distinct().order_by(trace_chunks.c.run_id)
    for run_id in now.execute(ids).scalars().all():
        if wanted is True or (wanted and run_id in wanted):
            yield run_id, read_rows(now, (run_id,))[run_id]


def _plain_value(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _display_value(value: object) -> object:
    """As a spreadsheet understands it: nothing for what is missing."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else _plain_value(value)


def _document(path: Path) -> dict[str, Any]:
    with explained(path):
        data = path.read_bytes()
    try:
        document = json.loads(lzma.decompress(data) if path.suffix == COMPRESSED else data)
        what, shape = document["export"], document["shape"]
        document["tables"].items(), document["traces"].items()
    except (ValueError, LookupError, TypeError, AttributeError, EOFError, lzma.LZMAError):
        what = shape = None
    if what != WHAT:
        raise StoreError(f"The file {path} is not an export of the station: name one that `station export` wrote.")
    if not (isinstance(shape, str) and shape.isdigit() and len(shape) == len(HEAD) and FIRST <= shape <= HEAD):
        raise StoreError(
            f"The export {path} has the shape {shape}, and this program reads {FIRST} to {HEAD}: update the station, "
            "or export it again with this version."
        )
    return document  # type: ignore[no-any-return]  # JSON; what is taken from it is checked where it is used


def _tables(document: dict[str, Any], path: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table but the traces, in today's shape."""
    if document["shape"] == HEAD:
        return {table.name: _rows(table, document["tables"].get(table.name, {}), path) for table in _plain_tables()}
    from station.store.older_exports import upgraded_tables

    try:
        return upgraded_tables(document["tables"], document["shape"], metadata)
    except (ValueError, LookupError, TypeError, SQLAlchemyError) as error:
        raise StoreError(
            f"The export {path} is damaged, or not of the shape {document['shape']} ({error}): export it again."
        ) from error


def _rows(table: Table, columns: dict[str, list[Any]], path: Path) -> list[dict[str, Any]]:
    try:
        kinds = [table.c[name].type for name in columns]
        values = [
            [None if value is None else datetime.fromisoformat(value) for value in column]
            if isinstance(kind, UtcTime)
            else column
            for kind, column in zip(kinds, columns.values(), strict=True)
        ]
        return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
    except (ValueError, LookupError, TypeError) as error:
        raise StoreError(
            f"The export {path} is damaged in the table {table.name} ({error}): export it again."
        ) from error


def _chunk(run_id: str, rows: str, versions: dict[str, tuple[str, str]], path: Path) -> dict[str, Any]:
    if run_id not in versions:
        raise StoreError(f"The export {path} is damaged: a trace belongs to no run ({run_id}); export it again.")
    app, rule = versions[run_id]
    return {"run_id": run_id, "number": 0, "rows": packed(rows), "app_version": app, "rule_version": rule}
