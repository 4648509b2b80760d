"""One lunge: whether the knee touched the wall, the heel stayed down and the board stood still.

The first that applies wins:

- *void*: a half-second median more than 10 mm from the second before GO; the board slid;
- *heel*: the heel was up for 100 ms or more in the lunge;
- *passed*: the contact is proved, over a window in which the heel was down throughout and the readings stood still;
- *contact*: twelve seconds have passed. A heel lift before the lunge restarts them.

What proves the contact depends on the wiring (`PadProof`, `LoadProof`, `SelfProof`). Each proof also says when the
lunge began. What the flows leave open is answered here so:

- A heel that is already up when the lunge begins fails the attempt 100 ms later.
- The window of an attempt lies after its GO as a whole.
- The load is looked at through a median of three samples, so that a drop-out of a pad is no step.
- A window whose readings are refused (`station.core.measurement.estimate`) proves a contact at no distance. A better
  one may still come; if none does, the attempt is void: it was not the person's fault.
- Of two taps the second counts as the moment of saying so; they are waited for past the twelve seconds, if they began
  before.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from dataclasses import dataclass

from station.core.events import SECOND_US, Side
from station.core.facts import Contact
from station.core.sensing.heel_load import HeelLoad, conductance_millisiemens
from station.core.sensing.sensors import BoardSensors, HeelChange, KneeChange
from station.core.sensing.taps import TapSeries


@dataclass(frozen=True, slots=True)
class AttemptRules:
    """The limits of one attempt: times, stillness and contact."""

    time_limit_us: int = 12 * SECOND_US
    baseline_us: int = 1 * SECOND_US
    max_slide_mm: float = 10.0
    failing_heel_lift_us: int = 100_000
    pad_closed_us: int = 300_000
    pad_window_us: int = 1 * SECOND_US
    load_step_fraction: float = 0.40
    load_step_us: int = 1_500_000
    load_band_fraction: float = 0.30
    load_lunge_us: int = 300_000
    max_load_cv: float = 0.15
    load_window_us: int = 2 * SECOND_US
    self_window_us: int = 2 * SECOND_US
    self_confirm_us: int = 6 * SECOND_US


@dataclass(frozen=True, slots=True)
class Verdict:
    """`outcome` is `passed`, `heel`, `contact` or `void`; `window_us` goes with a pass."""

    outcome: str
    window_us: tuple[int, int] | None = None


class ContactProof:
    """What proves the contact. `lunge_us` is when the lunge began, `None` before."""

    def __init__(self, sensors: BoardSensors, side: Side, go_us: int, rules: AttemptRules) -> None:
        self.sensors = sensors
        self.plate = sensors.plate_for(side)
        self.go_us = go_us
        self.rules = rules
        self.lunge_began_us: int | None = None

    def on_knee_change(self, change: KneeChange) -> None:
        """The pad has opened or closed."""

    def on_heel_change(self, change: HeelChange) -> None:
        """The heel has gone up or come down."""

    def on_load(self, at_us: int, share: float) -> None:
        """A sample of the heel at work."""

    def on_reading(self, at_us: int) -> None:
        """A reading has come in."""

    def confirm(self, at_us: int) -> None:
        """The person says that the knee touched."""

    @abstractmethod
    def proving_window_us(self, at_us: int) -> tuple[int, int] | None:
        """The window that proves the contact, if there is one by now."""

    def due_us(self) -> int | None:
        """When time alone may prove it."""
        return None

    def heel_failure_us(self, up_since_us: int) -> int | None:
        """When a heel that has been up since then will have failed the attempt."""
        if self.lunge_began_us is None:
            return None
        return max(up_since_us, self.lunge_began_us) + self.rules.failing_heel_lift_us

    def has_failed_by_lifts(self, at_us: int) -> bool:
        """Whether lifts that are over fail the attempt by themselves."""
        return False

    @property
    def is_undecided(self) -> bool:
        """Whether the person is in the middle of saying so."""
        return False

    @property
    def is_final(self) -> bool:
        """Whether the window that proves the contact can no longer move on to better readings."""
        return False

    def is_down_and_still(self, span_us: int, at_us: int) -> bool:
        """Whether the heel has been down for so long, all of it after GO."""
        return (
            self.plate.is_known_down
            and at_us - span_us >= self.go_us
            and at_us - span_us >= self.plate.debouncer.since_us
            and self.sensors.toe.is_still(at_us - span_us, at_us)
        )


class PadProof(ContactProof):
    """The pad was closed after GO for 0.3 s or more within one second of standing still with the heel down."""

    def __init__(self, sensors: BoardSensors, side: Side, go_us: int, rules: AttemptRules) -> None:
        super().__init__(sensors, side, go_us, rules)
        self._closed_us: int | None = None
        self._opened_us: int | None = None

    def on_knee_change(self, change: KneeChange) -> None:
        if not change.touching:
            self._opened_us = change.since_us
        elif change.since_us >= self.go_us:
            self._closed_us, self._opened_us = change.since_us, None
            if self.lunge_began_us is None:
                self.lunge_began_us = change.since_us

    def proving_window_us(self, at_us: int) -> tuple[int, int] | None:
        if self._closed_us is None:
            return None
        from_us = at_us - self.rules.pad_window_us
        until_us = at_us if self._opened_us is None else self._opened_us
        closed_us = until_us - max(self._closed_us, from_us)
        if closed_us >= self.rules.pad_closed_us and self.is_down_and_still(self.rules.pad_window_us, at_us):
            return (from_us, at_us)
        return None

    def due_us(self) -> int | None:
        if self._closed_us is None:
            return None
        whole_us = max(self.go_us, self.plate.debouncer.since_us) + self.rules.pad_window_us
        return max(self._closed_us + self.rules.pad_closed_us, whole_us)


class LoadProof(ContactProof):
    """The load of the heel made a step, and stayed beyond its band, steady, for two seconds with the heel down."""

    def __init__(self, sensors: BoardSensors, side: Side, go_us: int, rules: AttemptRules) -> None:
        super().__init__(sensors, side, go_us, rules)
        load = self.plate.load
        assert load is not None
        self._load: HeelLoad = load
        self._span_millisiemens = load.span_millisiemens
        self._standing_millisiemens = load.standing_millisiemens or 0.0
        self._last_three: deque[float] = deque(maxlen=3)
        self._recent: deque[tuple[int, float]] = deque()
        self._band_side = 0
        self._beyond_band_since_us = 0
        self._has_stepped = False

    def on_load(self, at_us: int, share: float) -> None:
        if self._span_millisiemens is None or at_us < self.go_us:
            return
        self._last_three.append(
            (conductance_millisiemens(share) - self._standing_millisiemens) / self._span_millisiemens
        )
        if len(self._last_three) < 3:
            return
        change = sorted(self._last_three)[1]
        self._recent.append((at_us, change))
        while self._recent[0][0] < at_us - self.rules.load_step_us:
            self._recent.popleft()
        band = self.rules.load_band_fraction
        band_side = (change > band) - (change < -band)
        if band_side != self._band_side:
            self._band_side, self._beyond_band_since_us, self._has_stepped = band_side, at_us, False
        if band_side:
            self._look_for_step(band_side, change)
            has_moved_weight = at_us - self._beyond_band_since_us >= self.rules.load_lunge_us
            if has_moved_weight and self.lunge_began_us is None and self.plate.is_known_down:
                self.lunge_began_us = self._beyond_band_since_us + self.rules.load_lunge_us

    def _look_for_step(self, band_side: int, change: float) -> None:
        if not self._has_stepped:
            farthest = max(band_side * (change - earlier) for _, earlier in self._recent)
            self._has_stepped = farthest >= self.rules.load_step_fraction

    def proving_window_us(self, at_us: int) -> tuple[int, int] | None:
        from_us = at_us - self.rules.load_window_us
        if not self._band_side or not self._has_stepped or self._beyond_band_since_us > from_us:
            return None
        if not self.is_down_and_still(self.rules.load_window_us, at_us):
            return None
        variation = self._load.coefficient_of_variation(from_us, at_us)
        return (from_us, at_us) if variation is not None and variation < self.rules.max_load_cv else None


class SelfProof(ContactProof):
    """Heel down and still for two seconds, and then the person says so: two heel taps, the button, or the page."""

    def __init__(self, sensors: BoardSensors, side: Side, go_us: int, rules: AttemptRules) -> None:
        super().__init__(sensors, side, go_us, rules)
        self._still_window_us: tuple[int, int] | None = None
        self._confirmed_window_us: tuple[int, int] | None = None
        self._tap_series: TapSeries | None = None
        self._failed_by_lifts = False
        self._down_since_us = self.plate.debouncer.since_us
        self.clock_start_us = go_us

    def on_reading(self, at_us: int) -> None:
        window_us = self.rules.self_window_us
        if self._tap_series is None and self.is_down_and_still(window_us, at_us):
            self._still_window_us = (at_us - window_us, at_us)
            if self.lunge_began_us is None:
                self.lunge_began_us = at_us

    def confirm(self, at_us: int) -> None:
        still_us = self._still_window_us
        if still_us is None or at_us > still_us[1] + self.rules.self_confirm_us:
            return
        if at_us <= self.clock_start_us + self.rules.time_limit_us:
            self._confirmed_window_us = still_us

    def on_heel_change(self, change: HeelChange) -> None:
        if self.lunge_began_us is None:
            self.clock_start_us = change.since_us
        elif self._tap_series is not None or not change.down:
            if self._tap_series is None:
                self._tap_series = TapSeries(accepted_counts=(2,), down_since_us=self._down_since_us)
            self._tap_series.on_heel_change(change.since_us, change.down)
            self._settle_taps()
        if change.down:
            self._down_since_us = change.since_us

    def _settle_taps(self) -> None:
        taps = self._tap_series
        if taps is None or taps.is_accepted is None:
            return
        if taps.is_accepted:
            self.confirm(taps.last_tap_us)
        elif taps.longest_up_us >= self.rules.failing_heel_lift_us:
            self._failed_by_lifts = True
        self._tap_series = None

    def proving_window_us(self, at_us: int) -> tuple[int, int] | None:
        if self._tap_series is not None:
            self._tap_series.pass_time(at_us)
            self._settle_taps()
        return None if self._tap_series is not None else self._confirmed_window_us

    def due_us(self) -> int | None:
        return None if self._tap_series is None else self._tap_series.due_us

    def heel_failure_us(self, up_since_us: int) -> int | None:
        return None

    def has_failed_by_lifts(self, at_us: int) -> bool:
        return self._failed_by_lifts

    @property
    def is_undecided(self) -> bool:
        return self._tap_series is not None

    @property
    def is_final(self) -> bool:
        return self._confirmed_window_us is not None


_PROOFS: dict[Contact, type[ContactProof]] = {
    Contact.PAD: PadProof,
    Contact.INFERRED: LoadProof,
    Contact.SELF: SelfProof,
}


class Attempt:
    """One lunge from its GO on. Told what changes, it gives its verdict when there is one."""

    def __init__(self, sensors: BoardSensors, side: Side, go_us: int, rules: AttemptRules | None = None) -> None:
        self.rules = rules or AttemptRules()
        self.go_us = go_us
        self.plate = sensors.plate_for(side)
        self.baseline_mm = sensors.toe.median(go_us - self.rules.baseline_us, go_us)
        """The median reading of the second before GO."""
        self._sensors = sensors
        self._proof = _PROOFS[sensors.wiring.contact](sensors, side, go_us, self.rules)
        self._clock_start_us = go_us
        self._up_since_us: int | None = None
        self._new_reading_us: int | None = None
        self._judged_us = go_us

    @property
    def is_lunging(self) -> bool:
        """Whether the lunge has begun."""
        return self._proof.lunge_began_us is not None

    @property
    def up_since_us(self) -> int | None:
        """Since when the heel is up, `None` while it is down."""
        return self._up_since_us

    def on_heel_change(self, change: HeelChange) -> None:
        self._up_since_us = None if change.down else change.since_us
        if change.down and not self.is_lunging:
            self._clock_start_us = change.since_us
        self._proof.on_heel_change(change)

    def on_knee_change(self, change: KneeChange) -> None:
        self._proof.on_knee_change(change)

    def on_load(self, at_us: int, share: float) -> None:
        self._proof.on_load(at_us, share)

    def on_reading(self, at_us: int) -> None:
        self._proof.on_reading(at_us)
        self._new_reading_us = at_us

    def confirm(self, at_us: int) -> None:
        self._proof.confirm(at_us)
        self._new_reading_us = at_us

    @property
    def due_us(self) -> int | None:
        """When a verdict may be possible: at once after a reading, else when time alone allows one."""
        proved_us = self._proof.due_us()
        if proved_us is not None and proved_us <= self._judged_us:
            proved_us = None
        dues = [self._new_reading_us, proved_us, self._heel_failure_us()]
        if self._up_since_us is None and not self._proof.is_undecided:
            dues.append(self._clock_start_us + self.rules.time_limit_us)
        return min((due for due in dues if due is not None), default=None)

    def _heel_failure_us(self) -> int | None:
        return None if self._up_since_us is None else self._proof.heel_failure_us(self._up_since_us)

    def judge(self, at_us: int) -> Verdict | None:
        """What can be said now."""
        self._new_reading_us, self._judged_us = None, at_us
        if self._has_board_slid():
            return Verdict("void")
        window_us = self._proof.proving_window_us(at_us)
        fails_us = self._heel_failure_us()
        if self._proof.has_failed_by_lifts(at_us) or (fails_us is not None and at_us >= fails_us):
            return Verdict("heel")
        if window_us is not None:
            return Verdict("passed", window_us)
        return Verdict("contact") if self.is_timed_out(at_us) else None

    def is_window_final(self, at_us: int) -> bool:
        """Whether no later window can take the place of the one that proves the contact now."""
        return self._proof.is_final or self.is_timed_out(at_us)

    def is_timed_out(self, at_us: int) -> bool:
        """Whether the twelve seconds are."""
        gone = at_us >= self._clock_start_us + self.rules.time_limit_us
        return gone and self._up_since_us is None and not self._proof.is_undecided

    def _has_board_slid(self) -> bool:
        now_mm = self._sensors.toe.latest_median(self.go_us)
        if now_mm is None or self.baseline_mm is None:
            return False
        return self._sensors.toe_difference_mm(self.baseline_mm, now_mm) > self.rules.max_slide_mm
