"""What the loop leads a person on to: today's work, what is left of a routine, and a reminder at their hour.

Whoever leaves in the middle (the doorbell) and steps on within ten minutes goes on where it was; later, and after a
`stop`, the rest is only offered. It is kept in the store as well, because power fails in the middle, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from station.advice import health_questions, plan, triage
from station.app.situation import done_of, plan_for, situation_of
from station.app.snapshot import RestSeen
from station.app.start_gate import Chooser, Chosen
from station.catalogue.read import exercises
from station.catalogue.records import Ruling
from station.core.activities.routine import HURTS
from station.core.duration import duration_us
from station.core.events import SECOND_US, Side
from station.core.steps import HoldStep, LessonStep, RepsStep, Routine, StepError, routine_from_header, uses_blocks
from station.settings import Settings
from station.store import Reader

GO_ON_US = 600 * SECOND_US
"""Ten minutes: a doorbell, not another day."""
AHEAD = timedelta(days=8)
"""Every plan has an occurrence within a week."""
MADE_UP_FOR = timedelta(hours=6)
"""A reminder whose hour was leapt over by a wall clock that was set, is made up for within this, once."""
ON_PURPOSE = frozenset({"stop", HURTS})
"""Why a routine ended that nobody has left: stepping on does not go on with it."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a routine, whose it is, and since when."""

    routine: Routine
    called: str | None
    person_id: str | None
    at_us: int
    left: bool
    """Whether the person left the board, rather than stopped it."""
    offered: bool = True
    """Whether nothing that was said speaks against it."""


def is_led(routine: Routine) -> bool:
    """Whether it is something that a person goes on with: no blocks and no lesson."""
    return not uses_blocks(routine) and not any(isinstance(step, LessonStep) for step in routine)


def _exercises_in(routine: Routine) -> set[str | None]:
    """The exercises of a routine by their keys; `None` is one that names none."""
    return {step.exercise for step in routine if isinstance(step, HoldStep | RepsStep)}


class Leading:
    """Knows what to begin. Only the loop calls it; what it asks the store may raise StoreError."""

    def __init__(self, store: Reader, *, analogue: bool) -> None:
        self._store = store
        self._analogue = analogue
        self._rest: Rest | None = None
        self._awaited: dict[str, datetime] = {}
        """Each person's reminder that has not come yet."""
        self.to_follow = False
        """Whether a test of today was the beginning, and the rest of today's work follows it."""

    def chooser(self, settings: Settings, person_id: str | None, first: Side) -> Chooser:
        """Who chooses for this person."""
        return Chooser(self._store, settings, person_id, first, analogue=self._analogue)

    def begun(self) -> None:
        """Something has begun: what was left before is no longer gone on with by itself."""
        self._rest, self.to_follow = None, False

    def ended(self, rest: Routine, called: str | None, person_id: str | None, at_us: int, why: str | None) -> None:
        """A routine has ended early."""
        if rest and is_led(rest):
            self._rest = Rest(rest, called, person_id, at_us, why not in ON_PURPOSE)

    def claimed(self, person_id: str | None) -> None:
        """Whose it was that was left is known now."""
        if self._rest is not None:
            self._rest = replace(self._rest, person_id=person_id)

    def look_again(self, wall: datetime) -> None:
        """Something has been said: what may not be gone on with now is not offered either."""
        rest = self._rest
        if rest is not None and rest.person_id is not None:
            situation = situation_of(self._store, rest.person_id, wall)
            held = situation.conditions is not None and triage.held_back(situation) is not None
            self._rest = replace(rest, offered=not held)

    def seen(self, at_us: int) -> RestSeen | None:
        """What is offered, where something was left not long ago."""
        rest = self._rest
        if rest is None or not rest.offered or at_us - rest.at_us > GO_ON_US:
            return None
        return RestSeen(rest.called, duration_us(rest.routine) // SECOND_US)

    def goes_on(self, person_id: str | None, at_us: int, wall: datetime) -> Chosen | None:
        """What whoever steps on now goes on with: they have left it themselves, within ten minutes. What they have
        answered meanwhile counts."""
        rest = self._rest
        if rest is None or not rest.left or at_us - rest.at_us > GO_ON_US or rest.person_id != person_id:
            return None
        return self._right_for(rest.routine, rest.called, person_id, wall)

    def rest_of(self, person_id: str | None, wall: datetime) -> Chosen:
        """What is left of a person's last routine, of whenever; nothing, with a note, where nothing may begin."""
        kept = self._store.rest(person_id)
        if kept is None:
            return Chosen(note="Nothing is left of the last routine: it is complete.")
        try:
            routine = routine_from_header(kept.header)
        except StepError as error:
            return Chosen(note=f"What was left cannot be read ({error}): begin the routine anew.")
        return self._right_for(routine, kept.called, person_id, wall)

    def asked_for(self, routine: Routine, called: str | None, person_id: str | None, wall: datetime) -> Chosen:
        """What begins of steps that were chosen for nobody, now that it is known who does them. Whoever never answered
        the care questions has said nothing against them."""
        if person_id is None or not self._store.answers(person_id, "care", limit=1):
            return Chosen(routine, called)
        return self._right_for(routine, called, person_id, wall)

    def _right_for(self, routine: Routine, called: str | None, person_id: str | None, wall: datetime) -> Chosen:
        """So much of these steps as is right for this person now; nothing, with a note, where nothing may begin."""
        if person_id is None or not _exercises_in(routine):
            return Chosen(routine, called)
        situation = situation_of(self._store, person_id, wall)
        why = triage.held_back(situation) or situation.asked
        if why is not None:
            return Chosen(note=why.sentence)
        conditions, there = situation.conditions or frozenset(), _exercises_in(routine)
        judged = {key: health_questions.judged(one, conditions) for key, one in exercises().items() if key in there}
        out = {key: one.whys[0] for key, one in judged.items() if one.ruling is Ruling.LEFT_OUT}
        kept = tuple(step for step in routine if not (isinstance(step, HoldStep | RepsStep) and step.exercise in out))
        note = next((why.sentence for why in out.values()), None)
        return Chosen(kept, called, note) if _exercises_in(kept) else Chosen(note=note)

    # Reminders.

    def next_reminders(self, wall: datetime) -> Mapping[str, datetime]:
        """When each person with a reminder in their plan is to be reminded next; it may have passed a while ago."""
        found = {}
        for person_id in self._store.plans():
            planned = plan_for(self._store, person_id)
            if planned is not None and planned.reminder_cue:
                begin = wall + timedelta(seconds=1)
                awaited = self._awaited.get(person_id, begin)
                begin = awaited if wall - MADE_UP_FOR <= awaited <= wall else begin
                at = next(iter(plan.occurrences(planned, begin, wall + AHEAD)), None)
                if at is not None:
                    found[person_id] = at
        self._awaited = dict(found)
        return found

    def reminded(self, person_id: str, wall: datetime) -> bool:
        """Whether a person's hour has come that was waited for; then it is not any longer."""
        awaited = self._awaited.get(person_id)
        if awaited is None or awaited > wall:
            return False
        del self._awaited[person_id]
        return True

    def is_due(self, person_id: str, wall: datetime) -> bool:
        """Whether a person's routine is open at their hour, and not done yet."""
        planned = plan_for(self._store, person_id)
        if planned is None:
            return False
        done = done_of(self._store, person_id, wall, ZoneInfo(planned.zone))
        return plan.due(planned, done, wall).occurrence is not None
