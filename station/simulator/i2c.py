"""An I2C bus with the interface of `busio`, and emulated devices on it.

A driver sees `try_lock`, `unlock`, `writeto`, `readfrom_into`, `writeto_then_readfrom` and `deinit`, and gets an
`OSError` if a device does not acknowledge, as on Linux. One message between a start and its stop (or the next start) is
one transaction: writing a register address and then reading are two, whichever method the driver uses.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

BYTE_US = 22.5
"""The time of eight bits and the acknowledge at 400 kHz."""

FRAME_US = 10.0
"""The time of start, stop and the pause between two messages at 400 kHz."""


class I2cDevice(Protocol):
    """A device as the bus uses it."""

    def acknowledges(self, address: int) -> bool:
        """Whether the device acknowledges this 7-bit address now."""

    def write(self, data: bytes) -> None:
        """The bytes of one write, without the address."""

    def read(self, count: int) -> bytes:
        """The bytes of one read."""


@dataclass(slots=True)
class BusFaults:
    """Faults of the wires.

    `nack_at` is the number of a transaction that no device acknowledges, as counted by `SimulatedI2C.transactions`;
    `nack_probability` is the share of random transactions that no device acknowledges. `stuck` is the byte that every
    read returns, while writes have no effect: a stuck data line.
    """

    nack_at: int | None = None
    nack_probability: float = 0.0
    stuck: int | None = None


class SimulatedI2C:
    """One bus. After `deinit` it can be used again, like a newly opened bus.

    `spend_us`, if given, gets the duration of each transaction in µs before the device handles it, so that a virtual
    clock can advance. `seed` is for `faults.nack_probability`.
    """

    def __init__(
        self, devices: Sequence[I2cDevice], spend_us: Callable[[int], None] | None = None, seed: int = 0
    ) -> None:
        self.devices = devices
        self.faults = BusFaults()
        self.transactions = 0
        self._spend_us = spend_us
        self._locked = False
        self._random = Random(seed)

    def try_lock(self) -> bool:
        if self._locked:
            return False
        self._locked = True
        return True

    def unlock(self) -> None:
        self._locked = False

    def deinit(self) -> None:
        self._locked = False

    def writeto(self, address: int, buffer: bytes | bytearray, *, start: int = 0, end: int | None = None) -> None:
        data = bytes(buffer[start:end])
        device = self._acknowledging_device(address, len(data))
        if self.faults.stuck is None:
            device.write(data)

    def readfrom_into(self, address: int, buffer: bytearray, *, start: int = 0, end: int | None = None) -> None:
        stop = len(buffer) if end is None else end
        answer = self._acknowledging_device(address, stop - start).read(stop - start)
        buffer[start:stop] = answer if self.faults.stuck is None else bytes([self.faults.stuck]) * len(answer)

    def writeto_then_readfrom(
        self,
        address: int,
        out_buffer: bytes | bytearray,
        in_buffer: bytearray,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        self.writeto(address, out_buffer, start=out_start, end=out_end)
        self.readfrom_into(address, in_buffer, start=in_start, end=in_end)

    def _acknowledging_device(self, address: int, count: int) -> I2cDevice:
        number = self.transactions
        self.transactions = number + 1
        if self._spend_us is not None:
            self._spend_us(round(FRAME_US + BYTE_US * (1 + count)))
        faults = self.faults
        is_nack = number == faults.nack_at or (
            faults.nack_probability > 0 and self._random.random() < faults.nack_probability
        )
        if not is_nack:
            for device in self.devices:
                if device.acknowledges(address):
                    return device
        raise OSError(errno.EREMOTEIO, "Remote I/O error")
