"""Derives heel contact from the load, as a fraction of the person's standing load.

The force sensor's conductance is roughly proportional to force, so all thresholds are in conductance. A fraction of the
standing load cancels the plate's leverage, the person's weight and the sensor's creep. `F0` is the empty pad, `Fs` two
steady seconds of standing. DOWN is above `F0` plus 25 % of `Fs - F0`, UP below `F0` plus 8 %; in between the level
stays (recordings: a heel that stays down in a deep squat falls to 15 % of standing; a heel lifted by 4 to 5 mm keeps 12
to 25 %).

Details:

- `empty` and `standing` in a trace's header are shares of full scale, like its rows.
- A one-second median needs samples over most of its second; steady standing needs them over most of two.
- Steady standing from before the empty pad was first seen (the recording starts with a person on the board) becomes the
  reference once the empty pad shows the difference. A falling load is not an empty pad, nor is one above half of that
  standing load (a creep of 60 %, a shift of weight), unless the header gives it. After ten seconds without an empty pad
  the sensor counts as lost.
- A standing load too close to the empty pad is a fault until steady standing makes enough difference.
- A load that jumps up and down between neighbouring samples 20 times in a second is not a heel: a foot takes tens of
  milliseconds to come or go, and a plate that bounces jumps a few times. Samples more than 50 ms apart are not
  neighbours.
- Full scale means a short or a stuck plate only while another sensor detects a person: a plate at its hard stop may
  give one code for minutes. Zero is a lifted heel; it is a cut wire only if the header gives an empty pad above zero.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from math import fsum, sqrt
from statistics import median

from msgspec import Struct

DIVIDER_KOHM = 2.2
"""The resistor of the force sensor's voltage divider; see `hardware`."""
HALF_ADC_STEP = 0.5 / 1023
"""Half a step of a 10-bit ADC, as a share. Full scale counts as this much less, which keeps its conductance finite."""

EMPTY_NOISE_SHARE = 0.02
"""The largest deviation from the empty pad's median that is noise; a foot coming or going deviates by more."""


def conductance_millisiemens(share: float) -> float:
    """Return the force sensor's conductance in millisiemens for a share of the ADC's full scale (0 to 1)."""
    share = min(share, 1 - HALF_ADC_STEP)
    return share / ((1 - share) * DIVIDER_KOHM)


def share_from_conductance(conductance: float) -> float:
    """Return the ADC's share of full scale at a conductance in millisiemens: the inverse function."""
    loaded = conductance * DIVIDER_KOHM
    return loaded / (1 + loaded)


def _mean_and_deviation(values: list[float]) -> tuple[float, float]:
    """Return mean and standard deviation, summed exactly, so the result is the same on every machine."""
    mean = fsum(values) / len(values)
    return mean, sqrt(fsum([(value - mean) ** 2 for value in values]) / len(values))


class LoadRules(Struct, frozen=True):
    """The thresholds of a heel's load, as fractions of standing, and how the standing load is measured."""

    down_fraction: float = 0.25
    up_fraction: float = 0.08
    light_down_fraction: float = 0.08
    light_up_fraction: float = 0.04
    """The thresholds for a person about to sit, as fractions of their standing load. A shin and a foot weigh some 6 %
    of the body and the heel takes about half of that; standing puts some 30 % on it. From GO on, the seated heel's own
    load is the reference."""
    min_span_millisiemens: float = 0.05
    """The smallest usable difference between standing and empty pad; below it the sensor is out of place."""
    empty_deviations: float = 6.0
    """Both thresholds lie at least this many standard deviations above the empty pad."""
    max_steady_cv: float = 0.10
    steady_us: int = 2_000_000
    empty_us: int = 1_000_000
    min_covered_fraction: float = 0.8
    """The least fraction of a span that its samples must cover, so a gap does not pass for a steady load."""
    search_interval_us: int = 100_000
    """How often to look for a reference while there is none."""
    history_us: int = 4_000_000
    """How long samples are kept: the longest rule looks back two seconds."""
    history_before_reference_us: int = 30_000_000
    """How long samples are kept before the first reference, which back-dates the first DOWN."""
    stuck_us: int = 2_000_000
    max_unknown_empty_us: int = 10_000_000
    """How long a person may stand on a plate before an unknown empty pad is a fault."""
    max_empty_fraction: float = 0.5
    """An empty pad lies below this fraction of standing; creep alone explains down to 1 / 1.6 (recording)."""
    min_calm_fraction: float = 0.8
    """The least fraction of a second's samples near their median when the pad is empty."""
    cut_wire_share: float = 3 / 1023
    """An empty pad above this never reads 0 unless its wire is cut."""
    jump_share: float = 0.1
    """A change between neighbouring samples that is a jump; a steady load's noise is a twentieth of that."""
    max_jump_gap_us: int = 50_000
    """Samples further apart are not neighbours: a heel may come and go between them."""
    noisy_reversals: int = 20
    """This many jumps within `noisy_us`, each reversing the one before, are not a heel. Four taps a second on a plate
    that bounces at both ends make 16."""
    noisy_us: int = 1_000_000


