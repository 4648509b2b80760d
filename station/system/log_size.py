"""Watches SQLite's log beside the database: a reader that never ends lets it grow, and it takes the room of results."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from station.clock import Clock
from station.core.events import SECOND_US
from station.store import Store, StoreError

ALARM_BYTES = 16_000_000
"""Four times what a log takes before SQLite begins it again, and the most that it took in a month of use."""
RETRY_US = 60 * SECOND_US
"""How long to leave the log alone after it could not be emptied: an attempt holds the loop up for a quarter second."""


class LogSize:
    """Empties a log that has grown while the board is idle, and reports one that cannot be emptied."""

    def __init__(self, store: Store, clock: Clock, report_fault: Callable[[str, str | None], None]) -> None:
        self._store = store
        self._clock = clock
        self._report_fault = report_fault
        self._retry_us = 0
        self._is_stuck = False

    def check(self, *, is_idle: bool) -> None:
        """Look at the log; called every second. It is only emptied while nobody does anything on the board."""
        now_us, was_stuck = self._clock.now_us(), self._is_stuck
        if self._store.log_bytes() < ALARM_BYTES:
            self._is_stuck = False
        elif is_idle and now_us >= self._retry_us and not self._store.is_read_only:
            self._retry_us = now_us + RETRY_US
            with suppress(StoreError):  # what the disk does not take is reported by the next write
                self._store.empty_log()
            self._is_stuck = self._store.log_bytes() >= ALARM_BYTES
        if self._is_stuck is not was_stuck:
            self._report_fault("log", self._sentence() if self._is_stuck else None)

    def _sentence(self) -> str:
        return (
            f"The log of the database {self._store.path} takes more than {ALARM_BYTES // 1_000_000} MB, because a "
            "program has been reading the database for a long time: end that program, or restart the Pi."
        )
