"""All parts of a picture from back to front, each as the path of its start and of its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from station.catalogue.poses import Band, By, Hand, Pictured, Pose, Prop, Rest, Shows
from web.drawing.body import Figure, Outline, arm_outlines, figure, leg_outlines, other_toes, trunk_outlines
from web.drawing.path import Frame, angular, smooth
from web.drawing.props import shapes
from web.drawing.signs import arrow_marks, heel_mark

LINES = ("halo", "band")
"""What has no area, and so no outline at the start."""


class Layer(Enum):
    """Where a prop is: under everything, behind the figure, or before it."""

    UNDER = auto()
    BEHIND = auto()
    BEFORE = auto()


@dataclass(frozen=True, slots=True)
class Part:
    """One path of the picture, and how it looks."""

    look: str
    start: str
    end: str


def scene(pictured: Pictured) -> list[Part]:
    """The parts from back to front; what does not move has the same path at both ends."""
    frame = Frame(pictured.view)
    start, end = figure(pictured.start), figure(pictured.end)
    figures = [*_helper(pictured, frame)]
    figures += _limbs(start, end, pictured, lambda outlines: smooth(_framed(outlines, frame)))
    under, behind, before = ([*_props(pictured, frame, layer)] for layer in Layer)
    begun = (part for part in (*figures, *before) if part.start != part.end and part.look not in LINES)
    ghosts = [Part("start", part.start, part.start) for part in begun]
    return [*under, *ghosts, *behind, *figures, *before, *_signs(pictured, start, end, frame)]


def _framed(outlines: Iterable[Outline], frame: Frame) -> Iterator[Outline]:
    return ([frame(point) for point in outline] for outline in outlines)


def _limbs(start: Figure, end: Figure, pictured: Pictured, data: Callable[[Iterable[Outline]], str]) -> Iterator[Part]:
    def part(look: str, outlines: Callable[[Figure], list[Outline]]) -> Iterator[Part]:
        one, other = outlines(start), outlines(end)
        if one and other:
            yield Part(look, data(one), data(other))

    if pictured.shows is Shows.FIGURE:
        yield from part("far", lambda body: arm_outlines(body.far_arm) if body.far_arm else [])
        far = "work" if pictured.both else "far"
        yield from part(far, lambda body: leg_outlines(body.far, Shows.FIGURE) if body.far else [])
        yield from part("body", trunk_outlines)
    yield from part("body", lambda body: other_toes(body.near))
    yield from part("work", lambda body: leg_outlines(body.near, pictured.shows))
    if pictured.shows is Shows.FIGURE:
        yield from part("body", lambda body: arm_outlines(body.near_arm) if body.near_arm else [])


def _helper(pictured: Pictured, frame: Frame) -> Iterator[Part]:
    """A second figure, which looks to the left and is light all over."""
    helper = pictured.helper
    if helper is None:
        return

    def data(outlines: Iterable[Outline]) -> str:
        mirrored = ([(2 * helper.mirror - x, y) for x, y in outline] for outline in outlines)
        return smooth(_framed(mirrored, frame))

    for part in _limbs(figure(helper.start), figure(helper.end), pictured, data):
        yield Part("far", part.start, part.end)


def _props(pictured: Pictured, frame: Frame, layer: Layer) -> Iterator[Part]:
    for prop in pictured.props:
        if _layer(prop) is layer:
            yield from _prop(prop, pictured, frame)


def _layer(prop: Prop) -> Layer:
    if isinstance(prop, Rest):
        return Layer.UNDER
    return Layer.BEFORE if isinstance(prop, Band | Hand) else Layer.BEHIND


def _prop(prop: Prop, pictured: Pictured, frame: Frame) -> Iterator[Part]:
    pairs = zip(shapes(prop, pictured.view, end=False), shapes(prop, pictured.view, end=True), strict=True)
    for one, other in pairs:
        start, end = _framed(one.outlines, frame), _framed(other.outlines, frame)
        yield Part(one.look, *((angular(*shown) if one.sharp else smooth(shown)) for shown in (start, end)))


def _signs(pictured: Pictured, start: Figure, end: Figure, frame: Frame) -> Iterator[Part]:
    marks = (
        heel_mark(frame(body.near.heel), _slant(pose, body), pictured.heel)
        for pose, body in ((pictured.start, start), (pictured.end, end))
    )
    for (look, one), (_, other) in zip(*marks, strict=True):
        yield Part(look, one, other)
    for arrow in pictured.arrows:
        yield from (Part(look, data, data) for look, data in arrow_marks(arrow, frame))


def _slant(pose: Pose, body: Figure) -> float:
    """What a heel is on is level where the foot does not stand on its whole sole."""
    return body.near.pitch if pose.near.on is None or pose.near.by is By.SOLE else 0.0
