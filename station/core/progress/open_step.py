"""Whether the level has just stepped, which the last tests may leave open.

One or two tests far from the others are a step, such as an injury, or outliers, and only the next tests show which.
Until then any of the last six tests may be the first after a step, or none may be, each as probable as the tests make
it. The interval covers 95 % of that mixture, and at least the trend's own interval, so it reaches from the old level to
the new one while both are possible.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import exp, fsum, sqrt
from statistics import NormalDist

from msgspec import Struct

from station.core.progress.kalman import LevelFilter
from station.core.progress.records import Interval

STEP_PROBABILITY = 0.01
"""The prior probability of a step at one test: one or two a year at three tests a week."""
_TESTS = 6
_TESTS_BEFORE = 3
_NEGLIGIBLE = 0.001
_LOW, _HIGH = 0.025, 0.975
_PRECISION_MM = 0.01
_LEAST_VARIANCE = 0.01


class PossibleLevel(Struct, frozen=True):
    """A last level that the tests leave possible: how probable it is, how far from the trend's, and how much larger its
    variance is than the trend's.
    """

    probability: float
    apart_mm: float
    more_variance: float


def possible_levels(
    level_filter: LevelFilter, mm: Sequence[float], variances: Sequence[float], certain: Collection[int]
) -> list[PossibleLevel]:
    """Return the last levels that the tests leave possible; with too few tests, only the trend's.

    `level_filter` has processed the tests, `mm` and `variances` are theirs as if none were an outlier, and `certain`
    are the steps that it did not find itself.
    """
    last = len(mm)
    earlier = [*certain, *(step for step in level_filter.breaks if step < last - _TESTS)]
    first = max(last - _TESTS, _TESTS_BEFORE, 1 + max(earlier, default=0))
    if first >= last:
        return [PossibleLevel(1.0, 0.0, 0.0)]
    steps: list[int | None] = [None, *range(first, last)]
    suppositions = [level_filter.if_stepped_at(step, mm[first:], variances[first:]) for step in steps]
    most = max(one.log_likelihood for one in suppositions)
    weights = [
        exp(one.log_likelihood - most) * (1.0 if step is None else STEP_PROBABILITY)
        for step, one in zip(steps, suppositions, strict=True)
    ]
    least = _NEGLIGIBLE * fsum(weights)
    kept = [(weight, one) for weight, one in zip(weights, suppositions, strict=True) if weight > least]
    total = fsum(weight for weight, _ in kept)
    level, variance = level_filter.last_level, level_filter.last_variances[0]
    return [PossibleLevel(weight / total, one.level - level, one.variance - variance) for weight, one in kept]


def added_variance(levels: Sequence[PossibleLevel]) -> float:
    """Return how much the open question adds to the variance of the last level."""
    return max(0.0, fsum(one.probability * (one.apart_mm**2 + one.more_variance) for one in levels))


def interval_with(levels: Sequence[PossibleLevel], trend: Interval, variance: float) -> Interval:
    """Return the 95 % interval of the last level, or of the change up to it, from that of the trend alone."""
    parts = [
        (
            one.probability,
            NormalDist(trend.value + one.apart_mm, sqrt(max(_LEAST_VARIANCE, variance + one.more_variance))),
        )
        for one in levels
    ]
    return Interval(trend.value, min(trend.low, _quantile(parts, _LOW)), max(trend.high, _quantile(parts, _HIGH)))


def _quantile(parts: Sequence[tuple[float, NormalDist]], share: float) -> float:
    """Return the quantile of a mixture. It lies between the smallest and the largest of its parts."""
    ends = [one.inv_cdf(share) for _, one in parts]
    low, high = min(ends), max(ends)
    while high - low > _PRECISION_MM:
        middle = (low + high) / 2
        if fsum(probability * one.cdf(middle) for probability, one in parts) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
