"""Where the goal's label stands at its line: at the side of the plot, and above or below, where it covers least."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from web.charts.progress_frame import FULL

WIDTH = 46.0
"""The width of the label on a phone of 390 px, in percent of the plot; wider plots have more room."""
HEIGHT = 13.0
"""From the line to the far edge of the label in the printed report, whose plot is the lowest."""
MARK = 2.5
"""Half a mark, on that phone and in that report."""


class Place(NamedTuple):
    """One place of a label: the classes of its alignment, and the corner of what it covers."""

    anchor: str
    x: float
    left: float
    top: float

    def covers(self, x: float, y: float) -> bool:
        """Whether a mark here is under the label, in part."""
        return -MARK <= x - self.left <= WIDTH + MARK and -MARK <= y - self.top <= HEIGHT + MARK

    def overlaps(self, other: Place) -> bool:
        """Whether the two labels have room in common."""
        return abs(self.left - other.left) < WIDTH and abs(self.top - other.top) < HEIGHT


def places_at(line_y: float) -> list[Place]:
    """The places that a label has at a line of this height, in percent from the top; the usual one first."""
    across = (("", 0.0, 0.0), (" to-here", FULL, FULL - WIDTH))
    return [
        Place(across_anchor + down_anchor, x, left, top)
        for across_anchor, x, left in across
        for down_anchor, top in (("", line_y - HEIGHT), (" below", line_y))
        if top >= 0 and top + HEIGHT <= FULL
    ]


def place_label(line_y: float, points: Iterable[tuple[float, float]], others: Iterable[Place]) -> Place:
    """The first place that covers none of the points and no other label, else the one that covers fewest.

    All are in percent of the plot, from its left and its top.
    """
    points, others = [*points], [*others]

    def covered(place: Place) -> tuple[bool, int]:
        return any(place.overlaps(other) for other in others), sum(place.covers(x, y) for x, y in points)

    return min(places_at(line_y), key=covered)
