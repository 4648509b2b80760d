"""The person's own measurement error (SEM): a blend of the literature's value with their own repeats.

The model: a result is the person's level, plus a day effect (the same for all trials of a session, SD `between`), plus
the error of its trials (SD `within` over the root of their number). So the error of one more test on another day is

- for a quick test, one trial: `sem**2 = between**2 + within**2`,
- for a full test, the mean of three: `sem**2 = between**2 + within**2 / 3`.

Repeats within a session carry no information about days, so `sem` comes from tests on different days: their variance
about a straight line, fitted to series of up to `MAX_SERIES_TESTS` tests without a long gap. Over such a series a
rising, falling or constant level is nearly straight; anything else (a spurt, a small injury) makes the error larger,
never smaller. A step of 3.3 SDs, as after an injury, splits a series in two: otherwise the error would hide the next
change. A series has one method, and zeros, which are censored, belong to none. The trials give `within`, which converts
the variance of one kind of test to that of the other (a difference of `within**2 * 2 / 3`). Contacts have different
errors and are never mixed.

The blend is `sem**2 = (6 * 6.9**2 + v * s**2) / (6 + v)`, with the person's own variance `s**2` of `v` degrees of
freedom, and at least 3 mm. 6.9 mm comes from a review of 12 studies (Powden 2015, Man Ther 20:524: MDC95 1.9 cm within
raters), which does not distinguish quick from full tests.

Outliers (a wrong distance, a hand in front of the sensor) are excluded. A test is an outlier if it lies farther from
its series's median line (Theil-Sen) than `TEST_OUTLIER_SDS` times the error known so far; a trial, if it lies farther
from its session's median than `TRIAL_OUTLIER_SDS` times that. This excludes one true error in a thousand. If more than
a quarter of a series would be excluded, it is scatter and nothing is excluded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from math import isfinite, sqrt
from statistics import median

from msgspec import Struct

from station.core.facts import Contact
from station.core.progress.records import Method, PersonError, Result
from station.core.statistics.agreement import mdc

PRIOR_SEM_MM = 6.9
PRIOR_DF = 6
MIN_SEM_MM = 3.0
FULL_TEST_TRIALS = 3
MAX_SERIES_TESTS = 12
"""The maximum number of tests in one fitted line: 10 of 12 degrees of freedom remain, and in its four weeks the start
or end of a gain of 2 mm a week adds 0.6 mm to the residuals (SD)."""
MIN_SERIES_TESTS = 4
"""With three tests, a line cannot show which one is the outlier."""
MAX_SERIES_GAP = timedelta(weeks=8)
"""A longer time without tests ends a series."""
TEST_OUTLIER_SDS = 3.5
TRIAL_OUTLIER_SDS = 4.0
MAX_OUTLIER_SHARE = 0.25
STEP_SDS = 3.3
"""How far two levels must differ to count as two, in SDs of the difference of two means of as many tests."""
MIN_TESTS_BESIDE_STEP = 3
"""The fewest whose median one outlier cannot be."""
MIN_REPORTED_DF = 4
"""The minimum degrees of freedom of a reported part of the error: two full tests for `within`."""


class Repeats(Struct, frozen=True):
    """Distances of one side in one session, in mm, without a stretch in between.

    They are the trials of a full test, or quick tests in direct succession.
    """

    at: datetime
    contact: Contact
    mm: tuple[float, ...]


@dataclass(slots=True)
class _PooledVariance:
    """A pooled variance in mm2: sum of squares over degrees of freedom."""

    sum_of_squares: float = 0.0
    df: float = 0.0

    @property
    def variance(self) -> float:
        return self.sum_of_squares / self.df if self.df else 0.0

    @property
    def blended_variance(self) -> float:
        """The variance blended with the literature's."""
        blend = (PRIOR_DF * PRIOR_SEM_MM**2 + self.sum_of_squares) / (PRIOR_DF + self.df)
        return max(MIN_SEM_MM**2, blend)

    def add(self, squares: float, df: float) -> None:
        self.sum_of_squares += squares
        self.df += df


