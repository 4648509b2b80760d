"""The calibration in use, whether it is suspect, and what it fills in for steps that use blocks."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from station.config import Config
from station.core.events import SECOND_US, Toe
from station.core.measurement.curve import Curve
from station.core.measurement.drift import LaneFinding, LaneMonitor
from station.core.measurement.tolerance import TOLERANCE_MM, check_due_reason
from station.core.measurement.uncertainty import Assumptions
from station.core.measurement.wander import WanderEstimate
from station.core.sensing.toe_distance import ToeRules, invalid_reason
from station.core.steps import WARM_UP_US, CalibrateStep, CheckStep, Routine, Step, uses_blocks
from station.store import Store
from station.store.records import Calibration, Check

RESTARTED_AFTER_US = 5 * SECOND_US
"""A sensor silent for this long may have lost power and cooled down."""


class CalibrationMonitor:
    """Tracks the sensor's calibration. Only the loop calls it."""

    def __init__(self, config: Config, store: Store) -> None:
        """Raises StoreError."""
        self._store = store
        self._skirting_mm = float(config.board.skirting_mm)
        self._ranging_since_us: int | None = None
        self._last_reading_us = 0
        self._wander = WanderEstimate()
        self.current: Calibration
        self.failed_check: Check | None = None
        self._last_passed_check: Check | None = None
        self.refresh()

    def refresh(self) -> None:
        """Reload from the store. Raises StoreError and then keeps the last known state."""
        current, failed = self._store.current_calibration(), self._store.failed_check()
        checks = self._store.checks(limit=20)
        passed = [check for check in checks if check.calibration_id == current.id and check.passed]
        if getattr(self, "current", None) != current:
            self._lane = LaneMonitor(current.curve, current.fit, wander=self._wander)
        if self.failed_check is not None and failed is None:
            self._lane.rearm()
        self.current, self.failed_check, self._last_passed_check = current, failed, next(iter(passed), None)

    @property
    def curve(self) -> Curve:
        """The curve from reading to toe distance; the distance is to the wall, not to the skirting board before it."""
        return self.current.curve.shifted(self._skirting_mm)

    @property
    def wander_mm(self) -> float:
        """How far this sensor wanders (SD), observed on the empty lane since the program started."""
        return self._wander.sd_mm

    def curve_for(self, routine: Routine) -> Curve:
        """The curve for a routine; blocks are measured directly, so the skirting board does not count."""
        return self.current.curve if uses_blocks(routine) else self.curve

    def prepare_routine(self, routine: Routine, now_us: int) -> Routine:
        """The routine with the sensor's warm-up and the calibration's uncertainty filled in."""
        since_us = self._ranging_since_us if now_us - self._last_reading_us < RESTARTED_AFTER_US else None
        warm_us = WARM_UP_US if since_us is None else max(0, WARM_UP_US - (now_us - since_us))
        return tuple(self._prepare_step(step, warm_us) for step in routine)

    def _prepare_step(self, step: Step, warm_us: int) -> Step:
        if isinstance(step, CalibrateStep):
            return replace(step, warm_us=warm_us)
        if isinstance(step, CheckStep):
            reading_mm, fit = self.current.curve.reading_mm(step.block_mm), self.current.fit
            uncertainty_mm = (
                Assumptions().as_built_mm if fit is None else fit.uncertainty_mm(reading_mm, self.wander_mm)
            )
            return replace(step, warm_us=warm_us, calibration_mm=round(uncertainty_mm, 3))
        return step

    def on_reading(self, toe: Toe, now_us: int, *, empty: bool) -> LaneFinding | None:
        """Observe a reading; returns a finding if it shows that the calibration is off."""
        if self._ranging_since_us is None or now_us - self._last_reading_us > RESTARTED_AFTER_US:
            self._ranging_since_us = now_us
        self._last_reading_us = now_us
        if invalid_reason(toe, ToeRules()) is not None:
            return None
        return self._lane.add_reading(now_us, toe.reading_mm, is_empty=empty)

    @property
    def state(self) -> str:
        """`as built`, `good` or `suspect`."""
        if self.current.fit is None:
            return "as built"
        return "good" if self.failed_check is None else "suspect"

    @property
    def fault_sentence(self) -> str | None:
        """The calibration's fault and its remedy, in a sentence."""
        failed = self.failed_check
        if failed is None or self.current.fit is None:
            return None
        if failed.kind != "block":
            return (
                LaneFinding(failed.kind, failed.off_mm, failed.uncertainty_mm).sentence
                + " Results are marked as uncertain."
            )
        return (
            f"At the last check the distance sensor was {abs(failed.off_mm):.1f} mm off, where {TOLERANCE_MM:g} are "
            "allowed: recalibrate it. Until then, or until a check passes, results are marked as uncertain."
        )

    def check_due_reason(self, wall: datetime, celsius: float | None) -> str | None:
        """Why a check is due, in a sentence; `None` if none is."""
        if self.state != "good":
            return None
        at = self.current if self._last_passed_check is None else self._last_passed_check
        warmer = None if celsius is None or at.temperature_c is None else celsius - at.temperature_c
        return check_due_reason((wall - at.created_at).total_seconds() / 86_400, warmer)
