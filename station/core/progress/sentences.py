"""What is said of progress in plain words: what the tests show, never what a person should be."""

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
    RealChange,
    SideProgress,
    SidesDifference,
    TrendPoint,
)

LONG_GAP = timedelta(weeks=26)
"""So long without a test is named."""
_LONG_STEADY = timedelta(weeks=13)
_MAX_START_GAP = timedelta(weeks=3)
"""So near to its beginning a trend knows where a change began."""


@dataclass(frozen=True, slots=True)
class Formatters:
    """How lengths and dates read: `length` of 94.2 mm is `9.4 cm`, `change` of it `+9.4 cm`, `day` is a date.

    `pace` is a change that is a tenth of those in size: `+1.4 mm`.
    """

    length: Callable[[float], str]
    change: Callable[[float], str]
    day: Callable[[datetime], str]
    pace: Callable[[float], str]


def side_sentences(progress: SideProgress | None, formatters: Formatters) -> list[str]:
    """What is said of one side: at least one sentence, and the first one is the answer."""
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
    """What is said of left against right."""
    if difference is None:
        return "The sides cannot be compared yet: both need a test within two weeks of each other."
    between = _interval_text(difference.difference_mm, formatters)
    more = "left" if difference.difference_mm.value > 0 else "right"
    apart = formatters.length(abs(difference.difference_mm.value))
    if not difference.clear:
        if difference.difference_mm.low <= 0 <= difference.difference_mm.high:
            return f"No clear difference between the sides. Left less right: {between}."
        common = f"differences up to {formatters.length(CLEAR_DIFFERENCE_MM)} are common"
        return f"The {more} side reaches {apart} further; {common}. Left less right: {between}."
    return f"The {more} side reaches {apart} further. Left less right: {between}."


