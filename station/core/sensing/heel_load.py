"""Heel contact from a load, in fractions of the person's own standing.

The force sensor's conductance is roughly proportional to force, so everything is reckoned in conductance; a fraction of
one's own standing cancels the lever of the plate, body weight and the sensor's creep. `F0` is the empty pad, `Fs` two
steady seconds of standing: DOWN is above `F0 + 25 %` of `Fs - F0`, UP below `F0 + 8 %`, and between the two nothing
changes (real recordings: a heel that stays down in a deep squat falls to 15 % of standing; a heel 4 to 5 mm up leaves
12 to 25 %).

What the flows leave open is answered here so:

- `empty` and `standing` in a trace's header are shares of full scale, as its rows are.
- A one-second median needs samples for most of its second; steady standing needs them for most of two.
- A steady stretch that came before the empty pad was first seen (a recording that begins with somebody standing)
  becomes the reference as soon as the empty pad shows the difference. A load that is on its way down, or not below half
  of that standing (a creep of 60 %, a shift of weight), is no empty pad, unless the header says so.
- Standing that makes too little difference is a fault until steady standing makes enough.
- Full scale itself means a short or a plate that is stuck only while another sensor sees a person: the hard stop of a
  plate may hold one code for minutes. Zero is a lifted heel, and a cut wire only where the header says that the empty
  pad reads more.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import fsum, sqrt
from statistics import median

DIVIDER_KOHM = 2.2
"""The resistor of the divider under the force sensor; see `hardware`."""
HALF_ADC_STEP = 0.5 / 1023
"""Half a step of a 10-bit ADC, as a share: full scale is read as this much below it, so that it has a conductance."""

EMPTY_NOISE_SHARE = 0.02
"""How far a share may lie from the empty pad's median and still be its noise: a foot that comes or goes is not."""


def conductance_millisiemens(share: float) -> float:
    """The force sensor's conductance in millisiemens at an ADC reading (a share of full scale, 0 to 1)."""
    share = min(share, 1 - HALF_ADC_STEP)
    return share / ((1 - share) * DIVIDER_KOHM)


def share_from_conductance(conductance: float) -> float:
    """The ADC's share of full scale at a conductance in millisiemens: the inverse of `conductance_millisiemens`."""
    loaded = conductance * DIVIDER_KOHM
    return loaded / (1 + loaded)


def _mean_and_deviation(values: list[float]) -> tuple[float, float]:
    """Mean and standard deviation, summed exactly, so that every machine gets the same."""
    mean = fsum(values) / len(values)
    return mean, sqrt(fsum([(value - mean) ** 2 for value in values]) / len(values))


@dataclass(frozen=True, slots=True)
class LoadRules:
    """The thresholds of a heel's load, as shares of standing, and how standing is learnt."""

    down_fraction: float = 0.25
    up_fraction: float = 0.08
    light_down_fraction: float = 0.08
    light_up_fraction: float = 0.04
    """The same for somebody who is about to sit, by their own standing: a shin and a foot weigh some 6 % of the body
    and the heel takes about half, where standing puts some 30 % on it. From GO on their session is the reference."""
    min_span_millisiemens: float = 0.05
    """A smaller difference of standing and empty is no reference: the sensor is out of place."""
    empty_deviations: float = 6.0
    """Neither threshold lies within so many standard deviations of the empty pad."""
    max_steady_cv: float = 0.10
    steady_us: int = 2_000_000
    empty_us: int = 1_000_000
    min_covered_fraction: float = 0.8
    """How much of a span its samples must reach over, so that a gap is not taken for steadiness."""
    search_interval_us: int = 100_000
    """How often a reference is looked for while there is none."""
    history_us: int = 4_000_000
    """Samples that are remembered: the longest rule looks back two seconds."""
    history_before_reference_us: int = 30_000_000
    """The same while the first DOWN may still have to be back-dated."""
    stuck_us: int = 2_000_000
    max_empty_fraction: float = 0.5
    """What is no less than this part of standing is no empty pad (recorded creep alone explains 1 / 1.6)."""
    min_calm_fraction: float = 0.8
    """So many of a second's samples lie near their median when the pad is empty."""
    cut_wire_share: float = 3 / 1023
    """An empty pad above this never reads 0 by itself."""


