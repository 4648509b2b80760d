"""The distance of an attempt from the readings of its window, and how sure it is.

What the noise is was read off one hour of a real sensor and a target that does not move (`tests/recordings`, 20 ms
budget; `python -m tests.bench.distance` prints the figures again):

- White from one reading to the next, SD 2.08 mm, with tails no heavier than those of a normal distribution. Against
  such noise nothing beats the mean. The readings are whole millimetres, but noise this large dithers them: their mean
  is not coarse, while their median is nearly always a whole millimetre.
- Under it a slow wander, SD 0.57 mm, that changes little within two seconds. It moves all readings of a window
  together, so no weights can average it away; those that fit the noise best gain less than 1 % on equal ones.

So the estimate is the mean of the readings, without slips: single wild ones, which the recording has none of, but a
trouser leg or a hand can make.
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
SLIP_SPREADS = 4.0
"""Further from the median than this many robust SDs is a slip. Of true noise it takes one reading in a thousand."""
SLIP_MM = 6.0
"""Nearer to the median than this is never a slip (three SDs of the noise): a robust SD of whole mm is coarse."""
AGREE_SHARE = 0.75
"""At least this share of the readings must agree: more than a quarter astray are no slips but a second target."""
READINGS_AT_LEAST = 5
"""Fewer say too little about their own scatter."""
STEP_MM = 1.0
"""The readings are whole millimetres."""
DITHER_MM = STEP_MM / 2
"""Scatter below this no longer averages the rounding away (at 0.5 mm 0.002 mm of it are left, at 0.2 mm 0.14 mm)."""
DRIFT_ERRORS = 2.0
"""A trend within the window counts with what exceeds this many of its standard errors; less is noise."""
SPREAD_PER_MAD = 1.4826
"""SD of normal noise over its median absolute deviation."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the readings of a window are no distance, in words that follow "the readings"."""

    why: str


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


def estimate(times_us: Sequence[int], readings_mm: Sequence[float]) -> Estimate | None:
    """The distance that the valid readings of one window agree on; `times_us` are their moments, in any order.

    None when there are fewer than five readings, or when more than a quarter of them are far from the rest: then the
    window has no one distance. Raises `ValueError` when the two differ in length. The order of the readings changes
    nothing, nor does the machine: only sums, products, quotients and square roots, which are rounded alike everywhere.
    """
    if len(times_us) != len(readings_mm):
        raise ValueError(f"{len(times_us)} times for {len(readings_mm)} readings: each reading needs its moment")
    if len(readings_mm) < READINGS_AT_LEAST:
        return None
    kept = _without_slips(times_us, readings_mm)
    if len(kept) < max(READINGS_AT_LEAST, AGREE_SHARE * len(readings_mm)):
        return None
    mean_mm = fsum(reading for _, reading in kept) / len(kept)
    noise_mm = _noise_mm(kept, mean_mm)
    return Estimate(mean_mm, sqrt(noise_mm * noise_mm + WANDER_MM * WANDER_MM), noise_mm, len(kept))


def _without_slips(times_us: Sequence[int], readings_mm: Sequence[float]) -> list[tuple[int, float]]:
    middle_mm = median(readings_mm)
    spread_mm = SPREAD_PER_MAD * median(abs(reading - middle_mm) for reading in readings_mm)
    far_mm = max(SLIP_MM, SLIP_SPREADS * spread_mm)
    pairs = zip(times_us, readings_mm, strict=True)
    return [(at_us, reading) for at_us, reading in pairs if abs(reading - middle_mm) <= far_mm]


def _noise_mm(kept: list[tuple[int, float]], mean_mm: float) -> float:
    """Standard uncertainty of the mean, of readings that scatter, are rounded and may drift.

    Divided by `n - 3` and not `n - 1`: few readings do not know their own scatter well, and the mean then errs as
    Student's t does (JCGM 101:2008, 6.4.9). A drift over the window leaves open which of its distances is meant:
    evenly spread, so its length over the square root of 12. The same holds for a rounding that is not dithered.
    """
    n = len(kept)
    squares = fsum((reading - mean_mm) * (reading - mean_mm) for _, reading in kept)
    variance = squares / (n - 3) / n
    if squares < DITHER_MM * DITHER_MM * (n - 1):
        variance = max(variance, STEP_MM * STEP_MM / 12)
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
    left_over = max(0.0, squares - along / spread * along)
    error_squared = left_over / (n - 2) * (span * span / spread)
    return max(0.0, drift_mm * drift_mm - DRIFT_ERRORS * DRIFT_ERRORS * error_squared)
