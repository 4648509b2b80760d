"""The report for a physiotherapist: one sheet about one person, as a page to print or a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, render_template

from station.store import Reader
from station.store.records import Person
from station.units import SIDE_SYMBOLS
from web import filters
from web.context import Site
from web.pages.progress import cached_chart, default_range

STYLES = ("page.css", "progress.css", "report.css")


def blueprint(site: Site) -> Blueprint:
    """`/report`."""
    pages = Blueprint("report", __name__)

    @pages.get("/report")
    def report() -> str:
        person, people = site.person(), site.people()
        if person is None:
            return render_template("report.html", report=None, people=people, person=None)
        return render_template("report.html", **_values(site.store, person, datetime.now(UTC)))

    return pages


def report_file(reader: Reader, person: Person, now: datetime) -> str:
    """The report as one self-contained HTML file. Raises StoreError."""
    app = Flask("web")
    filters.register(app)
    static = Path(app.root_path) / "static"
    style = "".join((static / name).read_text(encoding="utf-8") for name in STYLES)
    return app.jinja_env.get_template("report_file.html").render(style=style, **_values(reader, person, now))


def _values(reader: Reader, person: Person, now: datetime) -> dict[str, Any]:
    """The template's values."""
    from station.app.results.report import report_of

    report = report_of(reader, person, now)
    history, chart = report.history, None
    chosen = default_range(history, now)
    if history.tests:
        chart = cached_chart(reader, person, history, chosen, reader.settings_of(person.id), now)
    return {"report": report, "chart": chart, "is_recent": chosen != "all", "shapes": SIDE_SYMBOLS}
