"""All components and style tokens on one page, for changing the style; on simulated boards only."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from flask import Blueprint, abort, render_template

from web.context import Site

STYLE = Path(__file__).parents[1] / "static" / "page.css"


@cache
def tokens() -> tuple[tuple[str, str], ...]:
    """The name and value of every custom property in the first rule of `page.css`."""
    rule = re.search(r":root \{(.*?)\}", STYLE.read_text(encoding="utf-8"), re.DOTALL)
    assert rule is not None, "page.css begins with its tokens"
    return tuple(re.findall(r"--([\w-]+): ([^;]+);", rule[1]))


def blueprint(site: Site) -> Blueprint:
    """`/components`."""
    pages = Blueprint("components", __name__)

    @pages.get("/components")
    def components() -> str:
        if site.api.board is None:
            abort(404)
        named = tokens()
        return render_template(
            "components.html",
            colours=[(name, value) for name, value in named if value.startswith("#")],
            sizes=[(name, value) for name, value in named if name.startswith(("text", "space", "round", "target"))],
        )

    return pages
