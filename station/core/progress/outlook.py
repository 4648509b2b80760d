"""What goes on now, and when the goal will be reached: from the tests, never from the calendar alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import sqrt
from statistics import NormalDist

from station.core.progress.correlation import common
from station.core.progress.records import Direction, Forecast, Phase, RealChange, Result
from station.core.progress.trend import State

WORTHWHILE_MM = 6.0
"""The smallest change that is worth while."""
_WEEK = timedelta(weeks=1)
_STEADY_WEEKS = (26.0, 20.0, 13.0)
_STEADY_TESTS = 12
_WORTHWHILE_MM_WEEK = WORTHWHILE_MM / 13
"""Less than the smallest worthwhile change in three months, "three months without any" of the founding guide."""
_STEADY_SURE = NormalDist().inv_cdf(0.999)
"""So sure that of those who gain 6 mm in 13 weeks at most one in twenty is ever told so, looking weekly for a year."""
_RECENT_WEEKS = 6.0
_CHANGE_LASTS_WEEKS = 26.0
_MOVING_SURE = 0.8
_FORECAST_WEEKS = 52
_FORECAST_LOW, _FORECAST_HIGH = 0.1, 0.9
_NORMAL = NormalDist()

TOO_FEW = "there are not enough tests yet"
TOO_OLD = "the last test is too long ago"
NO_GAIN = "no gain is sure at present"
TOO_CLOSE = "you are so close that the tests cannot tell"
TOO_FAR = "it is likely to be more than a year away"


def steady_since(kept: Sequence[Result]) -> datetime | None:
    """Since when the level has neither gained nor lost a worthwhile amount, or `None` where that is not sure.

    `kept` are the results of one method without slips, oldest first. A line through the last half year, or five or
    three months of it, has to exclude with 99.9 % a gain of 6 mm in 13 weeks, and with 99.9 % such a loss. Its error
    is that of its own residuals, with days that go together allowed for.
    """
    if len(kept) < _STEADY_TESTS:
        return None
    last = kept[-1].at
    days = [(result.at - last) / _WEEK * 7 for result in kept[-200:]]
    mm = [result.mm for result in kept[-200:]]
    for weeks in _STEADY_WEEKS:
        begin = next(index for index, day in enumerate(days) if day >= -weeks * 7)
        n = len(days) - begin
        if n < _STEADY_TESTS or -days[begin] < (weeks - 1) * 7:
            continue
        at, values = days[begin:], mm[begin:]
        middle, mean = sum(at) / n, sum(values) / n
        spread = sum((day - middle) ** 2 for day in at)
        slope = sum((day - middle) * value for day, value in zip(at, values, strict=True)) / spread
        rest = sum((value - mean - slope * (day - middle)) ** 2 for day, value in zip(at, values, strict=True))
        error = sqrt(rest / (n - 2) / spread * common(at, values, at)[1])
        if abs(slope) * 7 + _STEADY_SURE * error * 7 < _WORTHWHILE_MM_WEEK:
            return kept[len(kept) - n].at
    return None


def phase(
    state: State | None, at: datetime | None, changes: Sequence[RealChange], steady: datetime | None, now: datetime
) -> Phase:
    """What goes on `now`, with `state` at the last test `at`. Moving takes a real change and a slope that goes on."""
    if state is None or at is None or (now - at) / _WEEK > _RECENT_WEEKS:
        return Phase.UNKNOWN
    if steady is not None:
        return Phase.STEADY
    if changes and (now - changes[-1].told_at) / _WEEK <= _CHANGE_LASTS_WEEKS:
        upwards = _NORMAL.cdf(state.slope / sqrt(state.slope_variance))
        if changes[-1].direction is Direction.GAIN and upwards >= _MOVING_SURE:
            return Phase.GAINING
        if changes[-1].direction is Direction.LOSS and upwards <= 1 - _MOVING_SURE:
            return Phase.LOSING
    return Phase.UNKNOWN


def forecast(state: State | None, at: datetime | None, going_on: Phase, goal_mm: float, now: datetime) -> Forecast:
    """When the level reaches `goal_mm`, from its `state` at the last test `at`: with 80 % between two dates."""
    if state is None or at is None:
        return Forecast(False, None, None, TOO_FEW)
    there = _chance(state, goal_mm)
    if there >= _FORECAST_HIGH:
        return Forecast(True, None, None, None)
    if (now - at) / _WEEK > _RECENT_WEEKS:
        return Forecast(False, None, None, TOO_OLD)
    if going_on is not Phase.GAINING:
        return Forecast(False, None, None, TOO_CLOSE if there > _FORECAST_LOW else NO_GAIN)
    chances = [there]
    for week in range(1, _FORECAST_WEEKS + 1):
        chances.append(max(chances[-1], _chance(state.after(float(week)), goal_mm)))
    earliest, latest = _when(chances, _FORECAST_LOW), _when(chances, _FORECAST_HIGH)
    if earliest is None:
        return Forecast(False, None, None, TOO_FAR)
    return Forecast(
        False,
        max(now, at + earliest * _WEEK),
        None if latest is None else max(now, at + latest * _WEEK),
        None,
    )


def _chance(state: State, goal_mm: float) -> float:
    return _NORMAL.cdf((state.level - goal_mm) / sqrt(state.level_variance))


def _when(chances: Sequence[float], chance: float) -> float | None:
    """The week at which the chance is reached, between whole weeks along a line."""
    if chances[0] >= chance:
        return 0.0
    for week in range(1, len(chances)):
        if chances[week] >= chance:
            return week - (chances[week] - chance) / (chances[week] - chances[week - 1])
    return None
