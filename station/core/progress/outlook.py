"""The current phase, and the forecast for the goal: from the tests, never from the calendar alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import sqrt
from statistics import NormalDist

from station.core.progress.correlation import estimate_correlation
from station.core.progress.kalman import TrendState
from station.core.progress.records import Direction, Forecast, Phase, RealChange, Result

WORTHWHILE_MM = 6.0
"""The smallest worthwhile change: 0.2 SD between healthy people, whose SD is 28 to 30 mm (Hoch and McKeon 2011, Hall
and Docherty 2017). It is distribution-based, without an anchor: no study asked people whether 6 mm matter to them."""
_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)
_STEADY_WEEKS = (26.0, 20.0, 13.0)
_STEADY_TESTS = 12
_WORTHWHILE_MM_WEEK = WORTHWHILE_MM / 13
"""The smallest worthwhile change in three months; less counts as the guide's "three months without any" gain."""
_STEADY_Z = NormalDist().inv_cdf(0.999)
"""With this, at most one in twenty people who gain 6 mm in 13 weeks is called steady in a year of weekly checks."""
_BEND_Z = NormalDist().inv_cdf(0.95)
"""With this, about one in twenty people who gain 6 mm in 13 weeks and lose it in the next 13 is ever called steady. It
can be lower than `_STEADY_Z` because the turn is in the middle only for a few weekly checks (`make study`)."""
_CURRENT_WEEKS = 6.0
_CHANGE_LASTS_WEEKS = 26.0
_MOVING_PROBABILITY = 0.8
_MAX_FORECAST_WEEKS = 52
_GAIN_LASTS_WEEKS = 40.0
"""How long a gain lasts on average in a forecast: longer than in the trend, whose present slope must also be right for
people whose gain ended last week."""
_FORECAST_LOW, _FORECAST_HIGH = 0.1, 0.9
_NORMAL = NormalDist()

TOO_FEW = "there are not enough tests yet"
BELOW_RANGE = "your knee does not reach the wall yet"
TOO_OLD = "the last test is too long ago"
NO_GAIN = "no gain is certain at present"
TOO_CLOSE = "you are too close to it for the tests to show whether you are there"
LIKELY_REACHED = "you are probably there by now, and a test would show it"
TOO_FAR = "it is probably more than a year away"


def steady_since(results: Sequence[Result], changes: Sequence[RealChange] = ()) -> datetime | None:
    """Return since when the level has not changed by a worthwhile amount, or `None` if the tests do not prove it.

    `results` are of one method, without outliers, oldest first; only those after the last real change was confirmed
    count. A line through the last half year, or the last five or three months, must exclude a gain or loss of 6 mm in
    13 weeks with 99.9 % confidence. Its bend in the middle must exclude, with 95 %, that one half gains at that pace
    and the other loses. The errors come from the line's own residuals, corrected for correlated days.
    """
    if changes:
        results = [result for result in results if result.at > changes[-1].confirmed_at]
    if len(results) < _STEADY_TESTS:
        return None
    last = results[-1].at
    days = [(result.at - last) / _WEEK * 7 for result in results[-200:]]
    mm = [result.mm for result in results[-200:]]
    for weeks in _STEADY_WEEKS:
        begin = next(index for index, day in enumerate(days) if day >= -weeks * 7)
        n = len(days) - begin
        if n >= _STEADY_TESTS and -days[begin] >= (weeks - 1) * 7 and _is_flat(days[begin:], mm[begin:]):
            return results[len(results) - n].at
    return None


