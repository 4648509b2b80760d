"""Trace files: the accepted format, and its errors."""

from __future__ import annotations

import pytest

from station.core.events import Command, CommandName, Event, Heel, Knee, Load, Side, Toe
from station.core.trace import COLUMNS, TraceError, format_row, read_trace

EVENTS = [
    (Heel(0, Side.LEFT, True), "0.000000,heel_left,down"),
    (Heel(1, Side.RIGHT, False), "0.000001,heel_right,up"),
    (Load(1_500_000, Side.LEFT, 0.25), "1.500000,load_left,0.25"),
    (Toe(2_000_000, 163), "2.000000,toe,163"),
    (Toe(2_000_000, 8190, 4), "2.000000,toe,8190/4"),
    (Knee(3_000_000, True), "3.000000,knee,on"),
    (Command(4_000_000, CommandName.CONFIRM), "4.000000,command,confirm"),
    (Command(4_000_000, CommandName.SIDE, Side.RIGHT), "4.000000,command,side right"),
]


@pytest.mark.parametrize(("event", "line"), EVENTS)
def test_row_round_trips(event: Event, line: str) -> None:
    """An event is written as this line, and the line is read as the same event."""
    assert format_row(event) == line
    assert read_trace([COLUMNS, line]).events == (event,)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1,heel_left,sideways", ("line 3", "heel_left", "'sideways'")),
        ("1,load_left,1.5", ("line 3", "load_left", "'1.5'")),
        ("1,load_left,nan", ("line 3", "load_left", "'nan'")),
        ("1,load_left,1_0", ("line 3", "load_left", "'1_0'")),
        ("1,toe,near", ("line 3", "toe", "'near'")),
        ("1,toe,163/good", ("line 3", "toe", "'163/good'")),
        ("1,knee,down", ("line 3", "knee", "'down'")),
        ("1,command,dance", ("line 3", "command", "'dance'")),
        ("1,command,side", ("line 3", "command", "'side'")),
        ("1,ankle_left,up", ("line 3", "ankle_left", "'up'")),
        ("soon,toe,163", ("line 3", "'soon'")),
        ("nan,toe,163", ("line 3", "'nan'")),
        ("1_0,toe,163", ("line 3", "'1_0'")),
        ("1e999999,toe,163", ("line 3", "'1e999999'")),
        ("1,toe", ("line 3", "'1,toe'")),
        ("-1,toe,163", ("line 3", "time goes back")),
    ],
)
def test_trace_error_names_line_channel_and_value(row: str, words: tuple[str, ...]) -> None:
    """A malformed row is refused with its line, its channel and its value."""
    with pytest.raises(TraceError) as error:
        read_trace([COLUMNS, "0,toe,163", row])
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("line", ["# not JSON", "# [1]", '# {"do": '])
def test_trace_refuses_a_header_that_is_no_json_object(line: str) -> None:
    """A '#' line must be a JSON object."""
    with pytest.raises(TraceError, match="line 1"):
        read_trace([line, COLUMNS])


def test_trace_accepts_blank_lines_and_several_headers() -> None:
    """Equal times and repeated levels are valid too."""
    headers = ['# {"do": "hold", "side": "left"}', '# {"empty": {"left": 0.18}}', ""]
    trace = read_trace([*headers, COLUMNS, "1,heel_left,down", "", "1,heel_left,down"])
    assert len(trace.events) == 2
    assert trace.header["do"] == "hold"
    assert trace.references.empty == {Side.LEFT: 0.18}


@pytest.mark.parametrize(
    ("channels", "contact", "plates"),
    [
        (("heel_left=down", "toe=163"), "self", 1),
        (("heel_left=down", "heel_right=up"), "self", 2),
        (("load_left=0.5", "load_right=0.5"), "inferred", 2),
        (("load_left=0.5", "knee=off"), "pad", 1),
    ],
)
def test_trace_derives_the_wiring_from_its_channels(channels: tuple[str, ...], contact: str, plates: int) -> None:
    """Contact by pad, else by loads, else by the person's own word; one heel channel is a single plate."""
    wiring = read_trace([COLUMNS, *("0," + channel.replace("=", ",") for channel in channels)]).wiring
    assert (wiring.contact, len(wiring.plates)) == (contact, plates)


def test_trace_refuses_loads_beside_comparators() -> None:
    """A board has one kind of heel sensor."""
    with pytest.raises(TraceError, match="heel_right"):
        read_trace([COLUMNS, "0,load_left,0.5", "0,heel_right,down"])
