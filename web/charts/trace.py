"""The chart of a run, as SVG: toe distance, heel loads, heel lifts, attempts and credited time.

The trace is reduced to the minimum and maximum of each pixel column, so an hour takes no more bytes than a minute and
no lift is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from station.core.events import SECOND_US, Side
from station.core.measurement.curve import Curve
from station.core.trace import curve_from_header
from station.store.records import Attempt, Hold, RepSet, SessionDetail
from station.units import MM_PER_UNIT, UNIT_SYMBOLS, count_text

WIDTH, X_MIN, X_MAX = 720, 46, 700
TOE_TOP, TOE_BOTTOM = 30, 160
LOAD_TOP, LOAD_BOTTOM = 198, 284
HEIGHT = 312
COLUMNS = 334
"""One column for two pixels of the drawing: enough for a phone, at half the bytes."""
MAX_TICKS = 8
TICK_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
VALID = "11"
"""The range status of a valid reading."""
MAX_GAP_US = SECOND_US
"""The longest gap that a line is drawn across."""

LOAD_MARKER, HEEL_COUNT = ",load_", 2
"""The marker of a load row, and the number of load rows per sample."""
THIN_LOADS_FROM_ROWS, MAX_LOAD_STRIDE = 20_000, 8
"""Above this many rows the loads are thinned, to one in eight at most: 25 a second still show every lift, because none
is shorter than 80 ms.
"""

Point = tuple[int, float]


class Chart(Struct, frozen=True):
    """An SVG drawing with its title and a sentence that describes it."""

    title: str
    description: str
    svg: Markup


class Scale(Struct, frozen=True):
    """Maps microseconds or a value to a position in the drawing."""

    low: float
    high: float
    at_low: float
    at_high: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.at_low + share * (self.at_high - self.at_low), 1)


def trace_chart(
    detail: SessionDetail, run_id: str, trace: tuple[dict[str, Any], str] | None, units: str
) -> Chart | None:
    """The chart of one run of a session, or `None` if nothing was recorded."""
    if trace is None:
        return None
    header, rows = trace
    channels = read_channels(rows, curve_from_header(header))
    times = [at for points in channels.values() for at, _ in points]
    if not times:
        return None
    attempts = [one for test in detail.tests if test.run_id == run_id for one in test.attempts]
    holds = [hold for hold in detail.holds if hold.run_id == run_id]
    time = Scale(min(times), max(times), X_MIN, X_MAX)
    parts = [*_time_axis(time), *_toe(channels.get("toe", []), time, attempts, units), *_loads(channels, time)]
    parts += _hold_bands(holds, time)
    verified_holds, run_reps = (
        [one for one in holds if one.verified],
        [one for one in detail.rep_sets if one.run_id == run_id],
    )
    title, sentence = _title_and_description(attempts, verified_holds, run_reps)
    name = f"chart-{run_id}"
    svg = (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name} {name}-d">'
        f'<title id="{name}">{title}</title><desc id="{name}-d">{sentence}</desc>{"".join(parts)}</svg>'
    )
    return Chart(title, sentence, Markup(svg))  # numbers and fixed text only


def read_channels(rows: str, curve: Curve) -> dict[str, list[Point]]:
    """The channels of a trace: distances in mm, loads as shares of full scale, heels and knee as 1 (down, on) or 0."""
    channels: dict[str, list[Point]] = {}
    lines = rows.splitlines()
    every = min(MAX_LOAD_STRIDE, 1 + len(lines) // THIN_LOADS_FROM_ROWS)
    passed = 0
    for row in lines:
        if every > 1 and LOAD_MARKER in row:
            passed += 1
            if passed // HEEL_COUNT % every:
                continue
        at_s, channel, value = row.split(",", 2)
        number = _value(channel, value, curve)
        if number is not None:
            channels.setdefault(channel, []).append((round(float(at_s) * SECOND_US), number))
    return channels


def _value(channel: str, value: str, curve: Curve) -> float | None:
    if channel == "toe":
        reading, _, status = value.partition("/")
        return curve.toe_mm(float(reading)) if (status or VALID) == VALID else None
    if channel.startswith("load_"):
        return float(value)
    if channel.startswith("heel_"):
        return float(value == "down")
    return None


def downsample(points: list[Point], low_us: float, high_us: float) -> Iterator[Point]:
    """The minimum and maximum of each column, in the order of their times."""
    width = max(1.0, (high_us - low_us) / COLUMNS)
    column: list[Point] = []
    number = None
    for point in points:
        here = int((point[0] - low_us) / width)
        if here != number and column:
            yield from _extremes(column)
            column = []
        number = here
        column.append(point)
    if column:
        yield from _extremes(column)


def _extremes(column: list[Point]) -> list[Point]:
    ends = {min(column, key=lambda point: point[1]), max(column, key=lambda point: point[1])}
    return sorted(ends)


def _path(points: Iterable[Point], time: Scale, value: Scale) -> str:
    drawn, last = [], None
    for at, height in points:
        drawn.append(
            f"{'M' if last is None or at - last > longest_gap_us(time) else 'L'}{time(at):g} {value(height):g}"
        )
        last = at
    return "".join(drawn)


def longest_gap_us(time: Scale) -> float:
    """The longest gap that a line is drawn across: a second, or a few columns if columns are longer."""
    return max(MAX_GAP_US, 4 * (time.high - time.low) / COLUMNS)


def _time_axis(time: Scale) -> Iterator[str]:
    long_s = (time.high - time.low) / SECOND_US
    step = next((tick for tick in TICK_S if long_s / tick <= MAX_TICKS), TICK_S[-1])
    for number in range(int(long_s // step) + 1):
        x = time(time.low + number * step * SECOND_US)
        yield f'<path class="axis" d="M{x:g} {TOE_TOP}V{LOAD_BOTTOM}"/>'
        minutes, rest = divmod(number * step, 60)
        yield f'<text x="{x:g}" y="{HEIGHT - 5}" text-anchor="middle">{minutes}:{rest:02}</text>'


def _toe(points: list[Point], time: Scale, attempts: list[Attempt], units: str) -> Iterator[str]:
    yield f'<text x="{X_MIN}" y="20">Toe distance, {UNIT_SYMBOLS[units]}</text>'
    if not points:
        yield f'<text x="{X_MIN + 8}" y="{(TOE_TOP + TOE_BOTTOM) // 2}">no distance was recorded</text>'
        return
    one = float(MM_PER_UNIT[units])
    top = max(point[1] for point in points) * 1.05
    step = next((step for step in (1, 2, 5, 10, 20, 50) if top / one / step <= 5), 100)
    value = Scale(0.0, max(top, one), TOE_BOTTOM, TOE_TOP)
    for number in range(int(top / one / step) + 1):
        y = value(number * step * one)
        yield f'<path class="axis" d="M{X_MIN} {y:g}H{X_MAX}"/>'
        yield f'<text x="{X_MIN - 6}" y="{y + 4:g}" text-anchor="end">{number * step}</text>'
    yield f'<path class="toe" d="{_path(downsample(points, time.low, time.high), time, value)}"/>'
    for attempt in attempts:
        yield _attempt_mark(attempt, time(attempt.ended_us), value(attempt.toe_mm or 0.0))


def _attempt_mark(attempt: Attempt, x: float, y: float) -> str:
    """A filled mark for a passed attempt, else a cross; a circle for left, a diamond for right."""
    if attempt.outcome != "passed":
        return f'<path class="event" d="M{x - 5:g} {y - 5:g}l10 10m0-10l-10 10"/>'
    if attempt.side is Side.LEFT:
        return f'<circle class="event passed" cx="{x:g}" cy="{y:g}" r="5"/>'
    return f'<path class="event passed" d="M{x:g} {y - 7:g}l6 7-6 7-6-7z"/>'


def _loads(channels: dict[str, list[Point]], time: Scale) -> Iterator[str]:
    yield f'<text x="{X_MIN}" y="{LOAD_TOP - 8}">Load on the heels</text>'
    yield f'<path class="axis" d="M{X_MIN} {LOAD_BOTTOM}H{X_MAX}"/>'
    top = max((value for side in Side for _, value in channels.get(f"load_{side}", [])), default=1.0)
    for side in Side:
        points = channels.get(f"load_{side}")
        value = Scale(0.0, top or 1.0, LOAD_BOTTOM, LOAD_TOP)
        if points:
            line = _path(downsample(points, time.low, time.high), time, value)
        elif levels := channels.get(f"heel_{side}"):
            line = _steps(levels, time, Scale(0.0, 1.0, LOAD_BOTTOM, LOAD_TOP))
        else:
            continue
        yield f'<path class="{side}" d="{line}"/>'


def _steps(levels: list[Point], time: Scale, value: Scale) -> str:
    """A comparator's levels as steps: each lasts until the next."""
    first, *rest = levels
    drawn = [f"M{time(first[0]):g} {value(first[1]):g}"]
    drawn += [f"H{time(at):g}V{value(level):g}" for at, level in rest]
    return "".join(drawn) + f"H{X_MAX}"


