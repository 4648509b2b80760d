"""The props around the figure: the outline of each, and its surfaces. y points up here."""

from __future__ import annotations

from itertools import pairwise
from math import cos, hypot, radians, tan

from msgspec import Struct

from station.catalogue import poses
from station.catalogue.poses import Prop
from web.drawing.body import Outline, Point, circle, foot_direction, limb_direction, placed, translated

THICK = 5.0
"""The thickness of a floor, wall, seat or chair leg in side view."""
CHAIR_BACK = 50.0
HAND_LONG = 16.0
"""The length of the hand to the wrist."""
HAND_SHAPE = (
    *((1, 0), (0, 2.8), (-6, 3.6), (-12, 5), (-17, 4.2), (-17, -4.2), (-13, -5), (-8, -9.5), (-3, -11)),
    *((-3.5, -7.5), (-7, -4), (-5, -3), (0, -2.8)),
)

PINCH_SHAPE = (
    *((3.6, 3.4), (0, 4.8), (-6, 4.6), (-11, 2), (-15, -4), (-19, -9), (-19, -9), (-12.5, -14.5), (-12.5, -14.5)),
    *((-9, -11), (-5, -7.5), (0, -5), (4, -4), (4.4, -1.4), (0, -1.4), (-6, -1.7), (-7.5, 0), (-6, 1.7), (0, 1.4)),
    (3.8, 1),
)
"""A hand with its thumb above and a finger below a point, and its forearm, from below."""
GRASP_SHAPE = (
    *((-25, 3), (-25, 3), (-15, 3), (-9, 4.6), (-2, 5), (2, 4.5), (2, -4.5), (-2, -5), (-9, -4.4), (-15, -3)),
    *((-25, -3), (-25, -3)),
)
FINGER_SHAPE = ((-3, 1.3), (5.5, 1.3), (5.5, -1.3), (-3, -1.3))
THUMB_SHAPE = ((-9, 3), (-4, 8), (2, 9), (2, 6.5), (-3, 3))
FINGERS = (3.6, 1.2, -1.2, -3.6)
"""A hand around something, and its forearm: along its fingers from their middle, and to the thumb."""
SITTER_HALF = ((-6, 0), (-9, 12), (2, 18), (16, 13), (34, 17), (46, 20), (51, 15), (52, 0))
"""Half of the trunk from in front: upwards from the pelvis, and to the side."""
HEAD_ABOVE, SHOULDER = 68.0, (17.0, 44.0)
"""The height of the sitter's head above the pelvis; the far shoulder, to the right of it and above."""
HEEL_PLATE = (1.5, 15.0)
"""Start and end of the heel plate, along the board from its heel end."""
PLATE_THICK, TOE_STOP = 3.0, 2.5


class Shape(Struct, frozen=True):
    """One part of a prop; an outline without corners is drawn as a spline."""

    css_class: str
    outlines: list[Outline]
    has_corners: bool = True


def shapes(prop: Prop, around: poses.Scene, *, end: bool) -> list[Shape]:
    """The shapes of a prop at the start or end. A floor or wall is as long as the view."""
    x_min, bottom, size = around.view
    x_max, top = x_min + size, around.top
    match prop:
        case poses.Floor():
            return [_slab(x_min, -THICK, x_max, 0.0)]
        case poses.Wall(x):
            beyond = x + THICK if x > x_min + size / 2 else x - THICK
            return [_slab(x, -THICK, beyond, top)]
        case poses.Weight(at, (width, height)):
            return [_slab(at[0], at[1], at[0] + width, at[1] + height)]
        case poses.Bench(at, (width, height)):
            return _table(at, width, height)
        case poses.Chair(at, (width, height)):
            x, y = at
            return [_slab(x - THICK, y, x, y + height + CHAIR_BACK), *_table(at, width, height)[:2]]
        case poses.Board():
            return _board(prop)
        case poses.Roller() | poses.Ball():
            centre = prop.to if end and prop.to else prop.at
            return [Shape("solid", [circle(centre, prop.radius)], has_corners=False)]
        case poses.Band(post, at):
            return [Shape("halo", [[post, at]]), Shape("band", [[post, at]])]
        case poses.Sitter():
            return _sitter(prop, bottom)
        case poses.Reach(shoulder, at, bend):
            return [Shape("body", _reach(shoulder, at, bend), has_corners=False)]
        case poses.Tendon(at, to):
            return [Shape("far", [_cord(at, to)], has_corners=False)]
        case poses.Grasp():
            return _grasp(prop, end=end)
        case poses.Pinch(at, to):
            tips = to if end else at
            return [Shape("body", [[translated(tips, (1, point)) for point in PINCH_SHAPE]], has_corners=False)]


