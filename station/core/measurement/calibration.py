"""Calibration: the curve from a reading to a toe distance, and its uncertainty.

A block of known length stands against the toe stop; its readings make a `Point` (`point_from_readings`). `fit` puts a
curve through the points of two or more blocks: two determine an offset and a gain, three a bend as well. Priors from
real sensors fill in what the points leave open, and the covariance includes it.

Three short rounds beat one long one. In a calibration of two minutes the sensor's slow wander is the limit: from one
block to the next it looks like gain and bend. More rounds average it out, and a block that stood askew in one round
shows up at once. Over simulated sensors (`tests.bench.truth`) the worst bias at 0 to 200 mm has a median of 0.60 mm
after one round of 12 s, 0.50 mm after two of 10 s and 0.47 mm after three of 6 s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, fsum, sqrt
from statistics import fmean

from station.core.measurement.estimate import Refusal, estimate, without_outliers

SLOW_WANDER_MM = 0.46
"""SD of the slow term of the recorded wander (`station.simulator.noise`). It is nearly the same for all blocks of a
two-minute calibration, so it adds to the offset."""
SLOW_WANDER_S = 150.0
"""Time in which the correlation of that term between two blocks falls to 1/e."""
FAST_WANDER_MM = 0.28
"""SD that the fast terms of the wander leave in the mean of one block's six seconds, independent between blocks."""
WARM_UP_MM = 0.3
"""How much too far a sensor still reads at the first block, one minute after a cold start."""
WARM_UP_S = 30.0
BLOCK_INTERVAL_US = 14_000_000
"""Assumed time from one block to the next for points without a time: six seconds to read it, eight to change it."""
GAIN_SD = 0.02
"""SD of the gain of real sensors about 1; they lie between 0.97 and 1.03."""
MAX_GAIN_ERROR = 0.06
"""The largest deviation of a real sensor's gain from 1, including a bend's slope over the blocks (0.014)."""
BEND_RANGE_MM = 270.0
"""The range of readings over which a bend is stated: from the sensor to a wall 200 mm in front of the toe line."""
MAX_BEND_MM = 4.0
"""The largest deviation of a real sensor from the straight line between the ends of that range ("some mm")."""
MAX_RESIDUAL_MM = 2.0
"""A block that differs by more from the prediction of the others stands askew."""
MAX_REPEAT_DIFFERENCE_MM = 2.5
"""The largest difference between two samples of a block; the wander alone makes 0.5 mm (SD)."""
MIN_READING_GROWTH = 0.5
"""Readings that grow by less than this share of the blocks' difference do not come from the blocks."""
MAX_DRIFT_MM = 2.0
"""The largest drift while a block is read; the wander alone makes 0.4 mm (SD)."""

Vector = tuple[float, float, float]
Covariance = tuple[float, float, float, float, float, float]


class CalibrationError(ValueError):
    """A calibration that failed: one sentence that names the block and what to do."""


@dataclass(frozen=True, slots=True)
class Curve:
    """`toe_mm = offset_mm + gain * reading_mm + bend_per_mm * reading_mm**2`, for readings from 0 to some 400 mm."""

    gain: float = 1.0
    offset_mm: float = -70.0
    bend_per_mm: float = 0.0

    def toe_mm(self, reading_mm: float) -> float:
        """Return the toe distance in mm; negative for a reading from behind the toe line."""
        return self.offset_mm + (self.gain + self.bend_per_mm * reading_mm) * reading_mm

    def slope(self, reading_mm: float) -> float:
        """Return the mm of toe distance per mm of reading at this reading."""
        return self.gain + 2.0 * self.bend_per_mm * reading_mm

    def toe_difference_mm(self, reading_mm: float, other_mm: float) -> float:
        """Return the difference of two readings in mm of toe distance, without a sign."""
        return self.slope((reading_mm + other_mm) / 2) * abs(other_mm - reading_mm)

    def shifted(self, by_mm: float) -> Curve:
        """Return the curve for a wall that stands `by_mm` behind what the sensor sees, such as its skirting board."""
        return replace(self, offset_mm=self.offset_mm + by_mm)

    def reading_mm(self, toe_mm: float) -> float:
        """Return the reading that gives this toe distance: the inverse of `toe_mm`."""
        short_mm = toe_mm - self.offset_mm
        return 2.0 * short_mm / (self.gain + sqrt(self.gain * self.gain + 4.0 * self.bend_per_mm * short_mm))


