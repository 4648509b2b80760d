"""Stored traces: every text is restored byte for byte, and the station's own take little room."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from station.core.events import Command, CommandName, Event, Heel, Knee, Load, Side, Toe
from station.core.trace import format_row
from station.store.traces import TraceColumns, TraceTooLongError, compress_rows, compress_text, unpack_next

EVENTS: tuple[Event, ...] = (
    Command(0, CommandName.START),
    *(
        event
        for number in range(1, 200)
        for event in (
            Load(number * 10_000, Side.LEFT, (300 + number % 7) / 1_023),
            Load(number * 10_000, Side.RIGHT, 16 / 1_023),
            Toe(number * 10_000 + 7, 130 + number % 3),
        )
    ),
    Knee(2_000_001, touching=True),
    Toe(2_033_000, 8_190, 4),
    Load(2_040_000, Side.LEFT, 0.1234),
    Command(2_050_000, CommandName.ANSWER, answer="calf"),
    Heel(2_060_000, Side.LEFT, down=False),
)
ROWS = "".join(f"{format_row(event)}\n" for event in EVENTS)


def test_rows_of_the_station_are_stored_by_channel() -> None:
    columns = TraceColumns()
    for at in range(0, len(ROWS.splitlines()), 50):
        columns.add("".join(ROWS.splitlines(keepends=True)[at : at + 50]))
    packed = columns.pack()
    assert unpack_next(packed) == (ROWS, b"")
    assert packed == compress_rows(ROWS)
    assert 2 * len(packed) < len(compress_text(ROWS))


@given(
    st.text()
    | st.lists(st.sampled_from([*ROWS.splitlines(), "0,toe,1", "1.0000001,toe,", "-0.000000,knee,on", "\x0b"])).map(
        "\n".join
    )
)
@example("0.000000,load_left,1e999\n")
@example("nan,load_left,0\n")
@example("".join(f"0.000000,channel {number},1\n" for number in range(30)))
def test_any_text_is_restored(text: str) -> None:
    assert unpack_next(compress_rows(text)) == (text, b"")


def test_bytes_after_a_chunk_are_returned() -> None:
    packed = compress_text("# {}\n") + compress_rows(ROWS) + compress_text("end")
    head, packed = unpack_next(packed)
    rows, packed = unpack_next(packed)
    assert (head, rows, unpack_next(packed)) == ("# {}\n", ROWS, ("end", b""))


@pytest.mark.parametrize("pack", [compress_rows, compress_text])
def test_a_longer_text_is_not_unpacked_as_a_whole(pack: Callable[[str], bytes]) -> None:
    packed = pack(ROWS)
    assert unpack_next(packed, len(ROWS)) == (ROWS, b"")
    with pytest.raises(TraceTooLongError):
        unpack_next(packed, len(ROWS) - 1)


def test_a_long_name_does_not_multiply() -> None:
    columns = ["a" * 10_000, [["x" * 10_000, [0] * 10_000, 1, [0] * 10_000, []]]]
    packed = zlib.compress(msgspec.msgpack.encode(columns))
    with pytest.raises(TraceTooLongError):
        unpack_next(packed, 50_000)


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(compress_rows(ROWS)[:-9], id="cut off"),
        pytest.param(b"C" + compress_rows(ROWS), id="no stream"),
        pytest.param(zlib.compress(b"\x93"), id="no columns"),
        *(
            pytest.param(zlib.compress(msgspec.msgpack.encode(columns)), id=name)
            for name, columns in {
                "a channel that is missing": ["ab", [["toe", [0], 1, [0], []]]],
                "a row too many": ["aa", [["toe", [0], 1, [0], []]]],
                "a value that is missing": ["aa", [["toe", [0, 0], 1, [0], []]]],
                "an unknown kind": ["a", [["toe", [0], 1.5, [0], []]]],
            }.items()
        ),
    ],
)
def test_bytes_that_are_not_a_chunk_are_refused(packed: bytes) -> None:
    with pytest.raises((OSError, EOFError, ValueError)):
        unpack_next(packed)
