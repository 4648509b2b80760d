"""The picture of one side's progress, as SVG made by the server: tests over a real time axis, with what they tell.

Both sides are drawn to the same scales. Where there are more tests than a phone has room for, one mark stands for a
week's, a month's, a quarter's or a year's, and the sentence says so; a slip is always drawn by itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import fmean

from markupsafe import Markup

from station.app.progress import Seen
from station.core.events import Side
from station.core.measurement.uncertainty import COVERAGE
from station.core.progress.records import Direction, RealChange, SideProgress, TrendPoint
from station.units import MM_IN_ONE, SIGN, day, length, many, sure_length
from web.charts.time_axis import Span, beginnings, ticks
from web.charts.trace import Chart, Scale

WIDTH, HEIGHT = 360, 262
"""About what a phone is wide, and half of what a screen is: letters are as large in both."""
LEFT, RIGHT, TOP, BOTTOM = 38, 350, 40, 206
LANE = BOTTOM + 11
"""Where calibrations and pain are marked, below the plot."""
MARKS_AT_MOST = 200
"""Half a year of days: more would lie upon each other."""
SPANS = {"week": 7.0, "month": 30.4, "quarter": 91.3}
TREND_POINTS = 158
"""One for each second pixel of a phone."""
LINES_AT_MOST = 6
MARGIN = 0.02
"""What is left free beside the first and the last mark."""
LABEL = 84
"""As wide as the date of a real change is written."""
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
    words: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What both sides' pictures share: the time that is shown, the heights, and how far apart their lines are."""

    span: Span
    units: str
    goal_mm: float
    time: Scale
    height: Scale
    line_mm: float

    def x(self, at: datetime) -> float:
        return self.time(at.timestamp())


@dataclass(frozen=True, slots=True)
class ProgressChart(Chart):
    """`points` are the marks from the oldest to the newest, as places in the drawing and in words; `real` the real
    changes in words."""

    side: Side
    points: tuple[tuple[float, float, str], ...]
    real: tuple[str, ...]


