"""Reads and writes traces: the recorded events of a run, as text.

`#` lines at the top are JSON objects with what the station knew. The first holds the routine (`do`, `side` and the
other options of `station replay`); another may hold `empty` and `standing`, the heels' references by side, as shares of
full scale like the rows. Then comes CSV with the header `at_s,channel,value` and its rows in time order. Blank lines
are allowed.

Every error is a `TraceError` with one sentence that names the line, the channel and the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from station.core.events import (
    ANSWERS,
    SECOND_US,
    Button,
    Command,
    CommandName,
    Event,
    Heel,
    Knee,
    Load,
    Side,
    Tick,
    Toe,
)
from station.core.measurement.curve import Curve
from station.core.sensing.sensors import References, Wiring
from station.core.sensing.toe_distance import VALID_STATUS
from station.core.untrusted import is_number, quoted

COLUMNS = "at_s,channel,value"
MAX_TIME_S = 10**9
"""Some thirty years: more than any monotonic clock has run."""
AS_BUILT = Curve()
"""An uncalibrated sensor, mounted 70 mm behind the toe line."""
DEFAULT_CALIBRATION = asdict(AS_BUILT)
"""The calibration fields of a trace's header, with their defaults."""
CALIBRATION_LIMITS = {
    "gain": (0.1, 10.0),
    "offset_mm": (-10_000.0, 10_000.0),
    "bend_per_mm": (-0.01, 0.01),
    "cubic_per_mm2": (-1e-4, 1e-4),
}
"""The minimum and maximum of each: wide enough for readings in another unit, while every distance stays finite."""
EXCHANGED_AT = "sides_exchanged_at"
"""The header entry with the time when left and right of the trace's results were exchanged; the rows never are."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""What counts as a number. Python's `float` would also take 1_0, nan and the digits of every script."""

STATUS = re.compile(r"\d{1,3}", re.ASCII)


def exchanged_sentence(header: Mapping[str, Any]) -> str:
    """What a replay says of a trace whose results had left and right exchanged."""
    at = quoted(header.get(EXCHANGED_AT))
    return f"left and right of the results were exchanged ({at}); this trace and its replay are as recorded"


class TraceError(ValueError):
    """An unreadable trace: the sentence gives the place, the problem and what is allowed."""


class Trace(Struct, frozen=True):
    """A whole trace: its merged `#` lines and its events. `wiring` and `references` are derived from them."""

    header: dict[str, Any]
    events: tuple[Event, ...]
    wiring: Wiring
    references: References


def read_trace(lines: Iterable[str]) -> Trace:
    """Parse the lines of a trace. Raises TraceError."""
    header: dict[str, Any] = {}
    events: list[Event] = []
    channels: set[str] = set()
    columns_seen = False
    for number, raw in enumerate(lines, start=1):
        line = raw.strip().removeprefix("\ufeff")
        if not line:
            continue
        if line.startswith("#"):
            if columns_seen:
                raise TraceError(f"line {number}: a '#' line stands after the rows; they belong at the top")
            header.update(_parse_header(number, line))
        elif not columns_seen:
            if line != COLUMNS:
                raise TraceError(f"line {number}: the header must be '{COLUMNS}', not {quoted(line)}")
            columns_seen = True
        else:
            events.append(_parse_row(number, line, channels))
            if len(events) > 1 and events[-1].at_us < events[-2].at_us:
                before, now = (event.at_us / SECOND_US for event in events[-2:])
                raise TraceError(f"line {number}: time goes back, from {before} to {now} s")
    if not columns_seen:
        raise TraceError(f"the trace has no header line '{COLUMNS}'")
    return Trace(header, tuple(events), _wiring_from_channels(channels), _references_from_header(header))


def _parse_header(number: int, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line[1:])
    except RecursionError:
        raise TraceError(f"line {number}: a '#' line must be a JSON object; this one is nested too deeply") from None
    except ValueError as error:
        raise TraceError(f"line {number} is no line of a trace: after '#' comes a JSON object ({error})") from error
    if not isinstance(found, dict):
        raise TraceError(f"line {number}: a '#' line must be a JSON object, not {quoted(line[1:].strip())}")
    return found


def _parse_row(number: int, line: str, channels: set[str]) -> Event:
    cells = line.split(",")
    if len(cells) != 3:
        raise TraceError(f"line {number}: a row has three cells, '{COLUMNS}', not {quoted(line)}")
    at, channel, value = (cell.strip() for cell in cells)
    try:
        at_us = _parse_microseconds(at)
    except (ArithmeticError, ValueError):
        raise TraceError(f"line {number}: at_s is {quoted(at)}; a number of seconds is needed") from None
    try:
        event = _parse_event(at_us, channel, value)
    except ValueError as error:
        raise TraceError(f"line {number}: {quoted(channel)} is {quoted(value)}; {error}") from None
    channels.add(channel)
    if {channel.partition("_")[0] for channel in channels} >= {"heel", "load"}:
        raise TraceError(f"line {number}: {channel} is {quoted(value)}; heel_* and load_* rows do not mix in one trace")
    return event


def _parse_microseconds(text: str) -> int:
    if not NUMBER.fullmatch(text) or abs(seconds := Decimal(text)) > MAX_TIME_S:
        raise ValueError(text)
    return int((seconds * SECOND_US).to_integral_value())


