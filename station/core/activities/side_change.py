"""The change of sides: the heel at work goes up for a second, then the other one comes down.

With two plates the other heel may be down already; with a single plate the same plate must come down again.
"""

from __future__ import annotations

from station.core.events import SECOND_US, Side
from station.core.sensing.sensors import HeelChange, Senses, SensorChange

OFF_US = 1 * SECOND_US
"""A shorter lift of the old heel is a wobble."""


class SideChange:
    """One change of sides to `side`. Its methods answer since when the new side stands, once it does."""

    def __init__(self, senses: Senses, side: Side, at_us: int) -> None:
        self._senses = senses
        self._new, self._old = senses.heel(side), senses.heel(side.other)
        self._began_us = at_us
        self._off_us = at_us if self._old.down is False else None
        self._free_us: int | None = None

    @property
    def due_us(self) -> int | None:
        """When the old heel will have been up for long enough."""
        return self._off_us + OFF_US if self._free_us is None and self._off_us is not None else None

    def alarm(self) -> int | None:
        """`due_us` has come."""
        self._free_us = self.due_us
        if not self._senses.single and self._new.trusted_down:
            return self._free_us
        return None

    def heel(self, change: HeelChange) -> int | None:
        """A heel has changed."""
        plate = self._senses.heel(change.side)
        if plate is self._old and self._free_us is None:
            self._off_us = None if change.down else max(change.since_us, self._began_us)
        elif plate is self._new and self._free_us is not None and change.down:
            return max(change.since_us, self._free_us)
        return None

    def sensor(self, change: SensorChange) -> int | None:
        """A sensor is lost or back."""
        back = not change.lost and change.side is not None and self._senses.heel(change.side) is self._new
        if back and self._new.down and self._free_us is not None and not self._senses.single:
            return max(change.since_us, self._free_us)
        return None
