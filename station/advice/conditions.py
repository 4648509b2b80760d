"""The conditions that the health questions ask about, as data: each with its question and what a yes changes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from station.core.events import Side

YES, NO = "yes", "no"
"""Answers; for a condition of a leg, yes means both legs, and a side only that one."""
NOT_CLEARED, CLEARED, NO_WEIGHT, PARTIAL_WEIGHT = "not_cleared", "cleared", "no_weight", "partial_weight"
TENDON_PAIN, INSERTIONAL = "tendon_pain", "insertional"
NEURO, NUMB, BALANCE = "neuro", "numb", "balance"
CHILD, CHILD_LED = "child", "child_led"
METALWORK, PINCH, ARCH_FALLS, TOES_OUT = "metalwork", "pinch", "arch_falls", "toes_out"


class TestLimit(StrEnum):
    """How a condition limits the knee-to-wall test, which goes to the end of the range."""

    __test__ = False

    NONE = "none"
    COMFORTABLE = "comfortable"
    EXCLUDED = "excluded"


class ConditionKind(StrEnum):
    """What a condition does."""

    BLOCKS = "holds back"
    CHANGES_EXERCISES = "changes exercises"
    CHANGES_EXPECTATION = "changes what to expect"


class Condition(Struct, frozen=True):
    """One question and the effect of a yes, in a sentence or two. `title` names the condition in lists.

    A condition that `is_of_leg` is answered with the leg or legs that have it, any other one with yes or no.
    `professional` is whom to ask, if the guide names one. A condition with `follow_up_of` is only asked after a yes to
    that condition, and its own yes lifts the restrictions of that condition. `effect_without` is what remains of the
    effect if the exercises that it names are left out.
    """

    key: str
    title: str
    question: str
    effect: str
    kind: ConditionKind
    is_of_leg: bool = False
    professional: str | None = None
    follow_up_of: str | None = None
    test_limit: TestLimit = TestLimit.NONE
    test_reason: str = ""
    """Why the test is limited, in a sentence."""
    effect_without: str | None = None

    @property
    def choices(self) -> tuple[str, ...]:
        """The answers to choose from."""
        return (*Side, YES, NO) if self.is_of_leg else (YES, NO)


SORE_TENDON = (
    "The test takes the ankle to the end of its range, which a sore tendon should avoid. It returns when you answer "
    "that the pain has settled."
)
CONDITIONS = (
    Condition(
        NOT_CLEARED,
        "Not cleared for exercise yet",
        "Have you had an operation, a fracture, a cast or a torn Achilles tendon that has not been cleared for "
        "exercise yet?",
        "Nothing is proposed until the professional who treats you has cleared you for exercise.",
        ConditionKind.BLOCKS,
        is_of_leg=True,
        professional="the professional who treats you",
    ),
    Condition(
        CLEARED,
        "Recently cleared for exercise",
        "Have you had one of these recently and been cleared for exercise?",
        "Start gently, at half the usual dose. It grows to three quarters and then to the whole while the ankle stays "
        "calm.",
        ConditionKind.CHANGES_EXERCISES,
        is_of_leg=True,
        test_limit=TestLimit.COMFORTABLE,
        test_reason="In the test, lunge only as far as is comfortable; do not push to the end.",
    ),
    Condition(
        NO_WEIGHT,
        "Unable to bear weight after an injury",
        "Have you had an injury after which you could not put weight on the foot, and which has not been X-rayed?",
        "Nothing is proposed until a fracture has been ruled out, usually by an X-ray.",
        ConditionKind.BLOCKS,
        is_of_leg=True,
        professional="a doctor, for an X-ray",
    ),
    Condition(
        PARTIAL_WEIGHT,
        "Only part of the weight on a leg",
        "Have you been told to put only part of your weight on a leg?",
        "Nothing is proposed until you may put your whole weight on it: the board cannot tell how much is too much.",
        ConditionKind.BLOCKS,
        is_of_leg=True,
        professional="the professional who set the limit",
    ),
    Condition(
        TENDON_PAIN,
        "Pain in the Achilles tendon",
        "Does your Achilles tendon hurt at the moment?",
        "Do not force any stretch to its end. Heel drops load the tendon, in a comfortable range and with less than "
        "your weight if need be. A heel lift in your shoe may help for a while.",
        ConditionKind.CHANGES_EXERCISES,
        is_of_leg=True,
        professional="a physiotherapist, if it does not settle",
        test_limit=TestLimit.EXCLUDED,
        test_reason=SORE_TENDON,
        effect_without="Do not force any stretch to its end. A heel lift in your shoe may help for a while.",
    ),
    Condition(
        INSERTIONAL,
        "Pain where the tendon meets the heel",
        "Does it hurt right where the Achilles tendon meets the heel bone?",
        "Avoid the end of your range for now. Heel drops on the flat load the tendon.",
        ConditionKind.CHANGES_EXERCISES,
        is_of_leg=True,
        professional="a physiotherapist, if it does not settle",
        test_limit=TestLimit.EXCLUDED,
        test_reason=SORE_TENDON,
        effect_without="Avoid the end of your range for now.",
    ),
    Condition(
        NEURO,
        "A stroke or another neurological condition",
        "Have you had a stroke, or do you have another neurological condition?",
        "The straight-knee calf stretch comes first, 10 to 20 minutes a day in all for each leg. See a neuro "
        "physiotherapist.",
        ConditionKind.CHANGES_EXERCISES,
        professional="a neuro physiotherapist",
        effect_without="See a neuro physiotherapist.",
    ),
    Condition(
        NUMB,
        "Reduced feeling in a foot",
        "Do you have less feeling than usual in a foot?",
        "Pain cannot warn you there, so exercises that load the foot hard are reduced or left out. Check your skin "
        "afterwards.",
        ConditionKind.CHANGES_EXERCISES,
        is_of_leg=True,
        professional="a doctor, if the cause is unknown",
    ),
    Condition(
        BALANCE,
        "Poor balance",
        "Is your balance poor?",
        "Exercises on one leg or on an edge are reduced or left out. Keep something firm within reach.",
        ConditionKind.CHANGES_EXERCISES,
    ),
    Condition(
        CHILD,
        "A child",
        "Is this for a child?",
        "Nothing is proposed for a child unless a trained professional supervises.",
        ConditionKind.BLOCKS,
        professional="a physiotherapist who works with children",
    ),
    Condition(
        CHILD_LED,
        "A child supervised by a professional",
        "Does a trained professional supervise the child?",
        "The professional decides what the child does; the station only makes suggestions.",
        ConditionKind.CHANGES_EXPECTATION,
        follow_up_of=CHILD,
    ),
    Condition(
        METALWORK,
        "Metal in the ankle or a bony block",
        "Do you have metal in the ankle, or a known bony block?",
        "It may limit how far the ankle can ever bend, so if you stop improving early, it is not your fault.",
        ConditionKind.CHANGES_EXPECTATION,
        is_of_leg=True,
        professional="your surgeon, if you want to know how far it can go",
    ),
    Condition(
        PINCH,
        "A pinch in front of the ankle",
        "Does it pinch in the front of the ankle when you lunge?",
        "First mobilise the ankle with the foot fully relaxed. In a lunge, stop short of the pinch.",
        ConditionKind.CHANGES_EXERCISES,
        is_of_leg=True,
        effect_without="In a lunge, stop short of the pinch.",
        test_limit=TestLimit.COMFORTABLE,
        test_reason="In the test, stop short of the pinch in front of the ankle.",
    ),
    Condition(
        ARCH_FALLS,
        "An arch that falls in",
        "Does the arch of your foot fall in when you lunge?",
        "Support the arch and go only as far as it holds. Your result may be smaller, but it is the ankle's.",
        ConditionKind.CHANGES_EXERCISES,
        is_of_leg=True,
        test_limit=TestLimit.COMFORTABLE,
        test_reason="In the test, lunge only as far as the arch of your foot holds.",
    ),
    Condition(
        TOES_OUT,
        "Toes that turn out",
        "Do your toes turn out when you walk or lunge?",
        "The straight lunge is part of your routine: foot straight ahead, knee over the toes.",
        ConditionKind.CHANGES_EXERCISES,
        is_of_leg=True,
        effect_without="Keep the foot straight ahead and the knee over the toes.",
    ),
)
"""In the order of the questions."""
CONDITION_BY_KEY: Mapping[str, Condition] = {condition.key: condition for condition in CONDITIONS}
BLOCKING = tuple(condition.key for condition in CONDITIONS if condition.kind is ConditionKind.BLOCKS)