class HeelLoad:
    """One analogue heel: its samples, its reference and the level derived from them."""

    def __init__(
        self, empty: float | None = None, standing: float | None = None, rules: LoadRules | None = None
    ) -> None:
        """`empty` and `standing` are shares of full scale, `None` if not known in advance."""
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
        """The `F0` in use: 0 while the lowest load seen may be a standing person."""
        self.is_span_too_small = False
        self._standing_unknown_since_us: int | None = None
        """Since when the lightest load has been too large a fraction of the steady load to be the empty pad."""
        self._last_search_us = -self.rules.search_interval_us
        self._history_us = self.rules.history_before_reference_us
        self._trim_at_count = 4096
        self._stuck_since_us: int | None = None
        self._jump = 0.0
        """The newest sample's jump, 0 if it did not jump."""
        self._reversals_us: deque[int] = deque(maxlen=self.rules.noisy_reversals)
        self._noisy_since_us: int | None = None
        cuts = empty is not None and empty > self.rules.cut_wire_share
        self._cut_wire_share = 0.0 if cuts else -1.0
        """A share at or below this means a cut wire; -1 if a cut wire cannot be detected."""
        self._down_share = self._up_share = 1.0
        self._unchanged_above, self._unchanged_below = 1.0, 0.0
        self._is_seated = self._uses_light_thresholds = False
        """Whether the person sits, and whether their GO has yet to sound."""
        self._standing_before_seat_millisiemens: float | None = None
        """The standing load before the person sat down."""
        self.needs_processing = True
        """Whether the next sample can change more than the level."""
        if standing is not None:
            self._set_reference(conductance_millisiemens(standing))

    @property
    def empty(self) -> float | None:
        """The empty pad as a share of full scale, `None` until it has been seen."""
        return None if self._empty_millisiemens is None else share_from_conductance(self._empty_millisiemens)

    @property
    def standing(self) -> float | None:
        """The standing load as a share of full scale, `None` until it is known."""
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
        """Take one sample and update `level`. Returns true if it completes the first reference, so that the earlier
        samples can be judged."""
        change = share - self.shares[-1] if self.shares else 0.0
        if not -self.rules.jump_share < change < self.rules.jump_share:
            self._count_jump(at_us, change)
        elif self._jump:
            self._jump = 0.0
        self.times_us.append(at_us)
        self.shares.append(share)
        if self._unchanged_above < share < self._unchanged_below and len(self.shares) <= self._trim_at_count:
            return False
        is_first_reference = self._process_sample(at_us, share)
        self._update_unchanged_range()
        return is_first_reference

    def _count_jump(self, at_us: int, jump: float) -> None:
        if at_us - self.times_us[-1] > self.rules.max_jump_gap_us:
            jump = 0.0
        elif jump * self._jump < 0:
            self._count_reversal(at_us)
        self._jump = jump

    def _count_reversal(self, at_us: int) -> None:
        is_noisy, reversals_us = self.noisy_since(at_us) is not None, self._reversals_us
        reversals_us.append(at_us)
        if not is_noisy:
            is_full = len(reversals_us) == self.rules.noisy_reversals
            is_noisy = is_full and at_us - reversals_us[0] <= self.rules.noisy_us
            self._noisy_since_us = reversals_us[0] if is_noisy else None
        if is_noisy:
            self._unchanged_above, self._unchanged_below = 1.0, 0.0

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
        """Set the range of shares in which the next sample changes nothing and needs no processing."""
        self._unchanged_above, self._unchanged_below = 1.0, 0.0
        self.needs_processing = (
            self.standing_millisiemens is None
            or self.is_span_too_small
            or self._stuck_since_us is not None
            or (bool(self.times_us) and self.noisy_since(self.times_us[-1]) is not None)
        )
        if self.needs_processing or self.level is None:
            return
        lowest = self._cut_wire_share if self._is_empty_known else max(self._cut_wire_share, self._empty_share)
        self._unchanged_above = max(lowest, self._up_share) if self.level else lowest
        self._unchanged_below = 1.0 if self.level else self._down_share

    def level_at(self, share: float, before: bool | None) -> bool | None:
        """Return DOWN (true) or UP (false) for this share; between the thresholds the level before."""
        if share > self._down_share:
            return True
        if share < self._up_share:
            return False
        return before

    def stuck_since(self, at_us: int) -> int | None:
        """Return since when the ADC has been at one end of its scale, if that is long enough to be a fault."""
        since = self._stuck_since_us
        return since if since is not None and at_us - since >= self.rules.stuck_us else None

    def noisy_since(self, at_us: int) -> int | None:
        """Return since when the load has been jumping as no heel does, or `None`; a second of calm ends it."""
        since_us = self._noisy_since_us
        return since_us if since_us is not None and at_us - self._reversals_us[-1] <= self.rules.noisy_us else None

    def is_empty_unknown(self, at_us: int) -> bool:
        """Return whether the person has stood for too long without a load that could be the empty pad."""
        since_us = self._standing_unknown_since_us
        return since_us is not None and at_us - since_us >= self.rules.max_unknown_empty_us

    @property
    def stuck_reason(self) -> str:
        """Which fault an ADC stuck at an end of its scale means."""
        if self.shares[-1] <= self._cut_wire_share:
            return "at zero for two seconds, below its empty pad: a cable that is cut or out"
        return "at full scale for two seconds: a short, or a plate that is stuck"

    def update_reference(self, at_us: int) -> None:
        """Take the last two seconds as the reference, if they are steady. Called just before each GO.

        A seated shin that presses too lightly to be a reference is not the plate's fault: standing remains the
        reference.
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
        """Set whether the person sits. If so, a lighter load counts as down until the next GO. Afterwards the earlier
        standing load is the reference again, if it was known."""
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
        """Return the newest load as a fraction of standing (1 is standing), `None` without a reference."""
        span = self.span_millisiemens
        if not self.shares or span is None or span <= 0:
            return None
        return (conductance_millisiemens(self.shares[-1]) - self._reference_empty_millisiemens) / span

    def relative_loads(self, from_us: int, to_us: int) -> list[float]:
        """Return the loads of a span as fractions of standing; an empty list without a reference."""
        span = self.span_millisiemens
        if span is None or span <= 0:
            return []
        begin, end = bisect_left(self.times_us, from_us), bisect_left(self.times_us, to_us)
        return [
            (conductance_millisiemens(share) - self._reference_empty_millisiemens) / span
            for share in self.shares[begin:end]
        ]

    def coefficient_of_variation(self, from_us: int, to_us: int) -> float | None:
        """Return the coefficient of variation of the conductance over a span, `None` if samples do not cover it."""
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
        """Return the mean conductance of the last two seconds if they are steady; full scale is a short."""
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
        if self._best_steady_millisiemens - self._empty_millisiemens < self.rules.min_span_millisiemens:
            return False
        if not seen:
            if self._standing_unknown_since_us is None:
                self._standing_unknown_since_us = at_us
            return False
        self._standing_unknown_since_us = None
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
