"""The systematic error of one VL53L0X: offset, gain, shape, temperature and age, from a seed, as in real units."""

from __future__ import annotations

from math import sqrt
from random import Random

from msgspec import Struct

BEND_RANGE_MM = 270.0
"""The bend is defined over sensor distances up to this: the wall 200 mm in front of the toe line."""
MAX_BENT_MM = 1.5 * BEND_RANGE_MM
"""Beyond this distance the bend stays constant."""

CUBIC_MIDDLE_MM = 170.0
CUBIC_SPAN_MM = 100.0
"""The S crosses 0 at this toe distance and this far to either side of it, and is 0 beyond 0 to 200 mm."""
UNIT_CUBIC = 1.5 * sqrt(3.0) / CUBIC_SPAN_MM**3
"""The cubic coefficient of an S that reaches 1 mm on either side of its middle."""

CROSSTALK_TO_MM = 40.0
"""The reading up to which light from the sensor's own cover mixes in."""


class RangeError(Struct, frozen=True):
    """The systematic error of one sensor, without noise. The defaults are a sensor without error."""

    offset_mm: float = 0.0
    gain: float = 1.0

    bend_mm: float = 0.0
    """How far the readings deviate from the straight line halfway to `BEND_RANGE_MM`."""

    bend_skew: float = 0.0
    """Where they deviate most: 0 is in the middle, a positive value farther out. Unless 0, the bend is no parabola."""

    cubic_mm: float = 0.0
    """How far the readings deviate in an S, too long and then too short, between the toe line and 200 mm beyond it."""

    crosstalk_mm: float = 0.0
    """How much too short the nearest readings are: this much at a reading of 0, nothing from `CROSSTALK_TO_MM` on."""

    per_degree_mm: float = 0.0
    """The change per degree Celsius."""

    per_root_day_mm: float = 0.0
    """The change with age, per square root of days."""

    @classmethod
    def from_seed(cls, seed: int) -> RangeError:
        """A random sensor as delivered.

        Sensors read 25 mm short with an SD of 10 mm; their gain is between 0.97 and 1.03; they bend by up to 3 mm
        either way, mostly not quite as a parabola. The datasheet's 10 mm over the 45 degrees to either end of its range
        is an SD of 0.22 mm per degree. No long record of ageing is known: SD 0.1 mm per square root of days.
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
        """The reading at a true distance, with the sensor this many degrees warmer and days older than when new."""
        fraction = min(distance_mm, MAX_BENT_MM) / BEND_RANGE_MM
        bent_mm = self.bend_mm * 4.0 * fraction * (1.0 - fraction) * (1.0 + self.bend_skew * (2.0 * fraction - 1.0))
        aged_mm = self.per_degree_mm * warmer_degrees + self.per_root_day_mm * sqrt(days)
        reading_mm = self.gain * distance_mm + self.offset_mm + bent_mm + self._cubic_mm(distance_mm) + aged_mm
        return reading_mm - self.crosstalk_mm * max(0.0, 1.0 - max(0.0, reading_mm) / CROSSTALK_TO_MM)

    def _cubic_mm(self, distance_mm: float) -> float:
        from_middle_mm = min(max(distance_mm - CUBIC_MIDDLE_MM, -CUBIC_SPAN_MM), CUBIC_SPAN_MM)
        return self.cubic_mm * UNIT_CUBIC * from_middle_mm * (from_middle_mm**2 - CUBIC_SPAN_MM**2)
