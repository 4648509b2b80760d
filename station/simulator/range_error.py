"""How one VL53L0X errs as a whole: offset, gain, bend, temperature and age, from a seed, as real units do."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from random import Random

BEND_RANGE_MM = 270.0
"""The bend is stated over distances up to here: a wall 200 mm before the toe line."""
MAX_BENT_MM = 1.5 * BEND_RANGE_MM
"""Beyond, what the bend adds stays as it is there."""


@dataclass(frozen=True, slots=True)
class RangeError:
    """The systematic error of one sensor, without noise. The defaults are a sensor without any."""

    offset_mm: float = 0.0
    gain: float = 1.0

    bend_mm: float = 0.0
    """How far the readings leave the straight line, in the middle of the distances up to `FAR_MM`."""

    bend_skew: float = 0.0
    """Where they leave it farthest: 0 in the middle, above 0 farther out. It makes the bend no parabola."""

    per_degree_mm: float = 0.0
    """What a degree of warmth adds."""

    per_root_day_mm: float = 0.0
    """What age adds, times the root of the days."""

    @classmethod
    def from_seed(cls, seed: int) -> RangeError:
        """One sensor of the many.

        As delivered they read 25 mm short, give or take 10 (SD); their gain lies between 0.97 and 1.03; they bend by up
        to 3 mm either way, mostly not quite as a parabola does. The datasheet's 10 mm over the 45 degrees to either end
        of its range makes 0.22 mm a degree (SD). No long record of age is known: 0.1 mm by the root of the days (SD).
        """
        random = Random(seed)
        return cls(
            offset_mm=random.gauss(-25.0, 10.0),
            gain=random.uniform(0.97, 1.03),
            bend_mm=random.uniform(-3.0, 3.0),
            bend_skew=random.uniform(-0.5, 0.5),
            per_degree_mm=random.gauss(0.0, 0.22),
            per_root_day_mm=random.gauss(0.0, 0.1),
        )

    def reading_mm(self, distance_mm: float, warmer_degrees: float = 0.0, days: float = 0.0) -> float:
        """What it reads of a true distance, so much warmer and older than when it was new."""
        part = min(distance_mm, MAX_BENT_MM) / BEND_RANGE_MM
        bent_mm = self.bend_mm * 4.0 * part * (1.0 - part) * (1.0 + self.bend_skew * (2.0 * part - 1.0))
        aged_mm = self.per_degree_mm * warmer_degrees + self.per_root_day_mm * sqrt(days)
        return self.gain * distance_mm + self.offset_mm + bent_mm + aged_mm
