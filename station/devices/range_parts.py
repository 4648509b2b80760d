"""The inputs of the distance sensor's reader: a bus, two lines, and its time limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

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


class RangeTiming(Struct, frozen=True):
    """Time limits of the distance sensor's reader."""

    timing_budget_us: int = 33_000
    """The driver's timing budget, 20,000 at least: about 30 readings a second with a scatter of 1.6 mm."""

    io_timeout_s: float = 0.25
    """The limit of each wait in the driver, usually a few ms; without it the driver may wait forever."""

    poll_interval_us: int = 5_000
    """The polling interval without the interrupt line: samples are fresh, for 2 % of a core."""

    first_poll_fraction: float = 0.9
    """The share of the budget before which no sample can be ready: polling starts after it."""

    overdue_budgets: float = 3.0
    """After this many budgets without an edge the bus is polled: the edge was missed, or the line is not connected."""

    edge_timeout_us: int = 3 * SECOND_US
    """After this long without an edge while samples arrive, the interrupt line is no longer used: it is off or stuck. A
    busy machine misses several edges in a row while it starts."""

    max_silence_us: int = SECOND_US
    """A sensor without a sample for this long is lost."""

    late_us: int = 50_000
    """A poll that is later than this was delayed by a busy processor."""

    frozen_repeats: int = 20
    """This many equal valid result blocks mean a frozen sensor (ST staff); the longest real run is 6."""

    xshut_pulse_us: int = 2_000
    """XSHUT is low for this long, then the chip boots for the same time; the datasheet requires 1.2 ms."""

    first_retry_us: int = 100_000
    """The delay before the first restart: a loose contact costs a tenth of a second."""

    max_retry_us: int = 5 * SECOND_US
    """The delay doubles up to this: a cable that is plugged in again is noticed within seconds."""

    def __post_init__(self) -> None:
        if self.timing_budget_us < 20_000:
            raise ValueError(f"the timing budget is {self.timing_budget_us} µs; the sensor needs 20,000 µs at least")
