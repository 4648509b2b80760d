"""Checks the calibration continuously, without a block: against the wall, and against the empty lane.

- *wall*: a toe distance below 0 is impossible. If one persists for a minute, the calibration is out. Far below 0,
  beyond any drift of the sensor, an object stands in front of it, which proves nothing about the calibration.
- *lane*: the board is empty and the target does not move. A slow drift of the reading is the sensor's. A step means
  that the board, a door or a chair was moved: the comparison restarts.

Readings are averaged over windows of ten seconds, which are as precise as an attempt and cheap to compute. The lane
compares means of ten minutes, because within minutes a sensor wanders by a millimetre (SD) without being out. So it
finds a lasting shift of 3.3 mm or more. What comes and goes within the hour is in the uncertainty.
"""

from __future__ import annotations

from math import hypot, sqrt
from statistics import fmean

from msgspec import Struct

from station.core.events import SECOND_US
from station.core.measurement.calibration import Fit
from station.core.measurement.curve import Curve
from station.core.measurement.estimate import WANDER_MM, Estimate, Refusal, estimate
from station.core.measurement.tolerance import TOLERANCE_MM, is_out_of_tolerance
from station.core.measurement.wander import WanderEstimate

LANE_UNCERTAINTY_MM = sqrt(2.0) * WANDER_MM
"""Standard uncertainty of a difference between two means of the lane: each has its own wander."""


class LaneRules(Struct, frozen=True):
    """When the wall or the empty lane shows that the calibration is out."""

    window_us: int = 10 * SECOND_US
    max_gap_us: int = 1 * SECOND_US
    wall_windows: int = 6
    windows_per_mean: int = 60
    max_jump_mm: float = 4.0
    """Consecutive windows that differ by more mean that something was moved (recording: 2.4 mm at most)."""
    max_mean_step_mm: float = 2.0
    """The same for consecutive means of ten minutes."""
    max_behind_mm: float = 15.0
    """Farther behind the toe line than this is a shoe or a hand in front of the sensor: heat and age move a sensor by
    less (datasheet: 10 mm)."""


class LaneFinding(Struct, frozen=True):
    """How far the calibration is out, with its standard uncertainty. `kind` is `wall` or `lane`."""

    kind: str
    off_mm: float
    uncertainty_mm: float

    @property
    def sentence(self) -> str:
        if self.kind == "wall":
            return (
                f"The distance sensor has seen something {-self.off_mm:.0f} mm behind the toe line, where nothing can "
                "be: check it with a block, with nothing else in its view."
            )
        return (
            f"The distance to the wall drifted by {abs(self.off_mm):.0f} mm while the board was empty: check the "
            "distance sensor with a block."
        )


class LaneMonitor:
    """Watches the valid readings, and reports each kind of finding once until `rearm`."""

    def __init__(
        self, curve: Curve, fit: Fit | None, rules: LaneRules | None = None, wander: WanderEstimate | None = None
    ) -> None:
        """`fit` is `None` for an uncalibrated sensor: it may be off by any amount and is never reported. `wander`
        learns from the empty lane."""
        self._curve, self._fit = curve, fit
        self._wander = wander or WanderEstimate()
        self._rules = rules or LaneRules()
        self._times_us: list[int] = []
        self._readings_mm: list[float] = []
        self._reported: set[str] = set()
        self._wall_count = 0
        self._window_means_mm: list[float] = []
        self._first_mean_mm: float | None = None
        self._last_mean_mm: float | None = None
        self._out_count = 0

    def rearm(self) -> None:
        """Report each kind again: the calibration has passed a check."""
        self._reported.clear()
        self._wall_count = 0
        self._restart_lane()

    def add_reading(self, at_us: int, reading_mm: float, *, is_empty: bool) -> LaneFinding | None:
        """Take a reading; return a finding that it completes. `is_empty`: the board is empty. Times never go back."""
        if self._times_us and at_us - self._times_us[-1] > self._rules.max_gap_us:
            self._clear_window()
            self._restart_lane()
        if not is_empty:
            self._restart_lane()
        self._times_us.append(at_us)
        self._readings_mm.append(reading_mm)
        if at_us - self._times_us[0] < self._rules.window_us:
            return None
        found = estimate(self._times_us, self._readings_mm)
        self._clear_window()
        if isinstance(found, Refusal):
            self._wall_count = 0
            self._restart_lane()
            return None
        behind = None if self._fit is None else self._check_wall(self._fit, found.reading_mm, found.uncertainty_mm)
        drifted = self._check_lane(found) if is_empty and behind is None else None
        return behind or (None if self._fit is None else drifted)

    def _clear_window(self) -> None:
        self._times_us, self._readings_mm = [], []

    def _restart_lane(self) -> None:
        self._wander.restart()
        self._restart_comparison()

    def _restart_comparison(self) -> None:
        self._window_means_mm, self._first_mean_mm, self._last_mean_mm, self._out_count = [], None, None, 0

    def _report_once(self, finding: LaneFinding) -> LaneFinding | None:
        if finding.kind in self._reported:
            return None
        self._reported.add(finding.kind)
        return finding

    def _check_wall(self, fit: Fit, reading_mm: float, noise_mm: float) -> LaneFinding | None:
        toe_mm = self._curve.toe_mm(reading_mm)
        uncertainty_mm = hypot(self._curve.slope(reading_mm) * noise_mm, fit.uncertainty_mm(reading_mm))
        behind = -self._rules.max_behind_mm <= toe_mm and toe_mm + 2.0 * uncertainty_mm < -TOLERANCE_MM
        self._wall_count = self._wall_count + 1 if behind else 0
        return (
            self._report_once(LaneFinding("wall", toe_mm, uncertainty_mm))
            if self._wall_count >= self._rules.wall_windows
            else None
        )

    def _check_lane(self, found: Estimate) -> LaneFinding | None:
        reading_mm, window_means_mm = found.reading_mm, self._window_means_mm
        if window_means_mm and abs(reading_mm - window_means_mm[-1]) > self._rules.max_jump_mm:
            self._restart_lane()
            return None
        window_means_mm.append(reading_mm)
        self._wander.add_mean(reading_mm, found.noise_mm)
        if len(window_means_mm) < self._rules.windows_per_mean:
            return None
        mean_mm, self._window_means_mm = fmean(window_means_mm), [window_means_mm[-1]]
        if (
            self._first_mean_mm is None
            or self._last_mean_mm is None
            or abs(mean_mm - self._last_mean_mm) > self._rules.max_mean_step_mm
        ):
            # The wander keeps learning: without the hours in which a restless sensor moves this far it would seem calm.
            self._restart_comparison()
            self._first_mean_mm = self._last_mean_mm = mean_mm
            return None
        self._last_mean_mm = mean_mm
        off_mm = self._curve.slope(mean_mm) * (mean_mm - self._first_mean_mm)
        self._out_count = self._out_count + 1 if is_out_of_tolerance(off_mm, LANE_UNCERTAINTY_MM) else 0
        return self._report_once(LaneFinding("lane", off_mm, LANE_UNCERTAINTY_MM)) if self._out_count >= 2 else None
