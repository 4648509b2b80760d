"""The progress chart of both sides, as SVG: tests over a true time axis, with trends and real changes.

The SVG is only the plot: positions in it are percentages, text and marks keep their size at any width, and the labels
are outside, in the margin that the page's style leaves. Whatever shows uncertainty (bands, error bars, calibrations,
corrections) is in groups of the class `sure`, which the page shows on demand.

If there are more tests than a phone has room for, each mark is the mean of a week, month, quarter or year, and the text
says so; an outlier always has its own mark.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from station.app.results.progress import ResultRow
from station.core.events import EASE_OFF_PAIN, Side
from station.core.measurement.uncertainty import COVERAGE
from station.core.progress.records import Goals, RealChange, TrendPoint
from station.units import BELOW_RANGE, count_text, date_text, length_text
from web.charts.progress_frame import FULL, Frame, frame_of, is_visible, levels, point_time, use_sign, visible_trend
from web.charts.progress_labels import DatedChange, change_dates, dated_changes, end_labels, goal_labels, tick_labels
from web.charts.progress_marks import Mark, Shown, mark_of, mark_span, marks_of
from web.charts.time_axis import Span
from web.charts.trace import Chart

MARK_WIDTH = 4.0
"""The width of a sign on the narrowest phone."""
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
"""The shapes of the marks, in pixels about their centre: circles left, diamonds right."""
OPEN_SIGNS = {Side.LEFT: "\u25cb", Side.RIGHT: "\u25c7"}


class Point(NamedTuple):
    """One step of the slider: a test's position, the heights of its sides, and its text."""

    x: float
    heights: tuple[float, ...]
    text: str


class ProgressChart(Chart, frozen=True):
    """The chart: its `points`, oldest first, the real changes in words, and the signs that need a legend."""

    points: tuple[Point, ...]
    real_changes: tuple[str, ...]
    signs: tuple[tuple[str, str], ...]


