"""A VL53L0X as its driver sees it: pages of registers, timed results, the interrupt line, and faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from threading import RLock

from station.simulator.noise import NoiseParameters, RangeNoise
from station.simulator.range_error import RangeError
from station.simulator.vl53l0x_registers import (
    ADDRESS,
    BOOT_US,
    CALIBRATION_US,
    GPIO_ACTIVE_HIGH,
    INTERMEASUREMENT_PERIOD,
    INTERRUPT_CLEAR,
    INTERRUPT_CONFIG,
    INTERRUPT_STATUS,
    PAGE,
    POWER_FORCE,
    POWER_ON,
    RANGE_CONFIG,
    RANGE_OFFSET,
    RESULT_BLOCK,
    SEQUENCE_CONFIG,
    SIGNAL_RATE_LIMIT,
    STROBE,
    STROBE_DELAY_US,
    SYSRANGE_START,
    TIMING_REGISTERS,
    range_time_us,
)

STATUS_VALID = 11
STATUS_SIGNAL_FAIL = 4
NO_TARGET_MM = 8190

SIGNAL_AT_200_MM = 8.0
"""Million counts per second from a white wall at 200 mm; the rate falls with the square of the distance."""

NO_TARGET_RESULTS = ((0.70, STATUS_SIGNAL_FAIL, (8190, 8191)), (0.15, 9, (165, 175)), (0.15, 6, (2, 4)))
"""The results without a target, as users report them: share, status, and the lowest and highest range in mm."""


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


class _Mode(Enum):
    """What the sensor is doing."""

    IDLE = auto()
    CALIBRATION = auto()
    SINGLE = auto()
    BACK_TO_BACK = auto()
    PERIODIC = auto()


_CONTINUOUS_MODES = (_Mode.BACK_TO_BACK, _Mode.PERIODIC)


class EmulatedVl53l0x:
    """One sensor, behind `SimulatedI2C` or any bus with the same three calls to a device.

    `now_us` gives the time and `target_mm` the true distance from the sensor at a time, `None` for no target. Time is
    read at each transaction. The owner of time also calls `run_due` at `next_due_us`, and `on_interrupt` then gets the
    level of the interrupt line, `True` for high. Without a `range_error` the sensor has only an offset and a gain,
    drawn from the seed unless given. `warmer_degrees` and `days` (compared with the new sensor) may be set at any
    time. A new sensor is booted and cold.
    """

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
        drawn_offset, drawn_gain = self._random.gauss(-25.0, 4.0), self._random.gauss(1.0, 0.01)
        self.range_error = range_error or RangeError(
            drawn_offset if offset_mm is None else offset_mm, drawn_gain if gain is None else gain
        )
        self.warmer_degrees = 0.0
        self.days = 0.0
        self.faults = SensorFaults()
        self.on_interrupt = on_interrupt
        self.wake: Callable[[], None] = lambda: None
        """Called when `next_due_us` changes."""
        self._noise = RangeNoise(self._random.getrandbits(32), noise)
        self._lock = RLock()
        self._interrupt_level = True
        self._range_us: int | None = None
        self._ready_us: int | None = None
        self._strobe: tuple[int, int] | None = None
        self._is_powered = True
        self._xshut_level = True
        self._powered_since_us = now_us()
        self._frozen_block: bytes | None = None
        self._handlers: dict[tuple[int, int], Callable[[int], None]] = {
            (0, SYSRANGE_START): self._write_start,
            (0, INTERRUPT_CLEAR): self._write_clear,
            (6, STROBE): self._write_strobe,
            (7, STROBE): self._write_strobe,
        }
        self._reset()
        self._booted_us = now_us()

    @property
    def interrupt_level(self) -> bool:
        """The level of the interrupt line; it is pulled up, so it is high while the sensor is off."""
        return self._interrupt_level

    @property
    def range_us(self) -> int:
        """How long one range takes, in µs, from the sequence, period and timeout registers."""
        if self._range_us is None:
            self._range_us = range_time_us(self._pages[0])
        return self._range_us

    def next_due_us(self) -> int | None:
        """When the next result is ready, or `None` while the sensor is idle."""
        return self._ready_us

    def next_interrupt_us(self) -> int | None:
        """When the interrupt is next raised, or `None` while it already is or the sensor is idle."""
        raised = self._pages[0][INTERRUPT_STATUS] & 7
        return None if raised else self._ready_us

    def run_due(self, now_us: int) -> None:
        """Complete the measurement that is due, if one is."""
        with self._lock:
            self._advance_to(now_us)

    def power_off(self) -> None:
        """Cut the supply, as a cable that comes out does."""
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
            and address == self._pages[0][ADDRESS] & 0x7F
            and self._now_us() >= self._booted_us
        )

    def write(self, data: bytes) -> None:
        """One write: the pointer, then the bytes from there on."""
        if not data:
            return
        with self._lock:
            self._advance_to(self._now_us())
            self._pointer = data[0]
            for value in data[1:]:
                self._write_register(self._pointer, value)
                self._pointer = (self._pointer + 1) & 0xFF

    def read(self, count: int) -> bytes:
        """`count` bytes from the pointer on."""
        with self._lock:
            self._advance_to(self._now_us())
            start, end = self._pointer, self._pointer + count
            data = bytes(self._page[start:end])
            if end > PAGE:
                data = bytes(self._page[at & 0xFF] for at in range(start, end))
            if self.faults.identity and self._page is self._pages[0] and 0xC0 <= start <= 0xC2:
                data = (self.faults.identity[start - 0xC0 :] + data[0xC3 - start :])[:count]
            self._pointer = end & 0xFF
            return data

    def _reset(self) -> None:
        self._pages = {number: bytearray(256) for number in POWER_ON}
        for number, registers in POWER_ON.items():
            for register, content in registers.items():
                self._pages[number][register : register + len(content)] = content
        self._page_number = 0
        self._page = self._pages[0]
        self._pointer = 0
        self._booted_us = self._now_us() + BOOT_US
        self._mode = _Mode.IDLE
        self._ready_us = None
        self._strobe = None
        self._range_us = None
        self._drive_interrupt()

    def _write_register(self, register: int, value: int) -> None:
        if register == PAGE:
            self._page_number = value
            self._page = self._pages.setdefault(value, bytearray(256))
            return
        handler = self._handlers.get((self._page_number, register))
        if handler is not None:
            handler(value)
            return
        self._page[register] = value
        if self._page_number == 0:
            if register in TIMING_REGISTERS:
                self._range_us = None
            elif register in (INTERRUPT_CONFIG, GPIO_ACTIVE_HIGH):
                self._drive_interrupt()

    def _write_start(self, value: int) -> None:
        page = self._pages[0]
        if page[POWER_FORCE] & 1:
            return
        page[SYSRANGE_START] = value & ~1 & 0xFF
        if value & 1 and self._mode in _CONTINUOUS_MODES:
            self._mode, self._ready_us = _Mode.IDLE, None
        elif value & 2:
            self._start_mode(_Mode.BACK_TO_BACK, self.range_us)
        elif value & 4:
            self._start_mode(_Mode.PERIODIC, self.range_us)
        elif value & 1:
            if page[SEQUENCE_CONFIG] in (1, 2):
                self._start_mode(_Mode.CALIBRATION, CALIBRATION_US)
            else:
                self._start_mode(_Mode.SINGLE, self.range_us)

    def _start_mode(self, mode: _Mode, lasts_us: int) -> None:
        self._mode = mode
        self._ready_us = self._now_us() + lasts_us
        self.wake()

    def _write_clear(self, value: int) -> None:
        if value & 1:
            self._pages[0][INTERRUPT_STATUS] = 0
            self._drive_interrupt()
            self.wake()

    def _write_strobe(self, value: int) -> None:
        self._page[STROBE] = value
        if value == 0:
            self._strobe = (self._page_number, self._now_us() + STROBE_DELAY_US)

    def _advance_to(self, now_us: int) -> None:
        if self._strobe is not None and now_us >= self._strobe[1] and not self.faults.strobe_never_ends:
            self._pages[self._strobe[0]][STROBE] = 1
            self._strobe = None
        if self._ready_us is not None and now_us >= self._ready_us:
            self._complete_range(now_us, self._ready_us)

    def _complete_range(self, now_us: int, ready_us: int) -> None:
        """Complete a measurement; of several that ended since the last transaction only the last is computed."""
        mode = self._mode
        if mode in _CONTINUOUS_MODES:
            period_us = self.range_us if mode is _Mode.BACK_TO_BACK else max(self.range_us, self._timed_period_us())
            ready_us += (now_us - ready_us) // period_us * period_us
            self._ready_us = ready_us + period_us
        else:
            self._mode, self._ready_us = _Mode.IDLE, None
        if self.faults.never_ready:
            return
        page = self._pages[0]
        if mode is not _Mode.CALIBRATION:
            page[RESULT_BLOCK : RESULT_BLOCK + 12] = self._result_block(ready_us)
        page[INTERRUPT_STATUS] = 4 if page[INTERRUPT_CONFIG] & 7 == 4 else 0
        self._drive_interrupt()

    def _timed_period_us(self) -> int:
        page = self._pages[0]
        return int.from_bytes(page[INTERMEASUREMENT_PERIOD : INTERMEASUREMENT_PERIOD + 4], "big") * 1000

    def _result_block(self, at_us: int) -> bytes:
        """The twelve bytes of a result: status, effective SPADs 8.8, signal and ambient rate 9.7, range in mm."""
        if not self.faults.frozen:
            self._frozen_block = None
        elif self._frozen_block is not None:
            return self._frozen_block
        target_mm = None if self.faults.no_target else self._target_mm(at_us)
        error_mm = self._noise.error_mm(at_us, self.range_us, at_us - self._powered_since_us)
        status, range_mm, signal = self._read_target(target_mm, error_mm)
        if self.faults.status is not None:
            status = self.faults.status
        if self.faults.range_mm is not None:
            range_mm = self.faults.range_mm
        uniform = self._random.random
        block = bytearray(12)
        block[0] = status << 3
        block[2:4] = int(2_560 + 512 * uniform()).to_bytes(2, "big")
        block[6:8] = min(0xFFFF, int(128 * signal * (0.97 + 0.06 * uniform()))).to_bytes(2, "big")
        block[8:10] = int(20 + 16 * uniform()).to_bytes(2, "big")
        block[10:12] = range_mm.to_bytes(2, "big")
        if self.faults.frozen:
            self._frozen_block = bytes(block)
        return bytes(block)

    def _read_target(self, target_mm: float | None, error_mm: float) -> tuple[int, int, float]:
        """Status, range in the units of the result register, and signal rate in million counts per second."""
        page = self._pages[0]
        scale = 4 if page[RANGE_CONFIG] & 1 else 1
        if target_mm is None:
            chance = self._random.random()
            for share, status, (low, high) in NO_TARGET_RESULTS:
                if chance < share:
                    return status, self._random.randint(low, high) * scale, 0.1
                chance -= share
        distance_mm = max(0.0, target_mm or 0.0)
        signal = SIGNAL_AT_200_MM * (200.0 / max(distance_mm, 40.0)) ** 2
        if signal * 128 < int.from_bytes(page[SIGNAL_RATE_LIMIT : SIGNAL_RATE_LIMIT + 2], "big"):
            return STATUS_SIGNAL_FAIL, NO_TARGET_MM * scale, signal
        correction_mm = int.from_bytes(page[RANGE_OFFSET : RANGE_OFFSET + 2], "big", signed=True) / 4
        reading_mm = self.range_error.reading_mm(distance_mm, self.warmer_degrees, self.days) + correction_mm + error_mm
        return STATUS_VALID, max(0, round(reading_mm * scale)), signal

    def _drive_interrupt(self) -> None:
        page = self._pages[0]
        released = not (self._is_powered and self._xshut_level) or page[INTERRUPT_CONFIG] == 0
        asserted = page[INTERRUPT_STATUS] & 7 != 0
        level = released or asserted == bool(page[GPIO_ACTIVE_HIGH] & 0x10)
        if level != self._interrupt_level:
            self._interrupt_level = level
            if self.on_interrupt is not None:
                self.on_interrupt(level)
