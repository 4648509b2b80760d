"""Recognises deliberate heel taps: several in a row by one heel while nothing else moves.

Walking, shuffling and wobbling make short lifts too. Taps differ in their rhythm (see `taps`), and the other heel is
still: a person who taps stands on the other foot, or on the ball of the tapping one.

Unprompted taps are commands as well, so they must meet stricter rules: the taps are alike and no heel bounces around
them. If loads are known, the heels were also still before, and the tapping heel bore weight, lost all of it at once at
each tap and regained it at once.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from statistics import fmean, pstdev

from msgspec import Struct

from station.core.events import Side
from station.core.sensing.heel_load import HeelLoad
from station.core.sensing.sensors import BoardSensors, HeelChange
from station.core.sensing.taps import TapRules, TapSeries


class UnpromptedTapRules(Struct, frozen=True):
    """The stricter rules for unprompted taps.

    Tuned on twenty simulated hours of restless feet that never tap, none of which passes, and on taps that vary as
    people's do, of which fewer than one in twenty is missed. Fractions are of standing unless stated otherwise.
    """

    max_duration_ratio: float = 1.8
    duration_tolerance_us: int = 20_000
    """A tap may last this many times as long as its neighbour, plus two samples."""
    weight_shift_us: int = 300_000
    """How long before the first tap the weight may begin to shift."""
    min_loaded_fraction: float = 0.35
    """The minimum load on the tapping heel beforehand; a lunge meets it too. A heel near the thresholds bears less."""
    min_return_fraction: float = 0.5
    max_return_us: int = 60_000
    """Within this time before and after each tap, this fraction of its earlier load is on the heel. A heel that moves
    elsewhere comes off and on more slowly."""
    max_lifted_fraction: float = 0.06
    """The maximum load during a tap, which takes all weight off the heel; a dragging sole keeps some."""
    max_unloaded_fraction: float = 0.1
    """A heel with less load beforehand is unloaded and counts as still."""
    max_steady_cv: float = 0.15
    """The largest coefficient of variation of a still heel's load."""


class TapDetector:
    """Watches all heels; `pass_time` returns the number of taps once a series with an accepted count is over."""

    def __init__(
        self,
        sensors: BoardSensors,
        accepted_counts: Collection[int],
        rules: TapRules | None = None,
        *,
        unprompted_rules: UnpromptedTapRules | None = None,
    ) -> None:
        """`unprompted_rules` apply to unprompted taps; `None` while the activity asks for taps."""
        self._sensors = sensors
        self._accepted_counts = accepted_counts
        self._rules = rules or TapRules()
        self._unprompted_rules = unprompted_rules
        self._last_change_us = {plate.side: plate.debouncer.since_us for plate in sensors.plates}
        self._series: TapSeries | None = None
        self._tapping_side = Side.LEFT

    @property
    def due_us(self) -> int | None:
        """When time alone will decide the series, or `None`."""
        return None if self._series is None else self._series.due_us

    @property
    def is_tapping(self) -> bool:
        """Whether a series is running that may still be accepted."""
        return self._series is not None

    def on_heel_change(self, change: HeelChange) -> None:
        """Take one change of a heel."""
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
        """Return the number of taps of a series accepted by `at_us`, or `None`."""
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
        """Return whether the heel was still or unloaded before the taps."""
        before = self._loads_before(load, taps, rules)
        return (
            not before
            or max(before) < rules.max_unloaded_fraction
            or pstdev(before) <= rules.max_steady_cv * fmean(before)
        )

    def _is_quick(self, load: HeelLoad, taps: list[tuple[int, int]], rules: UnpromptedTapRules, at_us: int) -> bool:
        """Return whether the heel bore weight, came off the plate at once with each tap, and bore weight again."""
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
