"""Whether somebody has stepped on and stands still: what starts a sitting with no hand on anything.

Two seconds of a heel that is down, and steady where its load is known, are somebody who means it; an ADC that is stuck
at an end is nobody. Whoever stood there
before must have left first: a fresh step on is needed, so that the end of one thing does not begin the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from station.core.activities.engine import Activity
from station.core.events import SECOND_US, Side
from station.core.sensing.heel_load import HeelLoad
from station.core.sensing.sensors import Change, HeelChange, Senses
from station.core.state import Picture


@dataclass(frozen=True, slots=True)
class PresenceRules:
    still_us: int = 2 * SECOND_US
    still_cov: float = 0.10


class Presence(Activity):
    """Waits for somebody. Complete as soon as they stand still; `side` is then the loaded one."""

    def __init__(self, senses: Senses, *, somebody_there: bool, rules: PresenceRules | None = None) -> None:
        """`somebody_there`: the board was not seen empty since the last activity."""
        super().__init__(senses)
        self._rules = rules or PresenceRules()
        self._fresh = not somebody_there
        self._since_us: int | None = None
        self.side: Side | None = None
        self.empty_since_us: int | None = None
        """Since when no heel is known to be down: nobody has been seen since."""

    def begin(self, at_us: int) -> None:
        self.sense()
        self._look(at_us)

    def minds(self) -> Sequence[Side]:
        return tuple(Side)

    def change(self, change: Change) -> None:
        if isinstance(change, HeelChange) and not change.down and self._alone(change.side):
            self._fresh = True
        self._look(change.since_us if isinstance(change, HeelChange) else change.at_us)

    def _alone(self, side: Side) -> bool:
        """Whether nobody stands on another plate. Of the past a change tells, and what is believed now may differ."""
        return not any(plate.trusted_down for plate in self.senses.plates if plate.side is not side)

    def _look(self, since_us: int) -> None:
        down = [plate for plate in self.senses.plates if plate.trusted_down]
        if down:
            self.empty_since_us = None
            self._since_us = max(plate.belief.since_us for plate in down) if self._fresh else None
        else:
            self._since_us = None
            self.empty_since_us = since_us if self.empty_since_us is None else self.empty_since_us
        self.due_us = None if self._since_us is None else self._since_us + self._rules.still_us

    def alarm(self, at_us: int) -> None:
        down = [plate for plate in self.senses.plates if plate.trusted_down]
        if all(self._steady(plate.load, at_us) for plate in down):
            self.side = max(down, key=lambda plate: plate.belief.since_us).side
            self.over, self.due_us = "complete", None
        else:
            self.due_us = at_us + self._rules.still_us // 4

    def _steady(self, load: HeelLoad | None, at_us: int) -> bool:
        if load is None:
            return True
        if load.stuck_since(at_us) is not None:
            return False
        cov = load.cov(at_us - self._rules.still_us, at_us)
        return cov is not None and cov < self._rules.still_cov

    def picture(self, at_us: int) -> Picture:
        return Picture()
