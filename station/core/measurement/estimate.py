"""The distance of an attempt from the readings of its window, and how sure it is.

What the noise is was read off one hour of a real sensor and a target that does not move (`tests/recordings`, 20 ms
budget; `python -m tests.bench.distance` prints the figures again):

- White from one reading to the next, SD 2.08 mm, with tails no heavier than those of a normal distribution. Against
  such noise nothing beats the mean. The readings are whole millimetres, but noise this large dithers them: their mean
  is not coarse, while their median is nearly always a whole millimetre.
- Under it a slow wander, SD 0.57 mm, that changes little within two seconds. It moves all readings of a window
  together, so no weights can average it away; those that fit the noise best gain less than 1 % on equal ones.

So the estimate is the mean of the readings, without slips: single wild ones, which the recording has none of, but a
trouser leg or a hand can make. A window unlike that is refused with a reason instead of averaged: one that steps from
one level to another, that sees two things, or that scatters more than the sensor does. Of the recording's own windows
none is refused, and of windows with a step of 6 mm in the middle nearly all are
(`tests/station/core/measurement/test_estimate.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from statistics import median

WANDER_MM = 0.57
"""SD of the slow wander about its mean over an hour (SD of 3 s means of the recording).

It is in every `uncertainty_mm`. A calibration done in one go has caught one moment of the wander too, and owes the same
amount to its own uncertainty: two moments ten minutes apart differ by 0.8 mm (SD), 1.5 mm (95 %), 3.1 mm at worst.
"""
OUTLIER_SDS = 4.0
"""Further from the median than this many robust SDs is a slip. Of true noise it takes one reading in a thousand."""
MIN_OUTLIER_MM = 6.0
"""Nearer to the median than this is never a slip (three SDs of the noise): a robust SD of whole mm is coarse."""
MIN_AGREEING_SHARE = 0.75
"""At least this share of the readings must agree: more than a quarter astray are no slips but a second target."""
MIN_READINGS = 5
"""Fewer say too little about their own scatter."""
READING_STEP_MM = 1.0
"""The readings are whole millimetres."""
DITHER_MM = READING_STEP_MM / 2
"""Scatter below this no longer averages the rounding away (at 0.5 mm 0.002 mm of it are left, at 0.2 mm 0.14 mm)."""
DRIFT_ERRORS = 2.0
"""A trend within the window counts with what exceeds this many of its standard errors; less is noise."""
SD_PER_MAD = 1.4826
"""SD of normal noise over its median absolute deviation."""
TYPICAL_SCATTER_MM = 2.1
"""SD of readings at the shortest budget; longer ones scatter less."""
MAX_SCATTER_MM = 4.0
"""A window that scatters by more sees something else than one still wall. Nearly twice the recording's, so that a dark
wall or a noisier sensor only makes a distance less sure."""
SCATTER_ERRORS = 4.0
"""Few readings do not know their own scatter well: they are allowed this many of its standard errors (1 in 30,000)."""
MIN_JUMP_MM = 3.0
"""Two levels less far apart than this count as a drift: their difference is in the noise that is stated."""
MIN_JUMP_ERRORS = 5.0
"""Levels that differ by fewer of their standard errors may be noise. The best of all places for the jump is looked at:
at 4.5 one window in 2,000 of the recording is refused, at 5 one in 50,000."""
MIN_LEVEL_READINGS = 4
"""A level has at least so many readings; fewer are slips."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the readings of a window are no distance, in words that follow "the readings"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the `n` readings that agree say.

    `reading_mm` is before calibration. Both uncertainties are one standard deviation. `noise_mm` is what the window's
    own scatter and drift leave: two estimates within seconds differ by it times the square root of 2.
    `uncertainty_mm` is `noise_mm` and `WANDER_MM` together: how far the estimate is from the true distance of a target
    within the hour. Neither holds the error of the calibration.
    """

    reading_mm: float
    uncertainty_mm: float
    noise_mm: float
    n: int


def estimate(times_us: Sequence[int], readings_mm: Sequence[float]) -> Estimate | Refusal:
    """The distance that the valid readings of one window agree on; `times_us` are their moments, in any order.

    Refused when there are fewer than five readings, when more than a quarter of them are far from the rest, when they
    scatter more than the sensor does, or when they jump: then the window has no one distance. Raises `ValueError` when
    the two differ in length. The order of the readings changes nothing, nor does the machine: only sums, products,
    quotients and square roots, which are rounded alike everywhere.
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
    """The moments and readings that are no slips, as they came."""
    middle_mm = median(readings_mm)
    spread_mm = SD_PER_MAD * median(abs(reading - middle_mm) for reading in readings_mm)
    far_mm = max(MIN_OUTLIER_MM, OUTLIER_SDS * spread_mm)
    pairs = zip(times_us, readings_mm, strict=True)
    return [(at_us, reading) for at_us, reading in pairs if abs(reading - middle_mm) <= far_mm]


def _max_variance(degrees_of_freedom: int) -> float:
    """The largest variance of true noise, in mm2 (Wilson and Hilferty's cube for the quantile of chi-square)."""
    part = 2.0 / (9 * degrees_of_freedom)
    root = 1.0 - part + SCATTER_ERRORS * sqrt(part)
    return max(MAX_SCATTER_MM * MAX_SCATTER_MM, TYPICAL_SCATTER_MM * TYPICAL_SCATTER_MM * root * root * root)


def _has_jump(kept: list[tuple[int, float]]) -> bool:
    """Whether two levels, one after the other, say much more than one; wherever they part."""
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
    """Standard uncertainty of the mean, of readings that scatter, are rounded and may drift.

    Divided by `n - 3` and not `n - 1`: few readings do not know their own scatter well, and the mean then errs as
    Student's t does (JCGM 101:2008, 6.4.9). A drift over the window leaves open which of its distances is meant:
    evenly spread, so its length over the square root of 12. The same holds for a rounding that is not dithered.
    """
    n = len(kept)
    variance = squares / (n - 3) / n
    if squares < DITHER_MM * DITHER_MM * (n - 1):
        variance = max(variance, READING_STEP_MM * READING_STEP_MM / 12)
    return sqrt(variance + _drift_squared(kept, mean_mm, squares) / 12)


def _drift_squared(kept: list[tuple[int, float]], mean_mm: float, squares: float) -> float:
    """Square of the drift from end to end by a fitted line, less what noise alone may feign."""
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
