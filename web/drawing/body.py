"""The figure: where its joints are in a pose, and the outline of its limbs.

Lengths are those of an adult of 173 cm, from the usual shares of body height (Drillis and Contini 1966: shin 0.246,
thigh 0.245, foot 0.152), the feet a little longer, since they are what the pictures are about. y is up here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin

from station.catalogue.poses import Anchor, Arm, By, Leg, Pose, Shows

THIGH, SHIN, TRUNK, NECK = 42.0, 41.0, 50.0, 20.0
UPPER_ARM, FOREARM, HAND = 28.0, 25.0, 9.0
ANKLE_HIGH = 8.0
"""From the ankle down to the sole."""
HEEL_BACK, BALL_AHEAD, TOES = 4.0, 14.0, 8.0
"""From below the ankle back to where the heel rests, ahead to the ball, and from there to where the toes rest."""
HINGE_HIGH = 2.0
"""The joint of the toes above the sole."""
SEAT = 9.0
"""From the hip down to what one sits on."""

Point = tuple[float, float]
Outline = list[Point]


def along(angle: float) -> Point:
    """The direction of a limb that hangs down, swung forwards by an angle in degrees."""
    return sin(radians(angle)), -cos(radians(angle))


def ahead(pitch: float) -> Point:
    """The direction in which a foot points whose toes are up by this many degrees."""
    return cos(radians(pitch)), sin(radians(pitch))


def moved(point: Point, *steps: tuple[float, Point]) -> Point:
    """A point after some lengths in some directions."""
    x, y = point
    return x + sum(by * way[0] for by, way in steps), y + sum(by * way[1] for by, way in steps)


@dataclass(frozen=True, slots=True)
class LegAt:
    """Where a leg is; `pitch` is how far the sole is up at the toes, in degrees."""

    hip: Point
    knee: Point
    ankle: Point
    heel: Point
    ball: Point
    tip: Point
    pitch: float
    toes: float
    others: float | None


@dataclass(frozen=True, slots=True)
class ArmAt:
    """Where an arm is; `hand` is the tip of its fingers."""

    shoulder: Point
    elbow: Point
    wrist: Point
    hand: Point


@dataclass(frozen=True, slots=True)
class Figure:
    """Where a figure is. `lean` is that of the trunk, `gaze` that of the head, in degrees forwards."""

    hip: Point
    shoulder: Point
    head: Point
    lean: float
    gaze: float
    near: LegAt
    far: LegAt | None
    near_arm: ArmAt | None
    far_arm: ArmAt | None


def figure(pose: Pose) -> Figure:
    """Forward kinematics: the angles of the pose, with its anchor where the pose has it."""
    near = _leg(pose.near, (0.0, 0.0), pose.trunk)
    held = {Anchor.HIP: near.hip, Anchor.HEEL: near.heel, Anchor.BALL: near.ball, Anchor.ANKLE: near.ankle}[pose.anchor]
    hip = (pose.at[0] - held[0], pose.at[1] - held[1])
    up, gaze = along(180.0 - pose.trunk), pose.trunk + pose.neck
    shoulder = moved(hip, (TRUNK, up))
    return Figure(
        hip=hip,
        shoulder=shoulder,
        head=moved(shoulder, (NECK, along(180.0 - gaze))),
        lean=pose.trunk,
        gaze=gaze,
        near=_leg(pose.near, hip, pose.trunk),
        far=_leg(pose.far, hip, pose.trunk) if pose.far else None,
        near_arm=_arm(pose.near_arm, shoulder, pose.trunk) if pose.near_arm else None,
        far_arm=_arm(pose.far_arm, shoulder, pose.trunk) if pose.far_arm else None,
    )


def _leg(leg: Leg, hip: Point, lean: float) -> LegAt:
    thigh = leg.hip - lean
    shin = thigh - leg.knee
    pitch = shin + leg.ankle
    knee = moved(hip, (THIGH, along(thigh)))
    ankle = moved(knee, (SHIN, along(shin)))
    forwards, down = ahead(pitch), along(pitch)
    ball = moved(ankle, (ANKLE_HIGH, down), (BALL_AHEAD, forwards))
    hinge = moved(ball, (-HINGE_HIGH, down))
    tip = moved(hinge, (TOES, ahead(pitch + leg.toes)), (HINGE_HIGH, along(pitch + leg.toes)))
    heel = moved(ankle, (ANKLE_HIGH, down), (-HEEL_BACK, forwards))
    return LegAt(hip, knee, ankle, heel, ball, tip, pitch, leg.toes, leg.others)


def _arm(arm: Arm, shoulder: Point, lean: float) -> ArmAt:
    upper = arm.shoulder - lean
    fore = upper + arm.elbow
    elbow = moved(shoulder, (UPPER_ARM, along(upper)))
    wrist = moved(elbow, (FOREARM, along(fore)))
    return ArmAt(shoulder, elbow, wrist, moved(wrist, (HAND, along(fore))))


def standing(leg: LegAt, by: By) -> tuple[Point, ...]:
    """The points of a foot that touch what it stands on."""
    return {By.SOLE: (leg.heel, leg.ball), By.HEEL: (leg.heel,), By.BALL: (leg.ball,), By.TOES: (leg.tip,)}[by]


THIGH_SHAPE = ((-5, 9), (10, 11), (30, 8.5), (45, 7), (49, 1), (44, -7), (28, -8), (8, -11), (-7, -8), (-11, 1))
SHIN_SHAPE = ((-7, 5), (6, 7), (24, 4.5), (40, 3.8), (46, 0), (41, -4), (29, -3.5), (17, -9.5), (4, -8), (-7, -5))
CUT_SHIN_SHAPE = ((13, 6.5), (13, 6.5), (26, 4.5), (40, 3.8), (46, 0), (41, -4), (30, -3.4), (13, -9), (13, -9))
FOOT_SHAPE = (
    *((5, 6), (8.5, 1.2), (15, -1.9), (18, -4.2), (17, -8), (14, -8), (12, -8), (5, -6), (0, -8)),
    *((-4, -8), (-9, -8), (-9, -3), (-4.5, 1), (-5, 5)),
)
TOE_SHAPE = ((-4, 3.4), (2, 3.4), (7, 2.8), (11, 1.2), (10.5, -2), (7, -2), (2, -1.8), (-1.5, -1.8), (-3.5, 0.6))
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
(the foot: ahead of and above the ankle; head, neck and trunk: upwards and to the front)."""


