"""What proves that the knee touched the wall, and when the lunge began. The board's wiring decides which proof applies.

The pad on the wall proves the contact here; without a pad the heel load does (`load_proof`), and with neither the
person confirms it (`self_proof`). The proving window lies after GO as a whole.
"""

from __future__ import annotations

from abc import abstractmethod

from msgspec import Struct

from station.core.events import SECOND_US, Side
from station.core.sensing.sensors import BoardSensors, HeelChange, KneeChange


class AttemptRules(Struct, frozen=True):
    """The limits of one attempt: times, stillness and contact."""

    time_limit_us: int = 12 * SECOND_US
    baseline_us: int = 1 * SECOND_US
    still_baseline_us: int = 500_000
    """The part of the baseline next to GO: the last slide of a person who has just found the target lies before it."""
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


class ContactProof:
    """Follows one attempt until the contact is proved. `lunge_began_us` is `None` until the lunge begins."""

    def __init__(self, sensors: BoardSensors, side: Side, go_us: int, rules: AttemptRules) -> None:
        self.sensors = sensors
        self.plate = sensors.plate_for(side)
        self.go_us = go_us
        self.rules = rules
        self.lunge_began_us: int | None = None

    def on_knee_change(self, change: KneeChange) -> None:
        """The pad opened or closed."""

    def on_heel_change(self, change: HeelChange) -> None:
        """The heel rose or came down."""

    def on_load(self, at_us: int, share: float) -> None:
        """A load sample of the working heel arrived."""

    def on_reading(self, at_us: int) -> None:
        """A distance reading arrived."""

    def confirm(self, at_us: int) -> None:
        """The person confirms that the knee touched."""

    @abstractmethod
    def proving_window_us(self, at_us: int) -> tuple[int, int] | None:
        """The window that proves the contact, `None` while nothing does."""

    def due_us(self) -> int | None:
        """When time alone may prove the contact."""
        return None

    def heel_failure_us(self, up_since_us: int) -> int | None:
        """When a heel that has been up since `up_since_us` fails the attempt."""
        if self.lunge_began_us is None:
            return None
        return max(up_since_us, self.lunge_began_us) + self.rules.failing_heel_lift_us

    def has_failed_by_lifts(self, at_us: int) -> bool:
        """Whether a lift that has ended failed the attempt."""
        return False

    @property
    def is_undecided(self) -> bool:
        """Whether the person may be about to confirm: taps have begun."""
        return False

    @property
    def is_final(self) -> bool:
        """Whether the proving window is fixed and cannot move on to better readings."""
        return False

    def is_down_and_still(self, span_us: int, at_us: int) -> bool:
        """Whether the heel was down and the readings still for `span_us`, all of it after GO.

        A rise that is not debounced yet may turn out to be a lift inside the span: it has to settle first.
        """
        return (
            self.plate.is_known_down
            and self.plate.debouncer.is_settled
            and at_us - span_us >= self.go_us
            and at_us - span_us >= self.plate.debouncer.since_us
            and self.sensors.toe.is_still(at_us - span_us, at_us)
        )


class PadProof(ContactProof):
    """The pad closed after GO, for 0.3 s or more within one still second with the heel down."""

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
