"""The progress chart of both sides, as server-side SVG: tests over a true time axis, with trends and real changes.

The drawing is the plot alone: places in it are shares in percent, letters and marks keep their size at any width, and
the labels stand outside, in the room that the page's style leaves around it. What shows how sure the lines are (bands,
error bars, calibrations, corrections) is in groups of the class `sure`, which the page shows on demand.

Where the tests outnumber the room on a phone, one mark stands for those of a week, month, quarter or year, and the text
says so; an outlier always has a mark of its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from markupsafe import Markup
from msgspec import Struct

from station.app.results.progress import ResultRow
from station.core.events import EASE_OFF_PAIN, Side
from station.core.measurement.uncertainty import COVERAGE
from station.core.progress.records import Direction, Goals, RealChange, TrendPoint
from station.units import (
    BELOW_RANGE,
    CM,
    INCH,
    MM_PER_UNIT,
    SIDE_SYMBOLS,
    UNIT_SYMBOLS,
    count_text,
    date_text,
    length_text,
)
from web.charts.progress_marks import Mark, Shown, mark_of, mark_span, marks_of
from web.charts.time_axis import Span, ticks
from web.charts.trace import Chart, Scale

FULL = 100.0
"""The width and height of the plot, in percent."""
TREND_POINTS = 120
"""One for every second pixel of a phone."""
MAX_GRIDLINES = 5
STEPS = {CM: (1, 2, 5, 10), INCH: (0.5, 1, 2, 5, 10)}
"""Between two grid lines, in units."""
MARGIN_SHARE = 0.02
"""The free margin beside the first and the last mark."""
DAY_WIDTH, MONTH_WIDTH = 54.0, 66.0
"""The width of the date of a real change on the narrowest phone: of a day, and of a month with its year."""
LETTER_WIDTH, GAP_WIDTH = 5.3, 3.0
"""The width of a letter below the plot there, and of the gap between two labels."""
MARK_WIDTH = 4.0
"""The width of a sign on the narrowest phone."""
WIDER = 3.0
"""How many times wider the plot is where `wide-only` labels are shown."""
LONG_DAYS = 366.0
"""Beyond this, the date of a real change has a year instead of a day."""
LABEL_HEIGHT = 17.0
"""The height of a label at the end of a line."""
SHAPES = {
    "left": "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "right": "m0-5l4 5-4 5-4-5z",
    "mean-left": "m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0z",
    "mean-right": "m0-3.2l2.6 3.2-2.6 3.2-2.6-3.2z",
    "last-left": "m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z",
    "last-right": "m0-7.5l6 7.5-6 7.5-6-7.5z",
    "outlier": "m-4-4l8 8m0-8l-8 8",
    "pain": "m0-9l5 8h-10z",
    "calibration": "m-3-7h6v6h-6z",
}
"""The marks, about their own place, in pixels: circles left, diamonds right."""
OPEN_SIGNS = {Side.LEFT: "\u25cb", Side.RIGHT: "\u25c7"}
ARROWS = {Direction.GAIN: "\u25b2", Direction.LOSS: "\u25bc"}


class Point(NamedTuple):
    """One step of the slider: the place of a test, the heights of its sides, and its words."""

    x: float
    heights: tuple[float, ...]
    text: str


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
        """The height, or the plot's edge for what extends beyond it."""
        return min(max(0.0, self.y_scale(mm)), FULL)

    def y_of_mark(self, mark: Mark) -> float:
        """The height of a mark, the bottom for one below range."""
        return FULL if mark.mm is None else self.y(mark.mm)


class ProgressChart(Chart, frozen=True):
    """The chart, its `points`, oldest first, the real changes in words, and which signs need an explanation."""

    points: tuple[Point, ...]
    real_changes: tuple[str, ...]
    signs: tuple[tuple[str, str], ...]


