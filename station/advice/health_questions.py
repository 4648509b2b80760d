"""The health questions before the first routine, and what each yes changes. No medical advice: they only restrict.

The exercises' own files (`Exercise.cautions`) list which conditions exclude or reduce them; this module has all other
effects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Any

import msgspec

from station.advice.pain import STOP_FROM
from station.advice.records import Adaptation, PainAnswers, Reason
from station.catalogue.records import Exercise, Item, Restriction

DISCLAIMER = (
    "The station is no medical device and this is no medical advice. Your answers only make it more careful. "
    "If you are unsure, ask a health professional first."
)
"""Said once, with the questions."""

NOT_CLEARED, CLEARED, NO_WEIGHT = "not_cleared", "cleared", "no_weight"
TENDON_PAIN, INSERTIONAL = "tendon_pain", "insertional"
NEURO, NUMB, BALANCE = "neuro", "numb", "balance"
CHILD, CHILD_LED = "child", "child_led"
METALWORK, PINCH, ARCH_FALLS, TOES_OUT = "metalwork", "pinch", "arch_falls", "toes_out"


class TestLimit(StrEnum):
    """What a condition does to the knee-to-wall test, which goes to the end of the range."""

    __test__ = False

    NONE = "none"
    COMFORTABLE = "comfortable"
    EXCLUDED = "excluded"


class ConditionKind(StrEnum):
    """What a condition does."""

    BLOCKS = "holds back"
    CHANGES_EXERCISES = "changes exercises"
    CHANGES_EXPECTATION = "changes what to expect"


@dataclass(frozen=True, slots=True)
class Condition:
    """One yes-or-no question, and what a yes changes, in a sentence or two. `title` is what it is called in a list.

    `professional` is who should be asked, where the guide names one. A condition with `after` is only asked after a yes
    to that one, and its own yes lifts that one's restrictions.
    """

    key: str
    title: str
    question: str
    effect: str
    kind: ConditionKind
    professional: str | None = None
    follow_up_of: str | None = None
    test_limit: TestLimit = TestLimit.NONE
    test_reason: str = ""
    """Why the test is limited, in a sentence."""


CONDITIONS = (
    Condition(
        NOT_CLEARED,
        "Not cleared for exercise yet",
        "Have you had an operation, a fracture, a cast or a torn Achilles tendon that has not been cleared for "
        "exercise yet?",
        "Nothing is proposed until the professional who treats you has cleared you for exercise.",
        ConditionKind.BLOCKS,
        "the professional who treats you",
    ),
    Condition(
        CLEARED,
        "Cleared for exercise lately",
        "Have you had one of these lately, and been cleared for exercise?",
        "Everything begins gently, with half of the usual, and grows as it stays quiet.",
        ConditionKind.CHANGES_EXERCISES,
        test_limit=TestLimit.COMFORTABLE,
        test_reason="In the test, lunge only as far as is comfortable; do not push to the end.",
    ),
    Condition(
        NO_WEIGHT,
        "No weight on the foot after an injury",
        "After an injury, was there a time when you could not put weight on the foot, and nobody has X-rayed it?",
        "Nothing is proposed until the foot has been X-rayed and you have been told that it is sound.",
        ConditionKind.BLOCKS,
        "a doctor, for an X-ray",
    ),
    Condition(
        TENDON_PAIN,
        "Pain in the Achilles tendon",
        "Does your Achilles tendon hurt at present?",
        "No stretch is forced to its end. Strength in a comfortable range comes in, with less than your weight if need "
        "be. A heel lift in the shoe helps for a while.",
        ConditionKind.CHANGES_EXERCISES,
        "a physiotherapist, if it does not settle",
        test_limit=TestLimit.EXCLUDED,
        test_reason="The test goes to the end of the range, which is left alone while the tendon hurts. It comes back "
        "when you answer that the pain has settled.",
    ),
    Condition(
        INSERTIONAL,
        "Pain where the tendon meets the heel",
        "Does it hurt right where the Achilles tendon meets the heel bone?",
        "The end of the range is left alone for now.",
        ConditionKind.CHANGES_EXERCISES,
        "a physiotherapist, if it does not settle",
        test_limit=TestLimit.EXCLUDED,
        test_reason="The test goes to the end of the range, which is left alone while the tendon hurts. It comes back "
        "when you answer that the pain has settled.",
    ),
    Condition(
        NEURO,
        "A stroke or another neurological condition",
        "Have you had a stroke, or have you another neurological condition?",
        "The calf stretch with a straight knee comes first, 10 to 20 minutes a leg and day in all. A neuro "
        "physiotherapist should see you.",
        ConditionKind.CHANGES_EXERCISES,
        "a neuro physiotherapist",
    ),
    Condition(
        NUMB,
        "Less feeling in a foot",
        "Do you feel less than usual in a foot?",
        "Pain cannot warn you there, so what loads the foot hard is gentler or left out. Look at the skin afterwards.",
        ConditionKind.CHANGES_EXERCISES,
        "a doctor, if nobody knows why",
    ),
    Condition(
        BALANCE,
        "Poor balance",
        "Is your balance poor?",
        "What is done on one leg or an edge is gentler or left out. Keep something firm within reach.",
        ConditionKind.CHANGES_EXERCISES,
    ),
    Condition(
        CHILD,
        "A child",
        "Is this for a child?",
        "Nothing is proposed for a child unless a trained professional leads.",
        ConditionKind.BLOCKS,
        "a physiotherapist who works with children",
    ),
    Condition(
        CHILD_LED,
        "A child led by a professional",
        "Does a trained professional lead the child?",
        "The professional decides what is done; what stands here is only an offer to them.",
        ConditionKind.CHANGES_EXPECTATION,
        follow_up_of=CHILD,
    ),
    Condition(
        METALWORK,
        "Metal in the ankle or a bony block",
        "Is there metal in the ankle, or have you been told of a bony block?",
        "It may limit how far the ankle can ever bend, so if you stop improving early, it is not your fault.",
        ConditionKind.CHANGES_EXPECTATION,
        "your surgeon, if you want to know how far it can go",
    ),
    Condition(
        PINCH,
        "A pinch in front",
        "Does it pinch in the front of the ankle when you lunge?",
        "The ankle is mobilised first with the foot fully relaxed. In a lunge, stay short of the pinch.",
        ConditionKind.CHANGES_EXERCISES,
        test_limit=TestLimit.COMFORTABLE,
        test_reason="In the test, stay short of the pinch in front of the ankle.",
    ),
    Condition(
        ARCH_FALLS,
        "An arch that falls in",
        "Does the arch of your foot fall in when you lunge?",
        "Support the arch and go only as far as it holds. Your result may read less so, and that is the true one.",
        ConditionKind.CHANGES_EXERCISES,
        test_limit=TestLimit.COMFORTABLE,
        test_reason="In the test, lunge only as far as the arch of your foot holds.",
    ),
    Condition(
        TOES_OUT,
        "Toes that turn out",
        "Do your toes turn out when you walk or lunge?",
        "The straight lunge is part of your routine: foot straight ahead, knee over the toes.",
        ConditionKind.CHANGES_EXERCISES,
    ),
)
"""In the order in which they are asked."""
CONDITION_BY_KEY: Mapping[str, Condition] = {condition.key: condition for condition in CONDITIONS}

ASK_AGAIN_AFTER = timedelta(weeks=26)
"""Half a year changes enough to ask once more."""

NEURO_EXERCISE = "3a"
NEURO_TOTAL_S = 600
"""Ten minutes a leg in all; the guide says 10 to 20."""
NEURO_HOLD_S = 60
"""In holds of a minute, so that ten minutes are ten holds; longer where the exercise's own are."""

