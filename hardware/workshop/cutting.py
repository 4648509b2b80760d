"""The cutting list and its drawing: every sawn piece laid on quarter sheets of plywood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from manifold3d import CrossSection

from hardware import dimensions as d
from hardware.workshop import solids
from hardware.workshop.drawing import FONT, INK, document

KERF_MM = 6.0
SCALE = 0.5
GAP = 26.0


@dataclass
class Sheet:
    """A sheet of one material, with pieces at (x, y)."""

    material: str
    pieces: list[tuple[solids.Part, float, float, bool]] = field(default_factory=list)


def sawn() -> list[solids.Part]:
    """All pieces that are not printed, thickest material and largest piece first."""
    made = [part for part in solids.parts(rounded=False).values() if not part.is_printed]
    return sorted(made, key=lambda part: (part.material, -max(part.size_mm()[:2])))


def size_text(part: solids.Part) -> str:
    """Length x width x thickness, in whole or half millimetres."""
    return " x ".join(f"{round(value * 2) / 2:g}" for value in sorted(part.size_mm(), reverse=True))


def sheets() -> list[Sheet]:
    """The plywood pieces, in rows on as few sheets as rows allow."""
    found: list[Sheet] = []
    for material in sorted({part.material for part in sawn() if part.material.startswith("birch")}):
        pieces = [part for part in sawn() if part.material == material for _ in range(part.quantity)]
        boxes = [(part, *_lying(part)) for part in pieces]
        boxes.sort(key=lambda box: (-box[2], -box[1]))
        sheet, x, y, row = Sheet(material), KERF_MM, KERF_MM, 0.0
        found.append(sheet)
        for part, length, width, is_turned in boxes:
            if x + length + KERF_MM > d.SHEET_MM[0]:
                x, y, row = KERF_MM, y + row + KERF_MM, 0.0
            if y + width + KERF_MM > d.SHEET_MM[1]:
                sheet, x, y, row = Sheet(material), KERF_MM, KERF_MM, 0.0
                found.append(sheet)
            sheet.pieces.append((part, x, y, is_turned))
            x, row = x + length + KERF_MM, max(row, width)
    return found


def _lying(part: solids.Part) -> tuple[float, float, bool]:
    """A piece's length and width on the sheet, with the longer one along it."""
    length, width, _ = part.size_mm()
    return (length, width, False) if length >= width else (width, length, True)


def outline(part: solids.Part, *, is_turned: bool = False) -> CrossSection:
    """The piece from above, with its through holes."""
    lying = part.lying()
    if is_turned:
        lying = lying.rotate((0, 0, 90))
        x, y, *_ = lying.bounding_box()
        lying = lying.translate((-x, -y, 0))
    return lying.slice(part.size_mm()[2] / 2)


def draw() -> str:
    """The sheets, one below the other."""
    drawn, top = [], GAP
    width = d.SHEET_MM[0] * SCALE + 2 * GAP
    for sheet in sheets():
        used = KERF_MM + max(y + _lying(part)[1] for part, _, y, _ in sheet.pieces)
        title = f"{sheet.material}: {used:.0f} mm of a board {d.SHEET_MM[0]:g} mm long and {d.SHEET_MM[1]:g} mm wide"
        drawn.append(f"<text x='{GAP:g}' y='{top - 6:g}' font-size='13' fill='{INK}' {FONT}>{escape(title)}</text>")
        drawn.append(
            f"<rect x='{GAP:g}' y='{top:g}' width='{d.SHEET_MM[0] * SCALE:g}' height='{used * SCALE:.1f}' "
            f"fill='#f6ecd6' stroke='{INK}'/>"
        )
        drawn += [
            _piece(part, GAP + x * SCALE, top + y * SCALE, is_turned=turned) for part, x, y, turned in sheet.pieces
        ]
        top += used * SCALE + 2 * GAP
    return document(width, top - GAP, "\n".join(drawn), "The pieces on quarter sheets of plywood")


def _piece(part: solids.Part, x: float, y: float, *, is_turned: bool) -> str:
    shape = outline(part, is_turned=is_turned)
    path = "".join(
        "M" + "L".join(f"{x + u * SCALE:.1f},{y + v * SCALE:.1f}" for u, v in polygon) + "Z"
        for polygon in shape.to_polygons()
    )
    _, _, right, high = shape.bounds()
    middle, rows = x + right * SCALE / 2, [_short(part), size_text(part)]
    size = min(8.5, right * SCALE / (0.58 * max(map(len, rows))), high * SCALE / 2.6)
    at = y + (_text_height(shape, right, high) * SCALE)
    texts = "".join(
        f"<text x='{middle:.1f}' y='{at + (n * 1.2 - 0.2) * size:.1f}' font-size='{size:.1f}' text-anchor='middle'>"
        f"{escape(row)}</text>"
        for n, row in enumerate(rows)
    )
    return f"<path d='{path}' fill='#e6cb98' fill-rule='evenodd' stroke='{INK}'/><g fill='{INK}' {FONT}>{texts}</g>"


def _short(part: solids.Part) -> str:
    """A name that fits a small piece: `rib-15-20` is `rib 15/20`."""
    kind, *rest = part.key.split("-")
    return f"{kind} {'/'.join(rest)}" if kind in ("rib", "web") else part.key.replace("-", " ")


def _text_height(shape: CrossSection, right: float, high: float) -> float:
    """Where the text lies on wood: the middle, or a strip beside an opening."""
    spots: Sequence[float] = (0.5, 0.93, 0.07, 0.3)
    for share in spots:
        strip = solids.rectangle((right * 0.15, right * 0.85), (high * share - 8, high * share + 8))
        if (strip - shape).area() < 1.0:
            return high * share
    return high / 2