def _is_flat(days: Sequence[float], mm: Sequence[float]) -> bool:
    """Return whether the slope of a line and its bend in the middle both exclude a worthwhile change."""
    n = len(days)
    mean = sum(mm) / n
    middle = sum(days) / n
    centred_days = [day - middle for day in days]
    spread = sum(day * day for day in centred_days)
    slope = sum(day * value for day, value in zip(centred_days, mm, strict=True)) / spread
    residuals = [value - mean - slope * day for day, value in zip(centred_days, mm, strict=True)]
    variance = sum(one * one for one in residuals) / (n - 2) * estimate_correlation(days, mm, days)[1]
    # The distance from the middle, made orthogonal to the line: the halves have the line's slope minus and plus the
    # bend.
    distances = [abs(day) for day in centred_days]
    mean_apart = sum(distances) / n
    tilt = sum(day * one for day, one in zip(centred_days, distances, strict=True)) / spread
    bend_course = [one - mean_apart - tilt * day for day, one in zip(centred_days, distances, strict=True)]
    bend_spread = sum(one * one for one in bend_course)
    if bend_spread <= 0:
        return False
    bend = sum(one * value for one, value in zip(bend_course, residuals, strict=True)) / bend_spread
    return (
        abs(slope) + _STEADY_Z * sqrt(variance / spread) < _WORTHWHILE_MM_WEEK / 7
        and abs(bend) + _BEND_Z * sqrt(variance / bend_spread) < _WORTHWHILE_MM_WEEK / 7
    )


def current_phase(
    state: TrendState | None, at: datetime | None, changes: Sequence[RealChange], steady: datetime | None, now: datetime
) -> Phase:
    """Return the phase at `now`, given `state` at the last test `at`.

    Gaining and losing require a real change and a slope that still has its direction.
    """
    if state is None or at is None or (now - at) / _WEEK > _CURRENT_WEEKS:
        return Phase.UNKNOWN
    if steady is not None:
        return Phase.STEADY
    if changes and (now - changes[-1].confirmed_at) / _WEEK <= _CHANGE_LASTS_WEEKS:
        upwards = _NORMAL.cdf(state.slope / sqrt(state.slope_variance))
        if changes[-1].direction is Direction.GAIN and upwards >= _MOVING_PROBABILITY:
            return Phase.GAINING
        if changes[-1].direction is Direction.LOSS and upwards <= 1 - _MOVING_PROBABILITY:
            return Phase.LOSING
    return Phase.UNKNOWN


def forecast(state: TrendState | None, at: datetime | None, phase: Phase, goal_mm: float, now: datetime) -> Forecast:
    """Forecast when the level reaches `goal_mm`, from its `state` at the last test `at`: two dates with 80 % between.

    Only tests show that a goal is reached; an extrapolation gives at most `LIKELY_REACHED`.
    """
    if state is None or at is None:
        return Forecast(False, None, None, TOO_FEW)
    if (now - at) / _WEEK > _CURRENT_WEEKS:
        return Forecast(False, None, None, TOO_OLD)
    reached_probability = _reached_probability(state, goal_mm)
    if reached_probability >= _FORECAST_HIGH:
        return Forecast(True, None, None, None)
    if phase is not Phase.GAINING:
        return Forecast(False, None, None, TOO_CLOSE if reached_probability > _FORECAST_LOW else NO_GAIN)
    expected = state.predicted((now - at) / _WEEK, _GAIN_LASTS_WEEKS)
    chances = [_reached_probability(expected, goal_mm)]
    for week in range(1, _MAX_FORECAST_WEEKS + 1):
        then = expected.predicted(float(week), _GAIN_LASTS_WEEKS)
        chances.append(max(chances[-1], _reached_probability(then, goal_mm)))
    earliest, latest = (
        _week_of_probability(chances, _FORECAST_LOW),
        _week_of_probability(chances, _FORECAST_HIGH),
    )
    if earliest is None:
        return Forecast(False, None, None, TOO_FAR)
    if latest is not None and latest * _WEEK < _DAY:
        return Forecast(False, None, None, LIKELY_REACHED)
    return Forecast(False, now + earliest * _WEEK, None if latest is None else now + latest * _WEEK, None)


def _reached_probability(state: TrendState, goal_mm: float) -> float:
    return _NORMAL.cdf((state.level - goal_mm) / sqrt(state.level_variance))


def _week_of_probability(chances: Sequence[float], chance: float) -> float | None:
    """Return the week at which the chance is reached, interpolated linearly, or `None`."""
    if chances[0] >= chance:
        return 0.0
    for week in range(1, len(chances)):
        if chances[week] >= chance:
            return week - (chances[week] - chance) / (chances[week] - chances[week - 1])
    return None
