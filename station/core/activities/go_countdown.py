"""The seconds counted aloud before GO."""

from __future__ import annotations

from station.core.events import SECOND_US


class GoCountdown:
    """Counts `count_from` seconds down from `began_us`, one tick a second; the first tick is due at once."""

    def __init__(self, began_us: int, count_from: int) -> None:
        self._end_us = began_us + count_from * SECOND_US
        self.remaining_ticks = count_from

    @property
    def due_us(self) -> int:
        """When the next tick is due, or GO once all ticks have sounded."""
        return self._end_us - self.remaining_ticks * SECOND_US

    def next_tick(self) -> int | None:
        """The seconds to announce at `due_us`, `None` when it is time for GO."""
        if self.remaining_ticks == 0:
            return None
        self.remaining_ticks -= 1
        return self.remaining_ticks + 1
