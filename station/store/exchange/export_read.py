"""Reads files written by `export.py`, part by part. A file may come from anywhere: nothing in it is trusted.

Every error is an `ImportRefusedError`: one sentence with the place, the problem and what to do. The amount read is
bounded, whatever the file claims; no name in an archive is used as a path.
"""

from __future__ import annotations

import csv
import lzma
import zipfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from io import TextIOWrapper
from itertools import groupby, islice
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from station.core.untrusted import MAX_TRACE_BYTES, MAX_TRACE_MB, quoted
from station.store.errors import StoreError, translate_errors
from station.store.exchange.bundle import HEAD_FILE, OLDER_PACKED_SUFFIX, PACKED_SUFFIX, ZIP_ERRORS
from station.store.exchange.export import (
    CHUNK_BYTES,
    EXPORT_KIND,
    RESULTS_FILE,
    ROWS_A_PART,
    TRACES_DIR,
)
from station.store.exchange.export_values import DamagedExportError
from station.store.schema import HEAD_REVISION
from station.store.traces import TraceTooLongError, unpack_next

OLDEST_REVISION = "0001"
MAX_MB = 1_024
MAX_BYTES = MAX_MB * 1_024 * 1_024
"""The limit for all tables of an export when unpacked: a clinic's ten years. Traces do not count."""
MAX_LINE_BYTES = 16 * 1_024 * 1_024
"""The limit for one line of a document; the station writes some hundred kB."""
MAX_WHOLE_MB = 64
MAX_WHOLE_BYTES = MAX_WHOLE_MB * 1_024 * 1_024
"""The limit for a document in another layout, which must be in memory as a whole."""
MAX_CSV_LINE = 1_000_000
MAX_HEAD_BYTES = 65_536
MAX_FILES = 1_000_000
XZ_MEMORY_BYTES = 100 * 1_024 * 1_024
BLOCK_BYTES = 65_536
XZ_MAGIC, ZIP_MAGIC, DATABASE_MAGIC = b"\xfd7zXZ", b"PK", b"SQLite format 3\x00"

Part = tuple[str, list[str], list[tuple[Any, ...]]]
"""Some rows of a table: the table's name, the column names, and the values as in the file."""


class ImportRefusedError(StoreError):
    """One sentence: what is wrong with the file, where, and what to do. Nothing was changed."""


class Head(Struct, frozen=True):
    """The head of an export: the schema of its tables, its person (`None`: the whole station), and whether all values
    are CSV cells."""

    schema: str
    person_id: str | None
    is_text: bool = False


def is_export(path: Path) -> bool:
    """Whether the file's first bytes are those of an export: a zip, a compressed file, a database or JSON.

    Raises `StoreError` if it cannot be read.
    """
    start = _first_bytes(path)
    return start.startswith((ZIP_MAGIC, XZ_MAGIC, DATABASE_MAGIC)) or start.lstrip()[:1] in (b"{", b"[")


def is_database(path: Path) -> bool:
    """Whether the file's first bytes are those of an SQLite database. Raises `StoreError` if it cannot be read."""
    return _first_bytes(path).startswith(DATABASE_MAGIC)


def _first_bytes(path: Path) -> bytes:
    with translate_errors(path), path.open("rb") as file:
        return file.read(64)


