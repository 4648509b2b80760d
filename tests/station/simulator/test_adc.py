"""The emulated MCP3008, bit by bit and through gpiozero."""

from __future__ import annotations

import statistics

import pytest
from gpiozero import MCP3008
from hypothesis import given
from hypothesis import strategies as st

from station.simulator.adc import AdcState, EmulatedMcp3008
from station.simulator.pins import SimulatedPinFactory
from tests.station.devices.board_rig import HandClock

SHARES = [0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 1.0]


def chip() -> EmulatedMcp3008:
    """A chip whose channels each have their own share."""
    return EmulatedMcp3008(lambda channel, _now_us: SHARES[channel], lambda: 0)


@pytest.mark.parametrize("channel", range(8))
def test_three_byte_transfer_reads_a_channel(channel: int) -> None:
    """A transfer of start bit, single-ended bit and channel returns a 0 and ten bits."""
    answer = chip().transfer([0b1, 0b1000_0000 | channel << 4, 0])
    assert answer[0] == 0
    assert answer[1] & 0b1111_1100 == 0
    assert answer[1] << 8 | answer[2] == min(1023, int(SHARES[channel] * 1024))


@given(st.integers(0, 7), st.integers(0, 7))
def test_start_bit_position_shifts_the_answer(channel: int, shift: int) -> None:
    """A start bit sent some bits earlier gives the same code that many bits earlier, as on the real chip."""
    order = (0b1_1000 | channel) << 12
    answer = int.from_bytes(chip().transfer((order << shift).to_bytes(4, "big")), "big")
    assert answer >> shift == min(1023, int(SHARES[channel] * 1024))


def test_differential_mode_reads_the_difference_of_a_pair() -> None:
    """Differential mode subtracts the neighbouring channel and never returns less than 0."""
    adc = chip()
    assert adc.transfer([1, 0b0001_0000, 0])[1:] == [0, 128]
    assert adc.transfer([1, 0b0000_0000, 0])[1:] == [0, 0]


def test_transfer_without_a_start_bit_returns_zeros() -> None:
    """Without a start bit the chip does not convert."""
    assert chip().transfer([0, 0, 0]) == [0, 0, 0]


@pytest.mark.parametrize(("state", "code"), [(AdcState.ABSENT, 0), (AdcState.HIGH, 1023)])
def test_missing_chip_reads_as_either_end_of_the_scale(state: AdcState, code: int) -> None:
    """Without a chip gpiozero reads 0 or 1023 and reports no error."""
    clock = HandClock()
    adc = chip()
    adc.state = state
    device = MCP3008(3, pin_factory=SimulatedPinFactory(clock, adc))
    assert device.raw_value == code
    device.close()


def test_noise_has_its_sd_and_follows_its_seed() -> None:
    """Noise has the given SD in codes around the share, and the same seed gives the same noise."""
    adc, same = (EmulatedMcp3008(lambda _c, _t: 0.5, lambda: 0, noise_codes=2.0, seed=3) for _ in range(2))
    codes = [int.from_bytes(adc.transfer([1, 0x80, 0]), "big") for _ in range(2_000)]
    assert statistics.fmean(codes) == pytest.approx(511.5, abs=0.5)
    assert statistics.stdev(codes) == pytest.approx(2.0, rel=0.1)
    assert codes[:50] == [int.from_bytes(same.transfer([1, 0x80, 0]), "big") for _ in range(50)]


def test_conversion_uses_the_share_at_its_time() -> None:
    """A channel whose share changes with time is read at the time of the conversion."""
    clock = HandClock()
    adc = EmulatedMcp3008(lambda _channel, now_us: now_us / 1_000, clock.now_us)
    device = MCP3008(0, pin_factory=SimulatedPinFactory(clock, adc))
    clock.us = 250
    assert device.raw_value == 256
    clock.us = 750
    assert device.raw_value == 768
    device.close()
