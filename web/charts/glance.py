"""Charts to read at a glance: an ankle's last results as a line, a week's minutes as a ring."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from station.core.events import Side

WIDTH, HEIGHT, MARGIN = 120, 32, 4
LEAST_SPAN_MM = 10.0
"""The smallest height range, so that measurement error does not look like a swing."""
RADIUS = 42


def sparkline_svg(side: Side, results_mm: Sequence[float]) -> Markup:
    """The results (mm, oldest first) as a line ending in a dot; empty with fewer than three.

    A result below range has no height, so the line starts after the last such result.
    """
    last_zero = max((at for at, mm in enumerate(results_mm) if mm <= 0), default=-1)
    results_mm = results_mm[last_zero + 1 :]
    if len(results_mm) < 3:
        return Markup()
    middle = (max(results_mm) + min(results_mm)) / 2
    span = max(LEAST_SPAN_MM, max(results_mm) - min(results_mm))
    points = [
        (
            MARGIN + (WIDTH - 2 * MARGIN) * at / (len(results_mm) - 1),
            HEIGHT / 2 - (HEIGHT - 2 * MARGIN) * (mm - middle) / span,
        )
        for at, mm in enumerate(results_mm)
    ]
    x, y = points[-1]
    return Markup(
        f'<svg class="sparkline" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'<path class="{side}" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in points)}"/>'
        f'<circle class="{side}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/></svg>'
    )


def ring_svg(side: Side, share: float) -> Markup:
    """A ring filled clockwise from the top by this share of the goal; full from 1 up."""
    circle = f'cx="50" cy="50" r="{RADIUS}"'
    percent = f"{100 * min(1.0, share):.0f}"
    arc = f'<circle class="{side}" {circle} pathLength="100" stroke-dasharray="{percent} 100"/>' if share > 0 else ""
    return Markup(f'<svg class="ring" viewBox="0 0 100 100" aria-hidden="true"><circle {circle}/>{arc}</svg>')
