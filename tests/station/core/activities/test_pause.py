"""A pause: when it nudges, gives up and ends, and what follows it."""

from __future__ import annotations

import pytest

from station.core.activities.exercise_rules import ExerciseRules
from station.core.activities.pause import AfterPause, Pause
from station.core.activities.waiting import WaitAlarm
from station.core.events import CommandName
from station.core.facts import AttemptStarted, CueName, Resumed, SensorLost
from station.core.state import ResumeNeed
from station.core.steps import HeelRule, HoldStep, RestStep
from tests.station.core.board import Board
from tests.station.core.lunges import ready
from tests.station.core.traces import LEFT, RIGHT, heard, only, us
from tests.station.states import AnyState


@pytest.mark.parametrize("gives_up", [True, False])
def test_a_pause_counts_from_the_lift_and_nudges_from_its_own_sound(gives_up: bool) -> None:
    """The heel rose at 7 s, PAUSED sounded at 10 s."""
    pause = Pause.begin(us(10), us(7), ExerciseRules(), gives_up=gives_up, is_in_side_change=False)
    alarms: list[tuple[int, WaitAlarm | None]] = []
    while not alarms or alarms[-1][1] is not WaitAlarm.TIMEOUT:
        due_us = pause.waiting.due_us
        assert due_us is not None
        alarms.append((due_us, pause.waiting.on_alarm(due_us)))
    given_up = [(us(22), WaitAlarm.GIVE_UP)] if gives_up else []
    assert alarms == [(us(12.5), WaitAlarm.NUDGE), *given_up, (us(67), WaitAlarm.TIMEOUT)]


@pytest.mark.parametrize(
    ("is_in_side_change", "then"), [(True, AfterPause.SIDE_CHANGE), (False, AfterPause.SAME_REPETITION)]
)
def test_a_pause_goes_back_to_what_it_interrupted(is_in_side_change: bool, then: AfterPause) -> None:
    """A change of sides starts again."""
    assert Pause.begin(0, 0, ExerciseRules(), gives_up=False, is_in_side_change=is_in_side_change).then is then


def resume_need(board: Board) -> ResumeNeed | None:
    state = AnyState(board.engine.state_at(board.now_us))
    assert state.phase == "paused"
    need: ResumeNeed | None = state.resume_needs
    return need


def is_refused(board: Board) -> bool:
    """Whether `resume` sounds NO and changes nothing."""
    facts = board.say(CommandName.RESUME)
    return bool(heard(facts, CueName.NO)) and not only(facts, Resumed)


def test_a_test_resumes_once_the_distance_is_read_again() -> None:
    """A pause during a fault: `resume` is refused while the cable is out, and leads back to GO when it is in again."""
    board = ready()
    board.toe_mm = None
    board.until(SensorLost, 1.2)
    board.say(CommandName.PAUSE)
    assert resume_need(board) is ResumeNeed.DISTANCE_SENSOR
    assert is_refused(board)
    board.toe_mm = 60.0
    board.run(3)
    assert resume_need(board) is None
    assert only(board.say(CommandName.RESUME), Resumed)
    board.until(AttemptStarted, 15)


def test_a_test_resumes_once_the_heel_is_sensed_and_down() -> None:
    """The plate of the leg at work counts; the other one does not."""
    board = ready()
    board.say(CommandName.PAUSE)
    board.silent.add(RIGHT)
    board.run(2)
    assert resume_need(board) is None
    board.silent.add(LEFT)
    board.run(1)
    assert resume_need(board) is ResumeNeed.HEEL_SENSOR
    assert is_refused(board)
    board.silent.clear()
    board.rise()
    board.run(1)
    assert resume_need(board) is ResumeNeed.HEEL
    assert is_refused(board)


def test_a_hold_needs_its_heel_and_no_distance() -> None:
    """A heel that is up or not sensed is in the way; the distance sensor is not."""
    board = Board(HoldStep((LEFT,), us(20), 1, us(5), us(5)))
    board.toe_mm = None
    board.stand()
    board.run(8)
    board.say(CommandName.PAUSE)
    assert resume_need(board) is None
    board.rise()
    board.run(1)
    assert resume_need(board) is ResumeNeed.HEEL
    assert is_refused(board)
    board.stand()
    board.run(1)
    board.say(CommandName.PAUSE)
    board.silent.add(LEFT)
    board.run(1)
    assert resume_need(board) is ResumeNeed.HEEL_SENSOR
    assert is_refused(board)


def test_what_no_heel_is_needed_for_can_be_resumed_from_anywhere() -> None:
    """An exercise on the floor, and a rest."""
    for step in (HoldStep((LEFT,), us(20), 1, us(5), us(5), heel=HeelRule.ANY), RestStep(us(30))):
        board = Board(step)
        board.stand()
        board.run(8)
        board.rise()
        board.say(CommandName.PAUSE)
        board.run(1)
        assert resume_need(board) is None
        assert only(board.say(CommandName.RESUME), Resumed)
