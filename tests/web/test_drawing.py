"""The exercise pictures are true to their exercise: feet and hands on their support, joints where they belong."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from math import hypot
from typing import TypeVar
from xml.etree import ElementTree

import msgspec
import pytest

from station.catalogue.poses import (
    Anchor,
    Ball,
    Board,
    ExercisePicture,
    Grasp,
    MoveArrow,
    PictureExtent,
    Pinch,
    Pose,
    Prop,
    Roller,
    Scene,
    Sitter,
    Tendon,
    TurnArrow,
    exercise_picture,
    picture_keys,
    prop_kind,
)
from station.catalogue.read import exercises
from web.drawing import standalone_svg
from web.drawing.body import HAND, HEEL_BACK, HIP_TO_SEAT, ArmJoints, Figure, contact_points, figure, toes_of_sole
from web.drawing.path import SIZE, Viewport
from web.drawing.props import distance_to_surface, heel_plate

SVG = "{http://www.w3.org/2000/svg}"
SUPPORT_TOLERANCE = 1.0
"""The largest gap between a figure and what it stands, sits or leans on."""
HAND_TOLERANCE = 1.5
TENDON_HALF_WIDTH, SHIN_HALF_WIDTH, CALF_HALF_WIDTH = 1.5, 4.0, 9.0
SOLE_BELOW_ANKLE = 9.0
"""How far the heel's edge of the sole is below the ankle, seen from the foot's end."""
PropKind = TypeVar("PropKind", bound=Prop)
HEEL_REACH = 9.0
"""How far a heel extends around its contact point, with a little margin."""
KEYS = picture_keys()
FRAMED = tuple(key for key in KEYS if exercise_picture(key).inset)
"""The close-ups that show the whole figure in a frame."""
FIGURES = [(key, end) for key in KEYS for end in ("start", "end")]
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
OVER_TOES = ("3b", "3c", "4c", "7a", "7b", "7c")
STRAIGHT = ("3a", "7d", "8")
STRAIGHT_BELOW_DEG = 12
"""A knee bent less than this looks straight."""


def paths(key: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(standalone_svg(key, title="A title")).iter(f"{SVG}path"))


def styles_of(key: str) -> set[str]:
    return {style for path in paths(key) for style in path.attrib["class"].split()}


def data(path: ElementTree.Element) -> list[str]:
    """The path and every path it is animated to."""
    return [path.attrib["d"], *(d for one in path.iter(f"{SVG}animate") for d in one.attrib["values"].split(";"))]


def points(d: str) -> Iterator[tuple[float, float]]:
    """The points of a path: the end of every segment, and its explicit control points."""
    x = y = 0.0
    for command, given in re.findall(r"([Mlqtaz])([^Mlqtaz]*)", d):
        numbers = [float(one) for one in NUMBER.findall(given)]
        if command == "a":
            numbers = numbers[-2:]
        steps = list(zip(numbers[::2], numbers[1::2], strict=True))
        if command == "q":
            (aside, bside), end = steps
            yield x + aside, y + bside
            steps = [end]
        for right, down in steps:
            x, y = (right, down) if command == "M" else (x + right, y + down)
            yield x, y


def pose_and_figure(key: str, end: str) -> tuple[ExercisePicture, Pose, Figure]:
    pictured = exercise_picture(key)
    pose: Pose = getattr(pictured, end)
    return pictured, pose, figure(pose)


def nearest(pictured: Scene, name: str, point: tuple[float, float]) -> float:
    there: list[Prop] = [prop for prop in pictured.props if prop_kind(prop) == name]
    return min(distance_to_surface(prop, point) for prop in there)


def support_faults(pictured: Scene, pose: Pose, body: Figure) -> list[str]:
    """Faults: limbs and seats that do not touch what the pose puts them on."""
    faults = []
    for name, leg, at in (("near", pose.near, body.near), ("far", pose.far, body.far)):
        if leg and at and leg.on:
            for point in contact_points(at, leg.by):
                away = nearest(pictured, leg.on, point)
                faults += [f"{name} foot {away:.1f} from the {leg.on}"] if away > SUPPORT_TOLERANCE else []
    for name, arm, hand in (("near", pose.near_arm, body.near_arm), ("far", pose.far_arm, body.far_arm)):
        if arm and hand and arm.on:
            away = nearest(pictured, arm.on, hand.hand)
            faults += [f"{name} hand {away:.1f} from the {arm.on}"] if away > HAND_TOLERANCE else []
    if pose.sits_on:
        away = nearest(pictured, pose.sits_on, (body.hip[0], body.hip[1] - HIP_TO_SEAT))
        faults += [f"the seat {away:.1f} from the {pose.sits_on}"] if away > SUPPORT_TOLERANCE else []
    return faults


MARKED_HEELS = ("down", "lowered")
"""A heel that is free, or moves up and down, has no mark."""


@pytest.mark.parametrize("key", KEYS)
def test_picture_marks_heel_arrow_and_working_leg(key: str) -> None:
    """An arrow with a head, a working leg, and the heel mark that the exercise requires; a free heel has none."""
    heel = exercises()[key].heel
    assert {"arrow", "arrow-head", "work"} <= styles_of(key)
    assert {"heel", "down", "lowered", "free"} & styles_of(key) == ({"heel", heel} if heel in MARKED_HEELS else set())


@pytest.mark.parametrize(("key", "end"), [one for one in FIGURES if exercises()[one[0]].heel in MARKED_HEELS])
def test_heel_mark_lies_at_the_heel(key: str, end: str) -> None:
    """Its bar is below the heel and no wider; its arrow or chevrons are above the heel."""
    pictured, _, body = pose_and_figure(key, end)
    viewport = Viewport(pictured.view)
    mark = next(path for path in paths(key) if path.attrib["class"].startswith("heel"))
    moves = data(mark)
    path = moves[0] if len(moves) == 1 or end == "end" else moves[1]
    bar, over = ([*points(one)] for one in re.findall(r"M[^M]*", path)[:2])
    x, y = viewport(body.near.heel)
    for across, down in bar:
        assert abs(across - x) <= HEEL_REACH * viewport.scale
        assert abs(down - y) <= HEEL_REACH * viewport.scale
    assert min(across for across, _ in bar) <= x <= max(across for across, _ in bar)
    assert min(abs(across - x) for across, _ in over) <= HEEL_REACH * viewport.scale
    assert max(down for _, down in over) < y


@pytest.mark.parametrize(("key", "end"), [one for one in FIGURES if exercises()[one[0]].on_board])
def test_heel_is_on_its_plate(key: str, end: str) -> None:
    """Where it is down: 7d ends with the heels up, above their plates."""
    pictured, _, body = pose_and_figure(key, end)
    (board,) = (prop for prop in pictured.props if isinstance(prop, Board))
    begin, until = heel_plate(board)
    assert begin < body.near.heel[0] < until
    assert (distance_to_surface(board, body.near.heel) < SUPPORT_TOLERANCE) == ((key, end) != ("7d", "end"))


@pytest.mark.parametrize("key", KEYS)
def test_start_and_end_differ_visibly(key: str) -> None:
    """Something moves by a thirtieth of the picture: a joint, or a prop that moves."""
    pictured = exercise_picture(key)
    start, end = figure(pictured.start), figure(pictured.end)
    pairs = [(start.hip, end.hip), (start.head, end.head)]
    for one, other in ((start.near, end.near), (start.far, end.far)):
        if one and other:
            pairs += [(one.knee, other.knee), (one.heel, other.heel), (one.tip, other.tip)]
    if pictured.shows is PictureExtent.SOLE:
        pairs += [
            (one, other)
            for (one, _), (other, _) in zip(*(toes_of_sole(body.near) for body in (start, end)), strict=True)
        ]
    pairs += [(prop.at, prop.to) for prop in pictured.props if isinstance(prop, Pinch | Grasp) and prop.to]
    assert max(hypot(one[0] - other[0], one[1] - other[1]) for one, other in pairs) > pictured.view[2] / 30


def only(pictured: Scene, kind: type[PropKind]) -> PropKind:
    """The one prop of this kind."""
    (prop,) = (prop for prop in pictured.props if isinstance(prop, kind))
    return prop


def test_fingers_stroke_the_tendon_down_to_the_heel() -> None:
    """2c: the tendon goes from the calf to the heel; the pinch stays on it and ends nearer the heel, above the bone.

    The foot is bent up and nothing but the hand moves; the one arrow goes the same way.
    """
    pictured = exercise_picture("2c")
    tendon, pinch, near = only(pictured, Tendon), only(pictured, Pinch), figure(pictured.end).near
    assert pictured.start == pictured.end
    assert pictured.end.near.ankle > 0
    assert length(tendon.to, near.heel) < HEEL_REACH
    assert max(distance_to_segment(point, tendon.at, tendon.to) for point in (pinch.at, pinch.to)) < TENDON_HALF_WIDTH
    assert length(tendon.at, pinch.at) < length(tendon.at, pinch.to)
    assert length(pinch.to, tendon.to) > HAND / 2
    (arrow,) = pictured.arrows
    assert isinstance(arrow, MoveArrow)
    assert direction(arrow.at, arrow.to) == pytest.approx(direction(pinch.at, pinch.to), abs=0.1)


def test_hands_hold_ankle_and_forefoot() -> None:
    """4b: the right hand lies on the front of the ankle and stays, the other on the forefoot all the way down."""
    pictured = exercise_picture("4b")
    still, moving = (prop for prop in pictured.props if isinstance(prop, Grasp))
    assert still.to is None
    assert still.is_right is not moving.is_right
    assert moving.to
    for pose, at in ((pictured.start, moving.at), (pictured.end, moving.to)):
        near = figure(pose).near
        assert length(still.at, near.ankle) < HAND
        assert length(at, near.ball) < HAND / 2
    assert moving.to[1] < moving.at[1]


def test_foot_on_the_ball_rocks_to_both_sides() -> None:
    """2b, from the foot's end: the toes go as far to one side as to the other, over a ball that is wider than the heel.

    The heel hangs below the top of the ball, in front of it; each side has an arrow that points away from the other.
    """
    pictured = exercise_picture("2b")
    ball = only(pictured, Ball)
    assert pictured.shows is PictureExtent.SOLE
    assert pictured.start.near.rock == -pictured.end.near.rock
    begun, ended = (toes_of_sole(figure(pose).near)[2][0][0] - ball.at[0] for pose in (pictured.start, pictured.end))
    assert begun < -ball.radius / 2 < ball.radius / 2 < ended
    for pose in (pictured.start, pictured.end):
        x, y = figure(pose).near.ankle
        assert ball.at[0] == x
        assert ball.at[1] < y - SOLE_BELOW_ANKLE < ball.at[1] + ball.radius < y
    one, other = (arrow for arrow in pictured.arrows if isinstance(arrow, MoveArrow))
    assert direction(one.at, one.to)[0] < -0.8
    assert direction(other.at, other.to)[0] > 0.8


@pytest.mark.parametrize("key", FRAMED)
def test_figure_in_the_frame_has_a_support(key: str) -> None:
    """It touches what it stands, sits or lies on; or it is the sitter seen from the front, on a chair."""
    inset = exercise_picture(key).inset
    assert inset
    pose = inset.pose
    assert not support_faults(inset, pose, figure(pose))
    assert pose.sits_on or (pose.far and pose.far.on) or any(isinstance(prop, Sitter) for prop in inset.props)


@pytest.mark.parametrize("key", FRAMED)
def test_frame_holds_its_figure(key: str) -> None:
    """The frame hides what is behind it, and no part of its figure reaches out of it."""
    inset = exercise_picture(key).inset
    assert inset
    left, top, width, height = inset.frame
    after = [path.attrib["class"] for path in paths(key)].index("inset")
    framed = itertools.takewhile(lambda path: "halo" not in path.attrib["class"], paths(key)[after:])
    for path in framed:
        for x, y in (point for d in data(path) for point in points(d)):
            assert left <= x <= left + width, path.attrib
            assert top <= y <= top + height, path.attrib


def length(one: tuple[float, float], other: tuple[float, float]) -> float:
    return hypot(other[0] - one[0], other[1] - one[1])


def direction(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    far = length(one, other)
    return (other[0] - one[0]) / far, (other[1] - one[1]) / far


def distance_to_segment(point: tuple[float, float], one: tuple[float, float], other: tuple[float, float]) -> float:
    along, far = direction(one, other), length(one, other)
    x, y = point[0] - one[0], point[1] - one[1]
    way = min(max(x * along[0] + y * along[1], 0.0), far)
    return hypot(x - way * along[0], y - way * along[1])


def test_toes_stay_inside_their_circle() -> None:
    """The circles of 1a enclose the toes at both ends."""
    pictured = exercise_picture("1a")
    inner = min((arrow for arrow in pictured.arrows if isinstance(arrow, TurnArrow)), key=lambda turn: turn.radius)
    for pose in (pictured.start, pictured.end):
        tip = figure(pose).near.tip
        assert hypot(tip[0] - inner.at[0], tip[1] - inner.at[1]) < inner.radius


@pytest.mark.parametrize("key", KEYS)
def test_picture_animates_between_start_and_end(key: str) -> None:
    """The start is an outline; moving parts animate there and back along paths with matching segments."""
    assert "start" in styles_of(key)
    moving = [path for path in paths(key) if "animated" in path.attrib["class"]]
    assert moving
    for path in moving:
        end, start, again, back = data(path)
        assert start == back != end == again
        assert re.sub(r"[^a-zM]", "", start) == re.sub(r"[^a-zM]", "", end)
        assert len(NUMBER.findall(start)) == len(NUMBER.findall(end))


@pytest.mark.parametrize("key", KEYS)
def test_every_point_lies_inside_the_frame(key: str) -> None:
    """At the start and at the end, and therefore between."""
    out = [
        f"{path.attrib['class']} {x:.1f} {y:.1f}"
        for path in paths(key)
        for d in data(path)
        for x, y in points(d)
        if not (0 <= x <= SIZE and 0 <= y <= SIZE)
    ]
    assert not out, out


@pytest.mark.parametrize(("key", "end"), FIGURES)
def test_feet_hands_and_seat_touch_their_support(key: str, end: str) -> None:
    assert not support_faults(*pose_and_figure(key, end))


def test_helper_stands_and_holds_the_foot() -> None:
    """In 4a the helper's feet are on the floor, one hand under the heel and one over the foot, at both ends."""
    pictured = exercise_picture("4a")
    assert pictured.helper
    for pose, own in ((pictured.helper.start, pictured.start), (pictured.helper.end, pictured.end)):
        helper, near = figure(pose), figure(own).near
        assert not support_faults(pictured, pose, helper)
        assert helper.near_arm
        assert helper.far_arm
        over, under = (palm(arm, pictured.helper.mirror) for arm in (helper.near_arm, helper.far_arm))
        assert hypot(under[0] - near.heel[0], under[1] - near.heel[1]) < HAND
        assert under[1] < near.heel[1]
        assert hypot(over[0] - near.ball[0], over[1] - near.ball[1]) < HAND


