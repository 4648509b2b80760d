"""Histories of results for the tests of progress."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

from station.core.facts import Contact
from station.core.progress.analysis import analyse_progress
from station.core.progress.records import Result, SideProgress
from station.core.progress.sentences import Formatters

BEGIN = datetime(2026, 1, 5, 7, tzinfo=UTC)
WEEK = timedelta(weeks=1)
GOAL_MM = 120.0
WORDS = Formatters(
    length=lambda mm: f"{mm:.0f} mm",
    change=lambda mm: f"{mm:+.0f} mm",
    day=lambda at: f"{at:%d.%m.}",
    pace=lambda mm: f"{mm:+.1f} mm",
)


def result(
    day: float, mm: float, *, contact: Contact = Contact.PAD, full: bool = False, imported: bool = False
) -> Result:
    return Result(f"{day:g}", BEGIN + timedelta(days=day), mm, None, full, contact, imported)


def results(mms: Iterable[float], every_days: float = 2.0, from_day: float = 0.0) -> list[Result]:
    return [result(from_day + number * every_days, mm) for number, mm in enumerate(mms)]


def scattered(weeks: int, slope: float = 0.0, sd: float = 5.8, seed: int = 1, start: float = 90.0) -> list[Result]:
    """Three tests a week with normal scatter `sd`; the level rises by `slope` mm a week."""
    rng = Random(seed)
    days = [week * 7 + day for week in range(weeks) for day in (0, 2, 4)]
    return [result(day, start + slope * day / 7 + rng.gauss(0, sd)) for day in days]


def analyse_left(made: list[Result], goal_mm: float = GOAL_MM, now: datetime | None = None) -> SideProgress:
    """The progress of the left side; the right one was never tested."""
    found = analyse_progress(made, (), goal_mm, now or made[-1].at)
    assert found.right is None
    assert found.difference is None
    assert found.left is not None
    return found.left