def before_after_sentence(pair: BeforeAfter, formatters: Formatters) -> str:
    """What is said of two tests within the hour."""
    low, high = pair.change_mm.low, pair.change_mm.high
    what = "more than the measurement error" if low > 0 or high < 0 else "not more than the measurement error"
    return (
        f"Before and after, within the hour: {formatters.change(pair.change_mm.value)}, {what}. "
        "What a stretch adds lasts for some hours and is no part of the trend."
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
        return "The tests are made another way now: this one is your new starting point."
    if not progress.trend:
        return f"{formatters.length(last.mm)}, after two tests. From the third on there is a line through them."
    if progress.steady_since is not None:
        return (
            f"Steady since about {formatters.day(progress.steady_since)}: no gain or loss that would come to "
            f"{formatters.length(WORTHWHILE_MM)} in three months."
        )
    if all(test.mm == last.mm for test in same_method):
        return f"All {len(same_method)} tests came to {formatters.length(last.mm)}: no change so far."
    if progress.change_mm is None:
        return (
            f"After {len(same_method)} tests: a change takes at least {MIN_CHANGE_TESTS}, over two weeks or more, "
            "to be told."
        )
    return "Not yet more than the measurement error."


def _change_sentence(progress: SideProgress, formatters: Formatters) -> str:
    latest = progress.changes[-1]
    first = _first_in_same_direction(progress.changes)
    upwards = latest.direction is Direction.GAIN
    when = f"{'on' if first.sudden else 'since about'} {formatters.day(first.since)}"
    moved = _moved(progress, first)
    if moved is None:
        return f"A real {latest.direction} {when}, found by tests that were made another way than the last one."
    if (moved > 0) is not upwards:
        return f"A real {latest.direction} was found on {formatters.day(latest.told_at)}; it has passed since."
    sentence = f"A real change: {formatters.length(abs(moved))} {'more' if upwards else 'less'} {when}"
    if progress.steady_since is not None:
        return f"{sentence}, and steady since about {formatters.day(progress.steady_since)}."
    return f"{sentence}." if upwards else f"{sentence}. That happens, and can come back."


def _moved(said: SideProgress, change: RealChange) -> float | None:
    """How far the level is from where it was before the change, or `None` where the trend does not reach back so far.

    The first result after a step has the step in it already, so what was before is the point before it.
    """
    if change.sudden:
        before = bisect_left(said.trend, change.since, key=_at)
        return said.trend[-1].mm - said.trend[before - 1].mm if before else None
    after = bisect_left(said.trend, change.since, key=_at)
    began = min(said.trend[max(0, after - 1) : after + 1], key=lambda point: abs(point.at - change.since))
    return said.trend[-1].mm - began.mm if began.at - change.since <= _MAX_START_GAP else None


def _at(point: TrendPoint) -> datetime:
    return point.at


def _first_in_same_direction(changes: Sequence[RealChange]) -> RealChange:
    """The first of the last changes that go the same way."""
    first = changes[-1]
    for change in reversed(changes):
        if change.direction is not first.direction:
            break
        first = change
    return first


def _interval_text(estimate: Interval, formatters: Formatters) -> str:
    low, high = formatters.change(estimate.low), formatters.change(estimate.high)
    return f"{formatters.change(estimate.value)} (95 %: {low} to {high})"


def _change_so_far_sentences(progress: SideProgress, formatters: Formatters) -> list[str]:
    """The change since the starting point: with its interval only where a change was told, because an interval that is
    looked at after every test excludes zero by chance sooner or later."""
    if progress.change_mm is None or progress.change_from is None or progress.chance_real is None:
        return []
    if progress.changes:
        since = f"Since your first test of this kind, on {formatters.day(progress.change_from)}: "
        so_far = f"{since}{_interval_text(progress.change_mm, formatters)}."
    elif progress.steady_since is None:
        change = formatters.change(progress.change_mm.value)
        so_far = f"So far {change}; looking this often, that is not yet sure to be a change."
    else:
        return []
    in_100 = min(99, max(1, round(100 * progress.chance_real)))
    return [so_far, f"How likely is it more than {formatters.length(WORTHWHILE_MM)}: {in_100} of 100."]


def _gap_sentences(progress: SideProgress, formatters: Formatters) -> list[str]:
    if len(progress.counted) < 2:
        return []
    before, last = progress.counted[-2], progress.counted[-1]
    if last.at - before.at < LONG_GAP:
        return []
    return [
        f"There is no test between {formatters.day(before.at)} and {formatters.day(last.at)}; the line is a guess "
        "there."
    ]


def _pace_sentences(progress: SideProgress, formatters: Formatters) -> list[str]:
    slope = progress.slope_mm_week
    if slope is None or progress.old or progress.phase not in (Phase.GAINING, Phase.LOSING):
        return []
    low, high = formatters.pace(slope.low), formatters.pace(slope.high)
    return [f"At present {formatters.pace(slope.value)} a week (95 %: {low} to {high})."]


def _forecast_sentence(forecast: Forecast, formatters: Formatters) -> str:
    if forecast.reached:
        return "Your goal is reached."
    if forecast.earliest is None:
        return f"When your goal will be reached cannot be said yet: {forecast.why_not}."
    if forecast.latest is None:
        return f"Your goal: not before {formatters.day(forecast.earliest)}, likely; how much later cannot be said yet."
    earliest, latest = formatters.day(forecast.earliest), formatters.day(forecast.latest)
    return f"Your goal: in 8 of 10 such cases between {earliest} and {latest}."


def _health_professional_sentences(progress: SideProgress) -> list[str]:
    """The founding guide's advice, where the tests themselves are sure of three months without a gain."""
    steady = progress.steady_since
    if steady is None or progress.old or progress.forecast.reached:
        return []
    if progress.counted[-1].at - steady < _LONG_STEADY - timedelta(weeks=1):
        return []
    return ["After three months without any gain, the guide's advice is to ask a health professional."]


def _outlier_sentences(progress: SideProgress) -> list[str]:
    count = len(progress.slips)
    if not count:
        return []
    lie, them = ("One test lies", "It is") if count == 1 else (f"{count} tests lie", "They are")
    return [f"{lie} too far from the others to be believed. {them} kept and shown, and hardly weighed."]
