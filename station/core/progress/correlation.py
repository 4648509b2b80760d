"""Estimates how much correlated days inflate the variance: ankles are stiffer in some weeks, without a real change.

The model: results `g` days apart share `c * exp(-g / 3)` of their variance. `c` is estimated from the results. A few
results carry little information on it, so the estimate starts low and moves slowly. Tests on adjacent days are almost
the same test twice, so each such pair counts for less, whatever the estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp

DECAY_DAYS = 3.0
_MAX_LAG_DAYS = 9.0
_PRIOR_SHARE = 0.08
_PRIOR_PAIRS = 10.0
"""The prior of `c`, and its weight in adjacent pairs."""
_ADJACENT_DAYS = 1.5
_ADJACENT_DAYS_FACTOR = 0.6
"""This, times the share of tests less than a day and a half apart, is added to the factor."""


def estimate_correlation(
    days: Sequence[float], values: Sequence[float], course: Sequence[float]
) -> tuple[float, float]:
    """Return `c` (0 or more), and the variance of the values' sum relative to that of independent values.

    `days` ascend. `course` is the regressor (a line or a step) whose fit is subtracted first. For fewer than four
    values the result is 0 and 1.
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
    # Weighted sums over the earlier results within the maximal lag; all weights decay alike from result to result.
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
        # Corrects the bias of the products of residuals by the fit.
        fitted += near / n + centred_course[i] * near_along / squares
    own = products / variance + fitted
    share = max(0.0, (own + _PRIOR_SHARE * _PRIOR_PAIRS) / (weights_squared + _PRIOR_PAIRS))
    next_days = sum(after - before < _ADJACENT_DAYS for before, after in pairwise(days)) / (n - 1)
    return share, 1 + _ADJACENT_DAYS_FACTOR * next_days + 2 * share * weights / n
