"""The distance sensor's chips: a VL53L0X or a VL53L4CD, each through its unmodified Adafruit driver.

A chip knows its registers and its driver; `RangeReader` knows when to read it and what to do when it is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple, Protocol

from adafruit_bus_device.i2c_device import I2CDevice
from adafruit_vl53l0x import VL53L0X

from station.core.sensing.toe_distance import VALID_STATUS
from station.devices.range_parts import I2cBus, RangeTiming

ADDRESS = 0x29
"""The address of both chips after power-on."""
OTHER_STATUS = 100
"""Added to the range statuses of a VL53L4CD other than *valid*: its 11 means something else than a VL53L0X's."""


class Wire:
    """Direct access to the chip, for registers that its driver does not read."""

    def __init__(self, bus: I2cBus) -> None:
        self._device = I2CDevice(bus, ADDRESS, probe=False)

    def write(self, message: bytes) -> None:
        with self._device as wire:
            wire.write(message)

    def read(self, register: bytes, count: int) -> bytes:
        answer = bytearray(count)
        with self._device as wire:
            wire.write(register)
            wire.readinto(answer)
        return bytes(answer)


class RangeResult(NamedTuple):
    """One result: all its bytes (which reveal a frozen sensor), the range, and its status (11 is valid)."""

    block: bytes
    range_mm: int
    status: int


class RangingChip(Protocol):
    """A chip that ranges continuously, through a driver object that is useless after the next loss of power."""

    def is_ready(self) -> bool:
        """Whether a result is ready; uses the bus."""

    def read(self, *, edge_seen: bool) -> RangeResult | None:
        """Read the result and let the chip continue; `None` if another result came between two reads.

        `edge_seen`: the interrupt line has shown that a result is ready, so the bus need not be polled.
        """

    def stop(self) -> None:
        """Stop ranging."""


class RangeChip(Protocol):
    """A kind of chip: how to identify, recover and start it."""

    name: ClassVar[str]
    identity: ClassVar[bytes]
    clear_interrupt: ClassVar[bytes]
    """The message after which the interrupt line is released."""

    def read_identity(self, wire: Wire) -> bytes:
        """Return the chip's identification bytes."""

    def recover(self, wire: Wire) -> None:
        """Reset a chip that a lost connection or a killed process left in an unknown state."""

    def start(self, bus: I2cBus, wire: Wire, timing: RangeTiming) -> RangingChip:
        """Start ranging with a new driver object.

        Raises RuntimeError if the chip does not finish its start, ValueError if it does not respond, OSError for a bus
        error.
        """


class Vl53l0x:
    """The VL53L0X: 25 degrees, eight-bit registers on pages."""

    name: ClassVar[str] = "VL53L0X"
    identity: ClassVar[bytes] = bytes((0xEE, 0xAA, 0x10))
    clear_interrupt: ClassVar[bytes] = bytes((0x0B, 0x01))
    IDENTITY_REGISTER = bytes((0xC0,))
    INTERRUPT_STATUS_REGISTER = bytes((0x13,))
    PAGE_RESET = (bytes((0xFF, 0x00)), bytes((0x80, 0x00)))
    """A missing acknowledge during init leaves the chip on another page, where the next init reads a wrong identity."""
    STOP_RANGING = bytes((0x00, 0x01))

    def read_identity(self, wire: Wire) -> bytes:
        return wire.read(self.IDENTITY_REGISTER, len(self.identity))

    def recover(self, wire: Wire) -> None:
        """Return to page 0, and stop a chip that a killed process left ranging with an unread sample.

        Needed even after XSHUT: its wire may be off.
        """
        for message in self.PAGE_RESET:
            wire.write(message)
        if wire.read(self.INTERRUPT_STATUS_REGISTER, 1)[0] & 0x07:
            wire.write(self.STOP_RANGING)

    def start(self, bus: I2cBus, wire: Wire, timing: RangeTiming) -> RangingChip:
        return _RangingVl53l0x(bus, wire, timing)


