"""Calibration: each block read twice, and the curve that fits them. `block_reading` has what it shares with a check.

- A block is read for ten seconds.
- If the blocks of the first round contradict each other, any of them may be wrong. The round starts again once the
  block in view has been removed, three times at most.
- A sensor that drifted over the rounds is refused at once: showing a block again cannot help.
- Readings with an S lead to up to two more rounds: such a sensor's curve needs more samples. So do readings that may
  have drifted: more rounds tell a drift from the wander. If the person stops, leaves or cannot hold a block still
  during these, the calibration uses the samples so far. If a block now contradicts the earlier ones, or the sensor
  drifts, all of it is refused: something is loose.
- An unfinished calibration is not kept.
"""

from __future__ import annotations

from station.core.activities.block_reading import BlockActivity, RoundError
from station.core.events import SECOND_US
from station.core.facts import Calibrated
from station.core.measurement.calibration import CalibrationError, Fit, check_unfinished_round, fit
from station.core.measurement.curve_fit import Point
from station.core.sensing.sensors import BoardSensors
from station.core.state import CalibrationState
from station.core.steps import CalibrateStep

CAPTURE_US = 10 * SECOND_US
"""How long a calibration reads a block. Two rounds of 10 s are as accurate as three of 5 s and need fewer blocks."""
MAX_SAMPLES = 16
"""The maximum number of samples if the readings form an S or may drift: with four blocks, four rounds, not two."""


def is_another_round_worthwhile(made: Fit, blocks: int) -> bool:
    """Return whether the samples so far form an S or may drift, and another round of this many blocks is allowed."""
    return (made.notice is not None or made.is_drift_suspected) and len(made.points) + blocks <= MAX_SAMPLES


class CalibrationActivity(BlockActivity):
    """Runs the calibration of `step`."""

    name = "calibrate"
    shown_as = CalibrationState
    capture_us = CAPTURE_US

    def __init__(self, step: CalibrateStep, sensors: BoardSensors) -> None:
        super().__init__(step.blocks_mm * step.rounds, step.warm_us, sensors)
        self._round_mm = step.blocks_mm
        self._asked_samples = len(self._blocks_mm)

    def validate_point(self, now_us: int, point: Point) -> None:
        points = [*self.points, point]
        try:
            if len(points) < len(self._round_mm):
                check_unfinished_round(points)
            else:
                fit(points)
        except CalibrationError as error:
            if len(self.points) < len(self._round_mm):
                raise RoundError(str(error)) from error
            raise
        if len(points) == len(self._round_mm):
            self._restarted_rounds = 0

    def more_blocks_mm(self) -> tuple[float, ...]:
        made = fit(self.points)
        if not is_another_round_worthwhile(made, len(self._round_mm)):
            return ()
        reason = "The sensor may be drifting" if made.notice is None else "The readings form an S"
        self._problem = (
            f"{reason}: start another round with the {self._round_mm[0]:g} mm block, "
            "or stop and keep the readings so far"
        )
        return self._round_mm

    def on_left(self, now_us: int, reason: str) -> None:
        if not self._keeps_points(now_us):
            super().on_left(now_us, reason)

    def on_unreadable(self, now_us: int, reason: str) -> None:
        if not self._keeps_points(now_us):
            super().on_unreadable(now_us, reason)

    def _keeps_points(self, now_us: int) -> bool:
        """Finish with the points so far if they suffice; return whether they do."""
        if len(self.points) < self._asked_samples:
            return False
        self.stop_repeating_cue(now_us)
        self._problem = None
        self._finish(now_us)
        return True

    def on_all_blocks_read(self, now_us: int) -> None:
        self.emit(Calibrated(now_us, fit(self.points)))
