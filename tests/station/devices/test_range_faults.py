"""The distance sensor's driver and faults of chip, bus and wires: each is reported, and the driver recovers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from gpiozero import GPIOPinInUse

from station.clock import SystemClock
from station.core.events import SECOND_US
from station.core.sensing.toe_distance import VALID_STATUS
from station.devices.errors import DeviceError
from station.devices.range_parts import I2cBus, RangeTiming
from station.devices.range_sensor import RangeReader
from station.devices.ranging import open_range_reader
from station.simulator.i2c import BusFaults
from station.simulator.pins import SimulatedPinFactory
from station.simulator.range_chip import SensorFaults
from tests.station.devices.ranging_rig import INTERRUPT_PIN, WIRINGS, XSHUT_PIN, Rig, wirings, xshut_or_not


@wirings
def test_absent_at_start(interrupt: bool, xshut: bool) -> None:
    """Without a sensor the person reads which cable to check; once it is there, readings begin within the back-off."""
    rig = Rig(interrupt=interrupt, xshut=xshut)
    rig.model.power_off()
    assert rig.run(20.0) == []
    assert rig.reader.fault is not None
    assert (
        "does not answer: check its cable (power, ground, SDA and SCL; it is at 0x29 on /dev/i2c-1)" in rig.reader.fault
    )
    rig.model.power_on()
    rig.run_until_read(5.5)
    assert rig.reader.fault is None


def test_back_off_doubles() -> None:
    """A missing sensor is tried less and less often, but at least every five seconds."""
    rig = Rig(interrupt=False, xshut=False)
    rig.model.power_off()
    tries = []
    for _ in range(9):
        rig.time_us = rig.reader.next_poll_us
        rig.reader.poll(rig.time_us)
        tries.append(rig.reader.next_poll_us - rig.time_us)
    assert [round(wait_us / 1e5) for wait_us in tries] == [1, 2, 4, 8, 16, 32, 50, 50, 50]


@xshut_or_not
def test_wrong_chip(xshut: bool) -> None:
    """Another chip at the address is named as such, with its identity."""
    rig = Rig(xshut=xshut)
    rig.model.faults.identity = bytes((0xB4, 0x01, 0x02))
    assert rig.run(1.0) == []
    assert rig.reader.fault is not None
    assert "is not a VL53L0X (it says b4 01 02)" in rig.reader.fault


@pytest.mark.parametrize("fault", ["strobe_never_ends", "never_ready"])
@xshut_or_not
def test_start_that_never_ends(xshut: bool, fault: str) -> None:
    """A chip that hangs in its start is given up after the timeout, reported, and restarted once it works."""
    rig = Rig(xshut=xshut, times=RangeTiming(io_timeout_s=0.05))
    setattr(rig.model.faults, fault, True)
    rig.run(0.2)
    assert rig.reader.fault is not None
    assert "does not finish starting" in rig.reader.fault
    setattr(rig.model.faults, fault, False)
    rig.run_until_read()


@wirings
def test_stops_measuring(interrupt: bool, xshut: bool) -> None:
    """A sensor without a sample for a second is reported, and recovers."""
    rig = Rig(interrupt=interrupt, xshut=xshut, times=RangeTiming(io_timeout_s=0.05))
    rig.run(1.0)
    rig.model.faults.never_ready = True
    assert len(rig.run(1.1)) <= 1
    assert "has stopped measuring" in rig.faults[0]
    rig.model.faults.never_ready = False
    rig.run_until_read()
    assert rig.reader.fault is None


@wirings
def test_frozen(interrupt: bool, xshut: bool) -> None:
    """The twentieth equal result is no reading, nor is any later one until the result changes."""
    rig = Rig(interrupt=interrupt, xshut=xshut)
    rig.run(1.0)
    rig.model.faults.frozen = True
    assert len(rig.run(20.0)) in (19, 20)  # one from before may still have been unread
    assert rig.reader.fault is not None
    assert "repeats the same result" in rig.reader.fault
    rig.model.faults.frozen = False
    rig.run_until_read()
    assert len(rig.run(1.0)) > 25


@wirings
def test_empty_view_is_not_frozen(interrupt: bool, xshut: bool) -> None:
    """In a dark room every result may be the same *no target*: readings continue, flagged, and nothing restarts."""
    rig = Rig(interrupt=interrupt, xshut=xshut)
    rig.run(1.0)
    rig.model.faults.status, rig.model.faults.range_mm = 4, 8190
    rig.model.faults.frozen = True
    assert len(rig.run(20.0)) > 500
    assert rig.faults == []


@wirings
def test_cable_out_and_back(interrupt: bool, xshut: bool) -> None:
    """When the cable is pulled, it is named; when it is back, the sensor is set up again and readings continue."""
    rig = Rig(interrupt=interrupt, xshut=xshut)
    rig.run(1.0)
    rig.model.power_off()
    assert rig.run(3.0) == []
    assert rig.reader.fault is not None
    assert "check its cable" in rig.reader.fault
    rig.model.power_on()
    rig.run_until_read(5.5)
    assert {toe.reading_mm for toe in rig.run(1.0)} == {145}


@wirings
def test_power_blink(interrupt: bool, xshut: bool) -> None:
    """A short power loss resets the chip; within two seconds it measures again."""
    rig = Rig(interrupt=interrupt, xshut=xshut)
    rig.run(1.0)
    rig.model.power_off()
    rig.time_us += 1_000
    rig.model.power_on()
    rig.run_until_read(2.0)
    assert {toe.reading_mm for toe in rig.run(1.0)} == {145}


@wirings
def test_process_restart_while_ranging(interrupt: bool, xshut: bool) -> None:
    """A process that dies leaves the sensor ranging; the next one reads at once, without a fault."""
    rig = Rig(interrupt=interrupt, xshut=xshut)
    rig.run(1.0)
    rig.time_us += SECOND_US
    rig.reader = rig.new_reader()
    rig.run_until_read(0.2)
    assert rig.faults == []


def test_xshut_wire_off() -> None:
    """With the XSHUT wire off, the registers suffice to reset a sensor that was left ranging or on another page."""
    for page in (0, 1, 6, 7):
        rig = Rig(xshut=True)
        rig.run(1.0)
        rig.bus.writeto(0x29, bytes((0xFF, page)))
        rig.time_us += SECOND_US
        rig.reader = rig.new_reader()
        rig.reset_line.listeners.clear()
        assert rig.run_until_read(0.2).reading_mm == 145
        assert rig.faults == []


def init_transactions(xshut: bool) -> int:
    rig = Rig(xshut=xshut)
    rig.run(0.06)
    assert rig.reader.next_poll_us > rig.time_us
    return rig.bus.transactions


@xshut_or_not
def test_missing_acknowledge_anywhere_in_init(xshut: bool) -> None:
    """Whichever transaction of the start is not acknowledged, correct readings arrive within two seconds."""
    count = init_transactions(xshut)
    assert count > 220
    for position in range(count):
        rig = Rig(xshut=xshut, times=RangeTiming(io_timeout_s=0.1))
        rig.bus.faults.nack_at = position
        toe = rig.run_until_read(2.0)
        assert (toe.reading_mm, toe.status) == (145, 11), position
        assert rig.reader.fault is None


@wirings
def test_missing_acknowledge_while_ranging(interrupt: bool, xshut: bool) -> None:
    """One transaction without acknowledge between readings costs less than half a second."""
    for position in range(12):
        rig = Rig(interrupt=interrupt, xshut=xshut)
        rig.run(1.0)
        rig.bus.faults.nack_at = rig.bus.transactions + position
        toes = [rig.toes[-1], *rig.run(1.0)]
        gaps_us = [after.at_us - before.at_us for before, after in pairwise(toes)]
        assert max(gaps_us) < SECOND_US / 2
        assert {toe.reading_mm for toe in toes} == {145}
        assert any("cable failed" in fault for fault in rig.faults)


@wirings
def test_bad_cable(interrupt: bool, xshut: bool) -> None:
    """With one random transaction in a thousand lost, readings keep arriving, and are correct."""
    rig = Rig(interrupt=interrupt, xshut=xshut, times=RangeTiming(io_timeout_s=0.1))
    rig.bus.faults.nack_probability = 0.001
    assert len(rig.run(60.0)) > 600
    assert {(toe.reading_mm, toe.status) for toe in rig.toes} == {(145, 11)}


@pytest.mark.parametrize("byte", [0x00, 0xFF])
@pytest.mark.parametrize("is_ranging", [True, False])
@wirings
def test_stuck_bus(interrupt: bool, xshut: bool, is_ranging: bool, byte: int) -> None:
    """Every read returns the same byte, from the start or later: within three seconds a sentence says so, no reading is
    valid, no read blocks forever, and once the bus is free, measuring resumes automatically."""
    rig = Rig(interrupt=interrupt, xshut=xshut, times=RangeTiming(io_timeout_s=0.05))
    if is_ranging:
        rig.run(1.0)
    rig.bus.faults.stuck = byte
    rig.run(0.1)
    assert [toe for toe in rig.run(2.9) if toe.status == VALID_STATUS] == []
    said = "it says 00 00 00" if byte == 0 else "gives ff whatever the distance sensor is asked"
    assert said in (rig.reader.fault or "")
    rig.bus.faults.stuck = None
    assert rig.run_until_read(5.5).reading_mm == 145
    assert rig.reader.fault is None


def blink(rig: Rig) -> None:
    rig.model.power_off()
    rig.model.power_on()


@wirings
def test_power_blink_anywhere_in_init(interrupt: bool, xshut: bool) -> None:
    """Whenever the supply blinks during a start, readings are correct within three seconds."""
    for position in range(0, init_transactions(xshut), 5):
        rig = Rig(interrupt=interrupt, xshut=xshut, times=RangeTiming(io_timeout_s=0.1))
        rig.at_transaction(position, blink)
        toe = rig.run_until_read(3.0)
        assert (toe.reading_mm, toe.status) == (145, 11), position


MISHAPS: list[Callable[[Rig], None]] = [
    blink,
    lambda rig: rig.model.power_off(),
    lambda rig: setattr(rig.model.faults, "absent", True),
    lambda rig: setattr(rig.model.faults, "frozen", True),
    lambda rig: setattr(rig.model.faults, "status", 4),
    lambda rig: setattr(rig.model.faults, "identity", b"\x00\x00\x00"),
    lambda rig: setattr(rig.bus.faults, "nack_probability", 0.05),
    lambda rig: setattr(rig.bus.faults, "nack_at", rig.bus.transactions + 3),
]


@pytest.mark.parametrize("seed", range(12))
def test_mishaps_in_any_order(seed: int) -> None:
    """During a minute of mishaps no wrong reading is ever valid, and afterwards the sensor recovers."""
    chance = Random(seed)
    interrupt, xshut = chance.choice(WIRINGS)
    rig = Rig(interrupt=interrupt, xshut=xshut, times=RangeTiming(io_timeout_s=0.1))
    for _ in range(10):
        for _ in range(chance.randint(1, 3)):
            chance.choice(MISHAPS)(rig)
            rig.run(chance.uniform(0.0, 2.0))
        rig.model.faults, rig.bus.faults = SensorFaults(), BusFaults()
        rig.model.power_on()
        rig.run(chance.choice([0.01, 1.0, 6.0]))
    assert {toe.reading_mm for toe in rig.toes if toe.status == 11} == {145}
    assert rig.run(7.0)[-1].status == 11
    assert rig.reader.fault is None


def test_dead_interrupt_wire() -> None:
    """With the interrupt wire off, readings still arrive, and a fault names the wire."""
    rig = Rig(interrupt=True)
    rig.model.on_interrupt = None
    rig.line.drive(True)  # the Pi pulls a loose end up
    assert len(rig.run(1.0)) > 8
    rig.run(3.0)
    assert len(rig.run(10.0)) / 10 == pytest.approx(29, abs=2)
    assert rig.reader.fault is None
    assert rig.reader.warning is not None
    assert "interrupt wire" in rig.reader.warning


@pytest.mark.parametrize(("looks", "late_us"), [(60, 100_000), (12, 500_000), (3, 4_000_000)])
def test_busy_processor_is_not_blamed_on_the_wire(looks: int, late_us: int) -> None:
    """For seconds the program polls late: the line follows the sensor, and nothing is lost."""
    rig = Rig(interrupt=True)
    rig.run(1.0)
    for _ in range(looks):
        rig.time_us += late_us
        rig.model.run_due(rig.time_us)
        rig.reader.poll(rig.time_us)
        assert (rig.reader.warning, rig.reader.fault) == (None, None)
    assert len(rig.run(1.0)) > 25


def test_missed_edge() -> None:
    """One missed edge costs no more than a tenth of a second, and the line stays in use."""
    rig = Rig(interrupt=True)
    rig.run(1.0)
    rig.time_us = rig.reader.next_poll_us
    assert rig.run(0.001)
    before = rig.bus.transactions
    toes = rig.run(10.0)
    assert (rig.bus.transactions - before) / len(toes) <= 6
    assert rig.reader.warning is None


def test_edge_in_the_middle_of_a_reading() -> None:
    """A sample that is ready just after the last one was read is read at once, with or without an edge."""
    rig = Rig(interrupt=True)
    rig.run_until_read()

    def cleared_late(level: bool) -> None:
        rig.line.drive(level)
        if level:
            rig.model.on_interrupt = rig.line.drive
            rig.time_us += 40_000
            rig.model.run_due(rig.time_us)

    due_us = rig.model.next_due_us()
    assert due_us is not None
    rig.time_us = due_us
    rig.model.run_due(due_us)
    rig.model.on_interrupt = cleared_late
    assert rig.reader.poll(due_us) is not None
    assert not rig.line.state
    assert rig.reader.next_poll_us <= due_us + 10_000
    rig.time_us = due_us + 50_000
    assert rig.reader.poll(rig.time_us) is not None
    assert rig.reader.warning is None


def test_stuck_interrupt_wire() -> None:
    """With a line that is always low, readings still arrive, and a fault names the wire."""
    rig = Rig(interrupt=True)
    rig.model.on_interrupt = None
    rig.line.drive(False)
    toes = []
    while rig.time_us < 10 * SECOND_US:
        rig.time_us = max(rig.time_us, rig.reader.next_poll_us)
        toes.append(rig.reader.poll(rig.time_us))
    assert sum(toe is not None for toe in toes) / 10 == pytest.approx(29, abs=2)
    assert rig.reader.warning is not None
    assert "interrupt wire" in rig.reader.warning


def refuse(error: Exception) -> Callable[[], I2cBus]:
    def open_bus() -> I2cBus:
        raise error

    return open_bus


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(13, "Permission denied"), "add the station's user to the group i2c"),
        (ValueError("No device found for /dev/i2c-1"), "switch I2C on"),
        (RuntimeError("I2C Bus #1 not found, check if enabled in config!"), "switch I2C on"),
        (FileNotFoundError(2, "No such file or directory"), "switch I2C on"),
    ],
)
def test_bus_that_does_not_open(error: Exception, sentence: str) -> None:
    """Without permission or without the bus the sentence says what to do, and opening is retried."""
    reader = RangeReader(refuse(error))
    assert reader.poll(0) is None
    assert reader.fault is not None
    assert sentence in reader.fault
    assert reader.next_poll_us == 100_000


def test_real_bus_is_opened_by_number() -> None:
    """Really opening a bus that no machine has gives a sentence that names it."""
    reader = open_range_reader(31)
    assert reader.poll(0) is None
    assert reader.fault is not None
    assert "/dev/i2c-31 cannot be opened" in reader.fault


def test_pin_that_is_taken() -> None:
    """A line in use is an error that names it, and the other line is released."""
    pins = SimulatedPinFactory(SystemClock())
    pins.refuse_opening(XSHUT_PIN, GPIOPinInUse("pin 4 is in use"))
    with pytest.raises(DeviceError, match="XSHUT line on GPIO 4 cannot be opened"):
        open_range_reader(interrupt_pin=INTERRUPT_PIN, xshut_pin=XSHUT_PIN, pin_factory=pins)
    open_range_reader(interrupt_pin=INTERRUPT_PIN, pin_factory=pins).close()
