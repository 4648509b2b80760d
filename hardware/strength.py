"""The strength of the deck, by the beam formula: bending stress = moment / section modulus, per lane.

Plywood: birch, 12 mm, characteristic bending strength 42.9 N/mm2 along and 33.2 N/mm2 across the grain of its face
(Handbook of Finnish Plywood, Finnish Forest Industries Federation, 2007, table of section 3.1; thicker boards differ by
less than 10 %). The lower figure counts, so that the sheet may be cut either way. `DURATION` is k_mod of EN 1995-1-1
for a short load in a dry room. The load is the whole person on one lane, as one line load across it.
"""

from __future__ import annotations

from dataclasses import dataclass

from hardware import dimensions as d

BENDING_STRENGTH = 33.2
"""N/mm2."""
DURATION = 0.9
GRAVITY = 9.81


@dataclass(frozen=True, slots=True)
class Section:
    """A cross-section of rectangles glued together, each (width, lower edge, upper edge) in mm."""

    rectangles: tuple[tuple[float, float, float], ...]

    def modulus_mm3(self) -> float:
        """The smaller of the two section moduli, at the lower and at the upper face."""
        areas = [
            (width * (top - bottom), (top + bottom) / 2, width, top - bottom) for width, bottom, top in self.rectangles
        ]
        axis = sum(area * centre for area, centre, _, _ in areas) / sum(area for area, *_ in areas)
        inertia = sum(width * depth**3 / 12 + area * (centre - axis) ** 2 for area, centre, width, depth in areas)
        low = min(bottom for _, bottom, _ in self.rectangles)
        high = max(top for *_, top in self.rectangles)
        return inertia / max(axis - low, high - axis)


WHOLE = Section(((d.LANE_WIDTH_MM, 0.0, d.DECK_MM),))
AT_WINDOW = Section(
    (
        (d.LANE_WIDTH_MM, 0.0, d.DECK_LOWER_MM),
        (d.LANE_WIDTH_MM - d.WINDOW_WIDTH_MM, d.DECK_LOWER_MM, d.DECK_MM),
    )
)


@dataclass(frozen=True, slots=True)
class Check:
    """One place: its moment from the load only, the stress, and the safety factor."""

    place: str
    moment_nmm: float
    modulus_mm3: float

    @property
    def stress(self) -> float:
        """N/mm2 under the full load."""
        return self.moment_nmm / self.modulus_mm3

    @property
    def factor(self) -> float:
        """How many times the full load would break it, by the characteristic strength."""
        return BENDING_STRENGTH * DURATION / self.stress


def span_mm() -> float:
    """From the hinge to the rear edge of the riser that reaches back the least: the longest free span of the deck."""
    return max(d.RISER_REAR_MM, *(d.riser_corners(slopes)[3][0] for slopes in d.RISERS_DEG))


def overhang_mm() -> float:
    """From the front edge of the riser that ends farthest back to the toe line: the longest overhang."""
    tops = (d.standing(d.riser_corners(slopes))[3][0] for slopes in d.RISERS_DEG)
    return d.BOARD_LENGTH_MM - min(d.RISER_FRONT_MM, *tops)


def checks(load_kg: float = d.FULL_LOAD_KG) -> tuple[Check, ...]:
    """Every loaded place, with the load in its worst position; on a slope it counts as if flat, which is safer."""
    force_n = load_kg * GRAVITY
    window = (d.BOARD_LENGTH_MM + d.WINDOW_FRONT_MM - d.WINDOW_LENGTH_MM, d.BOARD_LENGTH_MM + d.WINDOW_FRONT_MM)
    middle_mm = span_mm() / 2
    if not window[0] <= middle_mm <= window[1]:
        raise ValueError("the middle of the span is expected to lie at the window")
    strips_mm = min(b - a for a, b in zip(d.STRIP_CENTRES_MM, d.STRIP_CENTRES_MM[1:], strict=False)) - d.STRIP_WIDTH_MM
    return (
        Check("deck, middle of the span, at the heel plate's window", force_n * span_mm() / 4, AT_WINDOW.modulus_mm3()),
        Check("deck, toes in front of the riser", force_n * overhang_mm(), WHOLE.modulus_mm3()),
        Check(
            "base, between two rubber strips, under one rib of a riser",
            force_n * strips_mm / 4,
            Section(((d.RISER_FRONT_MM - d.RISER_REAR_MM, 0.0, d.BASE_MM),)).modulus_mm3(),
        ),
        Check(
            "lid of the electronics box, a foot across it",
            force_n * (d.BOX_WIDTH_MM - 2 * d.BOX_WALL_MM) / 4,
            Section(((d.BOX_WIDTH_MM, 0.0, d.LID_MM),)).modulus_mm3(),
        ),
    )
