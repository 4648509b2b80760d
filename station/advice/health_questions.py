"""The health questions before the first routine, and what each yes changes. Not medical advice: they only restrict.

Each exercise lists the conditions that exclude or reduce it in its own file (`Exercise.cautions`); this module has all
other effects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from math import ceil
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from station.advice.conditions import (
    BLOCKING,
    CLEARED,
    CONDITION_BY_KEY,
    CONDITIONS,
    INSERTIONAL,
    NEURO,
    NO,
    PINCH,
    TENDON_PAIN,
    TOES_OUT,
    YES,
    Condition,
    TestLimit,
)
from station.advice.records import Adaptation, Catalogue, LegConditions, PainAnswers, Reason
from station.catalogue.records import Exercise, Feet, Item, Restriction
from station.core.events import STOPPING_PAIN, Side

DISCLAIMER = (
    "The station is not a medical device, and this is not medical advice. Your answers only make it more cautious. "
    "If you are unsure, ask a health professional first."
)
"""Shown once, with the questions."""

ASK_AGAIN_AFTER = timedelta(weeks=26)
"""In half a year an ankle can change."""

NEURO_EXERCISE = "3a"
NEURO_TOTAL_S = 600
"""Ten minutes a leg in all; the guide asks for 10 to 20."""
NEURO_HOLD_S = 60
"""One-minute holds, so ten make ten minutes; an exercise with longer holds keeps them."""

FIRST_EXERCISES = {NEURO: (NEURO_EXERCISE,), PINCH: ("4a", "4b")}
"""The exercises that a condition puts first: for a pinch, those with the foot relaxed."""
ADDED_EXERCISES = {TENDON_PAIN: ("7d",), INSERTIONAL: ("7d",), TOES_OUT: ("7a",)}
"""The exercises that a condition adds: a load for a sore tendon, and the straight lunge."""

WHOLE, THREE_QUARTERS, HALF = 1.0, 0.75, 0.5
CALM_DAYS_PER_STAGE = 6
"""Two weeks of three sessions each: a tendon takes days to show whether a load was right."""
GROWN = Reason("dose-grows", "It has stayed calm, so the dose has grown to three quarters of the usual one.")


ONE_LEG_RULE = "health-one-leg"
ONLY_SIDE_RULE = "only-side"
OFF_FEET_ONLY = "The other leg does only seated or lying exercises."
"""What remains while one leg must not carry the person."""


class ExerciseRestriction(Struct, frozen=True):
    """How a person's conditions restrict one exercise on the legs `sides`, with a reason from each condition.

    `main_reasons` has the first reason of each leg; `share` is the share of the usual dose.
    """

    sides: tuple[Side, ...]
    restriction: Restriction | None
    reasons: tuple[Reason, ...] = ()
    main_reasons: tuple[Reason, ...] = ()
    share: float = WHOLE


def rule_key(condition: str) -> str:
    """The key of this condition's rule."""
    return f"health-{condition.replace('_', '-')}"


def on_legs(sentence: str, sides: Collection[Side]) -> str:
    """The sentence, naming the leg if it is about only one."""
    if len(sides) != 1:
        return sentence
    return f"{next(iter(sides)).capitalize()} leg: {sentence[:1].lower()}{sentence[1:]}"


def parse_answer(answer: Any) -> LegConditions:
    """The conditions of each leg in a stored answer: `{"yes": [...], "no": [...], "left": [...], "right": [...]}`.

    Yes to a condition of a leg means both legs; a list may be missing. Raises ValueError with a sentence if the answer
    has another form or names an unknown condition.
    """
    if not isinstance(answer, Mapping) or not answer.keys() <= {YES, NO, *Side}:
        raise ValueError("The answers to the health questions must be lists: yes, no, left and right.")
    if any(isinstance(one, str) or not isinstance(one, Collection) for one in answer.values()):
        raise ValueError("The answers to the health questions must be lists: yes, no, left and right.")
    lists = {value: [str(key) for key in answer.get(value, ())] for value in (YES, NO, *Side)}
    answered = [key for keys in lists.values() for key in {*keys}]
    unknown = sorted({*answered} - CONDITION_BY_KEY.keys())
    if unknown:
        raise ValueError(f"There is no condition {unknown[0]}; the conditions are {', '.join(CONDITION_BY_KEY)}.")
    twice = sorted(key for key, times in Counter(answered).items() if times > 1)
    if twice:
        raise ValueError(f"The condition {twice[0]} has more than one answer.")
    of_person = sorted(key for side in Side for key in lists[side] if not CONDITION_BY_KEY[key].is_of_leg)
    if of_person:
        raise ValueError(f"The condition {of_person[0]} is answered with a leg; it needs yes or no.")
    left, right = (frozenset((*lists[YES], *lists[side])) for side in (Side.LEFT, Side.RIGHT))
    return LegConditions(left, right)


