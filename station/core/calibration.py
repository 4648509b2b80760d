"""From a reading to the toe distance: the curve of one calibration, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class Curve:
    """`toe_mm = offset_mm + gain * reading_mm + bend_per_mm * reading_mm**2`, for readings from 0 to some 400 mm."""

    gain: float = 1.0
    offset_mm: float = -70.0
    bend_per_mm: float = 0.0

    def toe_mm(self, reading_mm: float) -> float:
        """The toe distance in mm; below 0 where the reading is shorter than at the toe line."""
        return self.offset_mm + (self.gain + self.bend_per_mm * reading_mm) * reading_mm

    def slope(self, reading_mm: float) -> float:
        """How many mm of toe distance a mm of reading is here."""
        return self.gain + 2.0 * self.bend_per_mm * reading_mm

    def reading_mm(self, toe_mm: float) -> float:
        """The reading that gives this toe distance: the inverse of `toe_mm`."""
        short_mm = toe_mm - self.offset_mm
        return 2.0 * short_mm / (self.gain + sqrt(self.gain * self.gain + 4.0 * self.bend_per_mm * short_mm))


@dataclass(frozen=True, slots=True)
class Point:
    """What the sensor said of one block: the mean of `n` readings, and its standard uncertainty."""

    toe_mm: float
    reading_mm: float
    uncertainty_mm: float
    n: int


@dataclass(frozen=True, slots=True)
class Fit:
    """A curve fitted to points, the residual of each point (mm of toe distance), and the curve's covariance.

    `covariance` are the six entries of the upper triangle, row by row, in the order offset, gain, bend.
    """

    curve: Curve
    points: tuple[Point, ...]
    residuals_mm: tuple[float, ...]
    covariance: tuple[float, float, float, float, float, float]

    def uncertainty_mm(self, reading_mm: float) -> float:
        """Standard uncertainty in mm of the toe distance that the curve gives for a reading without noise."""
        oo, og, ob, gg, gb, bb = self.covariance
        r = reading_mm
        variance = oo + r * (2 * og + r * (2 * ob + gg + r * (2 * gb + r * bb)))
        return sqrt(max(0.0, variance))
