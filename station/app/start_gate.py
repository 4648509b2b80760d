"""What a person does next: a routine by its name, or what their plan says is due, without what is not for them now.

The board asks when somebody steps on, the page when it shows today and when a button is pressed, and both get the same
answer. Nobody known has no conditions and no plan: they get what they asked for. Whoever has not answered the care
questions may be tested, whoever is held back by an answer may not even that, and one sentence says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from math import ceil
from zoneinfo import ZoneInfo

import msgspec

from station.advice import health_questions, pain, plan
from station.advice.plan import Due, Plan
from station.advice.records import Proposal, Situation, Why
from station.advice.triage import careful, proposal
from station.app.routines import STRETCH, TITLES, names, routine_called, steps_of
from station.app.situation import done_of, plan_for, situation_of
from station.catalogue.checked import checked
from station.catalogue.read import exercises, item_faults, ready_routines
from station.catalogue.records import Item
from station.core.events import Side
from station.core.steps import AskStep, CalibrateStep, Routine, TestStep
from station.settings import Settings
from station.store import Reader

OWN = "own:"
"""What the name of somebody's own routine may begin with; its id follows."""
PROPOSED_FROM = "daily"
"""What a proposal begins with: the warm-up and the three stretches, to which the felt place adds."""
PROPOSED_NAME = "Proposed for you"
NO_PLAN = "test_and_stretch"
"""What begins for whoever has no plan."""
AFTER_TEST = "stretch"
"""What of that is left after the test."""
TESTS = frozenset({"test", "full_test"})
WITHOUT_CARE = TESTS | {"calibrate", "check", "lesson"}
"""What may begin before the care questions are answered; a test may not where an answer holds everything back."""
ANSWER_FIRST = "Before the first routine there are a few questions: answer them on the page. A test may begin."
CARE_RULE = "care-asked"
NOTHING_DUE = "Nothing is due now: days of rest break nothing. To do something all the same, choose it on the page."
PROPOSED_INSTEAD = "The routine of your plan is no longer there, so this one is proposed. Choose another in the plan."
GONE = "This routine is no longer there, or is somebody else\u2019s: choose another one."


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to begin, called so by people; nothing, where `routine` is empty.

    `note` is one sentence of what is different from what was asked for, and why. `held_back` is the reason where what
    was asked for may not begin, or only its tests; `proposal` what advice made of it, where a person is known.
    """

    routine: Routine = ()
    called: str | None = None
    note: str | None = None
    held_back: Why | None = None
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True)
class Todays:
    """All of one person's today. Without a plan `due` is `None`; `credited_s` is of this week."""

    now: datetime
    plan: Plan | None
    due: Due | None
    situation: Situation
    proposal: Proposal
    called: str
    credited_s: dict[Side, float]

    @property
    def instead(self) -> str | None:
        """What to say where the routine of the plan is gone, and another one is proposed."""
        gone = self.plan is not None and self.plan.routine != plan.PROPOSED and self.called == PROPOSED_NAME
        return PROPOSED_INSTEAD if gone else None

    @property
    def minutes(self) -> int:
        """About how long the routine takes."""
        return ceil(self.proposal.seconds / 60)

    @property
    def open(self) -> bool:
        """Whether the routine is to be done now."""
        return self.due is None or self.due.occurrence is not None