def blocks(conditions: LegConditions) -> dict[Side, Condition]:
    """The legs for which nothing may be proposed, each with the condition that blocks it."""
    found = {side: _block_of(conditions.on(side)) for side in Side}
    return {side: condition for side, condition in found.items() if condition is not None}


def _block_of(conditions: frozenset[str]) -> Condition | None:
    """The first of a leg's conditions that blocks it."""
    if conditions.isdisjoint(BLOCKING):
        return None
    lifted = {CONDITION_BY_KEY[key].follow_up_of for key in conditions}
    return next((CONDITION_BY_KEY[key] for key in BLOCKING if key in conditions - lifted), None)


def block_reason(conditions: LegConditions) -> Reason | None:
    """Why nothing may be proposed for any leg that the person trains, or `None`."""
    found = blocks(conditions)
    if not found.keys() >= {*conditions.sides}:
        return None
    condition = found[conditions.sides[0]]
    return _reason_of(condition.key, condition.effect, conditions)


def knee_to_wall_exclusions(conditions: LegConditions, *sides: Side) -> dict[Side, list[Reason]]:
    """The legs that the conditions exclude from the knee-to-wall test, each with the reasons."""
    reasons = {side: _knee_to_wall_exclusion(conditions, side) for side in sides}
    return {side: found for side, found in reasons.items() if found}


def _knee_to_wall_exclusion(conditions: LegConditions, side: Side) -> list[Reason]:
    standing = _standing_block_reason(conditions)
    if standing is not None:
        return [standing]
    if side not in conditions.sides:
        return [only_side_reason(conditions)]
    return _test_reasons(conditions, TestLimit.EXCLUDED, side)


def knee_to_wall_precautions(conditions: LegConditions, *sides: Side) -> list[Reason]:
    """How far to go in a test of these legs."""
    return _test_reasons(conditions, TestLimit.COMFORTABLE, *sides)


def _test_reasons(conditions: LegConditions, limit: TestLimit, *sides: Side) -> list[Reason]:
    found = [one for one in CONDITIONS if one.key in conditions.on(*sides) and one.test_limit is limit]
    return [_reason_of(one.key, one.test_reason, conditions) for one in found]


def _reason_of(condition: str, sentence: str, conditions: LegConditions) -> Reason:
    """The reason from a condition, naming the leg if only one has it."""
    return Reason(rule_key(condition), on_legs(sentence, conditions.legs_with(condition)))


def _standing_block_reason(conditions: LegConditions) -> Reason | None:
    """Why nothing is done standing: one leg must not carry the person; else `None`."""
    found = blocks(conditions)
    if len(found) != 1:
        return None
    (side,) = found
    return Reason(ONE_LEG_RULE, f"This is done standing, and your {side} leg must not carry you yet.")


def only_side_reason(conditions: LegConditions) -> Reason:
    """Why a leg that the person does not test and train is left out."""
    return Reason(ONLY_SIDE_RULE, f"You test and train your {conditions.sides[0]} leg only.")


def restrictions_on(
    exercise: Exercise,
    conditions: LegConditions,
    sides: tuple[Side, ...] = tuple(Side),
    *,
    calm_training_days: int = 0,
    easing: Reason | None = None,
) -> tuple[ExerciseRestriction, ...]:
    """The strictest restriction that these conditions put on the exercise after this many calm days, and its reasons.

    One for all the legs `sides` if it is the same for them, else one for each; an exercise for both legs at once
    follows the stricter one. A leg that the person does not train has none, unless it is the only one asked for.
    `easing` is why pain halves every dose, or `None`.
    """
    if exercise.feet is Feet.BOTH:
        return (_restriction_on(exercise, conditions, tuple(Side), calm_training_days, easing),)
    sides = conditions.trained(sides) or sides
    found = [_restriction_on(exercise, conditions, (side,), calm_training_days, easing) for side in sides]
    if len({(one.restriction, one.share) for one in found}) > 1:
        return tuple(found)
    reasons, main_reasons = (
        tuple(dict.fromkeys(chain.from_iterable(of_leg)))
        for of_leg in ((one.reasons for one in found), (one.main_reasons for one in found))
    )
    return (replace(found[0], sides=sides, reasons=reasons, main_reasons=main_reasons),)


