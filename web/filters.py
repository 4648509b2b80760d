"""Template filters: dates, lengths and times as people read them."""

from __future__ import annotations

from flask import Flask

from station import units


def register(app: Flask) -> None:
    """Give the filters to the templates."""
    app.jinja_env.filters.update(
        day=units.date_text,
        short_day=units.short_date_text,
        moment=units.date_time_text,
        length=units.length_text,
        sure=units.length_with_uncertainty,
        change=units.change_text,
        signed=units.signed_text,
        seconds=units.duration_text,
        many=units.count_text,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
