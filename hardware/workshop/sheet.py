"""The calibration sheet: an HTML page that prints at 1:1, with rulers to check the printer.

Page 1 has the rulers and a table for the blocks' true lengths, page 2 the template of the heel plate, page 3 the
templates of the risers' ribs.
"""

from __future__ import annotations

from html import escape

from hardware import dimensions as d
from hardware.workshop import solids
from hardware.workshop.drawing import INK

RULER_MM, UPRIGHT_RULER_MM = 180, 100
PAGE_MM = (186.0, 262.0)
"""The printed area, which fits both A4 and Letter with margins of at least 12 mm and 7 mm."""
STYLE = """
@page { size: auto; margin: 8mm 12mm }
* { box-sizing: border-box }
body { margin: 0; color: #1d2328; background: #fff; font: 10pt/1.35 'DejaVu Sans', Arial, sans-serif }
section { width: 186mm; break-after: page }
section:last-of-type { break-after: auto }
h1 { font-size: 15pt; margin: 0 0 2mm } h2 { font-size: 11.5pt; margin: 4mm 0 1mm } p, ol { margin: 0 0 2mm }
svg { display: block } table { border-collapse: collapse } td, th { border: 0.3mm solid #1d2328; padding: 1.2mm 3mm }
td, th { text-align: left }
"""


def _svg(width_mm: float, height_mm: float, content: str, title: str) -> str:
    """A drawing with one unit per millimetre on paper."""
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width_mm:g}mm' height='{height_mm:g}mm' "
        f"viewBox='0 0 {width_mm:g} {height_mm:g}' role='img' fill='none' stroke='{INK}' stroke-width='0.2'>"
        f"<title>{escape(title)}</title>{content}</svg>"
    )


def _text(x: float, y: float, text: str, size: float = 3.2, anchor: str = "middle") -> str:
    where = f"x='{x:g}' y='{y:g}' font-size='{size:g}' text-anchor='{anchor}'"
    return f"<text {where} fill='{INK}' stroke='none'>{escape(text)}</text>"


def ruler() -> str:
    """A ruler of 180 mm across and one of 100 mm down: printers stretch each direction differently."""
    left, top = 3.0, 4.0
    marks = [f"<path id='across' d='M{left:g},{top:g}h{RULER_MM}' stroke-width='0.25'/>"]
    for mm in range(RULER_MM + 1):
        tall = 7.0 if mm % 10 == 0 else 5.0 if mm % 5 == 0 else 3.0
        marks.append(f"<path d='M{left + mm:g},{top:g}v{tall:g}' stroke-width='0.15'/>")
        if mm % 10 == 0:
            marks.append(_text(left + mm, top + 11, str(mm)))
    down = top + 18
    marks.append(f"<path id='down' d='M{left:g},{down:g}v{UPRIGHT_RULER_MM}' stroke-width='0.25'/>")
    for mm in range(UPRIGHT_RULER_MM + 1):
        wide = 7.0 if mm % 10 == 0 else 5.0 if mm % 5 == 0 else 3.0
        marks.append(f"<path d='M{left:g},{down + mm:g}h{wide:g}' stroke-width='0.15'/>")
        if mm % 10 == 0:
            marks.append(_text(left + 8, down + mm + 1.1, str(mm), anchor="start"))
    marks.append(_block_section(left + 38, down + 2))
    return _svg(PAGE_MM[0], down + UPRIGHT_RULER_MM + 4, "".join(marks), "Ruler of 180 mm across and 100 mm down")


