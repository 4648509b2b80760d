"""Estimates the distance of an attempt, and its uncertainty, from the readings of one window.

The noise model comes from two recordings of real sensors in front of fixed targets, one of an hour and one of two
(`tests/recordings`, timing budget 20 ms; `python -m tests.bench.distance` prints the figures again):

- White noise from reading to reading, SD 2.1 mm in both, with tails no heavier than a normal distribution's: no
  estimator beats the mean. Readings are whole millimetres, but this noise dithers them, so their mean is finer; their
  median is nearly always a whole millimetre.
- A slow wander, which changes little within two seconds. It moves all readings of a window together, so no weighting
  averages it out; the best weights gain less than 1 % over equal ones. One sensor wanders twice as far as the other.

So the estimate is the mean without outliers: single wild readings, absent from the recordings but possible with a
trouser leg or a hand in view. Other windows are refused with a reason instead of averaged: those that jump from one
level to another, see two targets, or scatter more than the sensor does. None of the recordings' own windows is refused,
and nearly all with a step of 6 mm in the middle are (`tests/station/core/measurement/test_estimate.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, sqrt
from statistics import median

from msgspec import Struct

WANDER_MM = 1.15
"""SD of the slow wander of the more restless of two sensors, over a recording of four hours whose first two are here.
The calm hour has 0.57 mm.

Every `uncertainty_mm` includes it, so it is wide enough for either sensor. A calibration also samples the wander once
and carries the same amount: two moments of the restless sensor ten minutes apart differ by 1.5 mm (SD), 3.4 mm (95 %),
4.3 mm at worst.
"""
COMMON_WANDER_MM = 1.05
"""The part of it that lasts: nearly the same for all blocks of a calibration, and for all trials of a test."""
COMMON_WANDER_S = 900.0
"""Time in which the correlation of that part falls to 1/e."""
BRIEF_WANDER_MM = sqrt(WANDER_MM * WANDER_MM - COMMON_WANDER_MM * COMMON_WANDER_MM)
"""The rest, 0.47 mm, which changes within a minute."""
BRIEF_WANDER_S = 20.0
"""Time in which the correlation of that part falls to 1/e: short among the recordings' terms of 4 to 150 s."""
OUTLIER_SDS = 4.0
"""A reading farther from the median than this many robust SDs is an outlier: one in a thousand with true noise."""
MIN_OUTLIER_MM = 6.0
"""A reading nearer to the median is never an outlier (three SDs of the noise): a robust SD of whole mm is coarse."""
MIN_AGREEING_SHARE = 0.75
"""The minimum share of readings that must agree: with more than a quarter astray there is a second target."""
MIN_READINGS = 5
"""Fewer readings give no usable estimate of their own scatter."""
READING_STEP_MM = 1.0
"""The sensor's resolution: readings are whole millimetres."""
DITHER_MM = READING_STEP_MM / 2
"""Scatter below this does not average out the rounding (0.002 mm of it remain at 0.5 mm, 0.14 mm at 0.2 mm)."""
DRIFT_ERRORS = 2.0
"""Only the part of a drift that exceeds this many of its standard errors counts; less is noise."""
SD_PER_MAD = 1.4826
"""SD of normal noise over its median absolute deviation."""
TYPICAL_SCATTER_MM = 2.1
"""SD of readings at the shortest timing budget; longer budgets scatter less."""
MAX_SCATTER_MM = 4.0
"""A window that scatters more does not see one still wall. The limit is nearly twice the recordings' SD, so a dark wall
or a noisier sensor only raises the uncertainty."""
SCATTER_ERRORS = 4.0
"""How many standard errors of its own scatter a window may exceed the limit by (1 in 30,000): few readings estimate
their scatter poorly."""
MIN_JUMP_MM = 3.0
"""Two levels closer than this count as a drift, which `noise_mm` covers."""
MIN_JUMP_ERRORS = 5.0
"""Levels that differ by fewer standard errors may be noise. Because every position of the jump is tried, 4.5 would
refuse one window in 2,000 of the recording; 5 refuses one in 50,000."""
MIN_LEVEL_READINGS = 4
"""The fewest readings of a level; fewer are outliers."""


class Refusal(Struct, frozen=True):
    """Why a window gives no distance, as a clause that follows "the readings"."""

    reason: str


class Estimate(Struct, frozen=True):
    """The distance on which `n` readings of a window agree.

    `reading_mm` is before calibration. Both uncertainties are one standard deviation. `noise_mm` covers the window's
    own scatter and drift: two estimates seconds apart differ by it times the square root of 2. `uncertainty_mm`
    combines `noise_mm` with `WANDER_MM`: the error of the estimate within an hour. Neither includes the calibration's
    error.
    """

    reading_mm: float
    uncertainty_mm: float
    noise_mm: float
    n: int


