"""The benefit of two weeks of tests before the first stretch: how many people have a short gain confirmed.

`python -m tests.study.baseline` prints the table for 2,000 people per row; it takes a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import sqrt
from random import Random

import click

from station.advice.plan import BASELINE_DAYS, BASELINE_TEST_INTERVAL_DAYS
from station.core.facts import Contact
from station.core.progress.change import real_changes
from station.core.progress.records import Direction, Result
from tests.study.people import BEGIN, START_MM, TEST_DAYS

GAIN_MM, GAIN_WEEKS = 8.0, 4
SD_MM = sqrt(5.0**2 + 3.0**2)
"""The SD of one quick test on another day, as in the study."""
PEOPLE, SEED = 2000, 20261129


def days_with_test(per_week: int, weeks: int, *, baseline: bool) -> Sequence[int]:
    """The days with a test, counted from the first stretch, until this many weeks after it."""
    before = range(-BASELINE_DAYS, 0, BASELINE_TEST_INTERVAL_DAYS) if baseline else ()
    return [*before, *(7 * week + day for week in range(weeks) for day in TEST_DAYS[per_week])]


def share_confirmed(people: int, per_week: int, weeks: int, *, baseline: bool, gain_mm: float = GAIN_MM) -> float:
    """The share of people with a gain confirmed by then; if `gain_mm` is 0, with a false one."""
    rng, confirmed = Random(f"{SEED} {per_week} {weeks} {baseline} {gain_mm}"), 0
    for _ in range(people):
        results = []
        for number, day in enumerate(days_with_test(per_week, weeks, baseline=baseline)):
            level_mm = START_MM + gain_mm * min(1.0, max(0, day) / 7 / GAIN_WEEKS)
            mm = level_mm + rng.gauss(0.0, SD_MM)
            results.append(Result(str(number), BEGIN + timedelta(days=day), mm, None, False, Contact.PAD))
        confirmed += any(change.direction is Direction.GAIN for change in real_changes(results))
    return confirmed / people


def main() -> None:
    """Print the table."""
    click.echo("tests a week, weeks of stretching: gain confirmed without, with a baseline; false gains without, with")
    for per_week in (1, 3):
        for weeks in (4, 8, 12):
            shares = [
                share_confirmed(PEOPLE, per_week, weeks, baseline=baseline, gain_mm=gain_mm)
                for gain_mm in (GAIN_MM, 0.0)
                for baseline in (False, True)
            ]
            click.echo(f"{per_week}, {weeks:2}: {', '.join(f'{100 * share:.1f} %' for share in shares)}")


if __name__ == "__main__":
    main()
