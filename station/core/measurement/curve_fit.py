"""Fits a curve to the points of a calibration: generalised least squares with priors from real sensors."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum, log, sqrt
from statistics import fmean

from msgspec import Struct

from station.core.measurement.curve import CURVED_TO_MM, Curve, extended_power
from station.core.measurement.estimate import BRIEF_WANDER_MM, BRIEF_WANDER_S, COMMON_WANDER_MM, COMMON_WANDER_S

WARM_UP_MM = 0.3
"""How much too far a sensor still reads at the first block, one minute after a cold start."""
WARM_UP_S = 30.0
BLOCK_INTERVAL_US = 18_000_000
"""Assumed time from one block to the next for points without a time: ten seconds to read it, eight to change it."""
BLOCK_TOLERANCE_MM = 0.3
"""SD of a block's length, measured to half a millimetre (uniform distribution). All samples of a block share it."""
GAIN_SD = 0.02
"""SD of the gain of real sensors about 1; they lie between 0.97 and 1.03."""
MAX_BEND_MM = 4.0
"""The largest deviation of a real sensor from the straight line between the ends of that range ("some mm")."""
BEND_SD = MAX_BEND_MM / sqrt(3.0) * 4.0 / (CURVED_TO_MM * CURVED_TO_MM)
"""SD of the bend in 1/mm, for a uniform distribution up to `MAX_BEND_MM` either way."""
CUBIC_PER_MM = 1.5 * sqrt(3.0) / 100.0**3
"""The cubic coefficient, in 1/mm2, of an S that crosses 0 in the middle of the blocks' readings and 100 mm to either
side of it, and reaches 1 mm in between."""
MAX_CUBIC_MM = 4.0
"""The largest S of a real sensor."""
CUBIC_SDS_MM = (0.3, MAX_CUBIC_MM / sqrt(3.0))
"""SD of the S of two kinds of sensor, equally likely before the blocks are read: nearly all sensors are a parabola to
0.3 mm, others have an S of any size up to `MAX_CUBIC_MM`. One prior for both would cost 0.03 mm with the first kind."""

Covariance = tuple[float, float, float, float, float, float, float, float, float, float]


class Point(Struct, frozen=True):
    """One sample of a block: the mean of `n` readings, and its standard uncertainty.

    The uncertainty excludes what all blocks of one calibration share. `at_us` is the middle of the window of readings,
    `None` if no time was stored.
    """

    toe_mm: float
    reading_mm: float
    uncertainty_mm: float
    n: int
    at_us: int | None = None


def group_by_block(points: Sequence[Point]) -> dict[float, list[Point]]:
    """Group the samples by block, each block's in order of time."""
    found: dict[float, list[Point]] = {}
    for at in sorted(points, key=lambda at: at.at_us or 0):
        found.setdefault(at.toe_mm, []).append(at)
    return found


class Solution(Struct, frozen=True):
    """A curve with its covariance; its gain, bend and S about the middle of the blocks' readings, and its misfit: the
    squared errors of points and priors, in units of their variances.
    """

    curve: Curve
    covariance: Covariance
    gain: float
    bend_mm: float
    cubic_mm: float
    misfit: float


