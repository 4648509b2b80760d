"""An MCP3008 after its datasheet: eight inputs, ten bits, transfers of three bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from random import Random

ChannelShare = Callable[[int, int], float]
"""The voltage at a channel at a time in µs, as a share of the supply."""

CODES = 1024
FULL_SCALE_CODE = CODES - 1
START_BIT_POSITION = 16
"""The position of the start bit in three bytes when the last bit of the answer is the last bit of the third."""


class AdcState(StrEnum):
    """`ABSENT`: nothing is attached, MISO is pulled low. `HIGH`: it is stuck high."""

    OK = "ok"
    ABSENT = "absent"
    HIGH = "high"


class EmulatedMcp3008:
    """The chip on the SPI bus. `noise_codes` is the standard deviation of its noise, in codes."""

    def __init__(
        self, channel_share: ChannelShare, now_us: Callable[[], int], *, noise_codes: float = 0.0, seed: int = 0
    ) -> None:
        self.state = AdcState.OK
        self.channel_share = channel_share
        self._now_us = now_us
        self.noise_codes = noise_codes
        self._gauss = Random(seed).gauss

    def transfer(self, words: Sequence[int]) -> list[int]:
        """The bytes received while these are sent.

        The first 1 is the start bit; the kind of conversion, three bits of channel and one clock of sampling follow.
        Then the chip answers a 0 and ten bits, highest first.
        """
        if self.state is not AdcState.OK:
            return [0xFF if self.state is AdcState.HIGH else 0] * len(words)
        sent = int.from_bytes(words, "big")
        start = sent.bit_length() - 1
        if start < 4:
            return [0] * len(words)
        command = sent >> (start - 4)
        code = self._convert(command & 7, single=bool(command & 8))
        shift = start - START_BIT_POSITION
        answer = code << shift if shift >= 0 else code >> -shift
        return list(answer.to_bytes(len(words), "big"))

    def _convert(self, channel: int, *, single: bool) -> int:
        now_us = self._now_us()
        share = self.channel_share(channel, now_us)
        if not single:
            share -= self.channel_share(channel ^ 1, now_us)
        code = share * CODES
        if self.noise_codes:
            code += self._gauss(0.0, self.noise_codes)
        return min(FULL_SCALE_CODE, max(0, int(code)))


class MockSpi:
    """One opened SPI bus, as gpiozero's devices use it."""

    bits_per_word = 8

    def __init__(self, chip: EmulatedMcp3008) -> None:
        self.transfer = chip.transfer
        self.closed = False

    def close(self) -> None:
        self.closed = True