def _parse_event(at_us: int, channel: str, value: str) -> Event:
    kind, _, side = channel.partition("_")
    if kind == "heel" and side in tuple(Side):
        return Heel(at_us, Side(side), _parse_flag(value, {"down": True, "up": False}))
    if kind == "load" and side in tuple(Side):
        return Load(at_us, Side(side), _parse_share(value))
    if channel == "toe":
        return _parse_toe(at_us, value)
    if channel == "knee":
        return Knee(at_us, _parse_flag(value, {"on": True, "off": False}))
    if channel == "button":
        return Button(at_us, _parse_flag(value, {"on": True, "off": False}))
    if channel == "command":
        return _parse_command(at_us, value)
    known = "heel_left, heel_right, load_left, load_right, toe, knee, button and command"
    raise ValueError(f"no such channel: there are {known}")


def _parse_flag(value: str, meanings: dict[str, bool]) -> bool:
    if value not in meanings:
        raise ValueError(f"it is {' or '.join(meanings)}")
    return meanings[value]


def _parse_share(value: str) -> float:
    return _check_share(float(value) if NUMBER.fullmatch(value) else None)


def _check_share(share: object) -> float:
    if is_number(share) and 0 <= share <= 1:
        return float(share)
    raise ValueError("a share of full scale from 0 to 1 is needed")


def _parse_toe(at_us: int, value: str) -> Toe:
    reading, slash, status = value.partition("/")
    status_known = STATUS.fullmatch(status) is not None if slash else True
    if not NUMBER.fullmatch(reading) or not status_known or not 0 <= (reading_mm := float(reading)) <= MAX_READING_MM:
        raise ValueError("a reading in mm is needed, and after a slash its range status")
    whole = int(reading_mm) if reading_mm.is_integer() else reading_mm
    return Toe(at_us, whole, int(status) if slash else VALID_STATUS)


def _parse_command(at_us: int, value: str) -> Command:
    word, _, side = value.partition(" ")
    if word == CommandName.SIDE and side in tuple(Side):
        return Command(at_us, CommandName.SIDE, Side(side))
    if word == CommandName.ANSWER and side in ANSWERS:
        return Command(at_us, CommandName.ANSWER, answer=side)
    if value in tuple(CommandName) and value not in COMMANDS_WITH_ARGUMENT:
        return Command(at_us, CommandName(value))
    words = ", ".join(w for w in CommandName if w not in COMMANDS_WITH_ARGUMENT)
    raise ValueError(f"the commands are {words}, side left and side right, and answer with a place or 0 to 10")


COMMANDS_WITH_ARGUMENT = (CommandName.SIDE, CommandName.ANSWER)
"""The commands that take an argument: a side or an answer."""


MAX_READING_MM = 0xFFFF
"""The largest result of the sensor, which has 16 bits."""


def _wiring_from_channels(channels: set[str]) -> Wiring:
    analogue = any(channel.startswith("load_") for channel in channels)
    kind = "load" if analogue else "heel"
    plates = tuple(side for side in Side if f"{kind}_{side}" in channels)
    return Wiring(analogue, plates or tuple(Side), "knee" in channels)


def _references_from_header(header: dict[str, Any]) -> References:
    return References(_shares_from_header(header, "empty"), _shares_from_header(header, "standing"))


def _shares_from_header(header: dict[str, Any], key: str) -> dict[Side, float]:
    found = header.get(key, {})
    try:
        return {Side(side): _check_share(share) for side, share in found.items() if share is not None}
    except (AttributeError, ValueError):
        needed = '{"left": share, "right": share}, shares of full scale from 0 to 1'
        raise TraceError(f"the header's {key} is {quoted(found)}; {needed} are needed") from None


def format_row(event: Event) -> str | None:
    """Format an event as a row of a trace, without a line ending; `None` for a Tick, which is not recorded."""
    match event:
        case Load():
            cells = (f"load_{event.side}", repr(event.share))
        case Toe():
            status = "" if event.status == VALID_STATUS else f"/{event.status}"
            cells = ("toe", f"{event.reading_mm}{status}")
        case Tick():
            return None
        case Heel():
            cells = (f"heel_{event.side}", "down" if event.down else "up")
        case Knee():
            cells = ("knee", "on" if event.touching else "off")
        case Button():
            cells = ("button", "on" if event.pressed else "off")
        case Command():
            about = event.side or event.answer
            cells = ("command", f"{event.word} {about}" if about else str(event.word))
    return f"{event.at_us / SECOND_US:.6f},{cells[0]},{cells[1]}"


def header_lines(header: dict[str, Any]) -> Iterator[str]:
    """Yield the first lines of a trace, without line endings."""
    yield "# " + json.dumps(header, sort_keys=True)
    yield COLUMNS


def curve_from_header(header: Mapping[str, Any]) -> Curve:
    """Return the curve of a trace's header. Raises ValueError for a value that no distance sensor can have."""
    found = {}
    for key, default in DEFAULT_CALIBRATION.items():
        value = header.get(key, default)
        least, most = CALIBRATION_LIMITS[key]
        if not is_number(value) or not least <= value <= most:
            raise ValueError(f"{key} is {quoted(value)}; a number from {least:g} to {most:g} is needed")
        found[key] = float(value)
    return Curve(**found)


def header_from_curve(curve: Curve) -> dict[str, float]:
    """Return the header fields of a curve, without the bend and the cubic part if they are 0."""
    return {key: value for key, value in asdict(curve).items() if value != 0.0 or DEFAULT_CALIBRATION[key] != 0.0}
