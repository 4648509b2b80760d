"""Probes single lines and chips for `station check`, before their drivers use them.

`pause_us` lets time pass, virtual or real. Most probes only read a line through the Pi's internal resistor (about
50 kOhm), so that they drive nothing into a short.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from threading import Event, Thread

from gpiozero import DigitalInputDevice, DigitalOutputDevice, PWMOutputDevice

from station.config import RangeSensorConfig
from station.devices.errors import as_device_error
from station.devices.pins import PinFactory
from station.devices.range_chips import CHIPS, Wire
from station.devices.range_parts import I2cBus, RangeTiming
from station.devices.range_sensor import BUS_ERRORS

SETTLE_US = 20_000
"""Long enough for a filter of 100 nF to settle through the Pi's 50 kOhm."""
BOOT_US = 50_000
"""The datasheet requires 1.2 ms after XSHUT; a slow machine notices its lines later."""
RESULT_US = 400_000
"""Long enough for a result with the longest timing budget."""
NO_ACKNOWLEDGE = (errno.EREMOTEIO, errno.ENXIO)

OpenBus = Callable[[], I2cBus]
PauseUs = Callable[[int], None]


def pulled_level(pin: int, pause_us: PauseUs, pin_factory: PinFactory) -> str:
    """`high` or `low` if something drives this line, `floats` if it follows the Pi's pull-up and pull-down."""
    levels = []
    for pull_up in (True, False):
        with as_device_error("line", f"GPIO {pin}"):
            line = DigitalInputDevice(pin, pull_up=pull_up, pin_factory=pin_factory)
        with line:
            pause_us(SETTLE_US)
            levels.append(bool(line.pin.state))
    return {(True, True): "high", (False, False): "low"}.get((levels[0], levels[1]), "floats")


def lit(pin: int, pin_factory: PinFactory, action: Callable[[], str | None]) -> str | None:
    """The result of `action` while this output is high."""
    with as_device_error("LED", f"GPIO {pin}"):
        line = DigitalOutputDevice(pin, initial_value=True, pin_factory=pin_factory)
    with line:
        return action()


def sensor_answer(open_bus: OpenBus, kind: str) -> str | None:
    """How the distance sensor responds: `answers`, `silent` (no acknowledge), `stuck` (the whole bus), `zeros` (every
    bit is 0) or `other` (another chip); `None` without a bus.
    """
    try:
        bus = open_bus()
    except BUS_ERRORS:
        return None
    chip = CHIPS[kind]()
    try:
        identity = chip.read_identity(Wire(bus))
    except OSError as error:
        return "silent" if error.errno in NO_ACKNOWLEDGE else "stuck"
    except BUS_ERRORS:
        return "stuck"
    finally:
        bus.deinit()
    if not any(identity):
        return "zeros"
    return "answers" if identity == chip.identity else "other"


def release_interrupt(open_bus: OpenBus, kind: str, pause_us: PauseUs) -> None:
    """Stop the measurements of a sensor that answers, and release its interrupt line.

    The last program that used it may have left it ranging, or a result unread.
    """
    with suppress(*BUS_ERRORS):
        bus, chip = open_bus(), CHIPS[kind]()
        try:
            wire = Wire(bus)
            chip.recover(wire)
            pause_us(RESULT_US)  # it completes one more measurement after a stop
            wire.write(chip.clear_interrupt)
        finally:
            bus.deinit()


def held_high(pin: int, pin_factory: PinFactory) -> AbstractContextManager[object]:
    """Hold this line high inside the block: without a resistor at XSHUT a sensor board stays off otherwise."""
    with as_device_error("XSHUT", f"GPIO {pin}"):
        line: AbstractContextManager[object] = DigitalOutputDevice(pin, initial_value=True, pin_factory=pin_factory)
    return line


def xshut_is_obeyed(pin: int, open_bus: OpenBus, kind: str, pause_us: PauseUs, pin_factory: PinFactory) -> bool:
    """Whether the sensor is silent while this line is low."""
    with DigitalOutputDevice(pin, initial_value=False, pin_factory=pin_factory) as line:
        pause_us(BOOT_US)
        answer = sensor_answer(open_bus, kind)
        line.on()
        pause_us(BOOT_US)
    return answer != "answers"


def interrupt_follows(
    pin: int, open_bus: OpenBus, sensor: RangeSensorConfig, pause_us: PauseUs, pin_factory: PinFactory
) -> bool | None:
    """Whether this line falls once a started sensor has a result; `None` if it cannot be started."""
    bus, chip = open_bus(), CHIPS[sensor.kind]()
    try:
        with DigitalInputDevice(pin, pull_up=True, pin_factory=pin_factory) as line:
            wire = Wire(bus)
            chip.recover(wire)
            ranging = chip.start(bus, wire, RangeTiming(timing_budget_us=sensor.timing_budget_us))
            before = bool(line.pin.state)
            pause_us(RESULT_US)
            after = bool(line.pin.state)
            ranging.stop()
    except BUS_ERRORS:
        return None
    finally:
        bus.deinit()
    return before and not after


BUSY_BYTES = 500
"""8 ms at gpiozero's 500 kHz; a pause of 2 ms follows."""
REST_S = 0.002


TONE_HZ = 2_300


@contextmanager
def keep_busy(
    open_bus: OpenBus, pin_factory: PinFactory, *, adc: bool, pulled_up: Sequence[int] = (), tone: int | None = None
) -> Iterator[None]:
    """Keep both buses busy inside the block, so that a voltmeter on each line shows a mean other than 0 and 3.3 V.

    The inputs `pulled_up` have the Pi's pull-up, and the pin `tone` is high half of the time.
    """
    over = Event()

    def call_sensor() -> None:
        with suppress(*BUS_ERRORS):
            bus = open_bus()
            while not over.is_set():
                with suppress(*BUS_ERRORS):
                    Wire(bus).write(bytes(1))
                over.wait(0)
            bus.deinit()

    def send_ones() -> None:
        with suppress(Exception), closing(pin_factory.spi()) as spi:
            while not over.wait(REST_S):
                spi.transfer([0xFF] * BUSY_BYTES)

    threads = [Thread(target=call_sensor, daemon=True)] + ([Thread(target=send_ones, daemon=True)] if adc else [])
    with ExitStack() as lines:
        for pin in pulled_up:
            lines.enter_context(DigitalInputDevice(pin, pull_up=True, pin_factory=pin_factory))
        if tone is not None:
            lines.enter_context(PWMOutputDevice(tone, initial_value=0.5, frequency=TONE_HZ, pin_factory=pin_factory))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()
