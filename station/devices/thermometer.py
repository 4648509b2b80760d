"""The temperature beside the distance sensor, if the board has a thermometer that the kernel reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from station.core.events import SECOND_US

READ_INTERVAL_US = 60 * SECOND_US
"""Rooms change slowly, and a 1-Wire thermometer takes most of a second to answer."""
MAX_CELSIUS = 85.0
"""A DS18B20's value before its first measurement, and hotter than any room."""


class Thermometer:
    """A file with thousandths of a degree, as `w1` and `hwmon` provide. `celsius` is `None` while unknown."""

    def __init__(self, path: Path, report_fault: Callable[[str | None], None]) -> None:
        """`report_fault` is called with a sentence when the file has no temperature, with `None` when it has again."""
        self._path = path
        self._report_fault = report_fault
        self._due_us = 0
        self._reported_fault: str | None = None
        self.celsius: float | None = None

    def next_due_us(self) -> int | None:
        """When to read it next."""
        return self._due_us

    def run_due(self, now_us: int) -> None:
        """Read it."""
        self._due_us = now_us + READ_INTERVAL_US
        try:
            celsius = int(self._path.read_text(encoding="ascii")) / 1000
            if not -MAX_CELSIUS < celsius < MAX_CELSIUS:
                raise ValueError(f"it says {celsius:g} degrees")
        except (OSError, ValueError) as error:
            reason = (
                error.strerror if isinstance(error, OSError) else "it holds no thousandths of a degree from -85 to 85"
            )
            self.celsius = None
            self._report_if_new(
                f"The thermometer {self._path} cannot be read ({reason}): check its wire, and "
                "range_sensor.thermometer in the configuration; everything else works without it."
            )
        else:
            self.celsius = celsius
            self._report_if_new(None)

    def _report_if_new(self, sentence: str | None) -> None:
        if sentence != self._reported_fault:
            self._reported_fault = sentence
            self._report_fault(sentence)

    def close(self) -> None:
        """Does nothing: no file is kept open."""
