"""Calibration: the curve from a reading to a toe distance, and its uncertainty.

A block of known length stands against the toe stop; its readings make a `Point` (`point_from_readings`). `fit` puts a
curve through the points of two or more blocks: two determine an offset and a gain, three a bend, four an S-shaped
(cubic) part as well. Priors from real sensors fill in what the points leave open, and the covariance includes it.

Four blocks shown twice for ten seconds, and up to four times if the readings form an S, suit a sensor of either kind
(`tests.bench.truth`, worst error at 0 to 200 mm, median and 95 %): 0.48 and 1.04 mm if the sensor's error is nearly a
parabola, 0.50 and 1.03 mm if it is an S of up to 4 mm (0.59 and 1.20 mm if shown twice). Three blocks shown three times
for six seconds give 0.48 and 1.04 mm, but 2.2 and 4.1 mm for an S, which they cannot show. The sensor's slow wander
limits the rest: from one block to the next it looks like gain, bend and S.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import fsum, sqrt
from statistics import fmean

from msgspec import Struct

from station.core.measurement.curve import MIN_SLOPE, Curve, extended_power
from station.core.measurement.curve_fit import (
    CUBIC_PER_MM,
    CUBIC_SDS_MM,
    Covariance,
    Point,
    Solution,
    dot,
    drift_in_sds,
    group_by_block,
    solve,
)
from station.core.measurement.estimate import (
    BRIEF_WANDER_MM,
    COMMON_WANDER_MM,
    WANDER_MM,
    Refusal,
    estimate,
    without_outliers,
)

LASTING_SHARE = 0.94
"""The share of the lasting wander's variance that is in the mean of a calibration of two and a half minutes."""
MAX_GAIN_ERROR = 0.06
"""The largest deviation of a real sensor's gain from 1, including a bend's slope over the blocks (0.014)."""
MAX_FITTED_BEND_MM = 4.5
MAX_FITTED_CUBIC_MM = 5.0
"""The largest bend and S of a fit, wander included; of 1,000 calibrations of simulated sensors one exceeds 4.0 and 4.5
mm."""
MAX_RESIDUAL_MM = 2.0
"""A block that differs by more from what the others predict is askew."""
MISPLACED_MM = 3.0
"""SD of how far a misplaced block is off: of two that may be misplaced, the one that is less off is likelier."""
MAX_REPEAT_DIFFERENCE_MM = 2.5
"""The largest difference of a sample from the mean of the block's others; the wander makes 0.6 mm (SD)."""
MAX_DRIFT_SDS = 2.8
"""The largest steady drift over the rounds, in SDs of what the wander of a restless sensor alone shows. Of 6,000
calibrations with each recording's noise, none exceeds it in the calm hour, and 1.9 % do in the restless ones."""
SUSPECTED_DRIFT_SDS = 1.8
"""A larger one may be a drift or the wander: another round shows which."""
MIN_READING_GROWTH = 0.5
"""Readings that grow by less than this share of the blocks' difference do not come from the blocks."""
MAX_SWAPPED_GROWTH = -0.1
"""Readings that shrink by more than this share of it come from blocks other than those requested."""
MAX_DRIFT_MM = 2.0
"""The largest drift while a block is read; the wander alone makes 0.4 mm (SD)."""
CROSSTALK_READING_MM = 40.0
"""Below this reading, light reflected by the cover (crosstalk) may make readings too short."""
MAX_CROSSTALK_MM = 4.0
"""A block that reads below that limit, and shorter by more than the blocks beyond the limit predict, is refused."""
NOTICED_CUBIC_MM = 0.4
"""An S above this is reported, because a block of the wrong length looks the same. After two rounds this happens with 5
of 100 good parabolic sensors, after the two more rounds that follow with 1 of 200."""


class CalibrationError(ValueError):
    """A calibration that failed: one sentence that names the block and what to do."""


class DriftError(CalibrationError):
    """The sensor drifted over the rounds, so that all its blocks must be shown again."""


