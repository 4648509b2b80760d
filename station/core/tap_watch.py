"""Heel taps that are meant: several in a row by one heel, while nothing else moves.

A heel that walks, shuffles or wobbles makes short lifts too. What tells them apart is the rhythm (see `taps`), and that
the other heel keeps still: whoever taps stands on the other foot, or on the ball of this one.
"""

from __future__ import annotations

from collections.abc import Collection

from station.core.records import Side
from station.core.senses import HeelChange, Senses
from station.core.taps import TapRules, Taps


class TapWatch:
    """Watches all heels; `pass_time` gives the number of taps when a series of a `wanted` number is over."""

    def __init__(self, senses: Senses, wanted: Collection[int], rules: TapRules | None = None) -> None:
        self._senses = senses
        self._wanted = wanted
        self._rules = rules or TapRules()
        self._changed_us = {plate.side: plate.belief.since_us for plate in senses.plates}
        self._taps: Taps | None = None
        self._side = Side.LEFT

    @property
    def due_us(self) -> int | None:
        """When time alone will decide."""
        return None if self._taps is None else self._taps.due_us

    @property
    def tapping(self) -> bool:
        """Whether a series is going on that may still be one."""
        return self._taps is not None

    def heel(self, change: HeelChange) -> None:
        """A heel has changed."""
        side = self._senses.heel(change.side).side
        if self._taps is not None and side is not self._side:
            self._taps = None
        elif self._taps is not None:
            self._taps.heel(change.since_us, change.down)
        elif not change.down and self._others_still(side, change.since_us):
            self._side = side
            self._taps = Taps(self._wanted, self._changed_us[side], self._rules)
            self._taps.heel(change.since_us, False)
        self._changed_us[side] = change.since_us
        if self._taps is not None and self._taps.verdict is False:
            self._taps = None

    def _others_still(self, side: Side, at_us: int) -> bool:
        others = (changed_us for other, changed_us in self._changed_us.items() if other is not side)
        return all(at_us - changed_us >= self._rules.steady_us for changed_us in others)

    def pass_time(self, at_us: int) -> int | None:
        """The number of taps that are now known to be meant."""
        if self._taps is None:
            return None
        self._taps.pass_time(at_us)
        if self._taps.verdict is None:
            return None
        count = self._taps.count if self._taps.verdict else None
        self._taps = None
        return count


