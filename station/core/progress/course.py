"""What became of a side's real changes: how much of the last one remains at the last test, and how far it went."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from math import hypot

from msgspec import Struct

from station.core.progress.records import Direction, Progress, RealChange, Result, SideProgress, TrendPoint

_MAX_START_GAP = timedelta(weeks=3)
"""How far the trend's nearest point may be from the start of a change to give the level there."""
_RECENT = timedelta(weeks=6)
_CAUTION = 2.0
"""How many times its error a return must be if part of the change remains, or if it overshot the start: the farthest
point of a steady trend is a chance high, so a return from it exceeds its error too often."""


class Outcome(StrEnum):
    """What remains of a real change at the last test.

    - `lasting`: it exceeds the error.
    - `partial`: some of it exceeds the error, and it was once larger by more than the error.
    - `returned`: it came back to within the error.
    - `reversed`: it came back and went beyond its start by more than the error.
    - `open`: it is real, but neither its amount nor a return exceeds the error.
    - `unmeasured`: no test of the last one's method shows the level before it.
    - `from_below`: the level before it was below range.
    """

    LASTING = "lasting"
    PARTIAL = "partial"
    RETURNED = "returned"
    REVERSED = "reversed"
    OPEN = "open"
    UNMEASURED = "unmeasured"
    FROM_BELOW = "from below"


class Course(Struct, frozen=True):
    """The last real change in one direction, or the one before it if that is what came back.

    `mm` is its amount at the last test, `farthest_mm` its amount at `farthest_at`, both in its direction. `farthest_at`
    is `None` if that never exceeded the error. `is_at_least`: some tests around its start were below range, so the
    level there was lower than the others show.
    """

    direction: Direction
    since: datetime
    confirmed_at: datetime
    outcome: Outcome
    mm: float = 0.0
    farthest_mm: float = 0.0
    farthest_at: datetime | None = None
    is_at_least: bool = False


class ChangeOfBoth(Struct, frozen=True):
    """A real change of the mean of both sides since about `since`; `mm` is what remains of it, `None` if that is within
    the error.
    """

    direction: Direction
    since: datetime
    mm: float | None


def course_of(progress: SideProgress) -> Course | None:
    """Return what became of the real changes of a side, `None` without one, without a trend, or below range."""
    if not progress.trend or not progress.changes or progress.counted[-1].is_below_range:
        return None
    runs = [list(run) for _, run in groupby(progress.changes, key=lambda change: change.direction)]
    if len(runs) > 1:
        turned = _course_of_run(progress, runs[-2])
        is_gain_lost = turned.outcome is Outcome.REVERSED and turned.direction is Direction.GAIN
        if turned.outcome in (Outcome.RETURNED, Outcome.PARTIAL) or is_gain_lost:
            return turned
    return _course_of_run(progress, runs[-1])


def is_course_recent(course: Course, progress: SideProgress) -> bool:
    """Return whether the change was confirmed in the six weeks before the last test."""
    return progress.counted[-1].at - course.confirmed_at <= _RECENT


def change_of_both(progress: Progress) -> ChangeOfBoth | None:
    """Return the last real change of the mean of both sides, `None` if a side has one of its own since then.

    It is also `None` if the mean has come back, or if a side's trend starts too late to show it.
    """
    sides = [side for side in (progress.left, progress.right) if side is not None]
    if len(sides) < 2 or not progress.both:
        return None
    change = progress.both[-1]
    is_alone = all(
        side.trend and side.steady_since is None and not any(own.confirmed_at >= change.since for own in side.changes)
        for side in sides
    )
    if not is_alone or any(side.counted[-1].is_below_range for side in sides):
        return None
    starts = [_start_index(side.trend, change) for side in sides]
    ends = [(side.trend[start], side.trend[-1]) for side, start in zip(sides, starts, strict=True) if start is not None]
    if len(ends) < len(sides):
        return None
    sign = 1 if change.direction is Direction.GAIN else -1
    mm = sign * sum(present.mm - before.mm for before, present in ends) / len(ends)
    error_mm = hypot(*(_error_mm(before, present) for before, present in ends)) / len(ends)
    return ChangeOfBoth(change.direction, change.since, mm if mm > error_mm else None) if mm > 0 else None


def _course_of_run(progress: SideProgress, run: Sequence[RealChange]) -> Course:
    """Return what became of consecutive changes in one direction."""
    first, last, trend = run[0], run[-1], progress.trend
    start = _start_index(trend, first)
    if start is None:
        earlier_zero = any(test.is_below_range for test in progress.counted if test.at < trend[0].at)
        outcome = Outcome.FROM_BELOW if earlier_zero else Outcome.UNMEASURED
        return Course(first.direction, first.since, last.confirmed_at, outcome)
    sign = 1 if first.direction is Direction.GAIN else -1
    before, present = trend[start], trend[-1]
    whole = progress.change_mm if start == 0 else None
    error_mm = _error_mm(before, present) if whole is None else (whole.high - whole.low) / 2
    farthest = max(trend[start:], key=lambda point: sign * point.mm)
    mm, farthest_mm = sign * (present.mm - before.mm), sign * (farthest.mm - before.mm)
    has_gone = farthest_mm > _error_mm(before, farthest)
    back_mm, back_error_mm = farthest_mm - mm, _error_mm(farthest, present)
    if mm > error_mm:
        outcome = Outcome.PARTIAL if back_mm > _CAUTION * back_error_mm else Outcome.LASTING
    elif mm < -(_CAUTION if has_gone else 1.0) * error_mm:
        outcome = Outcome.REVERSED
    else:
        outcome = Outcome.RETURNED if has_gone and back_mm > back_error_mm else Outcome.OPEN
    return Course(
        *(first.direction, first.since, last.confirmed_at, outcome, max(0.0, mm), farthest_mm),
        *(farthest.at if has_gone else None, has_zeros_from(progress, before.at)),
    )


def has_zeros_from(progress: SideProgress, at: datetime) -> bool:
    """Return whether any test since three weeks before `at` was below range."""
    counted = progress.counted
    return any(test.is_below_range for test in counted[bisect_left(counted, at - _MAX_START_GAP, key=_at) :])


def _start_index(trend: Sequence[TrendPoint], change: RealChange) -> int | None:
    """Return the index of the point with the level before the change, `None` if the trend starts too late.

    The first result after a step includes the step, so the level before is that of the previous point.
    """
    after = bisect_left(trend, change.since, key=_at)
    if change.sudden:
        return after - 1 if after else None
    start = min(range(max(0, after - 1), min(after + 1, len(trend))), key=lambda at: abs(trend[at].at - change.since))
    return start if trend[start].at - change.since <= _MAX_START_GAP else None


def _error_mm(one: TrendPoint, other: TrendPoint) -> float:
    """Return the half width of the 95 % interval of the difference of two levels, as if they were independent.

    Levels of one trend depend on each other positively, so the true one is smaller.
    """
    return hypot(one.high_mm - one.low_mm, other.high_mm - other.low_mm) / 2


def _at(point: TrendPoint | Result) -> datetime:
    return point.at
