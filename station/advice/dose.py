"""How much of an exercise: an item's dose, smaller or longer, and about how long it takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import ceil

import msgspec

from station.advice.records import Catalogue
from station.catalogue.records import Exercise, Feet, Item
from station.core.events import Side

LONGER_HOLD_S = 60
LONGER_REPETITIONS = 2
"""Two one-minute holds of each of the two calf stretches make four minutes; no gain has been seen beyond that in one
session (Ingram 2024)."""
SIDE_CHANGE_S = 10
"""The minimum time that a guided hold allows for a side change."""
UNPACED_REPETITION_S = 2
"""About how long one repetition at the person's own pace takes: an ankle circle, a stroke along the tendon."""
TEST_DURATION_S = {"quick": 180, "full": 480}
"""About how long a test of both sides takes with practice."""


def hold_s_of(exercise: Exercise, item: Item) -> int | None:
    """The seconds of one hold; `None` if repetitions are counted instead."""
    return item.hold_s or exercise.dose.hold_s


def repetitions_of(exercise: Exercise, item: Item) -> int:
    """The repetitions of a hold: the item's own, or the exercise's dose."""
    return item.repetitions or exercise.dose.repetitions


def count_of(exercise: Exercise, item: Item) -> int | None:
    """The counted repetitions, each way; `None` for a hold."""
    return item.count or exercise.dose.count


def reduced(exercise: Exercise, item: Item, share: float) -> Item:
    """This share of the repetitions, rounded up; a single hold is shortened by the same share."""
    count, repetitions, hold_s = count_of(exercise, item), repetitions_of(exercise, item), hold_s_of(exercise, item)
    if count is not None:
        return msgspec.structs.replace(item, count=ceil(count * share))
    if repetitions > 1 or hold_s is None:
        return msgspec.structs.replace(item, repetitions=ceil(repetitions * share))
    return msgspec.structs.replace(item, hold_s=ceil(hold_s * share))


def with_longer_holds(exercise: Exercise, item: Item) -> Item:
    """Fewer, longer holds in place of several shorter ones."""
    hold_s, repetitions = hold_s_of(exercise, item), repetitions_of(exercise, item)
    if hold_s is None or hold_s >= LONGER_HOLD_S or repetitions < LONGER_REPETITIONS:
        return item
    return msgspec.structs.replace(item, hold_s=LONGER_HOLD_S, repetitions=LONGER_REPETITIONS)


def split_side_first(exercise: Exercise, item: Item, side: Side) -> tuple[Item, ...]:
    """The item split in two: this side with one more repetition, then the other side."""
    if item.side is side.other or exercise.feet is Feet.BOTH or hold_s_of(exercise, item) is None:
        return (item,)
    more = msgspec.structs.replace(item, side=side, repetitions=repetitions_of(exercise, item) + 1)
    return (more,) if item.side is side else (more, msgspec.structs.replace(item, side=side.other))


def for_legs(exercises: Catalogue, items: Iterable[Item], sides: Collection[Side]) -> tuple[Item, ...]:
    """The items for these legs: without those for another leg, or for both at once if these are not both."""
    if len(sides) == len(Side):
        return tuple(items)
    (only,) = sides
    return tuple(
        item if item.rest_s is not None else msgspec.structs.replace(item, side=only)
        for item in items
        if is_for_legs(exercises, item, sides)
    )


def is_for_legs(exercises: Catalogue, item: Item, sides: Collection[Side]) -> bool:
    """Whether the item is for one of these legs, and needs no other one at the same time."""
    needs_both = item.exercise is not None and exercises[item.exercise].feet is Feet.BOTH
    return len(sides) == len(Side) if needs_both else item.side is None or item.side in sides


def duration_s_of(exercises: Catalogue, items: Iterable[Item]) -> int:
    """About how long these items take, including getting into position, rests and side changes."""
    return sum(_item_duration_s(exercises, item) for item in items)


def _item_duration_s(exercises: Catalogue, item: Item) -> int:
    if item.rest_s is not None:
        return item.rest_s
    if item.test is not None:
        return TEST_DURATION_S[item.test] // (1 if item.side is None else 2)
    exercise = exercises[str(item.exercise)]
    dose = exercise.dose
    count, hold_s = count_of(exercise, item), hold_s_of(exercise, item)
    if count is not None:
        one_side_s = count * dose.ways * (sum(dose.tempo_s) or UNPACED_REPETITION_S)
    else:
        repetitions = repetitions_of(exercise, item)
        one_side_s = repetitions * (hold_s or 0) + (repetitions - 1) * dose.rest_s
    sides = 1 if exercise.feet is Feet.BOTH or item.side is not None else 2
    return exercise.prepare_s + sides * one_side_s + (sides - 1) * SIDE_CHANGE_S
