"""The calibration check: one block shows whether the calibration still holds."""

from __future__ import annotations

from math import sqrt

from station.core.activities.block_reading import BlockActivity
from station.core.events import SECOND_US
from station.core.facts import CheckDone, CueName
from station.core.measurement.calibration import CalibrationError
from station.core.measurement.curve_fit import Point
from station.core.measurement.estimate import COMMON_WANDER_MM
from station.core.measurement.tolerance import is_out_of_tolerance
from station.core.sensing.sensors import BoardSensors
from station.core.state import CheckState
from station.core.steps import CheckStep

CHECK_CAPTURE_US = 6 * SECOND_US
"""How long a check reads its block: the wander, not the noise, limits it."""
WRONG_BLOCK_MM = 15.0
"""A block that a calibrated sensor measures this far off is another block, or not at the toe stop. A sensor that has
aged or moved in its mount is off by a few mm; the next block differs by 30 mm at least."""
WRONG_BLOCK_AS_BUILT_MM = 80.0
"""The same for an uncalibrated sensor, which is off by 25 ± 10 mm, some by 60 mm."""


class CalibrationCheck(BlockActivity):
    """Measures the block of `step` with the current calibration."""

    name = "check"
    shown_as = CheckState
    capture_us = CHECK_CAPTURE_US

    def __init__(self, step: CheckStep, sensors: BoardSensors) -> None:
        super().__init__((step.block_mm,), step.warm_us, sensors)
        self._calibration_uncertainty_mm = step.calibration_mm
        self.is_out_of_tolerance = False
        """Whether the check found the calibration out of tolerance."""

    @property
    def _wrong_block_mm(self) -> float:
        """An error beyond this means another block. An uncalibrated sensor's uncertainty is 0 or larger than that."""
        return WRONG_BLOCK_MM if 0.0 < self._calibration_uncertainty_mm < WRONG_BLOCK_MM else WRONG_BLOCK_AS_BUILT_MM

    def validate_point(self, now_us: int, point: Point) -> None:
        """Accept the point unless it must be another block."""
        found_mm = self.sensors.curve.toe_mm(point.reading_mm)
        if abs(found_mm - point.toe_mm) > self._wrong_block_mm:
            raise CalibrationError(
                f"That is not the {point.toe_mm:g} mm block, or it does not stand against the toe stop: it is seen at "
                f"{found_mm:.0f} mm; take it away, and show the {point.toe_mm:g} mm block. If it is that one, and "
                "stands there, calibrate again"
            )

    def on_all_blocks_read(self, now_us: int) -> None:
        """YES if the calibration holds, else ERROR: NO would ask for the block again, and ENDED means an early end."""
        (point,) = self.points
        curve = self.sensors.curve
        found_mm = curve.toe_mm(point.reading_mm)
        noise_mm = curve.slope(point.reading_mm) * point.uncertainty_mm
        uncertainty_mm = sqrt(noise_mm**2 + COMMON_WANDER_MM**2 + self._calibration_uncertainty_mm**2)
        error_mm = found_mm - point.toe_mm
        self.is_out_of_tolerance = is_out_of_tolerance(error_mm, uncertainty_mm)
        self.emit(CheckDone(now_us, point.toe_mm, found_mm, error_mm, uncertainty_mm, self.is_out_of_tolerance))
        self.emit_cue(now_us, CueName.ERROR if self.is_out_of_tolerance else CueName.YES)
