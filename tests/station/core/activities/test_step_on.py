"""Stepping on before a test."""

from __future__ import annotations

from station.core.activities.standing_heel import StandingHeel
from station.core.activities.step_on import StepOn
from station.core.activities.waiting import WaitAlarm
from tests.station.core.knee_parts import Comparators
from tests.station.core.traces import LEFT, us


def due_s(step_on: StepOn) -> float | None:
    """When it is next due, in seconds."""
    return None if step_on.due_us is None else step_on.due_us / 1e6


def test_half_a_second_of_the_heel_down_is_a_step_on() -> None:
    """Nothing is due before the heel is down, and nothing else while it is."""
    board = Comparators()
    heel = StandingHeel(board.sensors, LEFT)
    step_on = StepOn(heel)
    assert due_s(step_on) is None
    step_on.call(0)
    board.now_us = us(5)
    heel.on_heel_change(board.heel(LEFT, True))
    assert due_s(step_on) == 5.5
    assert step_on.on_alarm(us(5.5)) is None


def test_call_ends_after_three_minutes() -> None:
    """Even for a person who was there for a moment."""
    board = Comparators()
    heel = StandingHeel(board.sensors, LEFT)
    step_on = StepOn(heel)
    step_on.call(us(10))
    heel.on_heel_change(board.heel(LEFT, True))
    heel.on_heel_change(board.heel(LEFT, False))
    assert due_s(step_on) == 190
    assert step_on.on_alarm(us(190)) is WaitAlarm.TIMEOUT


def test_wrong_leg_is_pointed_out_once() -> None:
    """After two seconds, unless the tested heel has moved, and again only after the other leg has left."""
    board = Comparators()
    step_on = StepOn(StandingHeel(board.sensors, LEFT))
    step_on.on_other_heel(us(1), is_down=True)
    assert due_s(step_on) == 3
    assert step_on.on_alarm(us(3)) is WaitAlarm.WRONG_LEG
    step_on.on_other_heel(us(4), is_down=True)
    assert due_s(step_on) is None
    step_on.on_other_heel(us(5), is_down=False)
    step_on.on_other_heel(us(6), is_down=True)
    assert due_s(step_on) == 8
    step_on.on_heel_change()
    assert due_s(step_on) is None