FIRST_EXERCISES = {NEURO: (NEURO_EXERCISE,), PINCH: ("4a", "4b")}
"""Exercises that come first with a condition: for a pinch, those with the foot at rest."""
ADDED_EXERCISES = {TENDON_PAIN: ("5a", "5b"), INSERTIONAL: ("5a", "5b"), TOES_OUT: ("7a",)}
"""Exercises that a condition adds: strength without the end of the range, and the straight lunge."""


@dataclass(frozen=True, slots=True)
class ExerciseRestriction:
    """What a person's conditions do to one exercise, with the reason of each."""

    restriction: Restriction | None
    reasons: tuple[Reason, ...]


def rule_key(condition: str) -> str:
    """The key of this condition's rule."""
    return f"health-{condition.replace('_', '-')}"


def parse_answer(answer: Any) -> frozenset[str]:
    """The conditions answered with yes, from a stored answer: `{"yes": [...], "no": [...]}`.

    Raises ValueError with a sentence if the answer has another form or names an unknown condition.
    """
    if not isinstance(answer, Mapping) or not answer.keys() <= {"yes", "no"}:
        raise ValueError("The answer to the care questions is not in two lists, yes and no.")
    lists = answer.get("yes", ()), answer.get("no", ())
    if any(isinstance(one, str) or not isinstance(one, Collection) for one in lists):
        raise ValueError("The answer to the care questions is not in two lists, yes and no.")
    yes, no = ([str(key) for key in one] for one in lists)
    unknown = sorted({*yes, *no} - CONDITION_BY_KEY.keys())
    if unknown:
        raise ValueError(f"There is no condition {unknown[0]}; there are {', '.join(CONDITION_BY_KEY)}.")
    both = sorted({*yes} & {*no})
    if both:
        raise ValueError(f"The condition {both[0]} is answered with yes and with no.")
    return frozenset(yes)