def frame(
    sides: Iterable[Sequence[Seen]], trends: Iterable[SideProgress], span: Span, goal_mm: float, units: str
) -> Frame:
    """Scales that hold everything shown of both sides, and the goal."""
    heights = [goal_mm]
    for seen in sides:
        heights += [one.mm for one in seen]
        heights += [one.original_mm for one in seen if one.original_mm is not None]
    for side in trends:
        error_mm = COVERAGE * side.error.sem_mm
        for at in _within(side.trend, span):
            heights += [at.mm - error_mm, at.mm + error_mm, at.low_mm, at.high_mm]
    step = _step(min(heights), max(heights), units)
    time = Scale(span.since.timestamp(), span.until.timestamp(), LEFT, RIGHT)
    height = Scale(min(heights) // step * step, -(-max(heights) // step) * step, BOTTOM, TOP)
    return Frame(span, units, goal_mm, time, height, step)


def chart(
    side: Side, seen: Sequence[Seen], progress: SideProgress, calibrated: Sequence[datetime], of: Frame
) -> ProgressChart:
    """One side's picture. `seen` are its results within the frame's time, oldest first."""
    marks, every = _marks(seen, progress.slips, of)
    slips = [one for one in seen if one.test_id in progress.slips]
    parts = [*_grid(of), *_bands(side, progress, of), *_changes(progress.changes, of)]
    parts += [*_originals(seen, of), *_whiskers(marks, of), *_symbols(side, marks, every, of), *_slips(slips, of)]
    parts += _goal(of)
    parts += _lane(calibrated, [one for one in seen if one.pain], of)
    title = f"{side.capitalize()}: toe distance, {day(of.span.since)} to {day(of.span.until)}"
    sentence = _sentence(seen, slips, every, of)
    name = f"progress-{side}"
    svg = (
        f'<svg class="chart over-time" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name} {name}-d">'
        f'<title id="{name}">{title}</title><desc id="{name}-d">{sentence}</desc>{"".join(parts)}'
        '<path class="cursor" d=""/></svg>'
    )
    told = sorted([*marks, *(_mark(one, of.units, slip=True) for one in slips)], key=lambda mark: mark.at)
    points = tuple((of.x(mark.at), of.height(mark.mm), mark.words) for mark in told)
    real = tuple(_told(change) for change in progress.changes if of.span.since <= change.told_at <= of.span.until)
    return ProgressChart(title, sentence, Markup(svg), side, points, real)  # numbers and our own words only


def _within(trend: Sequence[TrendPoint], span: Span) -> list[TrendPoint]:
    """The part of the trend that is shown, with the neighbours on either side, in no more points than can be seen."""
    first = bisect_left(trend, span.since, key=_at)
    last = bisect_right(trend, span.until, key=_at)
    if first == last:
        return []
    shown = trend[max(0, first - 1) : last + 1]
    stride = max(1, len(shown) // TREND_POINTS)
    kept = list(shown[::stride])
    return kept if kept[-1] is shown[-1] else [*kept, shown[-1]]


def _at(point: TrendPoint) -> datetime:
    return point.at


def _step(low_mm: float, high_mm: float, units: str) -> float:
    one = float(MM_IN_ONE[units])
    tall = max(high_mm - low_mm, one)
    return next((one * step for step in (0.5, 1, 2, 5, 10) if tall / one / step <= LINES_AT_MOST), one * 20)


def _marks(seen: Sequence[Seen], slips: frozenset[str], of: Frame) -> tuple[list[Mark], str | None]:
    """What is drawn of these results, and what span of time one mark stands for, `None` for one test."""
    believed = [one for one in seen if one.test_id not in slips]
    if len(believed) <= MARKS_AT_MOST:
        return [_mark(one, of.units) for one in believed], None
    every = next((name for name, days in SPANS.items() if of.span.days / days <= MARKS_AT_MOST), "year")
    edges = [bisect_left(believed, at, key=_seen_at) for at in beginnings(of.span, every)]
    groups = (believed[low:high] for low, high in pairwise([0, *edges, len(believed)]) if low < high)
    return [_mean(group, every, of.units) for group in groups], every


def _seen_at(one: Seen) -> datetime:
    return one.at


def _mark(one: Seen, units: str, *, slip: bool = False) -> Mark:
    reach = None if one.uncertainty_mm is None else COVERAGE * one.uncertainty_mm
    said = [day(one.at), sure_length(one.mm, one.uncertainty_mm, units), *one.notes(units)]
    if slip:
        said.append("a slip: hardly counted")
    low, high = (None, None) if reach is None else (one.mm - reach, one.mm + reach)
    return Mark(one.at, one.mm, low, high, one.full, ", ".join(said))


def _mean(group: Sequence[Seen], every: str, units: str) -> Mark:
    distances = [one.mm for one in group]
    middle = group[0].at + (group[-1].at - group[0].at) / 2
    low, high = min(distances), max(distances)
    words = (
        f"{every} of {day(group[0].at)}: {many(len(group), 'test')}, mean {length(fmean(distances), units)}, "
        f"from {length(low, units)} to {length(high, units)}"
    )
    return Mark(middle, fmean(distances), low, high, any(one.full for one in group), words)


def _grid(of: Frame) -> Iterator[str]:
    one = float(MM_IN_ONE[of.units])
    step = of.line_mm
    yield f'<text x="2" y="12">{SIGN[of.units]}</text>'
    for number in range(round((of.height.high - of.height.low) / step) + 1):
        mm = of.height.low + number * step
        y = of.height(mm)
        yield f'<path class="axis" d="M{LEFT} {y:g}H{RIGHT}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:g}" text-anchor="end">{mm / one:g}</text>'
    for at, label in ticks(of.span):
        x = of.x(at)
        yield f'<path class="axis" d="M{x:g} {TOP}V{BOTTOM}"/>'
        anchor = "middle" if x < RIGHT - 14 else "end"
        yield f'<text x="{x:g}" y="{HEIGHT - 12}" text-anchor="{anchor}">{label}</text>'


def _bands(side: Side, progress: SideProgress, of: Frame) -> Iterator[str]:
    """Where one test of this person would lie (light), where their level lies (dark), and the trend."""
    shown = _within(progress.trend, of.span)
    if not shown:
        return
    error_mm = COVERAGE * progress.error.sem_mm
    clip = f"plot-{side}"
    yield f'<clipPath id="{clip}"><path d="M{LEFT} {TOP}H{RIGHT}V{BOTTOM}H{LEFT}z"/></clipPath>'
    yield f'<g clip-path="url(#{clip})">'
    yield _band("error", [(at.at, at.mm - error_mm, at.mm + error_mm) for at in shown], of)
    yield _band("level", [(at.at, at.low_mm, at.high_mm) for at in shown], of)
    line = _line([(at.at, at.mm) for at in shown], of)
    yield f'<path class="{side} trend" d="{line}"/></g>'


def _band(kind: str, edges: Sequence[tuple[datetime, float, float]], of: Frame) -> str:
    there = _line([(at, high) for at, _, high in edges], of)
    back = _line([(at, low) for at, low, _ in reversed(edges)], of)
    return f'<path class="band {kind}" d="{there}L{back[1:]}z"/>'


def _line(points: Sequence[tuple[datetime, float]], of: Frame) -> str:
    return "M" + " ".join(f"{of.x(at):g} {of.height(mm):g}" for at, mm in points)


def _goal(of: Frame) -> Iterator[str]:
    y = of.height(of.goal_mm)
    yield f'<path class="goal" d="M{LEFT} {y:g}H{RIGHT}"/>'
    goal = f"goal {length(of.goal_mm, of.units)}"
    yield f'<text class="halo" x="{LEFT + 3}" y="{y - 5:g}">{goal}</text>'


def _changes(changes: Sequence[RealChange], of: Frame) -> Iterator[str]:
    """A bar from the time that a change began to the test that made it real, with an arrow and that test's date."""
    free_x = float(LEFT)
    for told in changes:
        if not of.span.since <= told.told_at <= of.span.until:
            continue
        x, began = of.x(told.told_at), max(float(LEFT), of.x(max(told.since, of.span.since)))
        arrow = "l-5 9h10z" if told.direction is Direction.GAIN else "m-5 0h10l-5 9z"
        yield f'<path class="told" d="M{began:g} 25H{x:g}V{BOTTOM}"/><path class="event passed" d="M{x:g} 20{arrow}"/>'
        place = min(max(x - LABEL / 2, LEFT), RIGHT - LABEL)
        if place >= free_x:
            local = told.told_at.astimezone()
            yield f'<text x="{place:g}" y="15">{local.day} {local:%b %Y}</text>'
            free_x = place + LABEL


def _told(change: RealChange) -> str:
    """The words for a real change: where the picture has an arrow and a bar."""
    began = f"on {day(change.since)}" if change.sudden else f"about {day(change.since)}"
    return f"A real {change.direction}, known on {day(change.told_at)}, began {began}"


def _originals(seen: Sequence[Seen], of: Frame) -> Iterator[str]:
    """Where a corrected value was on its day, and a line from there to where it is now."""
    drawn = "".join(
        f"M{of.x(one.at) - 3:g} {of.height(one.original_mm):g}h6m-3 0V{of.height(one.mm):g}"
        for one in seen
        if one.original_mm is not None
    )
    if drawn:
        yield f'<path class="original" d="{drawn}"/>'


def _whiskers(marks: Sequence[Mark], of: Frame) -> Iterator[str]:
    drawn = "".join(
        f"M{of.x(mark.at):g} {_held(mark.low_mm, of):g}V{_held(mark.high_mm, of):g}"
        for mark in marks
        if mark.low_mm is not None and mark.high_mm is not None
    )
    if drawn:
        yield f'<path class="whisker" d="{drawn}"/>'


def _held(mm: float, of: Frame) -> float:
    """The height, or the plot's edge where a whisker goes beyond."""
    return min(max(of.height(mm), TOP), BOTTOM)


def _symbols(side: Side, marks: Sequence[Mark], every: str | None, of: Frame) -> Iterator[str]:
    """All quick tests in one path, all full ones in another: circles left, diamonds right; means are smaller."""
    shapes = (CIRCLE, DIAMOND) if every is None else (SMALL_CIRCLE, SMALL_DIAMOND)
    shape = shapes[0] if side is Side.LEFT else shapes[1]
    for full in (False, True):
        drawn = "".join(f"M{of.x(mark.at):g} {of.height(mark.mm):g}{shape}" for mark in marks if mark.full is full)
        if drawn:
            yield f'<path class="{side} symbol {"full" if full else "quick"}" d="{drawn}"/>'


def _slips(slips: Sequence[Seen], of: Frame) -> Iterator[str]:
    drawn = "".join(f"M{of.x(one.at) - 4:g} {of.height(one.mm) - 4:g}l8 8m0-8l-8 8" for one in slips)
    if drawn:
        yield f'<path class="slip" d="{drawn}"/>'


def _lane(calibrated: Sequence[datetime], painful: Sequence[Seen], of: Frame) -> Iterator[str]:
    """Below the plot: a square for each calibration, a triangle for each test with pain."""
    squares = "".join(
        f"M{of.x(at) - 3:g} {LANE - 3}h6v6h-6z" for at in calibrated if of.span.since <= at <= of.span.until
    )
    if squares:
        yield f'<path class="event" d="{squares}"/>'
    places = dict.fromkeys(round(of.x(one.at)) for one in painful)
    if places:
        yield f'<path class="event passed" d="{"".join(f"M{x} {LANE + 8}l4 7h-8z" for x in places)}"/>'


def _sentence(seen: Sequence[Seen], slips: Sequence[Seen], every: str | None, of: Frame) -> str:
    if not seen:
        return "No test in this time."
    distances = [one.mm for one in seen]
    low, high = length(min(distances), of.units), length(max(distances), of.units)
    said = f"{many(len(seen), 'test')}, " + (low if low == high else f"from {low} to {high}")
    if slips:
        said += f", {many(len(slips), 'slip')} among them"
    if every is not None:
        said += f". Each point is the mean of a {every}\u2019s tests, its bar goes from the lowest to the highest"
    return said + "."


def shown_span(name: str, seen: Sequence[Seen], now: datetime) -> Span:
    """`6w`, `6m` or `all`, up to now. The time of everything begins with the first test and lasts a week at least."""
    weeks = {"6w": 6, "6m": 26}.get(name)
    if weeks is not None:
        return Span(now - timedelta(weeks=weeks), now + timedelta(weeks=weeks) * MARGIN)
    first = min((one.at for one in seen), default=now)
    margin = max((now - first) * MARGIN, timedelta(hours=4))
    return Span(min(first, now - timedelta(weeks=1)) - margin, now + margin)
