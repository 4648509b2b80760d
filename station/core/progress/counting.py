"""Which results the trend is made of, and which show what a stretch did.

A stretch just before a test adds for some hours. So the first test of each day counts; a second one within the hour is
shown as before and after, and no part of the trend.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from station.core.facts import Contact
from station.core.progress.records import BeforeAfter, PersonError, Result
from station.core.progress.trend import interval_95

HOUR = timedelta(hours=1)


def oldest_first(results: Sequence[Result]) -> list[Result]:
    """Oldest first."""
    return sorted(results, key=lambda result: (result.at, result.test_id))


def first_of_each_day(ordered: Sequence[Result], day_of: Callable[[datetime], date] = datetime.date) -> list[Result]:
    """The first of each day, oldest first. A test within an hour of another, over midnight too, is none.

    `day_of` says which day a time belongs to where the tests were made.
    """
    found: list[Result] = []
    day, last = None, None
    for result in ordered:
        today = day_of(result.at)
        if today != day and (last is None or result.at - last > HOUR):
            found.append(result)
            day = today
        last = result.at
    return found


def before_after(ordered: Sequence[Result], errors: dict[tuple[bool, Contact], PersonError]) -> list[BeforeAfter]:
    """Tests of the same contact and kind within the hour, each in one pair at most, oldest first.

    `errors` by (full, contact). The error of the difference is that of two sessions of one day: `within_mm`, where the
    person's own repeats tell it, else `sem_mm`, which is more.
    """
    pairs: list[BeforeAfter] = []
    taken: str | None = None
    for before, after in pairwise(ordered):
        alike = (before.contact, before.full, before.imported) == (after.contact, after.full, after.imported)
        if not alike or after.at - before.at > HOUR or before.test_id == taken:
            continue
        taken = after.test_id
        error = errors[after.full, after.contact]
        trials = 3 if after.full else 1
        sd = error.within_mm / trials**0.5 if error.within_mm is not None else error.sem_mm
        pairs.append(
            BeforeAfter(before.test_id, after.test_id, after.at, interval_95(after.mm - before.mm, sd * 2**0.5))
        )
    return pairs
