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


def log_odds_of_course(
    days: Sequence[float], mms: Sequence[float], course: Sequence[float], sizes_mm: Sequence[float] = ()
) -> float:
    """Return the logarithm of the odds of results that follow `course` to those of an unchanged level with spells.

    `days` ascend; `mms` and `course` are relative to the mean of the results of their kind. Each unit of the course is
    one of `sizes_mm`, equally likely; without sizes, the likeliest size.
    """
    if len(days) < _MIN_RESULTS:
        return -inf
    values = without_outliers(mms)
    fades = [0.0, *(exp((before - after) / SPELL_DAYS) for before, after in pairwise(days))]
    likelihoods = [_log_likelihoods(fades, values, course, share, sizes_mm) for share in SPELL_SHARES]
    return _log_sum(follows for follows, _ in likelihoods) - _log_sum(stays for _, stays in likelihoods)


def without_outliers(mms: Sequence[float]) -> list[float]:
    """Return the values with those farther than three SDs from their median moved to that distance.

    The SD is that from one result to the next, so a change does not widen it. If it is 0, nothing moves.
    """
    centre = median(mms)
    reach = _OUTLIER_SDS * median(abs(after - before) for before, after in pairwise(mms)) / _NORMAL_MAD
    return [max(centre - reach, min(mm, centre + reach)) for mm in mms] if reach else list(mms)


def _log_likelihoods(
    fades: Sequence[float], values: Sequence[float], course: Sequence[float], share: float, sizes_mm: Sequence[float]
) -> tuple[float, float]:
    """Return the log likelihoods of the course and of an unchanged level, up to a constant common to both.

    A Kalman filter of the spell whitens the values, the course and a constant; their products give the fit of each.
    """
    own = 1.0 - share
    spell_variance = share
    value_at = course_at = constant_at = log_determinant = 0.0
    vv = vc = v1 = cc = c1 = c11 = 0.0
    for fade, value, moved in zip(fades, values, course, strict=True):
        spell_variance = share + fade * fade * (spell_variance - share)
        value_at, course_at, constant_at = fade * value_at, fade * course_at, fade * constant_at
        total = spell_variance + own
        gain = spell_variance / total
        v, c, one = value - value_at, moved - course_at, 1.0 - constant_at
        vv += v * v / total
        vc += v * c / total
        v1 += v * one / total
        cc += c * c / total
        c1 += c * one / total
        c11 += one * one / total
        log_determinant += log(total)
        value_at, course_at, constant_at = value_at + gain * v, course_at + gain * c, constant_at + gain * one
        spell_variance *= own / total
    unchanged = vv - v1 * v1 / c11
    along, apart = vc - v1 * c1 / c11, cc - c1 * c1 / c11
    tiny = 1e-9 * vv or 1.0
    base, half_df = -(log_determinant + log(c11)) / 2, (len(values) - 1) / 2
    sizes = sizes_mm or (along / apart if apart > 0 else 0.0,)
    misfits = [unchanged - 2 * size * along + size * size * apart for size in sizes]
    follows = _log_sum(-half_df * log(max(misfit, tiny)) for misfit in misfits) - log(len(sizes))
    return base + follows, base - half_df * log(max(unchanged, tiny))


def _log_sum(logs: Iterable[float]) -> float:
    found = list(logs)
    top = max(found)
    return top + log(sum(exp(one - top) for one in found))
