"""Checks a routine that a person builds: faults that prevent saving, and hints, each one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from station.advice import health_questions
from station.advice.dose import hold_s_of, is_for_legs, repetitions_of
from station.advice.records import Catalogue, LegConditions
from station.catalogue.records import Exercise, Feet, Group, Item, Restriction
from station.core.events import SECOND_US, Side

HOLD_RANGE_S = (5, 600)
"""The guide's shortest hold, and its longest: ten minutes, after a stroke."""
MAX_REPETITIONS = 20
"""Of a hold; the guide's own dose may have more."""
COUNT_RANGE = (1, 100)
REST_RANGE_S = (1, 600)
MAX_TOTAL_HOLD_S = 3600
"""An hour of holds. Studies saw no further gain beyond 4 minutes a muscle and session (Ingram 2024)."""
MAX_ITEMS = 40
"""Twice the whole catalogue."""
DUPLICATES_HINT_FROM = 3
"""Twice may be one leg after the other, each with its own dose."""
GROUP_ORDER = tuple(Group)


class RoutineFault(Struct, frozen=True):
    """One fault. A fault that `is_blocking` must be fixed before the routine can be saved; the others are hints.

    `index` is the item at fault, which the sentence names; `None` for the whole routine.
    """

    sentence: str
    is_blocking: bool
    index: int | None = None


def routine_faults(
    exercises: Catalogue, items: Sequence[Item], conditions: LegConditions, total_us: int
) -> tuple[RoutineFault, ...]:
    """The faults of these items for a person with these conditions: first those that prevent saving, then the hints.

    `total_us` is how long all of it takes (`station.core.duration`). Raises KeyError for an unknown exercise.
    """
    found = [
        *_whole_routine_faults(exercises, items, conditions, total_us),
        *_item_faults(exercises, items, conditions),
    ]
    return tuple(sorted(found, key=lambda fault: not fault.is_blocking))


def _whole_routine_faults(
    exercises: Catalogue, items: Sequence[Item], conditions: LegConditions, total_us: int
) -> Iterator[RoutineFault]:
    done = [item for item in items if item.rest_s is None]
    if not done:
        yield RoutineFault("The routine is empty: add an exercise or a test.", is_blocking=True)
        return
    if len(items) > MAX_ITEMS:
        yield RoutineFault(f"It has {len(items)} entries, but may have {MAX_ITEMS} at most.", is_blocking=True)
    held_s = sum(_total_hold_s(exercises[item.exercise], item) for item in items if item.exercise is not None)
    if held_s > MAX_TOTAL_HOLD_S:
        yield RoutineFault(
            f"The holds alone take {held_s // 60} minutes; the limit is an hour. Studies saw no further gain beyond "
            "four minutes a muscle in one session.",
            is_blocking=True,
        )
    elif total_us > MAX_TOTAL_HOLD_S * SECOND_US:
        yield RoutineFault(
            "It takes more than an hour in all: two shorter routines are easier to keep up.", is_blocking=False
        )
    sides = {_only_side(exercises, item) for item in done}
    if sides != {*conditions.sides} and len(sides) == 1 and (side := sides.pop()) is not None:
        yield RoutineFault(
            f"Everything is for the {side} leg; the {side.other} leg gets nothing. Keep it if that is what you want.",
            is_blocking=False,
        )
    if (order := _order_fault(exercises, items)) is not None:
        yield order
    for key, times in Counter(item.exercise for item in items if item.exercise is not None).items():
        if times >= DUPLICATES_HINT_FROM:
            yield RoutineFault(
                f"{exercises[key].name} appears {times} times: one entry with more repetitions does the same.",
                is_blocking=False,
            )


def _item_faults(exercises: Catalogue, items: Sequence[Item], conditions: LegConditions) -> Iterator[RoutineFault]:
    for index, item in enumerate(items):
        one = None if item.exercise is None else exercises[item.exercise]
        for sentence in _range_faults(one, item):
            yield RoutineFault(f"{_item_name(one, item)}: {sentence}", is_blocking=True, index=index)
        if not is_for_legs(exercises, item, conditions.sides):
            why = health_questions.only_side_reason(conditions).sentence
            sentence = f"{_item_name(one, item)}: left out for now, but it stays in the routine. {why}"
            yield RoutineFault(sentence, is_blocking=False, index=index)
            continue
        if one is None:
            continue
        legs = tuple(Side) if item.side is None else (item.side,)
        found = health_questions.restrictions_on(one, conditions, legs)
        for restriction in found:
            why = " ".join(reason.sentence for reason in restriction.main_reasons)
            if restriction.restriction is Restriction.EXCLUDED and len(found) == 1:
                yield RoutineFault(f"{_item_name(one, item)}: not for you at the moment. {why} Remove it.", True, index)
            elif restriction.restriction is Restriction.EXCLUDED:
                yield RoutineFault(f"{_item_name(one, item)}: for one leg only at the moment. {why}", False, index)
            elif restriction.restriction is Restriction.REDUCED:
                yield RoutineFault(f"{_item_name(one, item)}: a smaller dose for you. {why}", False, index)


def _range_faults(one: Exercise | None, item: Item) -> Iterator[str]:
    """A sentence for each value out of range; values that the item takes from the exercise are valid."""
    most = MAX_REPETITIONS if one is None else max(MAX_REPETITIONS, one.dose.repetitions)
    for number, (least, greatest), what in (
        (item.rest_s, REST_RANGE_S, "rest for {} seconds"),
        (item.hold_s, HOLD_RANGE_S, "hold for {} seconds"),
        (item.repetitions, (1, most), "hold it {} times"),
        (item.count, COUNT_RANGE, "do it {} times"),
    ):
        if number is not None and not least <= number <= greatest:
            yield f"{what.format(f'{least} to {greatest}')}, not {number}."


def _order_fault(exercises: Catalogue, items: Sequence[Item]) -> RoutineFault | None:
    """The first entry later than in the guide's order: a test after an exercise, a warm-up after a stretch."""
    latest: Exercise | None = None
    for item in items:
        if item.test is not None and latest is not None:
            return RoutineFault(
                "A test belongs at the start: a stretch before it adds range for some hours.", is_blocking=False
            )
        if item.exercise is None:
            continue
        one = exercises[item.exercise]
        if latest is not None and GROUP_ORDER.index(one.group) < GROUP_ORDER.index(latest.group):
            return RoutineFault(
                f"{one.name} ({one.group}) comes after {latest.name} ({latest.group}); the guide puts it before. "
                "Keep it if it suits you.",
                is_blocking=False,
            )
        latest = one
    return None


def _total_hold_s(one: Exercise, item: Item) -> int:
    """The seconds of all its holds, of both legs if they work in turn."""
    hold_s = hold_s_of(one, item)
    if hold_s is None:
        return 0
    turns = 1 if one.feet is Feet.BOTH or item.side is not None else len(Side)
    return turns * repetitions_of(one, item) * hold_s


def _only_side(exercises: Catalogue, item: Item) -> Side | None:
    """The only side that the item trains, or `None` for both."""
    if item.exercise is not None and exercises[item.exercise].feet is Feet.BOTH:
        return None
    return item.side


def _item_name(one: Exercise | None, item: Item) -> str:
    return one.name if one is not None else "Test" if item.test is not None else "Rest"
