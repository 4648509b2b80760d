"""The progress chart of one side, as server-side SVG: tests over a true time axis, with trend and real changes.

Both sides share their scales. Where the tests outnumber the room on a phone, one mark stands for those of a week,
month, quarter or year, and the text says so; an outlier always has a mark of its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import fmean

from markupsafe import Markup

from station.app.progress import ResultRow
from station.core.events import Side
from station.core.measurement.uncertainty import COVERAGE
from station.core.progress.records import Direction, RealChange, SideProgress, TrendPoint
from station.units import MM_PER_UNIT, UNIT_SYMBOLS, count_text, date_text, length_text, length_with_uncertainty
from web.charts.time_axis import Span, period_starts, ticks
from web.charts.trace import Chart, Scale

WIDTH, HEIGHT = 360, 262
"""About the width of a phone and half that of a screen, so that letters have one size on both."""
X_MIN, X_MAX, Y_TOP, Y_BOTTOM = 38, 350, 40, 206
EVENT_LANE_Y = Y_BOTTOM + 11
"""Where calibrations and pain are marked, below the plot."""
MAX_MARKS = 200
"""Half a year of days: more would overlap."""
PERIOD_DAYS = {"week": 7.0, "month": 30.4, "quarter": 91.3}
TREND_POINTS = 158
"""One for every second pixel of a phone."""
MAX_GRIDLINES = 6
MARGIN_SHARE = 0.02
"""The free margin beside the first and the last mark."""
LABEL_WIDTH = 84
"""The width of the date of a real change."""
CIRCLE = "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"
DIAMOND = "m0-5l4 5-4 5-4-5z"
SMALL_CIRCLE = "m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0z"
SMALL_DIAMOND = "m0-2.5l2 2.5-2 2.5-2-2.5z"


@dataclass(frozen=True, slots=True)
class Mark:
    """One test, or all of one `span` of time: the mean, and the interval that the whisker shows."""

    at: datetime
    mm: float
    low_mm: float | None
    high_mm: float | None
    full: bool
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What both sides' charts share: the time range, the heights and the grid spacing."""

    span: Span
    units: str
    goal_mm: float
    x_scale: Scale
    y_scale: Scale
    gridline_mm: float

    def x(self, at: datetime) -> float:
        return self.x_scale(at.timestamp())


@dataclass(frozen=True, slots=True)
class ProgressChart(Chart):
    """A chart. `points` are its marks, oldest first, as positions and in words; `real` the real changes in words."""

    side: Side
    points: tuple[tuple[float, float, str], ...]
    real_changes: tuple[str, ...]


