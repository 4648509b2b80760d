"""What an answer to "how much does it hurt?" asks for: 0 to 3 go on, 4 and 5 ease off, 6 and more stop.

A day after a pain of 4 or more the question comes back. While a pain of 6 or more has no newer answer below 4, nothing
is proposed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from station.advice.records import Pains, Why
from station.core.activities import questions

MOST_PAIN = questions.MOST_PAIN
EASE_OFF_FROM = questions.EASING_PAIN
STOP_FROM = questions.MUCH_PAIN
"""The bounds of the usual traffic light of pain (evidence, Care)."""
LOOK_AGAIN = timedelta(hours=24)
"""What a stretch has done to a tendon shows within a day."""


class Doing(StrEnum):
    """What to do with so much pain."""

    GO_ON = "go on"
    EASE_OFF = "ease off"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class PainAdvice:
    """What to do, and the rule and sentence that say so."""

    what: Doing
    why: Why

    @property
    def sentence(self) -> str:
        return self.why.sentence


GO_ON = PainAdvice(Doing.GO_ON, Why("pain-go-on", "That little is fine: go on, and stop if it turns sharp."))
EASE_OFF = PainAdvice(
    Doing.EASE_OFF,
    Why("pain-ease-off", "Ease off: a shorter lunge, less weight on the leg, half of the repetitions."),
)
STOP = PainAdvice(
    Doing.STOP,
    Why("pain-stop", "Stop for today. You will be asked again tomorrow; if it stays so, let somebody look at it."),
)
HELD_BACK = Why(
    "pain-held-back",
    "Your last answer was a lot of pain, so nothing is proposed. Answer again when it is below 4; if it is not in a "
    "few days, see a health professional.",
)


def advice(pain: int) -> PainAdvice:
    """What so much pain asks for. Raises ValueError with a sentence for what is not from 0 to 10."""
    if not 0 <= pain <= MOST_PAIN:
        raise ValueError(f"The pain is {pain}, but must be from 0 to {MOST_PAIN}.")
    if pain < EASE_OFF_FROM:
        return GO_ON
    return EASE_OFF if pain < STOP_FROM else STOP


def asks_again(pains: Pains, now: datetime) -> bool:
    """Whether it is time to ask once more, a day after an answer of 4 or more."""
    return bool(pains) and pains[0][1] >= EASE_OFF_FROM and now - pains[0][0] >= LOOK_AGAIN


def held_back(pains: Pains) -> Why | None:
    """Why nothing may be proposed: a pain of 6 or more without a newer answer below 4; else `None`."""
    for _, pain in pains:
        if pain < EASE_OFF_FROM:
            return None
        if pain >= STOP_FROM:
            return HELD_BACK
    return None


def eases_off(pains: Pains) -> Why | None:
    """Why everything is to be gentler: the newest answer is 4 or 5; else `None`."""
    if pains and advice(pains[0][1]).what is Doing.EASE_OFF:
        return EASE_OFF.why
    return None