def _slab(x_min: float, bottom: float, x_max: float, top: float) -> Shape:
    return Shape("solid", [[(x_min, bottom), (x_min, top), (x_max, top), (x_max, bottom)]])


def _table(at: Point, width: float, height: float) -> list[Shape]:
    (left, low), high = at, at[1] + height
    right = at[0] + width
    under = high - THICK
    legs = [[(x, low), (x, under), (x + THICK - 1, under), (x + THICK - 1, low)] for x in (left, right - THICK + 1)]
    return [_slab(left, under, right, high), Shape("solid", legs)]


def _board(board: poses.Board) -> list[Shape]:
    """The deck with its toe stop at the right end, and the heel plate."""
    along, up = foot_direction(board.angle), foot_direction(board.angle + 90.0)

    def on(way: float, high: float) -> Point:
        return translated(board.at, (way, along), (high, up))

    far, stop = (
        on(board.length, 0.0),
        (on(board.length, TOE_STOP), on(board.length - 2, TOE_STOP), on(board.length - 2, 0)),
    )
    deck = [board.at, *reversed(stop), (far[0], 0.0), (board.at[0], 0.0)]
    begin, end = HEEL_PLATE
    return [
        Shape("solid board", [deck]),
        Shape("plate", [[on(begin, -PLATE_THICK), on(begin, 0), on(end, 0), on(end, -PLATE_THICK)]]),
    ]


def _sitter(sitter: poses.Sitter, bottom: float) -> list[Shape]:
    """Chair, trunk, head and thighs; the far shin and the chair's legs run off the bottom of the picture."""
    x, y = sitter.at
    up, front = (0.0, 1.0), (1.0, 0.0)
    trunk = placed([*SITTER_HALF, *((u, -v) for u, v in reversed(SITTER_HALF))], sitter.at, up, front)
    head = [(x + 0.8 * across, high) for across, high in circle((0.0, y + HEAD_ABOVE), 12.5)]
    neck = [(x - 5, y + 46), (x - 5, y + 64), (x + 5, y + 64), (x + 5, y + 46)]
    knee = sitter.far_knee
    cut = [(knee[0] + aside, bottom) for aside in (7, 7, -7, -7)]
    shin = [(knee[0] - 9, knee[1]), (knee[0], knee[1] + 9), (knee[0] + 9, knee[1]), *cut]
    return [
        _slab(x - 22, y - 13, x + 22, y - 8),
        Shape(
            "solid",
            [[(x + at, bottom), (x + at, y - 13), (x + at + 4, y - 13), (x + at + 4, bottom)] for at in (-22, 18)],
        ),
        *(
            Shape("body", _reach((x + SHOULDER[0], y + SHOULDER[1]), hand, 0.3), has_corners=False)
            for hand in (sitter.hand,)
            if hand
        ),
        Shape("body", _joined(neck, head, trunk), has_corners=False),
        Shape("far", _joined(_thigh((x + 9, y - 1), knee), shin), has_corners=False),
        Shape("work", [_thigh((x - 9, y - 1), sitter.near_knee)], has_corners=False),
    ]


def _reach(shoulder: Point, tips: Point, bend: float) -> list[Outline]:
    """Upper arm, forearm and hand, foreshortened to fit the distance."""
    away = (tips[0] - shoulder[0], tips[1] - shoulder[1])
    elbow = translated(shoulder, (0.45, away), (bend, (-away[1], away[0])))
    long = hypot(tips[0] - elbow[0], tips[1] - elbow[1])
    way = ((tips[0] - elbow[0]) / long, (tips[1] - elbow[1]) / long)
    side = (-way[1], way[0])
    forearm = long - HAND_LONG
    upper = hypot(elbow[0] - shoulder[0], elbow[1] - shoulder[1])
    above = ((elbow[0] - shoulder[0]) / upper, (elbow[1] - shoulder[1]) / upper)
    hand = HAND_SHAPE if bend > 0 else tuple((u, -v) for u, v in HAND_SHAPE)
    return _joined(
        placed(_tube(upper, 6.5, 5.5), shoulder, above, (-above[1], above[0])),
        placed(_tube(forearm, 5.5, 4), elbow, way, side),
        placed(hand, tips, way, side),
    )


