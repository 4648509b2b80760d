"""The registers of a VL53L0X that the emulation needs: ST's names, values after power-on, and the times they set.

The duration of a range is the timing budget of ST's API. Assumed numbers are marked as such.
"""

from __future__ import annotations

DEFAULT_ADDRESS = 0x29

SYSRANGE_START = 0x00
SEQUENCE_CONFIG = 0x01
INTERMEASUREMENT_PERIOD = 0x04
RANGE_CONFIG = 0x09
INTERRUPT_CONFIG = 0x0A
INTERRUPT_CLEAR = 0x0B
INTERRUPT_STATUS = 0x13
RESULT_BLOCK = 0x14
RANGE_OFFSET = 0x28
SIGNAL_RATE_LIMIT = 0x44
MSRC_TIMEOUT = 0x46
PRE_RANGE_PERIOD = 0x50
PRE_RANGE_TIMEOUT = 0x51
FINAL_RANGE_PERIOD = 0x70
FINAL_RANGE_TIMEOUT = 0x71
POWER_FORCE = 0x80
STROBE = 0x83
GPIO_ACTIVE_HIGH = 0x84
ADDRESS = 0x8A
PAGE = 0xFF

IDENTITY = bytes((0xEE, 0xAA, 0x10))
POWER_ON = {
    0: {
        0xC0: IDENTITY,
        PRE_RANGE_TIMEOUT: b"\x00\x99",
        GPIO_ACTIVE_HIGH: b"\x11",
        0xB0: b"\xff\xfb\xff\xff\xef\x0f",
        SIGNAL_RATE_LIMIT: b"\x00\x20",
        MSRC_TIMEOUT: b"\x25",
        PRE_RANGE_PERIOD: b"\x06",
        FINAL_RANGE_PERIOD: b"\x04\x01\xfe",
        SEQUENCE_CONFIG: b"\xff",
        ADDRESS: bytes((DEFAULT_ADDRESS,)),
    },
    1: {0x91: b"\x3c"},
    6: {},
    7: {0x92: b"\x85"},
}
"""The pages after power-on. Page 0: identity, timeouts, periods and the map of good SPADs; page 1: the stop variable;
page 7: the aperture bit with a count of five SPADs."""

BOOT_US = 1_200
"""From power or XSHUT to the first acknowledge: the datasheet's maximum."""

STROBE_DELAY_US = 500
CALIBRATION_US = 2_500
"""Assumed: with these two values, initialisation takes 12 to 21 ms of bus time and waiting, as on the real sensor."""

START_US = 1_910
END_US = 960
TCC_US = 590
DSS_US = 690
MSRC_US = 660
PRE_RANGE_US = 660
FINAL_RANGE_US = 550
"""Overheads in ST's API, in addition to the timeout of each step."""

TIMING_REGISTERS = frozenset(
    {
        SEQUENCE_CONFIG,
        MSRC_TIMEOUT,
        PRE_RANGE_PERIOD,
        PRE_RANGE_TIMEOUT,
        PRE_RANGE_TIMEOUT + 1,
        FINAL_RANGE_PERIOD,
        FINAL_RANGE_TIMEOUT,
        FINAL_RANGE_TIMEOUT + 1,
    }
)


def range_time_us(page: bytearray) -> int:
    """How long one range takes, from the registers of page 0, as ST's API computes it."""
    sequence = page[SEQUENCE_CONFIG]
    pre_clocks = (page[PRE_RANGE_PERIOD] + 1) << 1
    final_clocks = (page[FINAL_RANGE_PERIOD] + 1) << 1
    msrc_us = _macro_periods_us(page[MSRC_TIMEOUT] + 1, pre_clocks)
    pre_periods = _decode_timeout(page[PRE_RANGE_TIMEOUT], page[PRE_RANGE_TIMEOUT + 1])
    final_periods = _decode_timeout(page[FINAL_RANGE_TIMEOUT], page[FINAL_RANGE_TIMEOUT + 1])
    total_us = START_US + END_US
    if sequence & 0x10:
        total_us += msrc_us + TCC_US
    if sequence & 0x08:
        total_us += 2 * (msrc_us + DSS_US)
    elif sequence & 0x04:
        total_us += msrc_us + MSRC_US
    if sequence & 0x40:
        total_us += _macro_periods_us(pre_periods, pre_clocks) + PRE_RANGE_US
        final_periods -= pre_periods
    if sequence & 0x80:
        total_us += _macro_periods_us(max(0, final_periods), final_clocks) + FINAL_RANGE_US
    return total_us


def _decode_timeout(high: int, low: int) -> int:
    """A timeout of the form low * 2^high + 1, in macro periods."""
    return (low << high) + 1


def _macro_periods_us(periods: int, clocks: int) -> int:
    """Macro periods of 2304 pulses, each `clocks` clocks of 1.655 ns."""
    return round(periods * clocks * 2304 * 1.655 / 1000)
