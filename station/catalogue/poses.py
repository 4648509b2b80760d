"""The poses in the pictures of the exercises: one file in `poses/` for each exercise.

A figure is seen from its right side and looks to the right; its near leg is the working leg. One unit of length is
about a centimetre for a person 173 cm tall (`web.drawing.body`); x points right, y up, the floor is at 0. Angles are
joint angles in degrees, all 0 when standing upright. A pose fixes one point of the body (`anchor`, at `at`), the
forward lean of the trunk and the angle of each joint.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from station.catalogue.checked import convert_to_record
from station.catalogue.records import HeelPosition

POSES_DIR = Path(__file__).with_name("poses")
LIMBS = ("near", "far", "near_arm", "far_arm")

Point = tuple[float, float]
Angle = Annotated[float, Meta(ge=-180, le=180)]
NeckAngle = Annotated[float, Meta(ge=-60, le=60)]
HipAngle = Annotated[float, Meta(ge=-40, le=145)]
KneeAngle = Annotated[float, Meta(ge=-5, le=155)]
AnkleAngle = Annotated[float, Meta(ge=-60, le=50)]
ToesAngle = Annotated[float, Meta(ge=-45, le=90)]
RockAngle = Annotated[float, Meta(ge=-45, le=45)]
ShoulderAngle = Annotated[float, Meta(ge=-90, le=190)]
ElbowAngle = Annotated[float, Meta(ge=-5, le=150)]
Length = Annotated[float, Meta(gt=0, le=300)]
SlopeAngle = Annotated[float, Meta(ge=0, le=45)]


class PoseError(ValueError):
    """A picture that cannot be drawn; the message names the file, the pose and the field."""


class Anchor(StrEnum):
    """The point of the figure that a pose fixes; heel, ball and ankle belong to the near leg."""

    HIP = "hip"
    HEEL = "heel"
    BALL = "ball"
    ANKLE = "ankle"


class FootContact(StrEnum):
    """The part of a foot that touches its support."""

    SOLE = "sole"
    HEEL = "heel"
    BALL = "ball"
    TOES = "toes"


class PictureExtent(StrEnum):
    """How much of the figure is drawn: all of it, a close-up of the near foot and part of its shin, or only the near
    foot, seen from below: the sole faces the viewer, with the big toe on the right.
    """

    FIGURE = "figure"
    FOOT = "foot"
    SOLE = "sole"


class Leg(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`hip` and `knee` are bent, `ankle` and `toes` pulled up, by this many degrees.

    `others` are the four small toes if they differ from the big one. `rock` is how far the foot rocks towards its big
    toe, which only a picture of the sole shows. `on` is the kind of prop under the foot, `by` the part of the foot that
    touches it. `crosses` is whether the far leg lies over the near one.
    """

    hip: HipAngle = 0.0
    knee: KneeAngle = 0.0
    ankle: AnkleAngle = 0.0
    toes: ToesAngle = 0.0
    others: ToesAngle | None = None
    rock: RockAngle = 0.0
    on: str | None = None
    by: FootContact = FootContact.SOLE
    crosses: bool = False


class Arm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`shoulder` is how far the arm is lifted forwards, `elbow` how far it is bent, `on` the prop under the hand."""

    shoulder: ShoulderAngle = 0.0
    elbow: ElbowAngle = 0.0
    on: str | None = None


class Pose(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One position of the figure. `sits_on` is the prop under the seat; an omitted limb is not drawn."""

    anchor: Anchor
    at: Point
    trunk: Angle = 0.0
    neck: NeckAngle = 0.0
    near: Leg = Leg()
    far: Leg | None = None
    near_arm: Arm | None = None
    far_arm: Arm | None = None
    sits_on: str | None = None


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="floor"):
    """The floor, at height 0, as wide as the picture."""


class Wall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="wall"):
    """A wall with its face at `x`; it extends from the face away from the figure."""

    x: float


class BoxProp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A box: `at` is its corner at the bottom left, `size` its width and height."""

    at: Point
    size: tuple[Length, Length]


class Weight(BoxProp, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="weight"):
    """Something heavy on the floor that a band is fixed to."""


class Bench(BoxProp, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="bench"):
    """A bench; the box is its outline, legs included."""


class Chair(BoxProp, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="chair"):
    """A chair: the box is the outline of its seat and legs; the back rises from its left end, where a hand can rest."""


class Board(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="board"):
    """The slant board, on the floor: its surface rises to the right from `at`, at this angle (0 is flat), for `length`.

    The heel plates are at its left end.
    """

    at: Point
    length: Length
    angle: SlopeAngle = 0.0


class RoundProp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something round, centred at `at`; if it moves, it ends at `to`."""

    at: Point
    radius: Length
    to: Point | None = None


class Roller(RoundProp, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="roller"):
    """A foam roller, seen from its end."""


class Ball(RoundProp, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="ball"):
    """A ball."""


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="band"):
    """An elastic band from `post`, a fixed point, to `at` on the front of the ankle."""

    post: Point
    at: Point


class Sitter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sitter"):
    """The person of a close-up on a chair, seen from the front: the near leg lies across the other knee.

    `at` is the middle of the pelvis, `near_knee` and `far_knee` are the knees. A free arm has its hand behind the
    trunk, at `hand`.
    """

    at: Point
    near_knee: Point
    far_knee: Point
    hand: Point | None = None


class Reach(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="reach"):
    """An arm of the sitter, seen from the front: from `shoulder` to fingertips at `at`.

    Its elbow is bent away from the line between them by the fraction `bend` of its length, to the right if positive.
    """

    shoulder: Point
    at: Point
    bend: Annotated[float, Meta(ge=-1, le=1)]


