"""What stands about the figure: the outline of each prop, and the surfaces that it offers. Everything here has y up."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, radians, tan

from station.catalogue import poses
from station.catalogue.poses import Prop
from web.drawing.body import Outline, Point, foot_direction, placed, translated
from web.drawing.path import circle

THICK = 5.0
"""Of the floor, a wall, a seat, a leg of a chair: a slab seen from its side."""
CHAIR_BACK = 42.0
HAND_LONG = 16.0
"""From the finger tips back to the wrist."""
HAND_SHAPE = (
    *((1, 0), (0, 2.8), (-6, 3.6), (-12, 5), (-17, 4.2), (-17, -4.2), (-13, -5), (-8, -9.5), (-3, -11)),
    *((-3.5, -7.5), (-7, -4), (-5, -3), (0, -2.8)),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """One part of a prop: `look` is how it is drawn, `sharp` says that its corners are."""

    css_class: str
    outlines: list[Outline]
    has_corners: bool = True


def shapes(prop: Prop, view: tuple[float, float, float], *, end: bool) -> list[Shape]:
    """A prop as it is at the start or at the end."""
    x_min, bottom, size = view
    x_max, top = x_min + size, bottom + size
    match prop:
        case poses.Floor():
            return [_slab(x_min, -THICK, x_max, 0.0)]
        case poses.Wall(x):
            beyond = x + THICK if x > x_min + size / 2 else x - THICK
            return [_slab(x, -THICK, beyond, top)]
        case poses.Step(at, (width, height)) | poses.Block(at, (width, height)):
            return [_slab(at[0], at[1], at[0] + width, at[1] + height)]
        case poses.Bench(at, (width, height)):
            return _table(at, width, height)
        case poses.Chair(at, (width, height)):
            x, y = at
            return [_slab(x - THICK, y, x, y + height + CHAIR_BACK), *_table(at, width, height)[:2]]
        case poses.Slope(at, length, angle):
            far = translated(at, (length, foot_direction(angle)))
            return [Shape("solid", [[at, far, (far[0], 0.0), (at[0], 0.0)]])]
        case poses.Roller() | poses.Ball():
            centre = prop.to if end and prop.to else prop.at
            return [Shape("solid", [circle(centre, prop.radius)], has_corners=False)]
        case poses.Band(post, at):
            return [Shape("halo", [[post, at]]), Shape("band", [[post, at]])]
        case poses.Hand():
            return [Shape("body", _hand(prop, end=end), has_corners=False)]
        case poses.SupportingThigh(at, to):
            return [Shape("far", [_thigh(at, to)], has_corners=False)]


def _slab(x_min: float, bottom: float, x_max: float, top: float) -> Shape:
    return Shape("solid", [[(x_min, bottom), (x_min, top), (x_max, top), (x_max, bottom)]])


def _table(at: Point, width: float, height: float) -> list[Shape]:
    (left, low), high = at, at[1] + height
    right = at[0] + width
    under = high - THICK
    legs = [[(x, low), (x, under), (x + THICK - 1, under), (x + THICK - 1, low)] for x in (left, right - THICK + 1)]
    return [_slab(left, under, right, high), Shape("solid", legs)]


def _hand(hand: poses.Hand, *, end: bool) -> list[Outline]:
    at = hand.to if end and hand.to else hand.at
    angle = hand.turned if end and hand.turned is not None else hand.angle
    way, side = foot_direction(angle), foot_direction(angle + 90.0)
    wrist = translated(at, (-HAND_LONG, way))
    elbow, wide = -hand.reach, 5.6
    arm = ((4, 4.6), (elbow, wide), (elbow, wide), (elbow, -wide), (elbow, -wide), (4, -4.6))
    return [placed(HAND_SHAPE, at, way, side), placed(arm, wrist, way, side)]


def _thigh(at: Point, to: Point) -> Outline:
    long = hypot(to[0] - at[0], to[1] - at[1])
    way = ((to[0] - at[0]) / long, (to[1] - at[1]) / long)
    half = ((0, 11), (0, 11), (long * 0.6, 10), (long + 1, 9), (long + 3, 0))
    shape = (*half, *((u, -v) for u, v in half[-2::-1]))
    return placed(shape, at, way, (-way[1], way[0]))


def distance_to_surface(prop: Prop, point: Point) -> float:
    """How far a point is from the surface that a prop offers: on top, or the face of a wall; 0 is touching it."""
    x, y = point
    match prop:
        case poses.Floor():
            return abs(y)
        case poses.Wall(face):
            return abs(x - face)
        case poses.Step(at, size) | poses.Block(at, size) | poses.Bench(at, size) | poses.Chair(at, size):
            beside = max(at[0] - x, x - at[0] - size[0], 0.0)
            return hypot(beside, y - at[1] - size[1])
        case poses.Slope(at, length, angle):
            beside = max(at[0] - x, x - at[0] - length * cos(radians(angle)), 0.0)
            return hypot(beside, (y - at[1] - (x - at[0]) * tan(radians(angle))) * cos(radians(angle)))
        case poses.Roller(at, radius) | poses.Ball(at, radius):
            return abs(hypot(x - at[0], y - at[1]) - radius)
        case _:
            return float("inf")
