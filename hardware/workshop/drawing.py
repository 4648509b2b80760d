"""Line drawings of solids: the exactly visible part of each face, and of each edge.

A face is all triangles of a solid in one plane. Its visible part is its outline minus every nearer face; solids do not
intersect, so of two faces one is nearer wherever they overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from math import cos, hypot, radians, sin

import numpy as np
from manifold3d import CrossSection, FillRule, JoinType, Manifold
from numpy.typing import NDArray

Array = NDArray[np.float64]
LIGHT = np.array([-0.35, -0.55, 0.76])
SAMPLE_MM = 1.0
NEARER_MM = 0.05
SLIVER_MM = 0.12
SLIT_MM = 0.03
"""Anything narrower than twice this is a rounding error."""
FINE_MM = 0.01
"""Corners closer than this are merged: an outline with needles between them would vanish when offset."""
SHARP_DEG = 32.0
INK, PAPER, ACCENT = "#1d2328", "#ffffff", "#b3261e"
FONT = "font-family='DejaVu Sans, Arial, sans-serif'"


@dataclass(frozen=True)
class View:
    """The direction to the eye, in parallel projection: degrees to the right, seen from behind the board, and above
    the floor."""

    azimuth_deg: float = -35.0
    elevation_deg: float = 32.0

    def axes(self) -> Array:
        """Rows: to the right, up, and towards the eye."""
        a, e = radians(self.azimuth_deg), radians(self.elevation_deg)
        right = (cos(a), sin(a), 0.0)
        up = (-sin(a) * sin(e), cos(a) * sin(e), cos(e))
        eye = (sin(a) * cos(e), -cos(a) * cos(e), sin(e))
        return np.array((right, up, eye))


@dataclass(frozen=True)
class Shape:
    """A solid with its colour; `opacity` below 1 is for free space, such as the sensor's cone."""

    solid: Manifold
    colour: str
    opacity: float = 1.0


@dataclass(frozen=True)
class Label:
    """A text with a line to the place that it names; `dx` and `dy` lead from there to the text, in mm on paper."""

    text: str
    at: tuple[float, float, float]
    dx: float
    dy: float


@dataclass
class _Face:
    normal: Array
    triangles: list[Array]
    colour: str
    opacity: float
    outline: CrossSection = field(default_factory=CrossSection)
    plane: Array = field(default_factory=lambda: np.zeros(3))
    bounds: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


def _triangles(solid: Manifold) -> tuple[Array, NDArray[np.int64]]:
    mesh = solid.to_mesh64()
    return np.asarray(mesh.vert_properties, dtype=float)[:, :3], np.asarray(mesh.tri_verts, dtype=np.int64)


def _normals(points: Array, triangles: NDArray[np.int64]) -> Array:
    a, b, c = (points[triangles[:, n]] for n in range(3))
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    unit: Array = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    return unit


def _faces(shape: Shape, axes: Array) -> list[_Face]:
    """The faces turned towards the eye."""
    points, triangles = _triangles(shape.solid)
    normals = _normals(points, triangles)
    seen: dict[tuple[float, ...], _Face] = {}
    for corners, normal in zip(points[triangles], normals, strict=True):
        if normal @ axes[2] <= 1e-6:
            continue
        key = (*np.round(normal, 3) + 0.0, round(float(normal @ corners[0]), 1))
        face = seen.setdefault(key, _Face(normal, [], shape.colour, shape.opacity))
        face.triangles.append(corners @ axes.T)
    for face in seen.values():
        flat = [[(float(u), float(v)) for u, v, _ in corners] for corners in face.triangles]
        face.outline = _widened(CrossSection(flat, FillRule.NonZero), SLIT_MM)
        u, v, w = face.normal @ axes.T
        corner = face.triangles[0][0]
        face.plane = np.array([-u / w, -v / w, corner[2] + (u * corner[0] + v * corner[1]) / w])
        face.bounds = face.outline.bounds()
    return [face for face in seen.values() if not face.outline.is_empty()]


def _widened(outline: CrossSection, by_mm: float) -> CrossSection:
    """The outline offset outwards and back, which closes slits; offset inwards first, it drops slivers."""
    moved = outline.simplify(FINE_MM).offset(by_mm, JoinType.Miter)
    return moved.simplify(FINE_MM).offset(-by_mm, JoinType.Miter)


def _touching(box: Sequence[float], boxes: Array) -> NDArray[np.int64]:
    """Which of the boxes (left, low, right, high) overlap this one."""
    apart = (boxes[:, 0] >= box[2]) | (boxes[:, 2] <= box[0]) | (boxes[:, 1] >= box[3]) | (boxes[:, 3] <= box[1])
    return np.flatnonzero(~apart)


