"""The records of the catalogue's files: exercises, routines and their items.

Each exercise is a file in `exercises/`, each ready-made routine one in `routines/`; both are checked against these
records when they are read. Routines that people build have the same items.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from station.core.events import BoardPosition, Side


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
    """Which feet work: each in turn, both at once, or each in turn as the standing leg."""

    EACH = "each"
    BOTH = "both"
    STANCE = "stance"


class HeelPosition(StrEnum):
    """Where the guide wants the heel: down, lowered over an edge or down a slope, moving up and down, or free."""

    DOWN = "down"
    LOWERED = "lowered"
    MOVES = "moves"
    FREE = "free"


class Verification(StrEnum):
    """What the board can verify: a heel that stays down, heels that move up and down, or nothing."""

    HOLD = "hold"
    CYCLE = "cycle"
    TIMER = "timer"


class Dose(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much: `repetitions` holds of `hold_s` seconds with `rest_s` between, or `count` repetitions; for each side.

    `most_s` is the longest hold if the guide gives a range. `ways` is 2 if `count` applies to each of two directions.
    `tempo_s` is the seconds of each part of a repetition (up, hold, down, or out, hold, back); without one, unsensed
    repetitions are at the person's own pace.
    """

    hold_s: int | None = None
    most_s: int | None = None
    repetitions: int = 1
    rest_s: int = 15
    count: int | None = None
    ways: int = 1
    tempo_s: tuple[int, ...] = ()


class Restriction(StrEnum):
    """What a person's condition does to an exercise."""

    EXCLUDED = "left out"
    REDUCED = "gentler"
    """Half the dose, in the easier form."""


class Caution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition (a key of `station.advice.health_questions`) that restricts an exercise, and why, in one sentence."""

    condition: str
    restriction: Restriction
    reason: str


PROPER_NAME = "Achilles"
"""The one word in the names of exercises that keeps its capital."""


class Exercise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One exercise. Its texts address the person in the second person and are short.

    `name` is the everyday name, the same everywhere, and fits beside a number; `anatomical_name` is the textbook's, if
    it differs. `board` is the board's position, `None` for exercises on the floor or a chair, where nothing is
    verified. `places` are the felt places that it helps (empty: it helps the gait), `steps` the instructions, one
    action each. `is_off_feet` means done sitting or lying, so neither leg carries the person. `prepare_s` is the time
    to get into position with the equipment.
    """

    key: str
    name: str
    purpose: str
    group: Group
    places: tuple[FeltPlace, ...]
    feet: Feet
    heel: HeelPosition
    sense: Verification
    dose: Dose
    steps: tuple[str, ...]
    feel: str
    mistakes: tuple[str, ...]
    verifies: str
    easier: str
    harder: str
    cautions: tuple[Caution, ...] = ()
    equipment: tuple[str, ...] = ()
    board: BoardPosition | None = None
    is_off_feet: bool = False
    is_for_gait: bool = False
    prepare_s: int = 10
    anatomical_name: str | None = None

    @property
    def name_in_sentence(self) -> str:
        """The name within a sentence: only Achilles keeps its capital."""
        return self.name if self.name.startswith(PROPER_NAME) else self.name[:1].lower() + self.name[1:]

    @property
    def on_board(self) -> bool:
        return self.board is not None

    @property
    def is_light(self) -> bool:
        """Whether the heel on its plate carries only the shin."""
        return self.on_board and self.is_off_feet


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry of a routine: an exercise with a dose that may differ from its own, a test, or a rest.

    Exactly one of `exercise`, `test` (`quick` or `full`) and `rest_s` is set. A field of the dose that is `None` keeps
    the value of the exercise. `side` is set if only one leg does it.
    """

    exercise: str | None = None
    test: str | None = None
    rest_s: int | None = None
    hold_s: int | None = None
    repetitions: int | None = None
    count: int | None = None
    side: Side | None = None


class BuiltInRoutine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ready-made routine."""

    key: str
    name: str
    about: str
    items: tuple[Item, ...]
