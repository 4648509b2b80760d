"""For every test."""

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
"""The tests of all processes have a third of it at a time."""

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine takes longer over an example
hypothesis.settings.load_profile("untimed")


def pytest_configure() -> None:
    """Keep the tests' files in memory where it has room: a test commits often, and a disk takes milliseconds each."""
    if not MEMORY.is_dir() or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        return
    os.environ.setdefault("TMPDIR", str(MEMORY))
    tempfile.tempdir = None  # found again, from TMPDIR


def pytest_collection() -> None:
    """Nothing is garbage yet, and looking for it takes a third of the collection."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What is loaded is never garbage."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """A process of the station switches the garbage collector off while it starts, and freezes what a test has made;
    the next test has it again. Whether it froze is noted, because counting what is frozen takes as long as a test."""
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
