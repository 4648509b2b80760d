"""Writes all data of the station, or of one person, to a file that `station import` can read.

Three kinds of file have the same tables, those in `station.store.exchange.exported`:

- `json`, one document in lines: the first is `{"export": "slant board station", "schema": "0005", "person": null,
  "parts": [`, each further one a part `{"table": name, "columns": {column: [values]}}` of some rows, and the last the
  number of rows of each table. Values are grouped by column, because similar values compress well together; times are
  ISO 8601 in UTC. A file whose name ends in `.xz` is compressed.
- `csv`, a zip with a CSV file for each table, the same head as `export.json`, and `results.csv` for people, with a line
  for each distance (`station.store.reading.results`).
- `bundle`, the same zip with the traces: `traces/RUN.trace` is the header, compressed by bzip2, and the chunks as they
  are stored (`station.store.traces`); `station replay` reads the bundle.

Rows are read and written in small parts, so ten years take no more memory than a day.
"""

from __future__ import annotations

import csv
import json
import lzma
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from io import TextIOWrapper
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Select, func, select

from station.core.trace import header_lines
from station.store.errors import StoreError
from station.store.exchange.bundle import HEAD_FILE, PACKED_SUFFIX
from station.store.exchange.exported import TABLES, exported_columns, select_rows
from station.store.files import atomic_write
from station.store.reading.loading import parse_json
from station.store.reading.reader import Reader
from station.store.reading.results import CSV_COLUMNS, result_rows
from station.store.schema import HEAD_REVISION, people, runs, trace_chunks
from station.store.traces import compress_text, decompress_rows

EXPORT_KIND = "slant board station"
TEXT_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME, "lc": 4, "pb": 0}]
"""xz for text: more literal context, no alignment; 2 % smaller than with its defaults, for the same memory."""
COMPRESSED_SUFFIX = ".xz"
RESULTS_FILE = "results.csv"
TRACES_DIR = "traces/"
ROWS_A_PART, CHUNKS_A_PART = 500, 20
"""How many rows, or chunks of traces, are in memory at a time, and in one line of a document."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
CHUNK_BYTES = "chunk_bytes"
"""The column of `trace_chunks.csv` with the length of a chunk in the compressed trace."""


class ExportKind(StrEnum):
    """The kind of file that an export is."""

    CSV = "csv"
    JSON = "json"
    BUNDLE = "bundle"


SUFFIXES = {ExportKind.CSV: ".zip", ExportKind.JSON: ".json", ExportKind.BUNDLE: ".zip"}
"""The suffix of each kind's file name."""


def export_station(reader: Reader, to: Path, kind: ExportKind) -> None:
    """Write all data of the station to `to`. Raises `StoreError` with a sentence."""
    _WRITERS[kind](reader, to, None)


def export_person(reader: Reader, person_id: str, to: Path, kind: ExportKind) -> None:
    """Write all data of one person to `to`, with the calibrations behind their results.

    Raises `StoreError` with a sentence, also if there is no such person.
    """
    _WRITERS[kind](reader, to, person_id)


def export_json(
    reader: Reader, path: Path, person_id: str | None = None, *, traces: bool | Collection[str] = False
) -> None:
    """Write one document; `traces`: those of all runs, of no run, or of these runs."""
    with (
        _snapshot(reader, person_id) as connection,
        atomic_write(path) as unfinished,
        _opened(unfinished, path) as file,
    ):
        _write_document(connection, file, person_id, traces)


def _opened(unfinished: Path, path: Path) -> IO[bytes]:
    if path.suffix == COMPRESSED_SUFFIX:
        return lzma.open(unfinished, "wb", filters=TEXT_FILTERS)
    return unfinished.open("wb")


def _write_document(
    connection: Connection, file: IO[bytes], person_id: str | None, traces: bool | Collection[str]
) -> None:
    file.write(json_line(document_head(person_id) | {"parts": []}).removesuffix(b"]}") + b"\n")
    counts: dict[str, int] = {}
    for table in TABLES:
        query, a_part, names = select_rows(table, person_id), ROWS_A_PART, [one.name for one in exported_columns(table)]
        counts[table.name] = 0
        if table is trace_chunks:
            a_part = CHUNKS_A_PART
            if not traces:
                continue
            if traces is not True:
                query = query.where(trace_chunks.c.run_id.in_(traces))
        rows = iter(connection.execute(query))
        while part := list(islice(rows, a_part)):
            values = ([_json_value(value) for value in column] for column in zip(*part, strict=True))
            file.write(json_line({"table": table.name, "columns": dict(zip(names, values, strict=True))}) + b",\n")
            counts[table.name] += len(part)
    file.write(json_line({"rows": counts}) + b"\n]}\n")


