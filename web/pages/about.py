"""The About page: what the station is, what it is not, and which software it uses."""

from __future__ import annotations

from flask import Blueprint, render_template

from station.version import APP_VERSION, RULE_VERSION
from web.context import Site

LIBRARIES = (
    ("gpiozero", "BSD-3-Clause", "GPIO pins, heels, button and buzzer"),
    ("adafruit-circuitpython-vl53l0x", "MIT", "the distance sensor"),
    ("adafruit-circuitpython-vl53l4cd", "MIT", "the other distance sensor"),
    ("Flask, Werkzeug, Jinja", "BSD-3-Clause", "the pages"),
    ("uvicorn", "BSD-3-Clause", "the page\u2019s server"),
    ("a2wsgi", "Apache-2.0", "between the server and the pages"),
    ("SortableJS", "MIT", "dragging rows in the routine form"),
    ("Lucide", "ISC, MIT", "the pages\u2019 icons"),
    ("SQLAlchemy, Alembic", "MIT", "the history"),
    ("APScheduler", "MIT", "alarms and the calendar"),
    ("msgspec", "BSD-3-Clause", "configuration and JSON"),
    ("click", "BSD-3-Clause", "the command line"),
    ("icalendar", "BSD-2-Clause", "the calendar of a plan"),
    ("tzdata", "Apache-2.0", "time zones"),
)


def blueprint(site: Site) -> Blueprint:
    """`/about`."""
    pages = Blueprint("about", __name__)

    @pages.get("/about")
    def about() -> str:
        return render_template("about.html", parts=LIBRARIES, app_version=APP_VERSION, rule_version=RULE_VERSION)

    return pages
