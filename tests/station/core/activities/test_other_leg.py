"""A person who steps on with the wrong leg for the exercise."""

from __future__ import annotations

import pytest

from station.core.events import Side
from station.core.facts import Cue, CueName
from station.core.steps import HoldStep, RepsStep, Step, TestStep
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, RIGHT, heard, only, us

STEPS: dict[str, Step] = {
    "hold": HoldStep((LEFT,), us(5), 1, prepare_us=us(5)),
    "repetitions": RepsStep((LEFT,), 5, us(5)),
}


@pytest.mark.parametrize("analogue", [True, False])
@pytest.mark.parametrize("name", STEPS)
def test_wrong_leg_is_pointed_out_once(name: str, analogue: bool) -> None:
    """Two seconds after the wrong leg steps on, SWITCH sounds once, and the exercise begins with the right one."""
    board = Board(STEPS[name], analogue=analogue)
    board.run(5.0)
    board.stand(RIGHT)
    board.run(20.0)
    switches = [cue for cue in only(board.facts, Cue) if cue.cue is CueName.SWITCH]
    assert [cue.side for cue in switches] == [LEFT]
    assert switches[0].at_us == pytest.approx(us(7.0), abs=us(0.2))
    board.rise(RIGHT)
    board.stand(LEFT)
    assert board.until_cue(CueName.GO) == pytest.approx(25.0 + 5.0, abs=0.2)


@pytest.mark.parametrize("side", Side)
def test_both_feet_on_the_board_are_not_a_wrong_leg(side: Side) -> None:
    """Whichever foot comes first: a second later the other one is there, and SWITCH does not sound."""
    board = Board(STEPS["hold"], analogue=False)
    board.run(1.0)
    board.stand(side)
    board.run(1.0)
    board.stand(side.other)
    board.run(4.0)
    assert not heard(board.facts, CueName.SWITCH)


def test_wrong_leg_is_pointed_out_again_after_stepping_off() -> None:
    """After an empty board it may be another person, or a new try."""
    board = Board(STEPS["hold"], analogue=False)
    for _ in range(2):
        board.run(1.0)
        board.stand(RIGHT)
        board.run(4.0)
        board.rise(RIGHT)
    board.run(1.0)
    assert len(heard(board.facts, CueName.SWITCH)) == 2


@pytest.mark.parametrize("analogue", [True, False])
@pytest.mark.parametrize("there", [True, False])
def test_test_points_out_the_wrong_leg_too(analogue: bool, there: bool) -> None:
    """Whether they stood on the right leg before a test of the left side or step on with it, SWITCH sounds; the test
    continues on the left."""
    board = Board(TestStep((LEFT,)), analogue=analogue)
    board.run(0.0 if there else 5.0)
    board.stand(RIGHT)
    board.run(10.0)
    switches = [cue for cue in only(board.facts, Cue) if cue.cue is CueName.SWITCH]
    assert [cue.side for cue in switches] == [LEFT]
    board.rise(RIGHT)
    board.stand(LEFT)
    board.until_go()


def test_test_points_out_nothing_on_the_right_leg() -> None:
    """The back foot may be on the board too, at any time."""
    board = Board(TestStep((LEFT,)), analogue=False)
    board.run(1.0)
    board.stand(RIGHT)
    board.run(1.0)
    board.stand(LEFT)
    board.until_go()
    assert not heard(board.facts, CueName.SWITCH)


@pytest.mark.parametrize("analogue", [True, False])
def test_test_points_out_the_wrong_leg_between_attempts(analogue: bool) -> None:
    """A person who steps off to slide the board, and back on with the other foot, hears it after two seconds,
    once."""
    board = Board(TestStep((LEFT,)), analogue=analogue)
    board.stand(LEFT)
    board.until_go()
    board.touch(2.0)
    board.rise(LEFT)
    board.run(1.0)
    assert board.routine.state_at(board.now_us).phase == "move"
    board.stand(RIGHT)
    began_us = board.now_us
    board.run(8.0)
    switches = [cue for cue in only(board.facts, Cue) if cue.cue is CueName.SWITCH]
    assert [cue.side for cue in switches] == [LEFT]
    assert switches[0].at_us - began_us == pytest.approx(us(2.0), abs=us(0.2))
    board.rise(RIGHT)
    board.run(1.0)
    board.stand(LEFT)
    board.run(10.0)
    assert len(heard(board.facts, CueName.SWITCH)) == 1
