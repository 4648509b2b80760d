"""The time of the event that the loop is handling."""

from __future__ import annotations

from station.clock import Clock


class EventTime:
    """Monotonic event time. Threads may deliver events slightly late, but this time never goes backwards."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now_us = clock.now_us()

    @property
    def now_us(self) -> int:
        """Event time in µs on the station's monotonic clock."""
        return self._now_us

    def clock_us(self) -> int:
        """The clock's time in µs, which may be ahead of event time."""
        return self._clock.now_us()

    def advance_to(self, at_us: int) -> None:
        """Advance to this time, unless it is past."""
        self._now_us = max(self._now_us, at_us)

    def catch_up(self) -> None:
        """Advance to the clock's time, before something that no event caused."""
        self.advance_to(self._clock.now_us())