@dataclass(frozen=True, slots=True)
class Chooser:
    """Chooses for one person (`None`: nobody known), who steps on with `first`. Methods may raise StoreError.

    `analogue`, `blocks_mm` and `seed` are as for `station.app.routines.routine_called`.
    """

    store: Reader
    settings: Settings
    person_id: str | None
    first: Side = Side.LEFT
    analogue: bool = True
    blocks_mm: tuple[float, ...] = CalibrateStep().blocks_mm
    seed: int = 0

    # By name.

    def title(self, name: str) -> str:
        """What people call the routine of this name. Raises ValueError with a sentence where there is none."""
        if name in TITLES:
            return TITLES[name]
        own = self.store.own_routine(name.removeprefix(OWN))
        if own is None or own.person_id not in (None, self.person_id):
            raise ValueError(GONE)
        return own.name

    def items(self, name: str) -> Sequence[Item]:
        """What a routine is made of; the station's own stretch has the doses of the settings. Raises ValueError with a
        sentence for a name that is none of a ready routine's, `stretch`, or one's own."""
        stretch = Item(exercise=STRETCH, hold_s=self.settings.hold_s, repetitions=self.settings.repetitions)
        if name == "stretch":
            return (stretch,)
        if name == NO_PLAN:
            return tuple(stretch if item.exercise == STRETCH else item for item in ready_routines()[name].items)
        if name in ready_routines():
            return ready_routines()[name].items
        self.title(name)
        own = self.store.own_routine(name.removeprefix(OWN))
        try:
            found = checked(list(own.items) if own is not None else [], tuple[Item, ...])
        except msgspec.ValidationError as error:
            raise ValueError(_unreadable(str(error))) from error
        fault = next((fault for item in found for fault in item_faults(item, exercises())), None)
        if fault is not None or not found:
            raise ValueError(_unreadable(fault or "nothing is in it"))
        return found

    def called(self, name: str, now: datetime) -> Chosen:
        """The routine of this name for this person. Raises ValueError with a sentence where there is none."""
        title = self.title(name)
        items = () if name in WITHOUT_CARE else self.items(name)
        if self.person_id is None or name in WITHOUT_CARE - TESTS:
            return Chosen(self._as_it_is(name, items), title)
        situation = situation_of(self.store, self.person_id, now)
        if (why := barred(situation)) is not None:
            return Chosen(note=why.sentence, held_back=why)
        if name in TESTS:
            return Chosen(self._as_it_is(name), title)
        if situation.asked is not None:
            return self._tests(items, title, _asked(situation))
        return self._careful(careful(exercises(), items, situation), items, name, title)

    def _as_it_is(self, name: str, items: Sequence[Item] = ()) -> Routine:
        if name in names():
            return routine_called(
                name,
                self.settings,
                self.first,
                analogue=self.analogue,
                blocks_mm=self.blocks_mm,
                seed=self.seed,
            )
        return self._steps(items)

    def _steps(self, items: Sequence[Item]) -> Routine:
        return steps_of(items, self.settings, self.first, analogue=self.analogue)

    def _tests(self, items: Sequence[Item], title: str, why: Why) -> Chosen:
        """Only the tests of it, because of what holds the rest back."""
        tests = tuple(step for step in self._steps(items) if isinstance(step, TestStep | AskStep))
        return Chosen(tests, title if tests else None, why.sentence, why)

    def _careful(self, found: Proposal, items: Sequence[Item], name: str, title: str) -> Chosen:
        if found.left_out and not any(item.exercise is not None for item in found.items):
            return replace(self._tests(items, title, found.left_out[0].why), proposal=found)
        if tuple(found.items) == tuple(items):
            return Chosen(self._as_it_is(name, items), title, proposal=found)
        return Chosen(self._steps(found.items), title, _changed(found), proposal=found)

    # By the plan.

    def todays(self, now: datetime) -> Todays:
        """What this person, who is known, is to do at `now`, and why."""
        assert self.person_id is not None
        planned, situation = plan_for(self.store, self.person_id), situation_of(self.store, self.person_id, now)
        done = done_of(self.store, self.person_id, now, zone_of(planned))
        title, found = self.planned(planned, situation)
        due = None if planned is None else plan.due(planned, done, now)
        return Todays(now, planned, due, situation, found, title, dict(done.credited_s))

    def base(self, planned: Plan | None) -> tuple[str, Sequence[Item]]:
        """The title of a plan's routine, and what it is made of before advice; one that is gone is proposed."""
        name = NO_PLAN if planned is None else planned.routine
        if name != plan.PROPOSED:
            with suppress(ValueError):
                return self.title(name), self.items(name)
        return PROPOSED_NAME, self.items(PROPOSED_FROM)

    def planned(self, planned: Plan | None, situation: Situation) -> tuple[str, Proposal]:
        """The title of a plan's routine, and what advice makes of it in this situation."""
        title, items = self.base(planned)
        if title == PROPOSED_NAME and planned is not None:
            return title, proposal(exercises(), items, replace(situation, minutes=planned.minutes))
        return title, careful(exercises(), items, situation)

    def today(self, now: datetime, *, tested: bool = False) -> Chosen:
        """What is to begin at `now`: a test where one is due, else the routine. `tested`: the test of today has just
        been done, or let go, and does not begin again."""
        if self.person_id is None or plan_for(self.store, self.person_id) is None:
            return self.called(AFTER_TEST if tested else NO_PLAN, now)
        one = self.todays(now)
        if one.due is not None and one.due.test is not None and not tested:
            return self.called("full_test" if one.due.test == "full" else "test", now)
        if not one.open:
            return Chosen(note=NOTHING_DUE)
        if one.situation.asked is not None:
            return Chosen(note=_asked(one.situation).sentence, held_back=_asked(one.situation))
        if one.proposal.held_back is not None:
            return Chosen(note=one.proposal.held_back.sentence, held_back=one.proposal.held_back)
        steps = self._steps([item for item in one.proposal.items if not tested or item.test is None])
        note = one.instead or _changed(one.proposal) or (None if steps else NOTHING_DUE)
        return Chosen(steps, one.called if steps else None, note, proposal=one.proposal)


def zone_of(planned: Plan | None) -> tzinfo:
    """The time zone of a person's days: that of their plan, else the station's own."""
    here = datetime.now(UTC).astimezone().tzinfo or UTC
    return here if planned is None else ZoneInfo(planned.zone)


def _unreadable(fault: str) -> str:
    return f"This routine cannot be read ({fault}): put it together anew."


def _changed(found: Proposal) -> str | None:
    """What is different from what was asked for, the weightiest first."""
    whys = [one.why for one in found.left_out] + [one.why for one in found.gentler]
    return whys[0].sentence if whys else None


def barred(situation: Situation) -> Why | None:
    """Why not even a test may begin: a lunge to the end of the range is no less than a stretch. Whoever never answered
    the questions may be tested, because nothing speaks against it."""
    return health_questions.held_back(situation.conditions or frozenset()) or pain.held_back(situation.pains)


def _asked(situation: Situation) -> Why:
    """Why the care questions come first: they never were answered, or what was answered may be true no longer."""
    if situation.asked is None or situation.conditions is None:
        return Why(CARE_RULE, ANSWER_FIRST)
    return situation.asked
