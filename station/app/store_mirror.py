"""The loop's copies of stored data: people, the calibration, and whether the unfinished routine is offered."""

from __future__ import annotations

from station.app.board.view import BoardView
from station.app.people import People
from station.app.results.calibration import CalibrationMonitor
from station.app.starting.gate_factory import GateFactory
from station.app.starting.resume import ResumeManager
from station.store import StoreError


class StoreMirror:
    """Refreshes the copies from the store, and shows a fault while that fails. Only the loop calls it."""

    def __init__(
        self,
        people: People,
        calibration: CalibrationMonitor,
        resume: ResumeManager,
        gate_for: GateFactory,
        view: BoardView,
    ) -> None:
        self._people = people
        self._calibration = calibration
        self._resume = resume
        self._gate_for = gate_for
        self._view = view

    def refresh(self) -> None:
        """Reload everything; if the store cannot be read, keep the last known values."""
        try:
            self._people.refresh()
            self._calibration.refresh()
            self._refresh_offer()
        except StoreError as error:
            self._view.set_fault("history", str(error))
        else:
            self._view.set_fault("history", None)
            self._view.set_fault("calibration", self._calibration.fault_sentence)

    def _refresh_offer(self) -> None:
        """Offer the unfinished routine if part of it may start, now or after the health questions."""
        unfinished = self._resume.unfinished
        if unfinished is not None and unfinished.person_id is not None:
            decision = self._gate_for(unfinished.person_id).restricted(unfinished.routine, unfinished.title)
            self._resume.set_offered(bool(decision.routine) or decision.needs_health_questions)
