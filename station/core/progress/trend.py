"""The trend of the level through tests at irregular times, with its band, its steps, its outliers and the habits in it.

A step of the level, such as an injury, opens where the filter finds one (`station.core.progress.kalman`). Once four
tests follow it, it stays only if the medians before and after it differ as well. Tests after a step are not outliers.

Outliers do not pull the trend along: results more than four SDs from the median of their neighbours get little weight,
and the filter limits innovations. What a habit adds to results is subtracted (`station.core.progress.habits`): the
trend is for the person's usual circumstances.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import pairwise
from math import exp, sqrt
from statistics import NormalDist, median

from msgspec import Struct
from msgspec.structs import replace

from station.core.progress.correlation import DECAY_DAYS, estimate_correlation
from station.core.progress.habits import Habits, offsets_of, without
from station.core.progress.kalman import LevelFilter, TrendState, passages
from station.core.progress.open_step import added_variance, interval_with, possible_levels
from station.core.progress.person_error import PRIOR_SEM_MM, STEP_SDS
from station.core.progress.records import Habit, Interval, Result, TrendPoint

_OUTLIER_SDS = 4.0
_OUTLIER_VARIANCE_FACTOR = 100.0
_NEIGHBOURS_PER_SIDE = 2
_STEP_NEIGHBOURS = 7
_STEP_DECIDING_TESTS = 4
"""A step stays if, from its fourth test on, the medians of up to seven tests before and after it differ by `STEP_SDS`.
One outlier and the next test on its side can open a step; this closes it."""
_RECENT_DAYS = 182.0
_RECENT_TESTS = 300
_WEEK = timedelta(weeks=1)
Z95 = NormalDist().inv_cdf(0.975)


class Trend(Struct, frozen=True):
    """The band at each result, the state at the last one, the change from the first to the last, and what was found.

    `outliers` are indices of results; `usual` says for each result whether it was made in the person's usual
    circumstances.
    """

    points: tuple[TrendPoint, ...]
    last_state: TrendState
    slope_mm_week: Interval
    change_mm: Interval
    change_sd_mm: float
    outliers: frozenset[int]
    habits: tuple[Habit, ...]
    usual: tuple[bool, ...]


def interval_95(value: float, sd: float) -> Interval:
    """Return the 95 % interval of a normally distributed estimate."""
    return Interval(value, value - Z95 * sd, value + Z95 * sd)


def outlier_indices(mm: Sequence[float], sds_mm: Sequence[float], breaks: Collection[int]) -> set[int]:
    """Return the indices of results too far from the median of themselves and two neighbours on each side.

    `sds_mm` is the SD of each result. Results are not compared across a break, or among fewer than three.
    """
    found: set[int] = set()
    ends = [0, *sorted(breaks), len(mm)]
    width = 2 * _NEIGHBOURS_PER_SIDE + 1
    for begin, end in pairwise(ends):
        if end - begin < 3:
            continue
        for index in range(begin, end):
            value, most = mm[index], _OUTLIER_SDS * sds_mm[index]
            # With both neighbours near it, most of the results around it are, and so is their median.
            if begin < index < end - 1 and abs(mm[index - 1] - value) <= most and abs(mm[index + 1] - value) <= most:
                continue
            low = max(begin, min(index - _NEIGHBOURS_PER_SIDE, end - width))
            if abs(value - median(mm[low : min(end, low + width)])) > most:
                found.add(index)
    return found


def correlated_share(
    weeks: Sequence[float], mm: Sequence[float], outliers: Collection[int], breaks: Collection[int]
) -> float:
    """Return the share of variance that results close in time share, from the last half year.

    See `station.core.progress.correlation`.
    """
    first = max(breaks, default=0)
    kept = [
        index
        for index in range(first, len(mm))
        if index not in outliers and (weeks[-1] - weeks[index]) * 7 <= _RECENT_DAYS
    ]
    days = [(weeks[index] - weeks[-1]) * 7 for index in kept]
    return estimate_correlation(days, [mm[index] for index in kept], days)[0]


def in_usual_circumstances(results: Sequence[Result]) -> list[float]:
    """Return the results of one method, oldest first, in mm, without what habits add to them.

    This is a first estimate from recent tests with the literature's error, for steps before the trend.
    """
    mm = [result.mm for result in results]
    offsets = offsets_of(results)
    if not offsets:
        return mm
    recent = results[-_RECENT_TESTS:]
    middle = _middle(mm[-_RECENT_TESTS:])
    centred = [result.mm - middle for result in recent]
    level_filter = LevelFilter(passages(_weeks(recent)), centred, [PRIOR_SEM_MM**2] * len(recent))
    of_recent = [replace(offset, shares=offset.shares[-_RECENT_TESTS:]) for offset in offsets]
    return without(offsets, Habits(of_recent, centred, level_filter).values, mm)


def fit_trend(
    results: Sequence[Result],
    sds_mm: Sequence[float],
    breaks: Collection[int] = (),
    usual_mm: Sequence[float] | None = None,
) -> Trend:
    """Fit the trend through one or more results of one method, oldest first.

    `sds_mm` is the SD of each result. At each index of `breaks` the level may step. `usual_mm` are the results
    `in_usual_circumstances`, if known already.
    """
    weeks = _weeks(results)
    between = passages(weeks)
    rough = in_usual_circumstances(results) if usual_mm is None else usual_mm
    middle = _middle(rough)
    rough = [one - middle for one in rough]
    close = _close_in_time(weeks)
    variances = _result_variances(weeks, rough, sds_mm, close, (), breaks)
    steps = LevelFilter(between, rough, variances, breaks, finds_steps=True).breaks
    steps = {index for index in steps if index in breaks or _lasts(rough, index, sds_mm[index])}
    outliers = outlier_indices(rough, sds_mm, steps)
    without_weights = variances
    variances = _result_variances(weeks, rough, sds_mm, close, outliers, steps)
    level_filter = LevelFilter(between, rough, variances, steps)
    possible = possible_levels(level_filter, rough, without_weights, breaks)
    smoother = level_filter.smoother()

    mm = [result.mm - middle for result in results]
    habits = Habits(offsets_of(results), mm, level_filter)
    states, _ = level_filter.follow(without(habits.offsets, habits.values, mm))
    levels = [middle + level for level in smoother.levels(states)]
    added, added_to_change = habits.smoothed_variances(smoother)
    level_variances = [variance + more for variance, more in zip(smoother.variances, added, strict=True)]
    halves = [Z95 * sqrt(variance) for variance in level_variances]
    points = [
        TrendPoint(result.at, level, level - half, level + half)
        for result, level, half in zip(results, levels, halves, strict=True)
    ]
    last = interval_with(possible, interval_95(levels[-1], sqrt(level_variances[-1])), level_variances[-1])
    points[-1] = TrendPoint(results[-1].at, last.value, last.low, last.high)
    pairs = zip(level_filter.last_variances, habits.last_variances(), strict=True)
    level_variance, both, slope_variance = (variance + more for variance, more in pairs)
    level_variance += added_variance(possible)
    state = TrendState(levels[-1], states[-1][1], level_variance, both, slope_variance)
    change_variance = max(0.0, smoother.variances[-1] + smoother.variances[0] - 2 * smoother.covariances[0])
    change_variance += added_to_change
    change = interval_with(possible, interval_95(levels[-1] - levels[0], sqrt(change_variance)), change_variance)
    return Trend(
        tuple(points),
        state,
        interval_95(state.slope, sqrt(state.slope_variance)),
        change,
        sqrt(change_variance + added_variance(possible)),
        frozenset(outliers),
        tuple(
            Habit(offset.circumstance, offset.compared_with, interval_95(value, sd))
            for offset, value, sd in habits.found()
        ),
        habits.usual(),
    )


def _weeks(results: Sequence[Result]) -> list[float]:
    first = results[0].at
    return [(result.at - first) / _WEEK for result in results]


def _middle(mm: Sequence[float]) -> float:
    return median(mm[: 2 * _NEIGHBOURS_PER_SIDE + 1])


def _lasts(mm: Sequence[float], index: int, sd_mm: float) -> bool:
    """Return whether the tests after a step at this index confirm it, or are too few to refute it."""
    before, after = mm[max(0, index - _STEP_NEIGHBOURS) : index], mm[index : index + _STEP_NEIGHBOURS]
    if len(after) < _STEP_DECIDING_TESTS:
        return True
    level = median(before)
    least = STEP_SDS * sd_mm * sqrt(1 / len(before) + 1 / len(after))
    return median(after) - level > least if mm[index] > level else median(after) - level < -least


def _close_in_time(weeks: Sequence[float]) -> list[float]:
    """Return for each test how many others are close in time, each with a weight that fades with the days between."""
    fades = [exp((earlier - later) * 7 / DECAY_DAYS) for earlier, later in pairwise(weeks)]
    close = [0.0] * len(weeks)
    before = after = 0.0
    for index, fade in enumerate(fades):
        before = fade * (before + 1)
        close[index + 1] += before
    for index in range(len(fades) - 1, -1, -1):
        after = fades[index] * (after + 1)
        close[index] += after
    return close


def _result_variances(
    weeks: Sequence[float],
    mm: Sequence[float],
    sds_mm: Sequence[float],
    close: Sequence[float],
    outliers: Collection[int],
    breaks: Collection[int],
) -> list[float]:
    """Return the variance of each result: larger for outliers, and for results close to others in time."""
    share = correlated_share(weeks, mm, outliers, breaks)
    return [
        sd * sd * (1 + share * near) * (_OUTLIER_VARIANCE_FACTOR if index in outliers else 1.0)
        for index, (sd, near) in enumerate(zip(sds_mm, close, strict=True))
    ]