def block_reason(conditions: Collection[str]) -> Reason | None:
    """Why nothing may be proposed, or `None`."""
    released = {CONDITION_BY_KEY[key].follow_up_of for key in conditions}
    for condition in CONDITIONS:
        if condition.kind is ConditionKind.BLOCKS and condition.key in conditions and condition.key not in released:
            return Reason(rule_key(condition.key), condition.effect)
    return None


def knee_to_wall_exclusions(conditions: Collection[str]) -> list[Reason]:
    """Why these conditions allow no knee-to-wall test; empty where they do."""
    return _test_reasons(conditions, TestLimit.EXCLUDED)


def knee_to_wall_precautions(conditions: Collection[str]) -> list[Reason]:
    """How far to go in a test with these conditions."""
    return _test_reasons(conditions, TestLimit.COMFORTABLE)


def _test_reasons(conditions: Collection[str], limit: TestLimit) -> list[Reason]:
    found = [one for one in CONDITIONS if one.key in conditions and one.test_limit is limit]
    return [Reason(rule_key(one.key), one.test_reason) for one in found]


def restriction_on(exercise: Exercise, conditions: Collection[str]) -> ExerciseRestriction:
    """What these conditions do to the exercise: the strictest restriction and its reasons."""
    found = [(one.restriction, Reason(rule_key(one.condition), one.reason)) for one in exercise.cautions]
    found = [(restriction, why) for restriction, why in found if why.rule in {rule_key(key) for key in conditions}]
    if CLEARED in conditions and not any(why.rule == rule_key(CLEARED) for _, why in found):
        found.append((Restriction.REDUCED, Reason(rule_key(CLEARED), CONDITION_BY_KEY[CLEARED].effect)))
    if not found:
        return ExerciseRestriction(None, ())
    strictest = (
        Restriction.EXCLUDED
        if any(restriction is Restriction.EXCLUDED for restriction, _ in found)
        else Restriction.REDUCED
    )
    return ExerciseRestriction(strictest, tuple(why for restriction, why in found if restriction is strictest))


def adaptations(conditions: Collection[str]) -> Iterator[Adaptation]:
    """What the conditions change in a routine beyond restrictions on its exercises, with all their sentences."""
    for condition in CONDITIONS:
        if condition.key in conditions:
            yield Adaptation(
                Reason(rule_key(condition.key), condition.effect),
                first_exercises=FIRST_EXERCISES.get(condition.key, ()),
                added_exercises=ADDED_EXERCISES.get(condition.key, ()),
                ten_minute_exercises=(NEURO_EXERCISE,) if condition.key == NEURO else (),
            )


def neuro_dose(exercise: Exercise, item: Item) -> Item:
    """Ten minutes a leg of the straight-knee calf stretch, in holds of the usual length or longer."""
    hold_s = max(NEURO_HOLD_S, item.hold_s or exercise.dose.hold_s or 0)
    return msgspec.structs.replace(item, hold_s=hold_s, repetitions=ceil(NEURO_TOTAL_S / hold_s))


def ask_reason(
    answered_at: datetime | None, now: datetime, pains: PainAnswers = (), *, changed_at: datetime | None = None
) -> Reason | None:
    """Why the health questions are to be asked at `now`, or `None`.

    `answered_at` is when they were answered last, `None` for never; `changed_at` when the person last said that
    something has happened to the ankle.
    """
    if answered_at is None:
        return Reason("health-asked", "Before your first routine, a few questions about your ankle.")
    if any(at > answered_at and pain >= STOP_FROM for at, pain in pains):
        return Reason("health-asked", "It has hurt a lot since you answered, so please look at the questions again.")
    if changed_at is not None and changed_at > answered_at:
        return Reason("health-asked", "You said that something has changed, so please look at the questions again.")
    if now - answered_at > ASK_AGAIN_AFTER:
        return Reason("health-asked", "Your answers are more than half a year old. Are they still true?")
    return None