@dataclass(frozen=True, slots=True)
class Point:
    """One sample of a block: the mean of `n` readings, and its standard uncertainty.

    The uncertainty excludes what all blocks of one calibration have in common. `at_us` is the middle of the window of
    readings, `None` where no time was stored.
    """

    toe_mm: float
    reading_mm: float
    uncertainty_mm: float
    n: int
    at_us: int | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """A curve fitted to points, the residual of each point (mm of toe distance), and the curve's covariance.

    `covariance` holds the six entries of the upper triangle, row by row, in the order offset, gain, bend.
    """

    curve: Curve
    points: tuple[Point, ...]
    residuals_mm: tuple[float, ...]
    covariance: Covariance

    def uncertainty_mm(self, reading_mm: float) -> float:
        """Return the standard uncertainty, in mm, of the toe distance that the curve gives for a noiseless reading."""
        oo, og, ob, gg, gb, bb = self.covariance
        r = reading_mm
        variance = oo + r * (2 * og + r * (2 * ob + gg + r * (2 * gb + r * bb)))
        return sqrt(max(0.0, variance))

    def largest_uncertainty_mm(self) -> float:
        """Return the largest standard uncertainty, in mm, from the toe line to the longest block."""
        longest_mm = max(point.toe_mm for point in self.points)
        return max(self.uncertainty_mm(self.curve.reading_mm(longest_mm * n / 20)) for n in range(21))

    @property
    def determined_terms(self) -> str:
        """The terms of the curve that the points determine without the priors."""
        return "offset and gain" if len({point.toe_mm for point in self.points}) < 3 else "offset, gain and bend"


