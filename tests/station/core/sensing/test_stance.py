"""What has been told of the heels, and what that is together."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from station.core.events import Heel, Load, Side
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, References, SensorChange, Wiring
from station.core.sensing.stance import HeelState, Stance, StanceTracker
from tests.station.core.traces import LEFT, RIGHT

COMPARATORS = Wiring(analogue=False, pad=False)


def followed(*levels: tuple[int, Side, bool], until_us: int = 10_000_000) -> tuple[BoardSensors, StanceTracker]:
    """Comparators that have told these levels, and a footing that was told of each."""
    senses = BoardSensors(COMPARATORS, 0)
    senses.configure()
    footing = StanceTracker(senses)
    for at_us, side, down in levels:
        changes = [*senses.pass_time(at_us), *senses.update(Heel(at_us, side, down))]
        _tell(footing, changes)
    _tell(footing, senses.pass_time(until_us))
    return senses, footing


def _tell(footing: StanceTracker, changes: Iterable[Change]) -> None:
    for change in changes:
        assert isinstance(change, HeelChange | SensorChange)
        footing.update(change)


def test_before_anything_is_told_nothing_is_known() -> None:
    """Nobody is taken to stand there."""
    senses, footing = followed()
    assert footing.stance(senses.plates).state is HeelState.UNKNOWN
    assert not footing.is_occupied
    assert not footing.are_down(senses.plates)


def test_both_are_down_since_the_last_and_up_since_the_first() -> None:
    """Down when both are, since the later one; up when either is, since the earlier one."""
    senses, footing = followed((1_000_000, LEFT, True), (2_000_000, RIGHT, True))
    assert footing.stance(senses.plates) == Stance(HeelState.DOWN, 2_000_000)
    assert footing.are_down(senses.plates)
    senses, footing = followed(
        *((1_000_000, LEFT, True), (2_000_000, RIGHT, True), (3_000_000, RIGHT, False), (3_500_000, LEFT, False))
    )
    assert footing.stance(senses.plates) == Stance(HeelState.UP, 3_000_000)
    assert not footing.is_occupied


def test_each_heel_can_be_asked_for_alone() -> None:
    """The one that is up is no hindrance to the other."""
    senses, footing = followed((1_000_000, LEFT, True), (1_000_000, RIGHT, False))
    left, right = senses.plates
    assert footing.stance((left,)) == Stance(HeelState.DOWN, 1_000_000)
    assert footing.stance((right,)) == Stance(HeelState.UP, 1_000_000)
    assert footing.stance(senses.plates).state is HeelState.UP
    assert footing.is_occupied


def test_no_plate_is_a_mistake() -> None:
    """There is always one that is asked about."""
    _, footing = followed()
    with pytest.raises(ValueError, match="at least one plate"):
        footing.stance(())


def silent_heel(down: bool) -> tuple[BoardSensors, StanceTracker]:
    """A left load that was down or up, and then sends nothing for a second."""
    references = References(dict.fromkeys(Side, 0.01), dict.fromkeys(Side, 0.5))
    senses = BoardSensors(Wiring(pad=False), 0, references)
    senses.configure()
    footing = StanceTracker(senses)
    for at_us in range(10_000, 1_000_000, 10_000):
        _tell(footing, senses.update(Load(at_us, LEFT, 0.5 if down else 0.01)))
    _tell(footing, senses.pass_time(2_000_000))
    return senses, footing


def test_a_lost_sensor_makes_a_heel_unknown_since_its_last_sample() -> None:
    """Nothing is known from then on, and nobody is taken to stand there."""
    senses, footing = silent_heel(down=True)
    assert footing.stance((senses.plate_for(LEFT),)) == Stance(HeelState.UNKNOWN, 990_000)
    assert not footing.is_occupied


def test_a_lost_sensor_keeps_an_up() -> None:
    """A person whose heel was last up gets no credit from a cut cable."""
    senses, footing = silent_heel(down=False)
    assert footing.stance((senses.plate_for(LEFT),)).state is HeelState.UP


def test_a_sensor_that_is_back_counts_from_then() -> None:
    """Down since the first good sample, not since before the gap."""
    senses, footing = silent_heel(down=True)
    for at_us in range(3_000_000, 3_100_000, 10_000):
        _tell(footing, senses.update(Load(at_us, LEFT, 0.5)))
    assert footing.stance((senses.plate_for(LEFT),)) == Stance(HeelState.DOWN, 3_000_000)


def test_a_new_footing_begins_with_what_is_believed() -> None:
    """A step that begins in the middle of a routine knows who stands there."""
    senses, _ = followed((1_000_000, LEFT, True))
    assert StanceTracker(senses).stance((senses.plate_for(LEFT),)) == Stance(HeelState.DOWN, 1_000_000)
