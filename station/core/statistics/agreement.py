"""Agreement of ratings of the same targets: intraclass correlation, standard error of measurement, Bland and Altman.

Ratings have one row per target and one column per rater (or occasion). A missing rating is `None` and is never imputed.
A result for which there are too few ratings is `None`, with a sentence why. Invalid ratings (nan, rows of unequal
length) raise `ValueError`. All limits are 95 % confidence limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import fsum, isfinite, sqrt
from statistics import fmean

from msgspec import Struct

from station.core.statistics.distributions import f_quantile, f_sf, normal_quantile, t_quantile

Ratings = Sequence[Sequence[float | None]]
CompleteRatings = list[list[float]]

_TAIL_PROBABILITY = 0.025
"""The probability beyond each limit."""
_ROUNDING_SHARE = 1e-13
"""Scatter below this share of the largest rating is rounding of doubles."""
_MIN_DIVISOR = 1e-9
"""Spearman and Brown's formula is unbounded as its divisor approaches 0; below this, rounding would decide."""
_MIN_DF = 0.1
"""If target and rater variance cancel, Satterthwaite's degrees of freedom approach 0 and limits are meaningless."""


class IccForm(StrEnum):
    """The six forms of Shrout and Fleiss: 1 each target has its own raters, 2 the raters are a random sample, 3 they
    are fixed; for one rating, or for the mean of all `k`."""

    ONE_WAY = "ICC(1,1)"
    RANDOM = "ICC(2,1)"
    FIXED = "ICC(3,1)"
    ONE_WAY_MEAN = "ICC(1,k)"
    RANDOM_MEAN = "ICC(2,k)"
    FIXED_MEAN = "ICC(3,k)"


class Limits(Struct, frozen=True):
    """An estimate with its 95 % limits, which are `None` if the ratings do not scatter."""

    value: float
    low: float | None
    high: float | None


class FTest(Struct, frozen=True):
    """An F test of whether the targets differ: `p` is the probability of an `f` at least this large if they do not."""

    __test__ = False

    f: float
    df1: float
    df2: float
    p: float


class IccAnalysis(Struct, frozen=True):
    """Mean squares and the coefficients derived from them.

    `target_mean_square` (BMS), `rater_mean_square` (JMS) and `error_mean_square` (EMS, or WMS without a JMS) are in
    squared units of the ratings. `n_used` targets were analysed and `n_dropped` were not. If the ratings allow no
    result, `coefficients` is empty and `why_not` is a sentence.
    """

    n_used: int
    n_dropped: int
    target_mean_square: float | None
    rater_mean_square: float | None
    error_mean_square: float | None
    f_test: FTest | None
    coefficients: Mapping[IccForm, Limits]
    why_not: str | None


class BlandAltman(Struct, frozen=True):
    """The differences (first minus second) of `n_used` pairs: mean (bias), SD and the 95 % limits of agreement."""

    n_used: int
    n_dropped: int
    bias: Limits
    sd: float
    lower: Limits
    upper: Limits


def mdc(sem: float, confidence: float) -> float:
    """Return the minimal detectable change of two measurements with this confidence: z sqrt(2) SEM."""
    return normal_quantile((1 + confidence) / 2) * sqrt(2) * sem


def one_way_icc(ratings: Ratings) -> IccAnalysis:
    """Return ICC(1,1) and ICC(1,k) of all targets with a rating; their numbers of ratings may differ.

    Targets i = 1..n have k_i ratings, N in total. With unequal k_i, `ICC(1,1) = (BMS - WMS) / (BMS + (k0 - 1) WMS)`
    where `k0 = (N - sum(k_i**2) / N) / (n - 1)` (Donner 1986, Int Stat Rev 54:67). Its limits treat the variance of the
    targets' means times the harmonic mean of the k_i, over WMS, as F (Thomas and Hultquist 1978, Ann Stat 6:582).
    ICC(1,k) is for the mean of as many ratings as there are columns, after Spearman and Brown. With equal k_i
    everything reduces to Shrout and Fleiss 1979 (Psychol Bull 86:420).
    """
    columns = _column_count(ratings)
    rows = [known for row in ratings if (known := [rating for rating in row if rating is not None])]
    n, dropped, total = len(rows), len(ratings) - len(rows), sum(map(len, rows))
    if n < 2:
        return _empty_analysis(n, dropped, f"{_target_count_text(n)} with a rating: agreement needs at least two")
    if total == n:
        return _empty_analysis(n, dropped, "No target was rated twice: agreement needs a second rating of some")
    grand = fsum(map(fsum, rows)) / total
    means = [fmean(row) for row in rows]
    bms = _zero_if_rounding(
        fsum(len(row) * (mean - grand) ** 2 for row, mean in zip(rows, means, strict=True)) / (n - 1), rows
    )
    squares = fsum((rating - mean) ** 2 for row, mean in zip(rows, means, strict=True) for rating in row)
    wms = _zero_if_rounding(squares / (total - n), rows)
    if bms == wms == 0:
        return _empty_analysis(n, dropped, _ALL_EQUAL)
    k0 = (total - sum(len(row) ** 2 for row in rows) / total) / (n - 1)
    harmonic = n / fsum(1 / len(row) for row in rows)
    centre = fmean(means)
    spread = fsum((mean - centre) ** 2 for mean in means) / (n - 1) * harmonic
    single = Limits((bms - wms) / (bms + (k0 - 1) * wms), *_consistency_limits(spread, wms, n - 1, total - n, harmonic))
    return IccAnalysis(
        n_used=n,
        n_dropped=dropped,
        target_mean_square=bms,
        rater_mean_square=None,
        error_mean_square=wms,
        f_test=_f_test(bms, wms, n - 1, total - n),
        coefficients=_single_and_mean(IccForm.ONE_WAY, IccForm.ONE_WAY_MEAN, single, columns),
        why_not=None,
    )


