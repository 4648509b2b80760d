"""Setting up the board before a step: only a new step on, or the command, means that it is done."""

from __future__ import annotations

import pytest

from station.core.events import BoardPosition, Command, CommandName
from station.core.facts import BoardSet, Completed, Cue, CueName, Ended
from station.core.state import SetupState
from station.core.steps import HoldStep, SetupStep, routine_from_header, to_json
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, RIGHT, heard, one, only, us

SLOPE = SetupStep(BoardPosition.SLOPE)


@pytest.mark.parametrize("analogue", [True, False])
def test_step_on_an_empty_board_completes_the_setup(analogue: bool) -> None:
    board = Board(SLOPE, analogue=analogue)
    board.run(3.0)
    board.stand(RIGHT)
    board.run(2.0)
    done = one(board.facts, BoardSet)
    assert done.board is BoardPosition.SLOPE
    assert done.at_us == pytest.approx(us(3.5), abs=us(0.05))
    assert one(board.facts, Completed).at_us == done.at_us


@pytest.mark.parametrize("analogue", [True, False])
def test_person_on_the_board_has_to_step_off_first(analogue: bool) -> None:
    """A heel that only rises for a moment changes nothing."""
    board = Board(SLOPE, analogue=analogue)
    board.stand(LEFT)
    board.run(5.0)
    board.lift(0.9, LEFT)
    board.run(3.0)
    assert not only(board.facts, BoardSet)
    state = board.engine.state_at(board.now_us)
    assert isinstance(state, SetupState)
    assert state.is_occupied
    board.rise(LEFT)
    board.run(4.0)
    board.stand(LEFT)
    board.run(1.0)
    assert one(board.facts, BoardSet).at_us == pytest.approx(us(5 + 0.9 + 3 + 4 + 0.5), abs=us(0.05))


@pytest.mark.parametrize("word", [CommandName.NEXT, CommandName.SKIP, CommandName.CONFIRM])
def test_command_completes_the_setup(word: CommandName) -> None:
    board = Board(SLOPE)
    board.stand(LEFT)
    board.run(2.0)
    board.facts += board.engine.feed(Command(board.now_us, word))
    assert one(board.facts, BoardSet).at_us == board.now_us


def test_ask_sounds_three_times_at_most_and_ends_at_the_step_on() -> None:
    """One fact starts it; the cue of the step on ends it."""
    board = Board(SLOPE, analogue=False)
    board.run(30.0)
    assert heard(board.facts, CueName.ASK) == [0.0]
    board.stand(LEFT)
    board.run(1.0)
    assert [cue.cue for cue in only(board.facts, Cue)] == [CueName.ASK, CueName.STEP_ON, CueName.COMPLETE]


def test_nobody_coming_back_ends_the_routine() -> None:
    """Three minutes after the last move; the next steps remain, without the set-up."""
    hold = HoldStep((LEFT,))
    board = Board(SLOPE, hold, analogue=False)
    board.stand(LEFT)
    board.run(10.0)
    board.rise(LEFT)
    ended = board.until(Ended, 200.0)
    assert ended.why == "nobody came back"
    assert ended.at_us == pytest.approx(us(10 + 180), abs=us(0.05))
    assert board.routine.remaining == (hold,)


def test_hold_follows_for_the_person_who_has_stepped_on() -> None:
    board = Board(SLOPE, HoldStep((LEFT,), us(5), 1, prepare_us=us(5)), analogue=False)
    board.run(2.0)
    board.stand(LEFT)
    assert board.until_cue(CueName.GO) == pytest.approx(2.0 + 0.5 + 5.0, abs=0.1)


def test_setup_step_travels_in_a_header() -> None:
    routine = (SLOPE, HoldStep((LEFT,)))
    assert routine_from_header(to_json(routine)) == routine
