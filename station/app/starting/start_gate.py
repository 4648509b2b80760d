"""What may start, for whom, with which restrictions: the one gate that every start passes.

Stepping on, the page's buttons, resume, reminders and the command line all pass it. The loop calls it in its own
thread; the `StartDecision` is what starts and what people see. Pages that preview a start call the same gate. The rules
are in `station.advice.restrictions.restrict`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from functools import cached_property
from math import ceil

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from station.advice import plan
from station.advice.plan import Due, Plan
from station.advice.records import Excluded, Proposal, Reason, Reduced, Situation
from station.advice.restrictions import (
    ASK_FIRST_RULE,
    RestrictedRoutine,
    knee_to_wall_block_reason,
    restrict,
    unanswered_reason,
)
from station.advice.triage import TOO_LONG, apply_precautions, full_routine, proposal
from station.app.starting.routines import STRETCH, routine_called, routine_titles, steps_of
from station.app.starting.situation import Answers, answers_of, done_of, plan_for, situation_of, zone_of
from station.catalogue.checked import convert_to_record
from station.catalogue.read import built_in_routines, exercises, item_faults
from station.catalogue.records import Item
from station.core.events import Side
from station.core.steps import (
    AskStep,
    CalibrateStep,
    HoldStep,
    RepsStep,
    Routine,
    StepError,
    TestStep,
    routine_from_header,
)
from station.settings import Settings
from station.store import Reader

TODAY, UNFINISHED = "today", "rest"
"""Names that are not a routine's: today's session, and the unfinished routine."""
OWN = "own:"
"""Optional prefix of a person's own routine; its id follows."""
PROPOSED_FROM = "daily"
"""The base of a proposal: the warm-up and the three stretches; the felt place adds to it."""
PROPOSED_NAME = "Proposed for you"
FULL = "full"
"""The ready-made routine with everything that fits the triage; for an unknown person, simply everything."""
UNKNOWN_PERSON = "test_and_stretch"
"""Today's session of an unknown person."""
AFTER_TEST = "stretch"
"""The part of that session that follows the test."""
NOTHING_DUE = "Nothing is due now: rest days are part of the plan. To do something anyway, choose it on the page."
NO_STRETCH_IN_BASELINE = "Your baseline continues: no stretch today. To stretch anyway, end the baseline on the page."
PROPOSED_INSTEAD = "The routine of your plan no longer exists, so this one is proposed. Choose another in the plan."
GONE = "This routine no longer exists, or belongs to another person. Choose another one."
ALREADY_COMPLETE = "Nothing remains of the last routine: it is complete."


class StartDecision(Struct, frozen=True):
    """What starts, what was changed and why, or why nothing starts.

    If `routine` is empty, nothing starts: `refusal` gives the reason, or `notice` states that nothing is due. `title`
    is the routine's display name. `excluded` and `reduced` are the changes, each with its reason; `advice` lists
    precautions; `only_test` is the reason why only the routine's test starts.
    """

    routine: Routine = ()
    title: str | None = None
    refusal: Reason | None = None
    notice: str | None = None
    excluded: tuple[Excluded, ...] = ()
    reduced: tuple[Reduced, ...] = ()
    advice: tuple[Reason, ...] = ()
    only_test: Reason | None = None

    @property
    def note(self) -> str | None:
        """The decision in one sentence for the board's page; `None` if everything starts as requested."""
        if self.refusal is not None:
            return self.refusal.sentence
        reasons = [*(one.reason for one in self.excluded), *(one.reason for one in self.reduced), *self.advice]
        sentences = [*([self.notice] if self.notice else []), *(reason.sentence for reason in reasons[:1])]
        return " ".join(sentences) or None

    @property
    def is_changed(self) -> bool:
        """Whether the routine differs from the request or comes with advice."""
        return bool(self.excluded or self.reduced or self.advice)

    @property
    def needs_health_questions(self) -> bool:
        """Whether the health questions must be answered first."""
        reason = self.refusal or self.only_test
        return reason is not None and reason.rule == ASK_FIRST_RULE


