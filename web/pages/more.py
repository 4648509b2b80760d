"""More: every page that is not needed each day, in groups."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.context import Site
from web.places import MORE


def blueprint(site: Site) -> Blueprint:
    """`/more`."""
    pages = Blueprint("more", __name__)

    @pages.get("/more")
    def more() -> str:
        return render_template("more.html", groups=MORE)

    return pages