def solve(points: Sequence[Point], cubic_sds_mm: Sequence[float] = CUBIC_SDS_MM) -> Solution:
    """Solve for level, gain, bend and S about the middle of the readings, in units of half their span, over the kinds
    of sensor.

    The gain is that from the nearest to the farthest reading, where the S is 0. So two blocks carry no information on
    bend and S, and three evenly spaced ones none on the S: they stay 0 with the prior's uncertainty. The samples of a
    block differ only by their errors, so the terms are those of their mean reading: otherwise their scatter would look
    like an S.
    """
    mean_by_block = {
        toe_mm: fmean(at.reading_mm for at in samples) for toe_mm, samples in group_by_block(points).items()
    }
    readings_mm = [mean_by_block[at.toe_mm] for at in points]
    middle_mm = (min(readings_mm) + max(readings_mm)) / 2
    half_mm = (max(readings_mm) - min(readings_mm)) / 2
    root = _error_cholesky(points)
    scales = [half_mm**power for power in range(4)]
    columns = [
        [extended_power(mm, power, middle_mm) / scale for mm in readings_mm] for power, scale in enumerate(scales)
    ]
    columns[3] = [cubed - one for cubed, one in zip(columns[3], columns[1], strict=True)]
    rows = [_whitened(root, column) for column in columns]
    errors_mm = [at.reading_mm - mean_mm for at, mean_mm in zip(points, readings_mm, strict=True)]
    toes = _whitened(root, [at.toe_mm - error_mm for at, error_mm in zip(points, errors_mm, strict=True)])
    kinds = [
        _solve_kind(
            rows,
            toes,
            [sd * scale for sd, scale in zip((0.0, GAIN_SD, BEND_SD, sd_mm * CUBIC_PER_MM), scales, strict=True)],
            half_mm,
        )
        for sd_mm in cubic_sds_mm
    ]
    best = max(kind.log_evidence for kind in kinds)
    shares = [exp(kind.log_evidence - best) for kind in kinds]
    shares = [share / fsum(shares) for share in shares]
    terms = [fsum(share * kind.terms[i] for share, kind in zip(shares, kinds, strict=True)) for i in range(4)]
    covariance = [
        [
            fsum(
                share * (kind.covariance[i][j] + (kind.terms[i] - terms[i]) * (kind.terms[j] - terms[j]))
                for share, kind in zip(shares, kinds, strict=True)
            )
            for j in range(4)
        ]
        for i in range(4)
    ]
    m = middle_mm / half_mm
    to_zero = [
        [value / scale for value in row]
        for scale, row in zip(
            scales,
            (
                (1.0, -m, m * m, m - m * m * m),
                (0.0, 1.0, -2.0 * m, 3.0 * m * m - 1.0),
                (0.0, 0.0, 1.0, -3.0 * m),
                (0.0, 0.0, 0.0, 1.0),
            ),
            strict=True,
        )
    ]
    half = [[fsum(row[k] * covariance[k][j] for k in range(4)) for j in range(4)] for row in to_zero]
    oo, og, ob, oc, gg, gb, gc, bb, bc, cc = (dot(half[i], to_zero[j]) for i in range(4) for j in range(i, 4))
    offset, gain, bend, cubic = (dot(row, terms) for row in to_zero)
    return Solution(
        Curve(gain, offset, bend, cubic),
        (oo, og, ob, oc, gg, gb, gc, bb, bc, cc),
        terms[1] / scales[1],
        terms[2] / scales[2] * CURVED_TO_MM * CURVED_TO_MM / 4.0,
        terms[3] / scales[3] / CUBIC_PER_MM,
        fsum(share * kind.misfit for share, kind in zip(shares, kinds, strict=True)),
    )


def drift_in_sds(points: Sequence[Point]) -> float:
    """Return the best estimate of a steady drift of the readings, in SDs of that estimate without a drift.

    The SD follows from the noise and the wander that the fit assumes; each block has an unknown level of its own. No
    other linear combination of the readings shows a drift as clearly. At least one block must have two samples.
    """
    root = _error_cholesky(points)
    columns = [[float(at.toe_mm == block_mm) for at in points] for block_mm in group_by_block(points)]
    rows = [_whitened(root, column) for column in (*columns, _times_s(points))]
    solved = _solve_kind(rows, _whitened(root, [at.reading_mm for at in points]), [0.0] * len(rows), 0.0)
    return solved.terms[-1] / sqrt(solved.covariance[-1][-1])


class _Kind(Struct, frozen=True):
    """The solution for one kind of sensor. `log_evidence` is the log of how probable the points are with it."""

    terms: list[float]
    covariance: list[list[float]]
    misfit: float
    log_evidence: float


