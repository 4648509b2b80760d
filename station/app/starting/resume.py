"""The unfinished routine: stepping on within ten minutes resumes it.

A person who steps off midway (the doorbell) and returns within ten minutes resumes where they stopped. Later, or after
a `stop`, the page only offers the unfinished routine. It is stored as well, to survive a power cut. The start gate
decides which of its steps may start.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from station.app.snapshot import UnfinishedView
from station.core.duration import duration_us
from station.core.events import SECOND_US
from station.core.facts import STOPPED_BY_PAIN
from station.core.steps import LessonStep, Routine, uses_blocks

RESUME_WITHIN_US = 600 * SECOND_US
"""Ten minutes: long enough for a doorbell, too short for another day."""
ENDED_ON_PURPOSE = frozenset({"stop", STOPPED_BY_PAIN})
"""End reasons other than leaving the board: stepping on does not resume the routine."""


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


class ResumeManager:
    """Remembers the unfinished routine, and whether today's routine follows its test. Only the loop calls it."""

    def __init__(self) -> None:
        self.unfinished: UnfinishedRoutine | None = None
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
