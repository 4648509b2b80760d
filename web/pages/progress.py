"""The Progress page: whether a change is real, from all of a person's tests, as a sentence, a chart and a table."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, abort, render_template, request

from station.app.results.progress import (
    History,
    ResultRow,
    formatters_for,
    history_of,
    not_compared_sentence,
    own_error_sentence,
    progress_sentences,
)
from station.core.events import Side
from station.core.progress.published import PUBLISHED_MEANS
from station.core.progress.records import Goals, Interval
from station.core.progress.sentences import Formatters, difference_sentence, summary_sentence
from station.profile import PersonSettings
from station.store import Reader
from station.store.records import Person
from station.units import SIDE_SYMBOLS
from web.context import Site
from web.pages.next_action import test_minutes

if TYPE_CHECKING:  # the drawing modules load with the first chart: no start waits for them
    from web.charts.progress import ProgressChart
    from web.charts.time_axis import Span

RANGES = {"6w": "6 weeks", "6m": "6 months", "all": "All"}
ROWS_PER_PAGE = 10
FEW_TESTS = 2
"""With this many tests in six months, or fewer, the default range is everything."""


class SideSummary(NamedTuple):
    """What is known about one side, in sentences; `last` is `None` if it was never tested."""

    side: Side
    shape: str
    last: ResultRow | None
    sentences: list[str]
    error_sentence: str | None


class TableRow(NamedTuple):
    """One test in the table: each side's result, and its notes."""

    at: datetime
    session_id: str
    test_id: str
    results: dict[Side, ResultRow | None]
    notes: list[str]


def blueprint(site: Site) -> Blueprint:
    """`/progress`."""
    pages = Blueprint("progress", __name__)

    @pages.get("/progress")
    def progress() -> str:
        person, settings, people = site.person(), site.settings(), site.people()
        now = datetime.now(UTC)
        history = history_of(site.store, person.id if person else None, settings.goals, now)
        words = formatters_for(settings.units)
        chosen = _chosen_range(history, now)
        chart = cached_chart(site.store, person, history, chosen, settings, now)
        rows, page, last_page = _table_page(history, settings.units)
        return render_template(
            "progress.html",
            first_minutes=test_minutes(history.sides, full=True),
            person=person,
            people=people,
            units=settings.units,
            sides_summary=[_side_summary(history, side, words, settings.units) for side in history.sides],
            difference=difference_sentence(history.progress, words),
            not_compared=not_compared_sentence(history),
            summary=summary_sentence(history.progress, words),
            test_count=len(history.tests),
            chart=chart,
            points=json.dumps(chart.points),
            ranges=RANGES,
            chosen=chosen,
            rows=rows,
            page=page,
            last_page=last_page,
            before_after=_before_after(history),
            published=PUBLISHED_MEANS,
            sides=history.sides,
            shapes=SIDE_SYMBOLS,
        )

    return pages


def _side_summary(history: History, side: Side, words: Formatters, units: str) -> SideSummary:
    rows, progress = history.rows(side), history.side_progress(side)
    error = own_error_sentence(progress, units)
    last = rows[-1] if rows else None
    return SideSummary(side, SIDE_SYMBOLS[side], last, progress_sentences(history, side, words), error)


def _chosen_range(history: History, now: datetime) -> str:
    """The requested range, else the default one."""
    asked = request.args.get("range")
    if asked is not None and asked not in RANGES:
        abort(400, f"The range {asked[:20]!r} is not one of {', '.join(RANGES)}.")
    return default_range(history, now) if asked is None else asked


def default_range(history: History, now: datetime) -> str:
    """Six months, or everything if that range has all tests or hardly any."""
    from web.charts.progress_frame import span_of_range

    since = span_of_range("6m", (), now).since
    recent = max(sum(1 for one in history.rows(side)[-FEW_TESTS - 1 :] if one.at >= since) for side in history.sides)
    older = any(one.at < since for side in history.sides for one in history.rows(side)[:1])
    return "6m" if older and recent > FEW_TESTS else "all"


def cached_chart(
    store: Reader, person: Person | None, history: History, chosen: str, settings: PersonSettings, now: datetime
) -> ProgressChart:
    """The chart of a range, drawn once an hour and after each new result."""
    shown_at = _next_hour(now)
    return store.cache.get(
        ("chart", person.id if person else None, history.sides, chosen, settings.goals, settings.units, shown_at),
        lambda: _chart(history, chosen, settings.goals, settings.units, shown_at),
    )


def _next_hour(now: datetime) -> datetime:
    """The next full hour: the chart ends there, so it need be drawn only once an hour."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _chart(history: History, chosen: str, goals: Goals, units: str, now: datetime) -> ProgressChart:
    from web.charts.progress import progress_chart
    from web.charts.progress_frame import span_of_range
    from web.charts.progress_marks import Shown

    span = span_of_range(chosen, [row for side in history.sides for row in history.rows(side)[:1]], now)
    shown = {
        side: Shown(_within(history.rows(side), span), progress)
        for side in history.sides
        if (progress := history.side_progress(side)) is not None
    }
    if len(history.sides) == 1:
        goals = Goals(*(goals.of(history.sides[0]) for _ in Side))
    return progress_chart(shown, history.calibrated, span, goals, units)


def _within(seen: Sequence[ResultRow], span: Span) -> Sequence[ResultRow]:
    return seen[bisect_left(seen, span.since, key=_at) : bisect_right(seen, span.until, key=_at)]


def _at(one: ResultRow) -> datetime:
    return one.at


def _table_page(history: History, units: str) -> tuple[list[TableRow], int, int]:
    """One page of the table, newest first, with its number from 1 and the number of pages."""
    last = max(1, -(-len(history.tests) // ROWS_PER_PAGE))
    page = request.args.get("page", 1, type=int)
    if not 1 <= page <= last:
        abort(400, f"The table has pages 1 to {last}.")
    shown = history.tests[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]
    results = ({one.side: one for one in test if one is not None} for test in shown)
    return [_table_row(history, of_test, units) for of_test in results], page, last


def _table_row(history: History, results: dict[Side, ResultRow], units: str) -> TableRow:
    """The row of a test; notes shared by both sides appear once."""
    one = next(iter(results.values()))
    notes = []
    for side, seen in results.items():
        own = seen.notes(units)
        progress = history.side_progress(side)
        if progress is not None:
            own += ["outlier: given little weight"] if seen.test_id in progress.outliers else []
            own += [
                f"a real {change.direction} from here on"
                for change in progress.changes
                if change.test_id == seen.test_id
            ]
        notes += [(note, side) for note in own]
    sorted_notes = sorted(notes, key=lambda pair: [note for note, _ in notes].index(pair[0]))
    merged = []
    for note, pairs in groupby(sorted_notes, key=lambda pair: pair[0]):
        sides = [side for _, side in pairs]
        merged.append(note if len(sides) == len(results) else f"{sides[0]}: {note}")
    return TableRow(one.at, one.session_id, one.test_id, {side: results.get(side) for side in history.sides}, merged)


def _before_after(history: History) -> list[tuple[Side, str, datetime, Interval]]:
    """The effect of stretches between two tests of both sides within an hour, newest first."""
    found = [
        (side, SIDE_SYMBOLS[side], pair.at, pair.change_mm)
        for side in history.sides
        if (progress := history.side_progress(side)) is not None
        for pair in progress.before_after
    ]
    return sorted(found, key=lambda one: one[2], reverse=True)[:ROWS_PER_PAGE]
