"""Template filters: dates, lengths and times as people read them."""

from __future__ import annotations

from datetime import datetime

from flask import Flask

from web import units


def day(when: datetime) -> str:
    """A date in the station's own time zone: `Mon 23 Nov 2026`."""
    local = when.astimezone()
    return f"{local:%a} {local.day} {local:%b %Y}"


def moment(when: datetime) -> str:
    """Date and time in the station's own time zone: `Mon 23 Nov 2026, 21:16`."""
    return f"{day(when)}, {when.astimezone():%H:%M}"


def register(app: Flask) -> None:
    """Give the filters to the templates."""
    app.jinja_env.filters.update(
        day=day, moment=moment, length=units.length, sure=units.sure_length, seconds=units.seconds, many=units.many
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
