"""What starts on the board, and for whom: by stepping on, from the page, after a test and after a reminder."""

from __future__ import annotations

import logging

from station.app.board.idle_board import IdleBoard
from station.app.board.outputs import CuePublisher
from station.app.board.view import BoardView
from station.app.inbox import Start, StartRequest
from station.app.people import People
from station.app.running.event_time import EventTime
from station.app.running.run import Run
from station.app.running.session import Session
from station.app.settings_in_use import SettingsInUse
from station.app.starting.gate_factory import GateFactory
from station.app.starting.resume import ResumeManager
from station.app.starting.start_gate import TODAY, UNFINISHED, StartDecision, is_only_test
from station.app.store_mirror import StoreMirror
from station.core.events import Side
from station.core.facts import Cue, CueName
from station.core.steps import Routine, TestStep
from station.store import StoreError

log = logging.getLogger(__name__)

TEST_FOLLOWED_NOTE = "Step on the board, and today's routine follows."


class Starter:
    """Asks the start gate, then starts a run or shows why nothing starts. Only the loop calls it."""

    def __init__(
        self,
        time: EventTime,
        *,
        gate_for: GateFactory,
        session: Session,
        board: IdleBoard,
        people: People,
        resume: ResumeManager,
        settings: SettingsInUse,
        mirror: StoreMirror,
        cues: CuePublisher,
        view: BoardView,
    ) -> None:
        self._time = time
        self._gate_for = gate_for
        self._session = session
        self._board = board
        self._people = people
        self._resume = resume
        self._settings = settings
        self._mirror = mirror
        self._cues = cues
        self._view = view

    def on_step_on(self) -> None:
        """Handle a deliberate step on.

        Within a session, moving feet are still the same person's, and only the unfinished routine starts automatically.
        """
        person_id = self._session.person_id if self._session.is_open else self._inferred_person()
        unfinished, on_step = self._resume.resume_candidate(person_id, self._time.now_us), self._settings.values.on_step
        if unfinished is not None:
            decision = self._gate_for(person_id).restricted(unfinished.routine, unfinished.title)
            self._begin(decision, person_id)
        elif self._resume.continues_today:
            self._begin_named(TODAY, person_id, self._board.first_side, is_tested=True)
        elif on_step == "nothing" or self._session.is_open:
            self._session.wait_for_person(is_occupied=True)
        else:
            self._begin_named(on_step, person_id, self._board.first_side)

    def on_run_end(self, run: Run) -> None:
        """After today's test, start today's routine, or ask for a step on if nobody is on the board.

        If no routine follows, show why.
        """
        if not self._resume.continues_today:
            return
        person_id, first = self._people.last_id, last_side(run.routine)
        if any(heel.down for heel in run.heels()):
            self._begin_named(TODAY, person_id, first, is_tested=True)
            return
        decision = self._gate_for(person_id, first).decide(TODAY, tested=True)
        if decision.routine:
            self._view.show_note(TEST_FOLLOWED_NOTE)
            self._cues.play([Cue(self._time.now_us, CueName.NUDGE)])
        else:
            self._resume.continues_today = False
            self._view.show_decision(decision, person_id)

    def start(self, start: Start) -> None:
        """End the current run, then start the given steps."""
        self._stop_run()
        person_id = start.person_id if start.person_id is not None else self._inferred_person()
        self._begin(self._gate_for(person_id).restricted(start.routine, start.title), person_id)

    def answer(self, request: StartRequest) -> None:
        """Decide, start, and answer with the decision. A refused start does not end the current run."""
        person_id = self._person_of(request)
        try:
            self._time.catch_up()
            decision = self._gate_for(person_id).decide(request.name)
            if decision.routine:
                self._stop_run()
                self._begin(decision, person_id, request.name)
            elif self._session.run is None:
                self._view.show_decision(decision, person_id)
        except (ValueError, StoreError) as error:
            request.done.set_exception(error)
        except Exception as error:
            log.exception("A start requested by the page failed; the board carries on.")
            request.done.set_exception(error)
        else:
            request.done.set_result(decision)

    def remind(self, person_id: str) -> None:
        """Show and play that this person's routine is ready, if it may start. Raises StoreError."""
        decision = self._gate_for(person_id).decide(TODAY)
        if decision.routine:
            self._mirror.refresh()
            self._settings.apply_volume(person_id)
            name = self._people.name_of(person_id)
            ready = f"{name}, your routine is ready when you are." if name else "A routine is ready."
            self._view.show_note(f"{ready} Step on the board.", person_id)
            self._cues.play([Cue(self._time.clock_us(), CueName.NUDGE)])

    def _person_of(self, request: StartRequest) -> str | None:
        """The chosen person; without a choice, the one whose routine is resumed or who is on the board."""
        if request.is_chosen or request.person_id is not None:
            return request.person_id
        unfinished = self._resume.unfinished
        if request.name == UNFINISHED and unfinished is not None and self._resume.offer(self._time.now_us) is not None:
            return unfinished.person_id
        return self._inferred_person()

    def _inferred_person(self) -> str | None:
        """The person chosen on a page or on the board within the last ten minutes, else the only person known."""
        recent_id = self._people.recent_id
        if recent_id is not None:
            return recent_id
        self._mirror.refresh()
        return self._people.only_id

    def _stop_run(self) -> None:
        """End the current run, so that another one can start."""
        self._time.catch_up()
        while self._session.run is not None:
            ended = self._session.stop_run()
            if ended is not None:
                self.on_run_end(ended)

    def _begin_named(self, name: str, person_id: str | None, first: Side, *, is_tested: bool = False) -> None:
        """Begin what the gate decides for this name. `is_tested`: today's test has just been done."""
        try:
            decision = self._gate_for(person_id, first).decide(name, tested=is_tested)
        except ValueError as error:
            decision = StartDecision(notice=str(error))
        self._begin(decision, person_id, name, is_tested=is_tested)

    def _begin(
        self, decision: StartDecision, person_id: str | None, name: str = "", *, is_tested: bool = False
    ) -> None:
        """Start what was decided, or show why nothing starts."""
        if decision.routine:
            self._session.begin_run(decision.routine, person_id, decision.title, competes=not decision.advice)
        else:
            self._resume.on_start()
            self._session.wait_for_person(is_occupied=True)
            self._cues.play([Cue(self._time.now_us, CueName.STEP_ON)])
        self._view.show_decision(decision, person_id)
        follows = name == TODAY and not is_tested and person_id is not None
        self._resume.continues_today = follows and is_only_test(decision.routine)


def last_side(routine: Routine) -> Side:
    """The side on which the test ended; the next exercise starts there."""
    tests = [step for step in routine if isinstance(step, TestStep)]
    return tests[-1].sides[-1] if tests else Side.LEFT