class Tendon(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="tendon"):
    """The Achilles tendon of a close-up, as a cord from the calf, `at`, to the heel, `to`."""

    at: Point
    to: Point


class Pinch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="pinch"):
    """A hand of a close-up that pinches something between thumb and finger `at` a point, and slides it `to` another."""

    at: Point
    to: Point


class Grasp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="grasp"):
    """A hand of a close-up that grasps something, its fingers `at` a point, and moves it `to` another.

    `angle` is the direction of its fingers, 0 down and 90 right; it turns by `turn` degrees on its way. Its back faces
    the viewer, so the thumb distinguishes a right hand from a left one.
    """

    at: Point
    angle: Angle
    to: Point | None = None
    turn: Angle = 0.0
    is_right: bool = False


Prop = Floor | Wall | Weight | Bench | Chair | Board | Roller | Ball | Band | Sitter | Reach | Tendon | Pinch | Grasp


class MoveArrow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="move"):
    """An arrow from `at` to `to`, bowed to its left by the fraction `bend` of its length."""

    at: Point
    to: Point
    bend: Annotated[float, Meta(ge=-1, le=1)] = 0.0


class TurnArrow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="turn"):
    """A circular arrow about `at`, from the angle `begin` through `sweep` degrees counterclockwise; 0 is right."""

    at: Point
    radius: Length
    begin: Angle
    sweep: Annotated[float, Meta(ge=-340, le=340)]


class Helper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A second person who faces left: poses like the first person's, mirrored at the vertical line x = `mirror`."""

    mirror: float
    start: Pose
    end: Pose


class Scene(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The surroundings of a figure. `view` is its square: left, bottom and width; `both` means that both legs work."""

    view: tuple[float, float, Length]
    props: tuple[Prop, ...] = ()
    both: bool = False
    shows: PictureExtent = PictureExtent.FIGURE

    @property
    def top(self) -> float:
        """The upper edge of the view."""
        return self.view[1] + self.view[2]


class Inset(Scene, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole figure beside a close-up, motionless, in a frame.

    `frame` is its left, top, width and height in the picture's square of 200; the view fills the frame's width.
    """

    frame: tuple[float, float, Length, Length]
    pose: Pose

    @property
    def top(self) -> float:
        """The upper edge of the view, which is that of the frame."""
        _, _, width, height = self.frame
        return self.view[1] + self.view[2] * height / width


class ExercisePicture(Scene, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one picture shows."""

    start: Pose
    end: Pose
    heel: HeelPosition
    arrows: Annotated[tuple[MoveArrow | TurnArrow, ...], Meta(min_length=1)]
    helper: Helper | None = None
    inset: Inset | None = None


def prop_kind(prop: Prop) -> str:
    """The name of this kind of prop in the files."""
    return str(prop.__struct_config__.tag)


@cache
def picture_keys() -> tuple[str, ...]:
    """The keys of the exercises that have a picture, sorted."""
    return tuple(sorted(file.stem for file in POSES_DIR.glob("*.toml")))


@cache
def exercise_picture(key: str) -> ExercisePicture:
    """The picture of an exercise. Raises PoseError, which names file, pose and field."""
    if key not in picture_keys():
        raise PoseError(f"There is no picture of an exercise {key!r} in {POSES_DIR.name}/.")
    file = POSES_DIR / f"{key}.toml"
    return parse_picture(file.read_bytes(), f"{POSES_DIR.name}/{file.name}")


def parse_picture(text: bytes | str, file: str) -> ExercisePicture:
    """The picture in a file's text; `file` is its name in errors. Raises PoseError."""
    try:
        pictured = convert_to_record(tomllib.loads(text if isinstance(text, str) else text.decode()), ExercisePicture)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        raise PoseError(f"{file}: {where.rstrip('`') or 'the whole'}: {what}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PoseError(f"{file} is not valid TOML: {error}.") from None
    moving: list[tuple[str, ExercisePicture | Helper]] = [("", pictured)]
    moving += [("helper.", pictured.helper)] if pictured.helper else []
    for whose, one in moving:
        for limb in LIMBS:
            if (getattr(one.start, limb) is None) != (getattr(one.end, limb) is None):
                where = f"{file}: {whose}end.{limb}"
                raise PoseError(f"{where}: it is in one of start and end only; give it in both or in neither.")
    for name, pose, props in _poses(pictured):
        prop_kinds = {prop_kind(prop) for prop in props}
        for field, named in _prop_references(pose):
            if named is not None and named not in prop_kinds:
                raise PoseError(f"{file}: {name}.{field}: there is no {named} among the props.")
    return pictured


def _poses(pictured: ExercisePicture) -> Iterator[tuple[str, Pose, tuple[Prop, ...]]]:
    """Every pose in the picture, with its name in the file and the props around it."""
    yield from (("start", pictured.start, pictured.props), ("end", pictured.end, pictured.props))
    if pictured.helper:
        yield "helper.start", pictured.helper.start, pictured.props
        yield "helper.end", pictured.helper.end, pictured.props
    if pictured.inset:
        yield "inset.pose", pictured.inset.pose, pictured.inset.props


def _prop_references(pose: Pose) -> Iterator[tuple[str, str | None]]:
    """Every field of a pose that refers to a prop, with the prop's kind."""
    yield "sits_on", pose.sits_on
    for limb in LIMBS:
        yield f"{limb}.on", getattr(getattr(pose, limb), "on", None)