def _joined(*outlines: Outline) -> list[Outline]:
    """The outlines, all wound the same way, so that none cuts a hole in another."""
    return [one if _area(one) > 0 else one[::-1] for one in outlines]


def _area(outline: Outline) -> float:
    return sum(one[0] * other[1] - other[0] * one[1] for one, other in pairwise((*outline, outline[0])))


def _grasp(grasp: poses.Grasp, *, end: bool) -> list[Shape]:
    """The hand with its thumb, and each finger."""
    at = grasp.to if end and grasp.to else grasp.at
    along = limb_direction(grasp.angle + (grasp.turn if end else 0.0))
    side = (-along[1], along[0]) if grasp.is_right else (along[1], -along[0])
    hand = _joined(*(placed(shape, at, along, side) for shape in (GRASP_SHAPE, THUMB_SHAPE)))
    fingers = (placed(FINGER_SHAPE, translated(at, (aside, side)), along, side) for aside in FINGERS)
    return [Shape("body", outlines, has_corners=False) for outlines in (hand, *([finger] for finger in fingers))]


def _cord(at: Point, to: Point) -> Outline:
    """A cord that widens into the calf, `at`, and on to the heel, `to`."""
    long = hypot(to[0] - at[0], to[1] - at[1])
    way = ((to[0] - at[0]) / long, (to[1] - at[1]) / long)
    low, high = long / 3, 0.75 * long
    calf, heel = ((0, 4.7), (0, 4.7), (0, -1.8), (0, -1.8)), ((long, -1.2), (long + 2, 1.2), (long - 1, 3.4))
    shape = (*calf, (low, -1.4), (high, -1.2), *heel, (high, 1.4), (low, 1.2))
    return placed(shape, at, way, (-way[1], way[0]))


def _tube(length: float, wide: float, narrow: float) -> Outline:
    """A limb tapering from its upper to its lower joint."""
    return [
        (-wide, wide),
        (length / 2, wide),
        (length + narrow, narrow),
        (length + narrow, -narrow),
        (length / 2, -wide),
        (-wide, -wide),
    ]


def _thigh(hip: Point, knee: Point) -> Outline:
    """A thigh that points towards the viewer, foreshortened."""
    long = hypot(knee[0] - hip[0], knee[1] - hip[1])
    way = ((knee[0] - hip[0]) / long, (knee[1] - hip[1]) / long)
    shape = ((-10, 10), (long, 10), (long + 11, 8), (long + 11, -8), (long, -10), (-10, -10))
    return placed(shape, hip, way, (-way[1], way[0]))


def distance_to_surface(prop: Prop, point: Point) -> float:
    """The distance of a point from a prop's surface (its top, or the face of a wall); 0 is touching."""
    x, y = point
    match prop:
        case poses.Floor():
            return abs(y)
        case poses.Wall(face):
            return abs(x - face)
        case poses.Bench(at, size):
            return _distance_to_top(at, size, point)
        case poses.Chair(at, size):
            back = (at[0] - THICK, at[1]), (THICK, size[1] + CHAIR_BACK)
            return min(_distance_to_top(at, size, point), _distance_to_top(*back, point))
        case poses.Board(at, length, angle):
            beside = max(at[0] - x, x - at[0] - length * cos(radians(angle)), 0.0)
            return hypot(beside, (y - at[1] - (x - at[0]) * tan(radians(angle))) * cos(radians(angle)))
        case poses.Roller(at, radius) | poses.Ball(at, radius):
            return abs(hypot(x - at[0], y - at[1]) - radius)
        case _:
            return float("inf")


def _distance_to_top(at: Point, size: tuple[float, float], point: Point) -> float:
    beside = max(at[0] - point[0], point[0] - at[0] - size[0], 0.0)
    return hypot(beside, point[1] - at[1] - size[1])


def heel_plate(board: poses.Board) -> tuple[float, float]:
    """The ends of the heel plate, as x coordinates."""
    begin, end = HEEL_PLATE
    return board.at[0] + begin * cos(radians(board.angle)), board.at[0] + end * cos(radians(board.angle))
