"""Virtual time for parts of the board: a clock set by hand, and deadlines run in order."""

from __future__ import annotations

from datetime import UTC, datetime

from station.devices.pacer import DeadlineTask


class HandClock:
    """A monotonic clock that only moves when set."""

    def __init__(self, us: int = 0) -> None:
        self.us = us

    def now_us(self) -> int:
        return self.us

    def utc_now(self) -> datetime:
        return datetime.fromtimestamp(self.us / 1e6, UTC)


def live(clock: HandClock, until_us: int, *parts: DeadlineTask) -> None:
    """Move time from deadline to deadline until `until_us`, and run each part at its own."""
    while True:
        dues = [due_us for part in parts if (due_us := part.next_due_us()) is not None]
        if not dues or min(dues) > until_us:
            break
        clock.us = max(clock.us, min(dues))
        for part in parts:
            part.run_due(clock.us)
    clock.us = max(clock.us, until_us)


def unexpected(error: Exception) -> None:
    """For parts that must not fail."""
    raise error
