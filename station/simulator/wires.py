"""Faulty wires, below the drivers: one wire open, shorted to ground or to 3.3 V, or two swapped.

A line is the BCM number of its pin. The MCP3008's inputs (`channel_line`) and the rails (from `FIRST_RAIL` on, in the
order of `RAILS`) have their own numbers.
`SimulatedBoard.put_fault` adds a fault; `WireFault.meter_v` is what a voltmeter shows while the buses are busy.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct

from hardware import pins
from hardware.wiring import RAILS
from station.simulator.adc import ChannelShare, EmulatedMcp3008
from station.simulator.i2c import I2cDevice, SimulatedI2C

SDA, SCL = (pin.bcm for pin in pins.I2C)
CS, MISO, MOSI, CLK = (pin.bcm for pin in pins.SPI)
SPI = (CS, MISO, MOSI, CLK)
PRESSED_V = 1.4
"""A channel of the MCP3008 under a hand of 150 N."""
PULLED_UP = (SDA, SCL)
"""Lines with pull-ups on the sensor board, so that the far end of an open one is high; a pressed force sensor does the
same to its line."""
BUSY_SHARE = 0.8
"""The share of the time during which `keep_busy` selects the MCP3008 and sends ones."""
SUPPLY_V, LOW_V = 3.3, 0.0
BUSY_V = {
    SDA: 2.5,
    SCL: 2.5,
    CS: SUPPLY_V * (1 - BUSY_SHARE),
    MOSI: SUPPLY_V * BUSY_SHARE,
    CLK: SUPPLY_V * BUSY_SHARE / 2,
    MISO: LOW_V,
    pins.BUZZER.bcm: SUPPLY_V / 2,
    pins.KNEE_PAD.bcm: LOW_V,
}
"""The mean voltage of a busy line, as a voltmeter shows it; the MCP3008 answers ones with zeros, the pad is pressed."""
LOST_SUPPLY_V, LOST_GROUND_V = 0.2, 2.8
"""A part without its supply, and the ground of a part without its ground, which the part's own current lifts."""


def channel_line(channel: int) -> int:
    """The line to this input of the MCP3008."""
    return 100 + channel


FIRST_RAIL = 200


class FaultKind(StrEnum):
    """What is wrong with a wire."""

    OPEN = "open"
    GROUND = "shorted to ground"
    SUPPLY = "shorted to 3.3 V"
    SWAPPED = "swapped"


class WireFault(Struct, frozen=True):
    """One fault of the line `first` and, if two are swapped, of `second`."""

    kind: FaultKind
    first: int
    second: int | None = None
    dead: frozenset[int] = frozenset()
    """The lines of the part that has lost its supply or its ground; `SimulatedBoard.put_fault` knows them."""

    @property
    def lines(self) -> tuple[int, ...]:
        return (self.first,) if self.second is None else (self.first, self.second)

    def far_line(self, line: int) -> int:
        """The line at whose far end this line of the Pi arrives; works in the other direction too."""
        if self.second is None or line not in self.lines:
            return line
        return self.second if line == self.first else self.first

    def tied_level(self, line: int) -> bool | None:
        """The level to which a short ties this line."""
        if line != self.first or self.kind not in (FaultKind.GROUND, FaultKind.SUPPLY):
            return None
        return self.kind is FaultKind.SUPPLY

    def is_cut(self, line: int) -> bool:
        """Whether nothing gets through this line."""
        return self.kind is FaultKind.OPEN and (line == self.first or line in self.dead)

    def meter_v(self, line: int, *, far: bool) -> float:
        """A voltmeter at this line, in V, at the part's end (`far`) or at the Pi's, while `keep_busy` runs."""
        tied = self.tied_level(line)
        if tied is not None:
            return SUPPLY_V if tied else LOW_V
        if line >= FIRST_RAIL:
            return self._rail_v(line)
        if self.first >= FIRST_RAIL and (lost_v := self._lost_v(line)) is not None:
            return lost_v
        if far and self.is_cut(line):
            return SUPPLY_V if line in PULLED_UP or line >= channel_line(0) else LOW_V
        return BUSY_V.get(self.far_line(line) if far else line, SUPPLY_V if line < channel_line(0) else PRESSED_V)

    def _rail_v(self, line: int) -> float:
        """The voltage at the far end of a rail."""
        is_supply = RAILS[line - FIRST_RAIL].is_supply
        if line == self.first:
            return LOST_SUPPLY_V if is_supply else LOST_GROUND_V
        return SUPPLY_V if is_supply else LOW_V

    def _lost_v(self, line: int) -> float | None:
        """The voltage of a line of a part without supply or ground, if that changes it while a hand presses."""
        rail = RAILS[self.first - FIRST_RAIL]
        heels = {channel_line(pins.CHANNEL_LEFT): "left heel", channel_line(pins.CHANNEL_RIGHT): "right heel"}
        if rail.name.startswith(heels.get(line, "no heel")):
            return LOW_V if rail.is_supply else SUPPLY_V
        return SUPPLY_V if rail.name == "knee pad ground" and line == pins.KNEE_PAD.bcm else None


class _StuckLow:
    """A bus whose data line is at ground: every address acknowledges, every bit is 0."""

    def acknowledges(self, address: int) -> bool:
        return True

    def write(self, data: bytes) -> None:
        """Do nothing."""

    def read(self, count: int) -> bytes:
        return bytes(count)


class FaultyI2c(SimulatedI2C):
    """A bus with a fault in SDA or SCL, as a Raspberry Pi up to the 4 sees it."""

    def __init__(self, devices: Sequence[I2cDevice], spend_us: Callable[[int], None] | None, fault: WireFault) -> None:
        super().__init__(devices, spend_us)
        self._fault = fault

    def _acknowledging_device(self, address: int, count: int) -> I2cDevice:
        device: I2cDevice = _StuckLow()
        if self._fault.tied_level(SCL) is False:
            raise OSError(errno.ETIMEDOUT, "Connection timed out")
        if self._fault.tied_level(SDA) is not False:
            device = super()._acknowledging_device(address, count)
            if {SDA, SCL} & {*self._fault.lines, *self._fault.dead}:
                raise OSError(errno.EREMOTEIO, "Remote I/O error")
        return device


def faulty_transfer(adc: EmulatedMcp3008, fault: WireFault) -> Callable[[Sequence[int]], list[int]]:
    """The transfer of an MCP3008 behind these wires.

    A chip that is always selected never starts a conversion; with data and clock swapped it gets too few clocks.
    """
    healthy = adc.transfer

    def transfer(words: Sequence[int]) -> list[int]:
        if fault.tied_level(MISO):
            return [0xFF] * len(words)
        if fault.tied_level(MOSI):
            return healthy([0xFF] * len(words))
        return [0] * len(words)

    return transfer


def faulty_share(share: ChannelShare, fault: WireFault) -> ChannelShare:
    """The voltage at the MCP3008's inputs behind these wires."""

    def share_through_wires(channel: int, at_us: int) -> float:
        line = channel_line(channel)
        if (tied := fault.tied_level(line)) is not None:
            return float(tied)
        if line in fault.dead and not RAILS[fault.first - FIRST_RAIL].is_supply:
            return 1.0  # without the divider's resistor only the force sensor pulls the input, upwards
        return 0.0 if fault.is_cut(line) else share(fault.far_line(line) - channel_line(0), at_us)

    return share_through_wires
