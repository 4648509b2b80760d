"""Watches SQLite's log beside the database: a reader that never ends lets it grow until results have no room."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from station.clock import Clock
from station.core.events import SECOND_US
from station.store import Store, StoreError

ALARM_BYTES = 16_000_000
"""Four times the size at which SQLite restarts a log, which is also the most that one took in a month of use."""
RETRY_US = 60 * SECOND_US
"""How long to wait after the log could not be emptied: an attempt delays the loop by a quarter second."""


class LogSize:
    """Empties a large log while the board is idle, and reports one that cannot be emptied."""

    def __init__(self, store: Store, clock: Clock, report_fault: Callable[[str, str | None], None]) -> None:
        self._store = store
        self._clock = clock
        self._report_fault = report_fault
        self._retry_us = 0
        self._is_stuck = False

    def check(self, *, is_idle: bool) -> None:
        """Check the log's size; called every second. `is_idle`: nobody uses the board, so it may be emptied."""
        now_us, was_stuck = self._clock.now_us(), self._is_stuck
        if self._store.log_bytes() < ALARM_BYTES:
            self._is_stuck = False
        elif is_idle and now_us >= self._retry_us and not self._store.is_read_only:
            self._retry_us = now_us + RETRY_US
            with suppress(StoreError):  # the next write reports a disk that fails
                self._store.empty_log()
            self._is_stuck = self._store.log_bytes() >= ALARM_BYTES
        if self._is_stuck is not was_stuck:
            self._report_fault("log", self._sentence() if self._is_stuck else None)

    def _sentence(self) -> str:
        return (
            f"The log of the database {self._store.path} takes more than {ALARM_BYTES // 1_000_000} MB, because a "
            "program has been reading the database for a long time: end that program, or restart the Pi."
        )
