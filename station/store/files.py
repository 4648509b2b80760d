"""Atomic file writes: a file is complete or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from station.store.errors import translate_errors

UNFINISHED_SUFFIX = ".unfinished"
"""How the temporary name ends."""


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`; it replaces `path` on success and is removed on failure.

    Raises `StoreError` with a sentence for what the operating system refuses.
    """
    unfinished = path.with_name(f".{path.name}{UNFINISHED_SUFFIX}")
    with translate_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)  # of a power cut; it may be another name of a whole file
        try:
            yield unfinished
            _sync(unfinished)
            unfinished.replace(path)
            sync_directory(path.parent)
        finally:
            unfinished.unlink(missing_ok=True)


def sync_directory(path: Path) -> None:
    """Let what was created, renamed or removed in a directory be so after a power cut."""
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