def palm(arm: ArmJoints, mirror: float) -> tuple[float, float]:
    """The middle of the hand of a figure that faces left."""
    return 2 * mirror - (arm.hand[0] + arm.wrist[0]) / 2, (arm.hand[1] + arm.wrist[1]) / 2


def test_ground_check_finds_a_foot_in_the_air() -> None:
    """A figure two units too high, or with a wrong ankle angle, is reported."""
    pictured, pose, _ = pose_and_figure("3b", "end")
    high = msgspec.structs.replace(pose, at=(pose.at[0], pose.at[1] + 2))
    bent = msgspec.structs.replace(pose, near=msgspec.structs.replace(pose.near, ankle=pose.near.ankle - 10))
    for wrong in (high, bent):
        assert support_faults(pictured, wrong, figure(wrong))


@pytest.mark.parametrize(("key", "end"), FIGURES)
def test_every_figure_has_a_support(key: str, end: str) -> None:
    """Each figure stands or sits on something, or is a close-up."""
    pictured, pose, _ = pose_and_figure(key, end)
    limbs = (pose.near, pose.far, pose.near_arm, pose.far_arm)
    assert pose.sits_on or any(limb and limb.on for limb in limbs) or pictured.shows is not PictureExtent.FIGURE


@pytest.mark.parametrize("key", OVER_TOES)
def test_knee_moves_over_the_toes(key: str) -> None:
    """The knee ends ahead of the ball of the foot, and farther than it started."""
    begun, ended = (figure(pose).near for pose in (exercise_picture(key).start, exercise_picture(key).end))
    assert ended.knee[0] - ended.ball[0] > 0
    assert ended.knee[0] - ended.ball[0] > begun.knee[0] - begun.ball[0]


