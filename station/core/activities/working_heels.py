"""The heels of the working legs as one: down when all are, up when any is, unknown while a sensor is lost."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from station.core.activities.turns import Turns
from station.core.events import Side
from station.core.sensing.sensors import BoardSensors, HeelChange, HeelChannel, SensorChange
from station.core.sensing.stance import HeelState, Stance, StanceTracker


class Move(Enum):
    """What the working heels have done."""

    DOWN = "down"
    UP = "up"
    LOST = "lost"
    """A heel that was down has lost its sensor."""
    STOPPED_EARLIER = "stopped earlier"
    """The other heel is up or lost too, since before the first, but was reported later."""


class HeelMove(Struct, frozen=True):
    """One move of the working heels, and since when."""

    kind: Move
    since_us: int


class WorkingHeels:
    """Follows the heels of the legs whose turn it is, change by change. A plain timer does not need them."""

    def __init__(self, sensors: BoardSensors, turns: Turns, *, are_needed: bool = True) -> None:
        self._sensors = sensors
        self._turns = turns
        self.are_needed = are_needed
        self._tracker = StanceTracker(sensors)
        self.up_since_us = 0
        """Since when they have not been down, or when they last came up."""
        self.lifted_side = Side.LEFT
        """The side whose heel came up last."""

    @property
    def side(self) -> Side | None:
        """The working leg, `None` if it is both."""
        return self._turns.side

    @property
    def plates(self) -> Sequence[HeelChannel]:
        return self._sensors.plates if self.side is None else (self._sensors.plate_for(self.side),)

    @property
    def are_down(self) -> bool:
        return self._tracker.are_down(self.plates)

    @property
    def are_as_needed(self) -> bool:
        """Whether they are down, or not needed."""
        return self.are_down or not self.are_needed

    @property
    def is_sensor_lost(self) -> bool:
        """Whether the sensor of a heel at work is lost."""
        return any(plate.lost_reason is not None for plate in self.plates)

    @property
    def are_up(self) -> bool:
        return self._stance.state is HeelState.UP

    @property
    def is_occupied(self) -> bool:
        """Whether any heel is down, of a working leg or not."""
        return self._tracker.is_occupied

    @property
    def rising_since_us(self) -> int | None:
        """Since when a needed working heel may have been rising; it is not settled yet."""
        if not self.are_needed:
            return None
        pending = [plate.debouncer.pending_since_us for plate in self.plates if plate.down is True]
        return min((at_us for at_us in pending if at_us is not None), default=None)

    @property
    def _stance(self) -> Stance:
        return self._tracker.stance(self.plates)

    def update(self, change: HeelChange | SensorChange) -> HeelMove | None:
        """Take one change of a heel or of its sensor; return the move of the working heels, if it makes one."""
        before, stopped_us = self._stance, self._tracker.not_down_since_us(self.plates)
        self._tracker.update(change)
        after = self._stance
        if after.state is HeelState.DOWN:
            return None if after == before else HeelMove(Move.DOWN, after.since_us)
        if after.state is not before.state:
            if change.side is not None:
                self.lifted_side = change.side if self.side is None else self.side
            return self._lifted(after.state, after.since_us)
        earlier_us = self._tracker.not_down_since_us(self.plates)
        if stopped_us is None or earlier_us is None or earlier_us >= stopped_us:
            return None
        if after.since_us < before.since_us:
            self.up_since_us = after.since_us
        return HeelMove(Move.STOPPED_EARLIER, earlier_us)

    def resync(self, at_us: int) -> HeelMove | None:
        """Take the heels' state at `at_us`, after changes that were not followed."""
        before = self._stance
        self._tracker = StanceTracker(self._sensors)
        after = self._stance
        if after.state is before.state:
            return None
        return HeelMove(Move.DOWN, at_us) if after.state is HeelState.DOWN else self._lifted(after.state, at_us)

    def _lifted(self, state: HeelState, since_us: int) -> HeelMove:
        self.up_since_us = since_us
        return HeelMove(Move.LOST if state is HeelState.UNKNOWN else Move.UP, since_us)
