"""Reads rows from the bytes of a damaged database, page by page, without SQLite.

SQLite gives up on a table at its first unreadable page, and on the whole file at a damaged header. But each row has a
checksum that includes its table's name, so that a row on any page can be recognised, however little is left around it.
The format: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import Float, String, Table

from station.store.checksums import row_checksum
from station.store.exchange.export_read import DATABASE_MAGIC
from station.store.schema import CHECKSUM, UtcDateTime, metadata

PAGE_SIZES = tuple(512 << power for power in range(8))
"""The possible sizes of a page in bytes; the header says which it is."""
COPIED_AT_ONCE_BYTES = 1 << 20
FILE_HEADER_BYTES, PAGE_SIZE_AT = 100, 16
TABLE_LEAF, INDEX_LEAF, INDEX_INTERIOR = 13, 10, 2
INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)
"""The length of a value by its kind, for kinds below 12; the others are texts (odd) and bytes (even)."""
FLOAT_KIND, ZERO_KIND, RESERVED_KINDS = 7, 8, (10, 11)
MAX_PAYLOAD_BYTES = 64_000_000
"""No row of the station is that long: a chunk of a trace has less than a megabyte."""
REVISION = re.compile("[0-9]{4}")
MIN_CELL_BYTES = 6
"""A cell has at least four, and its pointer two."""
SCHEMA_FIELDS = 5
LOG_HEADER_BYTES, FRAME_HEADER_BYTES = 32, 24
LOG_MAGIC = 0x377F0682
"""Marks a write-ahead log; its last bit says that the checksums are of big-endian numbers."""

Orders = Mapping[str, Sequence[tuple[str, ...]]]
"""The possible orders of columns, by table: an upgraded database has another order than a new one."""
Record = tuple[Any, ...]
UNREADABLE = (IndexError, struct.error)
"""The errors raised by reading bytes that are not a record."""


@dataclass(slots=True)
class Found:
    """What a scan has found besides rows: the keys in indexes, and the schema of each table."""

    keys: list[set[tuple[Any, ...]]] = field(default_factory=list)
    """One set for each page of an index."""
    schemas: dict[str, str] = field(default_factory=dict)
    revision: str | None = None


def copy_with_log(path: Path, log: Path, target: Path) -> None:
    """Copy a database's pages, with the transactions in its write-ahead log up to the first wrong checksum."""
    with path.open("rb") as source, target.open("wb") as copy:
        while part := source.read(COPIED_AT_ONCE_BYTES):
            copy.write(part)
        for number, page in _committed(log):
            copy.seek((number - 1) * len(page))
            copy.write(page)


def _committed(log: Path) -> Iterator[tuple[int, bytes]]:
    """The pages of a log up to its last complete transaction, oldest first."""
    waiting: list[tuple[int, bytes]] = []
    try:
        file = log.open("rb")
    except FileNotFoundError:
        return
    with file:
        header = file.read(LOG_HEADER_BYTES)
        if len(header) < LOG_HEADER_BYTES:
            return
        magic, _, page_bytes, _ = struct.unpack(">4I", header[:16])
        if magic & ~1 != LOG_MAGIC or page_bytes not in PAGE_SIZES:
            return
        order = ">" if magic & 1 else "<"
        sums = _log_checksum(header[:24], (0, 0), order)
        if sums != struct.unpack(">2I", header[24:]):
            return
        while len(frame := file.read(FRAME_HEADER_BYTES + page_bytes)) == FRAME_HEADER_BYTES + page_bytes:
            number, size_after_commit = struct.unpack(">2I", frame[:8])
            sums = _log_checksum(frame[:8] + frame[FRAME_HEADER_BYTES:], sums, order)
            if frame[8:16] != header[16:24] or sums != struct.unpack(">2I", frame[16:24]) or not number:
                return
            waiting.append((number, frame[FRAME_HEADER_BYTES:]))
            if size_after_commit:
                yield from waiting
                waiting.clear()


def _log_checksum(content: bytes, before: tuple[int, int], order: str) -> tuple[int, int]:
    first, second = before
    numbers = struct.unpack(f"{order}{len(content) // 4}I", content)
    for at in range(0, len(numbers), 2):
        first = (first + numbers[at] + second) & 0xFFFFFFFF
        second = (second + numbers[at + 1] + first) & 0xFFFFFFFF
    return first, second


