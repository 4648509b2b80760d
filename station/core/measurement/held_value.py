"""A value as a display shows it: it holds still while readings wander about it."""

from __future__ import annotations

SHOWN_STEP_MM = 1.0
"""Pages round a toe distance to 0.1 cm. Of a still VL53L0X (2 h, a median of half a second ten times a second) the
number changes 5 instead of 140 times a minute."""


class HeldValue:
    """Follows readings so that it is never more than `step` away from the last one, and moves no more than that needs.

    A reading that only wanders leaves it where it is, also at the border between two rounded numbers.
    """

    def __init__(self, step: float) -> None:
        self._step = step
        self._value: float | None = None

    def update(self, reading: float | None) -> float | None:
        """Take a reading, or `None` if there is none, and return the value: the first reading after that as it is."""
        if reading is None or self._value is None:
            self._value = reading
        else:
            self._value = min(max(self._value, reading - self._step), reading + self._step)
        return self._value
