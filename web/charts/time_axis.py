"""A linear time axis: its grid lines and their labels, in the station's own time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

MAX_TICKS = 7
MAX_DAY_TICKS = 5
"""Fewer than other ticks, because their labels are longer."""
DAY_STEPS = (1, 2, 7, 14)
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
DAYS_PER_MONTH = 30.44


class Span(Struct, frozen=True):
    """From `since` to `until`, both aware."""

    since: datetime
    until: datetime

    @property
    def days(self) -> float:
        return (self.until - self.since) / timedelta(days=1)


def ticks(span: Span) -> Iterator[tuple[datetime, str]]:
    """The starts of days, weeks, months or years in the span, as many as fit, each with its label."""
    for step in DAY_STEPS:
        if span.days / step <= MAX_DAY_TICKS:
            yield from _day_ticks(span, step)
            return
    step = next((step for step in MONTH_STEPS if span.days / DAYS_PER_MONTH / step <= MAX_TICKS), MONTH_STEPS[-1])
    yield from _month_ticks(span, step)


def period_starts(span: Span, period: str) -> list[datetime]:
    """The starts of the weeks, months, quarters or years in the span, oldest first."""
    if period == "week":
        return [at for at, _ in _day_ticks(span, 7)]
    return [at for at, _ in _month_ticks(span, {"month": 1, "quarter": 3, "year": 12}[period])]


def _day_ticks(span: Span, step: int) -> Iterator[tuple[datetime, str]]:
    """Every `step` days; whole weeks start on Mondays."""
    date = span.since.astimezone().date() + timedelta(days=1)
    date += timedelta(days=-date.weekday() % step if step >= 7 else 0)
    while (at := _midnight(date.year, date.month, date.day)) <= span.until:
        # A zone that moves across the date line skips a day, whose midnight is that of the next: do not draw it twice.
        if at.date() == date:
            yield at, f"{at.day} {at:%b}"
        date += timedelta(days=step)


def _month_ticks(span: Span, step: int) -> Iterator[tuple[datetime, str]]:
    local = span.since.astimezone()
    month = local.year * 12 + local.month
    month += -month % step
    while (at := _midnight(month // 12, month % 12 + 1, 1)) <= span.until:
        yield at, f"{at.year}" if at.month == 1 else f"{at:%b}"
        month += step


def _midnight(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number).astimezone()
