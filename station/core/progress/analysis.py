"""Analyses a person's results: the change, its size and date, the current phase and a forecast for the goal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import NormalDist

from msgspec import Struct
from msgspec.structs import replace

from station.core.facts import Contact
from station.core.progress.change import real_changes
from station.core.progress.counting import before_after, first_of_each_day, oldest_first
from station.core.progress.kalman import TrendState
from station.core.progress.outlook import BELOW_RANGE, TOO_FEW, WORTHWHILE_MM, current_phase, forecast, steady_since
from station.core.progress.person_error import Repeats, person_errors
from station.core.progress.records import (
    Forecast,
    Goals,
    PersonError,
    Phase,
    Progress,
    RealChange,
    Result,
    SideProgress,
    SidesDifference,
)
from station.core.progress.sides import changes_of_both, pairs_of_sides, sides_differ
from station.core.progress.trend import Trend, fit_trend, in_usual_circumstances, interval_95

MIN_TREND_TESTS = 3
"""The minimum number of tests for a trend."""
MIN_CHANGE_TESTS = 6
_MIN_CHANGE_SPAN = timedelta(weeks=2)
"""The minimum number of tests, and time, for a change. With less, correlated days look like a precise level and a false
slope."""
_OLD_AFTER = timedelta(weeks=6)
_MAX_SIDES_APART = timedelta(weeks=2)
CLEAR_DIFFERENCE_MM = 15.0
"""Smaller differences between the ankles are common: 68 % of healthy people have one (Hoch and McKeon 2011)."""
_TYPICAL_VARIANCE_MM2 = 2.1**2
"""The square of the instrument's uncertainty that the person's error already includes: that of a test against the pad,
with any sensor, on the day of its calibration. Only the excess counts on top."""
_WEEK = timedelta(weeks=1)
NO_FORECAST = Forecast(False, None, None, TOO_FEW)


class SideAnalysis(Struct, frozen=True):
    """The analysis of one side's results. `progress` lacks what depends on the current time and on the goal."""

    progress: SideProgress
    state: TrendState | None
    """The state of the trend at the last counted result, `None` if that is below range."""
    errors: Mapping[tuple[bool, Contact], PersonError]
    """The person's own error by kind of test (`True` is full) and contact."""


class Analysis(Struct, frozen=True):
    """The analysis of both sides, independent of the current time; `None` for a side that was never tested.

    It is the expensive part (tens of milliseconds for ten years of results) and changes only with a new result.
    """

    left: SideAnalysis | None
    right: SideAnalysis | None
    both: tuple[RealChange, ...]
    sides_differ: bool

    def at(self, now: datetime, goals: Goals) -> Progress:
        """Return the person's progress as of `now`, for their goals."""
        sides = zip((self.left, self.right), goals, strict=True)
        left, right = (None if side is None else _progress_at(side, now, goal_mm) for side, goal_mm in sides)
        return Progress(left, right, _sides_difference(self), self.both)


def analysis(
    left: Sequence[Result],
    right: Sequence[Result],
    *,
    repeats_left: Sequence[Repeats] = (),
    repeats_right: Sequence[Repeats] = (),
    day_of: Callable[[datetime], date] = datetime.date,
) -> Analysis:
    """Analyse the results of both sides, in any order.

    `day_of` gives the day of a time; `repeats_...` are the trials within sessions, for the person's own error. Raises
    `ValueError` for a result that is not finite.
    """
    sides = _analyse_side(left, repeats_left, day_of), _analyse_side(right, repeats_right, day_of)
    pairs = pairs_of_sides(*(() if side is None else side.progress.counted for side in sides))
    return Analysis(*sides, tuple(changes_of_both(pairs)), sides_differ(pairs))


def analyse_progress(
    left: Sequence[Result],
    right: Sequence[Result],
    goal_mm: float,
    now: datetime,
    *,
    repeats_left: Sequence[Repeats] = (),
    repeats_right: Sequence[Repeats] = (),
    day_of: Callable[[datetime], date] = datetime.date,
) -> Progress:
    """Return a person's progress as of `now`, with one goal for both sides; see `analysis` and `Analysis.at`."""
    found = analysis(left, right, repeats_left=repeats_left, repeats_right=repeats_right, day_of=day_of)
    return found.at(now, Goals(goal_mm, goal_mm))


