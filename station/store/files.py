"""Atomic file writes: a file is complete or absent."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from secrets import token_hex

from station.store.errors import translate_errors

UNFINISHED_SUFFIX = ".unfinished"
"""The suffix of the temporary name; a random part follows, because two may write at the same time."""
LEFTOVER_S = 86_400.0
"""A temporary file unchanged for this long was left by a power cut."""


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A unique temporary name beside `path`; the file replaces `path` on success and is removed on failure.

    Raises `StoreError` with a sentence for an error of the operating system.
    """
    unfinished = path.with_name(f".{path.name}{UNFINISHED_SUFFIX}-{token_hex(4)}")
    with translate_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        try:
            yield unfinished
            _sync(unfinished)
            unfinished.replace(path)
            sync_directory(path.parent)
        finally:
            unfinished.unlink(missing_ok=True)


def _remove_leftovers(path: Path) -> None:
    for leftover in path.parent.glob(f"{escape(f'.{path.name}{UNFINISHED_SUFFIX}')}*"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > LEFTOVER_S:
                leftover.unlink()


def sync_directory(path: Path) -> None:
    """Make what was created, renamed or removed in a directory survive a power cut."""
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