def _hidden_by(face: _Face, other: _Face) -> CrossSection | None:
    """The part of a face hidden by another one."""
    overlap = face.outline ^ other.outline
    if overlap.area() < 0.01:
        return None
    lead = other.plane - face.plane
    nearer = CrossSection()
    for piece in overlap.decompose():
        corners = np.concatenate(piece.to_polygons())
        if float(np.mean(corners @ lead[:2] + lead[2])) > NEARER_MM:
            nearer += piece
    return None if nearer.is_empty() else nearer


def _seen_parts(faces: Sequence[_Face]) -> Iterable[tuple[_Face, CrossSection]]:
    solid = [face for face in faces if face.opacity == 1.0]
    bounds = np.array([face.bounds for face in solid])
    for face in faces:
        seen = face.outline
        for number in _touching(face.bounds, bounds):
            if solid[number] is not face and (hidden := _hidden_by(face, solid[number])) is not None:
                seen -= hidden
        wide = _widened(seen, -SLIVER_MM) if face.opacity == 1.0 else seen
        if not wide.is_empty():
            yield face, wide


def _edges(solid: Manifold, axes: Array) -> Array:
    """The sharp edges and outlines not on the far side, as pairs of points."""
    points, triangles = _triangles(solid)
    normals = _normals(points, triangles)
    beside: dict[tuple[int, int], list[int]] = {}
    for number, corners in enumerate(triangles):
        for a, b in ((0, 1), (1, 2), (2, 0)):
            first, second = int(corners[a]), int(corners[b])
            beside.setdefault((min(first, second), max(first, second)), []).append(number)
    found = []
    for (first, second), near in beside.items():
        facing = [normals[number] @ axes[2] > 1e-6 for number in near]
        if not any(facing):
            continue
        turn = float(normals[near[0]] @ normals[near[-1]])
        if turn < cos(radians(SHARP_DEG)) or (not all(facing) and turn < 0.9999):
            found.append((points[first], points[second]))
    return np.array(found).reshape(-1, 2, 3) @ axes.T


def _is_hidden(points: Array, triangles: Array, planes: Array) -> NDArray[np.bool_]:
    """Which points (right, up, near) are behind a triangle."""
    (ax, ay), (bx, by), (cx, cy) = (triangles[:, n, :2].T for n in range(3))
    u, v, near = (points[:, n, None] for n in range(3))
    inside = (bx - ax) * (v - ay) - (by - ay) * (u - ax) > 1e-4
    inside &= (cx - bx) * (v - by) - (cy - by) * (u - bx) > 1e-4
    inside &= (ax - cx) * (v - cy) - (ay - cy) * (u - cx) > 1e-4
    depth = planes[:, 0] * u + planes[:, 1] * v + planes[:, 2]
    return np.asarray(np.any(inside & (depth > near + 0.3), axis=1))


def _seen_lines(shapes: Sequence[Shape], faces: Sequence[_Face], axes: Array) -> list[tuple[Array, Array]]:
    opaque = [(corners, face.plane) for face in faces if face.opacity == 1.0 for corners in face.triangles]
    triangles, planes = np.array([c for c, _ in opaque]), np.array([p for _, p in opaque])
    boxes = np.concatenate((triangles[:, :, :2].min(axis=1), triangles[:, :, :2].max(axis=1)), axis=1)
    seen: list[tuple[Array, Array]] = []
    for shape in shapes:
        for start, end in _edges(shape.solid, axes):
            length = hypot(*(end - start)[:2])
            if length < 0.2:
                continue
            count = max(2, int(length / SAMPLE_MM))
            steps = (np.arange(count) + 0.5) / count
            low, high = np.minimum(start, end)[:2], np.maximum(start, end)[:2]
            near = _touching((*(low - 0.01), *(high + 0.01)), boxes)
            hidden = _is_hidden(start + steps[:, None] * (end - start), triangles[near], planes[near])
            runs = np.flatnonzero(np.diff(np.concatenate(([True], hidden, [True])).astype(int)))
            for first, last in runs.reshape(-1, 2):
                seen.append((start + (end - start) * first / count, start + (end - start) * last / count))
    return seen


def mixed(colour: str, other: str, share: float) -> str:
    """A colour between two."""
    a, b = (np.array([int(one[n : n + 2], 16) for n in (1, 3, 5)]) for one in (colour, other))
    return "#" + "".join(f"{round(float(value)):02x}" for value in a * (1 - share) + b * share)


def _shade(colour: str, normal: Array) -> str:
    lit = float(normal @ LIGHT / np.linalg.norm(LIGHT))
    return mixed(colour, "#ffffff", 0.35 * lit) if lit > 0 else mixed(colour, "#000000", -0.25 * lit)


