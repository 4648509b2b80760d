"""Downloads: a trace, a session's bundle, the results as a table. `station export` writes everything at once."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack

from flask import Blueprint, Response, abort, request
from werkzeug.wsgi import wrap_file

from station.core.events import SECOND_US, Side
from station.store.exchange.bundle import write_bundle
from station.store.exchange.export import csv_value
from station.store.records import Hold, Person, RepSet, Test
from station.store.traces import trace_text
from web.context import Site

MAX_ROWS = 5_000
"""Enough for years of daily sessions; spreadsheet programs open it easily."""
PART_BYTES = 1 << 16
"""The part size in which a bundle is sent."""
COLUMNS = (
    "at_utc",
    "person",
    "kind",
    "side",
    "state",
    "value",
    "unit",
    "uncertainty",
    "heel_lifts",
    "simulated",
    "session",
)

Row = tuple[object, ...]


def blueprint(site: Site) -> Blueprint:
    """`/runs/<id>/trace.csv`, `/sessions/<id>/bundle.zip` and `/history.csv`."""
    pages = Blueprint("downloads", __name__)

    @pages.get("/runs/<run_id>/trace.csv")
    def trace(run_id: str) -> Response:
        site.require_run(run_id)
        found = site.store.trace(run_id)
        if found is None:
            abort(404)
        return _file(trace_text(*found, site.store.exchanged_at(run_id)).encode(), "text/csv", f"trace-{run_id}.csv")

    @pages.get("/sessions/<session_id>/bundle.zip")
    def bundle(session_id: str) -> Response:
        detail = site.session(session_id)
        with ExitStack() as undo:
            file = undo.enter_context(tempfile.TemporaryFile(prefix="station-page-"))
            write_bundle(site.store, detail, file)
            size = file.tell()
            file.seek(0)
            undo.pop_all()
        answer = Response(wrap_file(request.environ, file, PART_BYTES), mimetype="application/zip")
        answer.content_length = size
        return _as_download(answer, f"session-{session_id}.zip")

    @pages.get("/history.csv")
    def results() -> Response:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        rows = sorted(_rows(site, site.person()), key=_row_time)
        writer.writerows([csv_value(value) for value in row] for row in rows)
        return _file(text.getvalue().encode(), "text/csv", "results.csv")

    return pages


def _file(body: bytes, mimetype: str, name: str) -> Response:
    return _as_download(Response(body, mimetype=mimetype), name)


def _as_download(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _rows(site: Site, person: Person | None) -> Iterator[Row]:
    names = {one.id: one.name for one in site.people()}
    person_id, seen = person.id if person else None, site.visitor().seen
    for test in site.store.tests(person_id, limit=MAX_ROWS, seen=seen):
        yield from _test_rows(test, names)
    for hold in site.store.holds(person_id, limit=MAX_ROWS, seen=seen):
        yield (
            *_leading_columns(hold, names, "hold"),
            hold.side,
            hold.state,
            hold.credited_us / SECOND_US,
            "s",
            "",
            *_trailing_columns(hold),
        )
    for reps in site.store.rep_sets(person_id, limit=MAX_ROWS, seen=seen):
        yield (
            *_leading_columns(reps, names, "repetitions"),
            reps.side,
            reps.state,
            reps.count,
            "times",
            "",
            *_trailing_columns(reps),
        )


def _row_time(row: Row) -> str:
    return str(row[0])


def _test_rows(test: Test, names: dict[str, str]) -> Iterator[Row]:
    sides = (
        (Side.LEFT, test.left_mm, test.left_uncertainty_mm),
        (Side.RIGHT, test.right_mm, test.right_uncertainty_mm),
    )
    for side, mm, uncertainty_mm in sides:
        if mm is not None:
            kind = "full test" if test.full else "quick test"
            yield (
                *_leading_columns(test, names, kind),
                side,
                test.state,
                mm,
                "mm",
                uncertainty_mm,
                *_trailing_columns(test),
            )


def _leading_columns(one: Test | Hold | RepSet, names: dict[str, str], kind: str) -> Row:
    return one.started_at.isoformat(timespec="seconds"), names.get(one.person_id or "", ""), kind


def _trailing_columns(one: Test | Hold | RepSet) -> Row:
    return one.lift_count if isinstance(one, Hold) else "", one.simulated, one.session_id
