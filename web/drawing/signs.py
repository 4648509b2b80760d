"""The signs beside the figure: what the heel does, and the direction of movement.

Points and lengths are those of the square, so that signs are as large in a close-up as elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import atan2, cos, degrees, pi, radians, sin

from station.catalogue.poses import MoveArrow, TurnArrow
from station.catalogue.records import HeelPosition
from web.drawing.body import Point
from web.drawing.path import Viewport, arc, circle, middle, polyline, quadratic_curve, spline

HEAD_LONG, HEAD_HALF_WIDTH = 13.0, 7.5
"""The head of an arrow."""
STEM_SHORTENING = 9.0
"""The line of an arrow ends so far before its tip, within the head."""
RING = 6.5
HALF_TURN = 180

ClassedPath = tuple[str, str]
"""How a path looks, and its data."""


def heel_mark(heel: Point, slant: float, where: HeelPosition) -> Iterator[ClassedPath]:
    """Down: an arrow on to a bar under the heel. Lowered: two chevrons downwards behind it. Free: a ring behind it.

    `slant` is that of what the heel is on, in degrees up at the toes.
    """
    turn = radians(-slant)

    def at(back: float, high: float) -> Point:
        across, up = back * cos(turn) - high * sin(turn), back * sin(turn) + high * cos(turn)
        return heel[0] - across, heel[1] - up

    if where is HeelPosition.DOWN:
        line = polyline([at(21, -2.5), at(-5, -2.5)], [at(14, 23), at(14, 8)], closed=False)
        yield from _line_with_halo(f"heel {where}", line)
        yield "arrow-head", polyline([at(14, 1), at(7, 11), at(21, 11)])
    elif where is HeelPosition.LOWERED:
        chevrons = ([at(22, high + 8), at(14.5, high), at(7, high + 8)] for high in (13, 3))
        yield from _line_with_halo(f"heel {where}", polyline(*chevrons, closed=False))
    else:
        yield from _line_with_halo(f"heel {where}", spline([circle(at(15, 1), RING)]))


def arrow_marks(arrow: MoveArrow | TurnArrow, viewport: Viewport) -> Iterator[ClassedPath]:
    """The line of an arrow and its head or heads."""
    line, tips = _turn_arrow(arrow, viewport) if isinstance(arrow, TurnArrow) else _move_arrow(arrow, viewport)
    yield from _line_with_halo("arrow", line)
    for tip, angle in tips:
        back = (tip[0] - HEAD_LONG * cos(angle), tip[1] - HEAD_LONG * sin(angle))
        aside = (HEAD_HALF_WIDTH * sin(angle), -HEAD_HALF_WIDTH * cos(angle))
        wings = ((back[0] + way * aside[0], back[1] + way * aside[1]) for way in (1, -1))
        yield "arrow-head", polyline([tip, *wings])


def _line_with_halo(look: str, line: str) -> Iterator[ClassedPath]:
    yield "halo", line
    yield look, line


def _move_arrow(arrow: MoveArrow, viewport: Viewport) -> tuple[str, list[tuple[Point, float]]]:
    at, to = viewport(arrow.at), viewport(arrow.to)
    half = middle(at, to)
    bow = (half[0] + (to[1] - at[1]) * arrow.bend, half[1] - (to[0] - at[0]) * arrow.bend)
    tips = [(to, atan2(to[1] - bow[1], to[0] - bow[0]))]
    if arrow.both:
        tips.append((at, atan2(at[1] - bow[1], at[0] - bow[0])))
    return quadratic_curve(_stem_end(*tips[1]) if arrow.both else at, bow, _stem_end(*tips[0])), tips


def _stem_end(tip: Point, angle: float) -> Point:
    return tip[0] - STEM_SHORTENING * cos(angle), tip[1] - STEM_SHORTENING * sin(angle)


def _turn_arrow(arrow: TurnArrow, viewport: Viewport) -> tuple[str, list[tuple[Point, float]]]:
    centre, radius = viewport(arrow.at), arrow.radius * viewport.scale
    way = 1 if arrow.sweep > 0 else -1

    def at(angle: float) -> Point:
        return centre[0] + radius * cos(radians(angle)), centre[1] - radius * sin(radians(angle))

    end = arrow.begin + arrow.sweep
    stem = abs(arrow.sweep) - degrees(STEM_SHORTENING / radius)
    line = arc(at(arrow.begin), at(arrow.begin + way * stem), radius, large=stem > HALF_TURN, clockwise=way < 0)
    lean = radians(-end) - way * (pi / 2 - HEAD_LONG / 2 / radius)
    return line, [(at(end), lean)]
