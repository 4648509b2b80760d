"""The stance of one or both heels, from reported changes."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from station.core.events import Heel, Load, Side
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, References, SensorChange, Wiring
from station.core.sensing.stance import HeelState, Stance, StanceTracker
from tests.station.core.traces import LEFT, RIGHT

COMPARATORS = Wiring(analogue=False, pad=False)


def followed(*levels: tuple[int, Side, bool], until_us: int = 10_000_000) -> tuple[BoardSensors, StanceTracker]:
    """Comparators with these levels, and a tracker that got each of their changes."""
    sensors = BoardSensors(COMPARATORS, 0)
    sensors.configure()
    tracker = StanceTracker(sensors)
    for at_us, side, down in levels:
        changes = [*sensors.pass_time(at_us), *sensors.update(Heel(at_us, side, down))]
        _report(tracker, changes)
    _report(tracker, sensors.pass_time(until_us))
    return sensors, tracker


def _report(tracker: StanceTracker, changes: Iterable[Change]) -> None:
    for change in changes:
        assert isinstance(change, HeelChange | SensorChange)
        tracker.update(change)


def test_stance_is_unknown_before_any_change() -> None:
    """The board does not count as occupied."""
    sensors, tracker = followed()
    assert tracker.stance(sensors.plates).state is HeelState.UNKNOWN
    assert not tracker.is_occupied
    assert not tracker.are_down(sensors.plates)


def test_stance_of_both_heels_dates_down_and_up() -> None:
    """Down once both are, since the later one; up once either is, since the earlier one."""
    sensors, tracker = followed((1_000_000, LEFT, True), (2_000_000, RIGHT, True))
    assert tracker.stance(sensors.plates) == Stance(HeelState.DOWN, 2_000_000)
    assert tracker.are_down(sensors.plates)
    sensors, tracker = followed(
        *((1_000_000, LEFT, True), (2_000_000, RIGHT, True), (3_000_000, RIGHT, False), (3_500_000, LEFT, False))
    )
    assert tracker.stance(sensors.plates) == Stance(HeelState.UP, 3_000_000)
    assert not tracker.is_occupied


def test_stance_of_one_heel_ignores_the_other() -> None:
    """One heel is down while the other is up."""
    sensors, tracker = followed((1_000_000, LEFT, True), (1_000_000, RIGHT, False))
    left, right = sensors.plates
    assert tracker.stance((left,)) == Stance(HeelState.DOWN, 1_000_000)
    assert tracker.stance((right,)) == Stance(HeelState.UP, 1_000_000)
    assert tracker.stance(sensors.plates).state is HeelState.UP
    assert tracker.is_occupied


def test_stance_refuses_no_plates() -> None:
    """There is no stance of no heels."""
    _, tracker = followed()
    with pytest.raises(ValueError, match="at least one plate"):
        tracker.stance(())


def silent_heel(down: bool) -> tuple[BoardSensors, StanceTracker]:
    """A load that was down or up, and then sends nothing for a second."""
    references = References(dict.fromkeys(Side, 0.01), dict.fromkeys(Side, 0.5))
    sensors = BoardSensors(Wiring(pad=False), 0, references)
    sensors.configure()
    tracker = StanceTracker(sensors)
    for at_us in range(10_000, 1_000_000, 10_000):
        _report(tracker, sensors.update(Load(at_us, LEFT, 0.5 if down else 0.01)))
    _report(tracker, sensors.pass_time(2_000_000))
    return sensors, tracker


def test_stance_is_unknown_after_a_lost_down() -> None:
    """The heel is unknown since its last sample, and the board does not count as occupied."""
    sensors, tracker = silent_heel(down=True)
    assert tracker.stance((sensors.plate_for(LEFT),)) == Stance(HeelState.UNKNOWN, 990_000)
    assert not tracker.is_occupied


def test_stance_keeps_an_up_of_a_lost_sensor() -> None:
    """A heel last seen up gets no credit because of a cut cable."""
    sensors, tracker = silent_heel(down=False)
    assert tracker.stance((sensors.plate_for(LEFT),)).state is HeelState.UP


def test_stance_dates_a_recovered_down_to_the_first_sample() -> None:
    """Down since the first good sample, not since before the gap."""
    sensors, tracker = silent_heel(down=True)
    for at_us in range(3_000_000, 3_100_000, 10_000):
        _report(tracker, sensors.update(Load(at_us, LEFT, 0.5)))
    assert tracker.stance((sensors.plate_for(LEFT),)) == Stance(HeelState.DOWN, 3_000_000)


def test_tracker_starts_with_the_present_state() -> None:
    """A step in the middle of a routine knows which heels are down."""
    sensors, _ = followed((1_000_000, LEFT, True))
    assert StanceTracker(sensors).stance((sensors.plate_for(LEFT),)) == Stance(HeelState.DOWN, 1_000_000)