class _InterruptDrivenSensor(VL53L0X):  # type: ignore[misc]  # the driver ships no types
    """The driver with the interrupt line instead of polling: two transactions fewer per reading."""

    is_interrupt_seen = False

    @property
    def data_ready(self) -> bool:
        return self.is_interrupt_seen or bool(super().data_ready)


class _RangingVl53l0x:
    """The driver never reads the range status, so the result block is read directly."""

    RESULT_REGISTER = bytes((0x14,))
    RESULT_BYTES = 12

    def __init__(self, bus: I2cBus, wire: Wire, timing: RangeTiming) -> None:
        self._wire = wire
        self._driver = _InterruptDrivenSensor(bus, ADDRESS, timing.io_timeout_s)
        self._driver.measurement_timing_budget = timing.timing_budget_us
        self._driver.start_continuous()

    def is_ready(self) -> bool:
        return bool(self._driver.data_ready)

    def read(self, *, edge_seen: bool) -> RangeResult | None:
        try:
            self._driver.is_interrupt_seen = edge_seen
            block = self._wire.read(self.RESULT_REGISTER, self.RESULT_BYTES)
            range_mm: int = self._driver.read_range()
        finally:
            self._driver.is_interrupt_seen = False
        result = RangeResult(block, int.from_bytes(block[10:12], "big"), (block[0] & 0x78) >> 3)
        return result if range_mm == result.range_mm else None

    def stop(self) -> None:
        self._driver.stop_continuous()


class Vl53l4cd:
    """The VL53L4CD: 18 degrees, made for near ranges; sixteen-bit register addresses."""

    name: ClassVar[str] = "VL53L4CD"
    identity: ClassVar[bytes] = bytes((0xEB, 0xAA))
    clear_interrupt: ClassVar[bytes] = bytes((0x00, 0x86, 0x01))
    IDENTITY_REGISTER = bytes((0x01, 0x0F))
    STOP_RANGING = bytes((0x00, 0x87, 0x00))

    def read_identity(self, wire: Wire) -> bytes:
        return wire.read(self.IDENTITY_REGISTER, len(self.identity))

    def recover(self, wire: Wire) -> None:
        wire.write(self.STOP_RANGING)

    def start(self, bus: I2cBus, wire: Wire, timing: RangeTiming) -> RangingChip:
        try:
            return _RangingVl53l4cd(bus, wire, timing)
        except ArithmeticError as error:  # the driver divides by registers of an unpowered chip
            raise RuntimeError("the chip's clock reads zero") from error
        except TimeoutError as error:
            if error.errno is None:  # raised by the driver itself: the bus worked
                raise RuntimeError(str(error)) from error
            raise


class _RangingVl53l4cd:
    """The chip keeps a result, and measures the next one, only once its interrupt is cleared: no read is torn."""

    RESULT_REGISTER = bytes((0x00, 0x89))
    RESULT_BYTES = 15
    """Status, stream count, SPADs, signal, ambient, sigma, phase and distance, up to register 0x97."""

    def __init__(self, bus: I2cBus, wire: Wire, timing: RangeTiming) -> None:
        from adafruit_vl53l4cd import VL53L4CD  # so that only one of the two drivers is loaded

        self._wire = wire
        self._driver = VL53L4CD(bus, ADDRESS)
        self._driver.timing_budget = timing.timing_budget_us // 1_000
        self._driver.start_ranging()

    def is_ready(self) -> bool:
        return bool(self._driver.data_ready)

    def read(self, *, edge_seen: bool) -> RangeResult | None:
        block = self._wire.read(self.RESULT_REGISTER, self.RESULT_BYTES)
        status: int = self._driver.range_status
        range_mm = round(self._driver.distance * 10)
        self._driver.clear_interrupt()
        return RangeResult(block, range_mm, VALID_STATUS if status == 0 else OTHER_STATUS + status)

    def stop(self) -> None:
        self._driver.stop_ranging()


CHIPS: dict[str, Callable[[], RangeChip]] = {Vl53l0x.name: Vl53l0x, Vl53l4cd.name: Vl53l4cd}
"""The chips by the name that the configuration gives them."""
