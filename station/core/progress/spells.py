"""Weighs a change against stiff and supple spells: ankles are stiffer for some days or weeks without a real change.

The model: results `g` days apart share `s * exp(-g / 10)` of their variance, and `s` is 0, 0.2, 0.4 or 0.6, equally
likely beforehand. The person's own results show which: the odds compare the likelihoods of a course and of none, each
averaged over the shares. The level and the variance are unknown. A course has its likeliest size, or the sizes of a
usual gain: chance then has less to choose from, so lower odds prove as much.

A spell of ten days looks much like a gain of some weeks. So these odds delay a real change, by a week at three tests of
one ankle a week (`make study`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import exp, inf, log
from statistics import median

SPELL_DAYS = 10.0
SPELL_SHARES = (0.0, 0.2, 0.4, 0.6)
_MIN_RESULTS = 4
_OUTLIER_SDS = 3.0
_NORMAL_MAD = 0.6745 * 2**0.5
"""The median size of the difference of two normal values, in SDs."""


class Spells:
    """The odds of a course against spells, for results whose number grows.

    What follows from the days and a share alone is kept: a new result adds its part.
    """

    def __init__(self) -> None:
        self._filters = [_SpellFilter(share) for share in SPELL_SHARES]

    def log_odds_of_course(
        self, days: Sequence[float], mms: Sequence[float], course: Sequence[float], sizes_mm: Sequence[float] = ()
    ) -> float:
        """Return the logarithm of the odds of results that follow `course` to those of an unchanged level with spells.

        `days` ascend, and begin with those of the call before; `mms` and `course` are relative to the mean of the
        results of their kind. Each unit of the course is one of `sizes_mm`, equally likely; without sizes, the
        likeliest size.
        """
        if len(days) < _MIN_RESULTS:
            return -inf
        for index in range(len(self._filters[0].steps), len(days)):
            fade = exp((days[index - 1] - days[index]) / SPELL_DAYS) if index else 0.0
            for one in self._filters:
                one.add(fade)
        values = without_outliers(mms)
        likelihoods = [one.log_likelihoods(values, course, sizes_mm) for one in self._filters]
        return _log_sum(follows for follows, _ in likelihoods) - _log_sum(stays for _, stays in likelihoods)


def without_outliers(mms: Sequence[float]) -> list[float]:
    """Return the values with those farther than three SDs from their median moved to that distance.

    The SD is that from one result to the next, so a change does not widen it. If it is 0, nothing moves.
    """
    centre = median(mms)
    reach = _OUTLIER_SDS * median(abs(after - before) for before, after in pairwise(mms)) / _NORMAL_MAD
    return [max(centre - reach, min(mm, centre + reach)) for mm in mms] if reach else list(mms)


class _SpellFilter:
    """A Kalman filter of the spell, for one share of the variance: it whitens the values, the course and a constant.

    `steps` has for each result how much of the spell before it is left, the gain, the variance of the innovation, and
    the constant whitened.
    """

    def __init__(self, share: float) -> None:
        self.steps: list[tuple[float, float, float, float]] = []
        self._share = share
        self._own = 1.0 - share
        self._spell_variance = share
        self._constant_at = self._log_determinant = self._constant_squared = 0.0

    def add(self, fade: float) -> None:
        """Add a result, of which the spell shares `fade` with the one before."""
        variance = self._share + fade * fade * (self._spell_variance - self._share)
        total = variance + self._own
        gain = variance / total
        constant_at = fade * self._constant_at
        one = 1.0 - constant_at
        self.steps.append((fade, gain, total, one))
        self._constant_squared += one * one / total
        self._log_determinant += log(total)
        self._constant_at = constant_at + gain * one
        self._spell_variance = variance * (self._own / total)

    def log_likelihoods(
        self, values: Sequence[float], course: Sequence[float], sizes_mm: Sequence[float]
    ) -> tuple[float, float]:
        """Return the log likelihoods of the course and of an unchanged level, up to a constant common to both.

        The products of the whitened values, course and constant give the fit of each.
        """
        value_at = course_at = vv = vc = v1 = cc = c1 = 0.0
        for (fade, gain, total, one), value, moved in zip(self.steps, values, course, strict=True):
            value_at, course_at = fade * value_at, fade * course_at
            v, c = value - value_at, moved - course_at
            vv += v * v / total
            vc += v * c / total
            v1 += v * one / total
            cc += c * c / total
            c1 += c * one / total
            value_at, course_at = value_at + gain * v, course_at + gain * c
        c11 = self._constant_squared
        unchanged = vv - v1 * v1 / c11
        along, apart = vc - v1 * c1 / c11, cc - c1 * c1 / c11
        tiny = 1e-9 * vv or 1.0
        base, half_df = -(self._log_determinant + log(c11)) / 2, (len(values) - 1) / 2
        sizes = sizes_mm or (along / apart if apart > 0 else 0.0,)
        misfits = [unchanged - 2 * size * along + size * size * apart for size in sizes]
        follows = _log_sum(-half_df * log(max(misfit, tiny)) for misfit in misfits) - log(len(sizes))
        return base + follows, base - half_df * log(max(unchanged, tiny))


def _log_sum(logs: Iterable[float]) -> float:
    found = list(logs)
    top = max(found)
    return top + log(sum(exp(one - top) for one in found))