@pytest.mark.parametrize("key", STRAIGHT)
def test_straight_knee_exercises_keep_knee_straight(key: str) -> None:
    """At both ends; where both legs work, both knees."""
    pictured = exercise_picture(key)
    legs = [leg for pose in (pictured.start, pictured.end) for leg in (pose.near, pose.far if pictured.both else None)]
    assert max(leg.knee for leg in legs if leg) < STRAIGHT_BELOW_DEG


@pytest.mark.parametrize("end", ["start", "end"])
def test_crossed_leg_lies_on_the_working_leg(end: str) -> None:
    """2a: the other heel is on the shin, drawn over it; the calf lies on the roller, and the seat is on the floor."""
    pictured, pose, body = pose_and_figure("2a", end)
    assert pose.far
    assert pose.far.crosses
    assert pose.sits_on == "floor"
    assert body.far
    assert distance_to_segment(body.far.heel, body.near.knee, body.near.ankle) < SHIN_HALF_WIDTH
    assert body.far.ankle[1] > body.near.ankle[1]
    roller = only(pictured, Roller)
    at = roller.to if end == "end" and roller.to else roller.at
    assert body.near.knee[0] < at[0] < body.near.ankle[0]
    assert roller.radius < distance_to_segment(at, body.near.knee, body.near.ankle) < roller.radius + CALF_HALF_WIDTH


