"""Ticks that guide the feet to a new distance: the nearer the target, the quicker.

They are no cue: they say how far, not what. A tick is half as long as the shortest cue, soft, and gives way to
everything; where a cue has the buzzer there is none.
"""

from __future__ import annotations

from station.core.sound.cues import MILLISECOND_US
from station.core.sound.sequencer import Edge

TICK_US = 20_000

FAR_MM, NEAR_MM = 30.0, 3.0
"""From here on ticks are at their slowest, and where the target counts as reached at their quickest."""

FAR_US, NEAR_US = 1_000 * MILLISECOND_US, 250 * MILLISECOND_US
"""From tick to tick. The quickest are still told apart from a rattle, which has 80 ms."""


def every_us(off_mm: float) -> int:
    """The time from tick to tick at this distance from the target."""
    share = (min(FAR_MM, max(NEAR_MM, abs(off_mm))) - NEAR_MM) / (FAR_MM - NEAR_MM)
    return round(NEAR_US + share * (FAR_US - NEAR_US))


class Guide:
    """When the ticks are due. Times are µs on the monotonic clock and never go back."""

    def __init__(self, hz: int) -> None:
        self._hz = hz
        self._off_mm: float | None = None
        self._ticked_us: int | None = None
        self._sounding = False

    def aim(self, off_mm: float | None) -> None:
        """How far the target is from now on, either way; `None` ends the ticks."""
        self._off_mm = off_mm

    def next_us(self) -> int | None:
        """When a tick is to begin or to end; 0 is at once."""
        if self._sounding and self._ticked_us is not None:
            return self._ticked_us + TICK_US
        if self._off_mm is None:
            return None
        return 0 if self._ticked_us is None else self._ticked_us + every_us(self._off_mm)

    def take(self, now_us: int, *, free: bool) -> list[Edge]:
        """The edge that is due by now. While the buzzer is not free, ticks pass unheard."""
        due_us = self.next_us()
        if self._sounding and not free:
            self._sounding = False
            return []
        if due_us is None or due_us > now_us:
            return []
        if self._sounding:
            self._sounding = False
            return [Edge(due_us, 0)]
        self._ticked_us = now_us
        self._sounding = free
        return [Edge(now_us, self._hz, soft=True)] if free else []
