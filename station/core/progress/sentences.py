"""What is said of progress in plain words: what the tests show, never what a person should be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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


@dataclass(frozen=True, slots=True)
class Words:
    """How lengths and dates read: `length` of 94.2 mm is `9.4 cm`, `change` of it `+9.4 cm`, `day` is a date."""

    length: Callable[[float], str]
    change: Callable[[float], str]
    day: Callable[[datetime], str]


def of_side(said: SideProgress | None, words: Words) -> list[str]:
    """What is said of one side: at least one sentence, and the first one is the answer."""
    if said is None:
        return ["Not tested yet: the first test is your starting point."]
    sentences = [_answer(said, words), *_gap(said, words)]
    if said.trend:
        sentences += [*_pace(said, words), _outlook(said.forecast, words), *_guide(said)]
    return [*sentences, *_slips(said)]


def of_difference(difference: SidesDifference | None, words: Words) -> str:
    """What is said of left against right."""
    if difference is None:
        return "The sides cannot be compared yet: both need a test within two weeks of each other."
    between = _between(difference.difference_mm, words)
    if not difference.clear:
        return f"No clear difference between the sides. Left less right: {between}."
    more = "left" if difference.difference_mm.value > 0 else "right"
    apart = words.length(abs(difference.difference_mm.value))
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
    counted, last = said.counted, said.counted[-1]
    if len(counted) == 1:
        return f"{words.length(last.mm)}: your starting point."
    if not said.trend:
        return f"{words.length(last.mm)}, after two tests. From the third on there is a line through them."
    if said.changes:
        return _changed(said, words)
    if said.steady_since is not None:
        return (
            f"Steady since about {words.day(said.steady_since)}: no gain or loss that would come to "
            f"{words.length(6.0)} in three months."
        )
    if all(test.mm == last.mm for test in counted):
        return f"All {len(counted)} tests came to {words.length(last.mm)}: no change so far."
    if said.change_mm is None:
        return "The tests are made another way now: this one is your new starting point."
    return f"Not yet more than the measurement error: {_between(said.change_mm, words, ' since your starting point')}."


def _changed(said: SideProgress, words: Words) -> str:
    latest = said.changes[-1]
    first = _first_alike(said.changes)
    began = min(said.trend, key=lambda point: abs(point.at - first.since))
    moved = said.trend[-1].mm - began.mm
    upwards = latest.direction is Direction.GAIN
    when = f"{'on' if first.sudden else 'since about'} {words.day(first.since)}"
    if (moved > 0) is not upwards:
        return f"A real {'gain' if upwards else 'loss'} was found on {words.day(latest.told_at)}; it has passed since."
    if upwards:
        sentence = f"A real change: {words.length(moved)} more {when}"
    else:
        sentence = f"A real change: {words.length(-moved)} less {when}"
    if said.steady_since is not None:
        return f"{sentence}, and steady since about {words.day(said.steady_since)}."
    return f"{sentence}." if upwards else f"{sentence}. That happens, and can come back."


def _first_alike(changes: Sequence[RealChange]) -> RealChange:
    """The first of the last changes that go the same way."""
    first = changes[-1]
    for change in reversed(changes):
        if change.direction is not first.direction:
            break
        first = change
    return first


def _between(estimate: Interval, words: Words, of: str = "") -> str:
    return f"{words.change(estimate.value)}{of} (95 %: {words.change(estimate.low)} to {words.change(estimate.high)})"


def _gap(said: SideProgress, words: Words) -> list[str]:
    if len(said.counted) < 2:
        return []
    before, last = said.counted[-2], said.counted[-1]
    if last.at - before.at < GAP:
        return []
    return [f"There is no test between {words.day(before.at)} and {words.day(last.at)}; the line is a guess there."]


def _pace(said: SideProgress, words: Words) -> list[str]:
    slope = said.slope_mm_week
    if slope is None or said.phase not in (Phase.GAINING, Phase.LOSING):
        return []
    return [f"At present {_between(slope, words, ' a week')}."]


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
    if steady is None or said.forecast.reached or said.counted[-1].at - steady < _LONG_STEADY - timedelta(weeks=1):
        return []
    return ["After three months without any gain, the guide's advice is to ask a health professional."]


def _slips(said: SideProgress) -> list[str]:
    count = len(said.slips)
    if not count:
        return []
    lie, them = ("One test lies", "It is") if count == 1 else (f"{count} tests lie", "They are")
    return [f"{lie} too far from the others to be believed. {them} kept and shown, and hardly weighed."]
