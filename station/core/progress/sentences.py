"""Describes progress in plain sentences: what the tests show, never what a person should reach."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from station.core.progress.analysis import CLEAR_DIFFERENCE_MM, MIN_CHANGE_TESTS
from station.core.progress.outlook import WORTHWHILE_MM
from station.core.progress.records import (
    BeforeAfter,
    Direction,
    Forecast,
    Interval,
    Phase,
    Progress,
    RealChange,
    SideProgress,
    SidesDifference,
    TrendPoint,
)

LONG_GAP = timedelta(weeks=26)
"""A longer time without a test is mentioned."""
_LONG_STEADY = timedelta(weeks=13)
_MAX_START_GAP = timedelta(weeks=3)
"""How far the trend's nearest point may be from the start of a change to give the level there."""


@dataclass(frozen=True, slots=True)
class Formatters:
    """Formats numbers and dates for the page: `length` of 94.2 mm is `9.4 cm`, `change` of it `+9.4 cm`, `day` a date.

    `pace` formats smaller changes with one more digit: `+1.4 mm`.
    """

    length: Callable[[float], str]
    change: Callable[[float], str]
    day: Callable[[datetime], str]
    pace: Callable[[float], str]


def summary_sentence(progress: Progress, formatters: Formatters) -> str:
    """Return one sentence about both sides: whether a change is real."""
    sides = progress.left, progress.right
    known = [side for side in sides if side is not None]
    finding = _both_sides(sides, formatters)
    if not known or not all(side.old for side in known):
        return finding
    last = max(side.counted[-1].at for side in known)
    return f"At the last test, on {formatters.day(last)}: {finding[0].lower()}{finding[1:]}"


def _both_sides(sides: tuple[SideProgress | None, SideProgress | None], formatters: Formatters) -> str:
    left, right = (_summary(side, formatters) for side in sides)
    if left == right:
        return f"Both sides: {left}."
    gains = [_gain(side, formatters) for side in sides]
    if all(gains):
        return f"A real gain on both sides: left {gains[0]}, right {gains[1]}."
    starts = [_start(side, formatters) for side in sides]
    if all(starts):
        return f"Your starting point: left {starts[0]}, right {starts[1]}."
    return f"Left: {left}; right: {right}."


def side_sentences(progress: SideProgress | None, formatters: Formatters) -> list[str]:
    """Return the sentences about one side: at least one, and the first is the main finding."""
    if progress is None:
        return ["Not tested yet: the first test is your starting point."]
    sentences = [
        _headline(progress, formatters),
        *_change_so_far_sentences(progress, formatters),
        *_gap_sentences(progress, formatters),
    ]
    if progress.trend:
        sentences += [
            *_pace_sentences(progress, formatters),
            _forecast_sentence(progress.forecast, formatters),
            *_health_professional_sentences(progress),
        ]
    return [*sentences, *_outlier_sentences(progress)]


def difference_sentence(difference: SidesDifference | None, formatters: Formatters) -> str:
    """Return the sentence that compares left with right."""
    if difference is None:
        return "The sides cannot be compared yet: both need a test within two weeks of each other."
    between = _interval_text(difference.difference_mm, formatters)
    more = "left" if difference.difference_mm.value > 0 else "right"
    apart = formatters.length(abs(difference.difference_mm.value))
    if not difference.clear:
        if difference.difference_mm.low <= 0 <= difference.difference_mm.high:
            return f"No clear difference between the sides. Left minus right: {between}."
        common = f"differences up to {formatters.length(CLEAR_DIFFERENCE_MM)} are common"
        return f"The {more} side reaches {apart} further; {common}. Left minus right: {between}."
    return f"The {more} side reaches {apart} further. Left minus right: {between}."


def before_after_sentence(pair: BeforeAfter, formatters: Formatters) -> str:
    """Return the sentences about two tests within an hour."""
    low, high = pair.change_mm.low, pair.change_mm.high
    what = "more than the measurement error" if low > 0 or high < 0 else "not more than the measurement error"
    return (
        f"Before and after, within an hour: {formatters.change(pair.change_mm.value)}, {what}. "
        "The effect of a stretch lasts for some hours, so the trend leaves it out."
    )