def _block_section(x: float, y: float) -> str:
    """A block of 100 mm from the side, at 1:2, with the length to measure."""
    half = 0.5
    floor = y + 92
    toe, length = x + 12, d.CHECK_BLOCK_MM * half

    def box(left: float, right: float, low: float, high: float, fill: str) -> str:
        return (
            f"<rect x='{toe + left * half:g}' y='{floor - high * half:g}' width='{(right - left) * half:g}' "
            f"height='{(high - low) * half:g}' fill='{fill}'/>"
        )

    parts = [
        box(-30, d.DECK_FRONT_MM, d.STRIP_MM, d.DECK_TOP_MM, "#e6cb98"),
        box(-d.STOP_MM, 0, d.STOP_BOTTOM_MM, d.STOP_BOTTOM_MM + d.STOP_HEIGHT_MM, "#aab4bb"),
        box(0, d.FACE_MM, 0, d.CONTACT_HEIGHT_MM, "#f0dcae"),
        box(d.FACE_MM, d.CHECK_BLOCK_MM, 0, d.FOOT_MM, "#f0dcae"),
        box(d.CHECK_BLOCK_MM, d.CHECK_BLOCK_MM + d.FACE_MM, 0, 165, "#f7f6f2"),
        f"<path d='M{x - 4:g},{floor:g}h110'/>",
        f"<path d='M{toe:g},{floor - 60:g}h{length:g}m0,-2v4m{-length:g},0v-4' stroke='#b3261e' stroke-width='0.3'/>",
        _text(toe + length / 2, floor - 62, "the block's length"),
        _text(toe - 2, floor - 40, "toe line", anchor="end"),
        f"<path d='M{toe:g},{floor - 38:g}v8' stroke-dasharray='1 1'/>",
        _text(toe + length + 10, floor - 70, "face, white, towards the sensor", anchor="start"),
        _text(toe + length / 2, floor - 10, "foot"),
        _text(toe + 7, floor - 33, "contact plate", anchor="start", size=2.8),
        _text(x - 4, floor + 5, "seen from the side, 1:2", anchor="start", size=2.8),
    ]
    return "".join(parts)


def template() -> str:
    """The heel plate's template: the stop sheet with its holes, and the plate's outline around it, at 1:1."""
    part = solids.parts(rounded=False)["stop-sheet"]
    x0, y0 = 30.0, 4.0
    (left, _), (rear, front) = solids.window(1)

    def at(x: float, y: float) -> tuple[float, float]:
        return x0 + x - left, y0 + front - y

    sheet = part.solid.slice(d.BASE_TOP_MM + d.DECK_LOWER_MM + 1.0)
    paths = "".join(
        "M" + "L".join("{:.2f},{:.2f}".format(*at(u, v)) for u, v in polygon) + "Z" for polygon in sheet.to_polygons()
    )
    x, y = d.LANE_CENTRE_MM, d.WINDOW_FRONT_MM
    spots = [
        ("force sensor", x, y - d.FSR_BEHIND_HINGE_MM),
        ("spring", x - d.SPRING_X_MM, y - d.SPRING_BEHIND_HINGE_MM),
        ("spring", x + d.SPRING_X_MM, y - d.SPRING_BEHIND_HINGE_MM),
        ("limit screw", x, y - d.LIMIT_BEHIND_HINGE_MM),
    ]
    marks = []
    for name, hole_x, hole_y in spots:
        u, v = at(hole_x, hole_y)
        marks.append(f"<path d='M{u - 3:.2f},{v:.2f}h6M{u:.2f},{v - 3:.2f}v6' stroke='#b3261e'/>")
        marks.append(_text(u, v - 13.5 if name == "force sensor" else v + 9, name, size=2.8))
    width, length = d.WINDOW_WIDTH_MM, front - rear
    corner = at(left, front)
    marks.append(
        f"<path id='window' d='M{corner[0]:g},{corner[1]:g}h{width:g}v{length:g}h{-width:g}Z' stroke='#7d868c'/>"
    )
    marks.append(_text(corner[0] + width / 2, corner[1] + 9, "front: the hinge lies here"))
    marks.append(_text(corner[0] + width + 3, corner[1] + 40, "grey: window of the", anchor="start"))
    marks.append(_text(corner[0] + width + 3, corner[1] + 45, "upper layer, 113 x 191", anchor="start"))
    marks.append(_text(corner[0] + width + 3, corner[1] + 55, "right lane;", anchor="start"))
    marks.append(_text(corner[0] + width + 3, corner[1] + 60, "turn the sheet over", anchor="start"))
    marks.append(_text(corner[0] + width + 3, corner[1] + 65, "for the left one", anchor="start"))
    return _svg(PAGE_MM[0], length + 8, f"<path d='{paths}'/>" + "".join(marks), "Template of the heel plate, 1:1")


