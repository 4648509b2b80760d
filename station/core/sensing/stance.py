"""The stance of the working legs, from the reported changes of their heels.

Changes are back-dated, so the sensors' present level may be newer than the last reported change; activities follow the
reports. Both heels together are down once both are, up since the first one rose, and unknown while a sensor is lost. A
lost sensor keeps an UP: a heel last seen up gets no credit.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from msgspec import Struct

from station.core.sensing.sensors import BoardSensors, HeelChange, HeelChannel, SensorChange


class HeelState(Enum):
    """The state of one heel, or of several together."""

    DOWN = "down"
    UP = "up"
    UNKNOWN = "unknown"


class Stance(Struct, frozen=True):
    """The state of the heels, and since when."""

    state: HeelState
    since_us: int


class StanceTracker:
    """Follows the reported changes of the heels, from their present state on."""

    def __init__(self, sensors: BoardSensors) -> None:
        self._sensors = sensors
        self._stance_by_side = {plate.side: _current_stance(plate) for plate in sensors.plates}

    def update(self, change: HeelChange | SensorChange) -> None:
        """Take one change of a heel or of its sensor."""
        assert change.side is not None
        plate = self._sensors.plate_for(change.side)
        if isinstance(change, HeelChange):
            if plate.lost_reason is None:
                self._stance_by_side[plate.side] = Stance(
                    HeelState.DOWN if change.down else HeelState.UP, change.since_us
                )
        elif not change.is_lost:
            current = _current_stance(plate)
            self._stance_by_side[plate.side] = Stance(
                current.state, change.since_us if current.state is HeelState.DOWN else current.since_us
            )
        elif self._stance_by_side[plate.side].state is HeelState.DOWN:
            self._stance_by_side[plate.side] = Stance(HeelState.UNKNOWN, change.since_us)

    def stance(self, plates: Iterable[HeelChannel]) -> Stance:
        """Return the stance of these heels together. Raises ValueError for no plates."""
        each = [self._stance_by_side[plate.side] for plate in plates]
        for foot, since in ((HeelState.UP, min), (HeelState.UNKNOWN, min), (HeelState.DOWN, max)):
            found = [one.since_us for one in each if one.state is foot]
            if found:
                return Stance(foot, since(found))
        raise ValueError("a board has at least one plate")

    def not_down_since_us(self, plates: Iterable[HeelChannel]) -> int | None:
        """Since when the first of these heels is up or unknown, `None` while all are down."""
        each = (self._stance_by_side[plate.side] for plate in plates)
        return min((one.since_us for one in each if one.state is not HeelState.DOWN), default=None)

    def are_down(self, plates: Iterable[HeelChannel]) -> bool:
        """Return whether all of these heels are down."""
        return self.stance(plates).state is HeelState.DOWN

    @property
    def is_occupied(self) -> bool:
        """Whether any heel is down."""
        return any(one.state is HeelState.DOWN for one in self._stance_by_side.values())


def _current_stance(plate: HeelChannel) -> Stance:
    if plate.is_known_down:
        return Stance(HeelState.DOWN, plate.debouncer.since_us)
    up = plate.lost_reason is None and plate.down is False
    return Stance(HeelState.UP if up else HeelState.UNKNOWN, plate.debouncer.since_us)