def progress_chart(
    sides: Mapping[Side, Shown], calibrated_at: Sequence[datetime], span: Span, goals: Goals, units: str
) -> ProgressChart:
    """The chart of all sides that were tested."""
    every = mark_span(sides.values(), span)
    marks = {side: marks_of(one, every, span, units) for side, one in sides.items()}
    outliers = {side: [row for row in one.rows if row.test_id in one.progress.outliers] for side, one in sides.items()}
    frame = _frame(sides, marks, [] if every else [*outliers.values()], span, goals, units)
    lines, placed, sure_lines, sure_placed = [*_gridlines(frame)], [*_tick_labels(frame)], [""], [""]
    for side, one in sides.items():
        trend = _visible_trend(one.progress.trend, span)
        changes = dated_changes(one.progress.changes, frame)
        sure_lines += [*_bands(side, trend, one.progress.error.sem_mm, frame), *_whiskers(marks[side], frame)]
        sure_lines += _originals(one.rows, frame)
        lines += [*_trend(side, trend, frame), *_change_lines(side, changes, trend, frame)]
        placed += [*_symbols(side, marks[side], every, frame), *_change_dates(side, changes, frame)]
        (sure_placed if every else placed).extend(_outlier_marks(outliers[side], frame))
    sure_placed += _lane("calibration", calibrated_at, frame)
    painful = [row.at for one in sides.values() for row in one.rows if (row.pain or 0) >= EASE_OFF_PAIN]
    ends = _ends(sides, frame)
    lines += [*_goal_lines(frame), *(one.leader for one in ends)]
    placed += [
        *_goal_labels(frame),
        *_lane("pain", painful, frame, MARK_WIDTH if every else 1.0),
    ]
    placed += [one.label for one in ends]
    title = f"Toe distance, {date_text(span.since)} to {date_text(span.until)}"
    described = [f"{side.capitalize()}: {_description(one.rows, outliers[side], units)}" for side, one in sides.items()]
    sentence = " ".join([*described, *([f"Each mark is the mean of a {every}."] if every else [])])
    real = tuple(
        f"{side.capitalize()}: {_change_text(change)}"
        for side, one in sides.items()
        for change in one.progress.changes
        if _is_visible(change.confirmed_at, span)
    )
    below = "".join(OPEN_SIGNS[side] for side in sides if any(mark.mm is None for mark in marks[side]))
    has_outlier = every is None and any(outliers.values())
    signs = _signs(has_change=bool(real), has_pain=bool(painful), has_outlier=has_outlier, below=below)
    of_outliers = {side: [mark_of(one, units, is_outlier=True) for one in rows] for side, rows in outliers.items()}
    points = _points({side: [*marks[side], *of_outliers[side]] for side in sides}, frame)
    svg = _svg(title, sentence, sure_lines, lines, sure_placed, placed)
    return ProgressChart(title, sentence, svg, points, real, signs)


def _svg(
    title: str, sentence: str, sure_lines: list[str], lines: list[str], sure_placed: list[str], placed: list[str]
) -> Markup:
    """The drawing: lines in a part that is stretched to the plot, and letters and signs placed in it by percent."""
    signs = "".join(f'<path id="sign-{name}" d="M0 0{shape}"/>' for name, shape in SHAPES.items())
    return Markup(  # numbers and fixed text only
        '<svg class="progress-chart" role="img" aria-labelledby="chart-title chart-text">'
        f'<title id="chart-title">{title}</title><desc id="chart-text">{sentence}</desc><defs>{signs}</defs>'
        f'<svg viewBox="0 0 {FULL:g} {FULL:g}" width="100%" height="100%" preserveAspectRatio="none">'
        f'<g class="sure">{"".join(sure_lines)}</g>{"".join(lines)}<path class="cursor" d=""/></svg>'
        f'<g class="sure">{"".join(sure_placed)}</g>{"".join(placed)}</svg>'
    )