@contextmanager
def open_export(path: Path) -> Iterator[tuple[Head, Iterator[Part]]]:
    """The head of an export, and its parts in any order.

    Raises `ImportRefusedError`, also while the parts are read, and `StoreError` if the file cannot be read at all.
    """
    start = _first_bytes(path)
    if start.startswith(DATABASE_MAGIC):
        raise ImportRefusedError(f"The file {path.name} is a database: bring it back with `station restore`.")
    with translate_errors(path):
        try:
            if start.startswith(ZIP_MAGIC):
                with zipfile.ZipFile(path) as archive:
                    head, parts = _open_archive(archive, path)
                    with closing(parts):  # otherwise a caller that stops early leaves a file of the archive open
                        yield head, parts
            else:
                with path.open("rb") as file:
                    yield _open_document(_unpacked(file, start.startswith(XZ_MAGIC)), path)
        except DamagedExportError as error:
            raise ImportRefusedError(f"The export {path.name} is damaged ({error}): export it again.") from error
        except (*ZIP_ERRORS, lzma.LZMAError, csv.Error, RecursionError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise _no_export(path) from error


def _no_export(path: Path) -> ImportRefusedError:
    return ImportRefusedError(
        f"The file {path.name} is not an export of the station, or it is damaged: choose one that a station exported."
    )


def _head(document: object, path: Path) -> Head:
    if not isinstance(document, dict) or document.get("export") != EXPORT_KIND:
        raise _no_export(path)
    schema = document["schema"] if "schema" in document else document.get("shape")
    if not (
        isinstance(schema, str)
        and schema.isdigit()
        and len(schema) == len(HEAD_REVISION)
        and OLDEST_REVISION <= schema <= HEAD_REVISION
    ):
        raise ImportRefusedError(
            f"The export {path.name} has the schema {quoted(schema)}, but this program reads {OLDEST_REVISION} to "
            f"{HEAD_REVISION}: update the station, or export it again with this version."
        )
    person_id = document.get("person")
    if not isinstance(person_id, str | None):
        raise _no_export(path)
    return Head(schema, person_id)


def _unpacked(file: IO[bytes], is_compressed: bool) -> Iterator[bytes]:
    """The content of a document in blocks, up to `MAX_BYTES`."""
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY_BYTES) if is_compressed else None
    total, block, is_more = 0, b"", True
    while is_more:
        if unpacker is None:
            block = file.read(BLOCK_BYTES)
            is_more = bool(block)
        else:
            block = unpacker.decompress(file.read(BLOCK_BYTES) if unpacker.needs_input else b"", BLOCK_BYTES)
            is_more = not unpacker.eof
            if is_more and not block and unpacker.needs_input and not file.peek(1):  # type: ignore[attr-defined]  # `open` gives a buffered file, with `peek`
                raise DamagedExportError("its end is missing")
        total += len(block)
        if total > MAX_BYTES:
            raise DamagedExportError(f"it takes more than {MAX_MB} MB when unpacked")
        yield block


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The lines without line ends; one longer than `MAX_LINE_BYTES` comes in pieces of about that length."""
    rest: list[bytes] = []
    length = 0
    for block in blocks:
        *ended, last = block.split(b"\n")
        for line in ended:
            yield b"".join([*rest, line])
            rest, length = [], 0
        rest.append(last)
        length += len(last)
        if length > MAX_LINE_BYTES:
            yield b"".join(rest)
            rest, length = [], 0
    if length:
        yield b"".join(rest)


def _open_document(blocks: Iterator[bytes], path: Path) -> tuple[Head, Iterator[Part]]:
    """A document in the station's layout, read line by line; in any other layout, read as a whole."""
    lines = _lines(blocks)
    first = next(lines, b"")
    if first.endswith(b'"parts":[') and len(first) < MAX_HEAD_BYTES:
        return _head(_parse_json(first + b"]}"), path), _parts_of_lines(lines)
    whole = bytearray(first)
    for line in lines:
        whole += b"\n" + line
        if len(whole) > MAX_WHOLE_BYTES:
            raise DamagedExportError(
                f"it is not in the lines that the station writes, and takes more than {MAX_WHOLE_MB} MB"
            )
    try:
        document = msgspec.json.decode(whole)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _no_export(path) from error
    head = _head(document, path)
    if "parts" in document:
        parts = document["parts"]
        if not isinstance(parts, list):
            raise DamagedExportError("it has no parts")
        return head, _checked_parts(iter(parts))
    if not isinstance(document.get("tables"), dict) or not isinstance(document.get("traces"), dict):
        raise _no_export(path)
    return head, _parts_of_older(document)


