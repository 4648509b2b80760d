"""Judges the distance sensor's readings: valid or not, still or moving, lost or recovered.

No rule uses single readings: at a timing budget of 20 ms they scatter by 2.1 mm (recording of a still target). A
window is *still* when the running half-second medians inside it differ by at most 4 mm.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from statistics import median

from msgspec import Struct

from station.core.events import Toe
from station.core.measurement.curve import Curve

VALID_STATUS = 11
"""The range status of a good reading (ST's API: bits 3 to 6 of the first byte of the result block)."""


class ToeRules(Struct, frozen=True):
    """Which readings are valid, and when the distance sensor is lost."""

    min_mm: int = 15
    """Nearer than this is the sensor's blind zone. An uncalibrated sensor reads 45 mm (SD 10) at the toe line, which is
    at 70 mm."""
    max_mm: int = 1200
    """The sensor's indoor range (datasheet)."""
    max_silence_us: int = 1_000_000
    frozen_repeats: int = 20
    """This many equal valid results in a row mean a frozen sensor; the longest run of a working one is 6 (recording).
    An empty view may give the same *no target* for as long as it lasts."""
    recovery_us: int = 2_000_000
    max_recovery_gap_us: int = 500_000
    """The longest gap between valid readings of a sensor that is recovering."""
    max_still_spread_mm: float = 4.0
    median_span_us: int = 500_000
    min_readings: int = 3
    """The fewest readings of a median."""
    history_us: int = 15_000_000
    """How long readings are kept: the longest rule looks back to the start of an attempt."""


def invalid_reason(toe: Toe, rules: ToeRules) -> str | None:
    """Return why a reading is invalid, or `None` when it is valid."""
    if toe.status != VALID_STATUS:
        return f"flagged by the sensor (status {toe.status})"
    if toe.reading_mm < rules.min_mm:
        return "nearer than the sensor can see"
    if toe.reading_mm > rules.max_mm:
        return "farther than the sensor can see"
    return None


class ToeWindow:
    """The recent valid readings, in mm before calibration, and the state of the sensor.

    `lost_reason` is `None` while the sensor works. Readings and medians are kept only while `is_measuring`: a hold does
    not need them.
    """

    def __init__(self, begin_us: int, curve: Curve | None = None, rules: ToeRules | None = None) -> None:
        self.rules = rules or ToeRules()
        self._curve = curve or Curve()
        self.times_us: list[int] = []
        self.readings_mm: list[float] = []
        self.is_measuring = True
        self.lost_reason: str | None = None
        self.last_invalid_reason: str | None = "no reading yet"
        self.last_valid_us = begin_us
        self._valid_since_us: int | None = None
        self._repeat_count = 0
        self._last_reading_mm: float | None = None
        """`None` if the last reading was invalid."""
        self._sorted_recent_mm: list[float] = []
        self._recent_start = 0
        self._medians: list[tuple[int, float]] = []

    @property
    def due_us(self) -> int | None:
        """When the sensor will count as lost if no valid reading comes; `None` while it is lost."""
        if self.lost_reason is None:
            return self.last_valid_us + self.rules.max_silence_us
        return None

    def add_reading(self, toe: Toe) -> str | None:
        """Take one reading; return why the sensor is lost, if this reading shows it."""
        self.last_invalid_reason = invalid_reason(toe, self.rules)
        if self.last_invalid_reason is not None:
            self._last_reading_mm = None
            return None
        self._repeat_count = self._repeat_count + 1 if toe.reading_mm == self._last_reading_mm else 1
        self._last_reading_mm = toe.reading_mm
        if self._repeat_count >= self.rules.frozen_repeats:
            self.last_invalid_reason = "frozen"
            self._valid_since_us = None
            return None if self.lost_reason else self._mark_lost("frozen: the same result again and again")
        self._append(toe.at_us, toe.reading_mm)
        return None

    def pass_time(self, at_us: int) -> str | None:
        """Return why the sensor is lost, if the time up to `at_us` shows it."""
        if self.lost_reason is None and at_us - self.last_valid_us >= self.rules.max_silence_us:
            return self._mark_lost("no valid reading for a second")
        return None

    def try_recover(self, at_us: int) -> bool:
        """Return whether a lost sensor has now worked for long enough; it then counts as recovered."""
        since = self._valid_since_us
        if (
            self.lost_reason is None
            or self.last_invalid_reason is not None
            or since is None
            or at_us - since < self.rules.recovery_us
        ):
            return False
        self.lost_reason = None
        return True

    def median(self, from_us: int, to_us: int) -> float | None:
        """Return the median reading of a span in mm, `None` for too few readings."""
        window = self.window(from_us, to_us)[1]
        return median(window) if len(window) >= self.rules.min_readings else None

    def window(self, from_us: int, to_us: int) -> tuple[list[int], list[float]]:
        """Return times and readings after `from_us`, up to and including `to_us`."""
        begin = bisect_left(self.times_us, from_us + 1)
        end = bisect_left(self.times_us, to_us + 1)
        return self.times_us[begin:end], self.readings_mm[begin:end]

    def latest_median(self, from_us: int) -> float | None:
        """Return the newest half-second median whose window begins at `from_us` or later, or `None`."""
        if not self._medians or self._medians[-1][0] - self.rules.median_span_us < from_us:
            return None
        return self._medians[-1][1]

    def is_still(self, from_us: int, to_us: int) -> bool:
        """Return whether the target was still: the half-second medians cover the span and hardly differ."""
        first = bisect_left(self._medians, (from_us + self.rules.median_span_us, 0.0))
        inside = [value for at_us, value in self._medians[first:] if at_us <= to_us]
        covered = (
            len(inside) >= 2 and to_us - self._medians[first][0] >= (to_us - from_us - self.rules.median_span_us) // 2
        )
        return covered and self._curve.toe_difference_mm(min(inside), max(inside)) <= self.rules.max_still_spread_mm

    def _append(self, at_us: int, reading_mm: float) -> None:
        if self._valid_since_us is None or at_us - self.last_valid_us > self.rules.max_recovery_gap_us:
            self._valid_since_us = at_us
        self.last_valid_us = at_us
        if not self.is_measuring:
            return
        self.times_us.append(at_us)
        self.readings_mm.append(reading_mm)
        insort(self._sorted_recent_mm, reading_mm)
        while self.times_us[self._recent_start] <= at_us - self.rules.median_span_us:
            del self._sorted_recent_mm[bisect_left(self._sorted_recent_mm, self.readings_mm[self._recent_start])]
            self._recent_start += 1
        if len(self._sorted_recent_mm) >= self.rules.min_readings:
            middle = len(self._sorted_recent_mm) // 2
            even = len(self._sorted_recent_mm) % 2 == 0
            self._medians.append(
                (
                    at_us,
                    (self._sorted_recent_mm[middle - 1] + self._sorted_recent_mm[middle]) / 2
                    if even
                    else self._sorted_recent_mm[middle],
                )
            )
        if self.times_us[0] < at_us - 2 * self.rules.history_us:
            self._trim(at_us - self.rules.history_us)

    def set_measuring(self, on: bool) -> None:
        """Start or stop keeping readings and medians; either way the window is cleared."""
        if on is not self.is_measuring:
            self.is_measuring = on
            self._clear()

    def _mark_lost(self, reason: str) -> str:
        self.lost_reason = reason
        self._valid_since_us = None
        self._clear()
        return reason

    def _clear(self) -> None:
        self.times_us, self.readings_mm, self._sorted_recent_mm, self._recent_start, self._medians = [], [], [], 0, []

    def _trim(self, from_us: int) -> None:
        keep = bisect_left(self.times_us, from_us)
        del self.times_us[:keep], self.readings_mm[:keep]
        self._recent_start -= keep
        del self._medians[: bisect_left(self._medians, (from_us, 0.0))]
