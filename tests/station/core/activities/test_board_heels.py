"""The parts that watch the heels: the working heels, the change of sides, and the call to the board."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from station.core.activities.board_call import BoardCall
from station.core.activities.exercise_rules import ExerciseRules
from station.core.activities.side_change import SideChange
from station.core.activities.turns import Turns
from station.core.activities.waiting import WaitAlarm
from station.core.activities.working_heels import HeelMove, Move, WorkingHeels
from station.core.events import BOTH_LEGS, Heel, Legs, Side
from station.core.facts import CueName
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, SensorChange, Wiring
from tests.station.core.traces import LEFT, RIGHT, us

RULES = ExerciseRules()


class Plates:
    """Comparators of two heels, or of a single plate, and the changes that they report."""

    def __init__(self, *down: Side, plates: tuple[Side, ...] = (LEFT, RIGHT)) -> None:
        self.sensors = BoardSensors(Wiring(analogue=False, plates=plates, pad=False), 0)
        self.sensors.configure()
        for side in plates:
            self.sensors.update(Heel(us(0.1), side, side in down))
        self.sensors.pass_time(us(0.5))

    def heel(self, at_s: float, side: Side, down: bool) -> list[HeelChange | SensorChange]:
        """One level of one heel; returns the changes settled half a second later."""
        changes: list[Change] = [*self.sensors.pass_time(us(at_s)), *self.sensors.update(Heel(us(at_s), side, down))]
        changes += self.sensors.pass_time(us(at_s + 0.5))
        return [change for change in changes if isinstance(change, HeelChange | SensorChange)]


def heels_of(plates: Plates, turns: Sequence[Legs]) -> WorkingHeels:
    return WorkingHeels(plates.sensors, Turns(turns))


def moves(heels: WorkingHeels, changes: Sequence[HeelChange | SensorChange]) -> list[HeelMove]:
    found = [heels.update(change) for change in changes]
    return [move for move in found if move is not None]


def lost(side: Side, at_s: float) -> SensorChange:
    return SensorChange(us(at_s), us(at_s), f"heel {side}", True, "stuck", side)


# The working heels.


def test_the_other_heel_makes_no_move() -> None:
    """It is on the board, though."""
    plates = Plates(LEFT)
    heels = heels_of(plates, (LEFT, RIGHT))
    assert (heels.are_down, heels.is_occupied) == (True, True)
    assert moves(heels, plates.heel(2, RIGHT, True)) == []


def test_a_heel_that_rises_and_returns_makes_two_moves() -> None:
    """Each dated to when it happened, with its side."""
    plates = Plates(RIGHT)
    heels = heels_of(plates, (RIGHT,))
    assert moves(heels, plates.heel(2, RIGHT, False)) == [HeelMove(Move.UP, us(2))]
    assert (heels.are_up, heels.up_since_us, heels.lifted_side) == (True, us(2), RIGHT)
    assert moves(heels, plates.heel(4, RIGHT, True)) == [HeelMove(Move.DOWN, us(4))]
    assert heels.are_down


def test_both_heels_are_down_when_both_are() -> None:
    """And up when the first one is; the second makes no move of its own."""
    plates = Plates(LEFT)
    heels = heels_of(plates, (BOTH_LEGS,))
    assert not heels.are_down
    assert moves(heels, plates.heel(1, RIGHT, True)) == [HeelMove(Move.DOWN, us(1))]
    assert moves(heels, plates.heel(2, LEFT, False)) == [HeelMove(Move.UP, us(2))]
    assert moves(heels, plates.heel(3, RIGHT, False)) == []
    assert heels.lifted_side is LEFT


def test_the_other_heel_that_rose_before_the_first_is_an_earlier_move() -> None:
    """A change may be reported after a later one."""
    plates = Plates(LEFT, RIGHT)
    heels = heels_of(plates, (BOTH_LEGS,))
    heels.update(HeelChange(us(3), us(2.9), LEFT, False))
    assert heels.update(HeelChange(us(3.1), us(2.5), RIGHT, False)) == HeelMove(Move.STOPPED_EARLIER, us(2.5))
    assert heels.up_since_us == us(2.5)


def test_a_lost_sensor_is_neither_up_nor_down() -> None:
    """From its last good sample on."""
    heels = heels_of(Plates(LEFT), (LEFT,))
    assert heels.update(lost(LEFT, 3)) == HeelMove(Move.LOST, us(3))
    assert (heels.are_down, heels.are_up, heels.up_since_us) == (False, False, us(3))


def test_resync_gives_the_move_that_was_missed() -> None:
    """The changes in between are not followed one by one."""
    plates = Plates(LEFT)
    heels = heels_of(plates, (LEFT,))
    plates.heel(2, LEFT, False)
    assert heels.resync(us(9)) == HeelMove(Move.UP, us(9))
    assert heels.resync(us(9)) is None


# The change of sides.


def test_the_new_side_stands_once_the_old_heel_was_up_for_a_second() -> None:
    """The new heel comes down after that."""
    plates = Plates(LEFT)
    change = SideChange(plates.sensors, RIGHT, us(1), us(90))
    assert change.due_us == us(11), "a nudge"
    assert [change.on_change(one) for one in plates.heel(2, LEFT, False)] == [None]
    assert change.due_us == us(3)
    assert change.on_alarm() is None
    assert [change.on_change(one) for one in plates.heel(4, RIGHT, True)] == [us(4)]


def test_a_new_heel_that_is_down_already_stands_when_the_old_one_is_released() -> None:
    """With two plates both feet may be on the board."""
    plates = Plates(LEFT, RIGHT)
    change = SideChange(plates.sensors, RIGHT, us(1), us(90))
    for one in plates.heel(2, LEFT, False):
        change.on_change(one)
    assert change.on_alarm() == us(3)


def test_a_wobble_of_the_old_heel_is_no_change() -> None:
    """It has to be up for a whole second."""
    plates = Plates(LEFT)
    change = SideChange(plates.sensors, RIGHT, us(1), us(90))
    for one in [*plates.heel(2, LEFT, False), *plates.heel(2.6, LEFT, True)]:
        assert change.on_change(one) is None
    assert change.due_us == us(12.6), "a nudge"
    assert change.pop_nudge(us(12.6))
    assert change.due_us == us(91)


def test_a_single_plate_must_come_down_again() -> None:
    """Both feet use it, one after the other."""
    plates = Plates(LEFT, plates=(LEFT,))
    change = SideChange(plates.sensors, RIGHT, us(1), us(90))
    for one in plates.heel(2, LEFT, False):
        change.on_change(one)
    assert change.on_alarm() is None
    assert [change.on_change(one) for one in plates.heel(4, LEFT, True)] == [us(4)]


def test_a_change_of_sides_times_out() -> None:
    """At its deadline, not before."""
    change = SideChange(Plates(LEFT).sensors, RIGHT, us(1), us(90))
    assert not change.has_timed_out(us(90.9))
    assert change.has_timed_out(us(91))


# The call to the board.


def test_the_first_step_waits_in_silence() -> None:
    """Until the person comes."""
    plates = Plates()
    heels = heels_of(plates, (LEFT,))
    call = BoardCall(heels, RULES)
    call.wait(us(1))
    assert call.due_us is None
    (change,) = plates.heel(5, LEFT, True)
    assert call.on_change(change, heels.update(change)) == us(5)
    assert call.is_answered


def test_an_empty_board_is_called_once_more_and_given_up_after_three_minutes() -> None:
    """Getting up from the floor takes time."""
    call = BoardCall(heels_of(Plates(), (LEFT,)), RULES)
    assert call.call(us(1)) is CueName.READY
    assert call.due_us == us(11)
    assert call.on_alarm(us(11)) is WaitAlarm.NUDGE
    assert call.due_us == us(181)
    assert call.on_alarm(us(181)) is WaitAlarm.TIMEOUT


def test_a_person_on_the_other_leg_is_called_to_change() -> None:
    """Once, and for the time of a change of sides."""
    call = BoardCall(heels_of(Plates(RIGHT), (LEFT,)), RULES)
    assert call.call(us(1)) is CueName.SWITCH
    assert call.due_us == us(91)


def test_the_wrong_leg_is_pointed_out() -> None:
    """Two seconds after it stepped on; the right one answers the call."""
    plates = Plates()
    heels = heels_of(plates, (LEFT,))
    call = BoardCall(heels, RULES)
    call.wait(0)
    (change,) = plates.heel(5, RIGHT, True)
    assert call.on_change(change, heels.update(change)) is None
    due_us = call.due_us
    assert due_us is not None
    assert due_us == pytest.approx(us(7), abs=us(0.2))
    assert call.on_alarm(due_us) is WaitAlarm.WRONG_LEG
    assert call.due_us is None


def test_a_plain_timer_is_answered_by_any_heel() -> None:
    """It needs none, and no leg is wrong."""
    plates = Plates()
    heels = WorkingHeels(plates.sensors, Turns((LEFT,)), are_needed=False)
    call = BoardCall(heels, RULES)
    call.wait(us(1))
    (change,) = plates.heel(5, RIGHT, True)
    assert call.on_change(change, heels.update(change)) == us(5)


def test_standing_before_the_call_counts_from_the_call() -> None:
    """A preparation does not begin before the call."""
    plates = Plates()
    heels = heels_of(plates, (LEFT,))
    call = BoardCall(heels, RULES)
    (change,) = plates.heel(5, LEFT, True)
    assert call.call_back(us(5.05)) is CueName.NUDGE
    assert call.on_change(change, heels.update(change)) == us(5.05)


def test_a_call_that_ends_no_longer_points_out_the_wrong_leg() -> None:
    """If both are due at once, the person hears only that it has ended."""
    plates = Plates()
    heels = heels_of(plates, (LEFT,))
    call = BoardCall(heels, RULES)
    call.call_back(0)
    (change,) = plates.heel(5, RIGHT, True)
    call.on_change(change, heels.update(change))
    assert call.on_alarm(RULES.return_timeout_us) is WaitAlarm.TIMEOUT
