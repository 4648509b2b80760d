"""The Causes page: what dorsiflexion is, what limits it, and what to do about each cause."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.context import Site
from web.pages.help_answers import causes


def blueprint(site: Site) -> Blueprint:
    """`/causes`."""
    pages = Blueprint("causes", __name__)

    @pages.get("/causes", endpoint="causes")
    def show() -> str:
        definition, *others = causes()
        return render_template("causes.html", definition=definition, causes=others)

    return pages