def put_header(pages: Path, other: Path) -> bool:
    """If the header of a copy is destroyed, replace it by another database's, so that SQLite can read the rest.

    Returns whether it was destroyed.
    """
    with pages.open("r+b") as file, other.open("rb") as source:
        if file.read(len(DATABASE_MAGIC)) == DATABASE_MAGIC:
            return False
        header = bytearray(source.read(FILE_HEADER_BYTES))
        struct.pack_into(">H", header, PAGE_SIZE_AT, _page_bytes(pages) % 0xFFFF)  # 65,536 is stored as 1
        header[28:40] = bytes(12)  # as many pages as the file has, none of them free
        file.seek(0)
        file.write(header)
        return True


def scan_schema(path: Path) -> Found:
    """The statements that made the tables, and the revision, if the file of pages still has them."""
    found = Found()
    for record in (one for page in _pages(path) for one in page.records(TABLE_LEAF)):
        if len(record) == 1 and isinstance(record[0], str) and REVISION.fullmatch(record[0]):
            found.revision = record[0]
        if len(record) == SCHEMA_FIELDS and record[0] == "table":
            found.schemas[str(record[1])] = str(record[4])
    return found


def scan_rows(path: Path, orders: Orders, found: Found) -> Iterator[tuple[Table, dict[str, Any]]]:
    """Every sound row of a file of pages: its table, and its values by column, as SQLite stores them."""
    shapes = _shapes(orders)
    for page in _pages(path):
        for record in page.records(TABLE_LEAF):
            row = _row(record, shapes.get(len(record), ()))
            if row is not None:
                yield row
        keys = {record[:-1] for kind in (INDEX_LEAF, INDEX_INTERIOR) for record in page.records(kind)}
        if keys:
            found.keys.append(keys)


_Shape = tuple[Table, tuple[str, ...], tuple[tuple[int, bool, bool], ...]]
"""A table, an order of its columns, and the checksummed values in their order: the place of each in the record, whether
it is a text, and whether it is a float."""


def _shapes(orders: Orders) -> dict[int, list[_Shape]]:
    """The possible shapes of a record by its number of values."""
    shapes: dict[int, list[_Shape]] = {}
    for table in metadata.sorted_tables:
        columns = [column for column in table.c if column.name != CHECKSUM]
        for order in dict.fromkeys(orders[table.name]):
            places = tuple(
                (order.index(one.name), isinstance(one.type, String | UtcDateTime), isinstance(one.type, Float))
                for one in columns
            )
            shapes.setdefault(len(order), []).append((table, order, places))
    return shapes


def _row(record: Record, shapes: Iterable[_Shape]) -> tuple[Table, dict[str, Any]] | None:
    """The row in a record, by the first shape whose checksum fits."""
    for table, order, places in shapes:
        values = list(record)
        for place, _, is_float in places:
            if is_float and isinstance(values[place], int):
                values[place] = float(values[place])  # SQLite stores whole floats as integers
        summed = [_summed(values[place], is_text=is_text) for place, is_text, _ in places]
        if values[order.index(CHECKSUM)] == row_checksum(str(table.name), *summed):
            return table, dict(zip(order, values, strict=True))
    return None