def ribs() -> str:
    """The ribs of both kinds of riser, lying, one above the other, with their dowel positions."""
    drawn, floor = [], 0.0
    for slopes in d.RISERS_DEG:
        corners = d.riser_corners(slopes)
        rear = min(forward for forward, _ in corners)
        floor += corners[2][1] + 6.0

        def at(forward: float, up: float, rear: float = rear, floor: float = floor) -> tuple[float, float]:
            return 6.0 + forward - rear, floor - up

        path = "M" + "L".join("{:.2f},{:.2f}".format(*at(*corner)) for corner in corners) + "Z"
        under, front = at(d.DOWEL_LYING_MM, 0.0), at(d.RISER_FRONT_MM, d.DOWEL_STANDING_MM - d.RISER_REAR_MM)
        middle = at((corners[3][0] + d.RISER_FRONT_MM) / 2, 35.0)
        drawn += [
            f"<path class='rib' d='{path}'/>",
            f"<path d='M{under[0]:.2f},{under[1]:.2f}v-15M{front[0]:.2f},{front[1]:.2f}h-15' stroke='#b3261e'/>",
            _text(middle[0], middle[1], f"rib {slopes[0]:g} and {slopes[1]:g} degrees"),
            _text(middle[0], middle[1] + 5, "red: middle of a dowel", size=2.8),
            _text(middle[0], floor + 5, f"lies on this side: {slopes[0]:g} degrees", size=2.8),
        ]
        floor += 12.0
    return _svg(PAGE_MM[0], floor, "".join(drawn), "Templates of the risers' ribs, 1:1")


def page() -> str:
    """The sheet as an HTML page."""
    rows = "".join(
        f"<tr><td>{mm:g} mm</td><td>{'face alone' if not mm else f'{solids.foot_length_mm(mm):g} mm'}</td>"
        f"<td>{'calibration' if mm in d.BLOCKS_MM else 'check'}</td><td style='width:38mm'></td></tr>"
        for mm in solids.BLOCK_LENGTHS_MM
    )
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Calibration sheet</title><style>{STYLE}</style></head>
<body>
<section>
<h1>Calibration sheet</h1>
<p>Print at 100 % (<em>actual size</em>, no fitting to the page). Lay a steel rule on both rulers: if either is off
by more than 0.5 mm, the sheet is no template; use the dimensions in figures.</p>
{ruler()}
<h2>The blocks</h2>
<p>Measure each block with the steel rule, from the contact plate's outside to the face's side with the sensor, at both
edges, to half a millimetre. The mean is its true length.</p>
<table><tr><th>block</th><th>its foot is cut to</th><th>used for</th><th>true length</th></tr>{rows}</table>
<p style="margin-top:2mm">The sensor's emitter: {d.SETBACK_MM:g} mm behind the toe line, {d.SENSOR_AXIS_MM:g} mm above
the floor. Measured: ______ and ______ mm.</p>
</section>
<section>
<h1>Template of the heel plate, 1:1</h1>
<p>For the stop sheet (full line) and the holes of the lower layer of the deck. Check the rulers of page 1 first.</p>
{template()}
</section>
<section>
<h1>Templates of the risers' ribs, 1:1</h1>
<p>Four ribs of one kind, of plywood 18 mm. The front is at the right: the corner below it is square.</p>
{ribs()}
</section>
</body>
</html>
"""
