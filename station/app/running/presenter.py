"""Makes the snapshot, and decides when it is due."""

from __future__ import annotations

from station.app.access.presence_desk import PresenceDesk
from station.app.board.bring_up_desk import BringUpDesk
from station.app.board.idle_board import IdleBoard
from station.app.board.outputs import BoardOutputs
from station.app.board.view import BoardView
from station.app.people import People
from station.app.recording.recorder import Recorder
from station.app.results.calibration import CalibrationMonitor
from station.app.running.session import Session
from station.app.snapshot import Snapshot
from station.app.starting.resume import ResumeManager
from station.clock import Clock
from station.core.measurement.held_value import SHOWN_STEP_MM, HeldValue
from station.core.state import ActivityState
from station.core.steps import Routine, SetupStep, to_json

MIN_SNAPSHOT_INTERVAL_US = 100_000
"""Changes without an event, like the toe distance, are published at most this often."""
MAX_SNAPSHOT_AGE_US = 500_000
"""While the board is used, its snapshot never grows older than this."""
REST_SNAPSHOT_US = 1_000_000
"""On an empty board changes without an event wait this long; `SILENT_AFTER_US` is when a page reports no response."""


class Presenter:
    """Makes snapshots of session, board and faults. Only the loop calls it; any thread may read `snapshot`."""

    def __init__(
        self,
        clock: Clock,
        *,
        is_simulated: bool,
        session: Session,
        board: IdleBoard,
        people: People,
        presence: PresenceDesk,
        bring_up: BringUpDesk,
        resume: ResumeManager,
        calibration: CalibrationMonitor,
        recorder: Recorder,
        outputs: BoardOutputs,
        view: BoardView,
    ) -> None:
        self._clock = clock
        self._is_simulated = is_simulated
        self._session = session
        self._board = board
        self._people = people
        self._presence = presence
        self._bring_up = bring_up
        self._resume = resume
        self._calibration = calibration
        self._recorder = recorder
        self._outputs = outputs
        self._view = view
        self._published_us = 0
        self._shown_toe_mm = HeldValue(SHOWN_STEP_MM)
        self.rests = False
        """Whether the board is empty, so that nobody waits for a snapshot."""
        self.snapshot = self._make_snapshot()

    @property
    def wakes_at_us(self) -> int:
        """When the snapshot becomes too old."""
        return self._published_us + (REST_SNAPSHOT_US if self.rests else MAX_SNAPSHOT_AGE_US)

    def is_due(self, now_us: int) -> bool:
        """Whether a new snapshot is due."""
        if self._view.is_urgent or now_us >= self.wakes_at_us:
            return True
        return self._view.is_changed and not self.rests and now_us - self._published_us >= MIN_SNAPSHOT_INTERVAL_US

    def publish(self) -> None:
        """Make a new snapshot, and update light and guiding ticks from it."""
        self._published_us = self._clock.now_us()
        self._view.is_changed = self._view.is_urgent = False
        self.snapshot = self._make_snapshot()
        self._outputs.update(self.snapshot)

    def _make_snapshot(self) -> Snapshot:
        now_us, run = self._clock.now_us(), self._session.run
        state, view = self._presence.state_at(now_us) or self._session.state_at(now_us), self._view
        next_step, next_exercise = (None, None) if run is None else next_step_of(run.routine, state)
        return Snapshot(
            at_us=now_us,
            state=state,
            routine_title=self._session.title,
            next_step=next_step,
            next_exercise=next_exercise,
            decision=view.decision,
            decided_for=view.decided_for,
            note=view.note,
            note_about=view.note_about,
            access_number=view.access_number,
            unfinished=None if run is not None else self._resume.offer(now_us),
            toe_mm=self._toe_mm(now_us),
            toe_missing_reason=view.toe_missing_reason,
            heels=self._session.heels,
            knee=self._board.knee_touching,
            cue=view.cue,
            faults=view.faults(self._session.heel_fault(now_us) if self._bring_up.away_reason is None else None),
            session_id=self._recorder.session_id,
            person_id=self._session.person_id,
            person_name=self._people.name_of(self._session.person_id),
            simulated=self._is_simulated,
            calibration=self._calibration.state,
            check_due=self._calibration.check_due_reason(self._clock.utc_now(), self._outputs.temperature_c),
            presence=self._presence.view_at(now_us),
            bring_up=self._bring_up.view,
        )

    def _toe_mm(self, now_us: int) -> float | None:
        """The current toe distance in mm, never negative, held still while the readings wander."""
        reading_mm, run = self._view.reading_mm(now_us), self._session.run
        if reading_mm is None:
            return self._shown_toe_mm.update(None)
        curve = self._calibration.curve if run is None else self._calibration.curve_for(run.routine)
        held_mm = self._shown_toe_mm.update(max(0.0, curve.toe_mm(reading_mm)))
        return None if held_mm is None else round(held_mm, 1)


def next_step_of(routine: Routine, shown: ActivityState) -> tuple[str | None, str | None]:
    """The next step after the one shown, and its exercise; steps that only change the board's position do not count."""
    following = () if shown.step is None else routine[shown.step + 1 :]
    step = next((step for step in following if not isinstance(step, SetupStep)), None)
    if step is None:
        return None, None
    return str(to_json((step,))["do"]), getattr(step, "exercise", None)
