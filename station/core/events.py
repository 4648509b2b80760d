"""Events: what goes into the core.

Times are whole microseconds on the monotonic clock (`at_us`), so that sums of spans are exact and the same events give
the same facts on every machine. Distances are millimetres. Missing is `None`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SECOND_US = 1_000_000


class Side(StrEnum):
    """The leg at work."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Both(StrEnum):
    """Both legs at once, each heel watched."""

    BOTH = "both"


Legs = Side | Both
"""Who is at work in a hold or in repetitions: one leg, or both at once."""
BOTH_LEGS = Both.BOTH


class CommandName(StrEnum):
    """A command: from the page, the button or heel taps."""

    START = "start"
    NEXT = "next"
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    CONFIRM = "confirm"
    SIDE = "side"
    ANSWER = "answer"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Heel:
    """A comparator's level under one heel; it lasts until the next."""

    at_us: int
    side: Side
    down: bool


@dataclass(frozen=True, slots=True)
class Load:
    """One sample of an analogue heel: the ADC's share of full scale, 0 to 1."""

    at_us: int
    side: Side
    share: float


@dataclass(frozen=True, slots=True)
class Toe:
    """What the distance sensor said, in mm before calibration, with its range status (11 is valid)."""

    at_us: int
    reading_mm: float
    status: int = 11


@dataclass(frozen=True, slots=True)
class Knee:
    """The knee pad's level; it lasts until the next."""

    at_us: int
    touching: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has come this far and nothing else has happened."""

    at_us: int


FELT_PLACE_ANSWERS = ("front", "achilles", "calf", "nowhere")
"""Where the limit of the ankle is felt."""
MAX_PAIN = 10
EASE_OFF_PAIN, STOPPING_PAIN = 4, 6
"""From these answers on everything is eased off, or nothing follows today: the usual traffic light of pain."""
PAIN_ANSWERS = tuple(str(pain) for pain in range(MAX_PAIN + 1))
ANSWERS = (*FELT_PLACE_ANSWERS, *PAIN_ANSWERS)
"""What a person can answer to the questions after a test."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a person said through the page, the button or taps. `side` goes with `CommandName.SIDE`, `answer` with
    `CommandName.ANSWER`: a place (`front`, `achilles`, `calf`, `nowhere`) or a number from 0 to 10."""

    at_us: int
    word: CommandName
    side: Side | None = None
    answer: str | None = None


Event = Heel | Load | Toe | Knee | Tick | Command
