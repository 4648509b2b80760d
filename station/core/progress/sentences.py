"""Describes progress in plain sentences: what the tests show, never what a person should reach.

A sentence gives an amount only if the tests show it beyond the error, and none contradicts another one beside it. A
distance of 0 is a bound: it has no error, and no difference is computed from it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from station.core.progress.analysis import CLEAR_DIFFERENCE_MM, MIN_CHANGE_TESTS, MIN_TREND_TESTS
from station.core.progress.counting import PRACTICE_TESTS
from station.core.progress.course import Course, Outcome, change_of_both, course_of, has_zeros_from, is_course_recent
from station.core.progress.outlook import WORTHWHILE_MM
from station.core.progress.records import Direction, Forecast, Interval, Phase, Progress, SideProgress

LONG_GAP = timedelta(weeks=26)
"""A longer gap without a test is mentioned."""
_LONG_STEADY = timedelta(weeks=13)
_MIN_SHOWN_MM = 0.5
"""Anything less would be shown as 0."""
_MIN_APART_MM = 5.0
"""A smaller difference of sides that is not clear is not mentioned."""
_MIN_TURNS = 3
"""This many real changes, each opposite to the one before, are ups and downs."""
_KNEE_SHORT = "does not reach the wall yet"
_IF_IT_HURTS = "If it hurts, see a health professional."


class Formatters(Struct, frozen=True):
    """Formats numbers and dates for the page: `length` of 94.2 mm is `9.4 cm`, `change` of it `+9.4 cm`, `day` a date.

    `pace` formats smaller changes with one more digit: `+1.4 mm`.
    """

    length: Callable[[float], str]
    change: Callable[[float], str]
    day: Callable[[datetime], str]
    pace: Callable[[float], str]


def summary_sentence(progress: Progress, formatters: Formatters) -> str:
    """Return one sentence about the sides that the person tests: whether a change is real."""
    known = [side for side in (progress.left, progress.right) if side is not None]
    finding = both_sentence(progress, formatters) or _all_sides(progress, formatters)
    if not known or not all(side.old for side in known):
        return finding
    last = max(side.counted[-1].at for side in known)
    return f"At the last test, on {formatters.day(last)}: {finding[0].lower()}{finding[1:]}"


def both_sentence(progress: Progress, formatters: Formatters) -> str | None:
    """Return the sentence about a change of the mean of both sides that neither shows alone, `None` without one."""
    found = change_of_both(progress)
    if found is None:
        return None
    verb = "gained" if found.direction is Direction.GAIN else "lost"
    amount = "" if found.mm is None else f" about {formatters.length(found.mm)}"
    since = f"since about {formatters.day(found.since)}"
    return f"Both ankles together have {verb}{amount} {since}; neither shows it alone yet."


def _all_sides(progress: Progress, formatters: Formatters) -> str:
    sides = [progress.of(side) for side in progress.sides]
    courses = [None if side is None else course_of(side) for side in sides]
    findings = [_finding(side, course, formatters) for side, course in zip(sides, courses, strict=True)]
    if len(findings) == 1:
        return f"{progress.sides[0].capitalize()}: {findings[0]}."
    left, right = findings
    if left == right:
        return f"Both sides: {left}."
    gains = [formatters.length(one.mm) for one in courses if one is not None and _is_lasting_gain(one)]
    if len(gains) == len(sides):
        return f"A real gain on both sides: left {gains[0]}, right {gains[1]}."
    starts = [
        formatters.length(side.counted[0].mm)
        for side in sides
        if side is not None and len(side.counted) == 1 and not side.counted[0].is_below_range
    ]
    if len(starts) == len(sides):
        return f"Your starting point: left {starts[0]}, right {starts[1]}."
    return f"Left: {left}; right: {right}."


def side_sentences(progress: SideProgress | None, formatters: Formatters) -> list[str]:
    """Return the sentences about one side: at least one, and the first is the main finding."""
    if progress is None:
        return ["Not tested yet: the first test is your starting point."]
    finding = _finding(progress, course_of(progress), formatters)
    if progress.old:
        finding = f"at the last test, on {formatters.day(progress.counted[-1].at)}: {finding}"
    sentences = [f"{finding[0].upper()}{finding[1:]}.", *_practice_sentences(progress)]
    if progress.counted[-1].is_below_range:
        return [*sentences, *_below_range_sentences(progress, formatters)]
    sentences += _explanations(progress, formatters)
    sentences += _change_so_far_sentences(progress, formatters)
    sentences += _gap_sentences(progress, formatters)
    if progress.trend:
        sentences += [
            *_pace_sentences(progress, formatters),
            _forecast_sentence(progress.forecast, formatters),
            *_health_professional_sentences(progress),
        ]
    return [*sentences, *_habit_sentences(progress, formatters), *_outlier_sentences(progress)]


def difference_sentence(progress: Progress, formatters: Formatters) -> str:
    """Return the sentence that compares left with right. It has an interval only if the difference is clear."""
    if len(progress.sides) == 1:
        return f"Only the {progress.sides[0]} side is tested."
    known = [side for side in (progress.left, progress.right) if side is not None]
    if len(known) == 2 and any(side.counted[-1].is_below_range for side in known):
        return "The sides cannot be compared in numbers while a knee does not reach the wall."
    if progress.difference is None:
        return "The sides cannot be compared yet: both need a test within two weeks of each other."
    difference = progress.difference.difference_mm
    more = "left" if difference.value > 0 else "right"
    apart = formatters.length(abs(difference.value))
    if progress.difference.clear:
        return f"The {more} side reaches {apart} further. Left minus right: {_interval_text(difference, formatters)}."
    if abs(difference.value) >= CLEAR_DIFFERENCE_MM:
        return f"No clear difference yet: about {apart} more on the {more}, with too few tests to be sure."
    common = f"up to {formatters.length(CLEAR_DIFFERENCE_MM)} is common"
    if abs(difference.value) < _MIN_APART_MM:
        return f"No clear difference between the sides: {common}."
    return f"No clear difference between the sides: about {apart} more on the {more}, and {common}."


def _finding(progress: SideProgress | None, course: Course | None, formatters: Formatters) -> str:
    """Return what is known about a change of one side, as a clause: the same in the summary and about the side."""
    if progress is None:
        return "not tested yet"
    last = progress.counted[-1]
    earlier = progress.counted[:-1]
    if last.is_below_range:
        reached_before = any(not test.is_below_range for test in earlier)
        return f"your knee {'did not reach the wall at the last test' if reached_before else _KNEE_SHORT}"
    if not earlier:
        return f"{formatters.length(last.mm)}, your starting point"
    if course is not None:
        return _course_text(course, progress, formatters)
    alike = [test for test in progress.counted if test.method == last.method]
    if any(test.is_below_range for test in alike):
        if any(test.is_below_range for test in alike[-MIN_CHANGE_TESTS:]):
            return f"{formatters.length(last.mm)}: your knee reached the wall in the last test, but not in every one"
        return "your knee reaches the wall, which it did not at first"
    if len(alike) == 1:
        return "your tests now use a different method, and this one is your new starting point"
    if len(alike) < MIN_TREND_TESTS:
        return f"{formatters.length(last.mm)} after two tests, too few to show a change"
    if progress.steady_since is not None:
        return f"steady since about {formatters.day(progress.steady_since)}"
    if all(test.mm == last.mm for test in alike):
        return f"all {len(alike)} tests gave {formatters.length(last.mm)}"
    if progress.change_mm is None:
        return "too few tests to show a change"
    if _is_likely(progress):
        return f"a {'gain' if progress.change_mm.value > 0 else 'loss'} is likely, but not certain yet"
    return "no certain change yet"


def _is_likely(progress: SideProgress) -> bool:
    """Return whether the change so far exceeds the difference of two tests of this person without a change, and its
    95 % interval excludes zero, which it does not after one outlier."""
    change = progress.change_mm
    return change is not None and abs(change.value) > progress.error.mdc95_mm and not change.low <= 0 <= change.high


def _course_text(course: Course, progress: SideProgress, formatters: Formatters) -> str:
    """Return what became of a real change, and since when it has been steady, as a clause."""
    steady = "" if progress.steady_since is None else f", steady since about {formatters.day(progress.steady_since)}"
    return f"{_outcome_text(course, progress, formatters)}{steady}"


def _outcome_text(course: Course, progress: SideProgress, formatters: Formatters) -> str:
    what = f"a real {course.direction}"
    # Never "on" a day: a quarter of the changes that look sudden are not (`make study`).
    when = f"since about {formatters.day(course.since)}"
    is_gain = course.direction is Direction.GAIN
    match course.outcome:
        case Outcome.LASTING:
            bound = "at least " if course.is_at_least else ""
            return f"{what} of {bound}{formatters.length(course.mm)} {when}"
        case Outcome.OPEN if is_course_recent(course, progress):
            return f"{what} {when}, the amount not certain yet"
        case Outcome.OPEN:
            return f"{what}, found on {formatters.day(course.confirmed_at)}, but nothing certain is left of it"
        case Outcome.UNMEASURED:
            return f"{what} {when}, its amount unknown: the test method has changed since"
        case Outcome.FROM_BELOW if is_gain:
            return f"{what} {when}: your knee reaches the wall, which it did not at first"
        case Outcome.FROM_BELOW:
            return f"{what} {when}"
    if course.farthest_at is None:
        return f"{what}, found on {formatters.day(course.confirmed_at)}, has since been reversed"
    went = f"went {'up' if is_gain else 'down'} by about {formatters.length(course.farthest_mm)}"
    went = f"{went} by {formatters.day(course.farthest_at)}"
    if course.outcome is Outcome.RETURNED:
        return f"{went} and has come back"
    if course.outcome is Outcome.REVERSED:
        return f"{went}, and is {'below' if is_gain else 'above'} its start"
    return f"{went}, and at least some of it {'has come back' if is_gain else 'is regained'}"


def _is_lasting_gain(course: Course) -> bool:
    return course.outcome is Outcome.LASTING and course.direction is Direction.GAIN


def _practice_sentences(progress: SideProgress) -> list[str]:
    if len(progress.counted) > PRACTICE_TESTS:
        return []
    return ["The first test is practice too: knowing how can add to the next one without any change in the ankle."]


def _below_range_sentences(progress: SideProgress, formatters: Formatters) -> list[str]:
    """Return the sentences for a result below range, where there is no amount: the first touch shows the first gain."""
    reached = [test for test in progress.counted if not test.is_below_range]
    if not reached:
        return [
            "The board measures no distance below zero, so no number shows a gain there.",
            "The first touch will: that test is your first distance.",
            "Until then, count the minutes that you hold.",
        ]
    sentences = [f"It last reached the wall on {formatters.day(reached[-1].at)}: {formatters.length(reached[-1].mm)}."]
    if progress.changes and progress.changes[-1].direction is Direction.LOSS:
        sentences += ["That is a real loss, but its size cannot be measured below zero.", _IF_IT_HURTS]
    else:
        sentences.append("The board measures no distance below zero: the next touch counts again.")
    return sentences


def _explanations(progress: SideProgress, formatters: Formatters) -> list[str]:
    """Return what the finding means, if it does not speak for itself."""
    course = course_of(progress)
    sentences = []
    if progress.steady_since is not None:
        sentences.append(f"No gain or loss as large as {formatters.length(WORTHWHILE_MM)} in three months.")
    elif course is None and progress.trend and progress.change_mm is None:
        sentences.append(f"It takes at least {MIN_CHANGE_TESTS} tests, over two weeks or more.")
    if course is not None and course.direction is Direction.LOSS and course.outcome is Outcome.LASTING:
        sentences.append(_IF_IT_HURTS)
    turns = sum(
        one.direction is not next_one.direction
        for one, next_one in zip(progress.changes, progress.changes[1:], strict=False)
    )
    if turns + 1 >= _MIN_TURNS and course is not None:
        since = formatters.day(progress.changes[0].since)
        sentences.append(f"Your range goes up and down: {turns + 1} real changes since about {since}.")
    return sentences


def _interval_text(estimate: Interval, formatters: Formatters) -> str:
    low, high = formatters.change(estimate.low), formatters.change(estimate.high)
    return f"{formatters.change(estimate.value)} (95 %: {low} to {high})"


def _change_so_far_sentences(progress: SideProgress, formatters: Formatters) -> list[str]:
    """Describe the change since the starting point, unless tests around it were below range.

    Its interval and its chance are shown only after a real change: checked after every test, sooner or later an
    interval excludes zero by chance, and a chance of 99 % comes up.
    """
    if progress.change_mm is None or progress.change_from is None or progress.chance_real is None:
        return []
    if has_zeros_from(progress, progress.change_from):
        return []
    course = course_of(progress)
    if course is None:
        is_shown = progress.steady_since is None and abs(progress.change_mm.value) >= _MIN_SHOWN_MM
        open_end = "; a few more tests will tell" if _is_likely(progress) else ", which may still be chance"
        so_far = f"So far {formatters.change(progress.change_mm.value)}{open_end}."
        return [so_far] if is_shown else []
    since = f"Since your first test of this kind, on {formatters.day(progress.change_from)}: "
    sentences = [f"{since}{_interval_text(progress.change_mm, formatters)}."]
    if course.outcome in (Outcome.LASTING, Outcome.PARTIAL):
        percent = min(99, max(1, round(100 * progress.chance_real)))
        worthwhile = formatters.length(WORTHWHILE_MM)
        sentences.append(f"Chance that this is a change of more than {worthwhile}: {percent} %.")
    return sentences


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
    # Not "at present": in the first weeks after a turn the interval still covers the earlier slope.
    return [f"In the last four weeks {formatters.pace(slope.value)} a week (95 %: {low} to {high})."]


def _forecast_sentence(forecast: Forecast, formatters: Formatters) -> str:
    if forecast.reached:
        return "You have reached your goal."
    if forecast.earliest is None:
        return f"No date for your goal yet: {forecast.why_not}."
    if forecast.latest is None:
        return f"Your goal: probably not before {formatters.day(forecast.earliest)}; a latest date is not yet known."
    earliest, latest = formatters.day(forecast.earliest), formatters.day(forecast.latest)
    return f"Your goal, if you go on like this: between {earliest} and {latest} (80 % likely)."


def _health_professional_sentences(progress: SideProgress) -> list[str]:
    """The founding guide's advice, if the tests prove three months without a gain."""
    steady = progress.steady_since
    if steady is None or progress.old or progress.forecast.reached:
        return []
    if progress.counted[-1].at - steady < _LONG_STEADY - timedelta(weeks=1):
        return []
    return ["After three months without any gain, the guide recommends seeing a health professional."]


def _habit_sentences(progress: SideProgress, formatters: Formatters) -> list[str]:
    shown = [habit for habit in progress.habits if abs(habit.difference_mm.value) >= _MIN_SHOWN_MM]
    sentences = []
    for habit in shown:
        apart = habit.difference_mm.value
        reads = f"read about {formatters.length(abs(apart))} {'more' if apart > 0 else 'less'} for you"
        name = habit.circumstance[0].upper() + habit.circumstance[1:]
        sentences.append(f"{name} {reads} than {habit.compared_with}.")
    return [*sentences, "Only like is compared with like."] if sentences else []


def _outlier_sentences(progress: SideProgress) -> list[str]:
    count = len(progress.outliers)
    if not count:
        return []
    if count == 1:
        return ["One test looks like an outlier: it is shown, but given little weight."]
    return [f"{count} tests look like outliers: they are shown, but given little weight."]
