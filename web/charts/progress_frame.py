"""The frame of the progress chart: its time and height ranges, and positions within them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from station.app.results.progress import ResultRow
from station.core.events import Side
from station.core.progress.records import Goals, TrendPoint
from station.units import CM, INCH, MM_PER_UNIT
from web.charts.progress_marks import Mark, Shown
from web.charts.time_axis import Span
from web.charts.trace import Scale

FULL = 100.0
"""The width and height of the plot, in percent."""
TREND_POINTS = 120
"""One for every second pixel of a phone."""
MAX_GRIDLINES = 5
STEPS = {CM: (1, 2, 5, 10), INCH: (0.5, 1, 2, 5, 10)}
"""The possible steps between two grid lines, in units."""
MARGIN_SHARE = 0.02
"""The free margin beside the first and the last mark."""


class Frame(Struct, frozen=True):
    """The time range, the heights and the grid spacing."""

    span: Span
    units: str
    goals: Goals
    x_scale: Scale
    y_scale: Scale
    gridline_mm: float

    def x(self, at: datetime) -> float:
        return self.x_scale(at.timestamp())

    def y(self, mm: float) -> float:
        """The height of a value, clamped to the plot's edge."""
        return min(max(0.0, self.y_scale(mm)), FULL)

    def y_of_mark(self, mark: Mark) -> float:
        """The height of a mark; the bottom for one below range."""
        return FULL if mark.mm is None else self.y(mark.mm)


def frame_of(
    sides: Mapping[Side, Shown],
    marks: Mapping[Side, Sequence[Mark]],
    outliers: Iterable[Sequence[ResultRow]],
    span: Span,
    goals: Goals,
    units: str,
) -> Frame:
    """The frame that contains every mark and level, these outliers, the last results and the goals."""
    heights = [*goals, *(row.mm for rows in outliers for row in rows)]
    for side, one in sides.items():
        heights += [mark.mm or 0.0 for mark in marks[side]]
        heights += [row.mm for row in one.rows[-1:]]
        heights += [row.original_mm for row in one.rows if row.original_mm is not None]
        for at in visible_trend(one.progress.trend, span):
            heights += [max(0.0, at.low_mm), at.high_mm]
    step = _step(min(heights), max(heights), units)
    time = Scale(span.since.timestamp(), span.until.timestamp(), 0.0, FULL)
    height = Scale(min(heights) // step * step, -(-max(heights) // step) * step, FULL, 0.0)
    return Frame(span, units, goals, time, height, step)


def visible_trend(trend: Sequence[TrendPoint], span: Span) -> list[TrendPoint]:
    """The visible part of the trend and one neighbour on either side, thinned to the chart's resolution."""
    first = bisect_left(trend, span.since, key=point_time)
    last = bisect_right(trend, span.until, key=point_time)
    if first == last:
        return []
    shown = trend[max(0, first - 1) : last + 1]
    stride = max(1, len(shown) // TREND_POINTS)
    kept = list(shown[::stride])
    return kept if kept[-1] is shown[-1] else [*kept, shown[-1]]


def point_time(point: TrendPoint) -> datetime:
    """The time of a point, as a search key."""
    return point.at


def _step(low_mm: float, high_mm: float, units: str) -> float:
    one = float(MM_PER_UNIT[units])
    tall = max(high_mm - low_mm, one)
    return next((one * step for step in STEPS[units] if tall / one / step <= MAX_GRIDLINES), one * 20)


def levels(frame: Frame) -> list[float]:
    """The heights of the grid, lowest first."""
    low, high = frame.y_scale.low, frame.y_scale.high
    return [low + number * frame.gridline_mm for number in range(round((high - low) / frame.gridline_mm) + 1)]


def is_visible(at: datetime, span: Span) -> bool:
    """Whether this time is inside the plot."""
    return span.since <= at <= span.until


def use_sign(sign: str, x: float, y: float) -> str:
    """A mark of this shape at a position in percent."""
    return f'<use href="#sign-{sign}" x="{x:g}%" y="{y:g}%"/>'


def span_of_range(name: str, rows: Sequence[ResultRow], now: datetime) -> Span:
    """The span of `6w`, `6m` or `all`, up to now. `all` starts at the first test and is at least a week."""
    weeks = {"6w": 6, "6m": 26}.get(name)
    if weeks is not None:
        return Span(now - timedelta(weeks=weeks), now + timedelta(weeks=weeks) * MARGIN_SHARE)
    first = min((one.at for one in rows), default=now)
    margin = max((now - first) * MARGIN_SHARE, timedelta(hours=4))
    return Span(min(first, now - timedelta(weeks=1)) - margin, now + margin)
