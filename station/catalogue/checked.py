"""Data checked against a record, by one thread at a time.

msgspec learns what a record is made of when it is first asked for it. It runs Python code meanwhile, and two threads
that ask at once for the same record end the process with a segmentation fault (seen with msgspec 0.22 on Python 3.11).
"""

from __future__ import annotations

from threading import Lock
from typing import Any, TypeVar

import msgspec

Record = TypeVar("Record")
_CONVERT_LOCK = Lock()


def convert_to_record(value: Any, record: type[Record]) -> Record:
    """The value as this record. Raises msgspec.ValidationError where it does not fit."""
    with _CONVERT_LOCK:
        return msgspec.convert(value, record, strict=True)