def person_error(repeats: Sequence[Repeats], tests: Sequence[Result], contact: Contact, full: bool) -> PersonError:
    """Return the person's error for a test of this contact and kind.

    `repeats` and `tests` are of one side, in any order; those of other contacts are ignored. `tests` are the counted
    results, at most one a day: a second one from the same session would count as another day. Without tests the error
    is the literature's. Raises `ValueError` for a distance that is not finite.
    """
    return person_errors(repeats, tests, contact)[full]


def person_errors(repeats: Sequence[Repeats], tests: Sequence[Result], contact: Contact) -> dict[bool, PersonError]:
    """Return the person's error of full (`True`) and of quick tests in one computation. See `person_error`."""
    _require_finite(repeats, tests)
    within = _within_session_variance(
        sorted(
            (one for one in repeats if one.contact is contact and min(one.mm, default=0) > 0), key=lambda one: one.at
        )
    )
    days = _day_to_day_variances(
        sorted(
            (test for test in tests if test.contact is contact and not test.is_below_range), key=lambda test: test.at
        )
    )
    return {full: _person_error(_own_variance(days, within, full), within, full) for full in (True, False)}


def _person_error(own: _PooledVariance, within: _PooledVariance, full: bool) -> PersonError:
    sem_mm = sqrt(own.blended_variance)
    has_within, has_between = within.df >= MIN_REPORTED_DF, own.df >= MIN_REPORTED_DF
    between = max(0.0, own.variance - within.variance / _trial_count(full))
    return PersonError(
        sem_mm=sem_mm,
        within_mm=sqrt(within.variance) if has_within else None,
        between_mm=sqrt(between) if has_within and has_between else None,
        own_df=own.df,
        mdc90_mm=mdc(sem_mm, 0.90),
        mdc95_mm=mdc(sem_mm, 0.95),
        own_sem_mm=sqrt(own.variance) if own.df >= MIN_REPORTED_DF else None,
        within_df=within.df,
    )


def _trial_count(full: bool) -> int:
    return FULL_TEST_TRIALS if full else 1


def _require_finite(repeats: Iterable[Repeats], tests: Iterable[Result]) -> None:
    for test in tests:
        if not isfinite(test.mm):
            raise ValueError(
                f"test {test.test_id} of {test.at:%Y-%m-%d} is {test.mm} mm: leave out what has no distance"
            )
    for one in repeats:
        if not isfinite(sum(one.mm)):
            raise ValueError(f"a trial of {one.at:%Y-%m-%d} has no distance ({one.mm}): leave it out")


def _within_session_variance(repeats: Iterable[Repeats]) -> _PooledVariance:
    """Pool the variance of trials within their sessions. Oldest first: earlier sessions set the outlier limit."""
    pool = _PooledVariance()
    for one in repeats:
        middle, max_deviation = median(one.mm) if one.mm else 0.0, TRIAL_OUTLIER_SDS * sqrt(pool.blended_variance)
        kept = [mm for mm in one.mm if abs(mm - middle) <= max_deviation]
        if len(kept) >= 2:
            mean = sum(kept) / len(kept)
            pool.add(sum([(mm - mean) ** 2 for mm in kept]), len(kept) - 1)
    return pool


def _day_to_day_variances(tests: Sequence[Result]) -> dict[bool, _PooledVariance]:
    """Pool the variance of full (`True`) and of quick tests about the lines of their series. Tests are oldest first."""
    days = {True: _PooledVariance(), False: _PooledVariance()}
    both = _PooledVariance()
    for series in _series_beside_steps(_split_into_series(tests), both):
        start = series[0].at
        points = [((test.at - start).total_seconds(), test.mm) for test in series]
        residuals = _median_line_residuals(points)
        max_residual = TEST_OUTLIER_SDS * sqrt(both.blended_variance)
        kept = [i for i, residual in enumerate(residuals) if abs(residual) <= max_residual]
        if len(series) - len(kept) > MAX_OUTLIER_SHARE * len(series):
            kept = list(range(len(series)))
        for i, (squares, df) in zip(kept, _line_residuals([points[i] for i in kept]), strict=True):
            days[series[i].full].add(squares, df)
            both.add(squares, df)
    return days


