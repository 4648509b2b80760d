"""All parts of a drawing from back to front, each as a start path and an end path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto

from msgspec import Struct

from station.catalogue.poses import (
    Band,
    ExercisePicture,
    FootContact,
    Grasp,
    Helper,
    Inset,
    MoveArrow,
    PictureExtent,
    Pinch,
    Pose,
    Prop,
    Reach,
    Scene,
    Tendon,
    TurnArrow,
)
from web.drawing.body import Figure, Outline, arm_outlines, figure, leg_outlines, small_toe_outlines, trunk_outlines
from web.drawing.path import Viewport, polyline, spline
from web.drawing.props import shapes
from web.drawing.signs import arrow_marks, heel_mark

OPEN_PATH_CLASSES = ("halo", "band")
"""Styles of open paths, which have no start outline."""


class Layer(Enum):
    """The layer of a prop: behind the figure, or in front of it."""

    BEHIND = auto()
    IN_FRONT = auto()


class Part(Struct, frozen=True):
    """One path of the drawing, and its style."""

    css_class: str
    start: str
    end: str


def scene(pictured: ExercisePicture) -> list[Part]:
    """The parts from back to front; a part that does not move has the same start and end path."""
    viewport = Viewport(pictured.view)
    both_ends = figure(pictured.start), figure(pictured.end)
    parts = [*_posed_parts(pictured, both_ends, viewport, pictured.helper), *_heel_parts(pictured, viewport)]
    inset = pictured.inset
    if inset:
        still = figure(inset.pose), figure(inset.pose)
        parts += [_frame_part(inset), *_posed_parts(inset, still, Viewport(inset.view, inset.frame))]
    return [*parts, *_arrow_parts(pictured.arrows, viewport)]


def _posed_parts(
    around: Scene, ends: tuple[Figure, Figure], viewport: Viewport, helper: Helper | None = None
) -> list[Part]:
    """A figure with its props, and the outlines of its moving parts."""
    helping, helping_arm = _helper_parts(helper, viewport) if helper else ([], [])
    figures = [
        *helping,
        *_figure_parts(ends, around, lambda outlines: spline(_framed(outlines, viewport))),
        *helping_arm,
    ]
    behind, before = ([*_layer_parts(around, viewport, layer)] for layer in Layer)
    begun = (part for part in (*figures, *before) if part.start != part.end and part.css_class not in OPEN_PATH_CLASSES)
    ghosts = [Part("start", part.start, part.start) for part in begun]
    return [*behind, *ghosts, *figures, *before]


def _frame_part(inset: Inset) -> Part:
    left, top, width, height = inset.frame
    right, bottom = left + width, top + height
    frame = polyline([(left, top), (right, top), (right, bottom), (left, bottom)])
    return Part("inset", frame, frame)


def _framed(outlines: Iterable[Outline], viewport: Viewport) -> Iterator[Outline]:
    return ([viewport(point) for point in outline] for outline in outlines)


def _figure_parts(
    ends: tuple[Figure, Figure], around: Scene, data: Callable[[Iterable[Outline]], str]
) -> Iterator[Part]:
    start, end = ends
    is_whole = around.shows is PictureExtent.FIGURE

    def limb_part(css_class: str, outlines: Callable[[Figure], list[Outline]]) -> Iterator[Part]:
        one, other = outlines(start), outlines(end)
        if one and other:
            yield Part(css_class, data(one), data(other))

    def far_leg() -> Iterator[Part]:
        css_class = "work" if around.both else "far"
        return limb_part(css_class, lambda body: leg_outlines(body.far, around.shows) if body.far else [])

    lies_over = bool(end.far and end.far.crosses)
    if is_whole:
        yield from limb_part("far", lambda body: arm_outlines(body.far_arm) if body.far_arm else [])
        if not lies_over:
            yield from far_leg()
        yield from limb_part("body", trunk_outlines)
    yield from limb_part("body", lambda body: small_toe_outlines(body.near))
    yield from limb_part("work", lambda body: leg_outlines(body.near, around.shows))
    if is_whole:
        if lies_over:
            yield from far_leg()
        yield from limb_part("body", lambda body: arm_outlines(body.near_arm) if body.near_arm else [])


def _helper_parts(helper: Helper, viewport: Viewport) -> tuple[list[Part], list[Part]]:
    """A second figure, facing left, in the light style: its body, and its near arm, which lies over the first."""

    def mirrored(outlines: list[Outline]) -> str:
        return spline(_framed(([(2 * helper.mirror - x, y) for x, y in one] for one in outlines), viewport))

    def parts(outlines: Callable[[Figure], list[list[Outline]]]) -> list[Part]:
        pairs = zip(outlines(figure(helper.start)), outlines(figure(helper.end)), strict=True)
        return [Part("far", mirrored(start), mirrored(end)) for start, end in pairs]

    def body(body: Figure) -> list[list[Outline]]:
        legs = [leg_outlines(leg, PictureExtent.FIGURE) for leg in (body.far, body.near) if leg]
        return [*([arm_outlines(body.far_arm)] if body.far_arm else []), *legs, trunk_outlines(body)]

    def near_arm(body: Figure) -> list[list[Outline]]:
        return [arm_outlines(body.near_arm)] if body.near_arm else []

    return parts(body), parts(near_arm)


def _layer_parts(around: Scene, viewport: Viewport, layer: Layer) -> Iterator[Part]:
    for prop in around.props:
        if _layer(prop) is layer:
            yield from _prop_parts(prop, around, viewport)


def _layer(prop: Prop) -> Layer:
    return Layer.IN_FRONT if isinstance(prop, Band | Reach | Tendon | Pinch | Grasp) else Layer.BEHIND


def _prop_parts(prop: Prop, around: Scene, viewport: Viewport) -> Iterator[Part]:
    pairs = zip(shapes(prop, around, end=False), shapes(prop, around, end=True), strict=True)
    for one, other in pairs:
        start, end = _framed(one.outlines, viewport), _framed(other.outlines, viewport)
        yield Part(one.css_class, *((polyline(*shown) if one.has_corners else spline(shown)) for shown in (start, end)))


def _heel_parts(pictured: ExercisePicture, viewport: Viewport) -> Iterator[Part]:
    marks = (
        heel_mark(viewport(body.near.heel), _slant(pose, body), viewport.scale, pictured.heel)
        for pose, body in ((pose, figure(pose)) for pose in (pictured.start, pictured.end))
    )
    for (look, one), (_, other) in zip(*marks, strict=True):
        yield Part(look, one, other)


def _arrow_parts(arrows: Iterable[MoveArrow | TurnArrow], viewport: Viewport) -> Iterator[Part]:
    for arrow in arrows:
        yield from (Part(look, data, data) for look, data in arrow_marks(arrow, viewport))


def _slant(pose: Pose, body: Figure) -> float:
    """The slant of the heel's support; level if the foot does not rest on its whole sole."""
    return body.near.pitch if pose.near.on is None or pose.near.by is FootContact.SOLE else 0.0