def _analyse_side(
    results: Sequence[Result], repeats: Sequence[Repeats], day_of: Callable[[datetime], date]
) -> SideAnalysis | None:
    if not results:
        return None
    ordered = oldest_first(results)
    tests = first_of_each_day(ordered, day_of)
    last = tests[-1]
    # Methods differ by centimetres, so a line through results of two methods would show how often each was used. Zeros
    # are not distances: a line through them would show how far the sensor measures.
    method = last.method
    same_method = [test for test in tests if test.method == method and not test.is_below_range]
    usual_mm = in_usual_circumstances(same_method)
    errors = _errors(repeats, tests, {result.contact for result in ordered}, same_method, usual_mm)
    changes = real_changes(tests)
    progress = SideProgress(
        counted=tuple(tests),
        old=False,
        outliers=frozenset(),
        error=errors[last.full, last.contact],
        trend=(),
        slope_mm_week=None,
        change_from=None,
        change_mm=None,
        chance_real=None,
        changes=tuple(changes),
        phase=Phase.UNKNOWN,
        steady_since=None,
        forecast=NO_FORECAST,
        before_after=tuple(before_after([result for result in ordered if not result.is_below_range], errors)),
        is_below_range=last.is_below_range,
    )
    if last.is_below_range:
        return SideAnalysis(progress, None, errors)
    fitted = fit_trend(same_method, _sds_mm(same_method, errors), _step_indices(same_method, changes), usual_mm)
    progress = replace(progress, outliers=frozenset(same_method[index].test_id for index in fitted.outliers))
    if len(same_method) >= MIN_TREND_TESTS:
        # Only tests in the usual circumstances prove a plateau: the habit in the others is itself an estimate.
        proving = [
            result
            for index, (result, is_usual) in enumerate(zip(same_method, fitted.usual, strict=True))
            if is_usual and index not in fitted.outliers
        ]
        progress = replace(
            progress, trend=fitted.points, habits=fitted.habits, steady_since=steady_since(proving, changes)
        )
    if len(same_method) >= MIN_CHANGE_TESTS and last.at - same_method[0].at >= _MIN_CHANGE_SPAN:
        progress = replace(
            progress,
            slope_mm_week=fitted.slope_mm_week,
            change_from=same_method[0].at,
            change_mm=fitted.change_mm,
            chance_real=_chance_real(fitted),
        )
    return SideAnalysis(progress, fitted.last_state, errors)


def _errors(
    repeats: Sequence[Repeats],
    tests: Sequence[Result],
    contacts: Collection[Contact],
    same_method: Sequence[Result],
    usual_mm: Sequence[float],
) -> dict[tuple[bool, Contact], PersonError]:
    """Return the person's errors, without what habits add to results of the last method: a habit is not an error."""
    usual = {result.test_id: mm for result, mm in zip(same_method, usual_mm, strict=True) if mm != result.mm}
    alike = [replace(test, mm=usual[test.test_id]) if test.test_id in usual else test for test in tests]
    return {
        (full, contact): error for contact in contacts for full, error in person_errors(repeats, alike, contact).items()
    }


def _progress_at(side: SideAnalysis, now: datetime, goal_mm: float) -> SideProgress:
    """Complete the analysis of one side with what depends on `now` and on the goal."""
    progress = side.progress
    last_at = progress.counted[-1].at
    state = side.state if progress.trend else None
    phase = current_phase(state, last_at, progress.changes, progress.steady_since, now)
    below_range = Forecast(False, None, None, BELOW_RANGE)
    return replace(
        progress,
        old=now - last_at > _OLD_AFTER,
        phase=phase,
        forecast=below_range if progress.is_below_range else forecast(state, last_at, phase, goal_mm, now),
    )


def _sds_mm(results: Sequence[Result], errors: Mapping[tuple[bool, Contact], PersonError]) -> list[float]:
    """Return the SD of each result: the person's own error, plus an instrument's uncertainty beyond the typical one."""
    variances = {kind: error.sem_mm**2 for kind, error in errors.items()}
    return [
        sqrt(variances[one.full, one.contact] + max(0.0, (one.uncertainty_mm or 0.0) ** 2 - _TYPICAL_VARIANCE_MM2))
        for one in results
    ]


def _step_indices(tests: Sequence[Result], changes: Sequence[RealChange]) -> set[int]:
    """Return the index of the first result after each sudden change."""
    sudden = [change.since for change in changes if change.sudden]
    return {next(index for index, test in enumerate(tests) if test.at >= since) for since in sudden} - {0}


def _chance_real(fitted: Trend) -> float:
    """Return the probability that the change exceeds the smallest worthwhile one in its direction."""
    beyond = abs(fitted.change_mm.value) - WORTHWHILE_MM
    return NormalDist().cdf(beyond / fitted.change_sd_mm) if fitted.change_sd_mm else float(beyond > 0)


def _sides_difference(found: Analysis) -> SidesDifference | None:
    """Return left minus right as of the later of the last tests, with the error of both."""
    left, right = found.left, found.right
    if left is None or right is None or left.state is None or right.state is None:
        return None
    at_left, at_right = left.progress.counted[-1].at, right.progress.counted[-1].at
    if abs(at_left - at_right) > _MAX_SIDES_APART:
        return None
    at = max(at_left, at_right)
    left_state, right_state = (
        left.state.predicted((at - at_left) / _WEEK),
        right.state.predicted((at - at_right) / _WEEK),
    )
    difference = interval_95(
        left_state.level - right_state.level, sqrt(left_state.level_variance + right_state.level_variance)
    )
    is_large = abs(difference.value) >= CLEAR_DIFFERENCE_MM and difference.low * difference.high > 0
    return SidesDifference(difference, found.sides_differ and is_large)
