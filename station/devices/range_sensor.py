"""The distance sensor: a chip, read through its unmodified driver and restarted whenever it is lost.

`RangeReader` has no thread and no clock of its own: its owner calls `poll` when the interrupt line falls or
`next_poll_us` has come. One thread at a time may use a driver: all instances of the VL53L0X's share one buffer.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from station.core.events import Toe
from station.core.sensing.toe_distance import VALID_STATUS
from station.devices.range_chips import ADDRESS, RangeChip, RangingChip, Vl53l0x, Wire
from station.devices.range_parts import I2cBus, InputLine, OutputLine, RangeTiming

BUS_ERRORS = (OSError, RuntimeError, ValueError, TypeError)
"""The errors of driver and bus: no acknowledge, the driver's timeouts, its probe, and Blinka's TypeError after a read
that the kernel deferred (it indexes `None`)."""


ReaderStep = Callable[[int], Toe | None]


class _SensorLostError(Exception):
    """The sensor cannot be read; the text is one sentence for the page."""


class RangeReader:
    """Reads one `chip` on the bus that `open_bus` opens, and restarts it whenever it is lost.

    `interrupt` and `xshut` are the wired lines, if any (gpiozero's `DigitalInputDevice` with a pull-up, and
    `DigitalOutputDevice`); `close` closes them too. Errors name `bus_name`. With the interrupt line a reading takes
    five transactions, with none between readings.
    """

    def __init__(
        self,
        open_bus: Callable[[], I2cBus],
        chip: RangeChip | None = None,
        *,
        interrupt: InputLine | None = None,
        xshut: OutputLine | None = None,
        timing: RangeTiming | None = None,
        bus_name: str = "/dev/i2c-1",
    ) -> None:
        self.timing = timing or RangeTiming()
        self.fault: str | None = None
        """Why the sensor cannot be read and what to do; `None` while it is read."""
        self.warning: str | None = None
        """What is wrong with the wiring although readings arrive."""
        self.next_poll_us = 0
        """When `poll` has something to do even if the interrupt line stays silent."""
        self._open_bus = open_bus
        self._chip = chip or Vl53l0x()
        self._interrupt = interrupt
        self._xshut = xshut
        self._bus_name = bus_name
        self._bus: I2cBus | None = None
        self._wire: Wire | None = None
        self._sensor: RangingChip | None = None
        self._next_step: ReaderStep = self._open
        self._is_interrupt_trusted = False
        self._is_edge_seen = False
        self._last_edge_us = 0
        self._last_sample_us = 0
        self._retry_delay_us = self.timing.first_retry_us
        self._last_result = b""
        self._repeat_count = 0
        self._is_lateness_forgiven = False
        self._is_closed = False

    def poll(self, now_us: int) -> Toe | None:
        """Do what is due, and return a reading if there is one. Blocks for at most 30 ms (at a start)."""
        if self._is_closed or (now_us < self.next_poll_us and not self._is_interrupt_active()):
            return None
        self._forgive_lateness(now_us - self.next_poll_us)
        try:
            return self._next_step(now_us)
        except _SensorLostError as lost:
            self.mark_lost(now_us, str(lost))
            return None

    def _forgive_lateness(self, late_us: int) -> None:
        """Do not count a busy processor's delay as silence of sensor and line, at most once per reading: a working
        sensor has a reading ready by then."""
        if late_us >= self.timing.late_us and not self._is_lateness_forgiven:
            self._is_lateness_forgiven = True
            self._last_sample_us += late_us
            self._last_edge_us += late_us

    def mark_lost(self, now_us: int, reason: str) -> None:
        """Mark the sensor as lost because of `reason`, one sentence; it restarts after the back-off."""
        self.fault = reason
        self._sensor = None
        self._is_interrupt_trusted = False
        self._next_step = self._open
        self.next_poll_us = now_us + self._retry_delay_us
        self._retry_delay_us = min(2 * self._retry_delay_us, self.timing.max_retry_us)

    def set_ready_callback(self, callback: Callable[[], None]) -> None:
        """Set what the interrupt line calls when a sample is ready. The callback may only set or post something."""

        def edge() -> None:
            self._is_edge_seen = True
            callback()

        if self._interrupt is not None:
            self._interrupt.when_activated = edge

    def close(self) -> None:
        """Stop ranging and release bus and lines; may be called more than once."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._sensor is not None:
            with suppress(*BUS_ERRORS):
                self._sensor.stop()
        if self._bus is not None:
            self._bus.deinit()
        for line in (self._interrupt, self._xshut):
            if line is not None:
                line.close()

    @property
    def _overdue_us(self) -> int:
        return round(self.timing.overdue_budgets * self.timing.timing_budget_us)

    def _is_interrupt_active(self) -> bool:
        return self._is_interrupt_trusted and self._interrupt is not None and bool(self._interrupt.is_active)

    def _open(self, now_us: int) -> None:
        if self._bus is not None:
            self._bus.deinit()
            self._bus = None
        try:
            self._bus = self._open_bus()
        except PermissionError as error:
            raise _SensorLostError(
                f"No permission for {self._bus_name}: add the station's user to the group i2c."
            ) from error
        except BUS_ERRORS as error:
            raise _SensorLostError(
                f"{self._bus_name} cannot be opened ({error}): switch I2C on with raspi-config and start again."
            ) from error
        self._wire = Wire(self._bus)
        if self._xshut is None:
            self._start(now_us)
        else:
            self._xshut.off()
            self._set_next_step(self._boot, now_us + self.timing.xshut_pulse_us)

    def _boot(self, now_us: int) -> None:
        if self._xshut is not None:
            self._xshut.on()
        self._set_next_step(self._start, now_us + self.timing.xshut_pulse_us)

    def _set_next_step(self, step: ReaderStep, at_us: int) -> None:
        self._next_step = step
        self.next_poll_us = at_us

    def _start(self, now_us: int) -> None:
        """Start a new driver object, because the old one does not notice that the chip lost power."""
        assert self._bus is not None  # `_open` made both
        assert self._wire is not None
        try:
            self._chip.recover(self._wire)
            identity = self._chip.read_identity(self._wire)
        except BUS_ERRORS as error:
            raise _SensorLostError(self._no_answer_message()) from error
        if set(identity) == {0xFF}:  # zeros may come from another chip
            raise _SensorLostError(self._stuck_message(identity))
        if identity != self._chip.identity:
            raise _SensorLostError(
                f"The chip at 0x{ADDRESS:02X} on {self._bus_name} is not a {self._chip.name} (it says"
                f" {identity.hex(' ')}): check which sensor board is fitted."
            )
        try:
            sensor = self._chip.start(self._bus, self._wire, self.timing)
        except ValueError as error:
            raise _SensorLostError(self._no_answer_message()) from error
        except RuntimeError as error:
            raise _SensorLostError(
                "The distance sensor does not finish starting: disconnect its power for a moment;"
                " if that does not help, replace the sensor board."
            ) from error
        except BUS_ERRORS as error:
            raise _SensorLostError(self._bus_error_message(error)) from error
        self._sensor = sensor
        self._last_sample_us = now_us
        self._is_interrupt_trusted = self._interrupt is not None
        self._last_edge_us = now_us
        self.warning = None
        self._next_step = self._measure
        self._set_next_poll(now_us)

    def _set_next_poll(self, now_us: int) -> None:
        """Set when to poll for the next sample. If the line is low again, one is ready: after a late read no edge
        separates the two."""
        if self._is_interrupt_active():
            self.next_poll_us = now_us + self.timing.poll_interval_us
        elif self._is_interrupt_trusted:
            self.next_poll_us = now_us + self._overdue_us
        else:
            self.next_poll_us = now_us + round(self.timing.first_poll_fraction * self.timing.timing_budget_us)

    def _measure(self, now_us: int) -> Toe | None:
        sensor = self._sensor
        if sensor is None:
            return None
        was_edge_seen, self._is_edge_seen = self._is_edge_seen, False
        was_active = self._is_interrupt_active()
        try:
            is_edge = now_us < self.next_poll_us or (was_edge_seen and self._is_interrupt_active())
            if is_edge:
                self._last_edge_us = now_us
            elif not self._poll_ready(sensor, now_us):
                self._postpone_poll(now_us)
                return None
            result = sensor.read(edge_seen=is_edge)
        except RuntimeError as error:
            raise _SensorLostError(self._silence_message()) from error
        except BUS_ERRORS as error:
            raise _SensorLostError(self._bus_error_message(error)) from error
        if result is not None and _is_stuck(result.block):
            raise _SensorLostError(self._stuck_message(result.block))
        if was_active and not self._is_interrupt_active():  # the line follows the sensor, even if no edge was seen
            self._last_edge_us = now_us
        self._last_sample_us = now_us
        self._is_lateness_forgiven = False
        self._set_next_poll(now_us)
        if result is not None:
            self._check_frozen(result.block, result.status)
        self.fault = None
        self._retry_delay_us = self.timing.first_retry_us
        return None if result is None else Toe(now_us, result.range_mm, result.status)

    def _poll_ready(self, sensor: RangingChip, now_us: int) -> bool:
        """Poll the bus, because there was no edge. Stop using a line without edges: it is off or stuck."""
        if self._is_interrupt_trusted:
            if now_us - self._last_sample_us < self._overdue_us and not self._is_interrupt_active():
                return False
            if now_us - self._last_edge_us >= self.timing.edge_timeout_us:
                self._is_interrupt_trusted = False
                self.warning = (
                    "The distance sensor's interrupt wire does not follow the sensor: check that wire;"
                    " until then the sensor is polled."
                )
        return sensor.is_ready()

    def _postpone_poll(self, now_us: int) -> None:
        since_us = now_us - self._last_sample_us
        if since_us >= self.timing.max_silence_us:
            raise _SensorLostError(self._silence_message())
        if self._is_interrupt_trusted and since_us < self._overdue_us and not self._is_interrupt_active():
            self.next_poll_us = self._last_sample_us + self._overdue_us
        else:
            self.next_poll_us = now_us + self.timing.poll_interval_us

    @property
    def repeats(self) -> bool:
        """Whether the last result block equals the one before, as with a frozen sensor."""
        return self._repeat_count > 1

    def _check_frozen(self, block: bytes, status: int) -> None:
        """Count equal valid blocks, even across restarts: a sensor that stays frozen gives no reading.

        Invalid ones do not count: an empty view in a dark room may give the same *no target* for hours.
        """
        if status != VALID_STATUS:
            self._repeat_count = 0
            return
        self._repeat_count = self._repeat_count + 1 if block == self._last_result else 1
        self._last_result = block
        if self._repeat_count >= self.timing.frozen_repeats:
            raise _SensorLostError(
                "The distance sensor repeats the same result: it is being restarted;"
                " if this persists, replace the sensor board."
            )

    def _no_answer_message(self) -> str:
        return (
            "The distance sensor does not answer: check its cable"
            f" (power, ground, SDA and SCL; it is at 0x{ADDRESS:02X} on {self._bus_name})."
        )

    def _stuck_message(self, block: bytes) -> str:
        return (
            f"{self._bus_name} gives {block[0]:02x} whatever the distance sensor is asked: something holds SDA or SCL;"
            " check the sensor's cable for a short."
        )

    def _bus_error_message(self, error: BaseException) -> str:
        return f"The distance sensor's cable failed while it was used ({error}): check that its plug sits firmly."

    def _silence_message(self) -> str:
        return "The distance sensor has stopped measuring: check its power wire; it is being restarted."


def _is_stuck(block: bytes) -> bool:
    """Whether every byte of a result is that of a stuck data line; no sensor measures that."""
    return set(block) in ({0x00}, {0xFF})
