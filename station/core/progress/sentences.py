"""What is said of progress in plain words: what the tests show, never what a person should be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from station.core.progress.analysis import CHANGE_TESTS, CLEAR_MM
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
)

GAP = timedelta(weeks=26)
"""So long without a test is named."""
_LONG_STEADY = timedelta(weeks=13)
_NEAR = timedelta(weeks=3)
"""So near to its beginning a trend knows where a change began."""


@dataclass(frozen=True, slots=True)
class Words:
    """How lengths and dates read: `length` of 94.2 mm is `9.4 cm`, `change` of it `+9.4 cm`, `day` is a date.

    `pace` is a change that is a tenth of those in size: `+1.4 mm`.
    """

    length: Callable[[float], str]
    change: Callable[[float], str]
    day: Callable[[datetime], str]
    pace: Callable[[float], str]


def of_side(said: SideProgress | None, words: Words) -> list[str]:
    """What is said of one side: at least one sentence, and the first one is the answer."""
    if said is None:
        return ["Not tested yet: the first test is your starting point."]
    sentences = [_answer(said, words), *_so_far(said, words), *_gap(said, words)]
    if said.trend:
        sentences += [*_pace(said, words), _outlook(said.forecast, words), *_guide(said)]
    return [*sentences, *_slips(said)]


def of_difference(difference: SidesDifference | None, words: Words) -> str:
    """What is said of left against right."""
    if difference is None:
        return "The sides cannot be compared yet: both need a test within two weeks of each other."
    between = _between(difference.difference_mm, words)
    more = "left" if difference.difference_mm.value > 0 else "right"
    apart = words.length(abs(difference.difference_mm.value))
    if not difference.clear:
        if difference.difference_mm.low <= 0 <= difference.difference_mm.high:
            return f"No clear difference between the sides. Left less right: {between}."
        common = f"differences up to {words.length(CLEAR_MM)} are common"
        return f"The {more} side reaches {apart} further; {common}. Left less right: {between}."
    return f"The {more} side reaches {apart} further. Left less right: {between}."


def of_pair(pair: BeforeAfter, words: Words) -> str:
    """What is said of two tests within the hour."""
    low, high = pair.change_mm.low, pair.change_mm.high
    what = "more than the measurement error" if low > 0 or high < 0 else "not more than the measurement error"
    return (
        f"Before and after, within the hour: {words.change(pair.change_mm.value)}, {what}. "
        "What a stretch adds lasts for some hours and is no part of the trend."
    )


def _answer(said: SideProgress, words: Words) -> str:
    answer = _found(said, words)
    if not said.old:
        return answer
    return f"At the last test, on {words.day(said.counted[-1].at)}, {answer[0].lower()}{answer[1:]}"


def _found(said: SideProgress, words: Words) -> str:
    last = said.counted[-1]
    alike = [test for test in said.counted if test.method == last.method]
    if len(said.counted) == 1:
        return f"{words.length(last.mm)}: your starting point."
    if len(alike) == 1:
        return "The tests are made another way now: this one is your new starting point."
    if not said.trend:
        return f"{words.length(last.mm)}, after two tests. From the third on there is a line through them."
    if said.changes:
        return _changed(said, words)
    if said.steady_since is not None:
        return (
            f"Steady since about {words.day(said.steady_since)}: no gain or loss that would come to "
            f"{words.length(WORTHWHILE_MM)} in three months."
        )
    if all(test.mm == last.mm for test in alike):
        return f"All {len(alike)} tests came to {words.length(last.mm)}: no change so far."
    if said.change_mm is None:
        return f"After {len(alike)} tests: a change takes at least {CHANGE_TESTS}, over two weeks or more, to be told."
    return "Not yet more than the measurement error."


def _changed(said: SideProgress, words: Words) -> str:
    latest = said.changes[-1]
    first = _first_alike(said.changes)
    upwards = latest.direction is Direction.GAIN
    when = f"{'on' if first.sudden else 'since about'} {words.day(first.since)}"
    moved = _moved(said, first)
    if moved is None:
        return f"A real {latest.direction} {when}, found by tests that were made another way than the last one."
    if (moved > 0) is not upwards:
        return f"A real {latest.direction} was found on {words.day(latest.told_at)}; it has passed since."
    sentence = f"A real change: {words.length(abs(moved))} {'more' if upwards else 'less'} {when}"
    if said.steady_since is not None:
        return f"{sentence}, and steady since about {words.day(said.steady_since)}."
    return f"{sentence}." if upwards else f"{sentence}. That happens, and can come back."


def _moved(said: SideProgress, change: RealChange) -> float | None:
    """How far the level is from where it was before the change, or `None` where the trend does not reach back so far.

    The first result after a step has the step in it already, so what was before is the point before it.
    """
    if change.sudden:
        before = [point for point in said.trend if point.at < change.since]
        return said.trend[-1].mm - before[-1].mm if before else None
    began = min(said.trend, key=lambda point: abs(point.at - change.since))
    return said.trend[-1].mm - began.mm if began.at - change.since <= _NEAR else None


def _first_alike(changes: Sequence[RealChange]) -> RealChange:
    """The first of the last changes that go the same way."""
    first = changes[-1]
    for change in reversed(changes):
        if change.direction is not first.direction:
            break
        first = change
    return first


def _between(estimate: Interval, words: Words) -> str:
    return f"{words.change(estimate.value)} (95 %: {words.change(estimate.low)} to {words.change(estimate.high)})"


def _so_far(said: SideProgress, words: Words) -> list[str]:
    """The change since the starting point: with its interval only where a change was told, because an interval that is
    looked at after every test excludes zero by chance sooner or later."""
    if said.change_mm is None or said.change_from is None or said.chance_real is None:
        return []
    if said.changes:
        since = f"Since your first test of this kind, on {words.day(said.change_from)}: "
        so_far = f"{since}{_between(said.change_mm, words)}."
    elif said.steady_since is None:
        change = words.change(said.change_mm.value)
        so_far = f"So far {change}; looking this often, that is not yet sure to be a change."
    else:
        return []
    in_100 = min(99, max(1, round(100 * said.chance_real)))
    return [so_far, f"How likely is it more than {words.length(WORTHWHILE_MM)}: {in_100} of 100."]


def _gap(said: SideProgress, words: Words) -> list[str]:
    if len(said.counted) < 2:
        return []
    before, last = said.counted[-2], said.counted[-1]
    if last.at - before.at < GAP:
        return []
    return [f"There is no test between {words.day(before.at)} and {words.day(last.at)}; the line is a guess there."]


def _pace(said: SideProgress, words: Words) -> list[str]:
    slope = said.slope_mm_week
    if slope is None or said.old or said.phase not in (Phase.GAINING, Phase.LOSING):
        return []
    low, high = words.pace(slope.low), words.pace(slope.high)
    return [f"At present {words.pace(slope.value)} a week (95 %: {low} to {high})."]


def _outlook(forecast: Forecast, words: Words) -> str:
    if forecast.reached:
        return "Your goal is reached."
    if forecast.earliest is None:
        return f"When your goal will be reached cannot be said yet: {forecast.why_not}."
    if forecast.latest is None:
        return f"Your goal: not before {words.day(forecast.earliest)}, likely; how much later cannot be said yet."
    return f"Your goal: in 8 of 10 such cases between {words.day(forecast.earliest)} and {words.day(forecast.latest)}."


def _guide(said: SideProgress) -> list[str]:
    """The founding guide's advice, where the tests themselves are sure of three months without a gain."""
    steady = said.steady_since
    if steady is None or said.old or said.forecast.reached:
        return []
    if said.counted[-1].at - steady < _LONG_STEADY - timedelta(weeks=1):
        return []
    return ["After three months without any gain, the guide's advice is to ask a health professional."]


def _slips(said: SideProgress) -> list[str]:
    count = len(said.slips)
    if not count:
        return []
    lie, them = ("One test lies", "It is") if count == 1 else (f"{count} tests lie", "They are")
    return [f"{lie} too far from the others to be believed. {them} kept and shown, and hardly weighed."]