def two_way_icc(ratings: Ratings) -> IccAnalysis:
    """Return ICC(2,1), (3,1), (2,k) and (3,k) of the targets that every rater rated; the others count as dropped.

    After Shrout and Fleiss 1979; the limits of ICC(2) use Satterthwaite's degrees of freedom.
    """
    k = _column_count(ratings)
    rows = _complete_rows(ratings)
    n, dropped = len(rows), len(ratings) - len(rows)
    if k < 2:
        return _empty_analysis(n, dropped, "Fewer than two ratings a target: agreement needs at least two")
    if n < 2:
        return _empty_analysis(
            n, dropped, f"{_target_count_text(n)} with all {k} ratings: agreement needs at least two"
        )
    bms, jms, ems = _mean_squares(rows)
    if bms == ems == 0:
        return _empty_analysis(n, dropped, _ALL_EQUAL)
    fixed = Limits((bms - ems) / (bms + (k - 1) * ems), *_consistency_limits(bms, ems, n - 1, (n - 1) * (k - 1), k))
    coefficients = _single_and_mean(IccForm.FIXED, IccForm.FIXED_MEAN, fixed, k)
    random = _random_raters_icc(bms, jms, ems, n, k)
    if random:
        coefficients |= _single_and_mean(IccForm.RANDOM, IccForm.RANDOM_MEAN, random, k)
    return IccAnalysis(
        n_used=n,
        n_dropped=dropped,
        target_mean_square=bms,
        rater_mean_square=jms,
        error_mean_square=ems,
        f_test=_f_test(bms, ems, n - 1, (n - 1) * (k - 1)),
        coefficients=coefficients,
        why_not=None,
    )


