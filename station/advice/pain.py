"""What to do about pain from 0 to 10: continue up to 3, ease off at 4 and 5, stop from 6.

A day after pain of 4 or more the station asks again. After pain of 6 or more nothing is proposed until a newer answer
is below 4.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from station.advice.records import PainAnswers, Reason
from station.core.events import EASE_OFF_PAIN, MAX_PAIN, PAIN_OUT_OF_RANGE, STOPPING_PAIN

ASK_AGAIN_AFTER = timedelta(hours=24)
"""A tendon may not react to a stretch until the next day."""


class PainAction(StrEnum):
    """What to do at a level of pain."""

    CONTINUE = "go on"
    EASE_OFF = "ease off"
    STOP = "stop"


class PainAdvice(Struct, frozen=True):
    """What to do, with the rule and its sentence."""

    action: PainAction
    reason: Reason

    @property
    def sentence(self) -> str:
        return self.reason.sentence


CONTINUE_ADVICE = PainAdvice(
    PainAction.CONTINUE, Reason("pain-go-on", "That is fine: carry on, and stop if it turns sharp.")
)
EASE_OFF_ADVICE = PainAdvice(
    PainAction.EASE_OFF,
    Reason("pain-ease-off", "Ease off: a shorter lunge, less weight on the leg, half the repetitions."),
)
STOP_ADVICE = PainAdvice(
    PainAction.STOP,
    Reason("pain-stop", "Stop for today. You will be asked again tomorrow; if it persists, see a health professional."),
)
BLOCKED_BY_PAIN = Reason(
    "pain-held-back",
    "You last reported strong pain, so nothing is proposed. Answer again when it is below 4. If it has not settled in "
    "a few days, see a health professional.",
)


def advice(pain: int) -> PainAdvice:
    """The advice for this pain. Raises ValueError with a sentence unless it is from 0 to 10."""
    if not 0 <= pain <= MAX_PAIN:
        raise ValueError(PAIN_OUT_OF_RANGE)
    if pain < EASE_OFF_PAIN:
        return CONTINUE_ADVICE
    return EASE_OFF_ADVICE if pain < STOPPING_PAIN else STOP_ADVICE


def is_follow_up_due(pains: PainAnswers, now: datetime) -> bool:
    """Whether to ask again: a day has passed since an answer of 4 or more."""
    return bool(pains) and pains[0][1] >= EASE_OFF_PAIN and now - pains[0][0] >= ASK_AGAIN_AFTER


def block_reason(pains: PainAnswers) -> Reason | None:
    """Why nothing may be proposed: pain of 6 or more without a newer answer below 4; else `None`."""
    for _, pain in pains:
        if pain < EASE_OFF_PAIN:
            return None
        if pain >= STOPPING_PAIN:
            return BLOCKED_BY_PAIN
    return None


def reduction_reason(pains: PainAnswers) -> Reason | None:
    """Why everything is reduced: the newest answer is 4 or 5; else `None`."""
    if pains and advice(pains[0][1]).action is PainAction.EASE_OFF:
        return EASE_OFF_ADVICE.reason
    return None
