"""A calibration whose readings form an S or may drift: two more rounds, which nobody has to finish."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from station.core.events import SECOND_US, Command, CommandName
from station.core.facts import (
    BlockUnclear,
    Calibrated,
)
from station.simulator.range_error import RangeError
from tests.station.core.blocks import (
    FOUR,
    GIVEN_UP_S,
    SHOWN_S,
    Bench,
    refusal,
    shown,
)


def s_shaped(*blocks_mm: float, cubic_mm: float = -3.0) -> Bench:
    bench = Bench(FOUR)
    bench.cubic_mm = cubic_mm
    return shown(bench, *blocks_mm)


@pytest.mark.parametrize("cubic_mm", [-3.0, 3.0, 4.0])
def test_readings_with_an_s_lead_to_two_extra_rounds(cubic_mm: float) -> None:
    """The sentence appears when the third begins; sixteen samples, and the curve is the sensor's. Before its fourth
    block such a sensor looks like one with a bend that none has.
    """
    bench = s_shaped(*FOUR.blocks_mm * 2, cubic_mm=cubic_mm)
    assert bench.facts_of(Calibrated) == []
    assert "start another round with the 0 mm block" in str(bench.picture.why)
    assert (bench.picture.repetition, bench.picture.repetitions) == (9, 12)
    for block_mm in FOUR.blocks_mm * 2:
        bench.show(block_mm)
    assert bench.over == "complete"
    (made,) = bench.facts_of(Calibrated)
    assert [at.toe_mm for at in made.fit.points] == [*FOUR.blocks_mm * 4]
    sensor = RangeError(-25.0, cubic_mm=cubic_mm)
    for toe_mm in (0.0, 50.0, 100.0, 150.0, 200.0):
        assert made.fit.curve.toe_mm(sensor.reading_mm(toe_mm + 70.0)) == pytest.approx(toe_mm, abs=1.5)


@pytest.mark.parametrize("goes_on", [True, False])
def test_another_round_shows_whether_the_sensor_drifts(goes_on: bool) -> None:
    """3.5 mm over eight blocks, 0.6 mm less by the wander in this part of the recording: refused if it continues."""
    bench = Bench(replace(FOUR, warm_us=120 * SECOND_US)).read(120.0)
    bench.drift_mm_per_s = 3.5 / (7 * (SHOWN_S + 2.0))
    shown(bench, *FOUR.blocks_mm * 2)
    assert bench.facts_of(Calibrated) == []
    assert bench.picture.why == (
        "The sensor may be drifting: start another round with the 0 mm block, or stop and keep the readings so far"
    )
    if not goes_on:
        bench.feed(Command(bench.now_us, CommandName.STOP))
        assert bench.over == "complete"
        return
    for block_mm in FOUR.blocks_mm * 2:
        bench.show(block_mm)
    assert refusal(bench).startswith("The sensor drifted: in the last round all blocks read")


@pytest.mark.parametrize("stops", [True, False])
def test_an_extra_round_is_optional(stops: bool) -> None:
    """A person who stops or leaves in the third round keeps what was read; in the second, nothing."""
    for blocks, kept in ((9, 9), (7, 0)):
        bench = s_shaped(*(FOUR.blocks_mm * 3)[:blocks])
        if stops:
            bench.feed(Command(bench.now_us, CommandName.STOP))
        else:
            bench.show(280.0, GIVEN_UP_S)
        assert bench.over == ("complete" if kept else "ended")
        assert [len(made.fit.points) for made in bench.facts_of(Calibrated)] == [kept] * bool(kept)


@pytest.mark.parametrize(("is_back", "phase"), [(False, "fault"), (True, "warm")])
def test_a_sensor_lost_in_an_extra_round_costs_nothing(is_back: bool, phase: str) -> None:
    """A person who does not wait for it, or for its warm-up, keeps what was read."""
    bench = s_shaped(*(FOUR.blocks_mm * 3)[:9])
    bench.sensor = False
    bench.read(3.0)
    if is_back:
        bench.sensor, bench.seen_mm = True, 280.0
        bench.read(4.0)
    assert bench.picture.phase == phase
    bench.feed(Command(bench.now_us, CommandName.STOP))
    bench.read(10.0)
    assert bench.over == "complete"
    assert [len(made.fit.points) for made in bench.facts_of(Calibrated)] == [9]


def test_an_unreadable_block_in_an_extra_round_costs_nothing() -> None:
    """It moves three times while being read: earlier readings are kept. In the second round nothing is."""
    for blocks, kept in ((9, 9), (7, 0)):
        bench = s_shaped(*(FOUR.blocks_mm * 3)[:blocks])
        block_mm = (FOUR.blocks_mm * 3)[blocks]
        for _ in range(3):
            bench.show(block_mm, SHOWN_S - 3.0)
            bench.show(block_mm + 10.0, 1.0)
        bench.read(10.0)
        assert [unclear.why[:15] for unclear in bench.facts_of(BlockUnclear)] == ["The block moved"] * 3
        assert bench.over == ("complete" if kept else "ended")
        assert [len(made.fit.points) for made in bench.facts_of(Calibrated)] == [kept] * bool(kept)


def test_contradicting_blocks_in_an_extra_round_refuse_everything() -> None:
    """All of them read 5 mm shorter than in the first two rounds: something has moved, so those do not count either."""
    bench = s_shaped(*FOUR.blocks_mm * 2)
    for _ in range(3):
        bench.show(-5.0)
    assert "differently from one time to the next" in refusal(bench)
