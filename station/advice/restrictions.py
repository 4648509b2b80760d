"""What a person may start: every start applies these rules to its steps.

- Nothing starts for a person who is not cleared for exercise, or who last reported strong pain.
- Until the health questions are answered, only tests start, and for an unknown person also the built-in stretch and
  exercises without cautions.
- Exercises that a condition excludes are dropped, and so is the test if a condition rules out the end of the range; a
  condition of one leg does so only for that leg.
- A person who tests and trains one leg gets the steps for that leg, and none that needs both at once.
- Exercises that a condition or pain of 4 or 5 reduces are reduced once: a step records that it was reduced, so a
  resumed routine is not reduced again.

Calibrations, checks and the sound lesson do not load the ankle and may always start.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from station.advice import health_questions, pain
from station.advice.health_questions import ExerciseRestriction
from station.advice.records import Catalogue, Excluded, LegConditions, Reason, Reduced, Situation
from station.catalogue.records import Exercise, Restriction
from station.core.events import Side
from station.core.steps import AskStep, HoldStep, RepsStep, RestStep, Routine, Step, TestStep, reduced

ASK_FIRST_RULE = "health-asked"
TEST_KEY = "test"
"""The key of the knee-to-wall test in the list of exclusions."""
BUILT_IN_STRETCH = "3a"
"""The station's own stretch: the calf stretch on the slope. An unknown person may start it too."""
HEEL_DROPS = "7d"
"""Repetitions without an exercise are treated as heel drops, a hold without one as the built-in stretch."""
NO_LONGER_THERE = Reason(
    "exercise-gone", "This exercise no longer exists: start the routine again, or choose another one."
)
ANSWER_QUESTIONS_FIRST = Reason(
    ASK_FIRST_RULE, "Before your first routine, answer a few health questions on the page. You can do a test now."
)
CHOOSE_NAME_FIRST = Reason(
    ASK_FIRST_RULE,
    "Some exercises are not suitable for everyone. Choose your name on the page and answer a few health questions "
    "first.",
)
NOTHING_REMAINS = Reason(
    "health-nothing-left",
    "Nothing in this routine is right for you at the moment. Choose another one, or ask a health professional.",
)


class RestrictedRoutine(Struct, frozen=True):
    """The steps that may start, and every change with its reason.

    `block_reason` is why nothing may start. `advice` is what to watch for in the steps that do.
    """

    steps: Routine
    excluded: tuple[Excluded, ...] = ()
    reduced: tuple[Reduced, ...] = ()
    advice: tuple[Reason, ...] = ()
    block_reason: Reason | None = None


def block_reason(situation: Situation) -> Reason | None:
    """Why not even a test may start, or `None`: a lunge to the end of the range loads the ankle like a stretch."""
    return health_questions.block_reason(situation.legs) or pain.block_reason(situation.pain_answers)


def knee_to_wall_block_reason(situation: Situation) -> Reason | None:
    """Why no leg may be tested, or `None`: nothing may start, or conditions rule out the end of the range."""
    barred = health_questions.knee_to_wall_exclusions(situation.legs, *situation.sides)
    return block_reason(situation) or (barred[situation.sides[0]][0] if len(barred) == len(situation.sides) else None)


def unanswered_reason(situation: Situation) -> Reason | None:
    """Why the health questions come first: not answered yet, or answers that may be out of date; else `None`."""
    if situation.ask_reason is not None and situation.conditions is None:
        return ANSWER_QUESTIONS_FIRST
    return situation.ask_reason


