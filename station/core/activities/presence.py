"""Detects a person who steps on and stands still, which starts a session hands-free.

A heel that is down for two seconds, and steady if its load is measured, means that a person wants to start; an ADC
stuck at an end of its scale does not count. Only a new step on counts: a person already on the board has to step off
first, so that the end of one routine does not start the next.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from station.core.activities.engine import Activity
from station.core.events import SECOND_US, Side
from station.core.sensing.heel_load import HeelLoad
from station.core.sensing.sensors import BoardSensors, Change, HeelChange
from station.core.state import IdleState


class PresenceRules(Struct, frozen=True):
    """When a person who steps on counts as standing still."""

    still_us: int = 2 * SECOND_US
    max_still_cv: float = 0.10


class Presence(Activity):
    """Waits for a person. Complete as soon as they stand still; `side` is then the one that stepped on last."""

    def __init__(self, sensors: BoardSensors, *, is_occupied: bool, rules: PresenceRules | None = None) -> None:
        """`is_occupied`: the board has not been empty since the last activity."""
        super().__init__(sensors)
        self._rules = rules or PresenceRules()
        self._was_empty = not is_occupied
        self._standing_since_us: int | None = None
        self.side: Side | None = None
        self.empty_since_us: int | None = None
        """Since when no heel is known to be down."""

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._update_presence(at_us)

    def watched_sides(self) -> Sequence[Side]:
        return tuple(Side)

    def on_change(self, change: Change) -> None:
        if isinstance(change, HeelChange) and not change.down and self._is_no_other_plate_down(change.side):
            self._was_empty = True
        self._update_presence(change.since_us if isinstance(change, HeelChange) else change.at_us)

    def _is_no_other_plate_down(self, side: Side) -> bool:
        """Whether no other plate is known to be down. `side` itself may be down again: a change reports the past."""
        return not any(plate.is_known_down for plate in self.sensors.plates if plate.side is not side)

    def _update_presence(self, since_us: int) -> None:
        down = [plate for plate in self.sensors.plates if plate.is_known_down]
        if down:
            self.empty_since_us = None
            self._standing_since_us = max(plate.debouncer.since_us for plate in down) if self._was_empty else None
        else:
            self._standing_since_us = None
            self.empty_since_us = since_us if self.empty_since_us is None else self.empty_since_us
        self.due_us = None if self._standing_since_us is None else self._standing_since_us + self._rules.still_us

    def on_alarm(self, at_us: int) -> None:
        down = [plate for plate in self.sensors.plates if plate.is_known_down]
        if all(self._is_steady(plate.load, at_us) for plate in down):
            self.side = max(down, key=lambda plate: plate.debouncer.since_us).side
            self.outcome, self.due_us = "complete", None
        else:
            self.due_us = at_us + self._rules.still_us // 4

    def _is_steady(self, load: HeelLoad | None, at_us: int) -> bool:
        if load is None:
            return True
        if load.stuck_since(at_us) is not None:
            return False
        variation = load.coefficient_of_variation(at_us - self._rules.still_us, at_us)
        return variation is not None and variation < self._rules.max_still_cv

    def state_at(self, at_us: int) -> IdleState:
        return IdleState()
