"""The text in and around the progress chart: heights and dates, goals, dates of real changes, last results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from station.app.results.progress import ResultRow
from station.core.events import Side
from station.core.progress.records import Direction, RealChange
from station.units import MM_PER_UNIT, SIDE_SYMBOLS, UNIT_SYMBOLS, length_text
from web.charts.goal_label import Place, place_label
from web.charts.progress_frame import FULL, Frame, is_visible, levels, use_sign
from web.charts.progress_marks import Shown
from web.charts.time_axis import Span, ticks

DAY_WIDTH, MONTH_WIDTH = 54.0, 66.0
"""The width of a real change's date on the narrowest phone: a day, and a month with its year."""
LETTER_WIDTH, GAP_WIDTH = 5.3, 3.0
"""The width of a letter below the plot there, and of the gap between two labels."""
WIDER = 3.0
"""How many times wider the plot is where `wide-only` labels are shown."""
LONG_DAYS = 366.0
"""In a longer span, the date of a real change has a year instead of a day."""
LABEL_HEIGHT = 17.0
"""The height of a label at the end of a line."""
ARROWS = {Direction.GAIN: "\u25b2", Direction.LOSS: "\u25bc"}


def tick_labels(frame: Frame) -> Iterator[str]:
    """The numbers beside the grid, the unit at the highest, and the dates below; some need a wide plot."""
    one = float(MM_PER_UNIT[frame.units])
    *lower, highest = levels(frame)
    for mm in lower:
        yield f'<text class="height" y="{frame.y(mm):g}%">{mm / one:g}</text>'
    yield f'<text class="height" y="0%">{highest / one:g} {UNIT_SYMBOLS[frame.units]}</text>'
    free_x = 0.0
    for at, label in ticks(frame.span):
        x = frame.x(at)
        kind = "date" if x >= free_x else "date wide-only"
        free_x = x + len(label) * LETTER_WIDTH + GAP_WIDTH if x >= free_x else free_x
        yield f'<text class="{kind}" x="{x:g}%" y="100%">{label}</text>'


def goal_labels(drawn: Sequence[tuple[float, float]], frame: Frame) -> Iterator[str]:
    """The goals' labels at their lines, where they cover as little of the drawing as possible."""
    if frame.goals.left_mm == frame.goals.right_mm:
        labels = [(frame.goals.left_mm, "Goal")]
    else:
        labels = [(frame.goals.of(side), f"Goal {SIDE_SYMBOLS[side]}") for side in Side]
    taken: list[Place] = []
    for mm, name in labels:
        y = frame.y_scale(mm)
        place = place_label(y, drawn, taken)
        taken.append(place)
        goal = f"{name} {length_text(mm, frame.units)}"
        yield f'<text class="goal-label{place.anchor}" x="{place.x:g}%" y="{y:g}%">{goal}</text>'


class DatedChange(NamedTuple):
    """A real change whose date fits above the plot, at `x`; `anchor` is the class that aligns it."""

    change: RealChange
    x: float
    anchor: str
    is_wide_only: bool

    @property
    def shown(self) -> str:
        return " wide-only" if self.is_wide_only else ""


def dated_changes(changes: Sequence[RealChange], frame: Frame) -> list[DatedChange]:
    """The real changes whose dates fit, newest first; some fit only a wide plot."""
    found: list[DatedChange] = []
    width = date_width(frame.span)
    free_x = wide_free_x = 2 * FULL
    for change in reversed(changes):
        x = frame.x(change.confirmed_at)
        share, anchor = (0.0, " from-here") if x < width / 2 else (0.5, "")
        share, anchor = (1.0, " to-here") if x > FULL - width / 2 else (share, anchor)
        start, wide_start = x - share * width, x - share * width / WIDER
        if not is_visible(change.confirmed_at, frame.span) or wide_start + width / WIDER > wide_free_x:
            continue
        is_wide_only = start + width > free_x
        found.append(DatedChange(change, x, anchor, is_wide_only))
        free_x, wide_free_x = free_x if is_wide_only else start, wide_start
    return found


def date_width(span: Span) -> float:
    """The width of the date of a real change on the narrowest phone, in percent."""
    return MONTH_WIDTH if span.days > LONG_DAYS else DAY_WIDTH


def change_dates(side: Side, changes: Sequence[DatedChange], frame: Frame) -> Iterator[str]:
    """The dates of real changes with their arrows, above the plot, a line for each side."""
    format_date = "{0:%b %Y}" if frame.span.days > LONG_DAYS else "{0.day} {0:%b}"
    for one in changes:
        date = format_date.format(one.change.confirmed_at.astimezone())
        words = f"{SIDE_SYMBOLS[side]} {ARROWS[one.change.direction]} {date}"
        yield f'<text class="change {side}{one.anchor}{one.shown}" x="{one.x:g}%" y="0%">{words}</text>'


class End(NamedTuple):
    """The label at the end of a side's line, and the thin line to it."""

    label: str
    leader: str


def end_labels(sides: Mapping[Side, Shown], frame: Frame) -> list[End]:
    """Each side's last result beside the plot, at its height, moved apart if both would overlap."""
    last = {side: one.rows[-1] for side, one in sides.items() if one.rows}
    heights = {side: frame.y_scale(row.mm) if row.mm > 0 else FULL for side, row in last.items()}
    places = dict(zip(sorted(heights, key=lambda side: heights[side]), _apart(sorted(heights.values())), strict=True))
    found = []
    for side, row in last.items():
        x, y, place = frame.x(row.at), heights[side], places[side]
        words = f'{side.capitalize()}</tspan> <tspan x="100%" dy="1.15em">{_end_text(row, frame)}'
        label = f'<text class="end {side}" x="100%" y="{place:g}%"><tspan>{words}</tspan></text>'
        kind = "full" if row.mm > 0 else "quick"
        mark = f'<g class="{side} symbol {kind}">{use_sign(f"last-{side}", x, y)}</g>'
        found.append(End(mark + label, f'<path class="{side} leader" d="M{x:g} {y:g}L100 {place:g}"/>'))
    return found


def _end_text(row: ResultRow, frame: Frame) -> str:
    """The result beside the plot, short because there is little room."""
    return "below 0" if row.mm <= 0 else length_text(row.mm, frame.units)


def _apart(heights: Sequence[float]) -> list[float]:
    """These ascending heights, moved at least a label apart and inside the plot."""
    lowest = FULL - LABEL_HEIGHT / 2
    heights = [min(height, lowest) for height in heights]
    if len(heights) < 2 or heights[1] - heights[0] >= LABEL_HEIGHT:
        return [*heights]
    middle = min(max((heights[0] + heights[1]) / 2, LABEL_HEIGHT / 2), lowest - LABEL_HEIGHT / 2)
    return [middle - LABEL_HEIGHT / 2, middle + LABEL_HEIGHT / 2]
