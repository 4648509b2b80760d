"""Proves the knee's contact without a pad or a heel load: the person confirms it."""

from __future__ import annotations

from station.core.activities.contact_proof import AttemptRules, ContactProof
from station.core.events import Side
from station.core.sensing.sensors import BoardSensors, HeelChange
from station.core.sensing.taps import TapSeries


class SelfProof(ContactProof):
    """Heel down and still for two seconds; then the person confirms by two heel taps, the button or the page.

    The second of two taps is the moment of confirmation. Taps that began within the time limit may end after it.
    """

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
