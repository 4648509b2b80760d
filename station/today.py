"""What begins when a person steps on, or presses "today": what their plan says is due, with what bears on it.

Nobody known, or nobody's plan: a test and the station's own stretch, as the settings have them. Somebody with a plan: a
test if one is due, and afterwards the routine of the plan, proposed anew with what the test has just told. What the
care questions hold back does not begin, and one sentence says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from station.advice import plan
from station.advice.records import Proposal, Situation
from station.advice.triage import careful, proposal
from station.catalogue.read import exercises, ready_routines
from station.catalogue.records import Item
from station.core.records import Side
from station.core.steps import AskStep, HoldStep, RepsStep, Routine, TestStep
from station.routines import STRETCH, routine_called, steps_of
from station.settings import Settings
from station.situation import done_of, plan_for, situation_of
from station.store import Reader

PROPOSED_FROM = "daily"
"""What a proposal begins with: the warm-up and the three stretches, to which the felt place adds."""
ANSWER_FIRST = "Before the first routine there are a few questions: answer them on the page. A test may begin."
NOTHING_DUE = "Nothing is due now: days of rest break nothing. To do something all the same, choose it on the page."


@dataclass(frozen=True, slots=True)
class Todays:
    """What is to begin, by the name that it is called by; nothing, where `routine` is empty. `note` says why."""

    routine: Routine = ()
    called: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Chooser:
    """Chooses for one person, who steps on with `first`."""

    store: Reader
    settings: Settings
    person_id: str | None
    first: Side
    analogue: bool

    def today(self, now: datetime, *, tested: bool) -> Todays:
        """What is due at `now`. `tested`: a test of today has just been done, or let go. Raises StoreError."""
        if self.person_id is None:
            return self._begin("test_and_stretch")
        planned = plan_for(self.store, self.person_id)
        if planned is None:
            return self.called("test_and_stretch", now)
        due = plan.due(planned, done_of(self.store, self.person_id, now, ZoneInfo(planned.zone)), now)
        if due.test is not None and not tested:
            return self._begin("full_test" if due.test == "full" else "test")
        if due.occurrence is None:
            return Todays(note=NOTHING_DUE)
        situation = situation_of(self.store, self.person_id, now, minutes=planned.minutes)
        if situation.asked is not None:
            return Todays(note=_asked(situation))
        base = self.items_of(PROPOSED_FROM if planned.routine == plan.PROPOSED else planned.routine)
        if planned.routine == plan.PROPOSED:
            return self._proposed(proposal(exercises(), base, situation), "today")
        return self._proposed(careful(exercises(), base, situation), planned.routine)

    def called(self, name: str, now: datetime) -> Todays:
        """A routine by its name, without what the person's conditions leave out. Raises StoreError, and ValueError for
        a name that there is not."""
        routine = self._begin(name)
        if self.person_id is None or all(isinstance(step, TestStep | AskStep) for step in routine.routine):
            return routine
        if not any(isinstance(step, HoldStep | RepsStep) for step in routine.routine):
            return routine
        situation = situation_of(self.store, self.person_id, now)
        if situation.asked is not None:
            return self._only_tests(routine, _asked(situation))
        if name in ("stretch", "test_and_stretch"):
            found = careful(exercises(), (Item(exercise=STRETCH),), situation)
            if found.held_back is None and found.items and not found.gentler:
                return routine
            return self._with_tests(routine, found, name)
        return self._proposed(careful(exercises(), self.items_of(name), situation), name)

    def items_of(self, name: str) -> Sequence[Item]:
        """The items of a ready routine or of somebody's own. Raises ValueError with a sentence for another name."""
        if name in ready_routines():
            return ready_routines()[name].items
        own = self.store.own_routine(name)
        if own is None:
            raise ValueError(f"There is no routine {name!r} any more: choose another one in the plan.")
        return tuple(msgspec.convert(item, Item) for item in own.items)

    def _begin(self, name: str) -> Todays:
        return Todays(routine_called(name, self.settings, self.first, analogue=self.analogue), name)

    def _only_tests(self, routine: Todays, why: str) -> Todays:
        tests = tuple(step for step in routine.routine if isinstance(step, TestStep | AskStep))
        return Todays(tests, routine.called if tests else None, why)

    def _with_tests(self, routine: Todays, found: Proposal, name: str) -> Todays:
        tests = tuple(step for step in routine.routine if isinstance(step, TestStep | AskStep))
        rest = self._proposed(found, name)
        return Todays((*tests, *rest.routine), name if tests or rest.routine else None, rest.note)

    def _proposed(self, found: Proposal, name: str) -> Todays:
        if found.held_back is not None:
            return Todays(note=found.held_back.sentence)
        steps = steps_of(found.items, self.settings, self.first, analogue=self.analogue)
        if not steps:
            return Todays(note=next((why.sentence for why in found.whys), NOTHING_DUE))
        said = [*(out.why.sentence for out in found.left_out), *(one.why.sentence for one in found.gentler)]
        return Todays(steps, name, said[0] if said else None)


def _asked(situation: Situation) -> str:
    """Why the care questions come first: they never were answered, or what was answered may be true no longer."""
    if situation.asked is None or situation.conditions is None:
        return ANSWER_FIRST
    return situation.asked.sentence
