"""What has been told of the heels, change by change, and what that is together for the legs at work.

The senses tell of the past, and what they believe by now may differ; whoever reacts to changes must go by what it was
told. Both heels at once are down when both are, up since the first that rose, and unknown while a sensor is lost. A
lost sensor keeps an UP: nobody is credited for a heel that was last seen up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from station.core.sensing.sensors import HeelChange, HeelChannel, Senses, SensorChange


class Foot(Enum):
    """One heel, or several together."""

    DOWN = "down"
    UP = "up"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Stance:
    """How the heels are, and since when."""

    foot: Foot
    since_us: int


class Footing:
    """Follows the heels from the moment it is made."""

    def __init__(self, senses: Senses) -> None:
        self._senses = senses
        self._of = {plate.side: _now(plate) for plate in senses.plates}

    def feel(self, change: HeelChange | SensorChange) -> None:
        """Take in one change of a heel or of its sensor."""
        assert change.side is not None
        plate = self._senses.heel(change.side)
        if isinstance(change, HeelChange):
            if plate.lost_why is None:
                self._of[plate.side] = Stance(Foot.DOWN if change.down else Foot.UP, change.since_us)
        elif not change.lost:
            now = _now(plate)
            self._of[plate.side] = Stance(now.foot, change.since_us if now.foot is Foot.DOWN else now.since_us)
        elif self._of[plate.side].foot is Foot.DOWN:
            self._of[plate.side] = Stance(Foot.UNKNOWN, change.since_us)

    def stance(self, plates: Iterable[HeelChannel]) -> Stance:
        """What these heels are together."""
        each = [self._of[plate.side] for plate in plates]
        for foot, since in ((Foot.UP, min), (Foot.UNKNOWN, min), (Foot.DOWN, max)):
            found = [one.since_us for one in each if one.foot is foot]
            if found:
                return Stance(foot, since(found))
        raise ValueError("a board has at least one plate")

    def down(self, plates: Iterable[HeelChannel]) -> bool:
        """Whether they are all down."""
        return self.stance(plates).foot is Foot.DOWN

    @property
    def anybody(self) -> bool:
        """Whether any heel is down."""
        return any(one.foot is Foot.DOWN for one in self._of.values())


def _now(plate: HeelChannel) -> Stance:
    if plate.trusted_down:
        return Stance(Foot.DOWN, plate.belief.since_us)
    up = plate.lost_why is None and plate.down is False
    return Stance(Foot.UP if up else Foot.UNKNOWN, plate.belief.since_us)
