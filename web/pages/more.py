"""The More page: every page that is not needed daily, in groups."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.access.rules import may_open
from web.context import Site
from web.places import MORE


def blueprint(site: Site) -> Blueprint:
    """`/more`."""
    pages = Blueprint("more", __name__)

    @pages.get("/more")
    def more() -> str:
        groups = [(title, [one for one in entries if may_open(one[0])]) for title, entries in MORE]
        return render_template("more.html", groups=groups)

    return pages
