"""The inputs and results of advice. Times are aware; distances are in mm; weeks are fractional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from station.catalogue.records import Exercise, FeltPlace, Item
from station.core.events import Side

Catalogue = Mapping[str, Exercise]
"""The exercises by their keys, in the guide's order, as `station.catalogue.read.exercises` has them."""
PainAnswers = Sequence[tuple[datetime, int]]
"""Answers to how much it hurts, 0 to 10, with their times, the newest first."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the key of its rule (`station.advice.rules`), and what it means here, as a sentence."""

    rule: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SideHistory:
    """The progress of one side.

    `told`: there are enough tests for the statistics; `gaining`, `steady` and `gained_at` (the last confirmed gain)
    come from them. Otherwise there is only `change_mm` (the last test minus the first of its kind). `weeks` is the time
    between these two, `behind_mm` how far the side is clearly behind the other, else 0, and `reached` whether it is at
    the person's goal.
    """

    is_known: bool = False
    is_gaining: bool | None = None
    is_steady: bool = False
    weeks: float = 0.0
    last_gain_at: datetime | None = None
    change_mm: float | None = None
    deficit_mm: float = 0.0
    has_reached_goal: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything about one person that decides what to do at `now`.

    `conditions` are the keys that they said yes to (`station.advice.health_questions`), `None` while nobody has asked;
    `asked` is why they are to be asked again. `felt` is where the limit was felt at the last test, `not_felt` are the
    exercises that they did not feel where they should. `courses` has the sides of which there are recent tests, and
    `persisted` says whether most of the last three months' weeks had stretches. `minutes` is the time that they have,
    `None` where they did not say.
    """

    now: datetime
    conditions: frozenset[str] | None = None
    ask_reason: Reason | None = None
    felt_places: frozenset[FeltPlace] = frozenset()
    pain_answers: PainAnswers = ()
    not_felt_exercises: frozenset[str] = frozenset()
    side_histories: Mapping[Side, SideHistory] = field(default_factory=dict)
    has_trained_regularly: bool = True
    available_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """An exercise not to do now."""

    key: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Reduced:
    """An exercise to do at half its dose, the easier way."""

    key: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to do now, in order, and why. With a block reason nothing is proposed.

    `seconds` is about how long it takes.
    """

    items: tuple[Item, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    reduced: tuple[Reduced, ...] = ()
    reasons: tuple[Reason, ...] = ()
    block_reason: Reason | None = None
    duration_s: int = 0


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What one rule changes in a routine, and why.

    `first` come right after the warm-up, and are added where they are missing, as `adds` are. Of each pair in `before`
    the first exercise has to come before the second. `longer` asks for longer holds of the stretches, `gentler` for
    half of everything, `ten_minutes` for so long of each of these exercises, and `side` for one more repetition of each
    stretch on that side, which then goes first. It only counts in a routine with the exercise `where`, if there is one.
    """

    reason: Reason
    first_exercises: tuple[str, ...] = ()
    added_exercises: tuple[str, ...] = ()
    order_pairs: tuple[tuple[str, str], ...] = ()
    lengthens_holds: bool = False
    reduces_everything: bool = False
    ten_minute_exercises: tuple[str, ...] = ()
    extra_repetition_side: Side | None = None
    required_exercise: str | None = None
