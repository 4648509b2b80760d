"""`station calibrate`: the guided calibration of the page, line by line in a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

from station.app.loop import Station
from station.app.snapshot import Snapshot
from station.config import Config
from station.core.events import SECOND_US
from station.core.measurement.tolerance import is_out_of_tolerance
from station.core.state import BlockState
from station.store import Reader
from station.store.records import Calibration, Check
from station.system.service import Service

REPORTED_AT_MM = (0.0, 100.0, 200.0)
"""The toe distances whose uncertainty is printed at the end."""
OVER = ("done", "ended")


def state_sentence(now: BlockState) -> str | None:
    """What to do now in a calibration or check, and why; `None` if there is nothing to do."""
    block = "" if now.target_mm is None else f"{now.target_mm:g} mm block"
    clock = now.clock
    match now.phase:
        case "warm" if clock is not None:
            remaining_s = max(0, clock.target_us - clock.counted_us) // SECOND_US
            return f"Wait {remaining_s} s while the sensor warms up: at first it reads up to 2 mm too far."
        case "clear":
            return now.why or "Clear the sensor's view: only the wall, farther away than the longest block."
        case "leave":
            return "Step off the board: your weight tips it, and your toes come into view."
        case "block":
            asked = f"Hold the {block} upright against the toe stop, and keep your hands out of view."
            return asked if now.why is None else f"{now.why}. {asked}"
        case "capture" if clock is not None:
            return f"Reading the {block}: hold it still for {clock.target_us // SECOND_US} seconds."
        case "fault":
            return "The distance sensor does not answer: check its cable."
        case _:
            return None


class Outcome(Struct, frozen=True):
    """The outcome of a run: whether it passed, one sentence, and the details to list."""

    well: bool
    sentence: str
    calibration: Calibration | None = None
    check: Check | None = None
    uncertainty_mm: dict[float, float] = field(default_factory=dict)
    """The standard uncertainty by toe distance."""

    def as_json(self) -> dict[str, Any]:
        """The outcome as values for JSON."""
        found: dict[str, Any] = {"well": self.well, "sentence": self.sentence}
        if self.calibration is not None and self.calibration.fit is not None:
            fit = self.calibration.fit
            found["points"] = [
                {"toe_mm": at.toe_mm, "reading_mm": round(at.reading_mm, 2), "residual_mm": round(residual_mm, 2)}
                for at, residual_mm in zip(fit.points, fit.residuals_mm, strict=True)
            ]
            found["uncertainty_mm"] = {f"{toe_mm:g}": round(mm, 2) for toe_mm, mm in self.uncertainty_mm.items()}
            found["notice"] = fit.notice
        if self.check is not None:
            check = self.check
            found |= {"block_mm": check.block_mm, "off_mm": round(check.off_mm, 2), "passed": check.passed}
            found["uncertainty_mm"] = round(check.uncertainty_mm, 2)
        return found

    def lines(self) -> list[str]:
        """The outcome as lines to print; the sentence comes last."""
        lines = []
        if self.calibration is not None and self.calibration.fit is not None:
            fit = self.calibration.fit
            lines = ["block    reading  residual"]
            lines += [
                f"{at.toe_mm:4g} mm  {at.reading_mm:6.1f} mm  {residual_mm:+.2f} mm"
                for at, residual_mm in zip(fit.points, fit.residuals_mm, strict=True)
            ]
            lines += [f"at {toe_mm:g} mm: \u00b1 {2 * mm:.1f} mm" for toe_mm, mm in self.uncertainty_mm.items()]
            lines += [] if fit.notice is None else [fit.notice]
        return [*lines, self.sentence]


class GuidedCalibration:
    """Follows one run of `calibrate` or `check` from snapshot to snapshot."""

    def __init__(self, store: Reader, what: str, echo: Callable[[str], None]) -> None:
        self._store = store
        self._activity = what
        self._echo = echo
        self._last_shown: tuple[object, ...] = ()
        self._last: BlockState | None = None
        self._calibration_id = store.current_calibration().id
        self._check_id = self._newest_check_id()

    def _newest_check_id(self) -> str | None:
        return next((check.id for check in self._store.checks(limit=1)), None)

    def begin(self, station: Station) -> None:
        """Start the run; on a simulated board, the simulated person does it."""
        if station.board is not None:
            station.board.act(self._activity)
        else:
            station.request_start(self._activity, None)

    def on_snapshot(self, now: Snapshot) -> bool:
        """Print what is new in a snapshot, and return whether the run is over."""
        state = now.state
        if not isinstance(state, BlockState) or state.activity != self._activity:
            return False
        if not self._last_shown and state.phase in OVER:
            return False  # still the previous run
        shown = (state.phase, state.repetition, state.why)
        if shown != self._last_shown:
            self._last_shown, self._last = shown, state
            if sentence := state_sentence(state):
                self._echo(f"[{state.repetition}/{state.repetitions}] {sentence}")
        return state.phase in OVER

    def outcome(self) -> Outcome:
        """The outcome as stored."""
        why = None if self._last is None else self._last.why
        if self._activity == "check" and self._newest_check_id() != self._check_id:
            return _checked(self._store.checks(limit=1)[0])
        current = self._store.current_calibration()
        if self._activity == "calibrate" and current.id != self._calibration_id and current.fit is not None:
            return _calibrated(current)
        kept = "The previous calibration stays in use."
        return Outcome(False, f"{why.rstrip('.')}. {kept}" if why else f"Not finished. {kept}")


def _checked(check: Check) -> Outcome:
    off = f"The {check.block_mm:g} mm block reads {check.off_mm:+.1f} \u00b1 {2 * check.uncertainty_mm:.1f} mm off"
    if is_out_of_tolerance(check.off_mm, check.uncertainty_mm):
        return Outcome(False, f"{off}: recalibrate; until then results are marked as uncertain.", check=check)
    return Outcome(True, f"{off}: the calibration holds.", check=check)


def _calibrated(calibration: Calibration) -> Outcome:
    fit = calibration.fit
    assert fit is not None
    sure = {toe_mm: fit.uncertainty_mm(fit.curve.reading_mm(toe_mm)) for toe_mm in REPORTED_AT_MM}
    most_mm = 2 * max(sure.values())
    sentence = f"Good. \u00b1 {most_mm:.1f} mm up to {max(REPORTED_AT_MM):g} mm. New results use this calibration."
    return Outcome(True, sentence, calibration, uncertainty_mm=sure)


def run_guided_calibration(config: Config, what: str, echo: Callable[[str], None]) -> Outcome:
    """Open the board as `station run` does, but without the page, and run `calibrate` or `check` on it.

    Raises StoreError or DeviceError with one sentence, for example if a station is already running.
    """
    service = Service(config)
    service.obey_signals()
    station = service.open(page=False)
    guided = GuidedCalibration(service.store, what, echo)

    def watch() -> None:
        if guided.on_snapshot(station.snapshot()):
            station.stop()

    try:
        guided.begin(station)
        service.run(watch)
        return guided.outcome()
    finally:
        service.close()
