"""What a person is to do now, and why: their plan, what is due of it, and the routine with what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from math import ceil
from zoneinfo import ZoneInfo

import msgspec

from station.advice import plan
from station.advice.plan import Due, Plan
from station.advice.records import Proposal, Situation
from station.advice.triage import careful, held_back, proposal
from station.catalogue.read import exercises, ready_routines
from station.catalogue.records import Item
from station.core.records import Side
from station.situation import done_of, plan_for, situation_of
from station.store import Reader
from station.store.rows import Person
from station.today import PROPOSED_FROM
from station.units import SIDE_SHAPE

PROPOSED_NAME = "Proposed for you"
NO_PLAN = "test_and_stretch"
"""What begins for whoever has no plan."""
TESTS = {"full": "a full test", "quick": "a quick test"}


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
    def minutes(self) -> int:
        """About how long the routine takes."""
        return ceil(self.proposal.seconds / 60)

    @property
    def open(self) -> bool:
        """Whether the routine is to be done now."""
        return self.due is None or self.due.occurrence is not None

    @property
    def test(self) -> str | None:
        """The test that is due, in words."""
        return TESTS[self.due.test] if self.due is not None and self.due.test is not None else None


def zone_of(planned: Plan | None) -> tzinfo:
    """The time zone of a person's days: that of their plan, else the station's own."""
    here = datetime.now(UTC).astimezone().tzinfo or UTC
    return here if planned is None else ZoneInfo(planned.zone)


def items_of(store: Reader, name: str) -> Sequence[Item]:
    """The items of a plan's routine; those of a proposal's beginning where it is proposed, or is no longer there."""
    if name in ready_routines():
        return ready_routines()[name].items
    own = None if name == plan.PROPOSED else store.own_routine(name)
    return ready_routines()[PROPOSED_FROM].items if own is None else msgspec.convert(list(own.items), tuple[Item, ...])


def name_of(store: Reader, name: str) -> str:
    """What a plan's routine is called."""
    if name in ready_routines():
        return ready_routines()[name].name
    own = None if name == plan.PROPOSED else store.own_routine(name)
    return PROPOSED_NAME if own is None else own.name


def routine_of(store: Reader, planned: Plan, situation: Situation) -> Proposal:
    """The routine of the plan in this situation."""
    items = items_of(store, planned.routine)
    if planned.routine == plan.PROPOSED:
        return proposal(exercises(), items, replace(situation, minutes=planned.minutes))
    return careful(exercises(), items, situation)


def todays(store: Reader, person: Person) -> Todays:
    """What this person is to do now. Raises StoreError."""
    now = datetime.now(UTC)
    planned, situation = plan_for(store, person.id), situation_of(store, person.id, now)
    done = done_of(store, person.id, now, zone_of(planned))
    if planned is None:
        found = careful(exercises(), items_of(store, NO_PLAN), situation)
        return Todays(now, None, None, situation, found, name_of(store, NO_PLAN), dict(done.credited_s))
    due = plan.due(planned, done, now)
    found = routine_of(store, planned, situation)
    return Todays(now, planned, due, situation, found, name_of(store, planned.routine), dict(done.credited_s))


@dataclass(frozen=True, slots=True)
class Next:
    """The answer to "what do I do now?": a heading, a sentence, and the label of the button, empty where there is none.

    `way` is where the sentence leads instead: `care` or `pain`. `missed` is the time that is offered once more.
    """

    heading: str
    sentence: str
    button: str = ""
    way: str = ""
    missed: datetime | None = None


def next_of(one: Todays) -> Next:
    """What this person does now, the most important first."""
    held = held_back(one.situation)
    if one.test is not None:
        follows = f", then {one.called}" if one.open and held is None else ""
        why = next(why.sentence for why in one.due.whys if why.rule.startswith("test-")) if one.due else ""
        return Next(f"Now: {one.test}{follows}", why, f"Begin {one.test}")
    if one.situation.asked is not None:
        return Next("Now: a few questions", one.situation.asked.sentence, way="care")
    if held is not None:
        return Next("Nothing now", held.sentence, way="pain" if held.rule.startswith("pain") else "care")
    if one.due is None:
        return Next(f"Now: {one.called}", "You have no plan yet, so this is what to begin with.", f"Begin {one.called}")
    if one.due.occurrence is None:
        done = next(why.sentence for why in one.due.whys if why.rule in ("plan-done", "plan-rest"))
        return Next("Done for today" if done.startswith("Done") else "Nothing is due", _coming(one, done))
    open_why = next(why.sentence for why in one.due.whys if why.rule in ("plan-due", "plan-missed"))
    missed = one.due.occurrence if one.due.missed else None
    said = f"About {one.minutes} min. {open_why}"
    return Next(f"Now: {one.called}", said, f"Begin {one.called}", missed=missed)


def _coming(one: Todays, said: str) -> str:
    at = one.due.next if one.due else None
    if at is None:
        return said
    return f"{said if not said.startswith('Done') else ''} Next: {when(at, one.now)}.".strip()


def when(at: datetime, now: datetime) -> str:
    """A time of the plan as a person says it: `today at 18:00`, `tomorrow at 07:30`, `on Thursday at 18:00`."""
    days = (at.date() - now.astimezone(at.tzinfo).date()).days
    day = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(days, f"on {plan.WEEKDAYS[at.weekday()]}")
    return f"{day} at {at:%H:%M}"


def meter(one: Todays) -> list[tuple[Side, str, float, str]]:
    """Each side's minutes of credited hold this week: the side, its shape, the minutes, and the minutes in words."""
    return [
        (side, SIDE_SHAPE[side], one.credited_s[side] / 60, f"{one.credited_s[side] // 60:.0f} min") for side in Side
    ]
