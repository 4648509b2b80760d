"""Heel taps that are meant: several in a row by one heel, while nothing else moves.

A heel that walks, shuffles or wobbles makes short lifts too. What tells them apart is the rhythm (see `taps`), and that
the other heel keeps still: whoever taps stands on the other foot, or on the ball of this one.

Where nothing has asked for taps they do something all the same, so more is asked of them: they are alike, no heel
flickers between its levels around them, and where loads are known the heels were still before, and the one that taps
bore weight, lost all of it at once each time, and had it back at once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, pstdev

from station.core.events import Side
from station.core.sensing.heel_load import HeelLoad
from station.core.sensing.sensors import HeelChange, Senses
from station.core.sensing.taps import TapRules, Taps


@dataclass(frozen=True, slots=True)
class UnaskedRules:
    """What taps have to be like that nothing has asked for. Found on twenty hours of awkward feet, none of which taps,
    and on taps that vary as people's do: fewer than one in twenty of these is lost."""

    alike: float = 1.8
    alike_us: int = 20_000
    """A tap lasts no longer than so many times the one beside it, and two samples."""
    before_us: int = 300_000
    """So long before the first tap the weight may begin to shift."""
    loaded_part: float = 0.35
    """Whoever taps has weight on that heel, also in a lunge; one that hovers at the thresholds has less."""
    back_part: float = 0.5
    quick_us: int = 60_000
    """Of its load before, so much is on the heel within this time before each tap, and again after it: a heel that is
    put somewhere else comes off and on more slowly."""
    full_part: float = 0.06
    """Each tap takes all of the weight off; a sole that is dragged along keeps some."""
    empty_part: float = 0.1
    """A heel that bears less before has nothing on it, and is as still as it can be."""
    steady_cov: float = 0.15


class TapWatch:
    """Watches all heels; `pass_time` gives the number of taps when a series of a `wanted` number is over."""

    def __init__(
        self,
        senses: Senses,
        wanted: Collection[int],
        rules: TapRules | None = None,
        *,
        unasked: UnaskedRules | None = None,
    ) -> None:
        """`unasked`: nothing asks for taps, and these are the rules for what is one all the same."""
        self._senses = senses
        self._wanted = wanted
        self._rules = rules or TapRules()
        self._unasked = unasked
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
        taps, self._taps = self._taps, None
        meant = taps.verdict is True and (self._unasked is None or self._are_meant(taps.lifts, self._unasked, at_us))
        return taps.count if meant else None

    def _are_meant(self, lifts: list[tuple[int, int]], rules: UnaskedRules, at_us: int) -> bool:
        lasted_us = [down_us - up_us for up_us, down_us in lifts]
        alike = all(max(pair) <= rules.alike * min(pair) + rules.alike_us for pair in pairwise(lasted_us))
        steady_from_us = lifts[0][0] - self._rules.steady_us
        flickers = (plate.belief.flickered_us for plate in self._senses.plates)
        if not alike or any(flicker_us is not None and flicker_us >= steady_from_us for flicker_us in flickers):
            return False
        return all(
            self._is_steady(plate.load, lifts, rules)
            and (plate.side is not self._side or self._is_quick(plate.load, lifts, rules, at_us))
            for plate in self._senses.plates
            if plate.load is not None
        )

    def _before(self, load: HeelLoad, lifts: list[tuple[int, int]], rules: UnaskedRules) -> list[float]:
        first_us = lifts[0][0]
        return load.parts(first_us - self._rules.steady_us, first_us - rules.before_us)

    def _is_steady(self, load: HeelLoad, lifts: list[tuple[int, int]], rules: UnaskedRules) -> bool:
        """Whether the load was still before, or there was none."""
        before = self._before(load, lifts, rules)
        return not before or max(before) < rules.empty_part or pstdev(before) <= rules.steady_cov * fmean(before)

    def _is_quick(self, load: HeelLoad, lifts: list[tuple[int, int]], rules: UnaskedRules, at_us: int) -> bool:
        """Whether the heel bore weight before, left the plate at once each time, and bears weight again after it."""
        before = self._before(load, lifts, rules)
        if not before:
            return True
        usual = fmean(before)
        back = rules.back_part * usual
        just_before = [load.parts(up_us - rules.quick_us, up_us) for up_us, _ in lifts]
        just_after = [load.parts(down_us, down_us + rules.quick_us) for _, down_us in lifts]
        off = [load.parts(up_us, down_us) for up_us, down_us in lifts]
        return (
            usual >= rules.loaded_part
            and all(not parts or max(parts) >= back for parts in (*just_before, *just_after))
            and all(not parts or min(parts) <= rules.full_part for parts in off)
        )
