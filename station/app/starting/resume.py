"""The unfinished routine: stepping on within ten minutes resumes it.

A person who steps off midway (the doorbell) and returns within ten minutes resumes where they stopped. Later, or after
a `stop`, the page only offers the unfinished routine. It is stored as well: after a power cut or a restart the person
resumes it in the same way. The start gate decides which of its steps may start.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from station.app.running.end_reasons import STATION_STOPPED
from station.app.snapshot import UnfinishedView
from station.clock import Clock
from station.core.duration import duration_us
from station.core.events import SECOND_US
from station.core.facts import STOPPED_BY_PAIN
from station.core.steps import LessonStep, Routine, StepError, routine_from_header, uses_blocks
from station.store import Reader, StoreError
from station.store.writing.transactions import CUT_OFF

RESUME_WITHIN_US = 600 * SECOND_US
"""Ten minutes: long enough for a doorbell, too short for another day."""
ENDED_ON_PURPOSE = frozenset({"stop", STOPPED_BY_PAIN})
"""End reasons other than leaving the board: stepping on does not resume the routine."""
ENDED_BY_THE_STATION = frozenset({CUT_OFF, STATION_STOPPED})
"""End reasons of a session that its person did not end."""


class UnfinishedRoutine(Struct, frozen=True):
    """The remaining steps of a routine, its person, and when it ended."""

    routine: Routine
    title: str | None
    person_id: str | None
    session_id: str | None
    at_us: int
    departed: bool
    """Whether the person stepped off the board rather than stopped the routine."""
    is_offered: bool = True
    """Whether part of it may start, now or after the health questions."""


def is_resumable(routine: Routine) -> bool:
    """Whether the routine can be resumed: it has no blocks and no lesson."""
    return not uses_blocks(routine) and not any(isinstance(step, LessonStep) for step in routine)


def interrupted_routine(store: Reader, clock: Clock) -> UnfinishedRoutine | None:
    """What a power cut or a restart has left of a routine that was on the board in the last ten minutes, if any.

    The newest thing stored of it says when: a hold's credit (every five seconds), a repetition, a trial, or a new step.
    A clock that the power cut has set back does not tell how long ago that was: then `None`.
    """
    try:
        session = next(iter(store.sessions(limit=1)), None)
        if session is None or session.end_reason not in ENDED_BY_THE_STATION:
            return None
        left = store.unfinished_run(session.person_id)
        if left is None or store.session_of_run(left.run_id) != session:
            return None
        last_at = max(left.saved_at, store.last_work_at(left.run_id) or left.saved_at)
        routine = routine_from_header(left.remaining_header)
    except (StoreError, StepError):  # the station starts all the same, and the page says what cannot be read
        return None
    age_us = (clock.utc_now() - last_at) // timedelta(microseconds=1)
    if not 0 <= age_us <= RESUME_WITHIN_US:
        return None
    return UnfinishedRoutine(routine, left.title, left.person_id, session.id, clock.now_us() - age_us, departed=True)


class ResumeManager:
    """Remembers the unfinished routine, and whether today's routine follows its test. Only the loop calls it."""

    def __init__(self, unfinished: UnfinishedRoutine | None = None) -> None:
        self.unfinished = unfinished
        self.continues_today = False
        """Whether today's session started with its test, so that today's routine follows."""

    def on_start(self) -> None:
        """A run has started: stepping on no longer resumes the earlier routine."""
        self.unfinished, self.continues_today = None, False

    def on_early_end(
        self,
        remaining: Routine,
        title: str | None,
        person_id: str | None,
        session_id: str | None,
        at_us: int,
        why: str | None,
    ) -> None:
        """A routine has ended early for the reason `why`: keep its remaining steps, if they can be resumed."""
        if remaining and is_resumable(remaining):
            departed = why not in ENDED_ON_PURPOSE
            self.unfinished = UnfinishedRoutine(remaining, title, person_id, session_id, at_us, departed)

    def on_claim(self, session_id: str, person_id: str | None) -> None:
        """This person has claimed a session, and with it the session's unfinished routine."""
        if self.unfinished is not None and self.unfinished.session_id == session_id:
            self.unfinished = replace(self.unfinished, person_id=person_id)

    def on_person_moved(self, person_id: str, into_id: str | None) -> None:
        """A person is gone; `into_id`, if given, takes over their unfinished routine, otherwise it is dropped."""
        if self.unfinished is not None and self.unfinished.person_id == person_id:
            self.unfinished = None if into_id is None else replace(self.unfinished, person_id=into_id)

    def set_offered(self, offered: bool) -> None:
        """Set whether part of the unfinished routine may start, given the newest answers."""
        if self.unfinished is not None:
            self.unfinished = replace(self.unfinished, is_offered=offered)

    def offer(self, at_us: int) -> UnfinishedView | None:
        """The unfinished routine as the page offers it, `None` after ten minutes."""
        unfinished = self.unfinished
        if unfinished is None or not unfinished.is_offered or at_us - unfinished.at_us > RESUME_WITHIN_US:
            return None
        seconds = duration_us(unfinished.routine) // SECOND_US
        return UnfinishedView(unfinished.title, seconds, unfinished.person_id)

    def resume_candidate(self, person_id: str | None, at_us: int) -> UnfinishedRoutine | None:
        """The routine that stepping on resumes: this person stepped off it within the last ten minutes."""
        unfinished = self.unfinished
        if unfinished is None or not unfinished.departed or unfinished.person_id != person_id:
            return None
        return unfinished if at_us - unfinished.at_us <= RESUME_WITHIN_US else None
