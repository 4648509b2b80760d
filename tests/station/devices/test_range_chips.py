"""The second kind of distance sensor, a VL53L4CD: its driver and the same reader on its own register model."""

from __future__ import annotations

from statistics import mean, stdev

import adafruit_vl53l4cd
import pytest

from station.config import ConfigError, parse
from station.core.sensing.toe_distance import VALID_STATUS
from station.devices.range_chips import CHIPS, OTHER_STATUS
from station.devices.range_parts import RangeTiming
from station.simulator.board import CHIPS as EMULATED
from station.simulator.vl53l4cd import NEAR_NOISE, STATUS_SIGNAL_FAIL
from tests.station.devices.ranging_rig import QUIET, Rig

KIND = "VL53L4CD"
BOTH_WIRINGS = pytest.mark.parametrize("interrupt", [True, False], ids=["interrupt", "polled"])


class VirtualSleep:
    """The driver's sleep, in the rig's time."""

    def __init__(self) -> None:
        self.rig: Rig | None = None

    def sleep(self, seconds: float) -> None:
        assert self.rig is not None
        self.rig.time_us += round(seconds * 1_000_000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualSleep:
    virtual = VirtualSleep()
    monkeypatch.setattr(adafruit_vl53l4cd, "time", virtual)
    return virtual


def rig_of(clock: VirtualSleep, **options: object) -> Rig:
    rig = Rig(kind=KIND, offset_mm=0.0, **options)  # type: ignore[arg-type]  # the rig's own keywords
    clock.rig = rig
    return rig


def test_every_configured_kind_has_a_driver_and_an_emulation() -> None:
    """Every allowed kind can be read and simulated; another one is refused, with the allowed ones named."""
    assert CHIPS.keys() == EMULATED.keys()
    for kind in CHIPS:
        assert parse(f'[range_sensor]\nkind = "{kind}"', "station.toml").range_sensor.kind == kind
    with pytest.raises(ConfigError, match="VL53L0X"):
        parse('[range_sensor]\nkind = "VL53L1X"', "station.toml")


@BOTH_WIRINGS
def test_reader_reads_it_at_its_pace(clock: VirtualSleep, interrupt: bool) -> None:
    """Every reading is valid and correct, thirty times a second, with and without the interrupt line."""
    rig = rig_of(clock, interrupt=interrupt)
    rig.run_until_read(2.0)
    toes = rig.run(2.0)
    assert {(toe.reading_mm, toe.status) for toe in toes} == {(170, VALID_STATUS)}
    assert 50 <= len(toes) <= 62
    assert rig.faults == []


def test_timing_budget_is_the_configured_one(clock: VirtualSleep) -> None:
    """The registers written by the driver give a range of that duration."""
    for budget_us in (20_000, 50_000, 100_000):
        rig = rig_of(clock, times=RangeTiming(timing_budget_us=budget_us))
        rig.run_until_read(2.0)
        assert rig.model.range_us == pytest.approx(budget_us, rel=0.01)


def test_noise_is_that_of_the_stated_assumption(clock: VirtualSleep) -> None:
    """1 mm at 33 ms, rounded to whole millimetres."""
    rig = rig_of(clock, figures=NEAR_NOISE)
    rig.run(60.0)
    readings = [toe.reading_mm for toe in rig.run(60.0)]
    assert mean(readings) == pytest.approx(170.0, abs=1.8)
    assert 0.9 <= stdev(readings) <= 1.4


def test_status_of_an_empty_view_is_not_valid(clock: VirtualSleep) -> None:
    """Its codes are kept apart from those of a VL53L0X, where 11 is valid."""
    rig = rig_of(clock)
    rig.run_until_read(2.0)
    rig.target_mm = None
    rig.run(0.1)
    assert {toe.status for toe in rig.run(0.5)} == {OTHER_STATUS + 12}
    rig.target_mm = 170.0
    for raw in (3, 4, 5, 6, 7, 8, 12, 18, 19, 22, STATUS_SIGNAL_FAIL, 0, 31):
        rig.model.faults.status = raw
        rig.run(0.1)
        assert all(toe.status > OTHER_STATUS for toe in rig.run(0.1)), raw
    rig.model.faults.status = None
    rig.run(0.1)
    assert {toe.status for toe in rig.run(0.2)} == {VALID_STATUS}


@BOTH_WIRINGS
def test_power_lost_while_ranging_comes_back(clock: VirtualSleep, interrupt: bool) -> None:
    """A loose contact costs only a moment; a new driver object continues."""
    rig = rig_of(clock, interrupt=interrupt)
    rig.run_until_read(2.0)
    rig.model.power_off()
    rig.run(2.0)
    assert "check" in rig.faults[-1]
    rig.model.power_on()
    rig.run_until_read(6.0)
    assert {toe.reading_mm for toe in rig.run(1.0)} == {170}
    assert rig.reader.fault is None


def test_process_restart_while_ranging_reads_at_once(clock: VirtualSleep) -> None:
    """A killed process leaves the chip with an unread result."""
    rig = rig_of(clock, xshut=False)
    rig.run(1.0)
    rig.time_us += 1_000_000
    rig.reader = rig.new_reader()
    rig.run_until_read(1.0)
    assert rig.faults == []


def test_frozen_result_restarts_the_sensor(clock: VirtualSleep) -> None:
    """Twenty equal valid results, including the stream count, are no measurement."""
    rig = rig_of(clock)
    rig.run_until_read(2.0)
    rig.model.faults.frozen = True
    rig.run(2.0)
    assert "repeats the same result" in rig.faults[-1]


def test_other_chip_on_the_bus_is_named(clock: VirtualSleep) -> None:
    """The configuration names one chip, the board has the other."""
    rig = Rig(kind="VL53L0X")
    rig.kind = KIND
    clock.rig = rig
    rig.reader = rig.new_reader()
    rig.run(0.5)
    assert f"is not a {KIND}" in rig.faults[-1]
    rig = rig_of(clock)
    rig.kind = "VL53L0X"
    rig.reader = rig.new_reader()
    rig.run(0.5)
    assert "is not a VL53L0X" in rig.faults[-1]


def test_chip_that_never_finishes_is_lost_with_a_sentence(clock: VirtualSleep) -> None:
    """The driver waits a second for its first result; then the sentence says what to do."""
    rig = rig_of(clock)
    rig.model.faults.never_ready = True
    rig.run(3.0)
    assert "does not finish starting" in rig.faults[-1]
    rig.model.faults.never_ready = False
    rig.run_until_read(8.0)


def test_missing_acknowledge_anywhere_in_the_start_costs_a_restart(clock: VirtualSleep) -> None:
    """Wherever the wire fails once, readings arrive within half a second."""
    whole = rig_of(clock)
    whole.run_until_read(2.0)
    for number in range(0, whole.bus.transactions, 7):
        rig = rig_of(clock)
        rig.bus.faults.nack_at = number
        assert rig.run_until_read(2.0).reading_mm == 170, number


def test_delivered_sensors_are_nearer_to_the_truth_than_the_other_kind() -> None:
    """The stated assumption: offsets trimmed at the factory, half the bend."""
    drawn = {kind: [chip.delivered_error(seed) for seed in range(200)] for kind, chip in EMULATED.items()}
    worst = {kind: max(abs(one.reading_mm(170.0) - 170.0) for one in errors) for kind, errors in drawn.items()}
    assert worst[KIND] < 0.5 * worst["VL53L0X"]
    assert QUIET.scatter_mm == 0.0
