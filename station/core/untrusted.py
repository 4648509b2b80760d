"""Input from files and command lines: how much of it is read, which values are usable numbers, and how a sentence
quotes them."""

from __future__ import annotations

import sys
from reprlib import Repr
from typing import TypeGuard

MAX_TRACE_MB = 64
MAX_TRACE_BYTES = MAX_TRACE_MB * 1024 * 1024
"""The maximum size of a trace, or of all traces in a bundle: some hours of every sensor."""

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60
_SHORT.maxlevel = 3
_MAX_FLOAT = sys.float_info.max


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a value is a number that a float can hold; booleans, NaN and infinities are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MAX_FLOAT


def quoted(value: object) -> str:
    """Return `value` as Python writes it, on one line and without control characters, its middle cut if it is long."""
    return _SHORT.repr(value)
