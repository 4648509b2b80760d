"""Every caution, walked through: somebody says yes to a condition, begins a routine of all twenty exercises, and is led
through what is right for them, with the real drivers in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.advice.health_questions import CHILD, CLEARED, CONDITIONS, NO_WEIGHT, NOT_CLEARED
from station.app.start_gate import StartDecision
from station.catalogue.read import exercises
from station.catalogue.records import Item, Restriction
from station.core.facts import CueName
from station.core.steps import HoldStep, RepsStep
from tests.station.led import COMPARATORS, Led, bouts_of, dose_of, goes_on, legs_of

KEYS = [one.key for one in CONDITIONS]
HOLD_BACK = {NOT_CLEARED, NO_WEIGHT, CHILD}
"""Nothing is done until somebody else has said that it may be."""
COUNT, HOLD_S = 2, 5
LONGEST_S = 3000.0


def short_of_all() -> list[Item]:
    """Every exercise, with as little of each as can be halved."""
    return [
        Item(exercise=key, count=COUNT)
        if one.dose.count is not None
        else Item(exercise=key, hold_s=HOLD_S, repetitions=2)
        for key, one in exercises().items()
    ]


def with_cautions(condition: str, ruling: Restriction) -> set[str]:
    """The exercises whose own files have this ruling for the condition."""
    return {
        key
        for key, one in exercises().items()
        if any((each.condition, each.restriction) == (condition, ruling) for each in one.cautions)
    }


def chosen_for(led: Led, condition: str) -> StartDecision:
    """What begins for somebody who has said yes to this condition, and to what it is only asked after."""
    after = next(one.follow_up_of for one in CONDITIONS if one.key == condition)
    person_id = led.add_person("Ada", *([after] if after else []), condition)
    items = [item_dict(item) for item in short_of_all()]
    routine_id = led.store.save_routine(None, person_id, "All", items)
    done = led.station.request_start(routine_id, person_id)
    led.live(0.1)
    return done.result(0)


def item_dict(item: Item) -> dict[str, object]:
    return {name: getattr(item, name) for name in item.__struct_fields__ if getattr(item, name) is not None}


@pytest.mark.parametrize("condition", KEYS)
def test_a_caution_changes_what_is_done(tmp_path: Path, condition: str) -> None:
    """What a condition leaves out is not done, what it makes gentler is done by half, all else is done whole; and where
    it holds everything back nothing begins, with one sentence."""
    with Led(tmp_path, COMPARATORS) as led:
        found = chosen_for(led, condition)
        if condition in HOLD_BACK:
            assert found.routine == ()
            assert found.refusal is not None
            assert found.note == found.refusal.sentence
            return
        led.live(0.1)
        led.board.act("auto")
        led.until(lambda: not goes_on(led), LONGEST_S)
        led.live(5.0)
        assert led.heard()[-1] is CueName.COMPLETE
        assert dose_of(led) == legs_of(found.routine)
        done = {one.exercise for one in bouts_of(led.sat())}
        left_out, gentler = (with_cautions(condition, ruling) for ruling in Restriction)
        assert done == exercises().keys() - left_out
        for step in found.routine:
            assert isinstance(step, HoldStep | RepsStep)
            halved = condition == CLEARED or step.exercise in gentler
            ways = exercises()[str(step.exercise)].dose.ways
            whole = COUNT * ways if isinstance(step, RepsStep) else 2
            if condition == "neuro" and step.exercise == "3a":
                continue  # the straight-knee calf stretch is ten minutes a leg there
            came_to = step.count if isinstance(step, RepsStep) else step.repetitions
            assert came_to == (whole // 2 if halved else whole), step
