"""What the distance sensor's reader is given: a bus, two lines, and how long to wait for what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from station.core.events import SECOND_US


class I2cBus(Protocol):
    """The part of `busio.I2C` that the driver uses."""

    def try_lock(self) -> bool: ...

    def unlock(self) -> None: ...

    def deinit(self) -> None: ...

    def writeto(self, address: int, buffer: bytes | bytearray, *, start: int = 0, end: int | None = None) -> None: ...

    def readfrom_into(self, address: int, buffer: bytearray, *, start: int = 0, end: int | None = None) -> None: ...


class InputLine(Protocol):
    """An input pin; active is low."""

    when_activated: Callable[[], None] | None

    @property
    def is_active(self) -> bool: ...

    def close(self) -> None: ...


class OutputLine(Protocol):
    """An output pin."""

    def on(self) -> None: ...

    def off(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RangeTiming:
    """How long to wait for what."""

    timing_budget_us: int = 33_000
    """The driver's timing budget, 20,000 at least: about 30 readings a second with a scatter of 1.6 mm."""

    io_timeout_s: float = 0.25
    """For each wait inside the driver, which are a few ms; without it the driver waits for ever."""

    poll_interval_us: int = 5_000
    """Without the interrupt line, between two questions whether a sample is ready: fresh, for 2 % of a core."""

    first_poll_fraction: float = 0.9
    """The share of the budget before which no sample can be ready, so that nobody asks."""

    overdue_budgets: float = 3.0
    """After so many budgets without an edge the bus is asked: the edge was missed, or the line is not connected."""

    edge_timeout_us: int = 3 * SECOND_US
    """An interrupt line without an edge for so long, while samples come, is given up: it is off or stuck. A busy board
    misses some edges in a row while it starts."""

    max_silence_us: int = SECOND_US
    """A sensor that has no sample for so long is lost (the flows say 1.0 s)."""

    frozen_repeats: int = 20
    """So many equal result blocks come from a frozen sensor (ST staff); the longest real run of equal ranges is 6."""

    xshut_pulse_us: int = 2_000
    """XSHUT is low for so long, and then the chip boots for so long; the datasheet asks for 1.2 ms."""

    first_retry_us: int = 100_000
    """The first new start is at once for a person: a loose contact costs one tenth of a second."""

    max_retry_us: int = 5 * SECOND_US
    """Waits double up to this: a cable that is put back is noticed within the time it takes to look up."""

    def __post_init__(self) -> None:
        if self.timing_budget_us < 20_000:
            raise ValueError(f"the timing budget is {self.timing_budget_us} µs; the sensor needs 20,000 µs at least")