def document_head(person_id: str | None) -> dict[str, Any]:
    """The head of every export: what it is, the schema of its tables, and its person."""
    return {"export": EXPORT_KIND, "schema": HEAD_REVISION, "person": person_id}


def json_line(value: object) -> bytes:
    """The value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def export_csv(reader: Reader, path: Path, person_id: str | None = None, *, traces: bool = False) -> None:
    """Write a zip with `results.csv` and a CSV file for each table, and a file for each trace if `traces`."""
    with (
        _snapshot(reader, person_id) as connection,
        atomic_write(path) as unfinished,
        zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        counts = {}
        _write_csv(archive, RESULTS_FILE, CSV_COLUMNS, result_rows(connection, person_id))
        for table in TABLES:
            names = [column.name for column in exported_columns(table)]
            query = select_rows(table, person_id)
            if table is trace_chunks:
                if not traces:
                    continue
                _write_traces(archive, connection, query)
                names[names.index("rows")] = CHUNK_BYTES
                lengths = (func.length(one) if one is trace_chunks.c.rows else one for one in exported_columns(table))
                query = query.with_only_columns(*lengths)
            counts[table.name] = _write_csv(archive, f"{table.name}.csv", names, connection.execute(query))
        archive.writestr(HEAD_FILE, json_line(document_head(person_id) | {"rows": counts}))


def _write_traces(archive: zipfile.ZipFile, connection: Connection, query: Select[Any]) -> None:
    """Write a file for each trace: its header, then its chunks as they are stored."""
    for run_id, chunks in groupby(connection.execute(query), attrgetter("run_id")):
        header = connection.execute(select(runs.c.header_json).where(runs.c.id == run_id)).scalar_one()
        with archive.open(zipfile.ZipInfo(f"{TRACES_DIR}{run_id}{PACKED_SUFFIX}"), "w") as file:
            file.write(compress_text("\n".join([*header_lines(parse_json(header) or {}), ""])))
            for chunk in chunks:
                file.write(chunk.rows)


def _export_csv(reader: Reader, to: Path, person_id: str | None) -> None:
    export_csv(reader, to, person_id)


def _export_json(reader: Reader, to: Path, person_id: str | None) -> None:
    export_json(reader, to, person_id)


def _export_bundle(reader: Reader, to: Path, person_id: str | None) -> None:
    export_csv(reader, to, person_id, traces=True)


_WRITERS: dict[ExportKind, Callable[[Reader, Path, str | None], None]] = {
    ExportKind.CSV: _export_csv,
    ExportKind.JSON: _export_json,
    ExportKind.BUNDLE: _export_bundle,
}


@contextmanager
def _snapshot(reader: Reader, person_id: str | None) -> Iterator[Connection]:
    """The database as it is now. Raises `StoreError` if there is no such person."""
    with reader.read_transaction() as connection:
        if (
            person_id is not None
            and connection.execute(select(people.c.id).where(people.c.id == person_id)).first() is None
        ):
            raise StoreError(f"There is no person {person_id} in {reader.path}: take the id from an export.")
        yield connection


def _write_csv(archive: zipfile.ZipFile, name: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> int:
    """Write a file into the archive; returns its number of rows."""
    count = 0
    with archive.open(name, "w") as file, TextIOWrapper(file, "utf-8", newline="") as text:
        writer = csv.writer(text)  # with the line ends of RFC 4180, so that a cell with a carriage return is quoted
        writer.writerow(columns)
        for row in rows:
            writer.writerow([csv_value(value) for value in row])
            count += 1
    return count


def _json_value(value: object) -> object:
    if isinstance(value, bytes):
        return decompress_rows((value,))
    return value.isoformat() if isinstance(value, datetime) else value


def csv_value(value: object) -> object:
    """The value for a spreadsheet: empty if missing, and with an apostrophe before a text that begins like a formula (a
    person's name can), so that opening the file runs nothing.

    An empty text, or one that begins with an apostrophe, gets one as well; `csv_text` removes it again.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and (not value or value.startswith((*FORMULA_STARTS, "'"))):
        return f"'{value}"
    return _json_value(value)


def csv_text(cell: str) -> str | None:
    """The text that `csv_value` wrote."""
    return cell.removeprefix("'") if cell else None
