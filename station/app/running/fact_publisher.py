"""What the loop does with the facts of a run: store them, play their cues, and apply what they change."""

from __future__ import annotations

from station.advice.pain import STOP_ADVICE
from station.app.board.outputs import CuePublisher
from station.app.board.view import BoardView
from station.app.recording.recorder import Recorder, is_result
from station.app.running.run import Run
from station.app.settings_in_use import SettingsInUse
from station.app.starting.resume import ResumeManager, is_resumable
from station.clock import Clock
from station.core.activities.questions import PAIN_QUESTION
from station.core.events import STOPPING_PAIN
from station.core.facts import Answered, Eased, Ended, Fact, LouderAsked, TapsUndone
from station.core.steps import Routine

EASED_NOTE = "It hurt, so half of what follows is enough today. Stop if it hurts more."
TAPS_OFF_NOTE = "Undone. Heel taps are off now; turn them on in Settings."


class FactPublisher:
    """Stores and plays the facts of the current run, and applies their side effects. Only the loop calls it."""

    def __init__(
        self,
        clock: Clock,
        *,
        recorder: Recorder,
        cues: CuePublisher,
        view: BoardView,
        settings: SettingsInUse,
        resume: ResumeManager,
    ) -> None:
        self._clock = clock
        self._recorder = recorder
        self._cues = cues
        self._view = view
        self._settings = settings
        self._resume = resume
        self._recorded_remaining: Routine = ()
        self.end_reason: str | None = None
        """Why the last run ended early."""

    def on_run_start(self, person_id: str | None) -> None:
        """A new run of this person starts: set the volume for this hour; none of its remaining steps are stored yet."""
        self._settings.apply_volume(person_id)
        self._recorded_remaining = ()

    def publish(self, facts: list[Fact], run: Run) -> None:
        """Store results before their cues play; otherwise play cues first."""
        if not facts:
            return
        results = any(is_result(fact) for fact in facts)
        if results:
            self._record(facts, run)
        self._cues.play(facts, run)
        if not results:
            self._record(facts, run)
        for fact in facts:
            self._apply(fact)
        self._view.is_urgent = True

    def _record(self, facts: list[Fact], run: Run) -> None:
        with self._recorder.gathered():
            for fact in facts:
                self._recorder.record(fact)
            self._record_remaining(run)
            if run.outcome is not None:
                self._recorder.write_waiting()

    def _apply(self, fact: Fact) -> None:
        """Apply what the fact changes beyond the run."""
        match fact:
            case Ended():
                self.end_reason = fact.why
            case Answered() if fact.question == PAIN_QUESTION and int(fact.answer) >= STOPPING_PAIN:
                self._resume.continues_today = False
                self._view.show_note(STOP_ADVICE.sentence)
            case LouderAsked():
                self._settings.raise_volume()
            case Eased():
                self._view.show_note(EASED_NOTE)
            case TapsUndone():
                self._settings.turn_taps_off()
                self._view.show_note(TAPS_OFF_NOTE)
            case _:
                pass

    def _record_remaining(self, run: Run) -> None:
        """Store the remaining steps whenever they change, so that the routine can be resumed."""
        if is_resumable(run.routine) and run.remaining != self._recorded_remaining:
            self._recorded_remaining = run.remaining
            self._recorder.record_unfinished(run.remaining, self._clock.utc_now())
