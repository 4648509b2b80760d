"""Between two attempts: the person slides to the next target and stands still there."""

from __future__ import annotations

from msgspec import Struct

from station.core.activities.standing_heel import StandingHeel
from station.core.events import SECOND_US
from station.core.measurement.target import is_on_target
from station.core.sensing.sensors import BoardSensors


class MoveRules(Struct, frozen=True):
    """Where the next attempt may begin, and how long the person stands still there."""

    min_move_mm: float = 4.0
    """A person who moved this far, but not to the target, wants to try where they stand."""
    median_span_us: int = 1 * SECOND_US
    still_us: int = 1 * SECOND_US
    still_load_us: int = 2 * SECOND_US
    """The same with a measured load: its reference is taken from these two seconds."""
    elsewhere_still_us: int = 3 * SECOND_US
    """Off the target, or if no move is needed: standing still this long begins the next attempt."""
    max_slide_mm: float = 1.5
    """Between the first and the last second of that: a person who slides slowly is still on the way."""
    timeout_us: int = 45 * SECOND_US


class Repositioning:
    """One move to `target_mm`; without a target the next attempt is at the same distance.

    `is_optional`: the next attempt may be at the same distance, so standing still is enough.
    """

    def __init__(
        self,
        sensors: BoardSensors,
        heel: StandingHeel,
        began_us: int,
        baseline_mm: float | None,
        *,
        target_mm: float | None,
        is_optional: bool,
        rules: MoveRules | None = None,
    ) -> None:
        """`baseline_mm` is the median reading at the last attempt, before calibration."""
        self._rules = rules or MoveRules()
        self._sensors = sensors
        self._heel = heel
        self._began_us = began_us
        self._baseline_mm = baseline_mm
        self._target_mm = target_mm
        self._is_optional = is_optional
        self.off_mm: float | None = None
        """How far beyond the target the toes are, negative before it; `None` without a target or without a reading."""
        self.is_on_target = False
        """Whether the toes are at the target."""
        self.has_begun = False
        """Whether the person has moved at any moment."""
        self._compare_with_target(self._reading_mm(began_us))

    def is_over(self, now_us: int) -> bool:
        """Whether the person stands still where the next attempt may begin."""
        reading_mm = self._reading_mm(now_us)
        if reading_mm is None:
            return False
        self._compare_with_target(reading_mm)
        has_moved = self._has_moved(reading_mm)
        self.has_begun = self.has_begun or has_moved
        if self._is_optional:
            return self._heel.has_stood_still(self._began_us, self._rules.elsewhere_still_us, now_us)
        if self.is_on_target:
            still_us = self._rules.still_load_us if self._heel.has_load else self._rules.still_us
            return self._heel.has_stood_still(self._began_us, still_us, now_us)
        if not has_moved or self._is_sliding(reading_mm, now_us):
            return False
        return self._heel.has_stood_still(self._began_us, self._rules.elsewhere_still_us, now_us)

    def _reading_mm(self, now_us: int) -> float | None:
        return self._sensors.toe.median(now_us - self._rules.median_span_us, now_us)

    def _compare_with_target(self, reading_mm: float | None) -> None:
        if reading_mm is not None and self._target_mm is not None:
            self.off_mm = self._sensors.curve.toe_mm(reading_mm) - self._target_mm
            self.is_on_target = is_on_target(self.off_mm, was_on_target=self.is_on_target)

    def _is_sliding(self, reading_mm: float, now_us: int) -> bool:
        from_us = now_us - self._rules.elsewhere_still_us
        earlier_mm = self._sensors.toe.median(from_us, from_us + self._rules.median_span_us)
        if earlier_mm is None:
            return True
        return self._sensors.toe_difference_mm(earlier_mm, reading_mm) > self._rules.max_slide_mm

    def _has_moved(self, reading_mm: float) -> bool:
        if self._baseline_mm is None:
            return False
        return self._sensors.toe_difference_mm(self._baseline_mm, reading_mm) >= self._rules.min_move_mm
