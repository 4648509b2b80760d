"""Draws an exercise as SVG: start position (outline), end position, heel and movement.

`inline_svg` is for a page that links `drawing.css`; `standalone_svg` is a file of its own. Both move gently between the
two poses unless the person prefers reduced motion; on paper they are still. The working leg is the dark one.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from station.catalogue.poses import PoseError, exercise_picture
from web.drawing.path import SIZE

if TYPE_CHECKING:
    from web.drawing.scene import Part

CYCLE_S = 4
"""Seconds there and back, with a pause at each end."""
MOTION = (
    f'<animate attributeName="d" dur="{CYCLE_S}s" repeatCount="indefinite" calcMode="spline" '
    'keyTimes="0;.5;1" keySplines=".7 0 .3 1;.7 0 .3 1" values="'
)
STYLE = Path(__file__).parents[1] / "static" / "drawing.css"
LIGHT = "--paper:#fff;--ink:#16191d;--line:#d8d4ca;--edge:#767e88;--act:#0b6353"
DARK = "--paper:#151b23;--ink:#fff;--line:#2b3542;--edge:#8491a0;--act:#4fd1b0"
"""The dark colours of `page.css`, for the standalone file; its paper is the surface of a card."""

CSS_SHORTENINGS = {"\n": "", " { ": "{", " }": "}", "; ": ";", ": ": ":", ", ": ",", ".drawing ": ""}

__all__ = ["PoseError", "inline_svg", "standalone_svg", "svg_security_policy"]


def inline_svg(key: str, *, title: str, animated: bool = True) -> str:
    """The drawing as an inline element. `title` is its text alternative. Raises PoseError."""
    return _svg(key, title, animated=animated, more="")


def standalone_svg(key: str, *, title: str) -> str:
    """The drawing as a file, with its own style. Raises PoseError.

    A browser prints an `<img>` at its current frame: for paper, use `inline_svg`.
    """
    xmlns = ' xmlns="http://www.w3.org/2000/svg"'
    return _svg(key, title, animated=True, more=f"<style>{_style()}</style>", xmlns=xmlns)


@cache
def svg_security_policy() -> str:
    """The file's content security policy: its own style and nothing else. The pages' policy would refuse that style."""
    digest = b64encode(sha256(_style().encode()).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"


@cache
def _style() -> str:
    rules = STYLE.read_text(encoding="utf-8")
    for loose, tight in CSS_SHORTENINGS.items():
        rules = rules.replace(loose, tight)
    return f":root{{{LIGHT}}}@media(prefers-color-scheme:dark){{:root{{{DARK}}}}}{rules}"


def _svg(key: str, title: str, *, animated: bool, more: str, xmlns: str = "") -> str:
    name = f"drawing-{key}"
    from web.drawing.scene import scene  # the first page after a start does not wait for it

    parts = "".join(piece for part in scene(exercise_picture(key)) for piece in _piece(part, animated=animated))
    return (
        f'<svg{xmlns} class="drawing" viewBox="0 0 {SIZE} {SIZE}" role="img" aria-labelledby="{name}">'
        f'<title id="{name}">{escape(title)}</title>{more}{parts}</svg>'
    )


def _piece(part: Part, *, animated: bool) -> Iterator[str]:
    if part.start == part.end or not animated:
        yield f'<path class="{part.css_class}" d="{part.end}"/>'
        return
    yield f'<path class="{part.css_class} still" d="{part.end}"/>'
    values = ";".join((part.start, part.end, part.start))
    yield f'<path class="{part.css_class} animated" d="{part.end}">{MOTION}{values}"/></path>'