def _hold_bands(holds: list[Hold], time: Scale) -> Iterator[str]:
    """Credited time as a band behind the loads, interrupted by the lifts, which are drawn on top."""
    for hold in holds:
        end_us = hold.ended_us if hold.ended_us is not None else hold.started_us + hold.credited_us + hold.lifted_us
        since = hold.started_us
        for lift in hold.heel_lifts:
            yield _band("credit", since, lift.started_us, time, LOAD_TOP, LOAD_BOTTOM)
            until = lift.ended_us if lift.ended_us is not None else end_us
            yield _band("heel-lift", lift.started_us, until, time, LOAD_TOP, LOAD_TOP + 8)
            since = until
        yield _band("credit", since, end_us, time, LOAD_TOP, LOAD_BOTTOM)


def _band(kind: str, since_us: int, until_us: int, time: Scale, top: int, bottom: int) -> str:
    x, end = time(since_us), time(until_us)
    return f'<rect class="{kind}" x="{x:g}" y="{top}" width="{max(0.0, end - x):g}" height="{bottom - top}"/>'


def _title_and_description(attempts: list[Attempt], holds: list[Hold], reps: list[RepSet]) -> tuple[str, str]:
    passed = sum(1 for one in attempts if one.outcome == "passed")
    lifts = sum(hold.lift_count for hold in holds)
    parts = []
    if attempts:
        parts.append(f"{count_text(len(attempts), 'attempt')}, {passed} passed")
    if holds:
        credited_s = sum(hold.credited_us for hold in holds) // SECOND_US
        stretches = count_text(len(holds), "stretch", "es")
        parts.append(f"{stretches} with {credited_s} s credited, {count_text(lifts, 'heel lift')}")
    if reps:
        parts.append(count_text(sum(one.count for one in reps), "repetition"))
    title = "Toe distance and heel load" + (" of the test" if attempts else " of the stretches" if holds else "")
    return title, (", ".join(parts) or "Sensor readings; nothing completed") + "."
