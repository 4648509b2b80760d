"""The heel that a person being tested stands on."""

from __future__ import annotations

from station.core.activities.standing_heel import StandingHeel
from station.core.sensing.sensors import SensorChange
from tests.station.core.knee_parts import Comparators
from tests.station.core.traces import LEFT, RIGHT, us


def test_unknown_heel_is_neither_down_nor_up() -> None:
    """Before its first row nothing is known; then the level counts from its first sample."""
    board = Comparators()
    heel = StandingHeel(board.sensors, LEFT)
    assert (heel.down_since_us, heel.up_since_us, heel.is_down) == (None, None, False)
    board.heel(LEFT, True)
    heel.sync()
    assert (heel.down_since_us, heel.up_since_us) == (0, None)


def test_changes_are_dated_back() -> None:
    """A lift counts from its first sample."""
    board = Comparators()
    board.heel(LEFT, True)
    heel = StandingHeel(board.sensors, LEFT)
    board.now_us = us(5)
    heel.on_heel_change(board.heel(LEFT, False))
    assert (heel.down_since_us, heel.up_since_us) == (None, us(5))


def test_heel_counts_from_the_first_good_sample() -> None:
    """What happened while the sensor was lost does not count."""
    board = Comparators()
    board.heel(LEFT, True)
    heel = StandingHeel(board.sensors, LEFT)
    heel.on_sensor_change(SensorChange(us(4), us(3), "load_left", False, "samples again", LEFT))
    assert heel.down_since_us == us(3)


def test_other_plate() -> None:
    """The other heel has its own plate, unless there is only one."""
    board = Comparators()
    board.heel(RIGHT, True)
    heel = StandingHeel(board.sensors, LEFT)
    assert (heel.is_down, heel.is_other_down, heel.is_sensed_on(RIGHT)) == (False, True, False)
    single = Comparators(plates=(LEFT,))
    single.heel(LEFT, True)
    heel = StandingHeel(single.sensors, RIGHT)
    assert (heel.is_down, heel.is_other_down, heel.is_sensed_on(LEFT)) == (True, False, True)


def test_steady_after_two_seconds_at_one_distance() -> None:
    """Neither sooner than two seconds, nor while the distance drifts, nor without readings."""
    board = Comparators()
    board.heel(LEFT, True)
    heel = StandingHeel(board.sensors, LEFT)
    assert not heel.is_steady(0, us(3))
    board.read(100, 3)
    since_us = board.now_us
    assert heel.is_steady(0, since_us)
    assert not heel.is_steady(since_us, since_us + us(1))
    board.read(110, 1)
    assert not heel.is_steady(0, board.now_us)
    board.read(110, 1.2)
    assert heel.is_steady(since_us, board.now_us)
