"""A VL53L4CD as its driver sees it: sixteen-bit register addresses, timed results, and a handshake.

A result is kept, and the next range begins, only once the interrupt is cleared (datasheet DS13812, handshake). The
register map is that of ST's ultra lite driver.
"""

from __future__ import annotations

from station.simulator.noise import NoiseParameters
from station.simulator.range_chip import EmulatedRangeSensor
from station.simulator.range_error import RangeError

DEFAULT_ADDRESS = 0x29
OSCILLATOR_FREQUENCY = 0x0006
GPIO_POLARITY = 0x0030
GPIO_STATUS = 0x0031
RANGE_CONFIG_A = 0x005E
SIGNAL_LIMIT = 0x0066
INTERRUPT_CLEAR = 0x0086
SYSTEM_START = 0x0087
RESULT = 0x0089
RESULT_SPADS = 0x008C
RESULT_SIGNAL = 0x008E
RESULT_AMBIENT = 0x0090
RESULT_SIGMA = 0x0092
RESULT_DISTANCE = 0x0096
OSCILLATOR_CALIBRATION = 0x00DE
BOOT_STATUS = 0x00E5
IDENTIFICATION = 0x010F
ADDRESS = 0x0001
END = 0x0200

IDENTITY = bytes((0xEB, 0xAA))
POWER_ON = {
    ADDRESS: bytes((DEFAULT_ADDRESS,)),
    OSCILLATOR_FREQUENCY: b"\xbc\x00",
    GPIO_POLARITY: b"\x11",
    RANGE_CONFIG_A: b"\x01\xcc",
    OSCILLATOR_CALIBRATION: b"\x01\xf4",
    BOOT_STATUS: b"\x03",
    IDENTIFICATION: IDENTITY,
}
"""The registers after power-on. The two clock values differ from chip to chip; these are typical."""

CONTINUOUS, AUTONOMOUS = 0x21, 0x40
ACTIVE_LOW = 0x10
STATUS_VALID, STATUS_SIGNAL_FAIL = 9, 23
"""The codes in the status register; the driver translates them to 0 and 12, *signal too weak*."""
FIXED_US = 2_500
"""The duration of a range besides the two timeouts, in continuous mode: the driver's figure."""
MIN_RANGE_US = 4_000
"""Assumed: the shortest duration, that of the voltage calibration at the first start."""

NEAR_NOISE = NoiseParameters(scatter_mm=1.0, scatter_range_us=33_000, warm_up_mm=1.0)
"""Assumed: 1 mm at a 33 ms budget, a white target at near range. No still recording of this chip is known: the wander
is that of a calm VL53L0X."""
DELIVERED_OFFSET_SD_MM, DELIVERED_GAIN = 4.0, 0.01
"""Assumed: this chip's offset is trimmed at the factory, a VL53L0X's is not."""


