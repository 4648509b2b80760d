"""A cache of values read or computed from tables, valid until one of those tables changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from station.store.schema import (
    calibration_checks,
    calibrations,
    corrections,
    people,
    sessions,
    settings,
    tests,
    trials,
)

CACHED_TABLES = frozenset({people, settings, sessions, tests, trials, corrections, calibrations, calibration_checks})
"""The only tables that cached values may depend on, besides rows that never change: the runs of tests, the exercises
before a test, and what was done in ended sessions."""

CACHE_SIZE = 12
"""Enough for a household's histories and charts, and the reads of every page. Ten years of daily tests take some 5 MB.
"""

Value = TypeVar("Value")


class _Entry:
    """One value. `revision` is the tables' revision before the value was read; -1 while there is none."""

    __slots__ = ("lock", "revision", "value")

    def __init__(self) -> None:
        self.lock = Lock()
        self.revision = -1
        self.value: Any = None


class Cache:
    """At most `size` values by key; the least recently used is dropped first. Safe from any thread.

    The writer calls `clear` after each commit that changed one of `CACHED_TABLES`. Another process may cache only if it
    gets each new `revision` and calls `follow`; otherwise `size` is 0, and every value is computed each time.
    """

    def __init__(self, size: int = 0) -> None:
        self._size = size
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._guard = Lock()
        self._revision = 0
        self._followed: int | None = None

    @property
    def revision(self) -> int:
        """Grows whenever earlier reads may be stale."""
        return self._revision

    def follow(self, revision: int | None) -> None:
        """Invalidate everything if the writer's revision has changed; `None`: the writer has gone or has restarted."""
        if revision is None or revision != self._followed:
            self._followed = revision
            self.clear()

    @property
    def is_on(self) -> bool:
        """Whether anything is cached here."""
        return self._size > 0

    def clear(self) -> None:
        """Invalidate everything read before this call. Never waits."""
        self._revision += 1

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value with this key. `make` computes it if it is missing or stale, in one thread; others wait for it."""
        if not self._size:
            return make()
        with self._guard:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)
        with entry.lock:
            revision = self._revision
            if entry.revision != revision:
                entry.value = make()
                entry.revision = revision
            value: Value = entry.value
            return value
