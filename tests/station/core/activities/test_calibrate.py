"""Calibrating with blocks: read, requested again, or kept as a whole."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from station.core.events import SECOND_US, Command, CommandName
from station.core.facts import (
    BlockUnclear,
    Calibrated,
    CalibrationRefused,
    CueName,
    Ended,
)
from station.core.replay import format_fact, replay
from station.core.steps import (
    routine_from_header,
    to_json,
)
from station.core.trace import format_row, header_lines, read_trace
from tests.station.core.blocks import (
    BLOCKS_MM,
    FOUR,
    GIVEN_UP_S,
    ONCE,
    SHOWN_S,
    WARM,
    Bench,
    shown,
)


@pytest.mark.parametrize(("gain", "short_mm"), [(1.0, 0.0), (0.97, 35.0), (1.03, 15.0)])
def test_a_calibration_corrects_the_sensor(gain: float, short_mm: float) -> None:
    """All blocks in all rounds, each between GO and HOLD_DONE, give their toe distances."""
    bench = shown(Bench(WARM, gain=gain, short_mm=short_mm), *BLOCKS_MM * WARM.rounds)
    assert bench.over == "complete"
    (made,) = bench.facts_of(Calibrated)
    for toe_mm in (0.0, 50.0, 100.0, 150.0, 200.0):
        reading_mm = gain * (toe_mm + 70.0) - short_mm
        assert made.fit.curve.toe_mm(reading_mm) == pytest.approx(toe_mm, abs=1.5)
    heard = bench.cues()
    assert heard == [CueName.READY, *[CueName.GO, CueName.HOLD_DONE] * 3 * WARM.rounds, CueName.COMPLETE]
    assert bench.now_us < 120 * SECOND_US


def test_a_cold_sensor_warms_up_first() -> None:
    """For a minute nothing is requested, and the state counts it."""
    bench = Bench(replace(ONCE, warm_us=60 * SECOND_US)).read(30.0)
    assert (bench.picture.phase, bench.picture.counting, bench.picture.rate) == ("warm", "warm", 1)
    assert bench.picture.counted_us == pytest.approx(30 * SECOND_US, abs=0.1 * SECOND_US)
    assert shown(bench.read(30.0), *BLOCKS_MM).over == "complete"


def test_an_endless_lane_is_not_a_fault() -> None:
    """Nothing within the sensor's range is an empty lane; blocks are still seen."""
    bench = Bench(ONCE)
    bench.seen_mm = None
    bench.read(5.0)
    for block_mm in BLOCKS_MM:
        bench.seen_mm = None
        bench.read(3.0)
        bench.seen_mm = block_mm
        bench.read(SHOWN_S)
    assert bench.over == "complete"
    assert CueName.ERROR not in bench.cues()


@pytest.mark.parametrize("endless", [False, True])
@pytest.mark.parametrize("swapped", [(100.0, 0.0), (200.0, 100.0), (0.0, 200.0), (0.0, 95.0, 200.0)])
def test_swapped_blocks_shown_correctly_complete_the_calibration(swapped: tuple[float, ...], endless: bool) -> None:
    """NO requests the first block again; the one still held does not count, although it may be the requested one."""
    bench = shown(Bench(WARM), *swapped)
    assert bench.cues()[-1] is CueName.NO
    assert bench.picture.target_mm == 0.0
    assert (bench.picture.why or "").endswith("Take it away and start again with the 0 mm block")
    bench.read(8.0)
    assert (bench.picture.phase, len(bench.facts_of(BlockUnclear))) == ("block", 1)
    if endless:
        bench.seen_mm = None
        bench.read(3.0)
        bench.seen_mm = 0.0
        bench.read(SHOWN_S)
    else:
        bench.show(0.0)
    for block_mm in (BLOCKS_MM * WARM.rounds)[1:]:
        bench.show(block_mm)
    assert bench.over == "complete"
    (made,) = bench.facts_of(Calibrated)
    assert [at.toe_mm for at in made.fit.points] == [*BLOCKS_MM * WARM.rounds]
    assert made.fit.curve.toe_mm(145.0) == pytest.approx(100.0, abs=1.5)


def test_a_lost_round_costs_no_later_tries() -> None:
    """Two restarts; once a round is complete, each block has its three tries."""
    bench = shown(Bench(replace(WARM, rounds=2)), 100.0, 0.0, 100.0, 0.0, *BLOCKS_MM, 0.0, 95.0)
    bench.show(200.0)
    assert bench.facts_of(CalibrationRefused) == []
    bench.show(100.0).show(200.0)
    assert bench.over == "complete"
    assert [unclear.toe_mm for unclear in bench.facts_of(BlockUnclear)] == [100.0] * 4


