"""The temperature beside the distance sensor, where the board has a thermometer that the kernel reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from station.core.events import SECOND_US

EVERY_US = 60 * SECOND_US
"""Rooms change slowly, and a thermometer on one wire takes most of a second to answer."""
MOST_DEGREES = 85.0
"""What a DS18B20 says before its first measurement, and more than any room."""


class Thermometer:
    """A file with thousandths of a degree, as `w1` and `hwmon` have them. `celsius` is `None` while nobody knows."""

    def __init__(self, path: Path, tell: Callable[[str | None], None]) -> None:
        """`tell` gets the sentence of a file that says no temperature, and `None` when it does again."""
        self._path = path
        self._tell = tell
        self._due_us = 0
        self._told: str | None = None
        self.celsius: float | None = None

    def next_us(self) -> int | None:
        """When it is read next."""
        return self._due_us

    def settle(self, now_us: int) -> None:
        """Read it."""
        self._due_us = now_us + EVERY_US
        try:
            celsius = int(self._path.read_text(encoding="ascii")) / 1000
            if not -MOST_DEGREES < celsius < MOST_DEGREES:
                raise ValueError(f"it says {celsius:g} degrees")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it holds no thousandths of a degree from -85 to 85"
            self.celsius = None
            self._post(
                f"The thermometer {self._path} cannot be read ({why}): check its wire, and "
                "range_sensor.thermometer in the configuration; everything else works without it."
            )
        else:
            self.celsius = celsius
            self._post(None)

    def _post(self, sentence: str | None) -> None:
        if sentence != self._told:
            self._told = sentence
            self._tell(sentence)

    def close(self) -> None:
        """Nothing is held open."""
