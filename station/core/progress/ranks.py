"""Scores the rank of a result among the earlier ones; the scores do not depend on the person's error.

For a person who does not change, the n-th result is equally likely to have any rank among the first n, independently of
the earlier ranks (Barndorff-Nielsen 1963), whatever the size and the distribution of the error, outliers included. The
score is the expected normal score of the rank: the mean of a standard normal value in the rank's n-th part of the
distribution.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from math import exp, inf, pi, sqrt
from statistics import NormalDist

_inverse_cdf = NormalDist().inv_cdf
_ROOT_TWO_PI = sqrt(2 * pi)
_TABLE_SIZE = 40
_MIN_VARIANCE_DEFICIT = 0.16
"""The variance of the scores of n ranks is below 1 by at least this over n, for n from 40 to 1,000."""


def _normal_density_at(part: int, parts: int) -> float:
    """Return the normal density at the quantile `part / parts`, 0 at either end."""
    if not 0 < part < parts:
        return 0.0
    point = _inverse_cdf(part / parts)
    return exp(-point * point / 2) / _ROOT_TWO_PI


def expected_normal_scores(n: int) -> list[float]:
    """Return the scores of the n ranks, smallest first. They sum to 0."""
    edges = [_normal_density_at(part, n) for part in range(n + 1)]
    return [n * (edges[rank] - edges[rank + 1]) for rank in range(n)]


_VARIANCES = [0.0, *(sum(score * score for score in expected_normal_scores(n)) / n for n in range(1, _TABLE_SIZE))]


def score_variance(n: int) -> float:
    """Return a tight upper bound `v` of the variance of the scores of n ranks.

    The mean of `exp(l * score)` is at most `exp(l * l * v / 2)` for every `l` (the tests compute it for n up to 500).
    """
    return _VARIANCES[n] if n < _TABLE_SIZE else 1 - _MIN_VARIANCE_DEFICIT / n


class Ranks:
    """The results of one kind so far, sorted by size."""

    def __init__(self) -> None:
        self.values: list[float] = []
        """Smallest first."""
        self._last_rank = 0, 1
        """How many results are smaller than the last one added, and how many are not larger, itself included."""

    def __len__(self) -> int:
        return len(self.values)

    def insert(self, mm: float) -> None:
        """Add a result without computing its score."""
        insort(self.values, mm)

    def add(self, mm: float) -> float:
        """Add a result and return its score. Equal results get the mean of their scores: by Jensen's inequality the
        bounds still hold, without a random choice."""
        values = self.values
        low = bisect_left(values, mm)
        high = bisect_right(values, mm, low) + 1
        values.insert(low, mm)
        n = len(values)
        # `_normal_density_at` of both edges, inlined: ten years of tests would call it 22,000 times.
        self._last_rank = low, high
        below = _inverse_cdf(low / n) if low else inf
        above = _inverse_cdf(high / n) if high < n else inf
        return n * (exp(-below * below / 2) - exp(-above * above / 2)) / _ROOT_TWO_PI / (high - low)

    def part_of_last(self) -> tuple[float, float, float]:
        """Return the part of the normal distribution that belongs to the rank of the last result added: its two edges,
        in SDs, and its share. Equal results share their ranks."""
        low, high = self._last_rank
        n = len(self.values)
        return (_inverse_cdf(low / n) if low else -inf), (_inverse_cdf(high / n) if high < n else inf), (high - low) / n

    def normal_score(self, mm: float) -> float:
        """Return the normal score, among all results so far, of one that was added."""
        low, high = bisect_left(self.values, mm), bisect_right(self.values, mm)
        return _inverse_cdf((low + high) / 2 / len(self.values))