def _solve_kind(
    rows: Sequence[Sequence[float]], toes: Sequence[float], prior_sds: Sequence[float], slope: float
) -> _Kind:
    """Solve whitened equations with normal priors: about `slope` for the second term, about 0 for the others. An SD of
    0 means no prior.
    """
    size = len(rows)
    weights = [1.0 / (sd * sd) if sd else 0.0 for sd in prior_sds]
    expected = [slope if i == 1 else 0.0 for i in range(size)]
    normal = [[dot(rows[i], rows[j]) + (weights[i] if i == j else 0.0) for j in range(size)] for i in range(size)]
    rhs = [dot(rows[i], toes) + weights[i] * expected[i] for i in range(size)]
    root = _cholesky(normal)
    halves = [_whitened(root, [float(i == j) for j in range(size)]) for i in range(size)]
    covariance = [[dot(halves[i], halves[j]) for j in range(size)] for i in range(size)]
    terms = [dot(row, rhs) for row in covariance]
    errors = [toe - fsum(term * row[n] for term, row in zip(terms, rows, strict=True)) for n, toe in enumerate(toes)]
    misfit = dot(errors, errors) + fsum(
        weight * (term - mean) * (term - mean) for weight, term, mean in zip(weights, terms, expected, strict=True)
    )
    log_volume = fsum(log(root[i][i] * (prior_sds[i] or 1.0)) for i in range(size))
    return _Kind(terms, covariance, misfit, -0.5 * misfit - log_volume)


def _times_s(points: Sequence[Point]) -> list[float]:
    """Return the time of each point in s since the earliest."""
    if any(at.at_us is None for at in points):
        times_us = [i * BLOCK_INTERVAL_US for i in range(len(points))]
    else:
        times_us = [at.at_us or 0 for at in points]
    return [(at_us - min(times_us)) / 1_000_000 for at_us in times_us]


def _error_cholesky(points: Sequence[Point]) -> list[list[float]]:
    """Return the Cholesky factor of the covariance of the points' errors, which is in mm2."""
    times_s = _times_s(points)
    brief_mm = [min(at.uncertainty_mm, BRIEF_WANDER_MM) for at in points]

    def covariance(i: int, j: int) -> float:
        apart_s = abs(times_s[i] - times_s[j])
        slow = COMMON_WANDER_MM * COMMON_WANDER_MM * exp(-apart_s / COMMON_WANDER_S)
        brief = brief_mm[i] * brief_mm[j] * exp(-apart_s / BRIEF_WANDER_S)
        cold = WARM_UP_MM * WARM_UP_MM * exp(-(times_s[i] + times_s[j]) / WARM_UP_S)
        block = BLOCK_TOLERANCE_MM * BLOCK_TOLERANCE_MM if points[i].toe_mm == points[j].toe_mm else 0.0
        noise = points[i].uncertainty_mm ** 2 - brief_mm[i] ** 2 if i == j else 0.0
        return slow + brief + cold + block + noise

    return _cholesky([[covariance(i, j) for j in range(len(points))] for i in range(len(points))])


def _cholesky(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the lower triangle whose product with its transpose is this symmetric positive definite matrix."""
    root: list[list[float]] = []
    for i, values in enumerate(matrix):
        row: list[float] = []
        for j in range(i + 1):
            remaining = values[j] - fsum(row[k] * (row if i == j else root[j])[k] for k in range(j))
            row.append(sqrt(remaining) if i == j else remaining / root[j][j])
        root.append(row)
    return root


def _whitened(root: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    """Solve `root` times x for the values: in x the points' errors are independent with a variance of 1."""
    solved: list[float] = []
    for i, value in enumerate(values):
        solved.append((value - fsum(root[i][j] * solved[j] for j in range(i))) / root[i][i])
    return solved


def dot(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the scalar product."""
    return fsum(one * other for one, other in zip(first, second, strict=True))
