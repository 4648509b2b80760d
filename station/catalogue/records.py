"""What an exercise and a routine are, as the catalogue's files have them.

Each exercise is a file in `exercises/`, each ready-made routine one in `routines/`; both are checked against these
records when they are read. People's own routines are made of the same items.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from station.core.events import Side


class Group(StrEnum):
    """What an exercise is for, in the order of a full routine."""

    WARM_UP = "warm-up"
    RELEASE = "release"
    STRETCH = "stretch"
    MOBILISE = "mobilise"
    STRENGTHEN = "strengthen"
    FUNCTIONAL = "functional"
    NERVE = "nerve"


class FeltPlace(StrEnum):
    """Where the limit of the ankle is felt: the front (the joint), the Achilles tendon, the calf, or nowhere."""

    FRONT = "front"
    ACHILLES = "achilles"
    CALF = "calf"
    NOWHERE = "nowhere"


class Feet(StrEnum):
    """Which feet are at work: each in turn, both at once, or each as the leg that one stands on."""

    EACH = "each"
    BOTH = "both"
    STANCE = "stance"


class HeelPosition(StrEnum):
    """Where the guide wants the heel: down, lowered over an edge or down a slope, or free."""

    DOWN = "down"
    LOWERED = "lowered"
    FREE = "free"


class Verification(StrEnum):
    """What the board can verify: a heel that stays down, heels that go up and down, or nothing."""

    HOLD = "hold"
    CYCLE = "cycle"
    TIMER = "timer"


class Dose(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much: `repetitions` holds of `hold_s` seconds with `rest_s` between, or `count` repetitions; a side.

    `most_s` is the longest hold that the guide allows where it gives a span. `ways` is 2 where `count` is done in each
    of two directions. `tempo_s` is the seconds of each part of a repetition (up, hold, down, or out, hold, back);
    without one, unsensed repetitions go at the person's own pace.
    """

    hold_s: int | None = None
    most_s: int | None = None
    repetitions: int = 1
    rest_s: int = 15
    count: int | None = None
    ways: int = 1
    tempo_s: tuple[int, ...] = ()


class Restriction(StrEnum):
    """What a condition of the person does to an exercise."""

    EXCLUDED = "left out"
    REDUCED = "gentler"
    """Half the repetitions, and done the easier way."""


class Caution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition (a key of `station.advice.health_questions`) that bears on an exercise, and why in one sentence."""

    condition: str
    restriction: Restriction
    reason: str


class Exercise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One exercise. Its texts address the person who does it: second person, short.

    `said` is its name as it is spoken and as it fits beside a number. `on_board` is false for what is done on the floor
    or a chair, where nothing is verified. `places` are where it helps (empty: anywhere, or the gait), `steps` the
    instructions, one action each, `light` whether the heel carries the shin alone (seated). `prepare_s` is the time to
    get into position, with what is needed.
    """

    key: str
    name: str
    short_name: str
    purpose: str
    group: Group
    places: tuple[FeltPlace, ...]
    feet: Feet
    heel: HeelPosition
    sense: Verification
    on_board: bool
    dose: Dose
    steps: tuple[str, ...]
    feel: str
    mistakes: tuple[str, ...]
    verifies: str
    easier: str
    harder: str
    cautions: tuple[Caution, ...] = ()
    equipment: tuple[str, ...] = ()
    is_light: bool = False
    is_for_gait: bool = False
    prepare_s: int = 10


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry of a routine: an exercise with a dose that may differ from its own, a test, or a rest.

    Exactly one of `exercise`, `test` (`quick` or `full`) and `rest_s` is there. The fields of the dose that are `None`
    are those of the exercise. `side` is set where only one leg does it.
    """

    exercise: str | None = None
    test: str | None = None
    rest_s: int | None = None
    hold_s: int | None = None
    repetitions: int | None = None
    count: int | None = None
    side: Side | None = None


class BuiltInRoutine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A routine that the station brings along."""

    key: str
    name: str
    about: str
    items: tuple[Item, ...]
