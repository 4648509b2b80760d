"""Template filters: dates, lengths and times as people read them."""

from __future__ import annotations

from flask import Flask

from station import units


def register(app: Flask) -> None:
    """Give the filters to the templates."""
    app.jinja_env.filters.update(
        day=units.day,
        moment=units.moment,
        length=units.length,
        sure=units.sure_length,
        change=units.change,
        signed=units.signed,
        seconds=units.seconds,
        many=units.many,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
