"""The measurements of simulated people, in blocks that can run in parallel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil, inf, sqrt
from random import Random
from typing import Any

from station.core.progress.analysis import analyse_progress
from station.core.progress.change import ODDS_AGAINST_SPELLS, real_changes
from station.core.progress.kalman import LevelFilter, passages
from station.core.progress.outlook import steady_since
from station.core.progress.records import Direction, Interval, Phase, RealChange, Result
from station.core.progress.sides import changes_of_both, pairs_of_sides
from station.core.progress.trend import interval_95
from tests.study.people import (
    BEGIN,
    START_MM,
    WEEK,
    Scenario,
    made_by,
    made_by_both,
    reached_week,
    usual_shift_mm,
    week_of,
)
from tests.study.rules import RULES
from tests.study.scenarios import GOALS_FURTHER_MM, ODDS

SEED = 20261124
NEVER = datetime.max.replace(tzinfo=UTC)
BLOCK = 250
"""People simulated at a time. Each block has its own seed, so the order of blocks does not matter."""

INTERVALS = ("level", "band", "change", "slope")
PLAIN = ("plain level", "plain change")
PHASES = (Phase.STEADY.value, Phase.GAINING.value, Phase.LOSING.value)
Counts = dict[str, Any]


def rng_of(scenario: Scenario, block: int) -> Random:
    return Random(f"{SEED} {scenario.name} {block}")


def weeks_confirmed(
    scenario: Scenario, block: int, people: int, rules: Sequence[str] | None = None
) -> dict[str, list[float]]:
    """The week in which each rule first confirms a change, for each person; infinity for never."""
    rng = rng_of(scenario, block)
    asked = {
        name: rule
        for name, rule in RULES.items()
        if (rules is None or name in rules) and not (name == "wrong way" and scenario.is_null)
    }
    weeks: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(people):
        made = made_by(scenario, rng)
        for name, rule in asked.items():
            week = rule(scenario, made)
            weeks[name].append(inf if week is None else week - (0.0 if scenario.is_null else scenario.changes_at))
    return weeks


def person_weeks(
    scenario: Scenario, block: int, people: int, odds: float = ODDS_AGAINST_SPELLS
) -> dict[str, list[float]]:
    """The week of the first confirmed change, from the start of the true one, for each side and each person.

    A person's is the first of three: left, right and the mean of both. If nothing changes for good, the first change in
    a direction in which the level has not moved.
    """
    rng = rng_of(scenario, block)
    weeks: dict[str, list[float]] = {"side": [], "person": []}
    for _ in range(people):
        left, right = made_by_both(scenario, rng)
        games = real_changes(left, odds), real_changes(right, odds), changes_of_both(pairs_of_sides(left, right), odds)
        first = [_first_week(scenario, changes) for changes in games]
        weeks["side"] += first[:2]
        weeks["person"].append(min(first))
    return weeks


def _first_week(scenario: Scenario, changes: Sequence[RealChange]) -> float:
    """The week of the first false change, or of the first after the start of the true one; infinity for none."""
    if scenario.is_null:
        return next((week_of(change.confirmed_at) for change in changes if not _has_moved(scenario, change)), inf)
    confirmed = (week_of(change.confirmed_at) - scenario.changes_at for change in changes)
    return next((week for week in confirmed if week >= 0), inf)


def _has_moved(scenario: Scenario, change: RealChange) -> bool:
    """Whether the true level is beyond that on the change's date, in its direction."""
    since, now = (scenario.level_mm(week_of(at)) for at in (change.since, change.confirmed_at))
    return now > since if change.direction is Direction.GAIN else now < since


def price(scenario: Scenario, block: int, people: int) -> dict[str, list[float]]:
    """The same weeks for other odds of a change against spells; the people are the same at all odds."""
    return {
        f"{who} at {odds:g}": weeks
        for odds in ODDS
        for who, weeks in person_weeks(scenario, block, people, odds).items()
    }


def true_changes(scenario: Scenario, block: int, people: int) -> dict[str, float]:
    """Count the changes confirmed, those whose direction is true, and those whose 95 % interval holds the true size."""
    rng = rng_of(scenario, block)
    found = dict.fromkeys(("people", "confirmed", "direction", "size"), 0.0)
    for _ in range(people):
        made = made_by(scenario, rng)
        changes = real_changes(made)
        found["people"] += 1
        found["confirmed"] += len(changes)
        for change in changes:
            seen = [test for test in made if test.at <= change.confirmed_at]
            size = analyse_progress(seen, (), START_MM + 100, seen[-1].at).left
            assert size is not None
            assert size.change_mm is not None
            first, now = (scenario.level_mm(week_of(at)) for at in (seen[0].at, seen[-1].at))
            found["direction"] += _has_moved(scenario, change)
            found["size"] += size.change_mm.low <= now - first <= size.change_mm.high
    return found


