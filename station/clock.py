"""The station's clocks: monotonic for durations, wall clock for dates."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NewType, Protocol

RunUs = NewType("RunUs", int)
"""Microseconds since a run began: the time of its events, facts and trace, and of its stored results.

Only `station.app.running.run.Run` converts it to and from the station's monotonic clock.
"""

SILENT_AFTER_US = 4_000_000
"""A state older than this means that the board does not respond: the page and the probes say so."""


class Clock(Protocol):
    """A source of time; the simulator has its own."""

    def now_us(self) -> int:
        """Microseconds on the monotonic clock."""

    def utc_now(self) -> datetime:
        """The date and time, aware, UTC."""


class SystemClock:
    """The machine's own clocks."""

    def now_us(self) -> int:
        return time.monotonic_ns() // 1000

    def utc_now(self) -> datetime:
        return datetime.now(UTC)
