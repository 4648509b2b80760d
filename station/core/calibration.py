"""From a reading to the toe distance: the curve of one calibration, and how sure it is.

A block of known length stands against the toe stop, and what the sensor says of it is a `Point` (`point`). `fit` puts a
curve through the points of two or more blocks: two carry an offset and a gain, three also a bend. What the points do not
tell comes from what real sensors are like, and the covariance says how little that is.

Each block is better shown twice, in two rounds, than once for twice as long. What limits a calibration of two minutes
is the sensor's wander: between one block and the next it passes for gain and bend. A second round halves that, and a
block that stood askew once is seen at once. Measured over 200 simulated sensors by `tests.bench.truth`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, sqrt
from statistics import fmean

from station.core.estimate import Refusal, estimate

BETWEEN_MM = 0.30
"""SD of what the wander leaves in one block's mean of ten seconds and not in the next's, 20 s later: the fast terms of
the recording's wander (`station.simulator.noise`) and what the slow one moves in between."""
COMMON_MM = 0.43
"""SD of what the wander leaves in all blocks of two minutes alike: its slow term. It belongs to the offset."""
GAIN_SD = 0.02
"""How far the gain of real sensors is from 1 (SD; they lie between 0.97 and 1.03)."""
GAIN_MOST = 0.045
"""No real sensor's gain is farther from 1."""
BEND_RANGE_MM = 270.0
"""The readings that a bend is stated over: from the sensor to a wall 200 mm before the toe line."""
BEND_MOST_MM = 3.0
"""How far the readings of a real sensor leave the straight line between the ends of that range ("some mm")."""
RESIDUAL_MOST_MM = 2.0
"""A block this far from what the others say stands askew; the wander explains 0.5 mm (SD)."""
FOLLOW_LEAST = 0.5
"""Readings that grow by less than this share of the blocks' steps are not of the blocks."""
DRIFT_MOST_MM = 2.0
"""The wander moves ten seconds of a still block by 0.4 mm (SD)."""
MIDDLE_MM = 170.0
"""Reading about which the curve is fitted, so that level, slope and bend are nearly independent: the middle block's."""

Vector = tuple[float, float, float]


class CalibrationError(ValueError):
    """A calibration that cannot be: one sentence that names the block and says what to do."""


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

    @property
    def carries(self) -> str:
        """What the points tell by themselves."""
        return "offset and gain" if len({point.toe_mm for point in self.points}) < 3 else "offset, gain and bend"


def point(toe_mm: float, times_us: Sequence[int], readings_mm: Sequence[float]) -> Point:
    """What the valid readings of some ten seconds say of the block that is `toe_mm` long; times in any order.

    Raises `CalibrationError` where they have no one distance, scatter more than the sensor does, or move on.
    """
    raise NotImplementedError


def fit(points: Sequence[Point]) -> Fit:
    """The curve through the points, in any order, a block as often as it was shown.

    Raises `CalibrationError` for fewer than two different blocks, and for points that no real sensor and blocks held
    against the toe stop can give.
    """
    raise NotImplementedError
