"""Whether the calibration still holds, seen without any block: in the empty lane, and where the toes cannot be.

- *wall*: a toe distance below 0 cannot be. Where one stands still for a minute, the calibration is out; far below 0,
  where no sensor gets to by itself, something lies in front of it, and says nothing of the calibration.
- *lane*: nobody is on the board, and what the sensor sees does not move. A reading that drifts away from what it was,
  slowly, is the sensor's; a step means that a board, a door or a chair was moved: the comparison restarts.

Ten seconds of readings at a time, because they are as good as a capture and as cheap as nothing; ten minutes of those
for the lane, because the sensor wanders by 0.5 mm (SD) within minutes without being out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from statistics import fmean

from station.core.events import SECOND_US
from station.core.measurement.calibration import Curve, Fit
from station.core.measurement.estimate import WANDER_MM, Refusal, estimate
from station.core.measurement.tolerance import TOLERANCE_MM, is_out_of_tolerance


@dataclass(frozen=True, slots=True)
class LaneRules:
    """When the wall or the empty lane shows that the calibration has drifted."""

    window_us: int = 10 * SECOND_US
    max_gap_us: int = 1 * SECOND_US
    wall_windows: int = 6
    windows_per_mean: int = 60
    max_jump_mm: float = 4.0
    """Two looks, ten seconds apart, that differ by more: the sensor does not do that (recording: 2.4 mm at most)."""
    max_mean_step_mm: float = 2.0
    """The same for two means, ten minutes apart."""
    max_behind_mm: float = 15.0
    """A shoe or a hand before the sensor is nearer than this; heat and age move a sensor by less (datasheet: 10 mm)."""


@dataclass(frozen=True, slots=True)
class LaneFinding:
    """The calibration is out: `kind` is `wall` or `lane`; `off_mm` by how much, with its standard uncertainty."""

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
            f"The distance to the wall has drifted by {abs(self.off_mm):.0f} mm while nobody was here: check the "
            "distance sensor with a block."
        )


class LaneMonitor:
    """Fed with valid readings; each kind is told once, until `rearm`."""

    def __init__(self, curve: Curve, fit: Fit | None, rules: LaneRules | None = None) -> None:
        """`fit` is `None` for a sensor as built, which nobody calls out: it may be anything."""
        self._curve, self._fit = curve, fit
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
        """The calibration is believed again: what is seen from now on is news."""
        self._reported.clear()
        self._wall_count = 0
        self._restart_lane()

    def add_reading(self, at_us: int, reading_mm: float, *, is_empty: bool) -> LaneFinding | None:
        """Take one; `empty` says that nobody is on the board. Times never go back."""
        if self._fit is None:
            return None
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
        return self._check_wall(self._fit, found.reading_mm, found.uncertainty_mm) or (
            self._check_lane(found.reading_mm) if is_empty else None
        )

    def _clear_window(self) -> None:
        self._times_us, self._readings_mm = [], []

    def _restart_lane(self) -> None:
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

    def _check_lane(self, reading_mm: float) -> LaneFinding | None:
        window_means_mm = self._window_means_mm
        if window_means_mm and abs(reading_mm - window_means_mm[-1]) > self._rules.max_jump_mm:
            self._restart_lane()
            return None
        window_means_mm.append(reading_mm)
        if len(window_means_mm) < self._rules.windows_per_mean:
            return None
        mean_mm, self._window_means_mm = fmean(window_means_mm), [window_means_mm[-1]]
        if (
            self._first_mean_mm is None
            or self._last_mean_mm is None
            or abs(mean_mm - self._last_mean_mm) > self._rules.max_mean_step_mm
        ):
            self._restart_lane()
            self._first_mean_mm = self._last_mean_mm = mean_mm
            return None
        self._last_mean_mm = mean_mm
        off_mm = self._curve.slope(mean_mm) * (mean_mm - self._first_mean_mm)
        self._out_count = self._out_count + 1 if is_out_of_tolerance(off_mm, WANDER_MM) else 0
        return self._report_once(LaneFinding("lane", off_mm, WANDER_MM)) if self._out_count >= 2 else None
