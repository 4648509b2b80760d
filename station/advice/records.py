"""The inputs and results of advice. Times are aware; distances are in mm; weeks are fractional."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from station.catalogue.records import Exercise, FeltPlace, Item
from station.core.events import Side

Catalogue = Mapping[str, Exercise]
"""The exercises by their keys, in the guide's order, as from `station.catalogue.read.exercises`."""
PainAnswers = Sequence[tuple[datetime, int]]
"""Reported pain, 0 to 10, with the times, newest first."""


class Reason(Struct, frozen=True):
    """One reason: the key of its rule (`station.advice.rules`), and what it means here, in a sentence."""

    rule: str
    sentence: str


class SideHistory(Struct, frozen=True):
    """The progress of one side.

    `is_known`: there are enough tests for the statistics, which give `is_gaining`, `is_steady` and `last_gain_at` (of
    the last confirmed gain). Otherwise there is only `change_mm` (the last test minus the first of its kind). `weeks`
    is the time between these two, `deficit_mm` how far the side is clearly behind the other, else 0, and
    `has_reached_goal` whether it has reached the person's goal.
    """

    is_known: bool = False
    is_gaining: bool | None = None
    is_steady: bool = False
    weeks: float = 0.0
    last_gain_at: datetime | None = None
    change_mm: float | None = None
    deficit_mm: float = 0.0
    has_reached_goal: bool = False


class LegConditions(Struct, frozen=True):
    """The conditions of each leg, as keys of `station.advice.health_questions`; one of the whole person is in both.

    `sides` are the legs that the person tests and trains.
    """

    left: frozenset[str] = frozenset()
    right: frozenset[str] = frozenset()
    sides: tuple[Side, ...] = tuple(Side)

    def on(self, *sides: Side) -> frozenset[str]:
        """The conditions of these legs together: an exercise for both at once follows the stricter one."""
        if len(sides) == 1:
            return self.left if sides[0] is Side.LEFT else self.right
        return self.left | self.right if sides else frozenset()

    def trained(self, sides: Iterable[Side]) -> tuple[Side, ...]:
        """Those of these legs that the person tests and trains."""
        return tuple(side for side in sides if side in self.sides)

    def legs_with(self, condition: str) -> tuple[Side, ...]:
        """The legs that have this condition."""
        return tuple(side for side in Side if condition in self.on(side))


class Situation(Struct, frozen=True):
    """Everything about one person that decides what to do at `now`.

    `conditions` are those that the person has by their answers, `None` before the first answers; `ask_reason` is why to
    ask again. `felt_places` is where they felt the limit at the last test, `not_felt_exercises` the exercises that they
    did not feel in the right place. `side_histories` has the sides with recent tests, `has_trained_regularly` is
    whether they stretched in most weeks of the last three months, and `available_minutes` the time that they chose,
    `None` if they chose none. `rotation` counts how far the rotation of the guide's sections has got (`None`: no
    rotation), `calm_training_days` the training days without pain of 4 or more since they answered the health
    questions, `has_trained_today` whether they stretched or trained today, and `trained_weekdays` (Monday is 0) the
    days of this week on which they did. `sides` are the legs that they test and train.
    """

    now: datetime
    conditions: LegConditions | None = None
    ask_reason: Reason | None = None
    felt_places: frozenset[FeltPlace] = frozenset()
    pain_answers: PainAnswers = ()
    not_felt_exercises: frozenset[str] = frozenset()
    side_histories: Mapping[Side, SideHistory] = field(default_factory=dict)
    has_trained_regularly: bool = True
    available_minutes: int | None = None
    rotation: int | None = None
    calm_training_days: int = 0
    has_trained_today: bool = False
    trained_weekdays: frozenset[int] = frozenset()
    sides: tuple[Side, ...] = tuple(Side)

    @property
    def legs(self) -> LegConditions:
        """The conditions of the legs, none before the first answers."""
        return replace(self.conditions or LegConditions(), sides=self.sides)


class Excluded(Struct, frozen=True):
    """An exercise not to do now, or not on this `side`; `None`: on neither leg."""

    key: str
    reason: Reason
    side: Side | None = None


class Reduced(Struct, frozen=True):
    """An exercise to do at a smaller dose and in its easier form, on this `side`; `None`: on each leg."""

    key: str
    reason: Reason
    side: Side | None = None


class Proposal(Struct, frozen=True):
    """What to do now, in order, and why. With a block reason nothing is proposed.

    `duration_s` is about how long it takes.
    """

    items: tuple[Item, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    reduced: tuple[Reduced, ...] = ()
    reasons: tuple[Reason, ...] = ()
    block_reason: Reason | None = None
    duration_s: int = 0


class Adaptation(Struct, frozen=True):
    """What one rule changes in a routine, and why.

    In the reason's sentence, `{exercises}` stands for the exercises of the rule that remain in the routine. If none
    remains, `otherwise` is the sentence; without one, there is no reason.

    The `first_exercises` come right after the warm-up; they and the `added_exercises` are added, for the legs `sides`,
    if missing. In each of the `order_pairs`, the first exercise comes before the second. `lengthens_holds` asks for
    longer holds of the stretches, `reduces_everything` for half of every dose, `ten_minute_exercises` for ten minutes a
    leg of each of them, and `extra_repetition_side` for one more repetition of each stretch on that side, which then
    goes first. With a `required_exercise`, the rule only applies to a routine with that exercise.
    """

    reason: Reason
    otherwise: str | None = None
    first_exercises: tuple[str, ...] = ()
    added_exercises: tuple[str, ...] = ()
    sides: tuple[Side, ...] = tuple(Side)
    order_pairs: tuple[tuple[str, str], ...] = ()
    lengthens_holds: bool = False
    reduces_everything: bool = False
    ten_minute_exercises: tuple[str, ...] = ()
    extra_repetition_side: Side | None = None
    required_exercise: str | None = None