@pytest.mark.parametrize("key", [key for key in KEYS if exercises()[key].on_board])
def test_board_is_seen_behind_the_heel(key: str) -> None:
    """The whole heel is on it, so that it does not look like something in front of the feet."""
    pictured = exercise_picture(key)
    assert figure(pictured.start).near.heel[0] - HEEL_BACK > only(pictured, Board).at[0]


def test_toes_are_on_the_floor_only_at_the_end() -> None:
    """7c: the ball and toes of the other foot are on the floor at the end; at the start the foot is in the air."""
    pictured = exercise_picture("7c")
    begun, ended = (figure(pose).far for pose in (pictured.start, pictured.end))
    assert begun
    assert ended
    assert max(abs(ended.ball[1]), abs(ended.tip[1])) < SUPPORT_TOLERANCE
    assert min(begun.heel[1], begun.ball[1], begun.tip[1]) > 10 * SUPPORT_TOLERANCE


def test_arrow_presses_the_heel_down_below_the_big_toe_stretch() -> None:
    """10b: one arrow points down at the heel, which stays on the floor."""
    pictured = exercise_picture("10b")
    heel = figure(pictured.end).near.heel
    arrows = [arrow for arrow in pictured.arrows if isinstance(arrow, MoveArrow)]
    assert any(direction(arrow.at, arrow.to)[1] < -0.8 and length(arrow.to, heel) < 2 * HEEL_REACH for arrow in arrows)
    assert figure(pictured.start).near.heel == pytest.approx(heel)
    assert heel == pytest.approx((0, 0))