def bland_altman(first: Sequence[float | None], second: Sequence[float | None]) -> BlandAltman | None:
    """Return bias and limits of agreement of the complete pairs, or `None` for fewer than two.

    The limits are bias +- 1.96 SD. Their own confidence limits use Student's t with the variance
    `SD**2 (1 / n + 1.96**2 / (2 (n - 1)))` (Bland and Altman 1999, Stat Methods Med Res 8:135), which assumes that the
    bias does not depend on the size of the measurement. Raises `ValueError` for sequences of unequal length.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} first measurements for {len(second)} second ones: each needs its other half")
    pairs = list(zip(first, second, strict=True))
    _column_count(pairs)
    rows = _complete_rows(pairs)
    n = len(rows)
    if n < 2:
        return None
    differences = [one - other for one, other in rows]
    bias = fmean(differences)
    sd = sqrt(_zero_if_rounding(fsum((one - bias) ** 2 for one in differences) / (n - 1), rows))
    z, t = normal_quantile(1 - _TAIL_PROBABILITY), t_quantile(1 - _TAIL_PROBABILITY, n - 1)
    of_bias, of_limit = t * sd / sqrt(n), t * sd * sqrt(1 / n + z * z / (2 * (n - 1)))

    def limit(value: float) -> Limits:
        return Limits(value, value - of_limit, value + of_limit)

    return BlandAltman(
        n_used=n,
        n_dropped=len(pairs) - n,
        bias=Limits(bias, bias - of_bias, bias + of_bias),
        sd=sd,
        lower=limit(bias - z * sd),
        upper=limit(bias + z * sd),
    )


_ALL_EQUAL = "All targets have the same ratings: without differences between targets, agreement is undefined"


def _target_count_text(n: int) -> str:
    return ("No target", "Only one target")[n]


def _empty_analysis(n_used: int, n_dropped: int, why_not: str) -> IccAnalysis:
    return IccAnalysis(n_used, n_dropped, None, None, None, None, {}, why_not)


def _column_count(ratings: Ratings) -> int:
    """Return the number of columns. Raises `ValueError` if rows differ in length or a rating is not finite."""
    columns = len(ratings[0]) if ratings else 0
    for at, row in enumerate(ratings, 1):
        if len(row) != columns:
            raise ValueError(
                f"target {at} has {len(row)} ratings, the first has {columns}: write None where one is missing"
            )
        for rating in row:
            if rating is not None and not isfinite(rating):
                raise ValueError(f"target {at} has a rating of {rating}: write None where one is missing")
    return columns


def _complete_rows(ratings: Ratings) -> CompleteRatings:
    rows = [[rating for rating in row if rating is not None] for row in ratings]
    return [known for known, row in zip(rows, ratings, strict=True) if len(known) == len(row)]


def _zero_if_rounding(mean_square: float, rows: CompleteRatings) -> float:
    """Return the mean square, or 0 if it is only rounding."""
    largest = max(abs(rating) for row in rows for rating in row)
    return mean_square if mean_square > (_ROUNDING_SHARE * largest) ** 2 else 0.0


def _mean_squares(rows: CompleteRatings) -> tuple[float, float, float]:
    """Return BMS, JMS and EMS of the two-way analysis of variance."""
    n, k = len(rows), len(rows[0])
    grand = fsum(map(fsum, rows)) / (n * k)
    target_effects = [fmean(row) - grand for row in rows]
    rater_effects = [fmean(column) - grand for column in zip(*rows, strict=True)]
    residual_squares = fsum(
        (rating - grand - target - rater) ** 2
        for row, target in zip(rows, target_effects, strict=True)
        for rating, rater in zip(row, rater_effects, strict=True)
    )
    bms = k * fsum(off * off for off in target_effects) / (n - 1)
    jms = n * fsum(off * off for off in rater_effects) / (k - 1)
    return (
        _zero_if_rounding(bms, rows),
        _zero_if_rounding(jms, rows),
        _zero_if_rounding(residual_squares / ((n - 1) * (k - 1)), rows),
    )


def _f_test(bms: float, error: float, df1: float, df2: float) -> FTest | None:
    return FTest(bms / error, df1, df2, f_sf(bms / error, df1, df2)) if error else None


def _consistency_limits(
    bms: float, error: float, df1: float, df2: float, k: float
) -> tuple[float | None, float | None]:
    """Return the limits of ICC(1,1) or ICC(3,1), derived from those of the F ratio."""
    if not error:
        return None, None
    low = bms / error / f_quantile(_TAIL_PROBABILITY, df1, df2, above=True)
    high = bms / error * f_quantile(_TAIL_PROBABILITY, df2, df1, above=True)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _random_raters_icc(bms: float, jms: float, ems: float, n: int, k: int) -> Limits | None:
    """Return ICC(2,1), or `None` if target and rater variance cancel."""
    whole = bms + (k - 1) * ems + k * (jms - ems) / n
    if whole <= 0:
        return None
    value = (bms - ems) / whole
    by_raters, by_error = k * value * jms, (n * (1 + (k - 1) * value) - k * value) * ems
    satterthwaite_divisor = by_raters**2 / (k - 1) + by_error**2 / ((n - 1) * (k - 1))
    df = (by_raters + by_error) ** 2 / satterthwaite_divisor if satterthwaite_divisor else 0.0
    if df < _MIN_DF:
        return Limits(value, None, None)
    error_term = k * jms + (k * n - k - n) * ems
    f_low, f_high = (
        f_quantile(_TAIL_PROBABILITY, n - 1, df, above=True),
        f_quantile(_TAIL_PROBABILITY, df, n - 1, above=True),
    )
    low = n * (bms - f_low * ems) / (f_low * error_term + n * bms)
    high = n * (f_high * bms - ems) / (error_term + n * f_high * bms)
    return Limits(value, low, high)


def _single_and_mean(one: IccForm, mean: IccForm, single: Limits, k: int) -> dict[IccForm, Limits]:
    """Return the forms of one rating and of the mean of `k`, without the latter if it is unbounded."""
    found = {one: single}
    stepped = [
        None if limit is None else _spearman_brown(limit, k) for limit in (single.value, single.low, single.high)
    ]
    if stepped[0] is not None:
        found[mean] = Limits(stepped[0], stepped[1], stepped[2])
    return found


def _spearman_brown(single: float, k: int) -> float | None:
    """Return the reliability of the mean of `k` ratings from that of one (Spearman and Brown), `None` if unbounded."""
    below = 1 + (k - 1) * single
    return k * single / below if below > _MIN_DIVISOR else None
