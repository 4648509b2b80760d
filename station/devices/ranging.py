"""Opening the distance sensor: its bus by number and its lines by pin."""

from __future__ import annotations

from collections.abc import Callable

from gpiozero import DigitalInputDevice, DigitalOutputDevice

from station.devices.errors import DeviceError, as_device_error
from station.devices.pins import PinFactory
from station.devices.range_chips import CHIPS, Vl53l0x
from station.devices.range_parts import I2cBus, RangeTiming
from station.devices.range_sensor import RangeReader


def open_linux_bus(number: int) -> I2cBus:
    """`/dev/i2c-<number>`. Blinka is imported here because it detects the board, which only a real bus needs."""
    from adafruit_extended_bus import ExtendedI2C

    bus: I2cBus = ExtendedI2C(number, frequency=None)  # the kernel sets the frequency; passing one only warns
    return bus


def open_range_reader(
    bus_number: int = 1,
    *,
    kind: str = Vl53l0x.name,
    interrupt_pin: int | None = None,
    xshut_pin: int | None = None,
    timing: RangeTiming | None = None,
    open_bus: Callable[[], I2cBus] | None = None,
    pin_factory: PinFactory = None,
) -> RangeReader:
    """A reader of a chip of this `kind`, with lines on BCM pins (`None`: not wired).

    `open_bus` replaces the bus of that number.
    Raises DeviceError if a pin cannot be opened. A missing bus or sensor is the reader's `fault` instead.
    """
    interrupt = xshut = None
    if interrupt_pin is not None:
        with as_device_error("distance sensor's interrupt line", f"GPIO {interrupt_pin}"):
            interrupt = DigitalInputDevice(interrupt_pin, pull_up=True, pin_factory=pin_factory)
    if xshut_pin is not None:
        try:
            with as_device_error("distance sensor's XSHUT line", f"GPIO {xshut_pin}"):
                xshut = DigitalOutputDevice(xshut_pin, initial_value=True, pin_factory=pin_factory)
        except DeviceError:
            if interrupt is not None:
                interrupt.close()
            raise
    return RangeReader(
        open_bus or (lambda: open_linux_bus(bus_number)),
        CHIPS[kind](),
        interrupt=interrupt,
        xshut=xshut,
        timing=timing,
        bus_name=f"/dev/i2c-{bus_number}",
    )