class EmulatedVl53l4cd(EmulatedRangeSensor):
    """One VL53L4CD."""

    boot_us = 1_200
    default_noise = NEAR_NOISE
    mean_offset_mm = 0.0

    @staticmethod
    def delivered_error(seed: int) -> RangeError:
        """A random sensor as delivered: trimmed at the factory, with half the bend and temperature drift of a VL53L0X
        (assumed)."""
        drawn = RangeError.from_seed(seed)
        return RangeError(
            offset_mm=(drawn.offset_mm + 25.0) / 10.0 * DELIVERED_OFFSET_SD_MM,
            gain=1.0 + (drawn.gain - 1.0) / 0.03 * DELIVERED_GAIN,
            bend_mm=drawn.bend_mm / 2.0,
            bend_skew=drawn.bend_skew,
            per_degree_mm=drawn.per_degree_mm / 2.0,
            per_root_day_mm=drawn.per_root_day_mm,
        )

    @property
    def range_us(self) -> int:
        """How long one range takes, in µs: the timeout in macro periods, as the driver writes it, and a fixed part."""
        frequency = self._word(OSCILLATOR_FREQUENCY)
        macro_period = 16 * (int(2304 * (2**30 / frequency)) >> 6) >> 6
        exponent, mantissa = self._registers[RANGE_CONFIG_A], self._registers[RANGE_CONFIG_A + 1]
        return max(MIN_RANGE_US, ((mantissa + 1 << exponent) * macro_period >> 12) + FIXED_US)

    @property
    def address(self) -> int:
        return self._registers[ADDRESS] & 0x7F

    @property
    def is_ready(self) -> bool:
        return self._is_result_waiting

    def _load_registers(self) -> None:
        self._registers = bytearray(END)
        for register, content in POWER_ON.items():
            self._registers[register : register + len(content)] = content
        self._pointer = 0
        self._is_result_waiting = False
        self._is_ranging = False

    def _write_bytes(self, data: bytes) -> None:
        if len(data) < 2:
            return
        self._pointer = int.from_bytes(data[:2], "big")
        for value in data[2:]:
            self._write_register(self._pointer % END, value)
            self._pointer += 1

    def _read_bytes(self, count: int) -> bytes:
        data = bytes(self._register(at % END) for at in range(self._pointer, self._pointer + count))
        self._pointer += count
        return data

    def _register(self, register: int) -> int:
        if register == GPIO_STATUS:
            return int(self._driven_level())
        if self.faults.identity and IDENTIFICATION <= register < IDENTIFICATION + len(self.faults.identity):
            return self.faults.identity[register - IDENTIFICATION]
        return self._registers[register]

    def _write_register(self, register: int, value: int) -> None:
        self._registers[register] = value
        if register == SYSTEM_START:
            self._is_ranging = value in (CONTINUOUS, AUTONOMOUS)
            self._is_result_waiting = False
            self._begin_range()
        elif register == INTERRUPT_CLEAR and value & 1 and self._is_result_waiting:
            self._is_result_waiting = False
            self._begin_range()
        self._drive_interrupt()

    def _begin_range(self) -> None:
        self._ready_us = self._now_us() + self.range_us if self._is_ranging else None
        self.wake()

    def _complete_range(self, now_us: int, ready_us: int) -> None:
        self._ready_us = None
        if self.faults.never_ready:
            return
        self._registers[RESULT : RESULT + 15] = self._result(ready_us)
        self._is_result_waiting = True
        self._drive_interrupt()

    def _result(self, at_us: int) -> bytes:
        """The fifteen bytes of a result: status, stream count, SPADs, signal and ambient rate, sigma, phase, range."""
        if not self.faults.frozen:
            self._frozen_result = None
        elif self._frozen_result is not None:
            return self._frozen_result
        target_mm, error_mm = self._sample(at_us)
        signal = 0.02 if target_mm is None else self._signal_mcps(max(0.0, target_mm))
        status, range_mm = STATUS_SIGNAL_FAIL, 0
        if target_mm is not None and signal * 128 >= self._word(SIGNAL_LIMIT):
            reading_mm = self.range_error.reading_mm(max(0.0, target_mm), self.warmer_degrees, self.days) + error_mm
            status, range_mm = STATUS_VALID, max(0, round(reading_mm))
        if self.faults.status is not None:
            status = self.faults.status
        if self.faults.range_mm is not None:
            range_mm = self.faults.range_mm
        uniform = self._random.random
        result = bytearray(15)
        result[0] = status
        result[1] = (self._registers[RESULT + 1] + 1) & 0xFF
        words = {
            RESULT_SPADS: 2_560 + 512 * uniform(),
            RESULT_SIGNAL: min(0xFFFF, 128 * signal * (0.97 + 0.06 * uniform())),
            RESULT_AMBIENT: 20 + 16 * uniform(),
            RESULT_SIGMA: 4 * (1.0 + uniform()),
            RESULT_DISTANCE: range_mm,
        }
        for register, value in words.items():
            result[register - RESULT : register - RESULT + 2] = int(value).to_bytes(2, "big")
        if self.faults.frozen:
            self._frozen_result = bytes(result)
        return bytes(result)

    def _word(self, register: int) -> int:
        return int.from_bytes(self._registers[register : register + 2], "big")

    def _driven_level(self) -> bool:
        """The interrupt is active low, unless the polarity bit is cleared."""
        return self._is_result_waiting != bool(self._registers[GPIO_POLARITY] & ACTIVE_LOW)
