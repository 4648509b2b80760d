"""Ticks that guide the feet to a new distance: the nearer the target, the faster.

They are not a cue: a cue says what to do, the ticks how far it is to go. A tick is soft and half as long as the
shortest cue. While a cue has the buzzer there are no ticks.
"""

from __future__ import annotations

from station.core.measurement.target import ON_TARGET_MM
from station.core.sound.cues import MILLISECOND_US
from station.core.sound.sequencer import Edge

TICK_LENGTH_US = 20_000

FAR_MM = 30.0
"""The distance from the target at which the ticks are slowest; they are fastest once it counts as reached."""

SLOWEST_INTERVAL_US, QUICKEST_INTERVAL_US = 1_000 * MILLISECOND_US, 250 * MILLISECOND_US
"""The times from tick to tick. The shortest still differs clearly from the rattle of NO, with 80 ms."""


def tick_interval_us(distance_mm: float) -> int:
    """Return the time from tick to tick, in microseconds, at this distance from the target."""
    share = (min(FAR_MM, max(ON_TARGET_MM, abs(distance_mm))) - ON_TARGET_MM) / (FAR_MM - ON_TARGET_MM)
    return round(QUICKEST_INTERVAL_US + share * (SLOWEST_INTERVAL_US - QUICKEST_INTERVAL_US))


class TargetTicks:
    """Schedules the ticks. Times are microseconds on the monotonic clock and never go back."""

    def __init__(self, hz: int) -> None:
        self._hz = hz
        self._distance_mm: float | None = None
        self._last_tick_us: int | None = None
        self._is_sounding = False

    def set_distance(self, distance_mm: float | None) -> None:
        """Set the distance from the target in mm, of either sign; `None` ends the ticks."""
        self._distance_mm = distance_mm

    def next_due_us(self) -> int | None:
        """Return when a tick starts or ends: 0 for at once, `None` for never."""
        if self._is_sounding and self._last_tick_us is not None:
            return self._last_tick_us + TICK_LENGTH_US
        if self._distance_mm is None:
            return None
        return 0 if self._last_tick_us is None else self._last_tick_us + tick_interval_us(self._distance_mm)

    def take_due(self, now_us: int, *, is_buzzer_free: bool) -> list[Edge]:
        """Return the edge due by `now_us`, if any. Ticks are skipped while the buzzer is not free."""
        due_us = self.next_due_us()
        if self._is_sounding and not is_buzzer_free:
            self._is_sounding = False
            return []
        if due_us is None or due_us > now_us:
            return []
        if self._is_sounding:
            self._is_sounding = False
            return [Edge(due_us, 0)]
        self._last_tick_us = now_us
        self._is_sounding = is_buzzer_free
        return [Edge(now_us, self._hz, soft=True)] if is_buzzer_free else []
