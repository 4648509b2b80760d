"""The board's position: requested before a step that needs another one, remembered, and stored with a test."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from station.app.board.position import with_setups
from station.app.starting.routines import routine_called, steps_of
from station.catalogue.read import exercises
from station.catalogue.records import Item
from station.core.events import BoardPosition
from station.core.facts import CueName
from station.core.steps import AskStep, HoldStep, RepsStep, RestStep, SetupStep, TestStep
from station.settings import Settings
from tests.station.guided_station import COMPARATORS, is_running
from tests.station.rig import Rig

FLAT, SLOPE, TURNED = BoardPosition
TEST = TestStep()


@pytest.mark.parametrize("lies", [None, SLOPE, TURNED])
def test_test_on_a_board_in_another_position_asks_for_it_flat(lies: BoardPosition | None) -> None:
    assert with_setups((TEST, AskStep()), lies) == (SetupStep(FLAT), TEST, AskStep())


def test_test_on_a_flat_board_starts_at_once() -> None:
    assert with_setups((TEST,), FLAT) == (TEST,)


def test_each_change_is_asked_once() -> None:
    """From slope to flat to turned round; a rest and an exercise off the board change nothing."""
    routine = steps_of([Item(exercise=key) for key in ("3a", "7d", "3b", "1a", "5b", "3c", "7b")], Settings())
    setups = [
        (index, step.board) for index, step in enumerate(with_setups(routine, SLOPE)) if isinstance(step, SetupStep)
    ]
    assert setups == [(2, FLAT), (6, TURNED)]
    assert with_setups((RestStep(), HoldStep()), None) == (RestStep(), HoldStep())


def test_easier_form_of_a_slope_exercise_is_flat() -> None:
    """Like its easier version in the catalogue: a sore heel bone is not stretched over a slope."""
    on_slope = [one for one in exercises().values() if one.board is SLOPE]
    assert on_slope
    assert all(one.easier.startswith("Lay the board flat") for one in on_slope)
    for one in on_slope:
        (step,) = steps_of([Item(exercise=one.key)], Settings())
        assert isinstance(step, HoldStep | RepsStep)
        assert with_setups((replace(step, reduced=True),), FLAT) == (replace(step, reduced=True),)


def test_stretch_after_a_test_asks_for_the_slope() -> None:
    routine = with_setups(routine_called("test_and_stretch", Settings()), None)
    assert [step.board for step in routine if isinstance(step, SetupStep)] == [FLAT, SLOPE]


def test_requested_position_is_stored_with_the_test(tmp_path: Path) -> None:
    """The second test on the same board asks for nothing; after a stretch on the slope the third asks again."""
    with Rig(tmp_path, COMPARATORS, asks_setup=True) as rig:
        person_id = rig.add_person("Ada")
        asked = []
        for name in ("test", "test", "stretch", "test"):
            heard = len(rig.recognised_cues())
            rig.station.start(routine_called(name, Settings(ask_after_test="no", repetitions=1)), person_id)
            rig.live(0.1)
            rig.board.act("auto")
            rig.until(lambda: not is_running(rig), 600.0)
            rig.live(5.0)
            asked.append(CueName.ASK in rig.recognised_cues()[heard:])
        assert asked == [True, False, True, True]
        tests = rig.store.tests()
        assert [test.circumstances.board_angle_deg for test in tests] == [0.0, 0.0, 0.0]


def test_unasked_position_stays_unknown(tmp_path: Path) -> None:
    """With the setting off, nothing is requested, and no test claims a flat board."""
    with Rig(tmp_path, COMPARATORS) as rig:
        rig.station.start(routine_called("test", Settings(ask_after_test="no")), None)
        rig.live(0.1)
        rig.board.act("auto")
        rig.until(lambda: not is_running(rig), 600.0)
        assert CueName.ASK not in rig.recognised_cues()
        (test,) = rig.store.tests()
        assert test.circumstances.board_angle_deg is None


def test_unfinished_routine_asks_for_the_position_again(tmp_path: Path) -> None:
    """The stored steps have no setup step: the position at the resume decides."""
    with Rig(tmp_path, COMPARATORS, asks_setup=True) as rig:
        person_id = rig.add_person("Ada")
        rig.station.start(routine_called("test_and_stretch", Settings()), person_id)
        rig.live(3.0)
        rig.station.start(routine_called("test", Settings()), person_id)
        rig.live(1.0)
        unfinished = rig.store.unfinished_run(person_id)
        assert unfinished is not None
        assert "setup" not in str(unfinished.remaining_header)
