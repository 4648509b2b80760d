"""Converts data to a checked record, one thread at a time.

msgspec inspects a record type when it first converts to it, and runs Python code meanwhile. Two threads that do so at
once for the same type crash the process with a segmentation fault (seen with msgspec 0.22 on Python 3.11).
"""

from __future__ import annotations

from threading import Lock
from typing import Any, TypeVar

import msgspec

Record = TypeVar("Record")
_CONVERT_LOCK = Lock()


def convert_to_record(value: Any, record: type[Record], *, strict: bool = True) -> Record:
    """The value as this record; with `strict` false, numbers may be text.

    Raises msgspec.ValidationError if it does not fit.
    """
    with _CONVERT_LOCK:
        return msgspec.convert(value, record, strict=strict)


def decode_to_record(text: bytes | str, record: type[Record]) -> Record:
    """JSON text as this record. Raises msgspec.ValidationError if it does not fit, DecodeError if it is not JSON."""
    with _CONVERT_LOCK:
        return msgspec.json.decode(text, type=record)
