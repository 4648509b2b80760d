"""The small pictures of Today: a line of the last results, and a ring."""

from __future__ import annotations

import re

from station.core.events import Side
from web.charts.glance import HEIGHT, LEAST_SPAN_MM, ring_svg, sparkline_svg


def heights(svg: str) -> list[float]:
    """The heights of the line's points, oldest first; smaller is higher on the page."""
    path = re.search(r'd="M([^"]+)"', svg)
    assert path is not None
    return [float(point.split()[1]) for point in path[1].split("L")]


def test_line_rises_with_the_results_and_ends_in_a_dot() -> None:
    svg = sparkline_svg(Side.RIGHT, [80.0, 85.0, 100.0])
    first, second, last = heights(svg)
    assert first > second > last
    assert f'cy="{last:.1f}"' in svg
    assert 'class="right"' in svg


def test_measurement_error_does_not_look_like_a_swing() -> None:
    """A spread of one millimetre fills a tenth of the smallest height range."""
    drawn = heights(sparkline_svg(Side.LEFT, [90.0, 91.0, 90.0]))
    assert max(drawn) - min(drawn) <= HEIGHT / LEAST_SPAN_MM


def test_two_results_make_no_line() -> None:
    assert sparkline_svg(Side.LEFT, [90.0, 95.0]) == ""


def test_line_starts_after_a_result_below_range() -> None:
    """A zero has no height."""
    assert sparkline_svg(Side.LEFT, [80.0, 90.0, 95.0, 0.0]) == ""
    assert len(heights(sparkline_svg(Side.LEFT, [0.0, 80.0, 0.0, 10.0, 20.0, 30.0]))) == 3


def test_ring_is_empty_at_first_and_full_at_most() -> None:
    assert "pathLength" not in ring_svg(Side.LEFT, 0.0)
    assert 'stroke-dasharray="25 100"' in ring_svg(Side.LEFT, 0.25)
    assert 'stroke-dasharray="100 100"' in ring_svg(Side.LEFT, 3.0)
