"""The curve from a reading to a toe distance."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

CURVED_TO_MM = 270.0
"""Readings up to this have a bend and a cubic part: from the sensor to a wall 200 mm in front of the toe line. Beyond
it, and below 0, the curve continues straight, because no block is measured there."""
MIN_SLOPE = 0.1
"""No real sensor's curve is flatter; inverting a flatter one would give no distance."""
INVERSION_ERROR_MM = 1e-9
MAX_INVERSION_STEPS = 60


class Curve(Struct, frozen=True):
    """The toe distance as a polynomial of the reading r from 0 to `CURVED_TO_MM`, and straight beyond either end:

    `toe_mm = offset_mm + gain * r + bend_per_mm * r**2 + cubic_per_mm2 * r**3`
    """

    gain: float = 1.0
    offset_mm: float = -70.0
    bend_per_mm: float = 0.0
    cubic_per_mm2: float = 0.0

    def toe_mm(self, reading_mm: float) -> float:
        """Return the toe distance in mm; negative for a reading from behind the toe line."""
        r = _within_curve(reading_mm)
        curved_mm = self.offset_mm + (self.gain + (self.bend_per_mm + self.cubic_per_mm2 * r) * r) * r
        return curved_mm if r == reading_mm else curved_mm + self.slope(r) * (reading_mm - r)

    def slope(self, reading_mm: float) -> float:
        """Return the mm of toe distance per mm of reading at this reading."""
        r = _within_curve(reading_mm)
        return self.gain + (2.0 * self.bend_per_mm + 3.0 * self.cubic_per_mm2 * r) * r

    def toe_difference_mm(self, reading_mm: float, other_mm: float) -> float:
        """Return the absolute difference of two readings, in mm of toe distance."""
        return self.slope((reading_mm + other_mm) / 2) * abs(other_mm - reading_mm)

    def shifted(self, by_mm: float) -> Curve:
        """Return the curve for a wall that stands `by_mm` behind what the sensor sees, such as its skirting board."""
        return replace(self, offset_mm=self.offset_mm + by_mm)

    def reading_mm(self, toe_mm: float) -> float:
        """Return the reading that gives this toe distance: the inverse of `toe_mm`, for a curve that rises.

        Newton's method; a step that leaves the interval known to hold the reading halves it instead.
        """
        low_mm, high_mm = 0.0, CURVED_TO_MM
        for end_mm, is_beyond in ((low_mm, toe_mm < self.toe_mm(low_mm)), (high_mm, toe_mm > self.toe_mm(high_mm))):
            if is_beyond:
                return end_mm + (toe_mm - self.toe_mm(end_mm)) / max(self.slope(end_mm), MIN_SLOPE)
        r = (low_mm + high_mm) / 2
        for _ in range(MAX_INVERSION_STEPS):
            short_mm = toe_mm - self.toe_mm(r)
            if abs(short_mm) < INVERSION_ERROR_MM:
                break
            low_mm, high_mm = (r, high_mm) if short_mm > 0.0 else (low_mm, r)
            r += short_mm / max(self.slope(r), MIN_SLOPE)
            if not low_mm < r < high_mm:
                r = (low_mm + high_mm) / 2
        return r


def extended_power(reading_mm: float, power: int, middle_mm: float = 0.0) -> float:
    """Return the power of a reading about the middle; beyond the curved range it is straight, as `Curve` is."""
    within_mm = _within_curve(reading_mm)
    base = within_mm - middle_mm
    return float(base**power + (power * base ** (power - 1) * (reading_mm - within_mm) if power else 0.0))


def _within_curve(reading_mm: float) -> float:
    return min(max(reading_mm, 0.0), CURVED_TO_MM)
