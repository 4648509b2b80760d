"""Histories of results for the tests of progress."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

from station.core.facts import Contact
from station.core.progress.records import Result

BEGIN = datetime(2026, 1, 5, 7, tzinfo=UTC)


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
