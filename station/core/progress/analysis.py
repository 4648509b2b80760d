"""What the tests of a person say: am I better, by how much, since when, and when will I be there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import NormalDist

from station.core.progress.change import real_changes
from station.core.progress.counting import before_after, counted, in_order
from station.core.progress.outlook import WORTHWHILE_MM, forecast, phase, steady_since
from station.core.progress.person_error import Repeats, person_errors
from station.core.progress.records import (
    Interval,
    PersonError,
    Progress,
    RealChange,
    Result,
    SideProgress,
    SidesDifference,
)
from station.core.progress.trend import State, Trend, interval, slips, trend

TREND_TESTS = 3
"""With fewer there is nothing to draw a trend through."""
CHANGE_TESTS = 6
_CHANGE_OVER = timedelta(weeks=2)
"""With fewer, or in less time, days that go together pass for a level that is known and a slope that is none."""
_OLD = timedelta(weeks=6)
_TOGETHER = timedelta(weeks=2)
CLEAR_MM = 15.0
"""Below this, uneven ankles are common: 68 % of healthy people lie within it (Hoch and McKeon 2011)."""
_TYPICAL_MM = 1.6
"""What a calibrated instrument adds is part of the person's error; more than this counts on top."""
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class _Side:
    said: SideProgress
    now: State
    """At the last counted result."""


def progress(
    left: Sequence[Result],
    right: Sequence[Result],
    goal_mm: float,
    now: datetime,
    *,
    repeats_left: Sequence[Repeats] = (),
    repeats_right: Sequence[Repeats] = (),
    day_of: Callable[[datetime], date] = datetime.date,
) -> Progress:
    """All that is said of a person at `now`, from the results of both sides in any order.

    `goal_mm` is the person's own; `day_of` says which day a time belongs to; `repeats_...` are the trials within
    sittings, for the person's own error. Raises `ValueError` for a result that is no number.
    """
    sides = _side(left, goal_mm, now, repeats_left, day_of), _side(right, goal_mm, now, repeats_right, day_of)
    return Progress(
        sides[0].said if sides[0] else None,
        sides[1].said if sides[1] else None,
        _difference(*sides),
    )


def _side(
    results: Sequence[Result],
    goal_mm: float,
    now: datetime,
    repeats: Sequence[Repeats],
    day_of: Callable[[datetime], date],
) -> _Side | None:
    if not results:
        return None
    ordered = in_order(results)
    tests = counted(ordered, day_of)
    errors = {
        (full, contact): error
        for contact in {result.contact for result in ordered}
        for full, error in person_errors(repeats, tests, contact).items()
    }
    last = tests[-1]
    changes = real_changes(tests)
    # Ways of measuring lie centimetres apart, so a line through two of them would tell of how often each was used.
    alike = [result for result in tests if result.method == last.method]
    sds_mm = [_sd_mm(result, errors[result.full, result.contact]) for result in alike]
    breaks = _steps(alike, changes)
    slipped = slips(alike, sds_mm, breaks)
    found = trend(alike, sds_mm, slipped, breaks)
    drawn = len(alike) >= TREND_TESTS
    state = found.now if drawn else None
    kept = [result for index, result in enumerate(alike) if index not in slipped]
    steady = steady_since(kept, changes) if drawn else None
    going_on = phase(state, last.at, changes, steady, now)
    compared = len(alike) >= CHANGE_TESTS and last.at - alike[0].at >= _CHANGE_OVER
    said = SideProgress(
        counted=tuple(tests),
        old=now - last.at > _OLD,
        slips=frozenset(alike[index].test_id for index in slipped),
        error=errors[last.full, last.contact],
        trend=found.points if drawn else (),
        slope_mm_week=found.slope_mm_week if compared else None,
        change_from=alike[0].at if compared else None,
        change_mm=found.change_mm if compared else None,
        chance_real=_chance_real(found) if compared else None,
        changes=tuple(changes),
        phase=going_on,
        steady_since=steady,
        forecast=forecast(state, last.at, going_on, goal_mm, now),
        before_after=tuple(before_after(ordered, errors)),
    )
    return _Side(said, found.now)


def _sd_mm(result: Result, error: PersonError) -> float:
    """The error of one result: the person's own, and what its instrument adds beyond what is usual."""
    uncertainty = result.uncertainty_mm or 0.0
    return sqrt(error.sem_mm**2 + max(0.0, uncertainty**2 - _TYPICAL_MM**2))


def _steps(tests: Sequence[Result], changes: Sequence[RealChange]) -> set[int]:
    """The first result after each sudden change."""
    sudden = [change.since for change in changes if change.sudden]
    return {next(index for index, test in enumerate(tests) if test.at >= since) for since in sudden} - {0}


def _chance_real(found: Trend) -> float:
    """The probability that the change exceeds the smallest worthwhile one, in its direction."""
    beyond = abs(found.change_mm.value) - WORTHWHILE_MM
    return NormalDist().cdf(beyond / found.change_sd_mm) if found.change_sd_mm else float(beyond > 0)


def _difference(left: _Side | None, right: _Side | None) -> SidesDifference | None:
    """Left less right at the later of the last tests, with the error of both together."""
    if left is None or right is None:
        return None
    at_left, at_right = left.said.counted[-1].at, right.said.counted[-1].at
    if abs(at_left - at_right) > _TOGETHER:
        return None
    at = max(at_left, at_right)
    here, there = left.now.after((at - at_left) / _WEEK), right.now.after((at - at_right) / _WEEK)
    difference = interval(here.level - there.level, sqrt(here.level_variance + there.level_variance))
    return SidesDifference(difference, _is_clear(difference))


def _is_clear(difference: Interval) -> bool:
    return abs(difference.value) >= CLEAR_MM and difference.low * difference.high > 0
