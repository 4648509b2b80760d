"""Traces in the database, in chunks of some two minutes.

The text of a trace is its header as one `#` line of JSON, the line of column names, then the rows. A chunk has the rows
by channel, with times, loads and distances as differences, which take a seventh of the compressed text. It is a zlib
stream of MessagePack; rows that the station would write differently are a bzip2 stream of their text.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import accumulate, pairwise
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from station.core.events import SECOND_US
from station.core.trace import EXCHANGED_AT, header_lines
from station.store.schema import trace_chunks

BZ2_LEVEL, BZ2_MARK = 1, b"BZh"
"""Blocks of 100 kB need 1 MB of memory; no zlib stream begins with the mark of bzip2."""
ADC_CODES = 1_023
"""The heels' ADC has ten bits; gpiozero returns its code as a share of the largest."""
MAX_CHANNELS = 26
"""Each has a letter; a trace has at most nine."""


class TraceTooLongError(ValueError):
    """A trace is longer than allowed."""


class _Channel(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """The rows of one channel: its name, and the differences of consecutive times and of whole values."""

    name: str
    time_changes: list[int]
    """Second differences: a sensor is sampled at even intervals."""
    scale: int
    """The values are multiples of 1/`scale`: 1 for whole numbers; 0 for texts."""
    changes: list[int] = []
    texts: list[str] = []


class _Columns(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    order: str
    """A letter for the channel of each row."""
    channels: list[_Channel]


_DECODER = msgspec.msgpack.Decoder(_Columns)


class TraceColumns:
    """Rows by channel, added piece by piece until they are packed: ten seconds take the loop some milliseconds."""

    def __init__(self) -> None:
        self._order: list[str] = []
        self._times: dict[str, list[int]] = {}
        self._values: dict[str, list[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._order)

    def add(self, rows_text: str) -> None:
        """Add whole lines. Raises `ValueError` if the station would write them differently."""
        letters: dict[str, str] = {name: _letter(number) for number, name in enumerate(self._times)}
        for line in rows_text.splitlines():
            at, channel, value = line.split(",", 2)
            at_us = round(float(at) * SECOND_US)
            if _time_text(at_us) != at:
                raise ValueError(line)
            if channel not in letters:
                letters[channel] = _letter(len(letters))
                self._times[channel], self._values[channel] = [], []
            self._order.append(letters[channel])
            self._times[channel].append(at_us)
            self._values[channel].append(value)

    def pack(self) -> bytes:
        """The rows as a chunk."""
        channels = [
            _channel(name, times, values)
            for (name, times), values in zip(self._times.items(), self._values.values(), strict=True)
        ]
        columns = msgspec.msgpack.encode(_Columns("".join(self._order), channels))
        return zlib.compress(columns)  # bzip2 saves a seventh and takes five times as long


def _letter(number: int) -> str:
    if number >= MAX_CHANNELS:
        raise ValueError("too many channels")
    return chr(ord("a") + number)


def _time_text(at_us: int) -> str:
    return f"{at_us / SECOND_US:.6f}"  # as `format_row` writes it


def _channel(name: str, times: list[int], values: list[str]) -> _Channel:
    time_changes = _changes(_changes(times))
    for scale in (1, ADC_CODES):
        codes = {text: _code(text, scale) for text in set(values)}
        numbers = [code for text in values if (code := codes[text]) is not None]
        if len(numbers) == len(values):
            return _Channel(name, time_changes, scale, _changes(numbers))
    return _Channel(name, time_changes, 0, texts=values)


def _code(text: str, scale: int) -> int | None:
    try:
        code = round(float(text) * scale)
        return code if _value_text(code, scale) == text else None
    except (ValueError, OverflowError):
        return None


def _value_text(code: int, scale: int) -> str:
    return str(code) if scale == 1 else repr(code / scale)


def _changes(numbers: list[int]) -> list[int]:
    return [later - earlier for earlier, later in pairwise([0, *numbers])]


def _rows_of_columns(packed: bytes, most: int | None) -> str:
    try:
        columns = _DECODER.decode(packed)
        rows = {_letter(number): _rows_of(channel) for number, channel in enumerate(columns.channels)}
        lines, length = [], 0
        for letter in columns.order:
            line = next(rows[letter])
            lines.append(line)
            length += len(line)
            if most is not None and length > most:
                raise TraceTooLongError
        return "".join(lines)
    except (msgspec.DecodeError, LookupError, StopIteration, OverflowError, ZeroDivisionError) as error:
        raise ValueError("the columns of a trace do not fit together") from error


def _rows_of(channel: _Channel) -> Iterator[str]:
    times = accumulate(accumulate(channel.time_changes))
    values: Iterable[str] = channel.texts
    if channel.scale:
        values = (_value_text(code, channel.scale) for code in accumulate(channel.changes))
    for at_us, value in zip(times, values, strict=True):
        yield f"{_time_text(at_us)},{channel.name},{value}\n"


def compress_rows(rows_text: str) -> bytes:
    """Rows of a trace as a chunk."""
    columns = TraceColumns()
    try:
        columns.add(rows_text)
        packed = columns.pack()
        if unpack_next(packed)[0] == rows_text:
            return packed
    except ValueError:
        pass
    return compress_text(rows_text)


def compress_text(text: str) -> bytes:
    """A text compressed without changes."""
    return bz2.compress(text.encode(), BZ2_LEVEL)


def unpack_next(packed: bytes, most: int | None = None) -> tuple[str, bytes]:
    """The text of the first of several chunks or compressed texts, and the bytes after it.

    Raises `TraceTooLongError` if the text is longer than `most`, having unpacked hardly more than that, and `OSError`,
    `EOFError` or `ValueError` for bytes that are neither.
    """
    is_text = packed.startswith(BZ2_MARK)
    unpacker = bz2.BZ2Decompressor() if is_text else zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, (-1 if is_text else 0) if most is None else most + 1)
    except zlib.error as error:
        raise ValueError("a stream is damaged") from error
    if most is not None and len(content) > most:
        raise TraceTooLongError
    if not unpacker.eof:
        raise EOFError("a stream is cut off")
    return content.decode() if is_text else _rows_of_columns(content, most), unpacker.unused_data


def chunks_of_rows(connection: Connection, run_id: str) -> Iterator[bytes]:
    """The chunks of a run, one at a time: a long session's trace takes megabytes."""
    chosen = select(trace_chunks.c.rows).where(trace_chunks.c.run_id == run_id).order_by(*trace_chunks.primary_key)
    for rows in connection.execution_options(yield_per=1).execute(chosen).scalars():
        yield unpack_next(rows)[0].encode()


def decompress_rows(chunks: Iterable[bytes]) -> str:
    """The rows of a trace from its compressed chunks."""
    return "".join(unpack_next(chunk)[0] for chunk in chunks)


def read_trace_rows(connection: Connection, run_ids: Collection[str]) -> dict[str, str]:
    """The rows of each of these runs; empty for a run without a trace."""
    columns = (trace_chunks.c.run_id, trace_chunks.c.rows)
    chosen = select(*columns).where(trace_chunks.c.run_id.in_(run_ids)).order_by(*trace_chunks.primary_key)
    chunks: dict[str, list[bytes]] = {run_id: [] for run_id in run_ids}
    for run_id, rows in connection.execute(chosen):
        chunks[run_id].append(rows)
    return {run_id: decompress_rows(of_run) for run_id, of_run in chunks.items()}


def trace_text(header: dict[str, Any], rows_text: str, exchanged_at: datetime | None = None) -> str:
    """A trace as `station replay` reads it; `exchanged_at` is when left and right of its results were exchanged."""
    return trace_head(header, exchanged_at) + rows_text


def trace_head(header: dict[str, Any], exchanged_at: datetime | None = None) -> str:
    """The lines before the rows in the text of a trace."""
    if exchanged_at is not None:
        header = {**header, EXCHANGED_AT: exchanged_at.isoformat(timespec="seconds")}
    return "\n".join([*header_lines(header), ""])
