"""A sensor of the test is lost: when it can be trusted again, and how long the person waits for it."""

from __future__ import annotations

from msgspec import Struct

from station.core.activities.standing_heel import StandingHeel
from station.core.activities.waiting import earliest
from station.core.events import SECOND_US
from station.core.sensing.sensors import SensorChange


class FaultRules(Struct, frozen=True):
    """The times of a fault."""

    recovery_us: int = 2 * SECOND_US
    """How long a heel sensor must be good before it is trusted. The distance sensor's own recovery takes as long."""
    departed_timeout_us: int = 120 * SECOND_US
    """The wait for a person who has left the board, as long as in a pause."""


class SensorFault:
    """One fault, from `began_us` until the sensors are good again."""

    def __init__(self, heel: StandingHeel, began_us: int, rules: FaultRules | None = None) -> None:
        self._rules = rules or FaultRules()
        self._heel = heel
        self._began_us = began_us
        self._recovered_us: int | None = None

    @property
    def due_us(self) -> int | None:
        """When a sensor will have recovered, or the person will have been away for too long."""
        up_since_us = self._heel.up_since_us
        if up_since_us is None:
            return self._recovered_us
        return earliest(self._recovered_us, max(up_since_us, self._began_us) + self._rules.departed_timeout_us)

    def on_sensor_back(self, change: SensorChange) -> None:
        """A sensor of the test is good again."""
        self._recovered_us = change.at_us + (0 if change.side is None else self._rules.recovery_us)

    def has_timed_out(self, now_us: int) -> bool:
        """Whether the alarm came because the person has left."""
        return self._recovered_us is None or now_us < self._recovered_us

    def is_over(self) -> bool:
        """Whether all sensors are good, now that the recovery time of one has passed."""
        self._recovered_us = None
        return not self._heel.is_sensor_lost