def _restriction_on(
    exercise: Exercise,
    conditions: LegConditions,
    sides: tuple[Side, ...],
    calm_training_days: int,
    easing: Reason | None,
) -> ExerciseRestriction:
    """The restriction on these legs together."""
    excluded = [*_block_reasons(exercise, conditions, sides)]
    found = {one.condition: one for one in exercise.cautions if one.condition in conditions.on(*sides)}
    excluded += (
        _reason_of(key, one.reason, conditions) for key, one in found.items() if one.restriction is Restriction.EXCLUDED
    )
    if excluded:
        return ExerciseRestriction(sides, Restriction.EXCLUDED, tuple(excluded), tuple(excluded[:1]), 0.0)
    reasons = {key: one.reason for key, one in found.items()}
    if CLEARED in conditions.on(*sides):
        reasons.setdefault(CLEARED, CONDITION_BY_KEY[CLEARED].effect)
    shares = {key: _share_of_dose(exercise, key, calm_training_days) for key in reasons}
    share = min(shares.values(), default=WHOLE)
    smaller: list[Reason] = []
    if share < WHOLE:
        strictest = [key for key in reasons if shares[key] == share]
        if share > HALF:
            smaller.append(replace(GROWN, sentence=on_legs(GROWN.sentence, conditions.legs_with(strictest[0]))))
        smaller += (_reason_of(key, reasons[key], conditions) for key in strictest)
    if easing is not None:
        share = HALF
        smaller.append(easing)
    restriction = Restriction.REDUCED if smaller else None
    return ExerciseRestriction(sides, restriction, tuple(smaller), tuple(smaller[:1]), share)


def _block_reasons(exercise: Exercise, conditions: LegConditions, sides: Collection[Side]) -> Iterator[Reason]:
    """Why a leg that rests or is not trained excludes the exercise on these legs.

    While one leg must not carry the person, no exercise is done standing.
    """
    if len(conditions.trained(sides)) < len(sides):
        yield only_side_reason(conditions)
    standing = _standing_block_reason(conditions)
    if standing is not None and not exercise.is_off_feet:
        yield standing
    elif standing is not None:
        for side in blocks(conditions).keys() & set(sides):
            yield Reason(ONE_LEG_RULE, f"Your {side} leg rests for now.")


def _share_of_dose(exercise: Exercise, condition: str, calm_training_days: int) -> float:
    """The share of the dose that a condition allows: half, or what it has grown to (the rule `dose-grows`)."""
    if condition != CLEARED and exercise.key not in ADDED_EXERCISES.get(condition, ()):
        return HALF
    stage = calm_training_days // CALM_DAYS_PER_STAGE
    return (HALF, THREE_QUARTERS, WHOLE)[min(stage, 2)]


def effect_of(condition: Condition, exercises: Catalogue, conditions: LegConditions) -> str:
    """The effect of a condition beside the others, without promising an exercise that another condition excludes."""
    legs = conditions.legs_with(condition.key)
    if condition.effect_without is None:
        return on_legs(condition.effect, legs)
    named = (*FIRST_EXERCISES.get(condition.key, ()), *ADDED_EXERCISES.get(condition.key, ()))
    allowed = [
        side
        for side in legs
        for restriction in chain.from_iterable(restrictions_on(exercises[key], conditions, (side,)) for key in named)
        if restriction.restriction is not Restriction.EXCLUDED
    ]
    return on_legs(condition.effect, {*allowed}) if allowed else on_legs(condition.effect_without, legs)


def adaptations(exercises: Catalogue, conditions: LegConditions) -> Iterator[Adaptation]:
    """What the conditions change in a routine besides restricting its exercises: one adaptation for each."""
    for condition in CONDITIONS:
        legs = conditions.trained(conditions.legs_with(condition.key))
        if legs:
            yield Adaptation(
                Reason(rule_key(condition.key), effect_of(condition, exercises, conditions)),
                on_legs(condition.effect_without or condition.effect, legs),
                first_exercises=FIRST_EXERCISES.get(condition.key, ()),
                added_exercises=ADDED_EXERCISES.get(condition.key, ()),
                sides=legs,
                ten_minute_exercises=(NEURO_EXERCISE,) if condition.key == NEURO else (),
            )


def neuro_dose(exercise: Exercise, item: Item) -> Item:
    """Ten minutes a leg of the straight-knee calf stretch, in holds of a minute or longer."""
    hold_s = max(NEURO_HOLD_S, item.hold_s or exercise.dose.hold_s or 0)
    return msgspec.structs.replace(item, hold_s=hold_s, repetitions=ceil(NEURO_TOTAL_S / hold_s))


OLD_ANSWERS = Reason("health-asked", "Your answers are more than half a year old. Are they still true?")
"""The only reason to ask again that does not mean that something has changed."""


def ask_reason(
    answered_at: datetime | None, now: datetime, pains: PainAnswers = (), *, changed_at: datetime | None = None
) -> Reason | None:
    """Why to ask the health questions at `now`, or `None`.

    `answered_at` is when the person last answered them, `None` for never; `changed_at` is when they last reported a
    change of the ankle.
    """
    if answered_at is None:
        return Reason("health-asked", "Before your first routine, please answer a few questions about your ankle.")
    if any(at > answered_at and pain >= STOPPING_PAIN for at, pain in pains):
        return Reason(
            "health-asked", "You have had strong pain since you answered, so please go through the questions again."
        )
    if changed_at is not None and changed_at > answered_at:
        return Reason("health-asked", "You reported a change, so please go through the questions again.")
    if now - answered_at > ASK_AGAIN_AFTER:
        return OLD_ANSWERS
    return None