def progress_chart(
    sides: Mapping[Side, Shown], calibrated_at: Sequence[datetime], span: Span, goals: Goals, units: str
) -> ProgressChart:
    """The chart of every side that was tested."""
    every = mark_span(sides.values(), span)
    marks = {side: marks_of(one, every, span, units) for side, one in sides.items()}
    outliers = {side: [row for row in one.rows if row.test_id in one.progress.outliers] for side, one in sides.items()}
    frame = frame_of(sides, marks, [] if every else [*outliers.values()], span, goals, units)
    lines, placed, sure_lines, sure_placed = [*_gridlines(frame)], [*tick_labels(frame)], [""], [""]
    for side, one in sides.items():
        trend = visible_trend(one.progress.trend, span)
        changes = dated_changes(one.progress.changes, frame)
        sure_lines += [*_bands(side, trend, one.progress.error.sem_mm, frame), *_whiskers(marks[side], frame)]
        sure_lines += _originals(one.rows, frame)
        lines += [*_trend(side, trend, frame), *_change_lines(side, changes, trend, frame)]
        placed += [*_symbols(side, marks[side], every, frame), *change_dates(side, changes, frame)]
        (sure_placed if every else placed).extend(_outlier_marks(outliers[side], frame))
    sure_placed += _lane("calibration", calibrated_at, frame)
    painful = [row.at for one in sides.values() for row in one.rows if (row.pain or 0) >= EASE_OFF_PAIN]
    ends = end_labels(sides, frame)
    lines += [*_goal_lines(frame), *(one.leader for one in ends)]
    placed += [
        *goal_labels([*_drawn_points(sides, marks, outliers, frame)], frame),
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
        if is_visible(change.confirmed_at, span)
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
    """The SVG: lines in a part stretched to the plot, and text and signs placed in it by percent."""
    signs = "".join(f'<path id="sign-{name}" d="M0 0{shape}"/>' for name, shape in SHAPES.items())
    return Markup(  # numbers and fixed text only
        '<svg class="progress-chart" role="img" aria-labelledby="chart-title chart-text">'
        f'<title id="chart-title">{title}</title><desc id="chart-text">{sentence}</desc><defs>{signs}</defs>'
        f'<svg viewBox="0 0 {FULL:g} {FULL:g}" width="100%" height="100%" preserveAspectRatio="none">'
        f'<g class="sure">{"".join(sure_lines)}</g>{"".join(lines)}<path class="cursor" d=""/></svg>'
        f'<g class="sure">{"".join(sure_placed)}</g>{"".join(placed)}</svg>'
    )


def _points(marks: Mapping[Side, Sequence[Mark]], frame: Frame) -> tuple[Point, ...]:
    """The marks of both sides, oldest first; those of one test or one span of time make one point."""
    together: dict[str, dict[Side, Mark]] = {}
    for side, of_side in marks.items():
        for mark in of_side:
            together.setdefault(mark.key, {})[side] = mark
    in_order = sorted(together.values(), key=lambda of_one: min(mark.at for mark in of_one.values()))
    return tuple(_point(of_one, frame) for of_one in in_order)


def _point(of_one: Mapping[Side, Mark], frame: Frame) -> Point:
    """One point of the slider; notes shared by both sides appear once, at the end."""
    first = next(iter(of_one.values()))
    common = all(mark.notes == first.notes for mark in of_one.values())
    sides = [
        f"{side} {mark.result}" + ("" if common or not mark.notes else f" ({', '.join(mark.notes)})")
        for side, mark in of_one.items()
    ]
    text = f"{first.when}: {'; '.join(sides)}" + (f" ({', '.join(first.notes)})" if common and first.notes else "")
    return Point(frame.x(first.at), tuple(frame.y_of_mark(mark) for mark in of_one.values()), text)


def _gridlines(frame: Frame) -> Iterator[str]:
    yield f'<path class="axis" d="{"".join(f"M0 {frame.y(mm):g}H100" for mm in levels(frame))}"/>'


def _bands(side: Side, trend: Sequence[TrendPoint], sem_mm: float, frame: Frame) -> Iterator[str]:
    """The ranges of this person's tests (light) and of their level (dark)."""
    if trend:
        error_mm = COVERAGE * sem_mm
        yield _band(f"{side} sem", [(at.at, at.mm - error_mm, at.mm + error_mm) for at in trend], frame)
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
    """One line if both sides have the same goal, else one per side."""
    for mm in dict.fromkeys(frame.goals):
        yield f'<path class="goal" d="M0 {frame.y_scale(mm):g}H100"/>'


def _drawn_points(
    sides: Mapping[Side, Shown],
    marks: Mapping[Side, Sequence[Mark]],
    outliers: Mapping[Side, Sequence[ResultRow]],
    frame: Frame,
) -> Iterator[tuple[float, float]]:
    """The positions of all marks and outliers, and points along the trends."""
    for side, one in sides.items():
        yield from ((frame.x(mark.at), frame.y_of_mark(mark)) for mark in marks[side])
        yield from ((frame.x(row.at), frame.y(row.mm)) for row in (*outliers[side], *one.rows[-1:]))
        yield from ((frame.x(at.at), frame.y(at.mm)) for at in visible_trend(one.progress.trend, frame.span))


def _change_lines(
    side: Side, changes: Sequence[DatedChange], trend: Sequence[TrendPoint], frame: Frame
) -> Iterator[str]:
    """A thin line from each real change's date down to its trend, to show which side it belongs to."""
    for one in changes:
        after = min(bisect_left(trend, one.change.confirmed_at, key=point_time), len(trend) - 1)
        down = frame.y(trend[after].mm) if trend else FULL
        yield f'<path class="{side} real-change{one.shown}" d="M{one.x:g} 0V{down:g}"/>'


def _change_text(change: RealChange) -> str:
    """The sentence for a real change, which the chart marks with an arrow and a date."""
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
    """Quick tests in one group, full ones in another; means are smaller and filled. Marks below range are hollow."""
    measured = [mark for mark in marks if mark.mm is not None]
    groups = {
        "quick": [mark for mark in measured if every is None and not mark.full],
        "full": [mark for mark in measured if every is not None or mark.full],
        "quick below": [mark for mark in marks if mark.mm is None],
    }
    sign = str(side) if every is None else f"mean-{side}"
    for kind, of_kind in groups.items():
        if of_kind:
            drawn = "".join(use_sign(sign, frame.x(mark.at), frame.y_of_mark(mark)) for mark in of_kind)
            yield f'<g class="{side} symbol {kind}">{drawn}</g>'


def _outlier_marks(rows: Sequence[ResultRow], frame: Frame) -> Iterator[str]:
    if rows:
        drawn = "".join(use_sign("outlier", frame.x(one.at), frame.y(one.mm)) for one in rows)
        yield f'<g class="outlier">{drawn}</g>'


def _lane(sign: str, times: Iterable[datetime], frame: Frame, apart: float = 1.0) -> Iterator[str]:
    """Signs along the bottom of the plot; those within `apart` percent are drawn as one."""
    places = sorted({round(frame.x(at) / apart) for at in times if is_visible(at, frame.span)})
    if places:
        yield f'<g class="{sign}">{"".join(use_sign(sign, place * apart, FULL) for place in places)}</g>'


def _signs(*, has_change: bool, has_pain: bool, has_outlier: bool, below: str) -> tuple[tuple[str, str], ...]:
    """The signs in the chart, each with its meaning. `below`: the hollow marks of sides with a result below range."""
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
