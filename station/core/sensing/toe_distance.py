"""What the distance sensor's readings say: valid or not, still or moved, lost or good again.

No rule looks at single readings: at a timing budget of 20 ms they scatter by 2.1 mm (recording of a still target). A
window is *still* when the running half-second medians inside it differ by 4 mm at most.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from statistics import median

from station.core.events import Toe
from station.core.measurement.calibration import Curve

VALID_STATUS = 11
"""The range status of a good reading (ST's API: bits 3 to 6 of the first byte of the result block)."""


@dataclass(frozen=True, slots=True)
class ToeRules:
    least_mm: int = 15
    """Nearer than this the sensor is in its blind zone. The toe line, at 70 mm, reads 45 on a sensor as delivered, give
    or take 10 (SD)."""
    most_mm: int = 1200
    """The range the datasheet promises indoors."""
    silent_us: int = 1_000_000
    frozen_run: int = 20
    """So many equal results in a row come from a frozen sensor; the longest real run is 6 (recording)."""
    good_us: int = 2_000_000
    good_gap_us: int = 500_000
    """A sensor that is good again leaves no longer gap than this between valid readings."""
    still_mm: float = 4.0
    half_us: int = 500_000
    least_readings: int = 3
    """A median of fewer readings is none."""
    kept_us: int = 15_000_000
    """The longest look back: to the start of an attempt."""


def why_invalid(toe: Toe, rules: ToeRules) -> str | None:
    """Why a reading is no distance, or `None` when it is one."""
    if toe.status != VALID_STATUS:
        return f"flagged by the sensor (status {toe.status})"
    if toe.reading_mm < rules.least_mm:
        return "nearer than the sensor can see"
    if toe.reading_mm > rules.most_mm:
        return "farther than the sensor can see"
    return None


class ToeWindow:
    """The valid readings of the last seconds, in mm before calibration, and whether the sensor is to be trusted.

    `lost_why` is `None` while it is. Medians are kept up to date only while `measuring`: a hold does not need them.
    """

    def __init__(self, begin_us: int, curve: Curve | None = None, rules: ToeRules | None = None) -> None:
        self.rules = rules or ToeRules()
        self._curve = curve or Curve()
        self.times_us: list[int] = []
        self.readings_mm: list[float] = []
        self.measuring = True
        self.lost_why: str | None = None
        self.last_why: str | None = "no reading yet"
        self.last_valid_us = begin_us
        self._good_since_us: int | None = None
        self._run = 0
        self._run_of: tuple[float, int] | None = None
        self._half: list[float] = []
        self._half_from = 0
        self._medians: list[tuple[int, float]] = []

    @property
    def due_us(self) -> int | None:
        """When the sensor will be lost, or good again, if nothing else comes."""
        if self.lost_why is None:
            return self.last_valid_us + self.rules.silent_us
        return None

    def reading(self, toe: Toe) -> str | None:
        """Take one reading. Gives why the sensor is lost, when this reading is what shows it."""
        result = (toe.reading_mm, toe.status)
        self._run = self._run + 1 if result == self._run_of else 1
        self._run_of = result
        if self._run >= self.rules.frozen_run:
            self.last_why = "frozen"
            self._good_since_us = None
            return None if self.lost_why else self._lose("frozen: the same result again and again")
        self.last_why = why_invalid(toe, self.rules)
        if self.last_why is None:
            self._take(toe.at_us, toe.reading_mm)
        return None

    def pass_time(self, at_us: int) -> str | None:
        """Gives why the sensor is lost, when the time that has passed is what shows it."""
        if self.lost_why is None and at_us - self.last_valid_us >= self.rules.silent_us:
            return self._lose("no valid reading for a second")
        return None

    def good(self, at_us: int) -> bool:
        """Whether a lost sensor has been good for long enough; it is trusted again from here."""
        since = self._good_since_us
        if self.lost_why is None or self.last_why is not None or since is None or at_us - since < self.rules.good_us:
            return False
        self.lost_why = None
        return True

    def median(self, from_us: int, to_us: int) -> float | None:
        """The median reading of a span in mm, `None` when there are too few."""
        window = self.window(from_us, to_us)[1]
        return median(window) if len(window) >= self.rules.least_readings else None

    def window(self, from_us: int, to_us: int) -> tuple[list[int], list[float]]:
        """Times and readings of the span after `from_us`, up to and with `to_us`."""
        begin = bisect_left(self.times_us, from_us + 1)
        end = bisect_left(self.times_us, to_us + 1)
        return self.times_us[begin:end], self.readings_mm[begin:end]

    def latest_half(self, from_us: int) -> float | None:
        """The newest half-second median whose window begins at `from_us` or later."""
        if not self._medians or self._medians[-1][0] - self.rules.half_us < from_us:
            return None
        return self._medians[-1][1]

    def still(self, from_us: int, to_us: int) -> bool:
        """Whether the running half-second medians inside the span differ by little enough."""
        first = bisect_left(self._medians, (from_us + self.rules.half_us, 0.0))
        inside = [value for at_us, value in self._medians[first:] if at_us <= to_us]
        covered = len(inside) >= 2 and to_us - self._medians[first][0] >= (to_us - from_us - self.rules.half_us) // 2
        return covered and self._curve.apart_mm(min(inside), max(inside)) <= self.rules.still_mm

    def _take(self, at_us: int, reading_mm: float) -> None:
        if self._good_since_us is None or at_us - self.last_valid_us > self.rules.good_gap_us:
            self._good_since_us = at_us
        self.last_valid_us = at_us
        if not self.measuring:
            return
        self.times_us.append(at_us)
        self.readings_mm.append(reading_mm)
        insort(self._half, reading_mm)
        while self.times_us[self._half_from] <= at_us - self.rules.half_us:
            del self._half[bisect_left(self._half, self.readings_mm[self._half_from])]
            self._half_from += 1
        if len(self._half) >= self.rules.least_readings:
            middle = len(self._half) // 2
            even = len(self._half) % 2 == 0
            self._medians.append(
                (at_us, (self._half[middle - 1] + self._half[middle]) / 2 if even else self._half[middle])
            )
        if self.times_us[0] < at_us - 2 * self.rules.kept_us:
            self._trim(at_us - self.rules.kept_us)

    def measure(self, on: bool) -> None:
        """Begin or stop keeping the medians; a window begins empty."""
        if on is not self.measuring:
            self.measuring = on
            self._clear()

    def _lose(self, why: str) -> str:
        self.lost_why = why
        self._good_since_us = None
        self._clear()
        return why

    def _clear(self) -> None:
        self.times_us, self.readings_mm, self._half, self._half_from, self._medians = [], [], [], 0, []

    def _trim(self, from_us: int) -> None:
        keep = bisect_left(self.times_us, from_us)
        del self.times_us[:keep], self.readings_mm[:keep]
        self._half_from -= keep
        del self._medians[: bisect_left(self._medians, (from_us, 0.0))]
