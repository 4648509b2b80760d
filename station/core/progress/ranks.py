"""Where a result lies among those before it, as a score that promises hold for whatever the person's error is.

For a person who does not change, the n-th result is equally likely to be the smallest, the second and so on to the
largest of the first n, independently of how the earlier ones lay (Barndorff-Nielsen 1963), whatever the size and the
distribution of the error, slips included. The score is the expected normal score of that rank: the mean of a standard
normal value, given that it lies in the rank's n-th part of the distribution.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from math import exp, pi, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()
_ROOT_TWO_PI = sqrt(2 * pi)
_TABLE_SIZE = 40
_MIN_VARIANCE_DEFICIT = 0.16
"""The variance of the scores of n is below 1 by at least this over n, for n from 40 to 1,000."""


def _normal_density_at(part: int, parts: int) -> float:
    """Normal density at the point that `part` of `parts` lie below."""
    if part == 0 or part == parts:
        return 0.0
    point = _NORMAL.inv_cdf(part / parts)
    return exp(-point * point / 2) / _ROOT_TWO_PI


def expected_normal_scores(n: int) -> list[float]:
    """The scores of the n ranks, smallest first. They sum to 0."""
    edges = [_normal_density_at(part, n) for part in range(n + 1)]
    return [n * (edges[rank] - edges[rank + 1]) for rank in range(n)]


_VARIANCES = [0.0, *(sum(score * score for score in expected_normal_scores(n)) / n for n in range(1, _TABLE_SIZE))]


def score_variance(n: int) -> float:
    """Variance `v` of the scores of n, or a little more. The mean of `exp(l * score)` is at most `exp(l * l * v / 2)`
    for every `l` (computed for n up to 500 in the tests)."""
    return _VARIANCES[n] if n < _TABLE_SIZE else 1 - _MIN_VARIANCE_DEFICIT / n


class Ranks:
    """The results of one kind so far, in order of size."""

    def __init__(self) -> None:
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, mm: float) -> float:
        """The score of a further result. Equal results share the mean of their scores, which keeps every promise
        (Jensen) and needs no dice."""
        low, high = bisect_left(self._sorted, mm), bisect_right(self._sorted, mm)
        self._sorted.insert(high, mm)
        n = len(self._sorted)
        return n * (_normal_density_at(low, n) - _normal_density_at(high + 1, n)) / (high - low + 1)

    def normal_score(self, mm: float) -> float:
        """The normal score of a result that has been placed, among all so far."""
        low, high = bisect_left(self._sorted, mm), bisect_right(self._sorted, mm)
        return _NORMAL.inv_cdf((low + high) / 2 / len(self._sorted))
