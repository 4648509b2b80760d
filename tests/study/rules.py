"""When the shipped rule, and each rule it is compared with, first confirms a change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log, sqrt

from station.core.progress.change import EVIDENCE_THRESHOLD, real_changes
from station.core.progress.records import Direction, Result
from tests.study.people import Scenario, week_of

MDC_POPULATION_MM = 19.0
"""MDC95 of the literature (Powden 2015)."""
SUPPOSED_SLOPE = 2.0
Rule = Callable[[Scenario, Sequence[Result]], float | None]


def ours(scenario: Scenario, tests: Sequence[Result]) -> float | None:
    """The shipped rule. For people who change, only confirmations after the true change began count."""
    confirmed = (week_of(change.confirmed_at) for change in real_changes(tests))
    return next((week for week in confirmed if scenario.is_null or week >= scenario.changes_at), None)


def wrong_way(scenario: Scenario, tests: Sequence[Result]) -> float | None:
    """When the shipped rule first confirms a change in the wrong direction."""
    changes = real_changes(tests)
    truly = Direction.GAIN if scenario.slope + scenario.step_mm > 0 else Direction.LOSS
    return week_of(changes[0].confirmed_at) if changes and changes[0].direction is not truly else None


def above(limit_mm: float, tests: Sequence[Result], in_a_row: int = 1) -> float | None:
    """When this many tests in a row differ from the first one by more than a limit."""
    first, row = tests[0].mm, 0
    for test in tests:
        row = row + 1 if abs(test.mm - first) > limit_mm else 0
        if row == in_a_row:
            return week_of(test.at)
    return None


def above_19(scenario: Scenario, tests: Sequence[Result]) -> float | None:
    """The first test more than the literature's 19 mm from the first one."""
    return above(MDC_POPULATION_MM, tests)


def mdc95_mm(scenario: Scenario) -> float:
    return 1.96 * sqrt(2) * scenario.sd_mm


def above_mdc(scenario: Scenario, tests: Sequence[Result]) -> float | None:
    """The first test more than the person's own MDC95, from their true error, from the first one."""
    return above(mdc95_mm(scenario), tests)


def two_in_a_row(scenario: Scenario, tests: Sequence[Result]) -> float | None:
    """The second of two tests in a row that are both more than the person's own MDC95 from the first one."""
    return above(mdc95_mm(scenario), tests, 2)


def limit(scenario: Scenario, tests: Sequence[Result]) -> float | None:
    """A sequential probability ratio test that knows slope, direction, error and distribution in advance.

    It does not know the level at the start.
    """
    slope = scenario.slope or SUPPOSED_SLOPE
    variance, ratio = scenario.sd_mm**2, 0.0
    weeks = mm = 0.0
    for number, test in enumerate(tests):
        week = week_of(test.at)
        if number:
            expected, seen = slope * (week - weeks / number), test.mm - mm / number
            ratio += expected * (seen - expected / 2) / (variance * (1 + 1 / number))
            if ratio >= log(EVIDENCE_THRESHOLD):
                return week
        weeks += week
        mm += test.mm
    return None


RULES: dict[str, Rule] = {
    "ours": ours,
    "wrong way": wrong_way,
    "above 19 mm": above_19,
    "above MDC95": above_mdc,
    "two in a row": two_in_a_row,
    "limit": limit,
}
