"""What is committed below hardware/ is what the code writes; `make hardware` writes it again."""

from __future__ import annotations

import platform
import re

import numpy as np
import pytest
from manifold3d import CrossSection, FillRule

from hardware.workshop import files
from hardware.workshop.drawing import Shape, View, draw
from hardware.workshop.solids import box, parts
from tests.tree import tracked

NUMBER = re.compile(r"-?\d+\.\d+")
TEXT = re.compile(r">([^<]+)</text>")
ROUNDING = 0.15
"""A coordinate of a drawing may round the other way."""
MADE_HERE = sorted(set(files.committed()) - {files.HARNESS})


@pytest.mark.parametrize("name", MADE_HERE)
def test_committed_file_is_current(name: str) -> None:
    """Each document and drawing is as the code makes it. The harness's drawing needs WireViz; test_wiring reads it."""
    made, kept = files.committed()[name](), (files.HOME / name).read_text(encoding="utf-8")
    if not name.endswith(".svg"):
        assert made == kept, "make hardware"
        return
    if platform.machine() != "x86_64":  # other processors round other corners away: the same words must be there
        assert TEXT.findall(made) == TEXT.findall(kept), "make hardware"
        return
    assert NUMBER.sub("#", made) == NUMBER.sub("#", kept), "make hardware"
    pairs = zip(map(float, NUMBER.findall(made)), map(float, NUMBER.findall(kept)), strict=True)
    assert max((abs(a - b) for a, b in pairs), default=0.0) <= ROUNDING


def test_every_picture_is_made_and_tracked() -> None:
    """No picture lies there that nothing writes."""
    pictures = {name.removeprefix("hardware/") for name in tracked("hardware/pictures")}
    assert pictures == {name for name in files.committed() if name.startswith("pictures/")}


def test_drawing_hides_what_is_behind() -> None:
    """Of two boxes one behind the other, the farther one's face is cut where the nearer one covers it."""
    near, far = box((0, 10), (0, 10), (0, 10)), box((5, 15), (20, 30), (0, 10))
    drawing = draw([Shape(far, "#ff0000"), Shape(near, "#0000ff")], View(0, 0), title="two")
    faces = re.findall(r"<path d='([^']+)' fill='(#\w+)'", drawing)
    spans = []
    for path, _ in faces:
        xs = [float(x) for x in re.findall(r"[ML](-?[\d.]+),", path)]
        spans.append(round(max(xs) - min(xs), 1))
    assert sorted(spans) == [5.0, 10.0]


@pytest.mark.parametrize("key", ["sensor-tower", "electronics-box", "deck-lower"])
def test_drawing_loses_no_face(key: str) -> None:
    """What is painted of a part with holes and slots, cut open, fills its outline: no face vanished, none overlaps."""
    view, part = View(62, 18), parts(rounded=False)[key].solid.trim_by_plane((-1, 0, 0), -7.5)
    drawing = draw([Shape(part, "#808080")], view, title=key)
    painted = 0.0
    for path in re.findall(r"<path d='([^']+)' fill='#", drawing):
        rings = [
            [(float(x), float(y)) for x, y in re.findall(r"([\d.-]+),([\d.-]+)", ring)] for ring in path.split("Z")
        ]
        painted += CrossSection([ring for ring in rings if ring], FillRule.EvenOdd).area()
    axes = np.hstack((view.axes(), np.zeros((3, 1))))
    assert painted == pytest.approx(part.transform(axes).project().area(), rel=0.01)