def _path(outline: CrossSection, place: Array) -> str:
    """An outline as a path that starts at its lowest corner, so that the same outline always gives the same text."""
    drawn = []
    for polygon in outline.simplify(SLIT_MM).to_polygons():
        corners = [f"{u + place[0]:.1f},{place[1] - v:.1f}" for u, v in polygon.round(1) + 0.0]
        first = corners.index(min(corners))
        drawn.append("M" + "L".join(corners[first:] + corners[:first]) + "Z")
    return "".join(sorted(drawn))


def draw(shapes: Sequence[Shape], view: View, labels: Sequence[Label] = (), *, title: str, scale: float = 1.0) -> str:
    """The drawing as an SVG document; one unit is a millimetre of the board times `scale`."""
    axes = view.axes() * np.array([[scale], [scale], [scale]])
    unit = view.axes()
    scaled = [Shape(one.solid.scale((scale,) * 3), one.colour, one.opacity) for one in shapes]
    faces = [face for shape in scaled for face in _faces(shape, unit)]
    anchors = [(label, axes @ np.array(label.at)) for label in labels]
    bounds = np.array([face.bounds for face in faces])
    texts = [
        (
            point[0] + label.dx + side * 6.6 * max(map(len, label.text.split("\n"))) * (label.dx * side >= 0),
            point[1] - label.dy,
        )
        for label, point in anchors
        for side in (-1, 0, 1)
    ]
    us, vs = [u for u, _ in texts], [v + dv for _, v in texts for dv in (-22, 18)]
    left, right = min([*bounds[:, 0], *us]) - 8, max([*bounds[:, 2], *us]) + 8
    low, high = min([*bounds[:, 1], *vs]) - 8, max([*bounds[:, 3], *vs]) + 8
    place = np.array([-left, high])
    painted = []
    for face, seen in _seen_parts(faces):
        fill = _shade(face.colour, face.normal)
        see = "" if face.opacity == 1.0 else f" fill-opacity='{face.opacity:g}' stroke='none'"
        rim = see or f" stroke='{fill}'"
        painted.append((face.opacity < 1.0, f"<path d='{_path(seen, place)}' fill='{fill}'{rim}/>"))
    # Visible parts do not overlap, so any order is right; sorted, because the solids' own order depends on threads.
    drawn = [path for _, path in sorted(painted)]
    ends = (
        sorted(f"{x + place[0]:.1f},{place[1] - y:.1f}" for x, y, _ in line)
        for line in _seen_lines([one for one in scaled if one.opacity == 1.0], faces, unit)
    )
    lines = "".join(sorted(f"M{a}L{b}" for a, b in ends))
    drawn.append(f"<path d='{lines}' fill='none' stroke='{INK}' stroke-width='0.9' stroke-linecap='round'/>")
    for label, point in anchors:
        drawn.append(_labelled(label, (float(point[0] + place[0]), float(place[1] - point[1]))))
    return document(right - left, high - low, "\n".join(drawn), title)


def _labelled(label: Label, at: tuple[float, float]) -> str:
    x, y = at[0] + label.dx, at[1] + label.dy
    anchor = "start" if label.dx > 0 else "end" if label.dx < 0 else "middle"
    gap = 4 if label.dx > 0 else -4 if label.dx < 0 else 0
    rows = label.text.split("\n")
    up = (len(rows) - 1) * 7 - 4 if label.dx else (-4 if label.dy > 0 else (len(rows) - 1) * 14 + 5)
    if not label.dx and label.dy > 0:
        up = -15
    texts = "".join(
        f"<text x='{x + gap:.1f}' y='{y - up + 14 * n:.1f}' text-anchor='{anchor}'>{escape(row)}</text>"
        for n, row in enumerate(rows)
    )
    return (
        f"<path d='M{at[0]:.1f},{at[1]:.1f}L{x:.1f},{y:.1f}' stroke='{ACCENT}' fill='none'/>"
        f"<circle cx='{at[0]:.1f}' cy='{at[1]:.1f}' r='2.2' fill='{ACCENT}'/>"
        f"<g fill='{INK}' stroke='{PAPER}' stroke-width='3' paint-order='stroke' font-size='12' {FONT}>{texts}</g>"
    )


def document(width: float, height: float, content: str, title: str, unit: str = "") -> str:
    """An SVG document on white paper; with `unit` "mm" it prints at its real size."""
    size = f" width='{width:.1f}{unit}' height='{height:.1f}{unit}'"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg'{size} viewBox='0 0 {width:.1f} {height:.1f}' role='img' "
        f"stroke-width='0.6' stroke-linejoin='round'>\n<title>{escape(title)}</title>\n"
        f"<rect width='100%' height='100%' fill='{PAPER}'/>\n{content}\n</svg>\n"
    )


def length(points: Sequence[tuple[float, float]]) -> float:
    """The length of a line through these points."""
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))
