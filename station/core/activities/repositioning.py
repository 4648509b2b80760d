"""Between two attempts: the person slides to the next target and stands still there."""

from __future__ import annotations

from dataclasses import dataclass

from station.core.activities.standing_heel import StandingHeel
from station.core.events import SECOND_US
from station.core.sensing.sensors import BoardSensors


@dataclass(frozen=True, slots=True)
class MoveRules:
    """How far a person moves at least, and how long they stand still afterwards."""

    min_move_mm: float = 4.0
    median_span_us: int = 1 * SECOND_US
    still_us: int = 1 * SECOND_US
    still_load_us: int = 2 * SECOND_US
    """With a measured load, whose reference is taken from these two seconds."""
    optional_still_us: int = 3 * SECOND_US
    """Where nobody has to move, standing still alone begins the next attempt."""
    timeout_us: int = 45 * SECOND_US


class Repositioning:
    """One move. `is_optional`: the next attempt may be at the same distance, so standing still is enough."""

    def __init__(
        self,
        sensors: BoardSensors,
        heel: StandingHeel,
        began_us: int,
        baseline_mm: float | None,
        *,
        is_optional: bool,
        rules: MoveRules | None = None,
    ) -> None:
        """`baseline_mm` is the median reading at the last attempt, before calibration."""
        self._rules = rules or MoveRules()
        self._sensors = sensors
        self._heel = heel
        self._began_us = began_us
        self._baseline_mm = baseline_mm
        self._is_optional = is_optional
        self.has_begun = False
        """Whether the person has moved at any moment."""

    def is_over(self, now_us: int) -> bool:
        """Whether the person stands still where the next attempt may begin."""
        has_moved = self._has_moved(now_us)
        self.has_begun = self.has_begun or has_moved
        is_place_allowed = has_moved or self._is_optional
        return is_place_allowed and self._heel.has_stood_still(self._began_us, self._still_us, now_us)

    @property
    def _still_us(self) -> int:
        if self._is_optional:
            return self._rules.optional_still_us
        return self._rules.still_load_us if self._heel.has_load else self._rules.still_us

    def _has_moved(self, now_us: int) -> bool:
        now_mm = self._sensors.toe.median(now_us - self._rules.median_span_us, now_us)
        if now_mm is None or self._baseline_mm is None:
            return False
        return self._sensors.toe_difference_mm(self._baseline_mm, now_mm) >= self._rules.min_move_mm