def placed(shape: Sequence[Point], origin: Point, way: Point, front: Point) -> Outline:
    """A shape's control points with its origin and its two axes where a figure has them."""
    return [moved(origin, (u, way), (v, front)) for u, v in shape]


def _limb(shape: Sequence[Point], origin: Point, end: Point, length: float) -> Outline:
    way = ((end[0] - origin[0]) / length, (end[1] - origin[1]) / length)
    return placed(shape, origin, way, (-way[1], way[0]))


def leg_outlines(leg: LegAt, shows: Shows) -> list[Outline]:
    """Thigh (not close up), shin, foot and toes."""
    forwards, down = ahead(leg.pitch), along(leg.pitch)
    up = (-down[0], -down[1])
    foot = [placed(FOOT_SHAPE, leg.ankle, forwards, up), _toes(leg, leg.toes)]
    if shows is Shows.FOOT:
        return [_limb(CUT_SHIN_SHAPE, leg.knee, leg.ankle, SHIN), *foot]
    thigh = _limb(THIGH_SHAPE, leg.hip, leg.knee, THIGH)
    return [thigh, _limb(SHIN_SHAPE, leg.knee, leg.ankle, SHIN), *foot]


def other_toes(leg: LegAt) -> list[Outline]:
    """The four small toes, where they do not follow the big one."""
    return [] if leg.others is None else [_toes(leg, leg.others)]


def _toes(leg: LegAt, angle: float) -> Outline:
    hinge = moved(leg.ball, (HINGE_HIGH, along(180.0 + leg.pitch)))
    return placed(TOE_SHAPE, hinge, ahead(leg.pitch + angle), along(180.0 + leg.pitch + angle))


def trunk_outlines(body: Figure) -> list[Outline]:
    """Trunk, neck and head."""
    up, top = along(180.0 - body.lean), along(180.0 - body.gaze)
    return [
        placed(TRUNK_SHAPE, body.hip, up, (up[1], -up[0])),
        placed(NECK_SHAPE, body.head, top, (top[1], -top[0])),
        placed(HEAD_SHAPE, body.head, top, (top[1], -top[0])),
    ]


def arm_outlines(arm: ArmAt) -> list[Outline]:
    """Upper arm, forearm and hand."""
    return [
        _limb(UPPER_ARM_SHAPE, arm.shoulder, arm.elbow, UPPER_ARM),
        _limb(FOREARM_SHAPE, arm.elbow, arm.wrist, FOREARM),
        _limb(HAND_SHAPE, arm.wrist, arm.hand, HAND),
    ]