def _split_into_series(tests: Sequence[Result]) -> Iterator[list[Result]]:
    of_method: dict[Method, list[Result]] = {}
    for test in tests:
        of_method.setdefault(test.method, []).append(test)
    for alike in of_method.values():
        series: list[Result] = []
        for test in alike:
            if series and (len(series) == MAX_SERIES_TESTS or test.at - series[-1].at > MAX_SERIES_GAP):
                if len(series) >= MIN_SERIES_TESTS:
                    yield series
                series = []
            series.append(test)
        if len(series) >= MIN_SERIES_TESTS:
            yield series


def _series_beside_steps(whole: Iterable[list[Result]], known: _PooledVariance) -> Iterator[list[Result]]:
    """Yield the series, those with a step split at it; `known` grows with what was yielded."""
    for series in whole:
        step = _step_index([test.mm for test in series], known.blended_variance)
        parts = (series[:step], series[step:]) if step else (series,)
        yield from (part for part in parts if len(part) >= MIN_SERIES_TESTS)


def _step_index(mm: Sequence[float], variance: float) -> int:
    """Return the first index after the step whose two sides differ most for their sizes, 0 without a step.

    Their medians must differ as much as their means must, because one outlier can shift a mean.
    """
    n, total = len(mm), sum(mm)
    before = sum(mm[: MIN_TESTS_BESIDE_STEP - 1])
    found, least = 0, STEP_SDS * STEP_SDS * variance * n
    most = least
    for index in range(MIN_TESTS_BESIDE_STEP, n - MIN_TESTS_BESIDE_STEP + 1):
        before += mm[index - 1]
        apart = (before / index - (total - before) / (n - index)) ** 2 * index * (n - index)
        if apart > most:
            found, most = index, apart
    if found and (median(mm[:found]) - median(mm[found:])) ** 2 * found * (n - found) <= least:
        return 0
    return found


def _median_line_residuals(points: Sequence[tuple[float, float]]) -> list[float]:
    """Return the residuals to the line whose slope is the median over all pairs (Theil 1950, Sen 1968)."""
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x2 > x1]
    slope = median(slopes) if slopes else 0.0
    level = median([y - slope * x for x, y in points])
    return [y - slope * x - level for x, y in points]


def _line_residuals(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return each point's squared residual to the least-squares line and its share of the degrees of freedom."""
    n = len(points)
    mean_x, mean_y = sum([x for x, _ in points]) / n, sum([y for _, y in points]) / n
    offs = [(x - mean_x, y - mean_y) for x, y in points]
    spread = sum([x * x for x, _ in offs])
    slope = sum([x * y for x, y in offs]) / spread if spread else 0.0
    return [((y - slope * x) ** 2, 1 - 1 / n - (x * x / spread if spread else 0.0)) for x, y in offs]


def _own_variance(days: dict[bool, _PooledVariance], within: _PooledVariance, full: bool) -> _PooledVariance:
    """Return the person's own variance of a test of this kind, from such tests and from the other kind, converted.

    Converted variances have Welch and Satterthwaite's degrees of freedom, at most those of the tests. Without trials,
    quick tests serve as an upper bound for full ones; full tests give nothing for quick ones.
    """
    this, other = days[full], days[not full]
    own = _PooledVariance(this.sum_of_squares, this.df)
    variance_offset = within.variance * (1 / _trial_count(full) - 1 / _trial_count(not full))
    if other.df and within.df:
        variance = max(other.variance + variance_offset, within.variance / _trial_count(full))
        welch_divisor = other.variance**2 / other.df + variance_offset**2 / within.df
        df = min(other.df, variance**2 / welch_divisor) if welch_divisor else other.df
        own.add(variance * df, df)
    elif full:
        own.add(other.sum_of_squares, other.df)
    return own
