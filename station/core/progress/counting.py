"""Selects the results that count for the trend, and the pairs that show the effect of a stretch.

A stretch adds to the toe distance for some hours, so only the first test of each day counts. A second one within an
hour forms a before-and-after pair and does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from station.core.facts import Contact
from station.core.progress.records import BeforeAfter, PersonError, Result
from station.core.progress.trend import interval_95

HOUR = timedelta(hours=1)
PRACTICE_TESTS = 1
"""How many of a person's first tests are practice: once the movement is learnt, the same ankle reaches farther."""


def oldest_first(results: Sequence[Result]) -> list[Result]:
    """Return the results oldest first."""
    return sorted(results, key=lambda result: (result.at, result.test_id))


def first_of_each_day(ordered: Sequence[Result], day_of: Callable[[datetime], date] = datetime.date) -> list[Result]:
    """Return the first result of each day, without those within an hour of another test, even across midnight.

    `day_of` gives the local day of a time.
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
    """Return the pairs of tests of one contact and kind within an hour, oldest first; a test is in at most one pair.

    `errors` has a key (full, contact). The error of the difference is that within a session, `within_mm`, if the
    person's repeats give it, otherwise the larger `sem_mm`.
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
