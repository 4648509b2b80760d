"""Help: common questions with short answers, each with what the station does about it."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from web.context import Site
from web.pages.help_answers import answers, causes, search, searchable

MAX_QUERY_LENGTH = 200
"""A longer query is truncated."""


def blueprint(site: Site) -> Blueprint:
    """`/help`."""
    pages = Blueprint("help", __name__)

    @pages.get("/help")
    def help() -> str:
        asked = request.args.get("q", "").strip()[:MAX_QUERY_LENGTH]
        fitting = search(asked, searchable()) if asked else ()
        return render_template(
            "help.html",
            asked=asked,
            fitting=fitting,
            shown=fitting or answers(),
            causes={one.key for one in causes()},
        )

    return pages