def _headline(progress: SideProgress, formatters: Formatters) -> str:
    answer = _headline_finding(progress, formatters)
    if not progress.old:
        return answer
    return f"At the last test, on {formatters.day(progress.counted[-1].at)}, {answer[0].lower()}{answer[1:]}"


def _headline_finding(progress: SideProgress, formatters: Formatters) -> str:
    last = progress.counted[-1]
    if len(progress.counted) == 1:
        return f"{formatters.length(last.mm)}: your starting point."
    if progress.trend and progress.changes:
        return _change_sentence(progress, formatters)
    same_method = [test for test in progress.counted if test.method == last.method]
    if len(same_method) == 1:
        return "Your tests now use another method: this one is your new starting point."
    if not progress.trend:
        return f"{formatters.length(last.mm)}, after two tests. The line starts with the third."
    if progress.steady_since is not None:
        return (
            f"Steady since about {formatters.day(progress.steady_since)}: no gain or loss as large as "
            f"{formatters.length(WORTHWHILE_MM)} in three months."
        )
    if all(test.mm == last.mm for test in same_method):
        return f"All {len(same_method)} tests gave {formatters.length(last.mm)}: no change so far."
    if progress.change_mm is None:
        return (
            f"After {len(same_method)} tests: it takes at least {MIN_CHANGE_TESTS}, over two weeks or more, "
            "to show a change."
        )
    return "No change beyond the measurement error yet."


def _change_sentence(progress: SideProgress, formatters: Formatters) -> str:
    latest = progress.changes[-1]
    first = _first_in_same_direction(progress.changes)
    upwards = latest.direction is Direction.GAIN
    when = f"{'on' if first.sudden else 'since about'} {formatters.day(first.since)}"
    moved = _moved(progress, first)
    if moved is None:
        return f"A real {latest.direction} {when}, found by another test method than the last test's."
    if (moved > 0) is not upwards:
        return (
            f"A real {latest.direction} was found on {formatters.day(latest.confirmed_at)}; it has since been reversed."
        )
    sentence = f"A real change: {formatters.length(abs(moved))} {'more' if upwards else 'less'} {when}"
    if progress.steady_since is not None:
        return f"{sentence}, and steady since about {formatters.day(progress.steady_since)}."
    return f"{sentence}." if upwards else f"{sentence}. This happens, and you can regain it."


def _moved(progress: SideProgress, change: RealChange) -> float | None:
    """Return the difference in mm from before the change to the last test, `None` where the trend starts too late.

    The first result after a step includes the step, so the level before is that of the point before it.
    """
    trend = progress.trend
    after = bisect_left(trend, change.since, key=_at)
    if change.sudden:
        return trend[-1].mm - trend[after - 1].mm if after else None
    began = min(trend[max(0, after - 1) : after + 1], key=lambda point: abs(point.at - change.since))
    return trend[-1].mm - began.mm if began.at - change.since <= _MAX_START_GAP else None


def _at(point: TrendPoint) -> datetime:
    return point.at


def _first_in_same_direction(changes: Sequence[RealChange]) -> RealChange:
    """Return the first of the latest consecutive changes in one direction."""
    first = changes[-1]
    for change in reversed(changes):
        if change.direction is not first.direction:
            break
        first = change
    return first


def _summary(progress: SideProgress | None, formatters: Formatters) -> str:
    """Return what is known about a change of one side, as a clause."""
    if progress is None:
        return "not tested yet"
    start, gain = _start(progress, formatters), _gain(progress, formatters)
    if start is not None:
        return f"{start}, your starting point"
    if gain is not None:
        return f"a real gain of {gain}"
    if progress.trend and progress.changes:
        return _other_change(progress, formatters)
    if progress.steady_since is not None:
        return f"steady since about {formatters.day(progress.steady_since)}"
    return (
        "too few tests to show a change" if progress.change_mm is None else "no change beyond the measurement error yet"
    )


def _start(progress: SideProgress | None, formatters: Formatters) -> str | None:
    """Return the only result of a side, `None` if there are none or several."""
    if progress is None or len(progress.counted) != 1:
        return None
    return formatters.length(progress.counted[0].mm)