def test_a_block_askew_once_is_requested_again() -> None:
    """In the second round a block reads 5 mm short: NO, and it is shown again, correctly now."""
    bench = shown(Bench(replace(WARM, rounds=2)), *BLOCKS_MM, 0.0, 95.0)
    bench.show(100.0)
    bench.show(200.0)
    assert bench.over == "complete"
    assert "differently from one time to the next" in bench.facts_of(BlockUnclear)[0].why
    assert CueName.NO in bench.cues()


def test_four_blocks_are_shown_twice() -> None:
    """Eight samples in the order of the blocks, and the curve is the sensor's."""
    bench = shown(Bench(FOUR, gain=0.98), *FOUR.blocks_mm * 2)
    assert bench.over == "complete"
    (made,) = bench.facts_of(Calibrated)
    assert [at.toe_mm for at in made.fit.points] == [0.0, 150.0, 50.0, 200.0] * 2
    assert made.fit.notice is None
    for toe_mm in (0.0, 25.0, 100.0, 175.0, 200.0):
        assert made.fit.curve.toe_mm(0.98 * (toe_mm + 70.0) - 25.0) == pytest.approx(toe_mm, abs=1.5)


def test_a_block_that_moves_is_read_again() -> None:
    """By 10 mm in the middle of the ten seconds: NO at once, and reading restarts once it is still again."""
    bench = Bench(ONCE).read(3.0)
    bench.show(0.0)
    bench.show(90.0, SHOWN_S - 3.0)
    bench.seen_mm = 100.0
    bench.read(SHOWN_S)
    bench.show(200.0)
    assert bench.over == "complete"
    (moved,) = bench.facts_of(BlockUnclear)
    assert "moved" in moved.why
    assert bench.facts_of(Calibrated)[0].fit.curve.toe_mm(145.0) == pytest.approx(100.0, abs=1.5)


def test_a_calibration_waits_for_a_lost_sensor() -> None:
    """ERROR while it is silent; then it warms up, because it may have lost power, and the calibration continues."""
    bench = shown(Bench(ONCE), 0.0)
    bench.sensor = False
    bench.read(3.0)
    assert (bench.picture.phase, bench.cues()[-1]) == ("fault", CueName.ERROR)
    bench.sensor, bench.seen_mm = True, 280.0
    bench.read(4.0)
    assert bench.picture.phase == "warm"
    bench.read(60.0).show(100.0).show(200.0)
    assert bench.over == "complete"


def test_a_sensor_that_stays_lost_ends_the_calibration() -> None:
    """After two minutes."""
    bench = shown(Bench(ONCE), 0.0)
    bench.sensor = False
    bench.read(GIVEN_UP_S)
    assert bench.over == "ended"
    assert bench.facts_of(Ended)[0].why == "nobody waited for the sensor"


def test_person_on_the_board_is_asked_to_step_off() -> None:
    """Nothing is read with a loaded heel: a reading does not start, or starts over."""
    bench = shown(Bench(ONCE), 0.0)
    bench.heel(True).show(100.0)
    assert bench.picture.phase == "leave"
    bench.heel(False).show(100.0, SHOWN_S - 3.0).heel(True).read(1.0)
    assert "step off" in bench.facts_of(BlockUnclear)[0].why
    bench.heel(False).read(SHOWN_S).show(200.0)
    assert bench.over == "complete"


def test_stop_keeps_nothing() -> None:
    """From the page, in the middle."""
    bench = shown(Bench(WARM), 0.0, 100.0)
    bench.feed(Command(bench.now_us, CommandName.STOP))
    assert bench.over == "ended"
    assert bench.facts_of(Calibrated) == []


def test_a_trace_replays_to_the_same_facts_byte_for_byte() -> None:
    """The header has the blocks and the warm-up; the rows give the same lines again."""
    bench = shown(Bench(ONCE, short_mm=20.0), *BLOCKS_MM)
    rows = [row for row in map(format_row, bench.events) if row is not None]
    trace = read_trace([*header_lines(to_json((ONCE,))), *rows])
    again = [format_fact(fact) for fact in replay(trace, routine_from_header(trace.header))]
    assert again == [format_fact(fact) for fact in bench.facts]
    assert any('"fact": "Calibrated"' in line for line in again)
