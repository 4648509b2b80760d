"""Events: the input of the core.

Times are whole microseconds on the monotonic clock (`at_us`), so sums of spans are exact and the same events give the
same facts on every machine. Distances are in millimetres. A missing value is `None`.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

SECOND_US = 1_000_000


class Side(StrEnum):
    """The working leg."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Both(StrEnum):
    """Both legs at once; each heel is sensed."""

    BOTH = "both"


Legs = Side | Both
"""Which legs work in a hold or in repetitions: one, or both at once."""
BOTH_LEGS = Both.BOTH


class BoardPosition(StrEnum):
    """The board's position: flat; as a slope that rises towards the wall; or turned round, heel plates by the wall."""

    FLAT = "flat"
    SLOPE = "slope"
    TURNED = "turned"


class Press(StrEnum):
    """How long a heel or the button is pressed. `station.core.activities.heel_rhythm` has the limits."""

    SHORT = "short"
    LONG = "long"


class CommandName(StrEnum):
    """The commands that the page, the button and heel taps can give."""

    START = "start"
    NEXT = "next"
    SKIP = "skip"
    SKIP_EXERCISE = "skip_exercise"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    CONFIRM = "confirm"
    SIDE = "side"
    ANSWER = "answer"
    UNDO = "undo"


OPTIONAL_COMMANDS = frozenset(
    {CommandName.PAUSE, CommandName.NEXT, CommandName.SKIP, CommandName.SKIP_EXERCISE, CommandName.SIDE}
)
"""The commands that an activity obeys, and that are offered, in some phases only. Whether RESUME is obeyed follows from
what a pause waits for."""


class Heel(Struct, frozen=True):
    """A comparator's level under one heel; it holds until the next event of that heel."""

    at_us: int
    side: Side
    down: bool


class Load(Struct, frozen=True):
    """One sample of an analogue heel: the ADC's share of full scale, 0 to 1."""

    at_us: int
    side: Side
    share: float


class Toe(Struct, frozen=True):
    """One reading of the distance sensor, in mm before calibration, with its range status (11 is valid)."""

    at_us: int
    reading_mm: float
    status: int = 11


class Knee(Struct, frozen=True):
    """The knee pad's level; it holds until the next event of the pad."""

    at_us: int
    touching: bool


class Button(Struct, frozen=True):
    """The push button's level; it holds until the next event of the button."""

    at_us: int
    pressed: bool


class Tick(Struct, frozen=True):
    """The clock has reached `at_us` and nothing else has happened."""

    at_us: int


NOWHERE = "nowhere"
FELT_PLACE_ANSWERS = ("front", "achilles", "calf", NOWHERE)
"""Felt places: where a person can feel the limit of the ankle."""
BACK_FOOT_PLACES = ("heel up", "flat", "off")
"""Where the other foot is in a test: behind with its heel up, behind and flat, or off the floor."""
MAX_PAIN = 10
PAIN_OUT_OF_RANGE = f"Pain is a whole number from 0 to {MAX_PAIN}."
EASE_OFF_PAIN, STOPPING_PAIN = 4, 6
"""Pain from which the remaining steps are halved, and from which the routine ends: the pain-monitoring traffic
light."""
PAIN_ANSWERS = tuple(str(pain) for pain in range(MAX_PAIN + 1))
ANSWERS = (*FELT_PLACE_ANSWERS, *PAIN_ANSWERS)
"""Every answer to the questions after a test."""


class Command(Struct, frozen=True):
    """A command from the page, the button or heel taps. `side` belongs to `CommandName.SIDE`, `answer` to
    `CommandName.ANSWER`: a place (`front`, `achilles`, `calf`, `nowhere`) or a pain from 0 to 10."""

    at_us: int
    word: CommandName
    side: Side | None = None
    answer: str | None = None


SensorEvent = Load | Toe | Heel | Knee | Button
SENSOR_EVENTS = (Load, Toe, Heel, Knee, Button)
"""The kinds of `SensorEvent`, frequent ones first: a false `isinstance` takes five times as long as a true one."""

Event = SensorEvent | Tick | Command