def bands(scenario: Scenario, block: int, people: int) -> dict[str, float]:
    """Count the people whose true value lies inside each 95 % interval, as of their last test.

    `half_mm` is the sum of the half widths of the level's interval; `habits` counts people who are given one.
    """
    rng = rng_of(scenario, block)
    found = dict.fromkeys(("people", *INTERVALS, *PLAIN, "half_mm", *PHASES, "habits"), 0.0)
    for _ in range(people):
        made = made_by(scenario, rng)
        progress = analyse_progress(made, (), START_MM + 100, made[-1].at).left
        assert progress is not None
        assert progress.change_mm is not None
        assert progress.slope_mm_week is not None
        last = week_of(made[-1].at)
        shift = usual_shift_mm(scenario, made)
        truth = [scenario.level_mm(week_of(point.at)) + shift for point in progress.trend]
        inside = [point.low_mm <= true <= point.high_mm for point, true in zip(progress.trend, truth, strict=True)]
        found["people"] += 1
        found["level"] += inside[-1]
        found["band"] += sum(inside) / len(inside)
        found["change"] += progress.change_mm.low <= truth[-1] - truth[0] <= progress.change_mm.high
        found["slope"] += progress.slope_mm_week.low <= scenario.slope_mm_week(last) <= progress.slope_mm_week.high
        plain_level, plain_change = plain_intervals(made, progress.error.sem_mm)
        found["plain level"] += plain_level.low <= truth[-1] <= plain_level.high
        found["plain change"] += plain_change.low <= truth[-1] - truth[0] <= plain_change.high
        found["half_mm"] += (progress.trend[-1].high_mm - progress.trend[-1].low_mm) / 2
        found["habits"] += bool(progress.habits)
        for phase in PHASES:
            found[phase] += progress.phase == phase
    return found


def plain_intervals(made: Sequence[Result], sem_mm: float) -> tuple[Interval, Interval]:
    """The intervals of level and change from the same filter without steps, outliers and habits."""
    level_filter = LevelFilter(
        passages([week_of(test.at) for test in made]), [test.mm - START_MM for test in made], [sem_mm**2] * len(made)
    )
    smoother = level_filter.smoother()
    states, _ = level_filter.follow([test.mm - START_MM for test in made])
    levels = smoother.levels(states)
    change_variance = smoother.variances[0] + smoother.variances[-1] - 2 * smoother.covariances[0]
    return (
        interval_95(START_MM + levels[-1], sqrt(smoother.variances[-1])),
        interval_95(levels[-1] - levels[0], sqrt(change_variance)),
    )


def forecasts(scenario: Scenario, block: int, people: int) -> dict[str, float]:
    """Count the goals of people with a newly confirmed gain, those with dates, and those reached between them.

    `both` counts the goals with two dates, and `inside both` those of them that are reached between.
    """
    rng = rng_of(scenario, block)
    found = dict.fromkeys(("asked", "dates", "both", "inside", "inside both", "early", "late"), 0.0)
    for _ in range(people):
        made = made_by(scenario, rng)
        gains = [change for change in real_changes(made) if change.direction is Direction.GAIN]
        if not gains:
            continue
        seen = [test for test in made if test.at <= gains[0].confirmed_at]
        now = seen[-1].at
        level_mm, shift_mm = scenario.level_mm(week_of(now)), usual_shift_mm(scenario, seen)
        for further_mm in GOALS_FURTHER_MM:
            week = reached_week(scenario.level_mm, level_mm + further_mm)
            reached = NEVER if week == inf else BEGIN + week * WEEK
            found["asked"] += 1
            progress = analyse_progress(seen, (), level_mm + shift_mm + further_mm, now).left
            assert progress is not None
            outlook = progress.forecast
            if outlook.earliest is None:
                continue
            found["dates"] += 1
            found["both"] += outlook.latest is not None
            early = reached < outlook.earliest
            late = outlook.latest is not None and reached > outlook.latest
            found["early"] += early
            found["late"] += late
            found["inside"] += not (early or late)
            found["inside both"] += outlook.latest is not None and not (early or late)
    return found


def steady(scenario: Scenario, block: int, people: int) -> dict[str, float]:
    """Count the people who are ever called steady, checked once a week."""
    rng = rng_of(scenario, block)
    found = {"people": 0.0, "ever": 0.0}
    for _ in range(people):
        made = made_by(scenario, rng)
        changes = real_changes(made)
        looks = [BEGIN + timedelta(weeks=look) for look in range(12, scenario.weeks + 1)]
        found["people"] += 1
        found["ever"] += any(
            steady_since(
                [test for test in made if test.at < look], [change for change in changes if change.confirmed_at < look]
            )
            is not None
            for look in looks
        )
    return found


def summed(blocks: Iterable[dict[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for block in blocks:
        for name, count in block.items():
            total[name] = total.get(name, 0.0) + count
    return total


def quantile(weeks: Sequence[float], share: float) -> float:
    """The week by which this share of all people has a confirmed change; infinity if fewer ever do."""
    return sorted(weeks)[max(0, ceil(share * len(weeks)) - 1)]


def finite(week: float) -> float | None:
    return None if week == inf else round(week, 2)


def characteristics(weeks: Sequence[float], horizon: int) -> Counts:
    """A rule's performance for one kind of people: the figures of `summary`, and the curve by week."""
    n = len(weeks)
    return summary(weeks) | {"by_week": [round(sum(week <= at for week in weeks) / n, 4) for at in range(horizon + 1)]}


def summary(weeks: Sequence[float]) -> Counts:
    """The share with a confirmed change, its standard error, and the weeks until half and 95 % of all have one."""
    n = len(weeks)
    share = sum(week < inf for week in weeks) / n
    return {
        "people": n,
        "confirmed": round(share, 4),
        "standard_error": round(sqrt(share * (1 - share) / n), 4),
        "half": finite(quantile(weeks, 0.5)),
        "most": finite(quantile(weeks, 0.95)),
    }
