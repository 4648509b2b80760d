"""Turns routine names and items into steps, using the settings and the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from station.catalogue.read import built_in_routines
from station.catalogue.read import exercise as exercise_of
from station.catalogue.records import Exercise, Feet, Item, Verification
from station.core.events import SECOND_US, Side
from station.core.steps import (
    BOTH_SIDES,
    AskStep,
    CalibrateStep,
    CheckStep,
    HeelRule,
    HoldStep,
    LessonStep,
    RepsStep,
    RestStep,
    Routine,
    Step,
    TestStep,
    rounds_for,
)
from station.settings import Settings

OWN_TITLES = {
    "test": "Quick test",
    "full_test": "Full test",
    "stretch": "Stretch",
    "lesson": "The sounds",
    "calibrate": "Calibration",
    "check": "Check",
}
"""The built-in routines, besides the catalogue's ready-made ones, with their display names."""
STRETCH = "3a"
"""The built-in stretch: the calf stretch on the slope, with the doses of the settings."""
STANDING_S = 10
"""Exercises that need at most this much preparation use the time from the settings."""


@cache
def routine_titles() -> dict[str, str]:
    """The display names of all routines that `routine_called` knows, by their names."""
    return {key: ready.name for key, ready in built_in_routines().items()} | OWN_TITLES


def routine_called(
    name: str,
    settings: Settings,
    first: Side = Side.LEFT,
    *,
    analogue: bool = True,
    blocks_mm: tuple[float, ...] = CalibrateStep().blocks_mm,
    seed: int = 0,
) -> Routine:
    """The steps of one of `routine_titles()`. `first` is the side to begin with, `blocks_mm` the calibration blocks,
    `seed` selects a lesson's questions; `analogue` is as in `steps_of`.

    Raises ValueError with a sentence for any other name.
    """
    sides = BOTH_SIDES if first is Side.LEFT else BOTH_SIDES[::-1]
    asked = _questions_after_test(settings)
    if name == "test_and_stretch":
        return (TestStep(sides), *asked, _built_in_stretch(settings, sides[::-1]))
    if name in built_in_routines():
        return steps_of(built_in_routines()[name].items, settings, first, analogue=analogue)
    steps: dict[str, tuple[Step, ...]] = {
        "test": (TestStep(sides), *asked),
        "full_test": (TestStep(sides, full=True), *asked),
        "stretch": (_built_in_stretch(settings, sides),),
        "lesson": (LessonStep(seed),),
        "calibrate": (CalibrateStep(blocks_mm, rounds_for(blocks_mm)),),
        "check": (CheckStep(sorted(blocks_mm)[len(blocks_mm) // 2]),),
    }
    if name not in steps:
        raise ValueError(f"There is no routine called {name!r}: choose one of {', '.join(routine_titles())}.")
    return steps[name]


def _questions_after_test(settings: Settings) -> tuple[Step, ...]:
    return (AskStep(),) if settings.ask_after_test == "yes" else ()


def _built_in_stretch(settings: Settings, sides: tuple[Side, ...]) -> HoldStep:
    """The built-in stretch. After a test it begins on the side where the test ended, to save a change of feet."""
    return HoldStep(
        sides=sides,
        hold_us=settings.hold_s * SECOND_US,
        repetitions=settings.repetitions,
        rest_us=settings.rest_s * SECOND_US,
        prepare_us=settings.prepare_s * SECOND_US,
        exercise=STRETCH,
    )


def steps_of(items: Sequence[Item], settings: Settings, first: Side = Side.LEFT, *, analogue: bool = True) -> Routine:
    """The steps for these items; each begins on the side where the previous one ended.

    Only `analogue` heels detect a heel that carries just the shin; without them such an exercise is a timer. Raises
    ValueError with a sentence for an exercise that is not in the catalogue.
    """
    return tuple(_iter_steps(items, settings, first, analogue=analogue))


def _iter_steps(items: Iterable[Item], settings: Settings, first: Side, *, analogue: bool) -> Iterable[Step]:
    for item in items:
        if item.rest_s is not None and item.exercise is None:
            yield RestStep(item.rest_s * SECOND_US)
            continue
        sides = (item.side,) if item.side is not None else (first, first.other)
        if item.test is not None:
            yield TestStep(sides, full=item.test == "full")
            yield from _questions_after_test(settings)
            first = sides[-1]
        elif item.exercise is not None:
            one = exercise_of(item.exercise)
            together = one.feet is Feet.BOTH
            yield _step_of(one, item, settings, BOTH_SIDES if together else sides, analogue=analogue)
            first = first if together else sides[-1]


def _step_of(one: Exercise, item: Item, settings: Settings, sides: tuple[Side, ...], *, analogue: bool) -> Step:
    dose, together = one.dose, one.feet is Feet.BOTH
    prepare_us = (settings.prepare_s if one.prepare_s <= STANDING_S else one.prepare_s) * SECOND_US
    heel = _heel_rule(one, analogue=analogue)
    prepare_off = one.prepare_s > STANDING_S and heel is not HeelRule.ANY
    if dose.hold_s is not None:
        return HoldStep(
            sides=sides,
            hold_us=(item.hold_s or dose.hold_s) * SECOND_US,
            repetitions=item.repetitions or dose.repetitions,
            rest_us=dose.rest_s * SECOND_US,
            prepare_us=prepare_us,
            heel=heel,
            together=together,
            exercise=one.key,
            prepare_off=prepare_off,
        )
    return RepsStep(
        sides=sides,
        count=(item.count or dose.count or 1) * dose.ways,
        prepare_us=prepare_us,
        heel=heel,
        tempo_us=tuple(part * SECOND_US for part in dose.tempo_s),
        together=together,
        exercise=one.key,
    )


def _heel_rule(one: Exercise, *, analogue: bool) -> HeelRule:
    if one.sense is Verification.TIMER or (one.is_light and not analogue):
        return HeelRule.ANY
    if one.sense is Verification.CYCLE:
        return HeelRule.CYCLE
    return HeelRule.LIGHT if one.is_light else HeelRule.DOWN
