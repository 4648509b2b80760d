"""The range sensor driver in real time, as the board runs it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from station.clock import SystemClock
from station.core.events import Event, Toe
from station.devices.board import RangeSensorTask
from station.devices.pacer import DeadlineThread
from station.devices.ranging import open_range_reader
from station.simulator.i2c import SimulatedI2C
from station.simulator.pins import SimulatedPinFactory
from station.simulator.vl53l0x import EmulatedVl53l0x
from tests.station.devices.ranging_rig import INTERRUPT_PIN, QUIET
from tests.station.process import wait_until


class RealTimeRig:
    """A reader in real time, as the board runs it, on the emulated sensor; `beat` drives the sensor."""

    def __init__(self, post: Callable[[Event], None], *, interrupt: bool = False) -> None:
        self.clock = SystemClock()
        self.model = EmulatedVl53l0x(self.clock.now_us, lambda _: 170.0, noise=QUIET, offset_mm=-25.0, gain=1.0)
        self.bus = SimulatedI2C([self.model])
        pins = SimulatedPinFactory(self.clock)
        self.model.on_interrupt = pins.pin(INTERRUPT_PIN).drive
        reader = open_range_reader(
            interrupt_pin=INTERRUPT_PIN if interrupt else None, open_bus=lambda: self.bus, pin_factory=pins
        )
        self.transactions: list[int] = []
        """The bus's at each reading."""
        self.failures: list[Exception] = []

        def count_and_post(toe: Event) -> None:
            self.transactions.append(self.bus.transactions)
            post(toe)

        self.reported: list[str | None] = []
        self.ranging = RangeSensorTask(reader, count_and_post, lambda _part, fault: self.reported.append(fault))
        self.pacer = DeadlineThread(self.ranging, self.clock, self.failures.append, name="distance sensor")
        self.ranging.wake = self.pacer.wake
        self.pacer.start()

    def beat(self) -> None:
        self.model.run_due(self.clock.now_us())

    def close(self) -> None:
        self.pacer.close()
        self.ranging.close()


def has(rig: RealTimeRig, toes: list[Event], count: int) -> Callable[[], bool]:
    def enough() -> bool:
        rig.beat()
        return len(toes) >= count

    return enough


@pytest.mark.parametrize("interrupt", [True, False])
def test_real_time(interrupt: bool) -> None:
    """In real time readings come on the line's edges or in turns, and closing, even twice, ends the ranging.

    A machine that is late makes the reader ask more often, so the cheapest of ten readings counts.
    """
    toes: list[Event] = []
    rig = RealTimeRig(toes.append, interrupt=interrupt)
    wait_until(has(rig, toes, 11), "no readings")
    assert min(after - before for before, after in pairwise(rig.transactions)) <= (6 if interrupt else 30)
    rig.close()
    rig.close()
    assert {toe.reading_mm for toe in toes if isinstance(toe, Toe)} == {145}
    assert (rig.failures, [fault for fault in rig.reported if fault]) == ([], [])


def test_real_time_goes_on_after_an_error() -> None:
    """An exception from outside the sensor is passed on, and reading continues."""
    toes: list[Event] = []

    def post(toe: Event) -> None:
        toes.append(toe)
        if len(toes) == 2:
            raise KeyError("surprise")

    rig = RealTimeRig(post)
    wait_until(has(rig, toes, 5), "it does not go on")
    rig.close()
    assert [type(error) for error in rig.failures] == [KeyError]
