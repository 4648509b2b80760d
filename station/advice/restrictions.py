"""What a person may start: the one rule that every start applies to its steps.

- Nothing begins for a person who is not cleared, or whose last answer was a lot of pain.
- Before the health questions are answered, only what needs no answer begins: tests, and for somebody unknown also the
  built-in stretch and exercises without any caution.
- Exercises that a condition excludes are dropped, and so is the test where the end of the range is left alone.
- Exercises that a condition or pain of 4 or 5 reduces are halved, once: a step knows that it has been reduced, so a
  resumed routine is not halved again.

Calibrations, checks and the sound lesson do not load the ankle and may always start.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from station.advice import health_questions, pain
from station.advice.records import Catalogue, Excluded, Reason, Reduced, Situation
from station.catalogue.records import Exercise, Restriction
from station.core.steps import AskStep, HoldStep, RepsStep, RestStep, Routine, Step, TestStep, halved

ASK_FIRST_RULE = "care-asked"
TEST = "test"
"""The key of the knee-to-wall test in the list of exclusions."""
BUILT_IN_STRETCH = "3a"
"""The station's own stretch: the calf stretch on the slope. It begins for somebody unknown, too."""
ANSWER_FIRST = Reason(
    ASK_FIRST_RULE, "Before your first routine, answer a few health questions on the page. A test may begin now."
)
SAY_WHO_FIRST = Reason(
    ASK_FIRST_RULE,
    "Some exercises are not right for everyone, so they wait for a few health questions: choose your name on the page "
    "and answer them.",
)
NOTHING_REMAINS = Reason(
    "care-nothing-left",
    "Nothing of this routine is right for you at present. Choose another one, or ask a health professional.",
)


@dataclass(frozen=True, slots=True)
class Restricted:
    """The steps that may begin, and every change with its reason.

    `blocked` is why nothing begins at all. `advice` is what to heed in what begins.
    """

    steps: Routine
    excluded: tuple[Excluded, ...] = ()
    reduced: tuple[Reduced, ...] = ()
    advice: tuple[Reason, ...] = ()
    block_reason: Reason | None = None


def block_reason(situation: Situation) -> Reason | None:
    """Why not even a test may begin: a lunge to the end of the range is no less than a stretch."""
    return health_questions.block_reason(situation.conditions or frozenset()) or pain.block_reason(situation.pains)


def knee_to_wall_block_reason(situation: Situation) -> Reason | None:
    """Why no test may begin: nothing may, or a condition leaves the end of the range alone."""
    return block_reason(situation) or health_questions.knee_to_wall_exclusion(situation.conditions or frozenset())


def unanswered_reason(situation: Situation) -> Reason | None:
    """Why the health questions come first: never answered, or answers that may no longer be true; else `None`."""
    if situation.ask_reason is not None and situation.conditions is None:
        return ANSWER_FIRST
    return situation.ask_reason


def restrict(exercises: Catalogue, steps: Routine, situation: Situation | None) -> Restricted:
    """The steps that may start in this situation (`None`: unknown person).

    Applying it to its own result changes nothing. Raises KeyError for an exercise not in the catalogue.
    """
    if not any(isinstance(step, HoldStep | RepsStep | TestStep) for step in steps):
        return Restricted(steps)
    if situation is not None and (reason := block_reason(situation)) is not None:
        return Restricted((), block_reason=reason)
    conditions = frozenset() if situation is None else situation.conditions or frozenset()
    kept: list[Step] = []
    excluded: dict[str, Excluded] = {}
    reduced: dict[str, Reduced] = {}
    advice: dict[Reason, None] = {}
    for step in steps:
        if isinstance(step, TestStep):
            if (reason := health_questions.knee_to_wall_exclusion(conditions)) is not None:
                excluded[TEST] = Excluded(TEST, reason)
                continue
            advice |= dict.fromkeys(health_questions.knee_to_wall_advice(conditions))
        elif isinstance(step, HoldStep | RepsStep):
            exercise = None if step.exercise is None else exercises[step.exercise]
            if exercise is not None and (reason := _exclusion(exercise, situation)) is not None:
                excluded[exercise.key] = Excluded(exercise.key, reason)
                continue
            if (reason := _reduction(exercise, conditions, situation)) is not None:
                reduced[step.exercise or ""] = Reduced(step.exercise or "", reason)
                step = step if step.reduced else halved(step)
        kept.append(step)
    remaining = _without_dangling(kept) if excluded else tuple(kept)
    blocked = None if remaining else next((one.reason for one in excluded.values()), NOTHING_REMAINS)
    return Restricted(remaining, tuple(excluded.values()), tuple(reduced.values()), tuple(advice), blocked)


def _exclusion(exercise: Exercise, situation: Situation | None) -> Reason | None:
    if situation is None:
        return SAY_WHO_FIRST if exercise.cautions and exercise.key != BUILT_IN_STRETCH else None
    if (reason := unanswered_reason(situation)) is not None:
        return reason
    judgement = health_questions.restrictions_on(exercise, situation.conditions or frozenset())
    return judgement.reasons[0] if judgement.restriction is Restriction.EXCLUDED else None


def _reduction(exercise: Exercise | None, conditions: Collection[str], situation: Situation | None) -> Reason | None:
    judgement = None if exercise is None else health_questions.restrictions_on(exercise, conditions)
    if judgement is not None and judgement.reasons:
        return judgement.reasons[0]
    return None if situation is None else pain.easing_reason(situation.pains)


def _without_dangling(steps: Sequence[Step]) -> Routine:
    """Without the questions of a test that is gone, and rests that no longer stand between two exercises."""
    found: list[Step] = []
    tested = False
    for step in steps:
        tested = tested or isinstance(step, TestStep)
        follows_nothing = not found or isinstance(found[-1], RestStep)
        if (isinstance(step, AskStep) and not tested) or (isinstance(step, RestStep) and follows_nothing):
            continue
        found.append(step)
    while found and isinstance(found[-1], RestStep):
        found.pop()
    return tuple(found)
