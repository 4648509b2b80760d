"""Fixtures and hooks for every test."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Before a service freezes the garbage collector: trio, which selenium brings, has its random generator registered when
# Hypothesis is loaded, and Hypothesis then asks the collector who holds it.
import hypothesis
import pytest

MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 << 30
"""The tests of all processes together use up to a third of it."""

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine takes longer over an example
hypothesis.settings.load_profile("untimed")


def pytest_configure() -> None:
    """Keep the tests' files in memory if there is room: a test commits often, at milliseconds each on a disk."""
    if not MEMORY.is_dir() or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        return
    os.environ.setdefault("TMPDIR", str(MEMORY))
    tempfile.tempdir = None  # recomputed from TMPDIR


def pytest_collection() -> None:
    """Stop the garbage collector: nothing is garbage yet, and looking for it takes a third of the collection."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Freeze what is loaded: it is never garbage."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Restore the garbage collector for the next test: a starting station switches it off and freezes what the test has
    made. Whether it froze is recorded, because counting frozen objects takes as long as a test.
    """
    freeze, is_frozen = gc.freeze, False

    def note() -> None:
        nonlocal is_frozen
        is_frozen = True
        freeze()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "freeze", note)
        yield
    gc.enable()
    if is_frozen:
        gc.unfreeze()
