"""The figure: the positions of its joints in a pose, and the outlines of its limbs.

Lengths are those of an adult of 173 cm, by the usual shares of body height (Drillis and Contini 1966: shin 0.246, thigh
0.245, foot 0.152), with slightly longer feet, since the pictures are about them. y points up here.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sin

from msgspec import Struct

from station.catalogue.poses import Anchor, Arm, FootContact, Leg, PictureExtent, Pose

THIGH, SHIN, TRUNK, NECK = 42.0, 41.0, 50.0, 20.0
UPPER_ARM, FOREARM, HAND = 28.0, 25.0, 9.0
ANKLE_HIGH = 8.0
"""The height of the ankle above the sole."""
HEEL_BACK, BALL_AHEAD, TOES = 4.0, 14.0, 8.0
"""Distances from below the ankle: back to the heel's contact point, ahead to the ball; and from the ball to the toes'
contact point.
"""
TOE_JOINT_HEIGHT = 2.0
"""The height of the toe joint above the sole."""
HIP_TO_SEAT = 9.0
"""The height of the hip above the seat."""

Point = tuple[float, float]
Outline = list[Point]


def limb_direction(angle: float) -> Point:
    """The direction of a hanging limb swung forwards by an angle in degrees."""
    return sin(radians(angle)), -cos(radians(angle))


def foot_direction(pitch: float) -> Point:
    """The direction of a foot with its toes up by this many degrees."""
    return cos(radians(pitch)), sin(radians(pitch))


def translated(point: Point, *steps: tuple[float, Point]) -> Point:
    """A point moved by each length in its direction."""
    x, y = point
    return x + sum(by * way[0] for by, way in steps), y + sum(by * way[1] for by, way in steps)


class LegJoints(Struct, frozen=True):
    """The joints of a leg. `pitch` is the sole's angle in degrees, toes up; `rock` is that of a sole seen from the
    foot's end, to the big toe's side. `crosses`: the leg lies over the near one.
    """

    hip: Point
    knee: Point
    ankle: Point
    heel: Point
    ball: Point
    tip: Point
    pitch: float
    rock: float
    big_toe_angle: float
    small_toes_angle: float | None
    crosses: bool


class ArmJoints(Struct, frozen=True):
    """The joints of an arm; `hand` is the fingertips."""

    shoulder: Point
    elbow: Point
    wrist: Point
    hand: Point


class Figure(Struct, frozen=True):
    """The joints of a figure. `lean` is the angle of the trunk, `head_lean` that of the head, in degrees forwards."""

    hip: Point
    shoulder: Point
    head: Point
    lean: float
    head_lean: float
    near: LegJoints
    far: LegJoints | None
    near_arm: ArmJoints | None
    far_arm: ArmJoints | None


def figure(pose: Pose) -> Figure:
    """Forward kinematics: the joints from the pose's angles, with its anchor where the pose puts it."""
    near = _leg(pose.near, (0.0, 0.0), pose.trunk)
    held = {Anchor.HIP: near.hip, Anchor.HEEL: near.heel, Anchor.BALL: near.ball, Anchor.ANKLE: near.ankle}[pose.anchor]
    hip = (pose.at[0] - held[0], pose.at[1] - held[1])
    up, gaze = limb_direction(180.0 - pose.trunk), pose.trunk + pose.neck
    shoulder = translated(hip, (TRUNK, up))
    return Figure(
        hip=hip,
        shoulder=shoulder,
        head=translated(shoulder, (NECK, limb_direction(180.0 - gaze))),
        lean=pose.trunk,
        head_lean=gaze,
        near=_leg(pose.near, hip, pose.trunk),
        far=_leg(pose.far, hip, pose.trunk) if pose.far else None,
        near_arm=_arm(pose.near_arm, shoulder, pose.trunk) if pose.near_arm else None,
        far_arm=_arm(pose.far_arm, shoulder, pose.trunk) if pose.far_arm else None,
    )


