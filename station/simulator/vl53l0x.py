"""A VL53L0X as its driver sees it: pages of registers and timed results."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from station.simulator.range_chip import EmulatedRangeSensor
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

NO_TARGET_RESULTS = ((0.70, STATUS_SIGNAL_FAIL, (8190, 8191)), (0.15, 9, (165, 175)), (0.15, 6, (2, 4)))
"""Results without a target, as reported by users: share, status, and the lowest and highest range in mm."""


class _Mode(Enum):
    """What the sensor is doing."""

    IDLE = auto()
    CALIBRATION = auto()
    SINGLE = auto()
    BACK_TO_BACK = auto()
    PERIODIC = auto()


_CONTINUOUS_MODES = (_Mode.BACK_TO_BACK, _Mode.PERIODIC)


class EmulatedVl53l0x(EmulatedRangeSensor):
    """One VL53L0X."""

    boot_us = BOOT_US
    mean_offset_mm = -25.0
    _range_us: int | None

    @property
    def range_us(self) -> int:
        """How long one range takes, in µs, from the sequence, period and timeout registers."""
        if self._range_us is None:
            self._range_us = range_time_us(self._pages[0])
        return self._range_us

    @property
    def address(self) -> int:
        return self._pages[0][ADDRESS] & 0x7F

    @property
    def is_ready(self) -> bool:
        return self._pages[0][INTERRUPT_STATUS] & 7 != 0

    def _write_bytes(self, data: bytes) -> None:
        self._pointer = data[0]
        for value in data[1:]:
            self._write_register(self._pointer, value)
            self._pointer = (self._pointer + 1) & 0xFF

    def _read_bytes(self, count: int) -> bytes:
        start, end = self._pointer, self._pointer + count
        data = bytes(self._page[start:end])
        if end > PAGE:
            data = bytes(self._page[at & 0xFF] for at in range(start, end))
        if self.faults.identity and self._page is self._pages[0] and 0xC0 <= start <= 0xC2:
            data = (self.faults.identity[start - 0xC0 :] + data[0xC3 - start :])[:count]
        self._pointer = end & 0xFF
        return data

    def _load_registers(self) -> None:
        self._handlers: dict[tuple[int, int], Callable[[int], None]] = {
            (0, SYSRANGE_START): self._write_start,
            (0, INTERRUPT_CLEAR): self._write_clear,
            (6, STROBE): self._write_strobe,
            (7, STROBE): self._write_strobe,
        }
        self._pages = {number: bytearray(256) for number in POWER_ON}
        for number, registers in POWER_ON.items():
            for register, content in registers.items():
                self._pages[number][register : register + len(content)] = content
        self._page_number = 0
        self._page = self._pages[0]
        self._pointer = 0
        self._mode = _Mode.IDLE
        self._strobe: tuple[int, int] | None = None
        self._range_us = None

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
        super()._advance_to(now_us)

    def _complete_range(self, now_us: int, ready_us: int) -> None:
        """Complete a measurement; of several that ended since the last transaction, only the last is computed."""
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
            self._frozen_result = None
        elif self._frozen_result is not None:
            return self._frozen_result
        target_mm, error_mm = self._sample(at_us)
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
            self._frozen_result = bytes(block)
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
        signal = self._signal_mcps(distance_mm)
        if signal * 128 < int.from_bytes(page[SIGNAL_RATE_LIMIT : SIGNAL_RATE_LIMIT + 2], "big"):
            return STATUS_SIGNAL_FAIL, NO_TARGET_MM * scale, signal
        correction_mm = int.from_bytes(page[RANGE_OFFSET : RANGE_OFFSET + 2], "big", signed=True) / 4
        reading_mm = self.range_error.reading_mm(distance_mm, self.warmer_degrees, self.days) + correction_mm + error_mm
        return STATUS_VALID, max(0, round(reading_mm * scale)), signal

    def _driven_level(self) -> bool:
        """The polarity is active high until the sensor is started, so an idle one drives the line low."""
        return self.is_ready == bool(self._pages[0][GPIO_ACTIVE_HIGH] & 0x10)