class HeelLoad:
    """One analogue heel: its samples, its reference, and the level that follows from them."""

    def __init__(
        self, empty: float | None = None, standing: float | None = None, rules: LoadRules | None = None
    ) -> None:
        """`empty` and `standing` are shares of full scale, where they are known beforehand."""
        self.rules = rules or LoadRules()
        self.times_us: list[int] = []
        self.shares: list[float] = []
        self.level: bool | None = None
        self._is_empty_known = empty is not None
        self._empty_millisiemens = None if empty is None else conductance_millisiemens(empty)
        self._empty_share = 1.0 if empty is None else empty
        self._empty_sd_millisiemens = 0.0
        self._best_steady_millisiemens: float | None = None
        self.standing_millisiemens: float | None = None
        self._reference_empty_millisiemens = 0.0
        """`F0` as it is reckoned with: 0 while what was seen may be somebody standing."""
        self.is_span_too_small = False
        self._last_search_us = -self.rules.search_interval_us
        self._history_us = self.rules.history_before_reference_us
        self._trim_at_count = 4096
        self._stuck_since_us: int | None = None
        cuts = empty is not None and empty > self.rules.cut_wire_share
        self._cut_wire_share = 0.0 if cuts else -1.0
        """At or below this the wire is cut; below every share where nothing tells."""
        self._down_share = self._up_share = 1.0
        self._unchanged_above, self._unchanged_below = 1.0, 0.0
        self._is_seated = self._uses_light_thresholds = False
        """Whether somebody sits, and whether they have not had their GO yet."""
        self._standing_before_seat_millisiemens: float | None = None
        """What standing was before somebody sat down."""
        self.needs_processing = True
        """Whether there is more to say about a sample than its level."""
        if standing is not None:
            self._set_reference(conductance_millisiemens(standing))

    @property
    def empty(self) -> float | None:
        """The empty pad as a share of full scale, `None` while it has not been seen."""
        return None if self._empty_millisiemens is None else share_from_conductance(self._empty_millisiemens)

    @property
    def standing(self) -> float | None:
        """The person's own standing as a share of full scale, `None` while there is none."""
        standing_millisiemens = (
            self._standing_before_seat_millisiemens if self._is_seated else self.standing_millisiemens
        )
        return None if standing_millisiemens is None else share_from_conductance(standing_millisiemens)

    @property
    def span_millisiemens(self) -> float | None:
        """`Fs - F0` in millisiemens, `None` without a reference."""
        if self.standing_millisiemens is None or self._empty_millisiemens is None:
            return None
        return self.standing_millisiemens - self._reference_empty_millisiemens

    def add_sample(self, at_us: int, share: float) -> bool:
        """Take one sample; `level` follows. True when the first reference has just come: the past can be told now."""
        self.times_us.append(at_us)
        self.shares.append(share)
        if self._unchanged_above < share < self._unchanged_below and len(self.shares) <= self._trim_at_count:
            return False
        is_first_reference = self._process_sample(at_us, share)
        self._update_unchanged_range()
        return is_first_reference

    def _process_sample(self, at_us: int, share: float) -> bool:
        if len(self.times_us) > self._trim_at_count:
            self._trim(at_us)
        if share >= 1.0 or share <= self._cut_wire_share:
            self._stuck_since_us = at_us if self._stuck_since_us is None else self._stuck_since_us
        elif self._stuck_since_us is not None:
            self._stuck_since_us = None
        if share < self._empty_share and not self._is_empty_known:
            self._update_empty(at_us)
        if self.standing_millisiemens is None or self.is_span_too_small:
            return self._find_standing(at_us)
        self.level = self.level_at(share, self.level)
        return False

    def _update_unchanged_range(self) -> None:
        """Between which shares the next sample will say nothing new, so that it need not be weighed."""
        self._unchanged_above, self._unchanged_below = 1.0, 0.0
        self.needs_processing = (
            self.standing_millisiemens is None or self.is_span_too_small or self._stuck_since_us is not None
        )
        if self.needs_processing or self.level is None:
            return
        lowest = self._cut_wire_share if self._is_empty_known else max(self._cut_wire_share, self._empty_share)
        self._unchanged_above = max(lowest, self._up_share) if self.level else lowest
        self._unchanged_below = 1.0 if self.level else self._down_share

    def level_at(self, share: float, before: bool | None) -> bool | None:
        """DOWN (true) or UP at this share; between the thresholds what it was before."""
        if share > self._down_share:
            return True
        if share < self._up_share:
            return False
        return before

    def stuck_since(self, at_us: int) -> int | None:
        """Since when the ADC has been at an end, if that is long enough to be a fault when somebody is there."""
        since = self._stuck_since_us
        return since if since is not None and at_us - since >= self.rules.stuck_us else None

    @property
    def stuck_reason(self) -> str:
        """What an ADC at that end means."""
        if self.shares[-1] <= self._cut_wire_share:
            return "at zero for two seconds, below its empty pad: a cable that is cut or out"
        return "at full scale for two seconds: a short, or a plate that is stuck"

    def update_reference(self, at_us: int) -> None:
        """Take the last two seconds as the person's standing, if they are steady. Called just before each GO.

        A shin that presses too little to be a reference is no fault of the plate: it goes on being judged by standing.
        """
        steady = self._steady_conductance(at_us)
        if steady is None or self._empty_millisiemens is None:
            return
        if (
            self._is_seated
            and self._standing_before_seat_millisiemens is not None
            and steady - self._reference_empty_millisiemens < self.rules.min_span_millisiemens
        ):
            return
        self._uses_light_thresholds = False
        self._set_reference(steady)

    def set_seated(self, seated: bool) -> None:
        """Whether the person is to sit: then less counts as down until the next GO, and afterwards standing is again
        what it was before, if that was known."""
        if seated is self._is_seated:
            return
        self._is_seated = self._uses_light_thresholds = seated
        if seated:
            self._standing_before_seat_millisiemens = self.standing_millisiemens
        else:
            self.standing_millisiemens = self._standing_before_seat_millisiemens
        if self.standing_millisiemens is not None:
            self._set_reference(self.standing_millisiemens)

    def relative_load(self) -> float | None:
        """The newest load as a part of the person's own standing (1 is standing), `None` without a reference."""
        span = self.span_millisiemens
        if not self.shares or span is None or span <= 0:
            return None
        return (conductance_millisiemens(self.shares[-1]) - self._reference_empty_millisiemens) / span

    def relative_loads(self, from_us: int, to_us: int) -> list[float]:
        """The loads of a span as parts of the person's own standing; none without a reference."""
        span = self.span_millisiemens
        if span is None or span <= 0:
            return []
        begin, end = bisect_left(self.times_us, from_us), bisect_left(self.times_us, to_us)
        return [
            (conductance_millisiemens(share) - self._reference_empty_millisiemens) / span
            for share in self.shares[begin:end]
        ]

    def coefficient_of_variation(self, from_us: int, to_us: int) -> float | None:
        """The coefficient of variation of the conductance over a span, `None` when too few samples cover it."""
        window = self._conductances(from_us, to_us)
        if window is None:
            return None
        mean, deviation = _mean_and_deviation(window)
        return deviation / mean if mean > 0 else None

    def _conductances(self, from_us: int, to_us: int) -> list[float] | None:
        shares = self._covering_shares(from_us, to_us)
        return None if shares is None else [conductance_millisiemens(share) for share in shares]

    def _covering_shares(self, from_us: int, to_us: int) -> list[float] | None:
        begin = bisect_left(self.times_us, from_us)
        end = len(self.times_us)
        while end > begin and self.times_us[end - 1] > to_us:
            end -= 1
        if end - begin < 3:
            return None
        covered_us = self.times_us[end - 1] - self.times_us[begin]
        if covered_us < self.rules.min_covered_fraction * (to_us - from_us):
            return None
        return self.shares[begin:end]

    def _steady_conductance(self, at_us: int) -> float | None:
        """The conductance of the last two seconds, if they are steady. Full scale is a short, no standing."""
        shares = self._covering_shares(at_us - self.rules.steady_us, at_us)
        if shares is None or min(shares) >= 1.0:
            return None
        mean, deviation = _mean_and_deviation([conductance_millisiemens(share) for share in shares])
        return mean if deviation < self.rules.max_steady_cv * mean else None

    def _update_empty(self, at_us: int) -> None:
        shares = self._covering_shares(at_us - self.rules.empty_us, at_us)
        if shares is None:
            return
        middle = median(shares)
        if middle >= self._empty_share:
            return
        calm = [conductance_millisiemens(share) for share in shares if abs(share - middle) <= EMPTY_NOISE_SHARE]
        if len(calm) >= self.rules.min_calm_fraction * len(shares):
            self._empty_share, self._empty_millisiemens = middle, conductance_millisiemens(middle)
            self._empty_sd_millisiemens = _mean_and_deviation(calm)[1]
            if self.standing_millisiemens is not None:
                self._set_reference(self.standing_millisiemens)

    def _find_standing(self, at_us: int) -> bool:
        if at_us - self._last_search_us < self.rules.search_interval_us:
            return False
        self._last_search_us = at_us
        steady = self._steady_conductance(at_us)
        if steady is not None and (self._best_steady_millisiemens is None or steady > self._best_steady_millisiemens):
            self._best_steady_millisiemens = steady
        if self._best_steady_millisiemens is None or self._empty_millisiemens is None:
            return False
        seen = (
            self._is_empty_known
            or self._empty_millisiemens < self.rules.max_empty_fraction * self._best_steady_millisiemens
        )
        if not seen or self._best_steady_millisiemens - self._empty_millisiemens < self.rules.min_span_millisiemens:
            return False
        self._set_reference(self._best_steady_millisiemens)
        return True

    def _set_reference(self, standing_millisiemens: float) -> None:
        empty_millisiemens = self._empty_millisiemens if self._empty_millisiemens is not None else 0.0
        if not self._is_empty_known and empty_millisiemens >= self.rules.max_empty_fraction * standing_millisiemens:
            empty_millisiemens = 0.0
        span = standing_millisiemens - empty_millisiemens
        self.standing_millisiemens, self._reference_empty_millisiemens = standing_millisiemens, empty_millisiemens
        self.is_span_too_small = span < self.rules.min_span_millisiemens
        floor = self.rules.empty_deviations * self._empty_sd_millisiemens
        rules = self.rules
        down_part = rules.light_down_fraction if self._uses_light_thresholds else rules.down_fraction
        up_part = rules.light_up_fraction if self._uses_light_thresholds else rules.up_fraction
        self._down_share = share_from_conductance(empty_millisiemens + max(down_part * span, floor))
        self._up_share = share_from_conductance(empty_millisiemens + max(up_part * span, floor))
        self._history_us = self.rules.history_us
        self._update_unchanged_range()

    def _trim(self, at_us: int) -> None:
        keep = bisect_left(self.times_us, at_us - self._history_us)
        del self.times_us[:keep], self.shares[:keep]
        self._trim_at_count = len(self.times_us) + 2048