def _leg(leg: Leg, hip: Point, lean: float) -> LegJoints:
    thigh = leg.hip - lean
    shin = thigh - leg.knee
    pitch = shin + leg.ankle
    knee = translated(hip, (THIGH, limb_direction(thigh)))
    ankle = translated(knee, (SHIN, limb_direction(shin)))
    forwards, down = foot_direction(pitch), limb_direction(pitch)
    ball = translated(ankle, (ANKLE_HIGH, down), (BALL_AHEAD, forwards))
    hinge = translated(ball, (-TOE_JOINT_HEIGHT, down))
    tip = translated(
        hinge, (TOES, foot_direction(pitch + leg.toes)), (TOE_JOINT_HEIGHT, limb_direction(pitch + leg.toes))
    )
    heel = translated(ankle, (ANKLE_HIGH, down), (-HEEL_BACK, forwards))
    return LegJoints(hip, knee, ankle, heel, ball, tip, pitch, leg.rock, leg.toes, leg.others, leg.crosses)


def _arm(arm: Arm, shoulder: Point, lean: float) -> ArmJoints:
    upper = arm.shoulder - lean
    fore = upper + arm.elbow
    elbow = translated(shoulder, (UPPER_ARM, limb_direction(upper)))
    wrist = translated(elbow, (FOREARM, limb_direction(fore)))
    return ArmJoints(shoulder, elbow, wrist, translated(wrist, (HAND, limb_direction(fore))))


def contact_points(leg: LegJoints, by: FootContact) -> tuple[Point, ...]:
    """The points of a foot that touch its support."""
    return {
        FootContact.SOLE: (leg.heel, leg.ball),
        FootContact.HEEL: (leg.heel,),
        FootContact.BALL: (leg.ball,),
        FootContact.TOES: (leg.tip,),
    }[by]


THIGH_SHAPE = ((-5, 9), (10, 11), (30, 8.5), (45, 7), (49, 1), (44, -7), (28, -8), (8, -11), (-7, -8), (-11, 1))
SHIN_SHAPE = ((-7, 5), (6, 7), (24, 4.5), (40, 3.8), (46, 0), (41, -4), (29, -3.5), (17, -9.5), (4, -8), (-7, -5))
CUT_SHIN_SHAPE = ((13, 6.5), (13, 6.5), (26, 4.5), (40, 3.8), (46, 0), (41, -4), (30, -3.4), (13, -9), (13, -9))
FOOT_SHAPE = (
    *((5, 6), (8.5, 1.2), (15, -1.9), (18, -4.2), (17, -8), (14, -8), (12, -8), (5, -6), (0, -8)),
    *((-4, -8), (-9, -8), (-9, -3), (-4.5, 1), (-5, 5)),
)
TOE_SHAPE = ((-4, 3.4), (2, 3.4), (7, 2.8), (11, 1.2), (10.5, -2), (7, -2), (2, -1.8), (-1.5, -1.8), (-3.5, 0.6))
SOLE_SHAPE = (
    *((-10, 0), (-9.5, -3.6), (-4, -4.4), (4, -4.2), (11, -6.2), (16, -5.4), (17.5, 0), (18.5, 5.6), (13, 6.4)),
    *((7, 3.4), (0, 3.2), (-5, 4.4), (-9.5, 3.6)),
)
SOLE_TOES = ((22.3, 3.6, 2.5), (22, -0.6, 1.5), (20.7, -3.1, 1.4), (18.8, -5.2, 1.3), (16.6, -7, 1.2))
"""Each toe of the sole: its distance above the ankle and to the big toe's side, and its radius."""
TRUNK_SHAPE = (
    *((-9, 2), (-7, 9), (12, 10.5), (34, 12.5), (48, 10), (56, 3), (55, -5), (46, -11), (30, -11), (14, -7)),
    *((2, -12), (-8, -9)),
)
HEAD_SHAPE = (
    *((12, -7.5), (4, -12.5), (-4, -11.5), (-9, -5), (-12.5, 2), (-11, 9.5), (-5.5, 9), (-2.5, 13.5), (1, 10.5)),
    *((8, 10.5), (13, 4)),
)
NECK_SHAPE = ((-24, 6.5), (-12, 5.5), (0, 5), (0, -6), (-12, -6.5), (-25, -8))
UPPER_ARM_SHAPE = ((-6, 4), (8, 6), (28, 4.5), (33, 0), (28, -4.5), (8, -6), (-6, -4))
FOREARM_SHAPE = ((-5, 3), (6, 5.5), (20, 3), (27, 3), (27, -3), (20, -3), (6, -4.5), (-5, -3))
HAND_SHAPE = ((-4, 2.5), (1, 4), (7, 3), (11, 1.5), (11, -1.5), (7, -3), (1, -3.5), (-4, -2.5))
"""Each limb as the control points of a closed quadratic B-spline: along the limb from its upper joint, and to its front
(the foot: ahead of and above the ankle; the sole: upwards from the ankle and to the big toe; head, neck and trunk:
upwards and to the front)."""


