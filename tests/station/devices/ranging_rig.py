"""The real reader and driver on the emulated sensor, bus and pins, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from station.core.events import SECOND_US, Toe
from station.devices.range_parts import RangeTiming
from station.devices.range_sensor import RangeReader
from station.devices.ranging import open_range_reader
from station.simulator.board import CHIPS
from station.simulator.i2c import SimulatedI2C
from station.simulator.noise import NoiseParameters
from station.simulator.pins import SimulatedPinFactory

QUIET = NoiseParameters(scatter_mm=0.0, wander=(), warm_up_mm=0.0)
INTERRUPT_PIN, XSHUT_PIN = 17, 4
WIRINGS = [(True, True), (True, False), (False, True), (False, False)]
"""Whether the interrupt line and XSHUT are wired."""
wirings = pytest.mark.parametrize(("interrupt", "xshut"), WIRINGS)
xshut_or_not = pytest.mark.parametrize("xshut", [True, False])


class Rig:
    """One sensor at 170 mm from a wall, with a reader on it, and the clock of both. `toes` are the readings so far."""

    def __init__(
        self,
        *,
        interrupt: bool = True,
        xshut: bool = True,
        times: RangeTiming | None = None,
        figures: NoiseParameters = QUIET,
        offset_mm: float | None = -25.0,
        gain: float | None = 1.0,
        seed: int = 0,
        kind: str = "VL53L0X",
    ) -> None:
        self.time_us = 10_000
        self.target_mm: float | None = 170.0
        self.kind = kind
        self.model = CHIPS[kind](
            self.now_us,
            lambda _at_us: self.target_mm,
            seed=seed,
            noise=figures,
            offset_mm=offset_mm,
            gain=gain,
        )
        self.time_us += 10_000
        self.bus = SimulatedI2C([self.model], self.spend)
        self.interrupt, self.xshut, self.times = interrupt, xshut, times
        self.mishaps: dict[int, Callable[[Rig], None]] = {}
        self.toes: list[Toe] = []
        self.faults: list[str] = []
        self.reader = self.new_reader()

    def spend(self, us: int) -> None:
        self.time_us += us
        mishap = self.mishaps.pop(self.bus.transactions - 1, None)
        if mishap is not None:
            mishap(self)

    def at_transaction(self, number: int, mishap: Callable[[Rig], None]) -> None:
        """Run a mishap during the transaction of this number."""
        self.mishaps[number] = mishap

    def now_us(self) -> int:
        return self.time_us

    def utc_now(self) -> datetime:
        return datetime.fromtimestamp(self.time_us / SECOND_US, UTC)

    def new_reader(self) -> RangeReader:
        """A reader like that of a new process."""
        pins = SimulatedPinFactory(self)
        reader = open_range_reader(
            interrupt_pin=INTERRUPT_PIN if self.interrupt else None,
            xshut_pin=XSHUT_PIN if self.xshut else None,
            kind=self.kind,
            timing=self.times,
            open_bus=lambda: self.bus,
            pin_factory=pins,
        )
        self.line = pins.pin(INTERRUPT_PIN)
        self.line.drive(self.model.interrupt_level)
        self.model.on_interrupt = self.line.drive
        self.reset_line = pins.pin(XSHUT_PIN)
        self.reset_line.listeners.append(lambda output: self.model.set_xshut(output.duty > 0))
        return reader

    def run(self, seconds: float) -> list[Toe]:
        """Let time pass; returns the readings that came in."""
        until_us = self.time_us + round(seconds * SECOND_US)
        before = len(self.toes)
        while True:
            due_us = min(self.reader.next_poll_us, self.model.next_due_us() or until_us)
            if due_us >= until_us:
                self.time_us = max(self.time_us, until_us)
                return self.toes[before:]
            self.time_us = max(self.time_us, due_us)
            self.model.run_due(self.time_us)
            toe = self.reader.poll(self.time_us)
            if toe is not None:
                self.toes.append(toe)
            fault = self.reader.fault
            if fault is not None and fault not in self.faults:
                self.faults.append(fault)

    def run_until_read(self, limit_s: float = 15.0) -> Toe:
        """Let time pass until there is a reading."""
        until_us = self.time_us + round(limit_s * SECOND_US)
        while self.time_us < until_us:
            toes = self.run(0.05)
            if toes:
                return toes[0]
        raise AssertionError(f"no reading within {limit_s} s: {self.reader.fault}")
