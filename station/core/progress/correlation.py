"""How much days that go together make of scatter. Ankles are stiffer in one week than in the next, without any change.

Results a gap of `g` days apart are taken to have `c * exp(-g / 3)` of their variance in common; `c` is estimated from
the results themselves. Few results tell little of it, so the estimate begins low and moves slowly. Two tests on days
next to each other can hardly be told from one test made twice, so each such pair counts as less, whatever the estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp

DECAY_DAYS = 3.0
_MAX_LAG_DAYS = 9.0
_PRIOR_SHARE = 0.08
_PRIOR_PAIRS = 10.0
"""What is assumed of `c` before the results speak, and how many pairs next to each other it counts for."""
_ADJACENT_DAYS = 1.5
_ADJACENT_DAYS_FACTOR = 0.6
"""Added to the factor for tests less than a day and a half apart, times their share. With it, days that go together for
three days keep the promise at seven tests a week about as at three (`make study`)."""


def estimate_correlation(
    days: Sequence[float], values: Sequence[float], course: Sequence[float]
) -> tuple[float, float]:
    """`c` (0 or more), and the factor by which the sum of the values scatters more than that of independent ones.

    `days` ascend; `course` is what the values follow (their line, or a step), which is fitted and taken away first.
    Fewer than four values say nothing: 0 and 1.
    """
    n = len(days)
    if n < 4:
        return 0.0, 1.0
    mean_value, mean_course = sum(values) / n, sum(course) / n
    centred_course = [at - mean_course for at in course]
    squares = sum(at * at for at in centred_course) or 1.0
    slope = sum(at * value for at, value in zip(centred_course, values, strict=True)) / squares
    residuals = [value - mean_value - slope * at for at, value in zip(centred_course, values, strict=True)]
    variance = sum(one * one for one in residuals) / (n - 2)
    if variance <= 0:
        return 0.0, 1.0
    products = weights = weights_squared = fitted = 0.0
    # Sums over the earlier results within reach, each with its weight: they fade from one result to the next alike.
    near_residuals = near_along = near = near_squared = 0.0
    first = 0
    for i in range(1, n):
        fade = exp((days[i - 1] - days[i]) / DECAY_DAYS)
        near_residuals = (near_residuals + residuals[i - 1]) * fade
        near_along = (near_along + centred_course[i - 1]) * fade
        near = (near + 1) * fade
        near_squared = (near_squared + 1) * fade * fade
        while days[i] - days[first] > _MAX_LAG_DAYS:
            weight = exp((days[first] - days[i]) / DECAY_DAYS)
            near_residuals -= weight * residuals[first]
            near_along -= weight * centred_course[first]
            near -= weight
            near_squared -= weight * weight
            first += 1
        products += residuals[i] * near_residuals
        weights += near
        weights_squared += near_squared
        # What the fit has taken from the products of two residuals.
        fitted += near / n + centred_course[i] * near_along / squares
    own = products / variance + fitted
    share = max(0.0, (own + _PRIOR_SHARE * _PRIOR_PAIRS) / (weights_squared + _PRIOR_PAIRS))
    return share, min_variance_factor(days) + 2 * share * weights / n


def min_variance_factor(days: Sequence[float]) -> float:
    """The factor of `common` is at least this, whatever the values are; told without looking at pairs of them."""
    n = len(days)
    if n < 4:
        return 1.0
    next_days = sum(after - before < _ADJACENT_DAYS for before, after in pairwise(days)) / (n - 1)
    return 1 + _ADJACENT_DAYS_FACTOR * next_days