class Fit(Struct, frozen=True):
    """A curve fitted to points, the residual of each point (mm of toe distance), and the curve's covariance.

    `covariance` holds the ten entries of the upper triangle, row by row, in the order offset, gain, bend, cubic.
    """

    curve: Curve
    points: tuple[Point, ...]
    residuals_mm: tuple[float, ...]
    covariance: Covariance

    def uncertainty_mm(self, reading_mm: float, wander_mm: float = WANDER_MM) -> float:
        """Return the standard uncertainty, in mm, of the toe distance that the curve gives for a noiseless reading.

        The covariance supposes that the sensor wandered by `WANDER_MM` between the calibration and now; for a sensor
        known to wander less, that part is smaller.
        """
        oo, og, ob, oc, gg, gb, gc, bb, bc, cc = self.covariance
        _, g, b, c = (extended_power(reading_mm, power) for power in range(4))
        squares = oo + g * g * gg + b * b * bb + c * c * cc
        products = g * og + b * ob + c * oc + g * b * gb + g * c * gc + b * c * bc
        lasting_mm = self.curve.slope(reading_mm) * COMMON_WANDER_MM
        calmer = LASTING_SHARE * lasting_mm * lasting_mm * (1.0 - (wander_mm / WANDER_MM) ** 2)
        return sqrt(max(0.0, squares + 2.0 * products - calmer))

    def largest_uncertainty_mm(self) -> float:
        """Return the largest standard uncertainty, in mm, from the toe line to the longest block."""
        longest_mm = max(point.toe_mm for point in self.points)
        return max(self.uncertainty_mm(self.curve.reading_mm(longest_mm * n / 20)) for n in range(21))

    @property
    def determined_terms(self) -> str:
        """The curve's terms that the points determine without the priors."""
        if self._block_count < 3:
            return "offset and gain"
        return "offset, gain and bend" if self._block_count < 4 else "offset, gain, bend and cubic part"

    @property
    def is_drift_suspected(self) -> bool:
        """Whether the sensor may have drifted over the rounds; more rounds show whether it did."""
        return abs(_drift_sds(self.points)) > SUSPECTED_DRIFT_SDS

    @property
    def _block_count(self) -> int:
        return len({point.toe_mm for point in self.points})

    @property
    def notice(self) -> str | None:
        """What to verify although the calibration is good, in a sentence; `None` for most.

        An S in the readings is either the sensor's, and then the curve is right, or comes from a block that is not as
        long as stated. The blocks alone cannot show which.
        """
        if self._block_count < 4:
            return None
        blocks = _mean_by_block(self.points)
        *_, cubic_values = _orthogonal_columns([at.reading_mm for at in blocks])
        cubic_per_mm2 = dot(cubic_values, [at.toe_mm for at in blocks]) / dot(cubic_values, cubic_values)
        if abs(cubic_per_mm2) <= NOTICED_CUBIC_MM * CUBIC_PER_MM:
            return None
        off_mm = [cubic_per_mm2 * dot(cubic_values, cubic_values) / value for value in cubic_values]
        suspects = sorted(zip(off_mm, blocks, strict=True), key=lambda suspect: abs(suspect[0]))
        names = " or ".join(
            f"the {block.toe_mm:g} mm block is {abs(mm):.0f} mm {'shorter' if mm > 0 else 'longer'} than it says"
            for mm, block in suspects
        )
        return (
            f"The readings follow an S of {abs(cubic_per_mm2) / CUBIC_PER_MM:.1f} mm, which few sensors do; "
            f"perhaps {names}: measure the blocks, and calibrate again if one is wrong."
        )


