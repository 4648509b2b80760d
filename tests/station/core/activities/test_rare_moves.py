"""Rare transitions between phases: each is in its table because it can happen."""

from __future__ import annotations

import pytest

from station.core.events import CommandName, Side
from station.core.facts import AttemptFailed, AttemptPassed, CueName, HoldFinished, HoldStarted
from station.core.steps import AskStep, CheckStep, HeelRule, HoldStep, RepsStep, Step, TestStep
from tests.station.core.blocks import Bench
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, RIGHT, us

TWICE = HoldStep((LEFT, RIGHT), us(10), 2, us(15), us(10))
ONCE = HoldStep((LEFT,), us(10), 1, us(15), us(10))
TEMPO = (us(1), us(1), us(1))


def phase_of(board: Board) -> str:
    return board.engine.state_at(board.now_us).phase


def standing(step: Step, seconds: float = 0.0) -> Board:
    """A person stands on a board with comparators for this long."""
    board = Board(step, analogue=False, pad=False)
    board.stand(LEFT)
    board.run(seconds)
    return board


def test_skip_with_the_heel_just_up_begins_the_next_hold_or_finishes() -> None:
    """Within the grace too, `skip` gives up the hold."""
    for step, then in ((TWICE, "prepare"), (ONCE, "done")):
        board = standing(step)
        board.until(HoldStarted)
        board.run(2.0)
        board.rise(LEFT)
        board.run(0.3)
        assert phase_of(board) == "grace"
        board.say(CommandName.SKIP)
        assert phase_of(board) == then


def test_skip_in_the_last_rest_of_a_timer_prepares_the_other_side() -> None:
    """A plain timer changes sides without waiting for a heel."""
    board = standing(HoldStep((LEFT, RIGHT), us(10), 2, us(15), us(10), HeelRule.ANY))
    board.until(HoldFinished, 30)
    assert phase_of(board) == "rest"
    board.say(CommandName.SKIP)
    assert phase_of(board) == "prepare"


def test_skip_in_a_long_pause_owes_nothing_that_was_given_up() -> None:
    """The pause gave up the first of four holds and `skip` omits the second: two remain."""
    board = standing(HoldStep((LEFT,), us(10), 4, us(15), us(10)))
    board.until(HoldStarted)
    board.run(2.0)
    board.rise(LEFT)
    board.run(20.0)
    assert phase_of(board) == "paused"
    board.say(CommandName.SKIP)
    (remaining,) = board.routine.remaining
    assert isinstance(remaining, HoldStep)
    assert remaining.repetitions == 2


def test_skip_while_away_changes_sides() -> None:
    """A person who has not come back from the rest omits the last hold of a side."""
    board = standing(TWICE)
    board.until(HoldFinished, 30)
    board.rise(LEFT)
    board.run(17.0)
    assert phase_of(board) == "away"
    board.say(CommandName.SKIP)
    assert phase_of(board) == "switch"


@pytest.mark.parametrize("heel", [HeelRule.CYCLE, HeelRule.DOWN])
def test_reps_wait_for_a_preparation_off_the_board(heel: HeelRule) -> None:
    """The preparation runs regardless, and GO waits for the heel."""
    tempo = () if heel is HeelRule.CYCLE else TEMPO
    board = standing(RepsStep((LEFT,), 5, us(10), heel, tempo, prepare_off=True), 1.0)
    board.rise(LEFT)
    board.run(10.0)
    assert phase_of(board) == "wait"


@pytest.mark.parametrize(
    ("sides", "seconds", "up_s", "phase", "then"),
    [
        ((LEFT, RIGHT), 3.0, 0.0, "prepare", "switch"),
        ((LEFT,), 12.0, 0.3, "grace", "done"),
        ((LEFT, RIGHT), 12.0, 1.0, "lifted", "switch"),
    ],
)
def test_skip_leaves_out_a_set_at_a_tempo(
    sides: tuple[Side, ...], seconds: float, up_s: float, phase: str, then: str
) -> None:
    """What is left of the side is given up, whatever the heel does."""
    board = standing(RepsStep(sides, 5, us(10), HeelRule.DOWN, TEMPO), seconds)
    if up_s:
        board.rise(LEFT)
        board.run(up_s)
    assert phase_of(board) == phase
    board.say(CommandName.SKIP)
    assert phase_of(board) == then


def after_a_trial(step: TestStep) -> Board:
    """One pass and two failures end the first trial."""
    board = Board(step, analogue=False, pad=True)
    board.stand(LEFT)
    board.until_go()
    board.run(0.8)
    board.knee = True
    board.until(AttemptPassed, 3)
    board.knee = False
    for toe_mm in (80.0, 66.0):
        board.toe_mm = toe_mm
        board.until_go(10)
        board.until(AttemptFailed, 13)
    return board


def test_stop_ends_a_test_in_its_preparation() -> None:
    """While the side is shown there is nothing to store."""
    board = Board(TestStep((LEFT,)))
    board.stand(LEFT)
    board.until_cue(CueName.READY)
    assert phase_of(board) == "side"
    board.say(CommandName.STOP)
    assert phase_of(board) == "ended"


def test_the_other_side_is_chosen_while_it_counts() -> None:
    """Before the first GO it is not too late."""
    board = Board(TestStep())
    board.stand(LEFT)
    board.until_cue(CueName.COUNT)
    assert phase_of(board) == "count"
    board.say(CommandName.SIDE, RIGHT)
    assert phase_of(board) == "wait"


@pytest.mark.parametrize(
    ("step", "phase"),
    [
        (TestStep((LEFT,), full=True), "rest"),
        (TestStep((LEFT, RIGHT)), "switch"),
        (TestStep((LEFT,)), "result"),
    ],
)
def test_stop_ends_a_test_after_a_trial(step: TestStep, phase: str) -> None:
    """In the rest, the change of sides and at the result."""
    board = after_a_trial(step)
    assert phase_of(board) == phase
    board.say(CommandName.STOP)
    assert phase_of(board) == "ended"


def test_stop_ends_the_first_question() -> None:
    """Nothing is answered then."""
    board = standing(AskStep(), 0.5)
    assert phase_of(board) == "felt"
    board.say(CommandName.STOP)
    assert phase_of(board) == "ended"


def test_first_row_of_a_heel_that_is_up_keeps_asking_for_the_block() -> None:
    """The first row of a heel that is up is a change too: the block is requested as before."""
    bench = Bench(CheckStep(warm_us=0))
    bench.show(None)
    assert bench.picture.phase == "block"
    bench.heel(False)
    assert bench.picture.phase == "block"
