"""The signs beside the figure: the state of the heel, and the direction of movement.

Points and lengths are in units of the square, so that signs have the same size in a close-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import atan2, cos, degrees, pi, radians, sin

from station.catalogue.poses import MoveArrow, TurnArrow
from station.catalogue.records import HeelPosition
from web.drawing.body import Point
from web.drawing.path import Viewport, arc, middle, polyline, quadratic_curve

HEAD_LONG, HEAD_HALF_WIDTH = 13.0, 7.5
"""The size of an arrow's head."""
STEM_SHORTENING = 9.0
"""How far before its tip the line of an arrow ends, within the head."""
HEEL_BACK, HEEL_AHEAD, HEEL_TOP = 5.0, 8.0, 6.0
"""How far the heel extends behind, ahead of and above its contact point, in the figure's units."""
BAR_LOW = -2.0
HALF_TURN = 180

ClassedPath = tuple[str, str]
"""The style of a path, and its data."""


def heel_mark(heel: Point, slant: float, scale: float, where: HeelPosition) -> Iterator[ClassedPath]:
    """A bar under the heel, and above it a down arrow (down) or two chevrons (lowered); nothing for a free heel.

    `slant` is the angle of the heel's support, in degrees up at the toes; `scale` is that of the figure.
    """
    if where in (HeelPosition.FREE, HeelPosition.MOVES):
        return
    turn = radians(-slant)

    def at(back: float, high: float) -> Point:
        across, up = back * cos(turn) - high * sin(turn), back * sin(turn) + high * cos(turn)
        return heel[0] - across, heel[1] - up

    back, top = HEEL_BACK * scale, HEEL_TOP * scale
    bar = [at(back, BAR_LOW), at(-HEEL_AHEAD * scale, BAR_LOW)]
    over = back - 1
    if where is HeelPosition.DOWN:
        yield from _line_with_halo(
            f"heel {where}", polyline(bar, [at(over, top + 26), at(over, top + 9)], closed=False)
        )
        yield "arrow-head", polyline([at(over, top), at(over - 7.5, top + 11), at(over + 7.5, top + 11)])
    else:
        chevrons = ([at(over + 7, high + 8), at(over, high), at(over - 7, high + 8)] for high in (top + 12, top + 2))
        yield from _line_with_halo(f"heel {where}", polyline(bar, *chevrons, closed=False))


def arrow_marks(arrow: MoveArrow | TurnArrow, viewport: Viewport) -> Iterator[ClassedPath]:
    """The line of an arrow and its head."""
    line, tip, angle = _turn_arrow(arrow, viewport) if isinstance(arrow, TurnArrow) else _move_arrow(arrow, viewport)
    yield from _line_with_halo("arrow", line)
    back = (tip[0] - HEAD_LONG * cos(angle), tip[1] - HEAD_LONG * sin(angle))
    aside = (HEAD_HALF_WIDTH * sin(angle), -HEAD_HALF_WIDTH * cos(angle))
    yield "arrow-head", polyline([tip, *((back[0] + way * aside[0], back[1] + way * aside[1]) for way in (1, -1))])


def _line_with_halo(look: str, line: str) -> Iterator[ClassedPath]:
    yield "halo", line
    yield look, line


def _move_arrow(arrow: MoveArrow, viewport: Viewport) -> tuple[str, Point, float]:
    at, to = viewport(arrow.at), viewport(arrow.to)
    half = middle(at, to)
    bow = (half[0] + (to[1] - at[1]) * arrow.bend, half[1] - (to[0] - at[0]) * arrow.bend)
    angle = atan2(to[1] - bow[1], to[0] - bow[0])
    stem = (to[0] - STEM_SHORTENING * cos(angle), to[1] - STEM_SHORTENING * sin(angle))
    return quadratic_curve(at, bow, stem), to, angle


def _turn_arrow(arrow: TurnArrow, viewport: Viewport) -> tuple[str, Point, float]:
    centre, radius = viewport(arrow.at), arrow.radius * viewport.scale
    way = 1 if arrow.sweep > 0 else -1

    def at(angle: float) -> Point:
        return centre[0] + radius * cos(radians(angle)), centre[1] - radius * sin(radians(angle))

    end = arrow.begin + arrow.sweep
    stem = abs(arrow.sweep) - degrees(STEM_SHORTENING / radius)
    line = arc(at(arrow.begin), at(arrow.begin + way * stem), radius, large=stem > HALF_TURN, clockwise=way < 0)
    lean = radians(-end) - way * (pi / 2 - HEAD_LONG / 2 / radius)
    return line, at(end), lean
