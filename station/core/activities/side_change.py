"""The change of sides: the heel at work goes up for a second, then the other one comes down.

With two plates the other heel may be down already; with a single plate the same plate must come down again.
"""

from __future__ import annotations

from station.core.events import SECOND_US, Side
from station.core.sensing.sensors import BoardSensors, HeelChange, SensorChange

MIN_OLD_HEEL_UP_US = 1 * SECOND_US
"""A shorter lift of the old heel is a wobble."""


class SideChange:
    """One change of sides to `side`. Its methods answer since when the new side stands, once it does."""

    def __init__(self, sensors: BoardSensors, side: Side, at_us: int) -> None:
        self._sensors = sensors
        self._new_plate, self._old_plate = sensors.plate_for(side), sensors.plate_for(side.other)
        self._began_us = at_us
        self._old_up_since_us = at_us if self._old_plate.down is False else None
        self._old_released_us: int | None = None

    @property
    def due_us(self) -> int | None:
        """When the old heel will have been up for long enough."""
        return (
            self._old_up_since_us + MIN_OLD_HEEL_UP_US
            if self._old_released_us is None and self._old_up_since_us is not None
            else None
        )

    def on_alarm(self) -> int | None:
        """`due_us` has come."""
        self._old_released_us = self.due_us
        if not self._sensors.has_single_plate and self._new_plate.is_known_down:
            return self._old_released_us
        return None

    def on_heel_change(self, change: HeelChange) -> int | None:
        """A heel has changed."""
        plate = self._sensors.plate_for(change.side)
        if plate is self._old_plate and self._old_released_us is None:
            self._old_up_since_us = None if change.down else max(change.since_us, self._began_us)
        elif plate is self._new_plate and self._old_released_us is not None and change.down:
            return max(change.since_us, self._old_released_us)
        return None

    def on_sensor_change(self, change: SensorChange) -> int | None:
        """A sensor is lost or back."""
        back = (
            not change.is_lost and change.side is not None and self._sensors.plate_for(change.side) is self._new_plate
        )
        if back and self._new_plate.down and self._old_released_us is not None and not self._sensors.has_single_plate:
            return max(change.since_us, self._old_released_us)
        return None
