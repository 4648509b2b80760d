"""The cost of reading the distance sensor: our reader compared with the driver's own blocking `range`.

Both talk to the emulated sensor in real time. Each runs in its own thread; only that thread's processor time counts,
including model and bus. The figure is taken on the emulated bus as the demonstration runs it, where a transaction takes
no time. `python -m tests.bench.ranging` also prints it for two harder buses:

- one that keeps the processor for as long as a transaction takes at 400 kHz, so that our reader is charged for bus time
  which the blocking `range` spends waiting anyway: about 1/45 on a quiet machine;
- one that sleeps meanwhile, as Linux does, but oversleeps twofold, so that the driver asks half as often as on a real
  bus: about 1/25.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from threading import Event as Signal
from threading import Thread

from adafruit_vl53l0x import VL53L0X
from gpiozero import DigitalInputDevice
from gpiozero.pins.mock import MockFactory

from station.clock import SystemClock
from station.core.events import SECOND_US, Event
from station.devices.board import RangeSensorTask
from station.devices.pacer import DeadlineThread
from station.devices.range_parts import RangeTiming
from station.devices.range_sensor import RangeReader
from station.simulator.i2c import SimulatedI2C
from station.simulator.vl53l0x import EmulatedVl53l0x

MEASURED_S = 2.0
TRIES = 3
"""The best of several tries counts, because other programs slow some down."""

INTERRUPT_PIN = 17
Spend = Callable[[int], None]


def sleep_for(us: int) -> None:
    """A bus that sleeps while it talks, and oversleeps."""
    time.sleep(us / SECOND_US)


def spin_for(us: int) -> None:
    """A bus that keeps the processor busy while it talks."""
    until_ns = time.perf_counter_ns() + us * 1000
    while time.perf_counter_ns() < until_ns:
        pass


class Board:
    """The emulated sensor and its bus in real time; a thread advances the sensor, so that its interrupt line falls."""

    def __init__(self, spend_us: Spend | None) -> None:
        self.clock = SystemClock()
        self.model = EmulatedVl53l0x(self.clock.now_us, lambda _at_us: 170.0)
        self.bus = SimulatedI2C([self.model], spend_us)
        self._over = Signal()
        self._thread = Thread(target=self._beat)

    def __enter__(self) -> Board:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.is_set():
            ready_us = self.model.next_due_us()
            wait_us = 1_000 if ready_us is None else max(0, ready_us - self.clock.now_us())
            self._over.wait(wait_us / SECOND_US)
            self.model.run_due(self.clock.now_us())


def cost_of_blocking_range(spend_us: Spend | None) -> float:
    """Processor seconds per reading of the driver's `range` in continuous mode, at the reader's timing budget."""
    costs: list[float] = []

    def read() -> None:
        with Board(spend_us) as board:
            time.sleep(0.01)
            driver = VL53L0X(board.bus, io_timeout_s=1.0)
            driver.measurement_timing_budget = RangeTiming().timing_budget_us
            driver.start_continuous()
            before = time.thread_time()
            until = time.monotonic() + MEASURED_S
            count = 0
            while time.monotonic() < until:
                _ = driver.range
                count += 1
            costs.append((time.thread_time() - before) / count)

    thread = Thread(target=read)
    thread.start()
    thread.join()
    return costs[0]


class Tally:
    """The processor time and transactions at each reading."""

    def __init__(self, bus: SimulatedI2C) -> None:
        self._bus = bus
        self._marks: list[tuple[float, int]] = []

    def post(self, _toe: Event) -> None:
        self._marks.append((time.thread_time(), self._bus.transactions))

    def a_reading(self) -> tuple[float, float]:
        """Processor seconds (the median, because other programs disturb some) and mean transactions per reading."""
        seconds = median(after[0] - before[0] for before, after in pairwise(self._marks))
        return seconds, (self._marks[-1][1] - self._marks[0][1]) / (len(self._marks) - 1)


def cost_of_reader(spend_us: Spend | None) -> tuple[float, float]:
    """Processor seconds and transactions per reading of our reader as the board runs it, with the interrupt line."""
    with Board(spend_us) as board:
        factory = MockFactory()
        line = DigitalInputDevice(INTERRUPT_PIN, pull_up=True, pin_factory=factory)
        pin = factory.pin(INTERRUPT_PIN)
        board.model.on_interrupt = lambda level: pin.drive_high() if level else pin.drive_low()
        tally = Tally(board.bus)
        ranging = RangeSensorTask(RangeReader(lambda: board.bus, interrupt=line), tally.post, _ignore_fault)
        pacer = DeadlineThread(ranging, board.clock, _unexpected, name="distance sensor")
        ranging.wake = pacer.wake
        pacer.start()
        time.sleep(MEASURED_S)
        pacer.close()
        ranging.close()
    return tally.a_reading()


def _ignore_fault(_part: str, fault: str | None) -> None:
    if fault is not None:
        raise RuntimeError(fault)


def _unexpected(error: Exception) -> None:
    raise error


def figures() -> dict[str, dict[str, float | str]]:
    """The figures for the bench."""
    ours_s, transactions = min(cost_of_reader(None) for _ in range(TRIES))
    return {
        "ranging_cpu_ratio": {"value": round(ours_s / cost_of_blocking_range(None), 5), "unit": "ratio"},
        "i2c_transactions_per_reading": {"value": round(transactions, 2), "unit": "transactions"},
    }


def report() -> None:
    """Print what both cost on each kind of bus."""
    for name, spend_us in (("bus sleeps", sleep_for), ("bus spins", spin_for), ("bus takes no time", None)):
        theirs_s = cost_of_blocking_range(spend_us)
        ours_s, transactions = min(cost_of_reader(spend_us) for _ in range(TRIES))
        sys.stdout.write(
            f"{name}: {ours_s * 1e6:.0f} µs a reading against {theirs_s * 1e6:.0f} µs, 1/{theirs_s / ours_s:.0f};"
            f" {transactions:.2f} transactions\n"
        )


if __name__ == "__main__":
    report()
