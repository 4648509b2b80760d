"""Heel taps that are meant: several in a row by one heel, while nothing else moves.

A heel that walks, shuffles or wobbles makes short lifts too. What tells them apart is the rhythm (see `taps`), and that
the other heel keeps still: a person who taps stands on the other foot, or on the ball of this one.

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
from station.core.sensing.sensors import BoardSensors, HeelChange
from station.core.sensing.taps import TapRules, TapSeries


@dataclass(frozen=True, slots=True)
class UnpromptedTapRules:
    """What taps have to be like that nothing has asked for. Found on twenty hours of awkward feet, none of which taps,
    and on taps that vary as people's do: fewer than one in twenty of these is lost."""

    max_duration_ratio: float = 1.8
    duration_tolerance_us: int = 20_000
    """A tap lasts no longer than so many times the one beside it, and two samples."""
    weight_shift_us: int = 300_000
    """So long before the first tap the weight may begin to shift."""
    min_loaded_fraction: float = 0.35
    """A person who taps has weight on that heel, also in a lunge; a heel that hovers at the thresholds has less."""
    min_return_fraction: float = 0.5
    max_return_us: int = 60_000
    """Of its load before, so much is on the heel within this time before each tap, and again after it: a heel that is
    put somewhere else comes off and on more slowly."""
    max_lifted_fraction: float = 0.06
    """Each tap takes all of the weight off; a sole that is dragged along keeps some."""
    max_unloaded_fraction: float = 0.1
    """A heel that bears less before has nothing on it, and is as still as it can be."""
    max_steady_cv: float = 0.15


class TapDetector:
    """Watches all heels; `pass_time` gives the number of taps when a series of a `wanted` number is over."""

    def __init__(
        self,
        sensors: BoardSensors,
        accepted_counts: Collection[int],
        rules: TapRules | None = None,
        *,
        unprompted_rules: UnpromptedTapRules | None = None,
    ) -> None:
        """`unasked`: nothing asks for taps, and these are the rules for what is one all the same."""
        self._sensors = sensors
        self._accepted_counts = accepted_counts
        self._rules = rules or TapRules()
        self._unprompted_rules = unprompted_rules
        self._last_change_us = {plate.side: plate.debouncer.since_us for plate in sensors.plates}
        self._series: TapSeries | None = None
        self._tapping_side = Side.LEFT

    @property
    def due_us(self) -> int | None:
        """When time alone will decide."""
        return None if self._series is None else self._series.due_us

    @property
    def is_tapping(self) -> bool:
        """Whether a series is going on that may still be one."""
        return self._series is not None

    def on_heel_change(self, change: HeelChange) -> None:
        """A heel has changed."""
        side = self._sensors.plate_for(change.side).side
        if self._series is not None and side is not self._tapping_side:
            self._series = None
        elif self._series is not None:
            self._series.on_heel_change(change.since_us, change.down)
        elif not change.down and self._are_others_still(side, change.since_us):
            self._tapping_side = side
            self._series = TapSeries(self._accepted_counts, self._last_change_us[side], self._rules)
            self._series.on_heel_change(change.since_us, False)
        self._last_change_us[side] = change.since_us
        if self._series is not None and self._series.is_accepted is False:
            self._series = None

    def _are_others_still(self, side: Side, at_us: int) -> bool:
        others = (changed_us for other, changed_us in self._last_change_us.items() if other is not side)
        return all(at_us - changed_us >= self._rules.steady_before_us for changed_us in others)

    def pass_time(self, at_us: int) -> int | None:
        """The number of taps that are now known to be meant."""
        if self._series is None:
            return None
        self._series.pass_time(at_us)
        if self._series.is_accepted is None:
            return None
        series, self._series = self._series, None
        is_deliberate = series.is_accepted is True and (
            self._unprompted_rules is None or self._are_deliberate(series.taps, self._unprompted_rules, at_us)
        )
        return series.count if is_deliberate else None

    def _are_deliberate(self, taps: list[tuple[int, int]], rules: UnpromptedTapRules, at_us: int) -> bool:
        lasted_us = [down_us - up_us for up_us, down_us in taps]
        alike = all(
            max(pair) <= rules.max_duration_ratio * min(pair) + rules.duration_tolerance_us
            for pair in pairwise(lasted_us)
        )
        steady_from_us = taps[0][0] - self._rules.steady_before_us
        flickers = (plate.debouncer.last_bounce_us for plate in self._sensors.plates)
        if not alike or any(flicker_us is not None and flicker_us >= steady_from_us for flicker_us in flickers):
            return False
        return all(
            self._is_steady(plate.load, taps, rules)
            and (plate.side is not self._tapping_side or self._is_quick(plate.load, taps, rules, at_us))
            for plate in self._sensors.plates
            if plate.load is not None
        )

    def _loads_before(self, load: HeelLoad, taps: list[tuple[int, int]], rules: UnpromptedTapRules) -> list[float]:
        first_us = taps[0][0]
        return load.relative_loads(first_us - self._rules.steady_before_us, first_us - rules.weight_shift_us)

    def _is_steady(self, load: HeelLoad, taps: list[tuple[int, int]], rules: UnpromptedTapRules) -> bool:
        """Whether the load was still before, or there was none."""
        before = self._loads_before(load, taps, rules)
        return (
            not before
            or max(before) < rules.max_unloaded_fraction
            or pstdev(before) <= rules.max_steady_cv * fmean(before)
        )

    def _is_quick(self, load: HeelLoad, taps: list[tuple[int, int]], rules: UnpromptedTapRules, at_us: int) -> bool:
        """Whether the heel bore weight before, left the plate at once each time, and bears weight again after it."""
        before = self._loads_before(load, taps, rules)
        if not before:
            return True
        usual = fmean(before)
        back = rules.min_return_fraction * usual
        just_before = [load.relative_loads(up_us - rules.max_return_us, up_us) for up_us, _ in taps]
        just_after = [load.relative_loads(down_us, down_us + rules.max_return_us) for _, down_us in taps]
        off = [load.relative_loads(up_us, down_us) for up_us, down_us in taps]
        return (
            usual >= rules.min_loaded_fraction
            and all(not parts or max(parts) >= back for parts in (*just_before, *just_after))
            and all(not parts or min(parts) <= rules.max_lifted_fraction for parts in off)
        )