def _frame(
    sides: Mapping[Side, Shown],
    marks: Mapping[Side, Sequence[Mark]],
    outliers: Iterable[Sequence[ResultRow]],
    span: Span,
    goals: Goals,
    units: str,
) -> Frame:
    """Scales that contain every mark and level, these outliers, the last results and the goals."""
    heights = [*goals, *(row.mm for rows in outliers for row in rows)]
    for side, one in sides.items():
        heights += [mark.mm or 0.0 for mark in marks[side]]
        heights += [row.mm for row in one.rows[-1:]]
        heights += [row.original_mm for row in one.rows if row.original_mm is not None]
        for at in _visible_trend(one.progress.trend, span):
            heights += [max(0.0, at.low_mm), at.high_mm]
    step = _step(min(heights), max(heights), units)
    time = Scale(span.since.timestamp(), span.until.timestamp(), 0.0, FULL)
    height = Scale(min(heights) // step * step, -(-max(heights) // step) * step, FULL, 0.0)
    return Frame(span, units, goals, time, height, step)


def _visible_trend(trend: Sequence[TrendPoint], span: Span) -> list[TrendPoint]:
    """The visible part of the trend with one neighbour on either side, thinned to the resolution of the chart."""
    first = bisect_left(trend, span.since, key=_point_time)
    last = bisect_right(trend, span.until, key=_point_time)
    if first == last:
        return []
    shown = trend[max(0, first - 1) : last + 1]
    stride = max(1, len(shown) // TREND_POINTS)
    kept = list(shown[::stride])
    return kept if kept[-1] is shown[-1] else [*kept, shown[-1]]


def _point_time(point: TrendPoint) -> datetime:
    return point.at


def _step(low_mm: float, high_mm: float, units: str) -> float:
    one = float(MM_PER_UNIT[units])
    tall = max(high_mm - low_mm, one)
    return next((one * step for step in STEPS[units] if tall / one / step <= MAX_GRIDLINES), one * 20)


def _points(marks: Mapping[Side, Sequence[Mark]], frame: Frame) -> tuple[Point, ...]:
    """The marks of both sides together, oldest first: those of one test, or of one span of time, are one point."""
    together: dict[str, dict[Side, Mark]] = {}
    for side, of_side in marks.items():
        for mark in of_side:
            together.setdefault(mark.key, {})[side] = mark
    in_order = sorted(together.values(), key=lambda of_one: min(mark.at for mark in of_one.values()))
    return tuple(_point(of_one, frame) for of_one in in_order)


def _point(of_one: Mapping[Side, Mark], frame: Frame) -> Point:
    """Notes that hold for both sides appear once, at the end."""
    first = next(iter(of_one.values()))
    common = all(mark.notes == first.notes for mark in of_one.values())
    sides = [
        f"{side} {mark.result}" + ("" if common or not mark.notes else f" ({', '.join(mark.notes)})")
        for side, mark in of_one.items()
    ]
    text = f"{first.when}: {'; '.join(sides)}" + (f" ({', '.join(first.notes)})" if common and first.notes else "")
    return Point(frame.x(first.at), tuple(frame.y_of_mark(mark) for mark in of_one.values()), text)


def _gridlines(frame: Frame) -> Iterator[str]:
    yield f'<path class="axis" d="{"".join(f"M0 {frame.y(mm):g}H100" for mm in _levels(frame))}"/>'


def _levels(frame: Frame) -> list[float]:
    """The heights of the grid, lowest first."""
    low, high = frame.y_scale.low, frame.y_scale.high
    return [low + number * frame.gridline_mm for number in range(round((high - low) / frame.gridline_mm) + 1)]


def _tick_labels(frame: Frame) -> Iterator[str]:
    """The numbers beside the grid, the unit at the highest, and the dates below; some need a wide plot."""
    one = float(MM_PER_UNIT[frame.units])
    *lower, highest = _levels(frame)
    for mm in lower:
        yield f'<text class="height" y="{frame.y(mm):g}%">{mm / one:g}</text>'
    yield f'<text class="height" y="0%">{highest / one:g} {UNIT_SYMBOLS[frame.units]}</text>'
    free_x = 0.0
    for at, label in ticks(frame.span):
        x = frame.x(at)
        kind = "date" if x >= free_x else "date wide-only"
        free_x = x + len(label) * LETTER_WIDTH + GAP_WIDTH if x >= free_x else free_x
        yield f'<text class="{kind}" x="{x:g}%" y="100%">{label}</text>'


def _bands(side: Side, trend: Sequence[TrendPoint], sem_mm: float, frame: Frame) -> Iterator[str]:
    """The ranges of this person's tests (light) and of their level (dark)."""
    if trend:
        error_mm = COVERAGE * sem_mm
        yield _band(f"{side} error", [(at.at, at.mm - error_mm, at.mm + error_mm) for at in trend], frame)
        yield _band(f"{side} level", [(at.at, at.low_mm, at.high_mm) for at in trend], frame)


def _band(kind: str, edges: Sequence[tuple[datetime, float, float]], frame: Frame) -> str:
    there = _line([(at, high) for at, _, high in edges], frame)
    back = _line([(at, low) for at, low, _ in reversed(edges)], frame)
    return f'<path class="band {kind}" d="{there}L{back[1:]}z"/>'


def _trend(side: Side, trend: Sequence[TrendPoint], frame: Frame) -> Iterator[str]:
    if trend:
        yield f'<path class="{side} trend" d="{_line([(at.at, at.mm) for at in trend], frame)}"/>'


def _line(points: Sequence[tuple[datetime, float]], frame: Frame) -> str:
    return "M" + " ".join(f"{frame.x(at):g} {frame.y_scale(mm):g}" for at, mm in points)


def _goal_lines(frame: Frame) -> Iterator[str]:
    """One line where both sides have the same goal, else one a side."""
    for mm in dict.fromkeys(frame.goals):
        yield f'<path class="goal" d="M0 {frame.y_scale(mm):g}H100"/>'


def _goal_labels(frame: Frame) -> Iterator[str]:
    if frame.goals.left_mm == frame.goals.right_mm:
        labels = [(frame.goals.left_mm, "Goal")]
    else:
        labels = sorted((frame.goals.of(side), f"Goal {SIDE_SYMBOLS[side]}") for side in Side)[::-1]
    for (mm, name), place in zip(labels, _apart([frame.y_scale(mm) for mm, _ in labels]), strict=True):
        goal = f"{name} {length_text(mm, frame.units)}"
        yield f'<text class="goal-label" y="{place:g}%">{goal}</text>'


def _is_visible(at: datetime, span: Span) -> bool:
    return span.since <= at <= span.until


class DatedChange(NamedTuple):
    """A real change whose date has room above the plot, at `x`; `anchor` is the class of its alignment."""

    change: RealChange
    x: float
    anchor: str
    is_wide_only: bool

    @property
    def shown(self) -> str:
        return " wide-only" if self.is_wide_only else ""


def dated_changes(changes: Sequence[RealChange], frame: Frame) -> list[DatedChange]:
    """The real changes that the plot has room for, the newest first; some only where it is wide."""
    found: list[DatedChange] = []
    width = date_width(frame.span)
    free_x = wide_free_x = 2 * FULL
    for change in reversed(changes):
        x = frame.x(change.confirmed_at)
        share, anchor = (0.0, " from-here") if x < width / 2 else (0.5, "")
        share, anchor = (1.0, " to-here") if x > FULL - width / 2 else (share, anchor)
        start, wide_start = x - share * width, x - share * width / WIDER
        if not _is_visible(change.confirmed_at, frame.span) or wide_start + width / WIDER > wide_free_x:
            continue
        is_wide_only = start + width > free_x
        found.append(DatedChange(change, x, anchor, is_wide_only))
        free_x, wide_free_x = free_x if is_wide_only else start, wide_start
    return found


def date_width(span: Span) -> float:
    """The width of the date of a real change on the narrowest phone, in percent."""
    return MONTH_WIDTH if span.days > LONG_DAYS else DAY_WIDTH


def _change_lines(
    side: Side, changes: Sequence[DatedChange], trend: Sequence[TrendPoint], frame: Frame
) -> Iterator[str]:
    """A thin line from the date of each real change down to the trend, so that it is clear whose it is."""
    for one in changes:
        after = min(bisect_left(trend, one.change.confirmed_at, key=_point_time), len(trend) - 1)
        down = frame.y(trend[after].mm) if trend else FULL
        yield f'<path class="{side} real-change{one.shown}" d="M{one.x:g} 0V{down:g}"/>'


def _change_dates(side: Side, changes: Sequence[DatedChange], frame: Frame) -> Iterator[str]:
    """Above the plot, a line for each side with arrows and dates."""
    format_date = "{0:%b %Y}" if frame.span.days > LONG_DAYS else "{0.day} {0:%b}"
    for one in changes:
        date = format_date.format(one.change.confirmed_at.astimezone())
        words = f"{SIDE_SYMBOLS[side]} {ARROWS[one.change.direction]} {date}"
        yield f'<text class="change {side}{one.anchor}{one.shown}" x="{one.x:g}%" y="0%">{words}</text>'


def _change_text(change: RealChange) -> str:
    """The sentences for real changes, which the chart marks with an arrow and a date."""
    began = f"about {date_text(change.since)}"
    return f"a real {change.direction}, confirmed on {date_text(change.confirmed_at)}, began {began}"


def _originals(rows: Sequence[ResultRow], frame: Frame) -> Iterator[str]:
    """The original of each corrected value, with a line to the corrected one."""
    drawn = "".join(
        f"M{frame.x(one.at) - 1:g} {frame.y_scale(one.original_mm):g}h2m-1 0V{frame.y_scale(one.mm):g}"
        for one in rows
        if one.original_mm is not None
    )
    if drawn:
        yield f'<path class="original" d="{drawn}"/>'


def _whiskers(marks: Sequence[Mark], frame: Frame) -> Iterator[str]:
    drawn = "".join(
        f"M{frame.x(mark.at):g} {frame.y(mark.low_mm):g}V{frame.y(mark.high_mm):g}"
        for mark in marks
        if mark.low_mm is not None and mark.high_mm is not None
    )
    if drawn:
        yield f'<path class="whisker" d="{drawn}"/>'


def _symbols(side: Side, marks: Sequence[Mark], every: str | None, frame: Frame) -> Iterator[str]:
    """Quick tests in one group, full ones in another; means are smaller and filled. Below range all are hollow."""
    measured = [mark for mark in marks if mark.mm is not None]
    groups = {
        "quick": [mark for mark in measured if every is None and not mark.full],
        "full": [mark for mark in measured if every is not None or mark.full],
        "quick below": [mark for mark in marks if mark.mm is None],
    }
    sign = str(side) if every is None else f"mean-{side}"
    for kind, of_kind in groups.items():
        if of_kind:
            drawn = "".join(_use(sign, frame.x(mark.at), frame.y_of_mark(mark)) for mark in of_kind)
            yield f'<g class="{side} symbol {kind}">{drawn}</g>'


def _use(sign: str, x: float, y: float) -> str:
    return f'<use href="#sign-{sign}" x="{x:g}%" y="{y:g}%"/>'


def _outlier_marks(rows: Sequence[ResultRow], frame: Frame) -> Iterator[str]:
    if rows:
        drawn = "".join(_use("outlier", frame.x(one.at), frame.y(one.mm)) for one in rows)
        yield f'<g class="outlier">{drawn}</g>'


def _lane(sign: str, times: Iterable[datetime], frame: Frame, apart: float = 1.0) -> Iterator[str]:
    """Signs that stand on the bottom of the plot, those within `apart` percent as one."""
    places = sorted({round(frame.x(at) / apart) for at in times if _is_visible(at, frame.span)})
    if places:
        yield f'<g class="{sign}">{"".join(_use(sign, place * apart, FULL) for place in places)}</g>'


class End(NamedTuple):
    """The label at the end of a side's line, and the thin line to it."""

    label: str
    leader: str


def _ends(sides: Mapping[Side, Shown], frame: Frame) -> list[End]:
    """Each side's last result beside the plot, at its height, or moved apart where both would overlap."""
    last = {side: one.rows[-1] for side, one in sides.items() if one.rows}
    heights = {side: frame.y_scale(row.mm) if row.mm > 0 else FULL for side, row in last.items()}
    places = dict(zip(sorted(heights, key=lambda side: heights[side]), _apart(sorted(heights.values())), strict=True))
    found = []
    for side, row in last.items():
        x, y, place = frame.x(row.at), heights[side], places[side]
        words = f'{side.capitalize()}</tspan> <tspan x="100%" dy="1.15em">{_end_text(row, frame)}'
        label = f'<text class="end {side}" x="100%" y="{place:g}%"><tspan>{words}</tspan></text>'
        kind = "full" if row.mm > 0 else "quick"
        mark = f'<g class="{side} symbol {kind}">{_use(f"last-{side}", x, y)}</g>'
        found.append(End(mark + label, f'<path class="{side} leader" d="M{x:g} {y:g}L100 {place:g}"/>'))
    return found


def _end_text(row: ResultRow, frame: Frame) -> str:
    """The result beside the plot, which has room for few letters."""
    return "below 0" if row.mm <= 0 else length_text(row.mm, frame.units)


def _apart(heights: Sequence[float]) -> list[float]:
    """These heights, ascending, at least a label apart and inside the plot."""
    lowest = FULL - LABEL_HEIGHT / 2
    heights = [min(height, lowest) for height in heights]
    if len(heights) < 2 or heights[1] - heights[0] >= LABEL_HEIGHT:
        return [*heights]
    middle = min(max((heights[0] + heights[1]) / 2, LABEL_HEIGHT / 2), lowest - LABEL_HEIGHT / 2)
    return [middle - LABEL_HEIGHT / 2, middle + LABEL_HEIGHT / 2]


def _signs(*, has_change: bool, has_pain: bool, has_outlier: bool, below: str) -> tuple[tuple[str, str], ...]:
    """The signs in the chart, each with its meaning. `below` are the open marks of the sides with a zero."""
    found = [
        (has_change, "\u25b2", "a real change"),
        (has_pain, "\u25b3", f"pain {EASE_OFF_PAIN} or more"),
        (has_outlier, "\u2715", "looks like an outlier"),
        (bool(below), below, f"at the bottom: {BELOW_RANGE}"),
    ]
    return tuple((sign, words) for is_there, sign, words in found if is_there)


def _description(rows: Sequence[ResultRow], outliers: Sequence[ResultRow], units: str) -> str:
    if not rows:
        return "no tests in this period."
    distances = [one.mm for one in rows if one.mm > 0]
    text = count_text(len(rows), "test")
    if len(distances) < len(rows):
        text += f", {len(rows) - len(distances)} of them {BELOW_RANGE}"
    if distances:
        low, high = length_text(min(distances), units), length_text(max(distances), units)
        text += f", {low}" if low == high else f", from {low} to {high}"
    if outliers:
        text += f", {count_text(len(outliers), 'outlier')} among them"
    return text + "."


def span_of_range(name: str, rows: Sequence[ResultRow], now: datetime) -> Span:
    """The span of `6w`, `6m` or `all`, up to now. `all` starts with the first test and lasts a week at least."""
    weeks = {"6w": 6, "6m": 26}.get(name)
    if weeks is not None:
        return Span(now - timedelta(weeks=weeks), now + timedelta(weeks=weeks) * MARGIN_SHARE)
    first = min((one.at for one in rows), default=now)
    margin = max((now - first) * MARGIN_SHARE, timedelta(hours=4))
    return Span(min(first, now - timedelta(weeks=1)) - margin, now + margin)
