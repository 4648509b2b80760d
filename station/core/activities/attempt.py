"""One lunge: whether the knee touched the wall, the heel stayed down and the board stood still.

The first rule that applies decides:

- *void*: a half-second median lies more than 10 mm from the second before GO, so the board slid;
- *heel*: the heel was up for 100 ms or more during the lunge; a heel that is up as the lunge begins fails 100 ms later;
- *passed*: the contact is proved over a window with the heel down throughout and still readings;
- *contact*: twelve seconds have passed. A heel lift before the lunge restarts them.

A window whose readings are refused (`station.core.measurement.estimate`) proves a contact without a distance. A better
window may follow; if none does, the attempt is *unclear* and void: it was not the person's fault.
"""

from __future__ import annotations

from statistics import median

from msgspec import Struct

from station.core.activities.contact_proof import AttemptRules, ContactProof, PadProof
from station.core.activities.load_proof import LoadProof
from station.core.activities.self_proof import SelfProof
from station.core.events import Side
from station.core.facts import Contact
from station.core.measurement.estimate import Estimate, Refusal, estimate
from station.core.sensing.sensors import BoardSensors, HeelChange, KneeChange

_PROOFS: dict[Contact, type[ContactProof]] = {
    Contact.PAD: PadProof,
    Contact.INFERRED: LoadProof,
    Contact.SELF: SelfProof,
}


class Passed(Struct, frozen=True):
    """The knee touched at `toe_mm`; `window_us` is the first and last moment of the readings behind it.

    `estimate` is their result before calibration.
    """

    toe_mm: float
    uncertainty_mm: float
    window_us: tuple[int, int]
    estimate: Estimate
    outcome: str = "passed"


class Failed(Struct, frozen=True):
    """`outcome` is `heel` or `contact`; `toe_mm` is the distance before GO."""

    outcome: str
    toe_mm: float


class Void(Struct, frozen=True):
    """The attempt does not count. `outcome` is `void` or `unclear`, `reason` a phrase for people."""

    outcome: str
    reason: str


Verdict = Passed | Failed | Void


class Attempt:
    """One lunge from its GO. Feed it every change and reading; `judge` gives the verdict as soon as there is one."""

    def __init__(self, sensors: BoardSensors, side: Side, go_us: int, rules: AttemptRules | None = None) -> None:
        self.rules = rules or AttemptRules()
        self.go_us = go_us
        self._sensors = sensors
        baseline_us = (go_us - self.rules.baseline_us, go_us)
        self.baseline_mm = sensors.toe.median(*baseline_us)
        """The median reading of the second before GO, before calibration."""
        self.toe_mm = self._toe_mm(self._reading_before_go_mm())
        """The toe distance in the second before GO."""
        self._proof = _PROOFS[sensors.wiring.contact](sensors, side, go_us, self.rules)
        self._clock_start_us = go_us
        self._up_since_us: int | None = None
        self._new_reading_us: int | None = None
        self._judged_us = go_us
        self._refusal_reason: str | None = None

    @property
    def is_lunging(self) -> bool:
        """Whether the lunge has begun."""
        return self._proof.lunge_began_us is not None

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
        """The verdict at this moment, `None` while the attempt is undecided."""
        self._new_reading_us, self._judged_us = None, at_us
        if self._has_board_slid():
            return Void("void", "the board slid")
        window_us = self._proof.proving_window_us(at_us)
        fails_us = self._heel_failure_us()
        if self._proof.has_failed_by_lifts(at_us) or (fails_us is not None and at_us >= fails_us):
            return Failed("heel", self.toe_mm)
        if window_us is not None:
            return self._judge_window(at_us, window_us)
        if not self._is_timed_out(at_us):
            return None
        return Failed("contact", self.toe_mm) if self._refusal_reason is None else self._unclear(self._refusal_reason)

    def _judge_window(self, at_us: int, window_us: tuple[int, int]) -> Verdict | None:
        found = self._estimate(window_us)
        if isinstance(found, Estimate):
            slope = self._sensors.curve.slope(found.reading_mm)
            return Passed(self._toe_mm(found.reading_mm), round(slope * found.uncertainty_mm, 2), window_us, found)
        self._refusal_reason = found.reason
        can_improve = not (self._proof.is_final or self._is_timed_out(at_us))
        return None if can_improve else self._unclear(found.reason)

    @staticmethod
    def _unclear(reason: str) -> Void:
        return Void("unclear", f"the readings {reason}")

    def _is_timed_out(self, at_us: int) -> bool:
        is_over = at_us >= self._clock_start_us + self.rules.time_limit_us
        return is_over and self._up_since_us is None and not self._proof.is_undecided

    def _has_board_slid(self) -> bool:
        now_mm = self._sensors.toe.latest_median(self.go_us)
        if now_mm is None or self.baseline_mm is None:
            return False
        return self._sensors.toe_difference_mm(self.baseline_mm, now_mm) > self.rules.max_slide_mm

    def _estimate(self, window_us: tuple[int, int]) -> Estimate | Refusal:
        return estimate(*self._sensors.toe.window(*window_us))

    def _reading_before_go_mm(self) -> float:
        """The reading in the second before GO, or in its still part if the whole second contains the end of a slide.

        If both are refused it is the median: a failure needs a distance to aim the next attempt from. A sensor that has
        sent nothing for a second is lost, and a test with a lost sensor starts no attempt.
        """
        whole_us = (self.go_us - self.rules.baseline_us, self.go_us)
        for window_us in (whole_us, (self.go_us - self.rules.still_baseline_us, self.go_us)):
            found = self._estimate(window_us)
            if isinstance(found, Estimate):
                return found.reading_mm
        return median(self._sensors.toe.window(*whole_us)[1])

    def _toe_mm(self, reading_mm: float) -> float:
        return round(self._sensors.toe_mm(reading_mm), 1)
