"""For every test."""

from __future__ import annotations

import gc
from collections.abc import Iterator

# Before a service freezes the garbage collector: trio, which selenium brings, has its random generator registered when
# Hypothesis is loaded, and Hypothesis then asks the collector who holds it.
import hypothesis  # noqa: F401  # loaded for its effect
import pytest


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """A process of the station switches the garbage collector off while it starts; the next test has it again."""
    yield
    gc.unfreeze()
    gc.enable()
