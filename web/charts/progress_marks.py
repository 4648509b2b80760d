"""The marks of the progress chart: each test of a side, or the mean of a span of time if there are too many tests."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import fmean

from msgspec import Struct

from station.app.results.progress import ResultRow
from station.core.measurement.uncertainty import COVERAGE
from station.core.progress.records import SideProgress
from station.units import BELOW_RANGE, count_text, date_text, length_text, length_with_uncertainty
from web.charts.time_axis import Span, period_starts

MAX_MARKS = 60
"""Two months of days: more would overlap on a phone."""
PERIOD_DAYS = {"week": 7.0, "month": 30.4, "quarter": 91.3}


class Mark(Struct, frozen=True):
    """One test of a side, or the mean of those in a span of time, with the interval of its error bar.

    `mm` is `None` below range. `key` is the same for both sides of a test or span; `when`, `result` and `notes` are its
    text.
    """

    key: str
    at: datetime
    mm: float | None
    low_mm: float | None
    high_mm: float | None
    full: bool
    when: str
    result: str
    notes: tuple[str, ...]


class Shown(Struct, frozen=True):
    """What the chart shows of one side: its results in the span, oldest first, and its progress."""

    rows: Sequence[ResultRow]
    progress: SideProgress


def mark_span(sides: Iterable[Shown], span: Span) -> str | None:
    """The span of time of one mark; `None` if each test has a mark."""
    if max((len(one.rows) for one in sides), default=0) <= MAX_MARKS:
        return None
    return next((name for name, days in PERIOD_DAYS.items() if span.days / days <= MAX_MARKS), "year")


def marks_of(shown: Shown, every: str | None, span: Span, units: str) -> list[Mark]:
    """The marks of a side, without its outliers."""
    accepted = [one for one in shown.rows if one.test_id not in shown.progress.outliers]
    if every is None:
        return [mark_of(one, units) for one in accepted]
    edges = [bisect_left(accepted, at, key=_row_time) for at in period_starts(span, every)]
    groups = ((n, accepted[low:high]) for n, (low, high) in enumerate(pairwise([0, *edges, len(accepted)])))
    return [_mean_mark(f"{every} {n}", group, every, units) for n, group in groups if group]


def _row_time(one: ResultRow) -> datetime:
    return one.at


def mark_of(row: ResultRow, units: str, *, is_outlier: bool = False) -> Mark:
    """The mark of one test; its error bar is the 95 % interval."""
    is_measured = row.mm > 0
    reach = None if row.uncertainty_mm is None or not is_measured else COVERAGE * row.uncertainty_mm
    low, high = (None, None) if reach is None else (row.mm - reach, row.mm + reach)
    notes = (*row.notes(units), *(["looks like an outlier: given little weight"] if is_outlier else []))
    result = length_with_uncertainty(row.mm, row.uncertainty_mm, units)
    return Mark(
        row.test_id, row.at, row.mm if is_measured else None, low, high, row.full, date_text(row.at), result, notes
    )


def _mean_mark(key: str, group: Sequence[ResultRow], every: str, units: str) -> Mark:
    distances = [one.mm for one in group if one.mm > 0]
    middle = group[0].at + (group[-1].at - group[0].at) / 2
    is_full, when = any(one.full for one in group), f"{every.capitalize()} of {date_text(group[0].at)}"
    zeros = len(group) - len(distances)
    notes = (f"{count_text(zeros, 'test')} below range",) if zeros else ()
    if not distances:
        return Mark(key, middle, None, None, None, is_full, when, BELOW_RANGE, notes)
    low, high = min(distances), max(distances)
    result = (
        f"{length_text(fmean(distances), units)}, the mean of {count_text(len(distances), 'test')} "
        f"from {length_text(low, units)} to {length_text(high, units)}"
    )
    return Mark(key, middle, fmean(distances), low, high, is_full, when, result, notes)
