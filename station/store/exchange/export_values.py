"""Parsers for the values of an export: for each kind of column, a function that returns what the table stores."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, Float, Integer, LargeBinary, Table
from sqlalchemy.types import TypeEngine

from station.core.trace import NUMBER
from station.core.untrusted import MAX_TRACE_BYTES, is_number, quoted
from station.store.exchange.export import csv_text
from station.store.schema import CHECKSUM, NEVER_EXPORTED, UtcDateTime
from station.store.traces import compress_rows

MAX_TEXT = 131_072
"""The most characters of one value, which is also the limit of Python's CSV reader."""
MAX_NUMBER = 1e9
"""No distance, share or angle is that large; a chart that had to show it would be."""
MAX_WHOLE_NUMBER = 2**31 - 1
MAX_SPAN_US = 366 * 24 * 3_600 * 1_000_000
FIRST_YEAR, LAST_YEAR = 1970, 2200
"""A clock that was never set starts in 1970."""
WHOLE_NUMBER = re.compile(r"-?\d{1,19}", re.ASCII)
MAX_DIGITS = 64

Row = dict[str, Any]


class DamagedExportError(ValueError):
    """A phrase: what is wrong, and where."""


def row_parser(table: Table, names: list[str], *, is_text: bool) -> Callable[[tuple[Any, ...]], Row]:
    """A function from the raw values of these columns to the values that the table stores.

    `is_text`: all values are CSV cells. Raises `DamagedExportError` for a column that an export never has; the returned
    function raises it for a value that is invalid for its column.
    """
    known = {column.name for column in table.c if column not in NEVER_EXPORTED and column.name != CHECKSUM}
    if len(set(names)) < len(names) or not set(names) <= known:
        raise DamagedExportError(f"the table {table.name} has the columns {quoted(names)}")
    columns = [table.c[name] for name in names]
    parsers = [_parser(column.type, is_text) for column in columns]
    required = [not column.nullable for column in columns]

    def parse(values: tuple[Any, ...]) -> Row:
        row = {}
        for name, parser, is_required, raw in zip(names, parsers, required, values, strict=True):
            try:
                value = row[name] = None if raw is None or (is_text and raw == "") else parser(raw)
            except (ValueError, TypeError, OverflowError):
                raise DamagedExportError(f"{table.name}.{name} cannot be {quoted(raw)}") from None
            if value is None and is_required:
                raise DamagedExportError(f"{table.name}.{name} is missing")
        return row

    return parse


def _parser(kind: TypeEngine[Any], is_text: bool) -> Callable[[Any], Any]:
    """The parser for this kind of column; it raises `ValueError`, `TypeError` or `OverflowError`."""
    if isinstance(kind, LargeBinary):
        return _packed
    if isinstance(kind, Boolean):
        return _truth_of_cell if is_text else _truth
    if isinstance(kind, DateTime | UtcDateTime):
        return _time if isinstance(kind, UtcDateTime) else _naive_time
    if isinstance(kind, Integer):
        most = MAX_SPAN_US if isinstance(kind, BigInteger) else MAX_WHOLE_NUMBER
        return partial(_integer_of_cell if is_text else _integer, most=most)
    if isinstance(kind, Float):
        return _number_of_cell if is_text else _number
    return _text_of_cell if is_text else _text


def _packed(rows: object) -> bytes:
    if not isinstance(rows, str) or len(rows) > MAX_TRACE_BYTES:
        raise ValueError
    return compress_rows(rows)


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _truth_of_cell(cell: str) -> bool:
    return {"true": True, "false": False}[cell] if cell in ("true", "false") else _truth(cell)


def _integer(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > most:
        raise ValueError
    return value


def _integer_of_cell(cell: str, most: int) -> int:
    return _integer(int(cell) if WHOLE_NUMBER.fullmatch(cell) else cell, most)


def _number(value: object) -> float:
    if not is_number(value) or abs(value) > MAX_NUMBER:
        raise ValueError
    return float(value)


def _number_of_cell(cell: str) -> float:
    return _number(float(cell) if len(cell) < MAX_DIGITS and NUMBER.fullmatch(cell) else cell)


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT or "\x00" in value:
        raise ValueError
    return value


def _text_of_cell(cell: str) -> str:
    return _text(csv_text(cell))


def _time(value: object) -> datetime:
    at = datetime.fromisoformat(value) if isinstance(value, str) and len(value) < MAX_DIGITS else None
    if at is None or at.tzinfo is None or not FIRST_YEAR <= at.year < LAST_YEAR:
        raise ValueError
    return at.astimezone(UTC)


def _naive_time(value: object) -> datetime:
    return _time(value).replace(tzinfo=None)