def restrict(exercises: Catalogue, steps: Routine, situation: Situation | None) -> RestrictedRoutine:
    """The steps that may start in this situation (`None`: unknown person), and every reason for a change.

    Applying it to its own result changes nothing.
    """
    if not any(isinstance(step, HoldStep | RepsStep | TestStep) for step in steps):
        return RestrictedRoutine(steps)
    if situation is not None and (reason := block_reason(situation)) is not None:
        return RestrictedRoutine((), block_reason=reason)
    conditions = LegConditions() if situation is None else situation.legs
    kept: list[Step] = []
    excluded: dict[Excluded, None] = {}
    reductions: dict[Reduced, None] = {}
    advice: dict[Reason, None] = {}
    for step in steps:
        if isinstance(step, TestStep):
            wanted = conditions.trained(step.sides) or step.sides
            barred = health_questions.knee_to_wall_exclusions(conditions, *wanted)
            allowed = tuple(side for side in wanted if side not in barred)
            for barred_side, reasons in barred.items():
                one = barred_side if allowed else None
                excluded |= dict.fromkeys(Excluded(TEST_KEY, why, one) for why in reasons)
            if allowed:
                kept.append(replace(step, sides=allowed))
                advice |= dict.fromkeys(health_questions.knee_to_wall_precautions(conditions, *allowed))
        elif isinstance(step, HoldStep | RepsStep):
            key = step.exercise or (BUILT_IN_STRETCH if isinstance(step, HoldStep) else HEEL_DROPS)
            exercise = exercises.get(key)
            if (reason := _exclusion(exercise, situation)) is not None:
                excluded[Excluded(key, reason)] = None
                continue
            assert exercise is not None
            for restriction in leg_restrictions(exercise, situation, step.sides):
                side = restriction.sides[0] if len(restriction.sides) < len(step.sides) else None
                if restriction.restriction is Restriction.EXCLUDED:
                    excluded |= dict.fromkeys(Excluded(key, why, side) for why in restriction.reasons)
                    continue
                reductions |= dict.fromkeys(Reduced(key, why, side) for why in restriction.reasons)
                kept.append(_part_of(step, exercise, restriction))
        else:
            kept.append(step)
    remaining = _chained(_without_orphan_steps(kept), steps) if excluded else tuple(kept)
    blocked = None if remaining else next((one.reason for one in excluded), NOTHING_REMAINS)
    return RestrictedRoutine(remaining, tuple(excluded), tuple(reductions), tuple(advice), blocked)


def _exclusion(exercise: Exercise | None, situation: Situation | None) -> Reason | None:
    """Why an exercise is excluded for reasons other than a condition, or `None`."""
    if exercise is None:
        return NO_LONGER_THERE
    if situation is None:
        return CHOOSE_NAME_FIRST if exercise.cautions and exercise.key != BUILT_IN_STRETCH else None
    return unanswered_reason(situation)


def leg_restrictions(
    exercise: Exercise, situation: Situation | None, sides: tuple[Side, ...]
) -> tuple[ExerciseRestriction, ...]:
    """How conditions and pain restrict the exercise on these legs: `health_questions.restrictions_on`."""
    if situation is None:
        return health_questions.restrictions_on(exercise, LegConditions(), sides)
    return health_questions.restrictions_on(
        exercise,
        situation.legs,
        sides,
        calm_training_days=situation.calm_training_days,
        easing=pain.reduction_reason(situation.pain_answers),
    )


def _part_of(step: HoldStep | RepsStep, exercise: Exercise, restriction: ExerciseRestriction) -> Step:
    """The part of the step for the legs of a restriction that does not exclude it."""
    part = step if len(restriction.sides) >= len(step.sides) else replace(step, sides=restriction.sides)
    if restriction.restriction is None or step.reduced:
        return part
    return _reduced(part, exercise, restriction.share)


def _reduced(step: HoldStep | RepsStep, exercise: Exercise, share: float) -> Step:
    """The step at this share of its dose; an exercise in two directions is reduced in each."""
    if isinstance(step, RepsStep):
        ways = exercise.dose.ways
        return replace(step, count=ways * ceil(step.count / ways * share), reduced=True)
    return reduced(step, share)


def _chained(remaining: Routine, steps: Routine) -> Routine:
    """The remaining steps: the first on the side where the routine began, each later one where the last ended."""
    first = next((sides[0] for step in steps if (sides := _sides_in_turn(step))), Side.LEFT)
    found: list[Step] = []
    for step in remaining:
        sides = _sides_in_turn(step)
        if len(sides) == len(Side) and isinstance(step, HoldStep | RepsStep | TestStep):
            sides = (first, first.other)
            step = replace(step, sides=sides)
        first = sides[-1] if sides else first
        found.append(step)
    return tuple(found)


def _sides_in_turn(step: Step) -> tuple[Side, ...]:
    """The sides that work in turn in a step; empty for both at once and for steps without a side."""
    if isinstance(step, TestStep):
        return step.sides
    return step.sides if isinstance(step, HoldStep | RepsStep) and not step.together else ()


def _without_orphan_steps(steps: Sequence[Step]) -> Routine:
    """The steps without the questions of a dropped test and without rests that no longer separate two exercises."""
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