def plot_frame(
    sides: Iterable[Sequence[ResultRow]], trends: Iterable[SideProgress], span: Span, goal_mm: float, units: str
) -> Frame:
    """Scales that contain everything shown of both sides, and the goal."""
    heights = [goal_mm]
    for seen in sides:
        heights += [one.mm for one in seen]
        heights += [one.original_mm for one in seen if one.original_mm is not None]
    for side in trends:
        error_mm = COVERAGE * side.error.sem_mm
        for at in _visible_trend(side.trend, span):
            heights += [at.mm - error_mm, at.mm + error_mm, at.low_mm, at.high_mm]
    step = _step(min(heights), max(heights), units)
    time = Scale(span.since.timestamp(), span.until.timestamp(), X_MIN, X_MAX)
    height = Scale(min(heights) // step * step, -(-max(heights) // step) * step, Y_BOTTOM, Y_TOP)
    return Frame(span, units, goal_mm, time, height, step)


def side_chart(
    side: Side, rows: Sequence[ResultRow], progress: SideProgress, calibrated_at: Sequence[datetime], frame: Frame
) -> ProgressChart:
    """One side's chart. `seen` are its results within the plotted time, oldest first."""
    marks, every = _marks(rows, progress.outliers, frame)
    outliers = [one for one in rows if one.test_id in progress.outliers]
    parts = [*_grid(frame), *_bands(side, progress, frame), *_changes(progress.changes, frame)]
    parts += [
        *_originals(rows, frame),
        *_whiskers(marks, frame),
        *_symbols(side, marks, every, frame),
        *_outlier_marks(outliers, frame),
    ]
    parts += _goal(frame)
    parts += _event_lane(calibrated_at, [one for one in rows if one.pain], frame)
    title = f"{side.capitalize()}: toe distance, {date_text(frame.span.since)} to {date_text(frame.span.until)}"
    sentence = _description(rows, outliers, every, frame)
    name = f"progress-{side}"
    svg = (
        f'<svg class="chart over-time" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name} {name}-d">'
        f'<title id="{name}">{title}</title><desc id="{name}-d">{sentence}</desc>{"".join(parts)}'
        '<path class="cursor" d=""/></svg>'
    )
    drawn_marks = sorted(
        [*marks, *(_mark(one, frame.units, is_outlier=True) for one in outliers)], key=lambda mark: mark.at
    )
    points = tuple((frame.x(mark.at), frame.y_scale(mark.mm), mark.text) for mark in drawn_marks)
    real = tuple(
        _change_text(change)
        for change in progress.changes
        if frame.span.since <= change.confirmed_at <= frame.span.until
    )
    return ProgressChart(title, sentence, Markup(svg), side, points, real)  # numbers and fixed text only


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
    return next((one * step for step in (0.5, 1, 2, 5, 10) if tall / one / step <= MAX_GRIDLINES), one * 20)


def _marks(rows: Sequence[ResultRow], outlier_ids: frozenset[str], frame: Frame) -> tuple[list[Mark], str | None]:
    """The marks of these results, and the span of time of one mark, `None` for one test a mark."""
    accepted = [one for one in rows if one.test_id not in outlier_ids]
    if len(accepted) <= MAX_MARKS:
        return [_mark(one, frame.units) for one in accepted], None
    every = next((name for name, days in PERIOD_DAYS.items() if frame.span.days / days <= MAX_MARKS), "year")
    edges = [bisect_left(accepted, at, key=_row_time) for at in period_starts(frame.span, every)]
    groups = (accepted[low:high] for low, high in pairwise([0, *edges, len(accepted)]) if low < high)
    return [_mean_mark(group, every, frame.units) for group in groups], every


def _row_time(one: ResultRow) -> datetime:
    return one.at


def _mark(row: ResultRow, units: str, *, is_outlier: bool = False) -> Mark:
    reach = None if row.uncertainty_mm is None else COVERAGE * row.uncertainty_mm
    parts = [date_text(row.at), length_with_uncertainty(row.mm, row.uncertainty_mm, units), *row.notes(units)]
    if is_outlier:
        parts.append("looks like an outlier: given little weight")
    low, high = (None, None) if reach is None else (row.mm - reach, row.mm + reach)
    return Mark(row.at, row.mm, low, high, row.full, ", ".join(parts))


def _mean_mark(group: Sequence[ResultRow], every: str, units: str) -> Mark:
    distances = [one.mm for one in group]
    middle = group[0].at + (group[-1].at - group[0].at) / 2
    low, high = min(distances), max(distances)
    words = (
        f"{every} of {date_text(group[0].at)}: {count_text(len(group), 'test')}, "
        f"mean {length_text(fmean(distances), units)}, from {length_text(low, units)} to {length_text(high, units)}"
    )
    return Mark(middle, fmean(distances), low, high, any(one.full for one in group), words)


def _grid(frame: Frame) -> Iterator[str]:
    one = float(MM_PER_UNIT[frame.units])
    step = frame.gridline_mm
    yield f'<text x="2" y="12">{UNIT_SYMBOLS[frame.units]}</text>'
    for number in range(round((frame.y_scale.high - frame.y_scale.low) / step) + 1):
        mm = frame.y_scale.low + number * step
        y = frame.y_scale(mm)
        yield f'<path class="axis" d="M{X_MIN} {y:g}H{X_MAX}"/>'
        yield f'<text x="{X_MIN - 6}" y="{y + 4:g}" text-anchor="end">{mm / one:g}</text>'
    for at, label in ticks(frame.span):
        x = frame.x(at)
        yield f'<path class="axis" d="M{x:g} {Y_TOP}V{Y_BOTTOM}"/>'
        anchor = "middle" if x < X_MAX - 14 else "end"
        yield f'<text x="{x:g}" y="{HEIGHT - 12}" text-anchor="{anchor}">{label}</text>'


def _bands(side: Side, progress: SideProgress, frame: Frame) -> Iterator[str]:
    """The ranges of this person's tests (light) and of their level (dark), and the trend."""
    shown = _visible_trend(progress.trend, frame.span)
    if not shown:
        return
    error_mm = COVERAGE * progress.error.sem_mm
    clip = f"plot-{side}"
    yield f'<clipPath id="{clip}"><path d="M{X_MIN} {Y_TOP}H{X_MAX}V{Y_BOTTOM}H{X_MIN}z"/></clipPath>'
    yield f'<g clip-path="url(#{clip})">'
    yield _band("error", [(at.at, at.mm - error_mm, at.mm + error_mm) for at in shown], frame)
    yield _band("level", [(at.at, at.low_mm, at.high_mm) for at in shown], frame)
    line = _line([(at.at, at.mm) for at in shown], frame)
    yield f'<path class="{side} trend" d="{line}"/></g>'


def _band(kind: str, edges: Sequence[tuple[datetime, float, float]], frame: Frame) -> str:
    there = _line([(at, high) for at, _, high in edges], frame)
    back = _line([(at, low) for at, low, _ in reversed(edges)], frame)
    return f'<path class="band {kind}" d="{there}L{back[1:]}z"/>'


def _line(points: Sequence[tuple[datetime, float]], frame: Frame) -> str:
    return "M" + " ".join(f"{frame.x(at):g} {frame.y_scale(mm):g}" for at, mm in points)


def _goal(frame: Frame) -> Iterator[str]:
    y = frame.y_scale(frame.goal_mm)
    yield f'<path class="goal" d="M{X_MIN} {y:g}H{X_MAX}"/>'
    goal = f"goal {length_text(frame.goal_mm, frame.units)}"
    yield f'<text class="halo" x="{X_MIN + 3}" y="{y - 5:g}">{goal}</text>'


def _changes(changes: Sequence[RealChange], frame: Frame) -> Iterator[str]:
    """A bar from the start of a change to the test that confirmed it, with an arrow and that test's date."""
    free_x = float(X_MIN)
    for change in changes:
        if not frame.span.since <= change.confirmed_at <= frame.span.until:
            continue
        x, began = frame.x(change.confirmed_at), max(float(X_MIN), frame.x(max(change.since, frame.span.since)))
        arrow = "l-5 9h10z" if change.direction is Direction.GAIN else "m-5 0h10l-5 9z"
        yield f'<path class="real-change" d="M{began:g} 25H{x:g}V{Y_BOTTOM}"/>'
        yield f'<path class="event passed" d="M{x:g} 20{arrow}"/>'
        place = min(max(x - LABEL_WIDTH / 2, X_MIN), X_MAX - LABEL_WIDTH)
        if place >= free_x:
            local = change.confirmed_at.astimezone()
            yield f'<text x="{place:g}" y="15">{local.day} {local:%b %Y}</text>'
            free_x = place + LABEL_WIDTH


def _change_text(change: RealChange) -> str:
    """The sentences for real changes, which the chart marks with an arrow and a bar."""
    began = f"on {date_text(change.since)}" if change.sudden else f"about {date_text(change.since)}"
    return f"A real {change.direction}, confirmed on {date_text(change.confirmed_at)}, began {began}"


def _originals(rows: Sequence[ResultRow], frame: Frame) -> Iterator[str]:
    """The original of each corrected value, with a line to the corrected one."""
    drawn = "".join(
        f"M{frame.x(one.at) - 3:g} {frame.y_scale(one.original_mm):g}h6m-3 0V{frame.y_scale(one.mm):g}"
        for one in rows
        if one.original_mm is not None
    )
    if drawn:
        yield f'<path class="original" d="{drawn}"/>'


def _whiskers(marks: Sequence[Mark], frame: Frame) -> Iterator[str]:
    drawn = "".join(
        f"M{frame.x(mark.at):g} {_clamped_y(mark.low_mm, frame):g}V{_clamped_y(mark.high_mm, frame):g}"
        for mark in marks
        if mark.low_mm is not None and mark.high_mm is not None
    )
    if drawn:
        yield f'<path class="whisker" d="{drawn}"/>'


def _clamped_y(mm: float, frame: Frame) -> float:
    """The height, or the plot's edge for a whisker that extends beyond it."""
    return min(max(frame.y_scale(mm), Y_TOP), Y_BOTTOM)


def _symbols(side: Side, marks: Sequence[Mark], every: str | None, frame: Frame) -> Iterator[str]:
    """All quick tests in one path, all full ones in another: circles left, diamonds right; means are smaller."""
    shapes = (CIRCLE, DIAMOND) if every is None else (SMALL_CIRCLE, SMALL_DIAMOND)
    shape = shapes[0] if side is Side.LEFT else shapes[1]
    for full in (False, True):
        drawn = "".join(
            f"M{frame.x(mark.at):g} {frame.y_scale(mark.mm):g}{shape}" for mark in marks if mark.full is full
        )
        if drawn:
            yield f'<path class="{side} symbol {"full" if full else "quick"}" d="{drawn}"/>'


def _outlier_marks(outliers: Sequence[ResultRow], frame: Frame) -> Iterator[str]:
    drawn = "".join(f"M{frame.x(one.at) - 4:g} {frame.y_scale(one.mm) - 4:g}l8 8m0-8l-8 8" for one in outliers)
    if drawn:
        yield f'<path class="outlier" d="{drawn}"/>'


def _event_lane(calibrated_at: Sequence[datetime], painful: Sequence[ResultRow], frame: Frame) -> Iterator[str]:
    """Below the plot: a square for each calibration, a triangle for each test with pain."""
    squares = "".join(
        f"M{frame.x(at) - 3:g} {EVENT_LANE_Y - 3}h6v6h-6z"
        for at in calibrated_at
        if frame.span.since <= at <= frame.span.until
    )
    if squares:
        yield f'<path class="event" d="{squares}"/>'
    places = dict.fromkeys(round(frame.x(one.at)) for one in painful)
    if places:
        yield f'<path class="event passed" d="{"".join(f"M{x} {EVENT_LANE_Y + 8}l4 7h-8z" for x in places)}"/>'


def _description(rows: Sequence[ResultRow], outliers: Sequence[ResultRow], every: str | None, frame: Frame) -> str:
    if not rows:
        return "No tests in this period."
    distances = [one.mm for one in rows]
    low, high = length_text(min(distances), frame.units), length_text(max(distances), frame.units)
    text = f"{count_text(len(rows), 'test')}, " + (low if low == high else f"from {low} to {high}")
    if outliers:
        text += f", {count_text(len(outliers), 'outlier')} among them"
    if every is not None:
        text += f". Each point is the mean of a {every}\u2019s tests, its bar spans the lowest to the highest"
    return text + "."


def span_of_range(name: str, rows: Sequence[ResultRow], now: datetime) -> Span:
    """The span of `6w`, `6m` or `all`, up to now. `all` starts with the first test and lasts a week at least."""
    weeks = {"6w": 6, "6m": 26}.get(name)
    if weeks is not None:
        return Span(now - timedelta(weeks=weeks), now + timedelta(weeks=weeks) * MARGIN_SHARE)
    first = min((one.at for one in rows), default=now)
    margin = max((now - first) * MARGIN_SHARE, timedelta(hours=4))
    return Span(min(first, now - timedelta(weeks=1)) - margin, now + margin)