@pytest.mark.parametrize(("key", "end"), [("3a", "end"), ("7d", "start")])
def test_lowered_heel_is_below_ball_of_foot(key: str, end: str) -> None:
    """On the slope: 3a ends so; 7d begins so, as its steps do, and rises until the heels are level."""
    _, _, body = pose_and_figure(key, end)
    assert body.near.heel[1] < body.near.ball[1] - 3


def test_heel_drops_rise_to_level() -> None:
    """Not to full tiptoe."""
    near = figure(exercise_picture("7d").end).near
    assert near.heel[1] == pytest.approx(near.ball[1], abs=SUPPORT_TOLERANCE)


@pytest.mark.parametrize("key", ["5a", "5b"])
def test_lifted_forefoot_leaves_the_floor(key: str) -> None:
    """The heel stays where it was."""
    begun, ended = (figure(pose).near for pose in (exercise_picture(key).start, exercise_picture(key).end))
    assert ended.ball[1] > begun.ball[1] + 3
    assert hypot(ended.heel[0] - begun.heel[0], ended.heel[1] - begun.heel[1]) < SUPPORT_TOLERANCE


def test_only_the_big_toe_lifts() -> None:
    """In 10c the other toes stay where they are."""
    start, end = exercise_picture("10c").start.near, exercise_picture("10c").end.near
    assert start.others == end.others == 0
    assert end.toes > start.toes


@pytest.mark.parametrize("anchor", Anchor)
def test_anchored_point_stays_where_pose_puts_it(anchor: Anchor) -> None:
    pose = msgspec.structs.replace(exercise_picture("3b").end, anchor=anchor, at=(12.0, 34.0))
    body = figure(pose)
    held = body.hip if anchor is Anchor.HIP else getattr(body.near, anchor)
    assert held == pytest.approx((12.0, 34.0))
