"""What emulated distance sensors share: power, reset and interrupt line, faults, and the target with its errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from threading import RLock
from typing import ClassVar

from station.simulator.noise import NoiseParameters, RangeNoise
from station.simulator.range_error import RangeError

SIGNAL_AT_200_MM = 8.0
"""Million counts per second from a white wall at 200 mm; the rate falls with the square of the distance."""


@dataclass(slots=True)
class SensorFaults:
    """Faults of the sensor; they may be set and cleared at any time."""

    absent: bool = False
    identity: bytes | None = None
    strobe_never_ends: bool = False
    never_ready: bool = False
    frozen: bool = False
    no_target: bool = False
    status: int | None = None
    range_mm: int | None = None


class EmulatedRangeSensor(ABC):
    """One sensor, behind `SimulatedI2C` or any bus with the same three calls to a device.

    `now_us` returns the time and `target_mm` the true distance from the sensor at a time, `None` for no target. Time is
    read at each transaction. The owner of time also calls `run_due` at `next_due_us`, and `on_interrupt` then gets the
    level of the interrupt line, `True` for high. Without a `range_error` the sensor has only an offset and a gain,
    drawn from the seed unless given. `warmer_degrees` and `days` (relative to the new sensor) may be set at any time. A
    new sensor is booted and cold.
    """

    boot_us: ClassVar[int]
    """From power or XSHUT to the first acknowledge."""
    default_noise: ClassVar[NoiseParameters] = NoiseParameters()
    mean_offset_mm: ClassVar[float]

    def __init__(
        self,
        now_us: Callable[[], int],
        target_mm: Callable[[int], float | None],
        *,
        seed: int = 0,
        noise: NoiseParameters | None = None,
        offset_mm: float | None = None,
        gain: float | None = None,
        range_error: RangeError | None = None,
        on_interrupt: Callable[[bool], None] | None = None,
    ) -> None:
        self._now_us = now_us
        self._target_mm = target_mm
        self._random = Random(seed)
        drawn_offset, drawn_gain = self._random.gauss(self.mean_offset_mm, 4.0), self._random.gauss(1.0, 0.01)
        self.range_error = range_error or RangeError(
            drawn_offset if offset_mm is None else offset_mm, drawn_gain if gain is None else gain
        )
        self.warmer_degrees = 0.0
        self.days = 0.0
        self.faults = SensorFaults()
        self.on_interrupt = on_interrupt
        self.wake: Callable[[], None] = lambda: None
        """Called when `next_due_us` changes."""
        self._noise = RangeNoise(self._random.getrandbits(32), noise or self.default_noise)
        self._lock = RLock()
        self._interrupt_level = True
        self._ready_us: int | None = None
        self._is_powered = True
        self._xshut_level = True
        self._powered_since_us = now_us()
        self._frozen_result: bytes | None = None
        self._reset()
        self._booted_us = now_us()

    @staticmethod
    def delivered_error(seed: int) -> RangeError:
        """The systematic error of a random sensor as delivered."""
        return RangeError.from_seed(seed)

    @property
    @abstractmethod
    def range_us(self) -> int:
        """How long one range takes, in µs, from the sensor's registers."""

    @property
    @abstractmethod
    def address(self) -> int:
        """The 7-bit address on the bus."""

    @property
    @abstractmethod
    def is_ready(self) -> bool:
        """Whether a result is ready."""

    @abstractmethod
    def _load_registers(self) -> None:
        """Set the registers as after power-on, and stop ranging."""

    @abstractmethod
    def _write_bytes(self, data: bytes) -> None:
        """Handle a write: the register's address, then the bytes from there on."""

    @abstractmethod
    def _read_bytes(self, count: int) -> bytes:
        """Return `count` bytes from the register last addressed."""

    @abstractmethod
    def _complete_range(self, now_us: int, ready_us: int) -> None:
        """Complete the measurement that was ready at `ready_us`."""

    @abstractmethod
    def _driven_level(self) -> bool:
        """The level to which the powered sensor drives its interrupt line."""

    @property
    def interrupt_level(self) -> bool:
        """The level of the interrupt line; it is pulled up, so it is high while the sensor is off."""
        return self._interrupt_level

    def next_due_us(self) -> int | None:
        """When the next result is ready, or `None` while the sensor is idle."""
        return self._ready_us

    def next_interrupt_us(self) -> int | None:
        """When the interrupt is next raised; `None` while it is raised or the sensor is idle."""
        return None if self.is_ready else self._ready_us

    def run_due(self, now_us: int) -> None:
        """Complete the measurement that is due, if any."""
        with self._lock:
            self._advance_to(now_us)

    def power_off(self) -> None:
        """Cut the supply, as when a cable comes loose."""
        with self._lock:
            self._is_powered = False
            self._reset()

    def power_on(self) -> None:
        """Restore the supply; the sensor is cold."""
        with self._lock:
            self._is_powered = True
            self._powered_since_us = self._now_us()
            self._reset()

    def set_xshut(self, level: bool) -> None:
        """Drive XSHUT: low is off, and the rising edge boots."""
        with self._lock:
            if level != self._xshut_level:
                self._xshut_level = level
                self._reset()

    def acknowledges(self, address: int) -> bool:
        """Whether the sensor acknowledges this address now."""
        return (
            self._is_powered
            and self._xshut_level
            and not self.faults.absent
            and address == self.address
            and self._now_us() >= self._booted_us
        )

    def write(self, data: bytes) -> None:
        """One write: the pointer, then the bytes from there on."""
        if data:
            with self._lock:
                self._advance_to(self._now_us())
                self._write_bytes(data)

    def read(self, count: int) -> bytes:
        """`count` bytes from the pointer on."""
        with self._lock:
            self._advance_to(self._now_us())
            return self._read_bytes(count)

    def _reset(self) -> None:
        self._ready_us = None
        self._load_registers()
        self._booted_us = self._now_us() + self.boot_us
        self._drive_interrupt()

    def _advance_to(self, now_us: int) -> None:
        if self._ready_us is not None and now_us >= self._ready_us:
            self._complete_range(now_us, self._ready_us)

    def _sample(self, at_us: int) -> tuple[float | None, float]:
        """The distance at a time in mm, `None` for no target, and the noise of the reading in mm."""
        target_mm = None if self.faults.no_target else self._target_mm(at_us)
        return target_mm, self._noise.error_mm(at_us, self.range_us, at_us - self._powered_since_us)

    def _signal_mcps(self, distance_mm: float) -> float:
        """The signal rate of a white wall in million counts per second."""
        return SIGNAL_AT_200_MM * (200.0 / max(distance_mm, 40.0)) ** 2

    def _drive_interrupt(self) -> None:
        level = not (self._is_powered and self._xshut_level) or self._driven_level()
        if level != self._interrupt_level:
            self._interrupt_level = level
            if self.on_interrupt is not None:
                self.on_interrupt(level)
