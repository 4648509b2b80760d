"""A sensor that is lost in a test."""

from __future__ import annotations

from station.core.activities.sensor_fault import SensorFault
from station.core.activities.standing_heel import StandingHeel
from station.core.events import Side
from station.core.sensing.sensors import SensorChange
from tests.station.core.knee_parts import Comparators
from tests.station.core.traces import LEFT, us


def due_s(fault: SensorFault) -> float | None:
    """When it is next due, in seconds."""
    return None if fault.due_us is None else fault.due_us / 1e6


def back(at_s: float, side: Side | None) -> SensorChange:
    """The heel sensor of `side`, or the distance sensor, is good again."""
    return SensorChange(us(at_s), us(at_s), "toe" if side is None else f"load_{side}", False, "samples again", side)


def test_heel_sensor_is_trusted_after_two_seconds() -> None:
    """While the person stands on the board there is no time limit."""
    board = Comparators()
    board.heel(LEFT, True)
    fault = SensorFault(StandingHeel(board.sensors, LEFT), us(10))
    assert due_s(fault) is None
    fault.on_sensor_back(back(300, LEFT))
    assert due_s(fault) == 302
    assert not fault.has_timed_out(us(302))
    assert fault.is_over()


def test_distance_sensor_is_trusted_at_once() -> None:
    """Its two seconds are over when it reports; another sensor may still be lost."""
    board = Comparators()
    board.read(100, 1)
    board.sensors.pass_time(us(5))
    fault = SensorFault(StandingHeel(board.sensors, LEFT), us(2))
    fault.on_sensor_back(back(20, None))
    assert due_s(fault) == 20
    assert not fault.is_over()
    assert due_s(fault) is None


def test_person_who_leaves_is_waited_for_as_in_a_pause() -> None:
    """Two minutes from the lift, or from the fault if the heel was already up."""
    board = Comparators()
    heel = StandingHeel(board.sensors, LEFT)
    heel.on_heel_change(board.heel(LEFT, False))
    fault = SensorFault(heel, us(10))
    assert due_s(fault) == 130
    heel.on_heel_change(board.heel(LEFT, True))
    board.now_us = us(60)
    heel.on_heel_change(board.heel(LEFT, False))
    assert due_s(fault) == 180
    assert fault.has_timed_out(us(180))
