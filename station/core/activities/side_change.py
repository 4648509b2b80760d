"""The change of sides: the old heel rises for a second, then the other heel comes down.

With two plates the other heel may be down already; with a single plate the same plate must come down again. If the old
heel stays down for ten seconds a nudge is due: the person missed SWITCH, or stands on both feet and does not know which
one to lift.
"""

from __future__ import annotations

from station.core.activities.waiting import earliest
from station.core.events import SECOND_US, Side
from station.core.sensing.sensors import BoardSensors, HeelChange, SensorChange

MIN_OLD_HEEL_UP_US = 1 * SECOND_US
"""A shorter lift of the old heel is a wobble."""
NUDGE_AFTER_US = 10 * SECOND_US


class SideChange:
    """One change of sides to `side`. The `on_` methods return since when the person has stood on it, or `None`."""

    def __init__(self, sensors: BoardSensors, side: Side, at_us: int, timeout_us: int) -> None:
        self._sensors = sensors
        self._new_plate, self._old_plate = sensors.plate_for(side), sensors.plate_for(side.other)
        self._began_us = at_us
        self._deadline_us = at_us + timeout_us
        self._old_up_since_us = at_us if self._old_plate.down is False else None
        self._old_released_us: int | None = None
        self._is_nudged = False

    @property
    def due_us(self) -> int:
        """When the old heel will have been up for long enough, a nudge is due, or the change times out."""
        due_us = earliest(self._release_due_us, self._nudge_due_us, self._deadline_us)
        assert due_us is not None
        return due_us

    @property
    def is_old_heel_down(self) -> bool:
        """Whether the old heel is down, and has not been up yet."""
        return self._old_released_us is None and self._old_plate.is_known_down

    @property
    def _nudge_due_us(self) -> int | None:
        if self._is_nudged or not self.is_old_heel_down:
            return None
        return max(self._old_plate.debouncer.since_us, self._began_us) + NUDGE_AFTER_US

    def pop_nudge(self, now_us: int) -> bool:
        """Whether to nudge the person at `now_us`; true once."""
        nudge_us = self._nudge_due_us
        self._is_nudged = self._is_nudged or (nudge_us is not None and now_us >= nudge_us)
        return nudge_us is not None and self._is_nudged

    @property
    def _release_due_us(self) -> int | None:
        return (
            self._old_up_since_us + MIN_OLD_HEEL_UP_US
            if self._old_released_us is None and self._old_up_since_us is not None
            else None
        )

    def has_timed_out(self, now_us: int) -> bool:
        """Whether the person has not changed sides in time."""
        return now_us >= self._deadline_us

    def on_alarm(self) -> int | None:
        """`due_us` has passed, and the change has not timed out."""
        self._old_released_us = self._release_due_us
        if not self._sensors.has_single_plate and self._new_plate.is_known_down:
            return self._old_released_us
        return None

    def on_change(self, change: HeelChange | SensorChange) -> int | None:
        """A heel has changed, or a sensor is lost or back."""
        return self.on_heel_change(change) if isinstance(change, HeelChange) else self.on_sensor_change(change)

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
        is_back = (
            not change.is_lost and change.side is not None and self._sensors.plate_for(change.side) is self._new_plate
        )
        if (
            is_back
            and self._new_plate.down
            and self._old_released_us is not None
            and not self._sensors.has_single_plate
        ):
            return max(change.since_us, self._old_released_us)
        return None