def placed(shape: Sequence[Point], origin: Point, axis: Point, front: Point) -> Outline:
    """A shape's control points, moved to an origin and two axes of the figure."""
    return [translated(origin, (u, axis), (v, front)) for u, v in shape]


def circle(centre: Point, radius: float) -> Outline:
    """Eight control points; their spline is round to a hundredth of its radius."""
    out = radius / cos(radians(22.5))
    turns = (radians(45.0 * number) for number in range(8))
    return [(centre[0] + out * cos(turn), centre[1] + out * sin(turn)) for turn in turns]


def _limb(shape: Sequence[Point], origin: Point, end: Point, length: float) -> Outline:
    way = ((end[0] - origin[0]) / length, (end[1] - origin[1]) / length)
    return placed(shape, origin, way, (-way[1], way[0]))


def leg_outlines(leg: LegJoints, shows: PictureExtent) -> list[Outline]:
    """Thigh (not close up), shin, foot and toes, or the sole with its toes."""
    if shows is PictureExtent.SOLE:
        return _sole_outlines(leg)
    forwards, down = foot_direction(leg.pitch), limb_direction(leg.pitch)
    up = (-down[0], -down[1])
    foot = [placed(FOOT_SHAPE, leg.ankle, forwards, up), _toe_outline(leg, leg.big_toe_angle)]
    if shows is PictureExtent.FOOT:
        return [_limb(CUT_SHIN_SHAPE, leg.knee, leg.ankle, SHIN), *foot]
    thigh = _limb(THIGH_SHAPE, leg.hip, leg.knee, THIGH)
    return [thigh, _limb(SHIN_SHAPE, leg.knee, leg.ankle, SHIN), *foot]


def toes_of_sole(leg: LegJoints) -> list[tuple[Point, float]]:
    """The centre and radius of each toe of a sole seen from the foot's end, big toe first."""
    up, side = _sole_axes(leg)
    return [(translated(leg.ankle, (high, up), (aside, side)), radius) for high, aside, radius in SOLE_TOES]


def _sole_outlines(leg: LegJoints) -> list[Outline]:
    return [placed(SOLE_SHAPE, leg.ankle, *_sole_axes(leg)), *(circle(at, radius) for at, radius in toes_of_sole(leg))]


def _sole_axes(leg: LegJoints) -> tuple[Point, Point]:
    up = limb_direction(180.0 - leg.rock)
    return up, (up[1], -up[0])


def small_toe_outlines(leg: LegJoints) -> list[Outline]:
    """The four small toes, if they move separately from the big toe."""
    return [] if leg.small_toes_angle is None else [_toe_outline(leg, leg.small_toes_angle)]


def _toe_outline(leg: LegJoints, angle: float) -> Outline:
    hinge = translated(leg.ball, (TOE_JOINT_HEIGHT, limb_direction(180.0 + leg.pitch)))
    return placed(TOE_SHAPE, hinge, foot_direction(leg.pitch + angle), limb_direction(180.0 + leg.pitch + angle))


def trunk_outlines(body: Figure) -> list[Outline]:
    """Trunk, neck and head."""
    up, top = limb_direction(180.0 - body.lean), limb_direction(180.0 - body.head_lean)
    return [
        placed(TRUNK_SHAPE, body.hip, up, (up[1], -up[0])),
        placed(NECK_SHAPE, body.head, top, (top[1], -top[0])),
        placed(HEAD_SHAPE, body.head, top, (top[1], -top[0])),
    ]


def arm_outlines(arm: ArmJoints) -> list[Outline]:
    """Upper arm, forearm and hand."""
    return [
        _limb(UPPER_ARM_SHAPE, arm.shoulder, arm.elbow, UPPER_ARM),
        _limb(FOREARM_SHAPE, arm.elbow, arm.wrist, FOREARM),
        _limb(HAND_SHAPE, arm.wrist, arm.hand, HAND),
    ]
