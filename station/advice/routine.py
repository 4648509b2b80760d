"""Checks a routine that a person builds: faults that prevent saving, and hints, each in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from station.advice import health_questions
from station.advice.dose import hold_of, repetitions_of
from station.advice.records import Catalogue
from station.catalogue.records import Exercise, Feet, Group, Item, Restriction
from station.core.events import SECOND_US, Side

HOLD_S = (5, 600)
"""The guide's shortest hold, and its longest: ten minutes, after a stroke."""
MOST_REPETITIONS = 20
"""Of a hold; where the guide's own dose has more, that many."""
COUNT = (1, 100)
REST_S = (1, 600)
MOST_S = 3600
"""An hour of holds helps nobody: no gain has been seen beyond 4 minutes a muscle and session (Ingram 2024)."""
MOST_ITEMS = 40
"""Twice the whole catalogue."""
OFTEN = 3
"""Twice is one leg after the other with doses of their own."""
ORDER = tuple(Group)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. One that `refuses` must be fixed before the routine can be saved; the others are hints.

    `index` is the item concerned, which the sentence names; `None` for the whole routine.
    """

    sentence: str
    refuses: bool
    index: int | None = None


def faults(
    exercises: Catalogue, items: Sequence[Item], conditions: Collection[str], total_us: int
) -> tuple[Fault, ...]:
    """What is wrong with these items for somebody with these conditions, what refuses first, each in their order.

    `total_us` is how long all of it takes (`station.core.duration`). Raises KeyError for an unknown exercise.
    """
    found = [*_of_the_whole(exercises, items, total_us), *_of_each(exercises, items, conditions)]
    return tuple(sorted(found, key=lambda fault: not fault.refuses))


def _of_the_whole(exercises: Catalogue, items: Sequence[Item], total_us: int) -> Iterator[Fault]:
    done = [item for item in items if item.rest_s is None]
    if not done:
        yield Fault("There is nothing in it yet: add an exercise or a test.", refuses=True)
        return
    if len(items) > MOST_ITEMS:
        yield Fault(f"It has {len(items)} entries; {MOST_ITEMS} are the most.", refuses=True)
    held_s = sum(_held_s(exercises[item.exercise], item) for item in items if item.exercise is not None)
    if held_s > MOST_S:
        yield Fault(
            f"The holds alone take {held_s // 60} minutes; an hour is the most. More than four minutes a muscle at one "
            "time has helped nobody.",
            refuses=True,
        )
    elif total_us > MOST_S * SECOND_US:
        yield Fault("It takes more than an hour in all: two shorter routines are easier to keep to.", refuses=False)
    sides = {_side(exercises, item) for item in done}
    if len(sides) == 1 and (side := sides.pop()) is not None:
        yield Fault(
            f"There is no change of side: all of it is for the {side} leg, and the {side.other} leg gets nothing. "
            "Keep it so if that is what you want.",
            refuses=False,
        )
    if (order := _order(exercises, items)) is not None:
        yield order
    for key, times in Counter(item.exercise for item in items if item.exercise is not None).items():
        if times >= OFTEN:
            yield Fault(
                f"{exercises[key].name} is in it {times} times: more repetitions of one entry do the same.",
                refuses=False,
            )


def _of_each(exercises: Catalogue, items: Sequence[Item], conditions: Collection[str]) -> Iterator[Fault]:
    for index, item in enumerate(items):
        one = None if item.exercise is None else exercises[item.exercise]
        for sentence in _out_of_range(one, item):
            yield Fault(f"{_name(one, item)}: {sentence}", refuses=True, index=index)
        if one is None:
            continue
        judgement = health_questions.restrictions_on(one, conditions)
        if judgement.restriction is Restriction.EXCLUDED:
            why = judgement.reasons[0].sentence
            yield Fault(f"{_name(one, item)}: not for you at present. {why} Take it out.", True, index)
        elif judgement.restriction is Restriction.REDUCED:
            why = judgement.reasons[0].sentence
            yield Fault(f"{_name(one, item)}: half of it will be asked of you. {why}", False, index)


def _out_of_range(one: Exercise | None, item: Item) -> Iterator[str]:
    """Values out of range; those that the item takes from the exercise are valid."""
    most = MOST_REPETITIONS if one is None else max(MOST_REPETITIONS, one.dose.repetitions)
    for number, (least, greatest), what in (
        (item.rest_s, REST_S, "a rest is {} seconds long"),
        (item.hold_s, HOLD_S, "a hold is {} seconds long"),
        (item.repetitions, (1, most), "it is held {} times"),
        (item.count, COUNT, "it is done {} times"),
    ):
        if number is not None and not least <= number <= greatest:
            yield f"{what.format(f'{least} to {greatest}')}, not {number}."


def _order(exercises: Catalogue, items: Sequence[Item]) -> Fault | None:
    """The first entry that comes later than the guide has it: a test after an exercise, a warm-up after a stretch."""
    latest: Exercise | None = None
    for item in items:
        if item.test is not None and latest is not None:
            return Fault("A test belongs at the beginning: a stretch before it adds for some hours.", refuses=False)
        if item.exercise is None:
            continue
        one = exercises[item.exercise]
        if latest is not None and ORDER.index(one.group) < ORDER.index(latest.group):
            return Fault(
                f"{one.name} ({one.group}) comes after {latest.name} ({latest.group}); the guide has it before. "
                "Keep it so if it suits you.",
                refuses=False,
            )
        latest = one
    return None


def _held_s(one: Exercise, item: Item) -> int:
    """The seconds of all its holds, of both legs where one follows the other."""
    hold_s = hold_of(one, item)
    if hold_s is None:
        return 0
    turns = 1 if one.feet is Feet.BOTH or item.side is not None else len(Side)
    return turns * repetitions_of(one, item) * hold_s


def _side(exercises: Catalogue, item: Item) -> Side | None:
    """The only side that it is for, or `None`."""
    if item.exercise is not None and exercises[item.exercise].feet is Feet.BOTH:
        return None
    return item.side


def _name(one: Exercise | None, item: Item) -> str:
    return one.name if one is not None else "Test" if item.test is not None else "Rest"
