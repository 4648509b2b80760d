"""Prepares runs: adds what a routine needs from the calibration, the board and earlier results."""

from __future__ import annotations

from typing import NamedTuple

from station.app.board.idle_board import IdleBoard
from station.app.board.outputs import BoardOutputs
from station.app.board.position import with_setups
from station.app.results.budgets import MeasurementContext
from station.app.results.calibration import CalibrationMonitor
from station.app.results.personal_best import with_best_to_beat, without_best_to_beat
from station.app.running.event_time import EventTime
from station.app.running.run import Run
from station.app.settings_in_use import SettingsInUse
from station.clock import Clock
from station.core.events import BoardPosition
from station.core.steps import Routine
from station.store import Reader


class PreparedRun(NamedTuple):
    """A run that has not started, and the conditions of its measurements."""

    run: Run
    context: MeasurementContext


class RunFactory:
    """Makes runs of routines from the current state. Only the loop calls it."""

    def __init__(
        self,
        store: Reader,
        clock: Clock,
        time: EventTime,
        *,
        board: IdleBoard,
        calibration: CalibrationMonitor,
        settings: SettingsInUse,
        outputs: BoardOutputs,
        skirting_mm: float,
    ) -> None:
        self._store = store
        self._clock = clock
        self._time = time
        self._board = board
        self._calibration = calibration
        self._settings = settings
        self._outputs = outputs
        self._skirting_mm = skirting_mm
        self.board_lies: BoardPosition | None = None
        """The board's position according to the last run that set it; `None` if unknown."""

    def prepare(self, routine: Routine, person_id: str | None, *, competes: bool) -> PreparedRun:
        """Prepare a run of these steps. `competes`: a full test may be a personal best. Raises StoreError."""
        wiring, wall, calibration = self._board.wiring, self._clock.utc_now(), self._calibration
        routine = (
            with_best_to_beat(self._store, routine, person_id, wiring.contact, wall)
            if competes
            else without_best_to_beat(routine)
        )
        if self._settings.values.ask_setup == "yes":
            routine = with_setups(routine, self.board_lies)
        else:
            self.board_lies = None
        routine = calibration.prepare_routine(routine, self._time.now_us)
        # A comparator cannot tell a tap from a heel that hovers at its threshold: three false commands an hour.
        taps = self._settings.values.taps == "on" and wiring.analogue
        curve = calibration.curve_for(routine)
        run = Run(routine, wiring, self._board.references, curve, self._time.now_us, taps=taps)
        context = MeasurementContext(
            calibration.current,
            wall,
            self._outputs.temperature_c,
            self._skirting_mm,
            self.board_lies,
            calibration.wander_mm,
        )
        return PreparedRun(run, context)