def _summed(value: Any, *, is_text: bool) -> Any:
    """A value as the checksum takes it (`station.store.checksums`)."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape") if is_text else 0
    return 0 if is_text and value is not None else value


class _Page(Struct, frozen=True):
    """One page of a file; `read` returns another page by its number, for values that overflow this one."""

    content: bytes
    is_first: bool
    read: Callable[[int], bytes]

    def records(self, kind: int) -> Iterator[Record]:
        """The records of the page's cells, if it is of this kind; unreadable cells are left out."""
        start = FILE_HEADER_BYTES if self.is_first else 0
        if not _is_like(self.content[start], kind):
            return
        (count,) = struct.unpack_from(">H", self.content, start + 3)
        pointers = start + (12 if kind == INDEX_INTERIOR else 8)
        for at in range(pointers, pointers + 2 * min(count, len(self.content) // MIN_CELL_BYTES), 2):
            with suppress(*UNREADABLE):
                (cell,) = struct.unpack_from(">H", self.content, at)
                yield parse_record(self._payload(cell % len(self.content), kind))  # as SQLite wraps a wrong pointer

    def _payload(self, at: int, kind: int) -> bytes:
        length, at = _varint(self.content, at + 4 if kind == INDEX_INTERIOR else at)
        if kind == TABLE_LEAF:
            _, at = _varint(self.content, at)  # the rowid, which no table of the station needs
        if length > MAX_PAYLOAD_BYTES:
            raise IndexError
        page_bytes = len(self.content)
        most = page_bytes - 35 if kind == TABLE_LEAF else (page_bytes - 12) * 64 // 255 - 23
        if length <= most:
            return self.content[at : at + length]
        least = (page_bytes - 12) * 32 // 255 - 23
        here = least + (length - least) % (page_bytes - 4)
        here = here if here <= most else least
        payload = bytearray(self.content[at : at + here])
        (following,) = struct.unpack_from(">I", self.content, at + here)
        while len(payload) < length:
            page = self.read(following)
            (following,) = struct.unpack_from(">I", page)
            payload += page[4:][: length - len(payload)]
        return bytes(payload)


def _is_like(found: int, kind: int) -> bool:
    """Whether a page of the kind `found` may really be of this kind: one bit may have flipped."""
    return found == kind or (kind == TABLE_LEAF and found not in (INDEX_LEAF, INDEX_INTERIOR))


def _pages(path: Path) -> Iterator[_Page]:
    """The pages of a file. If the file was cut, the rest of the last page reads as zeros, as in SQLite."""
    page_bytes, file_bytes = _page_bytes(path), path.stat().st_size
    with path.open("rb") as file, path.open("rb") as other:

        def read(number: int) -> bytes:
            at = (number - 1) * page_bytes
            if not 0 <= at < file_bytes:  # a file system refuses to seek too far beyond the end
                raise IndexError
            other.seek(at)
            return other.read(page_bytes).ljust(page_bytes, b"\0")

        is_first = True
        while content := file.read(page_bytes):
            yield _Page(content.ljust(page_bytes, b"\0"), is_first, read)
            is_first = False


def _page_bytes(path: Path) -> int:
    """The page size of a file: by its header or, if that is destroyed, the size that puts most rows inside a page."""
    with path.open("rb") as file:
        header = file.read(FILE_HEADER_BYTES)
        if header.startswith(DATABASE_MAGIC) and len(header) == FILE_HEADER_BYTES:
            (found,) = struct.unpack_from(">H", header, PAGE_SIZE_AT)
            found = 1 << 16 if found == 1 else found
            if found in PAGE_SIZES:
                return int(found)
        rows = dict.fromkeys(PAGE_SIZES, 0)
        for size in PAGE_SIZES:
            file.seek(0)
            while page := file.read(size):
                rows[size] += _rows_within(page)
    return max(reversed(PAGE_SIZES), key=rows.__getitem__)  # on a tie the largest: low addresses fit any size


def _rows_within(page: bytes) -> int:
    """How many cells of a table have addresses inside this page."""
    if page[0] != TABLE_LEAF:
        return 0
    with suppress(*UNREADABLE):
        (count,) = struct.unpack_from(">H", page, 3)
        return sum(8 + 2 * count <= at < len(page) for at in struct.unpack_from(f">{count}H", page, 8))
    return 0


def parse_record(payload: bytes) -> Record:
    """The values of a record. Raises one of `UNREADABLE`."""
    head_bytes, at = _varint(payload, 0)
    body, values = head_bytes, []
    while at < head_bytes:
        kind, at = _varint(payload, at)
        length = INTEGER_BYTES[kind] if kind < len(INTEGER_BYTES) else (kind - 12) // 2
        part = payload[body : body + length]
        if len(part) < length or kind in RESERVED_KINDS:
            raise IndexError
        body += length
        values.append(_value(kind, part))
    return tuple(values)


def _value(kind: int, part: bytes) -> Any:
    if kind == 0:
        return None
    if kind == FLOAT_KIND:
        return struct.unpack(">d", part)[0]
    if kind < len(INTEGER_BYTES):
        return kind - ZERO_KIND if not part else int.from_bytes(part, "big", signed=True)
    return part.decode("utf-8", "surrogateescape") if kind % 2 else part


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and the offset after it."""
    value = 0
    for place in range(8):
        byte = content[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | content[at + 8], at + 9
