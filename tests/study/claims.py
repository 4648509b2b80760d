"""How often each claim of the sentences is true if a person looks once a week.

The claims are parsed from the sentences at each look, and compared with the true course of the ankle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from math import inf
from typing import NamedTuple

from station.core.progress.analysis import CLEAR_DIFFERENCE_MM, analyse_progress
from station.core.progress.outlook import WORTHWHILE_MM
from station.core.progress.records import Progress, SideProgress
from station.core.progress.sentences import Formatters, both_sentence, difference_sentence, side_sentences
from tests.study.measure import rng_of
from tests.study.people import BEGIN, START_MM, Scenario, made_by_both, reached_week, usual_shift_mm, week_of

GOAL_MM = START_MM + 20.0
FIRST_LOOK_WEEK = 3
PEOPLE_PER_LOOKER = 10
EXACT = Formatters(
    length=lambda mm: f"{mm:.4f} mm",
    change=lambda mm: f"{mm:+.4f} mm",
    day=lambda at: at.isoformat(),
    pace=lambda mm: f"{mm:+.4f} mm",
)
"""Formatters without rounding, so that sentences can be parsed exactly."""


class Look(NamedTuple):
    """The truth at one look, for one side or left minus right, as of the last test in `week`."""

    level_mm: Callable[[float], float]
    week: float
    side: SideProgress | None
    asked_week: float
    goal_mm: float = inf


def _week(text: str) -> float:
    return week_of(datetime.fromisoformat(text))


def _since(look: Look, text: str) -> float:
    """The true change since a moment just before the one in the text."""
    return look.level_mm(look.week) - look.level_mm(max(0.0, _week(text) - 0.01))


def _span(look: Look, until: float | None = None) -> tuple[float, float]:
    """The lowest and highest level so far."""
    levels = [look.level_mm(day / 7) for day in range(int((look.week if until is None else until) * 7) + 1)]
    return min(levels), max(levels)


def _is_steady(look: Look, since: str) -> bool:
    weeks = [_week(since) + day / 7 for day in range(int((look.week - _week(since)) * 7) + 1)]
    return all(abs(look.level_mm(min(week + 13, look.week)) - look.level_mm(week)) < WORTHWHILE_MM for week in weeks)


def _way(look: Look, found: re.Match[str], upwards: bool) -> tuple[float, float]:
    """The change of the level from its last turning point to the date in the text, and how much of it remains."""
    sign = 1 if upwards else -1
    levels = [sign * look.level_mm(day / 7) for day in range(int(_week(found["at"]) * 7) + 1)]
    return levels[-1] - min(levels), sign * look.level_mm(look.week) - min(levels)


def _has_come_back(look: Look, found: re.Match[str], upwards: bool) -> bool:
    """Whether the level moved, and half of that or less remains, or less than is worthwhile."""
    went, rest = _way(look, found, upwards)
    return went >= WORTHWHILE_MM / 2 and rest <= max(WORTHWHILE_MM, went / 2)


def _is_partly_back(look: Look, found: re.Match[str], upwards: bool) -> bool:
    """Whether less remains than there was."""
    went, rest = _way(look, found, upwards)
    return rest < went


def _is_not_before(look: Look, found: re.Match[str]) -> bool:
    """Whether the goal is reached on the first date or later; already reached counts if that is the day of the look."""
    is_open = _week(found["from"]) <= look.asked_week
    return is_open or _week(found["from"]) <= reached_week(look.level_mm, look.goal_mm)


def _is_within(found: re.Match[str], true: float) -> bool:
    return float(found["low"]) <= true <= float(found["high"])


def _pace(look: Look) -> float:
    """The true change per week over the last four weeks, or since the first test."""
    weeks = min(4.0, look.week)
    return (look.level_mm(look.week) - look.level_mm(look.week - weeks)) / weeks


def _exceeds(look: Look) -> bool:
    assert look.side is not None
    assert look.side.change_mm is not None
    true = look.level_mm(look.week) - look.level_mm(0)
    return (true if look.side.change_mm.value > 0 else -true) > WORTHWHILE_MM


N = r"[+-]?\d+\.\d+"
D = r"[\dT:.+-]+\d"
_INTERVAL = rf"\(95 %: (?P<low>{N}) mm to (?P<high>{N}) mm\)"
Judge = Callable[[Look, re.Match[str]], bool]
OF_A_SIDE: tuple[tuple[str, str, Judge], ...] = (
    (
        "a real gain, lasting",
        rf"real gain of (?:at least )?{N} mm since about (?P<at>{D})",
        lambda look, m: _since(look, m["at"]) > 0,
    ),
    (
        "its amount, to 0.6 cm",
        rf"real (?P<what>gain|loss) of (?P<mm>{N}) mm since about (?P<at>{D})",
        lambda look, m: (
            abs(float(m["mm"]) - _since(look, m["at"]) * (1 if m["what"] == "gain" else -1)) <= WORTHWHILE_MM
        ),
    ),
    (
        "a real loss, lasting",
        rf"real loss of {N} mm since about (?P<at>{D})",
        lambda look, m: _since(look, m["at"]) < 0,
    ),
    (
        "a real gain, amount not certain yet",
        rf"real gain since about (?P<at>{D}), its",
        lambda look, m: _since(look, m["at"]) > 0,
    ),
    (
        "a real loss, amount not certain yet",
        rf"real loss since about (?P<at>{D}), its",
        lambda look, m: _since(look, m["at"]) < 0,
    ),
    (
        "a real gain was found, nothing certain is left",
        rf"real gain, found on (?P<at>{D}), of which",
        lambda look, m: _span(look, _week(m["at"]))[1] > look.level_mm(0),
    ),
    (
        "a real loss was found, nothing certain is left",
        rf"real loss, found on (?P<at>{D}), of which",
        lambda look, m: _span(look, _week(m["at"]))[0] < look.level_mm(0),
    ),
    (
        "went up and has come back",
        rf"ent up by about {N} mm by (?P<at>{D}) and has come back",
        lambda look, m: _has_come_back(look, m, upwards=True),
    ),
    (
        "went down and has come back",
        rf"ent down by about {N} mm by (?P<at>{D}) and has come back",
        lambda look, m: _has_come_back(look, m, upwards=False),
    ),
    (
        "went up, and is below its start",
        r"ent up by about .* is below its start",
        lambda look, m: look.level_mm(look.week) < look.level_mm(0),
    ),
    (
        "went down, and is above its start",
        r"ent down by about .* is above its start",
        lambda look, m: look.level_mm(look.week) > look.level_mm(0),
    ),
    (
        "a real gain, has since been reversed",
        rf"real gain, found on (?P<at>{D}), has since been reversed",
        lambda look, m: look.level_mm(look.week) < _span(look, _week(m["at"]))[1],
    ),
    (
        "a real loss, has since been reversed",
        rf"real loss, found on (?P<at>{D}), has since been reversed",
        lambda look, m: look.level_mm(look.week) > _span(look, _week(m["at"]))[0],
    ),
    (
        "went up, some of it at least has come back",
        rf"ent up by about {N} mm by (?P<at>{D}), and some",
        lambda look, m: _is_partly_back(look, m, upwards=True),
    ),
    (
        "went down, some of it at least is regained",
        rf"ent down by about {N} mm by (?P<at>{D}), and some",
        lambda look, m: _is_partly_back(look, m, upwards=False),
    ),
    ("steady since", rf"teady since about (?P<at>{D})", lambda look, m: _is_steady(look, m["at"])),
    (
        "no certain change yet (true below the MDC95)",
        r"No certain change yet",
        lambda look, m: (
            look.side is not None and abs(look.level_mm(look.week) - look.level_mm(0)) < look.side.error.mdc95_mm
        ),
    ),
    (
        "since your first test, 95 %",
        rf"Since your first test of this kind, on (?P<at>{D}): [^%]*{_INTERVAL}",
        lambda look, m: _is_within(m, look.level_mm(look.week) - look.level_mm(_week(m["at"]))),
    ),
    (
        "a real gain of at least, less 0.6 cm",
        rf"real gain of at least (?P<mm>{N}) mm since about (?P<at>{D})",
        lambda look, m: _since(look, m["at"]) >= float(m["mm"]) - WORTHWHILE_MM,
    ),
    (
        "your knee reaches the wall, at first it did not",
        r"our knee reaches the wall, which it did not at first",
        lambda look, m: look.level_mm(look.week) > max(0.0, look.level_mm(0)),
    ),
    ("a gain is likely", r"A gain is likely", lambda look, m: look.level_mm(look.week) > look.level_mm(0)),
    ("a loss is likely", r"A loss is likely", lambda look, m: look.level_mm(look.week) < look.level_mm(0)),
    ("chance of more than 0.6 cm: 90 % or more", r"more than 6.0+ mm: 9\d %", lambda look, m: _exceeds(look)),
    (
        "in the last four weeks, 95 %",
        rf"In the last four weeks [^%]*{_INTERVAL}",
        lambda look, m: _is_within(m, _pace(look)),
    ),
    (
        "you have reached your goal",
        r"You have reached your goal",
        lambda look, m: look.level_mm(look.week) >= look.goal_mm,
    ),
    (
        "your goal between two dates, 80 %",
        rf"Your goal, .*between (?P<from>{D}) and (?P<to>{D})",
        lambda look, m: _is_not_before(look, m) and reached_week(look.level_mm, look.goal_mm) <= _week(m["to"]),
    ),
    (
        "your goal not before",
        rf"Your goal: probably not before (?P<from>{D});",
        lambda look, m: _is_not_before(look, m),
    ),
)
"""Each claim with its pattern, and whether it is true. Forecasts are called 80 % likely."""
OF_BOTH: tuple[tuple[str, str, Judge], ...] = (
    ("the left reaches further", r"The left side reaches", lambda look, m: look.level_mm(look.week) > 0),
    ("the right reaches further", r"The right side reaches", lambda look, m: look.level_mm(look.week) < 0),
    (
        "no clear difference",
        r"No clear difference",
        lambda look, m: abs(look.level_mm(look.week)) < CLEAR_DIFFERENCE_MM,
    ),
)
BOTH_CHANGED = "both ankles together have gained, or lost"
NAMES = (*(name for name, _, _ in (*OF_A_SIDE, *OF_BOTH)), BOTH_CHANGED)


def claims(scenario: Scenario, block: int, people: int) -> dict[str, float]:
    """Count, over all weekly looks, how often and by how many people each claim is made, and how often it is true.

    Each look is a whole analysis, so only one in ten people is used.
    """
    rng = rng_of(scenario, block)
    found: dict[str, float] = {"people": 0.0, "looks": 0.0}
    for _ in range(max(1, people // PEOPLE_PER_LOOKER)):
        sides = made_by_both(scenario, rng)
        makers: set[str] = set()
        found["people"] += 1
        for week in range(FIRST_LOOK_WEEK, scenario.weeks + 1):
            now = BEGIN + timedelta(weeks=week)
            found["looks"] += 2
            left, right = ([test for test in side if test.at < now] for side in sides)
            progress = analyse_progress(left, right, GOAL_MM, now)
            for name, is_true in _claims_of(scenario, progress, usual_shift_mm(scenario, left), float(week)):
                makers.add(name)
                found[f"{name}|made"] = found.get(f"{name}|made", 0.0) + 1
                found[f"{name}|true"] = found.get(f"{name}|true", 0.0) + is_true
        for name in makers:
            found[f"{name}|people"] = found.get(f"{name}|people", 0.0) + 1
    return found


def _claims_of(
    scenario: Scenario, progress: Progress, shift_mm: float, asked_week: float
) -> Iterator[tuple[str, bool]]:
    """Each claim and whether it is true. The usual circumstances add `shift_mm` to the level."""
    looks = []
    for side, ankle in zip((progress.left, progress.right), scenario.sides, strict=True):
        assert side is not None
        look = Look(ankle.level_mm, week_of(side.counted[-1].at), side, asked_week, GOAL_MM - shift_mm)
        looks.append(look)
        yield from _judged(OF_A_SIDE, " ".join(side_sentences(side, EXACT)), look)
    left, right = looks
    apart = Look(lambda at: left.level_mm(at) - right.level_mm(at), right.week, None, asked_week)
    yield from _judged(OF_BOTH, difference_sentence(progress, EXACT), apart)
    both = both_sentence(progress, EXACT)
    if both is not None:
        found = re.search(rf"since about (?P<at>{D});", both)
        assert found is not None
        mean_gain = sum(_since(look, found["at"]) for look in looks)
        yield BOTH_CHANGED, (mean_gain > 0) is ("gained" in both) and mean_gain != 0


def _judged(kinds: tuple[tuple[str, str, Judge], ...], text: str, look: Look) -> Iterator[tuple[str, bool]]:
    for name, pattern, judge in kinds:
        match = re.search(pattern, text)
        if match is not None:
            yield name, judge(look, match)
