"""Several trials of a knee-to-wall test, and both sides."""

from __future__ import annotations

import pytest

from station.core.events import CommandName, Side
from station.core.facts import (
    AttemptStarted,
    Contact,
    Cue,
    CueEnded,
    CueName,
    Ended,
    Paused,
    TestFinished,
    TrialFinished,
)
from station.core.state import TestState
from station.core.steps import TestStep
from tests.station.core.board import Board
from tests.station.core.lunges import BOTH, FULL, QUICK, fails, finishes_left, moves, ready, touches
from tests.station.core.traces import LEFT, RIGHT, only


def test_a_full_test_has_three_trials_with_rests_in_which_heels_are_ignored() -> None:
    """Three trials, 10 s of rest between them with the heels ignored; the score is their mean."""
    board = ready(FULL)
    for number in range(3):
        touches(board, Contact.PAD)
        for toe_mm in (75.0, 85.0):
            moves(board, toe_mm)
            fails(board)
        assert only(board.facts, TrialFinished)[-1].trial == number + 1
        if number < 2:
            rest_s = board.now_s
            board.rise()
            board.toe_mm = 60.0
            board.run(14)
            assert not only(board.facts, Paused)
            board.stand()
            board.until_go(10)
            assert board.now_s - rest_s > 18
    trials = [trial.toe_mm for trial in only(board.facts, TrialFinished)]
    assert only(board.facts, TestFinished)[0].left_mm == round(sum(trials) / 3, 1)


def test_trials_far_apart_get_a_fourth_and_the_closest_three_count() -> None:
    """More than 15 mm between trials: a fourth follows automatically."""
    board = ready(FULL)
    for number, toe_mm in enumerate((60.0, 61.0, 90.0, 59.0)):
        if number:
            board.toe_mm = toe_mm
            board.until_go(25)
        touches(board, Contact.PAD)
        for farther_mm in (15, 30):
            moves(board, toe_mm + farther_mm)
            fails(board)
    trials = [trial.toe_mm for trial in only(board.facts, TrialFinished)]
    assert len(trials) == 4
    near = [toe_mm for toe_mm in trials if toe_mm < 80]
    assert only(board.facts, TestFinished)[0].left_mm == round(sum(near) / 3, 1)


@pytest.mark.parametrize(("full", "following"), [(True, [2, 3, None]), (False, [None])], ids=["full", "quick"])
def test_state_has_the_trial_and_side_that_follow(full: bool, following: list[int | None]) -> None:
    """The next trial of this side until its last one, then the other side, then neither."""
    board = Board(TestStep(full=full))
    for side in (LEFT, RIGHT):
        for number, expected in enumerate(following, start=1):
            board.stand(side)
            board.until_go(25)
            state = state_of(board)
            next_side = RIGHT if side is LEFT else None
            assert (state.trial, state.next_trial, state.next_side) == (number, expected, next_side)
            touches(board, Contact.PAD, side)
            for toe_mm in (75.0, 85.0):
                moves(board, toe_mm)
                fails(board)
            if expected is not None:
                assert (state_of(board).phase, state_of(board).next_trial) == ("rest", expected)
            board.toe_mm = 60.0
        board.rise(side)
        board.run(1.5)
    assert state_of(board).next_side is None


def state_of(board: Board) -> TestState:
    state = board.engine.state_at(board.now_us)
    assert isinstance(state, TestState)
    return state


@pytest.mark.parametrize("plates", [(LEFT, RIGHT), (LEFT,)], ids=["two plates", "one plate"])
def test_the_sides_change(plates: tuple[Side, ...]) -> None:
    """SWITCH; the working heel up for a second, then the other one down: the other side settles."""
    board = Board(BOTH, plates=plates)
    finishes_left(board)
    switch = only(board.facts, Cue)[-1]
    assert (switch.cue, switch.side) == (CueName.SWITCH, RIGHT)
    board.toe_mm = 60.0
    board.run(5)
    board.rise(LEFT)
    board.run(1.5)
    board.stand(RIGHT if len(plates) == 2 else LEFT)
    assert board.until_go(10).side is RIGHT


def test_both_feet_down_at_the_change_bring_a_nudge() -> None:
    """Ten seconds after SWITCH; lifting the left foot ends it, and the right side begins."""
    board = Board(BOTH)
    finishes_left(board)
    switch_s = board.now_s
    board.run(3)
    board.stand(RIGHT)
    assert board.until_cue(CueName.NUDGE, 11) == pytest.approx(switch_s + 10, abs=0.05)
    board.rise(LEFT)
    assert board.until(CueEnded, 1).cue is CueName.NUDGE
    assert board.until_go(10).side is RIGHT


def test_nobody_changes_sides() -> None:
    """90 s after SWITCH: PAUSED, 120 s later ENDED with a partial test."""
    board = Board(BOTH)
    passed = finishes_left(board)
    switch_s = board.now_s
    board.rise(LEFT)
    assert board.until(Paused, 91).at_us / 1e6 == pytest.approx(switch_s + 90, abs=0.1)
    tested = board.until(TestFinished, 121)
    assert (tested.left_mm, tested.right_mm, tested.partial) == (passed.toe_mm, None, True)
    assert only(board.facts, Ended)


def test_resume_after_a_side_change_does_not_take_the_old_heel_for_the_new() -> None:
    """`resume` in a pause of the side change waits for a heel on the new side."""
    board = Board(BOTH)
    board.stand(LEFT)
    board.until_go()
    touches(board, Contact.PAD)
    for toe_mm in (75.0, 85.0):
        moves(board, toe_mm)
        fails(board)
    board.say(CommandName.PAUSE)
    board.rise(LEFT)
    board.run(1)
    board.say(CommandName.RESUME)
    board.run(15)
    assert len(only(board.facts, AttemptStarted)) == 3


def test_the_side_may_be_chosen_before_go() -> None:
    """`side right` before the first GO makes the right leg the working leg."""
    board = Board(QUICK)
    board.stand(LEFT)
    board.until_cue(CueName.READY)
    board.say(CommandName.SIDE, RIGHT)
    board.rise(LEFT)
    board.stand(RIGHT)
    assert board.until_go().side is RIGHT