def _gain(progress: SideProgress | None, formatters: Formatters) -> str | None:
    """Return how much a side has really gained, `None` if it has not."""
    if progress is None or not progress.trend or not progress.changes:
        return None
    moved = _moved(progress, _first_in_same_direction(progress.changes))
    is_gain = progress.changes[-1].direction is Direction.GAIN and moved is not None and moved > 0
    return formatters.length(moved) if moved is not None and is_gain else None


def _other_change(progress: SideProgress, formatters: Formatters) -> str:
    """Return the latest real change where it is not a gain that lasts, as a clause."""
    latest = progress.changes[-1]
    moved = _moved(progress, _first_in_same_direction(progress.changes))
    if moved is None:
        return f"a real {latest.direction}, found by another test method than the last test's"
    if (moved > 0) is (latest.direction is Direction.GAIN):
        return f"a real loss of {formatters.length(-moved)}, which can be regained"
    return f"the real {latest.direction} of {formatters.day(latest.confirmed_at)} has been reversed"


def _interval_text(estimate: Interval, formatters: Formatters) -> str:
    low, high = formatters.change(estimate.low), formatters.change(estimate.high)
    return f"{formatters.change(estimate.value)} (95 %: {low} to {high})"


def _change_so_far_sentences(progress: SideProgress, formatters: Formatters) -> list[str]:
    """Describe the change since the starting point. Its interval is shown only after a real change: checked after every
    test, an interval excludes zero by chance sooner or later."""
    if progress.change_mm is None or progress.change_from is None or progress.chance_real is None:
        return []
    if progress.changes:
        since = f"Since your first test of this kind, on {formatters.day(progress.change_from)}: "
        so_far = f"{since}{_interval_text(progress.change_mm, formatters)}."
    elif progress.steady_since is None:
        change = formatters.change(progress.change_mm.value)
        so_far = f"So far {change}, which may still be chance."
    else:
        return []
    percent = min(99, max(1, round(100 * progress.chance_real)))
    return [so_far, f"Chance that the real change exceeds {formatters.length(WORTHWHILE_MM)}: {percent} %."]


def _gap_sentences(progress: SideProgress, formatters: Formatters) -> list[str]:
    if len(progress.counted) < 2:
        return []
    before, last = progress.counted[-2], progress.counted[-1]
    if last.at - before.at < LONG_GAP:
        return []
    return [
        f"There is no test between {formatters.day(before.at)} and {formatters.day(last.at)}: the line there is only "
        "an estimate."
    ]


def _pace_sentences(progress: SideProgress, formatters: Formatters) -> list[str]:
    slope = progress.slope_mm_week
    if slope is None or progress.old or progress.phase not in (Phase.GAINING, Phase.LOSING):
        return []
    low, high = formatters.pace(slope.low), formatters.pace(slope.high)
    return [f"At present {formatters.pace(slope.value)} a week (95 %: {low} to {high})."]


def _forecast_sentence(forecast: Forecast, formatters: Formatters) -> str:
    if forecast.reached:
        return "You have reached your goal."
    if forecast.earliest is None:
        return f"No date for your goal yet: {forecast.why_not}."
    if forecast.latest is None:
        return f"Your goal: probably not before {formatters.day(forecast.earliest)}; a latest date is not yet known."
    earliest, latest = formatters.day(forecast.earliest), formatters.day(forecast.latest)
    return f"Your goal: between {earliest} and {latest} (80 % likely)."


def _health_professional_sentences(progress: SideProgress) -> list[str]:
    """The founding guide's advice, where the tests prove three months without a gain."""
    steady = progress.steady_since
    if steady is None or progress.old or progress.forecast.reached:
        return []
    if progress.counted[-1].at - steady < _LONG_STEADY - timedelta(weeks=1):
        return []
    return ["After three months without any gain, the guide recommends seeing a health professional."]


def _outlier_sentences(progress: SideProgress) -> list[str]:
    count = len(progress.outliers)
    if not count:
        return []
    if count == 1:
        return ["One test looks like an outlier: it is shown, but given little weight."]
    return [f"{count} tests look like outliers: they are shown, but given little weight."]
