"""Where to put the goal's label: at one side of the plot, above or below its line, where it covers least."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from web.charts.progress_frame import FULL

WIDTH = 46.0
"""The width of the label on a phone of 390 px, in percent of the plot; wider plots have more room."""
HEIGHT = 13.0
"""From the line to the label's far edge in the printed report, which has the lowest plot."""
MARK = 2.5
"""Half the size of a mark, on that phone and in that report."""


class Place(NamedTuple):
    """A place for a label: the classes that align it, and the corner of the area it covers."""

    anchor: str
    x: float
    left: float
    top: float

    def covers(self, x: float, y: float) -> bool:
        """Whether the label covers a mark here, at least in part."""
        return -MARK <= x - self.left <= WIDTH + MARK and -MARK <= y - self.top <= HEIGHT + MARK

    def overlaps(self, other: Place) -> bool:
        """Whether the two labels overlap."""
        return abs(self.left - other.left) < WIDTH and abs(self.top - other.top) < HEIGHT


def places_at(line_y: float) -> list[Place]:
    """The possible places at a line of this height, in percent from the top; the usual one first."""
    across = (("", 0.0, 0.0), (" to-here", FULL, FULL - WIDTH))
    return [
        Place(across_anchor + down_anchor, x, left, top)
        for across_anchor, x, left in across
        for down_anchor, top in (("", line_y - HEIGHT), (" below", line_y))
        if top >= 0 and top + HEIGHT <= FULL
    ]


def place_label(line_y: float, points: Iterable[tuple[float, float]], others: Iterable[Place]) -> Place:
    """The first place that covers no point and no other label, else the one that covers fewest.

    All are in percent of the plot, from its left and its top.
    """
    points, others = [*points], [*others]

    def covered(place: Place) -> tuple[bool, int]:
        return any(place.overlaps(other) for other in others), sum(place.covers(x, y) for x, y in points)

    return min(places_at(line_y), key=covered)
