"""The range sensor driver on the emulated VL53L0X."""

from __future__ import annotations

from statistics import mean

import pytest
from msgspec.structs import replace

from station.core.events import SECOND_US, Event
from station.devices.board import REST_READ_US, RangeSensorTask
from station.devices.range_parts import RangeTiming
from tests.station.devices.ranging_rig import QUIET, Rig, wirings


@wirings
def test_reads_distance(interrupt: bool, xshut: bool) -> None:
    """With any wiring the readings are the true distance plus the sensor's offset, valid, about 30 a second."""
    rig = Rig(interrupt=interrupt, xshut=xshut)
    toes = rig.run(10.0)
    assert {(toe.reading_mm, toe.status) for toe in toes} == {(145, 11)}
    assert len(toes) == pytest.approx(297, abs=6)
    assert rig.reader.fault is None
    assert rig.reader.warning is None
    assert rig.faults == []


@pytest.mark.parametrize("interrupt", [True, False])
@pytest.mark.parametrize(("budget_us", "rate_hz"), [(20_000, 48.7), (33_000, 29.8), (66_000, 15.0)])
def test_budget_sets_the_pace(interrupt: bool, budget_us: int, rate_hz: float) -> None:
    """Readings arrive at the pace of the timing budget, without gaps."""
    rig = Rig(interrupt=interrupt, times=RangeTiming(timing_budget_us=budget_us))
    rig.run_until_read()
    assert len(rig.run(10.0)) / 10 == pytest.approx(rate_hz, rel=0.02)


def test_impossible_budget() -> None:
    """A budget below the chip's minimum is refused with a sentence."""
    with pytest.raises(ValueError, match=r"20,000 µs at least"):
        RangeTiming(timing_budget_us=19_999)


def test_transactions_with_interrupt_line() -> None:
    """With the interrupt line a reading takes at most 6 transactions, including the status, with none in between."""
    rig = Rig(interrupt=True)
    rig.run_until_read()
    before = rig.bus.transactions
    toes = rig.run(10.0)
    assert (rig.bus.transactions - before) / len(toes) <= 6


def test_polite_without_interrupt_line() -> None:
    """Without the line the sensor is polled only near the time of a sample: at most three polls per reading."""
    rig = Rig(interrupt=False)
    rig.run_until_read()
    before = rig.bus.transactions
    toes = rig.run(10.0)
    assert (rig.bus.transactions - before) / len(toes) <= 5 + 3 * 2


def test_status_goes_with_its_range() -> None:
    """A flagged reading keeps the sensor's status, so that it never becomes a distance."""
    rig = Rig()
    rig.run_until_read()
    rig.target_mm = None
    toes = rig.run(5.0)
    assert len(toes) > 100
    assert all(toe.status != 11 for toe in toes)
    assert {8190, 8191} <= {toe.reading_mm for toe in toes}


def test_sample_that_comes_between_the_reads() -> None:
    """If a new sample arrives during a read, its range is never combined with the old status."""
    seen = set()
    for before_us in range(50, 1_000, 50):
        rig = Rig(interrupt=False)
        rig.run(1.0)
        first_us = rig.model.next_due_us()
        assert first_us is not None
        rig.model.run_due(first_us)
        rig.model.faults.status, rig.model.faults.range_mm = 4, 195
        rig.time_us = first_us + rig.model.range_us - before_us
        toe = rig.reader.poll(rig.time_us)
        seen.add(None if toe is None else (toe.reading_mm, toe.status))
    assert seen == {None, (145, 11), (195, 4)}


@wirings
def test_close_stops_ranging(interrupt: bool, xshut: bool) -> None:
    """After closing, even twice, the sensor stops ranging and no poll starts it."""
    rig = Rig(interrupt=interrupt, xshut=xshut)
    rig.run(1.0)
    rig.reader.close()
    rig.reader.close()
    rig.time_us += SECOND_US
    rig.model.run_due(rig.time_us)
    assert rig.model.next_due_us() is None
    assert rig.reader.poll(rig.time_us) is None


def test_readings_scatter_like_the_sensor() -> None:
    """Through driver and reader the mean is the true distance with the sensor's own offset and gain."""
    rig = Rig(offset_mm=-20.0, gain=1.02, figures=replace(QUIET, scatter_mm=2.06))
    assert mean(toe.reading_mm for toe in rig.run(30.0)) == pytest.approx(1.02 * 170 - 20, abs=0.3)


class RestingRig:
    """A sensor in virtual time, read as the board does; `toes` are the readings so far."""

    def __init__(self, *, interrupt: bool = True, xshut: bool = True) -> None:
        self.rig = Rig(interrupt=interrupt, xshut=xshut)
        self.toes: list[Event] = []
        self.reported: list[str | None] = []
        self.ranging = RangeSensorTask(
            self.rig.reader, self.toes.append, lambda _part, fault: self.reported.append(fault)
        )

    def run(self, seconds: float) -> list[Event]:
        """Let time pass; returns the readings that came in."""
        until_us, before, rig = self.rig.time_us + round(seconds * SECOND_US), len(self.toes), self.rig
        while True:
            own_us = self.ranging.next_due_us()
            assert own_us is not None
            due_us = min(own_us, rig.model.next_interrupt_us() or until_us)
            if due_us >= until_us:
                rig.time_us = max(rig.time_us, until_us)
                return self.toes[before:]
            rig.time_us = max(rig.time_us, due_us)
            rig.model.run_due(rig.time_us)
            self.ranging.run_due(rig.time_us)


@pytest.mark.parametrize("interrupt", [True, False])
def test_resting_sensor_is_read_five_times_in_two_seconds(interrupt: bool) -> None:
    """While it may rest; this causes no fault, and at full speed it is read as before."""
    resting = RestingRig(interrupt=interrupt)
    resting.run(3.0)
    awake = len(resting.run(10.0))
    resting.ranging.rest(True)
    resting.run(1.0)
    assert 20 <= len(resting.run(10.0)) <= 10 * SECOND_US / REST_READ_US
    resting.run(60.0)
    resting.ranging.rest(False)
    assert abs(len(resting.run(10.0)) - awake) <= 1
    assert [fault for fault in resting.reported if fault] == []


@pytest.mark.parametrize("interrupt", [True, False])
@pytest.mark.parametrize("fault", ["frozen", "never_ready", "off"])
def test_resting_sensor_that_fails_is_found_within_two_seconds(fault: str, interrupt: bool) -> None:
    """One that repeats itself, one that stops, and one without power."""
    resting = RestingRig(interrupt=interrupt)
    resting.ranging.rest(True)
    resting.run(10.0)
    if fault == "off":
        resting.rig.model.power_off()
    else:
        setattr(resting.rig.model.faults, fault, True)
    resting.run(2.0)
    assert any(resting.reported), fault