def estimate(times_us: Sequence[int], readings_mm: Sequence[float]) -> Estimate | Refusal:
    """Estimate the distance of one window from its valid readings, taken at `times_us`, in any order.

    Refuses fewer than five readings, and windows without a single distance: more than a quarter of the readings are far
    from the rest, they scatter more than the sensor does, or they jump. Raises `ValueError` if the two sequences differ
    in length. The result depends neither on the order nor on the machine: it uses only sums, products, quotients and
    square roots, which every machine rounds alike.
    """
    if len(times_us) != len(readings_mm):
        raise ValueError(f"{len(times_us)} times for {len(readings_mm)} readings: each reading needs its moment")
    if len(readings_mm) < MIN_READINGS:
        return Refusal("are too few")
    kept = without_outliers(times_us, readings_mm)
    if len(kept) < max(MIN_READINGS, MIN_AGREEING_SHARE * len(readings_mm)):
        return Refusal("see two things at different distances")
    mean_mm = fsum(reading for _, reading in kept) / len(kept)
    if _has_jump(kept):
        return Refusal("move from one distance to another")
    squares = fsum((reading - mean_mm) * (reading - mean_mm) for _, reading in kept)
    if squares > (len(kept) - 1) * _max_variance(len(kept) - 1):
        return Refusal("scatter more than the sensor does")
    noise_mm = _noise_mm(kept, mean_mm, squares)
    return Estimate(mean_mm, sqrt(noise_mm * noise_mm + WANDER_MM * WANDER_MM), noise_mm, len(kept))


def without_outliers(times_us: Sequence[int], readings_mm: Sequence[float]) -> list[tuple[int, float]]:
    """Return the (time, reading) pairs that are not outliers, in their original order."""
    middle_mm = median(readings_mm)
    spread_mm = SD_PER_MAD * median(abs(reading - middle_mm) for reading in readings_mm)
    far_mm = max(MIN_OUTLIER_MM, OUTLIER_SDS * spread_mm)
    pairs = zip(times_us, readings_mm, strict=True)
    return [(at_us, reading) for at_us, reading in pairs if abs(reading - middle_mm) <= far_mm]


def _max_variance(degrees_of_freedom: int) -> float:
    """Return the largest variance of true noise, in mm2 (Wilson and Hilferty's approximation of chi-squared)."""
    part = 2.0 / (9 * degrees_of_freedom)
    root = 1.0 - part + SCATTER_ERRORS * sqrt(part)
    return max(MAX_SCATTER_MM * MAX_SCATTER_MM, TYPICAL_SCATTER_MM * TYPICAL_SCATTER_MM * root * root * root)


def _has_jump(kept: list[tuple[int, float]]) -> bool:
    """Return whether two levels, split at any point in time, fit the readings much better than one."""
    ordered = [reading for _, reading in sorted(kept)]
    n, total = len(ordered), fsum(ordered)
    squares = fsum(reading * reading for reading in ordered)
    first = 0.0
    for i, reading in enumerate(ordered[: n - MIN_LEVEL_READINGS], start=1):
        first += reading
        if i < MIN_LEVEL_READINGS:
            continue
        jump_mm = (total - first) / (n - i) - first / i
        if abs(jump_mm) < MIN_JUMP_MM:
            continue
        within = squares - first * first / i - (total - first) * (total - first) / (n - i)
        variance = max(within / (n - 2), TYPICAL_SCATTER_MM * TYPICAL_SCATTER_MM) * (1.0 / i + 1.0 / (n - i))
        if jump_mm * jump_mm > MIN_JUMP_ERRORS * MIN_JUMP_ERRORS * variance:
            return True
    return False


def _noise_mm(kept: list[tuple[int, float]], mean_mm: float, squares: float) -> float:
    """Return the standard uncertainty of the mean of readings that scatter, are rounded and may drift.

    The divisor is `n - 3` instead of `n - 1` because the error of a mean of few readings follows Student's t (JCGM
    101:2008, 6.4.9). With a drift, any distance along it may be the true one: a uniform distribution, so its length
    over the square root of 12. The same holds for rounding without dither.
    """
    n = len(kept)
    variance = squares / (n - 3) / n
    if squares < DITHER_MM * DITHER_MM * (n - 1):
        variance = max(variance, READING_STEP_MM * READING_STEP_MM / 12)
    return sqrt(variance + _drift_squared(kept, mean_mm, squares) / 12)


def _drift_squared(kept: list[tuple[int, float]], mean_mm: float, squares: float) -> float:
    """Return the square of a fitted line's drift from end to end, less what noise alone can produce."""
    n = len(kept)
    total_us = sum(at_us for at_us, _ in kept)
    centred = [n * at_us - total_us for at_us, _ in kept]
    spread = sum(moment * moment for moment in centred)
    if spread == 0:
        return 0.0
    span = max(centred) - min(centred)
    along = fsum(moment * (reading - mean_mm) for moment, (_, reading) in zip(centred, kept, strict=True))
    drift_mm = along / spread * span
    residual_squares = max(0.0, squares - along / spread * along)
    error_squared = residual_squares / (n - 2) * (span * span / spread)
    return max(0.0, drift_mm * drift_mm - DRIFT_ERRORS * DRIFT_ERRORS * error_squared)