def point_from_readings(toe_mm: float, times_us: Sequence[int], readings_mm: Sequence[float]) -> Point:
    """Return the point of a block `toe_mm` long from some six seconds of valid readings, in any order of time.

    Raises `CalibrationError` if the readings have no single distance, scatter more than the sensor does, or drift.
    """
    found = estimate(times_us, readings_mm)
    if isinstance(found, Refusal):
        raise CalibrationError(
            f"{_block_name(toe_mm)}: the readings {found.reason}: hold it still against the toe stop, flat and "
            "square to the sensor, and keep hands and clothes out of its view"
        )
    ordered = [reading for _, reading in sorted(without_outliers(times_us, readings_mm))]
    third = len(ordered) // 3
    drift_mm = fmean(ordered[-third:]) - fmean(ordered[:third])
    if abs(drift_mm) > MAX_DRIFT_MM:
        raise CalibrationError(
            f"{_block_name(toe_mm)}: the readings drifted by {abs(drift_mm):.1f} mm while it was held: let the sensor "
            "warm up for a minute, hold the block still, and show it again"
        )
    uncertainty_mm = sqrt(found.noise_mm * found.noise_mm + BRIEF_WANDER_MM * BRIEF_WANDER_MM)
    return Point(toe_mm, found.reading_mm, uncertainty_mm, found.n, (min(times_us) + max(times_us)) // 2)


def check_unfinished_round(points: Sequence[Point]) -> None:
    """Raise `CalibrationError` if no real sensor gives these points for the first blocks of a round.

    Bend and S wait for the last block: three of four blocks show the S of a real sensor as a bend. If the nearest block
    reads below `CROSSTALK_READING_MM`, readings that grow too fast wait too: crosstalk makes it short.
    """
    if len(points) < 2:
        return
    blocks = _mean_by_block(points)
    _check_order(blocks)
    solved = solve(points)
    if blocks[0].reading_mm >= CROSSTALK_READING_MM or solved.gain > 1.0:
        _check_gain(solved)


def fit(points: Sequence[Point]) -> Fit:
    """Fit the curve through the points, in any order; a block may have several.

    Generalised least squares with normal priors (a Bayesian fit), for either kind of sensor (`CUBIC_SDS_MM`), each
    weighted by how probable the points make it. The weights of the points follow from the uncertainty of each, from the
    wander that points close in time share, and from the tolerance that the points of a block share. The priors come
    from real sensors, so the covariance includes what the blocks leave open. Raises `DriftError` if the sensor drifted
    over the rounds, and `CalibrationError` for fewer than two different blocks, and for points that no real sensor
    gives for blocks held against the toe stop.
    """
    _check_drift(points)
    blocks = _mean_by_block(points)
    _check_order(blocks)
    solved = solve(points)
    _check_crosstalk(points, blocks)
    _check_shape(points, blocks, solved)
    residuals_mm = tuple(at.toe_mm - solved.curve.toe_mm(at.reading_mm) for at in points)
    return Fit(solved.curve, tuple(points), residuals_mm, solved.covariance)


def _block_name(toe_mm: float) -> str:
    return f"The {toe_mm:g} mm block"


def _mean_by_block(points: Sequence[Point]) -> list[Point]:
    """Average the samples of each block, nearest block first. Raises if they do not repeat or are too few."""
    samples_by_block = group_by_block(points)
    if len(samples_by_block) < 2:
        seen = _block_name(next(iter(samples_by_block))) + " alone" if samples_by_block else "No block"
        raise CalibrationError(f"{seen} is not enough: show at least one more, of another length; four are better")
    for toe_mm, samples in samples_by_block.items():
        apart_mm = _apart_mm(samples)
        if apart_mm > MAX_REPEAT_DIFFERENCE_MM:
            raise CalibrationError(
                f"{_block_name(toe_mm)} read {apart_mm:.1f} mm differently from one time to the next: make sure that "
                "it is the right block, upright and against the toe stop each time; if it is, the sensor drifted, or "
                "its mount or the toe stop is loose: start again"
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


def _apart_mm(samples: Sequence[Point]) -> float:
    """Return the largest difference of a sample's reading from the mean of the others; 0 for a single sample."""
    middle_mm = fmean(at.reading_mm for at in samples)
    return max(abs(at.reading_mm - middle_mm) for at in samples) * len(samples) / max(1, len(samples) - 1)


def _check_order(blocks: Sequence[Point]) -> None:
    """Raises if a longer block does not read clearly longer."""
    for near, far in pairwise(blocks):
        grown = (far.reading_mm - near.reading_mm) / (far.toe_mm - near.toe_mm)
        if grown < MAX_SWAPPED_GROWTH:
            raise CalibrationError(
                f"{_block_name(near.toe_mm)} reads farther than the {far.toe_mm:g} mm block: they are swapped, or one "
                "is a different block; show them again in the order asked for"
            )
        if grown < MIN_READING_GROWTH:
            raise CalibrationError(
                f"{_block_name(far.toe_mm)} reads {far.reading_mm - near.reading_mm:.0f} mm farther than the "
                f"{near.toe_mm:g} mm block: the sensor sees something else, such as the floor or a skirting board; "
                "raise or tilt it, or hold the block so that it fills the view"
            )


def _drift_sds(points: Sequence[Point]) -> float:
    """Return the steady drift over the rounds (`drift_in_sds`); 0 after one round, or while a later one is unfinished.

    If only one block does not repeat, it was askew and does not count.
    """
    samples_by_block = group_by_block(points)
    counts = {len(samples) for samples in samples_by_block.values()}
    if len(counts) != 1 or counts == {1}:
        return 0.0
    askew = [toe_mm for toe_mm, samples in samples_by_block.items() if _apart_mm(samples) > MAX_REPEAT_DIFFERENCE_MM]
    return drift_in_sds(points if len(askew) != 1 else [at for at in points if at.toe_mm not in askew])


def _check_drift(points: Sequence[Point]) -> None:
    """Raises if the sensor drifted over the rounds by more than it wanders."""
    if abs(_drift_sds(points)) > MAX_DRIFT_SDS:
        drift_mm = fmean(samples[-1].reading_mm - samples[0].reading_mm for samples in group_by_block(points).values())
        raise DriftError(
            f"The sensor drifted: in the last round all blocks read {abs(drift_mm):.1f} mm "
            f"{'farther' if drift_mm > 0 else 'nearer'} than in the first; make sure that neither the sensor nor "
            "the toe stop is loose, and calibrate again"
        )


def _check_crosstalk(points: Sequence[Point], blocks: Sequence[Point]) -> None:
    """Raises if a block below `CROSSTALK_READING_MM` reads shorter than the other blocks predict."""
    beyond = [at for at in blocks if at.reading_mm >= CROSSTALK_READING_MM]
    if len(beyond) < 3 or len(beyond) == len(blocks):
        return
    lengths_mm = {at.toe_mm for at in beyond}
    predicted = solve([at for at in points if at.toe_mm in lengths_mm], CUBIC_SDS_MM[:1]).curve
    for at in blocks:
        short_mm = at.toe_mm - predicted.toe_mm(at.reading_mm)
        if at.toe_mm not in lengths_mm and short_mm > MAX_CROSSTALK_MM:
            raise CalibrationError(
                f"{_block_name(at.toe_mm)} reads {short_mm:.0f} mm short, at {at.reading_mm:.0f} mm: so close, light "
                "from the sensor's own cover distorts it (crosstalk); clean or remove the cover, or mount the sensor "
                "farther behind the toe line; if that does not help, measure the blocks"
            )


def _check_gain(solved: Solution) -> None:
    """Raises if the readings grow faster or more slowly with the blocks than those of any real sensor."""
    if abs(solved.gain - 1.0) > MAX_GAIN_ERROR:
        raise CalibrationError(
            f"The readings grow by {1 / solved.gain:.2f} mm for each mm of the blocks, which no sensor does: make sure "
            "that each block has its stated length, stands upright against the toe stop, and fills the sensor's "
            "view"
        )


def _check_shape(points: Sequence[Point], blocks: Sequence[Point], solved: Solution) -> None:
    """Raises if no real sensor has this curve, and names the block without which the others fit best: of three, where
    any two fit, the one that is least off.
    """
    _check_gain(solved)
    is_real = (
        abs(solved.bend_mm) <= MAX_FITTED_BEND_MM
        and abs(solved.cubic_mm) <= MAX_FITTED_CUBIC_MM
        and all(abs(at.toe_mm - solved.curve.toe_mm(at.reading_mm)) <= MAX_RESIDUAL_MM for at in blocks)
        and all(solved.curve.slope(at.reading_mm) > MIN_SLOPE for at in blocks)
    )
    if is_real or len(blocks) < 3:
        return
    without = [solve([at for at in points if at.toe_mm != block.toe_mm]) for block in blocks]
    off_by_block = [
        block.toe_mm - others.curve.toe_mm(block.reading_mm) for block, others in zip(blocks, without, strict=True)
    ]
    block, _, off_mm = min(
        zip(blocks, without, off_by_block, strict=True),
        key=lambda one: (one[1].misfit if len(blocks) > 3 else 0.0) + (one[2] / MISPLACED_MM) ** 2,
    )
    raise CalibrationError(
        f"The blocks do not fit together: most likely the {block.toe_mm:g} mm block stood {abs(off_mm):.1f} mm off; "
        "make sure that each stands upright, against the toe stop, with nothing else in view, and start again"
    )


def _orthogonal_columns(readings_mm: Sequence[float]) -> list[list[float]]:
    """Return the powers 0 to 3 of the readings, each less its part along the lower ones."""
    middle_mm = fmean(readings_mm)
    columns: list[list[float]] = []
    for power in range(4):
        column = [extended_power(mm, power, middle_mm) for mm in readings_mm]
        for lower in columns:
            along = dot(column, lower) / dot(lower, lower)
            column = [value - along * other for value, other in zip(column, lower, strict=True)]
        columns.append(column)
    return columns
