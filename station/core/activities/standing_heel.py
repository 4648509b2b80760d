"""The heel that a person being tested stands on: since when it has been down or up, and how still.

A test uses the sensors' present state, an exercise the changes that they have reported (`working_heels`).
"""

from __future__ import annotations

from msgspec import Struct

from station.core.events import SECOND_US, Side
from station.core.sensing.sensors import BoardSensors, HeelChange, SensorChange
from station.core.state import ResumeNeed


class SteadyRules(Struct, frozen=True):
    """When a person counts as standing still: the span, and the load's and the distance's changes within it."""

    span_us: int = 2 * SECOND_US
    max_load_cv: float = 0.10
    max_drift_mm: float = 4.0


class StandingHeel:
    """The heel of one side at a time. With a single plate it is the same for both sides."""

    def __init__(self, sensors: BoardSensors, side: Side, rules: SteadyRules | None = None) -> None:
        self._rules = rules or SteadyRules()
        self._sensors = sensors
        self.down_since_us: int | None = None
        self.up_since_us: int | None = None
        self.follow(side)

    def follow(self, side: Side) -> None:
        """Follow the heel of `side` from now on."""
        self._plate = self._sensors.plate_for(side)
        self.sync()

    def sync(self) -> None:
        """Take the sensor's present state: neither down nor up while that is unknown."""
        since_us = self._plate.debouncer.since_us
        self.down_since_us = since_us if self._plate.is_known_down else None
        self.up_since_us = since_us if self._plate.down is False else None

    @property
    def is_down(self) -> bool:
        return self.down_since_us is not None

    @property
    def has_load(self) -> bool:
        """Whether the plate measures a load rather than only a level."""
        return self._plate.load is not None

    @property
    def is_sensor_lost(self) -> bool:
        """Whether the heel or the distance is unknown."""
        return self._sensors.toe.lost_reason is not None or self._plate.lost_reason is not None

    @property
    def missing(self) -> ResumeNeed | None:
        """What is missing before a test can go on from a pause."""
        if self._sensors.toe.lost_reason is not None:
            return ResumeNeed.DISTANCE_SENSOR
        if self._plate.lost_reason is not None:
            return ResumeNeed.HEEL_SENSOR
        return None if self.is_down else ResumeNeed.HEEL

    @property
    def is_other_down(self) -> bool:
        """Whether the person stands on another plate."""
        return any(plate.is_known_down for plate in self._sensors.plates if plate is not self._plate)

    def is_sensed_on(self, side: Side) -> bool:
        """Whether the plate of `side` is the plate of this heel."""
        return self._sensors.plate_for(side) is self._plate

    def on_heel_change(self, change: HeelChange) -> None:
        self.down_since_us = change.since_us if change.down else None
        self.up_since_us = None if change.down else change.since_us

    def on_sensor_change(self, change: SensorChange) -> None:
        """The sensor of this heel is lost or back; a heel that is down counts from the first good sample."""
        self.sync()
        if not change.is_lost and self.down_since_us is not None:
            self.down_since_us = max(change.since_us, self.down_since_us)

    def renew_reference(self, now_us: int) -> None:
        """Take the load of the last two seconds, if steady, as the standing load."""
        if self._plate.load is not None:
            self._plate.load.update_reference(now_us)

    def is_steady(self, since_us: int, now_us: int) -> bool:
        """Whether the load and the distance have been steady with the heel down, all of it after `since_us`."""
        from_us, middle_us = now_us - self._rules.span_us, now_us - self._rules.span_us // 2
        if not self._has_been_down(since_us, from_us):
            return False
        if self._plate.load is not None:
            variation = self._plate.load.coefficient_of_variation(from_us, now_us)
            if variation is None or variation >= self._rules.max_load_cv:
                return False
        earlier_mm = self._sensors.toe.median(from_us, middle_us)
        later_mm = self._sensors.toe.median(middle_us, now_us)
        if earlier_mm is None or later_mm is None:
            return False
        return self._sensors.toe_difference_mm(earlier_mm, later_mm) <= self._rules.max_drift_mm

    def has_stood_still(self, since_us: int, span_us: int, now_us: int) -> bool:
        """Whether the readings have been still for `span_us` with the heel down, all of it after `since_us`."""
        from_us = now_us - span_us
        return self._has_been_down(since_us, from_us) and self._sensors.toe.is_still(from_us, now_us)

    def _has_been_down(self, since_us: int, from_us: int) -> bool:
        return self.down_since_us is not None and max(self.down_since_us, since_us) <= from_us