class TodaySummary(Struct, frozen=True):
    """What is due today for one person.

    `due_test` is the test that is due and may start (`full` or `quick`); the proposal begins with it. `credited_s` is
    this week's credit, `zone` the time zone of the person's days. `offers_baseline`: a baseline before the first
    stretch would help, and the person has not been asked yet.
    """

    now: datetime
    plan: Plan | None
    due: Due
    due_test: str | None
    situation: Situation
    proposal: Proposal
    title: str
    credited_s: dict[Side, float]
    zone: tzinfo
    offers_baseline: bool = False

    @property
    def instead(self) -> str | None:
        """The sentence for a plan whose routine no longer exists, so that a proposal replaces it."""
        gone = self.plan is not None and self.plan.routine != plan.PROPOSED_ROUTINE and self.title == PROPOSED_NAME
        return PROPOSED_INSTEAD if gone else None

    @property
    def minutes(self) -> int:
        """About how long the routine takes."""
        return ceil(self.proposal.duration_s / 60)

    @property
    def is_open(self) -> bool:
        """Whether the routine may start now: always without a plan, never in a baseline."""
        return self.due.baseline_day is None and (self.plan is None or self.due.occurrence is not None)


class StartGate(Struct, frozen=True, dict=True):
    """Decides what one person (`None`: unknown), standing on side `first`, may start at `now`. May raise StoreError.

    `analogue`, `blocks_mm` and `seed` are as for `station.app.starting.routines.routine_called`.
    """

    store: Reader
    settings: Settings
    person_id: str | None
    now: datetime
    first: Side = Side.LEFT
    analogue: bool = True
    blocks_mm: tuple[float, ...] = CalibrateStep().blocks_mm
    seed: int = 0

    def decide(self, name: str, *, tested: bool = False) -> StartDecision:
        """What starts under this name: `TODAY`, `UNFINISHED`, a ready routine or the person's own.

        `tested`: today's test was just done or skipped and does not start again. Raises ValueError with a sentence if
        there is no such routine.
        """
        if name == UNFINISHED:
            return self._unfinished()
        if name == TODAY:
            return self._today(tested=tested)
        return self.restricted(self._unchanged(name), self.title(name))

    def restricted(self, routine: Routine, title: str | None) -> StartDecision:
        """The steps after restrictions; every decision passes through here."""
        return self._from_restricted(restrict(exercises(), routine, self.situation), routine, title)

    @cached_property
    def situation(self) -> Situation | None:
        """The person's current situation; `None` for an unknown person."""
        if self.person_id is None:
            return None
        return situation_of(self.store, self.person_id, self.plan, self.now, answers=self._answers)

    @cached_property
    def _answers(self) -> Answers:
        assert self.person_id is not None
        return answers_of(self.store, self.person_id)

    @cached_property
    def plan(self) -> Plan | None:
        """The person's plan."""
        return None if self.person_id is None else plan_for(self.store, self.person_id)

    def _from_restricted(self, found: RestrictedRoutine, asked_for: Routine, title: str | None) -> StartDecision:
        if found.block_reason is not None:
            return StartDecision(refusal=found.block_reason, excluded=found.excluded)
        only_test = None
        if found.excluded and _has_exercise(asked_for) and not _has_exercise(found.steps):
            only_test = found.excluded[0].reason
        return StartDecision(
            found.steps, title, None, None, found.excluded, found.reduced, found.advice, only_test=only_test
        )

    def _proposed(self, found: Proposal, title: str, *, without_test: bool = False) -> StartDecision:
        """Decide on a proposal; items that advice has already reduced are not reduced again.

        Items that did not fit the time were never requested, so they do not count as excluded.
        """
        found = replace(found, excluded=tuple(one for one in found.excluded if one.reason != TOO_LONG))
        if found.block_reason is not None and not found.items:
            return StartDecision(refusal=_first_reason(found), excluded=found.excluded)
        items = [item for item in found.items if not without_test or item.test is None]
        steps = reduced_steps(self._steps(items), found.reduced)
        decision = self.restricted(steps, title)
        excluded = {(one.key, one.side): one for one in (*found.excluded, *decision.excluded)}
        asked_for_exercise = bool(found.excluded) or _has_exercise(steps)
        only_test = decision.only_test
        if decision.routine and asked_for_exercise and not _has_exercise(decision.routine) and excluded:
            only_test = next(iter(excluded.values())).reason
        return replace(decision, excluded=tuple(excluded.values()), reduced=found.reduced, only_test=only_test)

    # By name.

    def title(self, name: str) -> str:
        """The routine's display name. Raises ValueError with a sentence if there is no such routine."""
        if name in routine_titles():
            return routine_titles()[name]
        own = self.store.own_routine(name.removeprefix(OWN))
        if own is None or own.person_id not in (None, self.person_id):
            raise ValueError(GONE)
        return own.name

    def items(self, name: str) -> Sequence[Item]:
        """The items of a routine; the built-in stretch takes its doses from the settings, *Full* follows the triage.

        Raises ValueError with a sentence unless the name is `stretch`, a ready-made routine or one of the person's own.
        """
        stretch = Item(exercise=STRETCH, hold_s=self.settings.hold_s, repetitions=self.settings.repetitions)
        if name == "stretch":
            return (stretch,)
        if name == UNKNOWN_PERSON:
            return tuple(stretch if item.exercise == STRETCH else item for item in built_in_routines()[name].items)
        if name == FULL and self.situation is not None:
            return full_routine(exercises(), self.situation)
        if name in built_in_routines():
            return built_in_routines()[name].items
        self.title(name)
        own = self.store.own_routine(name.removeprefix(OWN))
        try:
            found = convert_to_record(list(own.items) if own is not None else [], tuple[Item, ...])
        except msgspec.ValidationError as error:
            raise ValueError(_unreadable(str(error))) from error
        fault = next((fault for item in found for fault in item_faults(item, exercises())), None)
        if fault is not None or not found:
            raise ValueError(_unreadable(fault or "nothing is in it"))
        return found

    def _unchanged(self, name: str) -> Routine:
        if name in routine_titles() and name != FULL:
            return routine_called(
                name,
                self.settings,
                self.first,
                analogue=self.analogue,
                blocks_mm=self.blocks_mm,
                seed=self.seed,
            )
        return self._steps(self.items(name))

    def _steps(self, items: Sequence[Item]) -> Routine:
        return steps_of(items, self.settings, self.first, analogue=self.analogue)

    # The unfinished routine.

    def _unfinished(self) -> StartDecision:
        unfinished = self.store.unfinished_run(self.person_id)
        if unfinished is None:
            return StartDecision(notice=ALREADY_COMPLETE)
        try:
            routine = routine_from_header(unfinished.remaining_header)
        except StepError as error:
            return StartDecision(notice=f"What remains cannot be read ({error}): start the routine again.")
        return self.restricted(routine, unfinished.title)

    # By the plan.

    def today_summary(self, *, tested: bool = False) -> TodaySummary:
        """What to do today and why; `tested` is as for `decide`. The person must be known."""
        assert self.person_id is not None
        assert self.situation is not None
        planned = self.plan
        zone = zone_of(self.store, self.person_id, planned)
        done = done_of(self.store, self.person_id, self.now, zone, answers=self._answers)
        due = plan.due_without_plan(done, self.now, zone) if planned is None else plan.due(planned, done, self.now)
        due_test = due.test_kind if knee_to_wall_block_reason(self.situation) is None else None
        test = plan.test_of_today(done, self.now, zone) if tested else due_test
        title, found = self.planned(planned, self.situation, test)
        credited_s = dict(done.credited_this_week_s)
        return TodaySummary(
            *(self.now, planned, due, due_test, self.situation, found, title, credited_s, zone, done.offers_baseline)
        )

    def base(self, planned: Plan | None) -> tuple[str, Sequence[Item]]:
        """The title of a plan's routine, and its items before advice; a proposal replaces one that no longer exists."""
        name = plan.PROPOSED_ROUTINE if planned is None else planned.routine
        if name != plan.PROPOSED_ROUTINE:
            with suppress(ValueError):
                return self.title(name), self.items(name)
        return PROPOSED_NAME, self.items(PROPOSED_FROM)

    def planned(self, planned: Plan | None, situation: Situation, test: str | None = None) -> tuple[str, Proposal]:
        """The title of today's routine, and the routine after advice for this situation, with the `test` before it.

        Everyone gets a proposal unless their plan has a routine of its own.
        """
        title, items = self.base(planned)
        if test is not None and not any(item.test for item in items):
            items = (Item(test=test), *items)
        advise = proposal if title == PROPOSED_NAME else apply_precautions
        return title, advise(exercises(), items, situation)

    def _today(self, *, tested: bool) -> StartDecision:
        """The test if one is due, else the routine."""
        if self.person_id is None:
            return self.decide(AFTER_TEST if tested else UNKNOWN_PERSON)
        summary = self.today_summary(tested=tested)
        if summary.due_test is not None and not tested:
            return self._due_test(summary)
        if summary.due.baseline_day is not None:
            return StartDecision(notice=NO_STRETCH_IN_BASELINE)
        if not summary.is_open:
            return StartDecision(notice=NOTHING_DUE)
        if summary.title != PROPOSED_NAME:
            return self._planned_routine(summary, tested=tested)
        reason = unanswered_reason(summary.situation) or summary.proposal.block_reason
        if reason is not None:
            return StartDecision(refusal=reason, excluded=summary.proposal.excluded)
        decision = self._proposed(summary.proposal, summary.title, without_test=tested)
        if not decision.routine and decision.refusal is None:
            return StartDecision(notice=NOTHING_DUE)
        return replace(decision, notice=summary.instead)

    def _due_test(self, summary: TodaySummary) -> StartDecision:
        """The test that is due, and why nothing follows it before the health questions are answered."""
        decision = self.decide("full_test" if summary.due_test == "full" else "test")
        unanswered = unanswered_reason(summary.situation)
        if unanswered is None:
            return decision
        return replace(decision, notice=unanswered.sentence, only_test=unanswered)

    def _planned_routine(self, summary: TodaySummary, *, tested: bool) -> StartDecision:
        """The plan's own routine, decided as by its name; after today's test, without its tests."""
        assert summary.plan is not None
        name = summary.plan.routine
        if not tested:
            return self.decide(name)
        steps = self._steps([item for item in self.items(name) if item.test is None])
        return self.restricted(steps, summary.title) if steps else StartDecision(notice=NOTHING_DUE)


def reduced_steps(routine: Routine, reduced: Collection[Reduced]) -> Routine:
    """These steps, with those marked whose exercise is reduced for all their legs."""
    marked = {(one.key, side) for one in reduced for side in (Side if one.side is None else (one.side,))}
    return tuple(
        replace(step, reduced=True)
        if isinstance(step, HoldStep | RepsStep) and all((step.exercise, side) in marked for side in step.sides)
        else step
        for step in routine
    )


def is_only_test(routine: Routine) -> bool:
    """Whether the routine is only a test and its questions."""
    return bool(routine) and all(isinstance(step, TestStep | AskStep) for step in routine)


def _has_exercise(routine: Routine) -> bool:
    return any(isinstance(step, HoldStep | RepsStep) for step in routine)


def _first_reason(found: Proposal) -> Reason | None:
    """The main reason why no part of a proposal may start."""
    return found.excluded[0].reason if found.excluded else found.block_reason


def _unreadable(fault: str) -> str:
    return f"This routine cannot be read ({fault}): build it again."