def point_from_readings(toe_mm: float, times_us: Sequence[int], readings_mm: Sequence[float]) -> Point:
    """Return the point of a block `toe_mm` long from some six seconds of valid readings, in any order of time.

    Raises `CalibrationError` where the readings have no single distance, scatter more than the sensor does, or drift.
    """
    found = estimate(times_us, readings_mm)
    if isinstance(found, Refusal):
        raise CalibrationError(
            f"{_block_name(toe_mm)}: the readings {found.reason}: hold it still against the toe stop, flat and "
            "square to the sensor, and keep hands and clothes out of its sight"
        )
    ordered = [reading for _, reading in sorted(without_outliers(times_us, readings_mm))]
    third = len(ordered) // 3
    drift_mm = fmean(ordered[-third:]) - fmean(ordered[:third])
    if abs(drift_mm) > MAX_DRIFT_MM:
        raise CalibrationError(
            f"{_block_name(toe_mm)}: the readings wander, by {abs(drift_mm):.1f} mm while it was held: let the sensor "
            "warm up for a minute, hold the block still, and show it again"
        )
    uncertainty_mm = sqrt(found.noise_mm * found.noise_mm + FAST_WANDER_MM * FAST_WANDER_MM)
    return Point(toe_mm, found.reading_mm, uncertainty_mm, found.n, (min(times_us) + max(times_us)) // 2)


def fit(points: Sequence[Point]) -> Fit:
    """Fit the curve through the points, in any order; a block may have several.

    Generalised least squares with normal priors (a Bayesian fit). The weights follow from each point's uncertainty and
    from the wander that points close in time share, which lowers the bias by 5 %. The priors on gain and bend come from
    real sensors, so the covariance includes what the blocks leave open.
    Raises `CalibrationError` for fewer than two different blocks, and for points that no real sensor gives of blocks
    held against the toe stop.
    """
    blocks = _mean_by_block(points)
    _check_order(blocks)
    if len(blocks) > 2:
        _check_agreement(blocks)
    middle_mm = (blocks[0].reading_mm + blocks[-1].reading_mm) / 2
    centred, covariance = _solve(points, middle_mm)
    gain = centred[1]
    if abs(gain - 1.0) > MAX_GAIN_ERROR:
        raise CalibrationError(
            f"The readings grow by {1 / gain:.2f} mm for each mm of the blocks, and no sensor does so: see that each "
            "block's length is the one that was said, stands upright against the toe stop, and fills the sensor's view"
        )
    curve = _uncentred_curve(centred, middle_mm)
    residuals_mm = tuple(at.toe_mm - curve.toe_mm(at.reading_mm) for at in points)
    return Fit(curve, tuple(points), residuals_mm, covariance)


def _block_name(toe_mm: float) -> str:
    return f"The {toe_mm:g} mm block"


def _mean_by_block(points: Sequence[Point]) -> list[Point]:
    """Average the samples of each block, nearest block first. Raises where they do not repeat or are too few."""
    samples_by_block: dict[float, list[Point]] = {}
    for at in points:
        samples_by_block.setdefault(at.toe_mm, []).append(at)
    if len(samples_by_block) < 2:
        seen = _block_name(next(iter(samples_by_block))) + " alone" if samples_by_block else "No block"
        raise CalibrationError(f"{seen} tells too little: show at least one more, of another length; three are better")
    for toe_mm, samples in samples_by_block.items():
        readings_mm = [at.reading_mm for at in samples]
        apart_mm = max(readings_mm) - min(readings_mm)
        if apart_mm > MAX_REPEAT_DIFFERENCE_MM:
            raise CalibrationError(
                f"{_block_name(toe_mm)} read {apart_mm:.1f} mm differently from one time to the other: see that it "
                "is the right block, upright and against the toe stop each time, and begin again"
            )
    return [
        Point(
            toe_mm,
            fmean(at.reading_mm for at in shown),
            sqrt(fsum(at.uncertainty_mm * at.uncertainty_mm for at in shown)) / len(shown),
            sum(at.n for at in shown),
        )
        for toe_mm, shown in sorted(samples_by_block.items())
    ]


def _check_order(blocks: Sequence[Point]) -> None:
    """Raises where a longer block does not read clearly longer."""
    for near, far in pairwise(blocks):
        grown = (far.reading_mm - near.reading_mm) / (far.toe_mm - near.toe_mm)
        if grown < -MIN_READING_GROWTH:
            raise CalibrationError(
                f"{_block_name(near.toe_mm)} reads farther than the {far.toe_mm:g} mm block: they are swapped; show "
                "them again in the order that is asked for"
            )
        if grown < MIN_READING_GROWTH:
            raise CalibrationError(
                f"{_block_name(far.toe_mm)} reads {far.reading_mm - near.reading_mm:.0f} mm farther than the "
                f"{near.toe_mm:g} mm block: the sensor sees something else, such as the floor or a skirting board; "
                "raise or tilt it, or hold the block so that it fills the view"
            )


def _check_agreement(blocks: Sequence[Point]) -> None:
    """Raises where a block deviates from the line through the others by more than the bend of a real sensor explains.

    A parabola through three points leaves no residual. So each block is compared with the line through the others,
    after the largest bend of real sensors is subtracted. Where several blocks explain the deviation, the error names
    the one that stands least askew.
    """
    worst: tuple[float, Point] | None = None
    is_out = False
    for i, at in enumerate(blocks):
        others = [*blocks[:i], *blocks[i + 1 :]]
        off_mm = at.toe_mm - _line_value(others, at.reading_mm, lambda other: other.toe_mm)
        bend_mm = abs(
            _unit_bend(at.reading_mm) - _line_value(others, at.reading_mm, lambda other: _unit_bend(other.reading_mm))
        )
        is_out = is_out or abs(off_mm) - MAX_BEND_MM * bend_mm > MAX_RESIDUAL_MM
        if worst is None or abs(off_mm) < abs(worst[0]):
            worst = off_mm, at
    if is_out and worst is not None:
        raise CalibrationError(
            f"The blocks do not fit together: most likely the {worst[1].toe_mm:g} mm block stood {abs(worst[0]):.1f} "
            "mm off; see that each stands upright, against the toe stop, with nothing else in view, and begin again"
        )


def _line_value(points: Sequence[Point], reading_mm: float, value: Callable[[Point], float]) -> float:
    """Evaluate, at this reading, the least-squares line of `value` over the points' readings."""
    middle = fmean(at.reading_mm for at in points)
    level = fmean(value(at) for at in points)
    spread = fsum((at.reading_mm - middle) * (at.reading_mm - middle) for at in points)
    return level + fsum((at.reading_mm - middle) * value(at) for at in points) / spread * (reading_mm - middle)


def _unit_bend(reading_mm: float) -> float:
    """Evaluate a bend that deviates from the straight line by 1 mm in the middle of its range."""
    part = reading_mm / BEND_RANGE_MM
    return 4.0 * part * (1.0 - part)


BEND_SD = MAX_BEND_MM / sqrt(3.0) * 4.0 / (BEND_RANGE_MM * BEND_RANGE_MM)
"""SD of the bend in 1/mm, for a uniform distribution up to `MAX_BEND_MM` either way."""


def _solve(points: Sequence[Point], middle_mm: float) -> tuple[Vector, Covariance]:
    """Return level, slope and bend about the middle of the readings, and the covariance of offset, gain and bend.

    About the middle, two blocks carry no information on the bend: it stays 0 with the prior's uncertainty.
    """
    normal = [[0.0] * 3 for _ in range(3)]
    rhs = [0.0] * 3
    normal[1][1] = 1.0 / (GAIN_SD * GAIN_SD)
    normal[2][2] = 1.0 / (BEND_SD * BEND_SD)
    rhs[1] = normal[1][1]
    centred_mm = [at.reading_mm - middle_mm for at in points]
    root = _error_cholesky(points)
    rows = [_whitened(root, column) for column in ([1.0] * len(points), centred_mm, [x * x for x in centred_mm])]
    whitened_toes = _whitened(root, [at.toe_mm for at in points])
    for i in range(3):
        rhs[i] += _dot(rows[i], whitened_toes)
        for j in range(3):
            normal[i][j] += _dot(rows[i], rows[j])
    inverse = _inverse(normal)
    inverse_0, inverse_1, inverse_2 = inverse
    solved = (_dot(inverse_0, rhs), _dot(inverse_1, rhs), _dot(inverse_2, rhs))
    m = middle_mm
    to_zero = ((1.0, -m, m * m), (0.0, 1.0, -2.0 * m), (0.0, 0.0, 1.0))
    half = [[fsum(row[k] * inverse[k][j] for k in range(3)) for j in range(3)] for row in to_zero]
    oo, og, ob, gg, gb, bb = (_dot(half[i], to_zero[j]) for i in range(3) for j in range(i, 3))
    return solved, (oo, og, ob, gg, gb, bb)


def _error_cholesky(points: Sequence[Point]) -> list[list[float]]:
    """Return the Cholesky factor (lower triangle) of the covariance of the points' errors, which is in mm2."""
    if any(at.at_us is None for at in points):
        times_us = [i * BLOCK_INTERVAL_US for i in range(len(points))]
    else:
        times_us = [at.at_us or 0 for at in points]
    times_s = [(at_us - min(times_us)) / 1_000_000 for at_us in times_us]
    root: list[list[float]] = []
    for i, at in enumerate(points):
        row: list[float] = []
        for j in range(i + 1):
            slow = SLOW_WANDER_MM * SLOW_WANDER_MM * exp(-abs(times_s[i] - times_s[j]) / SLOW_WANDER_S)
            cold = WARM_UP_MM * WARM_UP_MM * exp(-(times_s[i] + times_s[j]) / WARM_UP_S)
            own = at.uncertainty_mm * at.uncertainty_mm if i == j else 0.0
            remaining = slow + cold + own - fsum(row[k] * (row if i == j else root[j])[k] for k in range(j))
            row.append(sqrt(remaining) if i == j else remaining / root[j][j])
        root.append(row)
    return root


def _whitened(root: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    """Solve `root` times x for the values: in x the points' errors are independent with a variance of 1."""
    solved: list[float] = []
    for i, value in enumerate(values):
        solved.append((value - fsum(root[i][j] * solved[j] for j in range(i))) / root[i][i])
    return solved


def _dot(first: Sequence[float], second: Sequence[float]) -> float:
    return fsum(one * other for one, other in zip(first, second, strict=True))


def _uncentred_curve(centred: Vector, middle_mm: float) -> Curve:
    level, slope, bend = centred
    return Curve(slope - 2.0 * bend * middle_mm, level - slope * middle_mm + bend * middle_mm * middle_mm, bend)


def _inverse(matrix: list[list[float]]) -> list[list[float]]:
    """Invert a symmetric positive definite 3 by 3 matrix."""
    (a, b, c), (_, d, e), (_, _, f) = matrix
    cofactors = [
        [d * f - e * e, c * e - b * f, b * e - c * d],
        [c * e - b * f, a * f - c * c, b * c - a * e],
        [b * e - c * d, b * c - a * e, a * d - b * b],
    ]
    determinant = a * cofactors[0][0] + b * cofactors[0][1] + c * cofactors[0][2]
    return [[cofactor / determinant for cofactor in row] for row in cofactors]
