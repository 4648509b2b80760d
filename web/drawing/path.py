"""SVG path data: from the units of the figure to the square of the picture, rounded to tenths."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from web.drawing.body import Outline, Point

SIZE = 200
WHOLE = (0.0, 0.0, float(SIZE), float(SIZE))
TENTHS = 10
"""Tenths in a unit of the square; one is a third of a pixel at a width of 600."""


class Viewport:
    """Maps the figure's units, y up, to the square of the SVG, y down. `view` is left, bottom and width.

    `frame` is the part of the square that it fills: left, top, width and height.
    """

    def __init__(self, view: tuple[float, float, float], frame: tuple[float, float, float, float] = WHOLE) -> None:
        self._x_min, self._y_min, size = view
        self._left, top, width, height = frame
        self._bottom = top + height
        self.scale = width / size

    def __call__(self, point: Point) -> Point:
        x, y = point
        return self._left + (x - self._x_min) * self.scale, self._bottom - (y - self._y_min) * self.scale


def middle(one: Point, other: Point) -> Point:
    """The midpoint of two points."""
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def polyline(*lines: Iterable[Point], closed: bool = True) -> str:
    """Straight lines through points of the square, each closed to a polygon by default."""
    drawn = []
    for line in lines:
        first, *rest = (_tenths(point) for point in line)
        steps = [way for one, other in pairwise((first, *rest)) for way in _less(other, one)]
        drawn.append(f"M{_format_numbers(first)}l{_format_numbers(steps)}{'z' if closed else ''}")
    return "".join(drawn)


def spline(outlines: Iterable[Outline]) -> str:
    """Closed quadratic B-splines: from the middle of each side of a control polygon to the middle of the next.

    The midpoints make SVG's smooth continuation (t) exact, which needs only one point per side.
    """
    drawn = []
    for outline in outlines:
        middles = [middle(one, other) for one, other in pairwise((*outline, outline[0]))]
        start, control, first, *rest = (_tenths(point) for point in (middles[-1], outline[0], *middles))
        steps = [way for one, other in pairwise((first, *rest)) for way in _less(other, one)]
        drawn.append(
            f"M{_format_numbers(start)}q{_format_numbers((*_less(control, start), *_less(first, start)))}"
            f"t{_format_numbers(steps)}z"
        )
    return "".join(drawn)


def quadratic_curve(start: Point, control: Point, end: Point) -> str:
    """A quadratic curve from `start` to `end` with one control point."""
    at = _tenths(start)
    return f"M{_format_numbers(at)}q{_format_numbers((*_less(_tenths(control), at), *_less(_tenths(end), at)))}"


def arc(start: Point, end: Point, radius: float, *, large: bool, clockwise: bool) -> str:
    """A circular arc."""
    at, size = _tenths(start), _format_numbers([round(radius * TENTHS)])
    return f"M{_format_numbers(at)}a{size} {size} 0 {large:d} {clockwise:d} {_format_numbers(_less(_tenths(end), at))}"


def _tenths(point: Point) -> tuple[int, int]:
    return round(point[0] * TENTHS), round(point[1] * TENTHS)


def _less(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] - other[0], one[1] - other[1]


def _format_numbers(tenths: Iterable[int]) -> str:
    """Numbers in the shortest form that SVG reads: no zero before the point, no space before a minus."""
    joined = ""
    for number in tenths:
        text = f"{number / TENTHS:g}".replace("0.", ".", 1) if abs(number) < TENTHS else f"{number / TENTHS:g}"
        joined += text if not joined or text.startswith("-") else f" {text}"
    return joined