def _parse_json(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DamagedExportError("its JSON cannot be read") from error


def _parts_of_lines(lines: Iterator[bytes]) -> Iterator[Part]:
    return _checked_parts(_parse_json(line.removesuffix(b",")) for line in _until_end(lines))


def _until_end(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line == b"]}":
            return
        yield line
    raise DamagedExportError("its end is missing")


def _checked_parts(parts: Iterator[object]) -> Iterator[Part]:
    """The rows of each part; the last part has each table's number of rows."""
    counts: dict[str, int] = {}
    for part in parts:
        if not isinstance(part, dict):
            raise DamagedExportError("a part has no rows")
        if "rows" in part:
            if (
                not isinstance(part["rows"], dict)
                or part["rows"] != {name: counts.get(name, 0) for name in part["rows"]}
                or set(counts) - set(part["rows"])
            ):
                raise DamagedExportError("rows are missing")
            return
        name = part.get("table")
        if not isinstance(name, str):
            raise DamagedExportError("a part has no table")
        names, rows = _rows_of_columns(name, part.get("columns"))
        counts[name] = counts.get(name, 0) + len(rows)
        yield name, names, rows
    raise DamagedExportError("its end is missing")


def _rows_of_columns(name: object, columns: object) -> tuple[list[str], list[tuple[Any, ...]]]:
    if not isinstance(columns, dict) or not all(isinstance(values, list) for values in columns.values()):
        raise DamagedExportError(f"the table {quoted(name)} has no columns")
    if len({len(values) for values in columns.values()}) > 1:
        raise DamagedExportError(f"the columns of the table {quoted(name)} have different lengths")
    return list(columns), list(zip(*columns.values(), strict=True))


def _parts_of_older(document: dict[str, Any]) -> Iterator[Part]:
    """The parts of a document from before schema 0006: all rows of a table at once, and each trace as one text."""
    versions: dict[str, tuple[Any, Any]] = {}
    for name, columns in document["tables"].items():
        names, rows = _rows_of_columns(name, columns)
        yield name, names, rows
        if name == "runs" and {"id", "app_version", "rule_version"} <= set(names):
            at = [names.index(one) for one in ("id", "app_version", "rule_version")]
            versions = {row[at[0]]: (row[at[1]], row[at[2]]) for row in rows if isinstance(row[at[0]], str)}
    for run_id, text in document["traces"].items():
        if run_id not in versions:
            raise DamagedExportError(f"a trace belongs to no run ({quoted(run_id)})")
        yield (
            "trace_chunks",
            ["run_id", "number", "rows", "app_version", "rule_version"],
            [(run_id, 0, text, *versions[run_id])],
        )


def _open_archive(archive: zipfile.ZipFile, path: Path) -> tuple[Head, Generator[Part]]:
    files = {info.filename: info for info in archive.infolist()}
    if HEAD_FILE not in files:
        if "session.json" in files:
            raise ImportRefusedError(
                f"The file {path.name} is one session, to attach to a question: replay it, or export everything of the "
                "person with `station export`."
            )
        raise _no_export(path)
    if len(files) < len(archive.infolist()) or len(files) > MAX_FILES:
        raise DamagedExportError("it has two files of one name, or too many")
    if files[HEAD_FILE].file_size > MAX_HEAD_BYTES:
        raise _no_export(path)
    with archive.open(HEAD_FILE) as file:
        document = _parse_json(file.read(MAX_HEAD_BYTES))
    head = replace(_head(document, path), is_text=True)
    counts = document.get("rows")
    if not isinstance(counts, dict):
        raise _no_export(path)
    return head, _parts_of_archive(archive, files, counts)


def _parts_of_archive(
    archive: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo], counts: dict[str, object]
) -> Generator[Part]:
    tables = {name.removesuffix(".csv"): info for name, info in files.items() if name.endswith(".csv")}
    del tables[RESULTS_FILE.removesuffix(".csv")]
    if set(tables) != set(counts):
        raise DamagedExportError("a table is missing, or one too many")
    if sum(info.file_size for info in tables.values()) > MAX_BYTES:
        raise DamagedExportError(f"it takes more than {MAX_MB} MB when unpacked")
    for name, info in tables.items():
        count = 0
        with archive.open(info) as file, TextIOWrapper(file, "utf-8", newline="") as text:
            lines = csv.reader(_short_lines(text, name), strict=True)
            names = next(lines, [])
            if name == "trace_chunks" and CHUNK_BYTES in names:
                parts = _trace_parts(archive, files, names, lines)
            else:
                parts = ((names, part) for part in _batches(lines, ROWS_A_PART))
            with closing(parts):
                for part_names, rows in parts:
                    if any(len(row) != len(part_names) for row in rows):
                        raise DamagedExportError(f"a line of {name}.csv has too many cells, or too few")
                    count += len(rows)
                    yield name, part_names, [tuple(row) for row in rows]
        if count != counts[name]:
            raise DamagedExportError(f"{name}.csv has {count} rows instead of {quoted(counts[name])}")


def _short_lines(text: TextIOWrapper, name: str) -> Iterator[str]:
    while line := text.readline(MAX_CSV_LINE):
        if len(line) == MAX_CSV_LINE:
            raise DamagedExportError(f"a line of {name}.csv is too long")
        yield line


def _batches(lines: Iterator[list[str]], size: int) -> Iterator[list[list[Any]]]:
    while batch := list(islice(lines, size)):
        yield batch


def _trace_parts(
    archive: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo], names: list[str], lines: Iterator[list[str]]
) -> Generator[tuple[list[str], list[list[Any]]]]:
    """The chunks of each trace, cut out of its file by the lengths in `trace_chunks.csv`."""
    try:
        run_at, bytes_at = names.index("run_id"), names.index(CHUNK_BYTES)
    except ValueError:
        raise DamagedExportError("trace_chunks.csv has no runs") from None
    new_names = [*names[:bytes_at], "rows", *names[bytes_at + 1 :]]
    for run_id, of_run in groupby(lines, lambda line: line[run_at] if len(line) == len(names) else None):
        name = f"{TRACES_DIR}{run_id}"
        info = files.get(f"{name}{PACKED_SUFFIX}", files.get(f"{name}{OLDER_PACKED_SUFFIX}"))
        if info is None:
            raise DamagedExportError(f"the trace of the run {quoted(run_id)} is missing")
        chunks = [(line, _whole_number(line[bytes_at])) for line in of_run]
        left = info.file_size - sum(size for _, size in chunks)
        if left < 0 or any(size < 0 for _, size in chunks) or info.file_size > MAX_TRACE_BYTES:
            raise DamagedExportError(f"the trace of the run {quoted(run_id)} has another length")
        total = 0
        with archive.open(info) as file:
            if len(file.read(left)) != left:
                raise DamagedExportError(f"the trace of the run {quoted(run_id)} is cut off")
            for line, size in chunks:
                text = unpack_chunk(file.read(size), MAX_TRACE_BYTES - total)
                total += len(text)
                yield new_names, [[*line[:bytes_at], text, *line[bytes_at + 1 :]]]
            if file.read(1):
                raise DamagedExportError(f"the trace of the run {quoted(run_id)} is too long")


def unpack_chunk(packed: bytes, most: int) -> str:
    """The rows of a chunk. Raises `DamagedExportError` if they take more than `most` bytes or cannot be read."""
    try:
        text, rest = unpack_next(packed, most)
    except TraceTooLongError:
        raise DamagedExportError(f"a trace takes more than {MAX_TRACE_MB} MB when unpacked") from None
    except (OSError, EOFError, ValueError) as error:
        raise DamagedExportError("a chunk of a trace cannot be read") from error
    if rest:
        raise DamagedExportError("a chunk of a trace is cut off")
    return text


def _whole_number(cell: str) -> int:
    if not cell.isascii() or not cell.isdigit() or len(cell) > 12:
        raise DamagedExportError(f"{quoted(cell)} is no number of bytes")
    return int(cell)
