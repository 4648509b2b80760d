"""One lunge: whether the knee touched the wall, the heel stayed down and the board stood still.

The first that applies wins:

- *void*: a half-second median more than 10 mm from the second before GO; the board slid;
- *heel*: the heel was up for 100 ms or more in the lunge;
- *passed*: the contact is proved, over a window in which the heel was down throughout and the readings stood still;
- *contact*: twelve seconds are gone. A lift before the lunge begins them anew.

What proves the contact depends on the wiring (`PadProof`, `LoadProof`, `SelfProof`). Each proof also says when the
lunge began. What the flows leave open is answered here so:

- A heel that is up already when the lunge begins fails the attempt 100 ms later: so does whoever lifts it to get there.
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
from station.core.sensing.heel_load import HeelLoad, conductance_ms
from station.core.sensing.sensors import HeelChange, KneeChange, Senses
from station.core.sensing.taps import Taps


@dataclass(frozen=True, slots=True)
class AttemptRules:
    most_us: int = 12 * SECOND_US
    before_us: int = 1 * SECOND_US
    slid_mm: float = 10.0
    lift_us: int = 100_000
    pad_closed_us: int = 300_000
    pad_window_us: int = 1 * SECOND_US
    load_step_part: float = 0.40
    load_step_us: int = 1_500_000
    load_band_part: float = 0.30
    load_left_us: int = 300_000
    load_cov: float = 0.15
    load_window_us: int = 2 * SECOND_US
    self_window_us: int = 2 * SECOND_US
    self_say_us: int = 6 * SECOND_US


@dataclass(frozen=True, slots=True)
class Verdict:
    """`outcome` is `passed`, `heel`, `contact` or `void`; `window_us` goes with a pass."""

    outcome: str
    window_us: tuple[int, int] | None = None


class Proof:
    """What proves the contact. `lunge_us` is when the lunge began, `None` before."""

    def __init__(self, senses: Senses, side: Side, go_us: int, rules: AttemptRules) -> None:
        self.senses = senses
        self.plate = senses.heel(side)
        self.go_us = go_us
        self.rules = rules
        self.lunge_us: int | None = None

    def knee(self, change: KneeChange) -> None:
        """The pad has opened or closed."""

    def heel(self, change: HeelChange) -> None:
        """The heel has gone up or come down."""

    def load(self, at_us: int, share: float) -> None:
        """A sample of the heel at work."""

    def reading(self, at_us: int) -> None:
        """A reading has come in."""

    def confirm(self, at_us: int) -> None:
        """The person says that the knee touched."""

    @abstractmethod
    def holds(self, at_us: int) -> tuple[int, int] | None:
        """The window that proves the contact, if there is one by now."""

    def due_us(self) -> int | None:
        """When time alone may prove it."""
        return None

    def lifted_us(self, up_us: int) -> int | None:
        """When a heel that has been up since then will have failed the attempt."""
        if self.lunge_us is None:
            return None
        return max(up_us, self.lunge_us) + self.rules.lift_us

    def spoilt(self, at_us: int) -> bool:
        """Whether lifts that are over fail the attempt by themselves."""
        return False

    @property
    def undecided(self) -> bool:
        """Whether the person is in the middle of saying so."""
        return False

    @property
    def final(self) -> bool:
        """Whether the window that proves the contact can no longer move on to better readings."""
        return False

    def down_for(self, span_us: int, at_us: int) -> bool:
        """Whether the heel has been down for so long, all of it after GO."""
        return (
            self.plate.trusted_down
            and at_us - span_us >= self.go_us
            and at_us - span_us >= self.plate.belief.since_us
            and self.senses.toe.still(at_us - span_us, at_us)
        )


class PadProof(Proof):
    """The pad was closed after GO for 0.3 s or more within one second of standing still with the heel down."""

    def __init__(self, senses: Senses, side: Side, go_us: int, rules: AttemptRules) -> None:
        super().__init__(senses, side, go_us, rules)
        self._closed_us: int | None = None
        self._opened_us: int | None = None

    def knee(self, change: KneeChange) -> None:
        if not change.touching:
            self._opened_us = change.since_us
        elif change.since_us >= self.go_us:
            self._closed_us, self._opened_us = change.since_us, None
            if self.lunge_us is None:
                self.lunge_us = change.since_us

    def holds(self, at_us: int) -> tuple[int, int] | None:
        if self._closed_us is None:
            return None
        from_us = at_us - self.rules.pad_window_us
        until_us = at_us if self._opened_us is None else self._opened_us
        closed_us = until_us - max(self._closed_us, from_us)
        if closed_us >= self.rules.pad_closed_us and self.down_for(self.rules.pad_window_us, at_us):
            return (from_us, at_us)
        return None

    def due_us(self) -> int | None:
        if self._closed_us is None:
            return None
        whole_us = max(self.go_us, self.plate.belief.since_us) + self.rules.pad_window_us
        return max(self._closed_us + self.rules.pad_closed_us, whole_us)


class LoadProof(Proof):
    """The load of the heel made a step, and stayed beyond its band, steady, for two seconds with the heel down."""

    def __init__(self, senses: Senses, side: Side, go_us: int, rules: AttemptRules) -> None:
        super().__init__(senses, side, go_us, rules)
        load = self.plate.load
        assert load is not None
        self._load: HeelLoad = load
        self._span_ms = load.span_ms
        self._standing_ms = load.standing_ms or 0.0
        self._last_three: deque[float] = deque(maxlen=3)
        self._recent: deque[tuple[int, float]] = deque()
        self._beyond = 0
        self._beyond_us = 0
        self._stepped = False

    def load(self, at_us: int, share: float) -> None:
        if self._span_ms is None or at_us < self.go_us:
            return
        self._last_three.append((conductance_ms(share) - self._standing_ms) / self._span_ms)
        if len(self._last_three) < 3:
            return
        change = sorted(self._last_three)[1]
        self._recent.append((at_us, change))
        while self._recent[0][0] < at_us - self.rules.load_step_us:
            self._recent.popleft()
        band = self.rules.load_band_part
        beyond = (change > band) - (change < -band)
        if beyond != self._beyond:
            self._beyond, self._beyond_us, self._stepped = beyond, at_us, False
        if beyond:
            self._look_for_step(beyond, change)
            left = at_us - self._beyond_us >= self.rules.load_left_us
            if left and self.lunge_us is None and self.plate.trusted_down:
                self.lunge_us = self._beyond_us + self.rules.load_left_us

    def _look_for_step(self, beyond: int, change: float) -> None:
        if not self._stepped:
            farthest = max(beyond * (change - earlier) for _, earlier in self._recent)
            self._stepped = farthest >= self.rules.load_step_part

    def holds(self, at_us: int) -> tuple[int, int] | None:
        from_us = at_us - self.rules.load_window_us
        if not self._beyond or not self._stepped or self._beyond_us > from_us:
            return None
        if not self.down_for(self.rules.load_window_us, at_us):
            return None
        cov = self._load.cov(from_us, at_us)
        return (from_us, at_us) if cov is not None and cov < self.rules.load_cov else None


class SelfProof(Proof):
    """Heel down and still for two seconds, and then the person says so: two heel taps, the button, or the page."""

    def __init__(self, senses: Senses, side: Side, go_us: int, rules: AttemptRules) -> None:
        super().__init__(senses, side, go_us, rules)
        self._still_us: tuple[int, int] | None = None
        self._passed_us: tuple[int, int] | None = None
        self._taps: Taps | None = None
        self._spoilt = False
        self._down_since_us = self.plate.belief.since_us
        self.base_us = go_us

    def reading(self, at_us: int) -> None:
        window_us = self.rules.self_window_us
        if self._taps is None and self.down_for(window_us, at_us):
            self._still_us = (at_us - window_us, at_us)
            if self.lunge_us is None:
                self.lunge_us = at_us

    def confirm(self, at_us: int) -> None:
        still_us = self._still_us
        if still_us is None or at_us > still_us[1] + self.rules.self_say_us:
            return
        if at_us <= self.base_us + self.rules.most_us:
            self._passed_us = still_us

    def heel(self, change: HeelChange) -> None:
        if self.lunge_us is None:
            self.base_us = change.since_us
        elif self._taps is not None or not change.down:
            if self._taps is None:
                self._taps = Taps(wanted=(2,), down_since_us=self._down_since_us)
            self._taps.heel(change.since_us, change.down)
            self._weigh()
        if change.down:
            self._down_since_us = change.since_us

    def _weigh(self) -> None:
        taps = self._taps
        if taps is None or taps.verdict is None:
            return
        if taps.verdict:
            self.confirm(taps.said_us)
        elif taps.longest_us >= self.rules.lift_us:
            self._spoilt = True
        self._taps = None

    def holds(self, at_us: int) -> tuple[int, int] | None:
        if self._taps is not None:
            self._taps.pass_time(at_us)
            self._weigh()
        return None if self._taps is not None else self._passed_us

    def due_us(self) -> int | None:
        return None if self._taps is None else self._taps.due_us

    def lifted_us(self, up_us: int) -> int | None:
        return None

    def spoilt(self, at_us: int) -> bool:
        return self._spoilt

    @property
    def undecided(self) -> bool:
        return self._taps is not None

    @property
    def final(self) -> bool:
        return self._passed_us is not None


_PROOFS: dict[Contact, type[Proof]] = {
    Contact.PAD: PadProof,
    Contact.INFERRED: LoadProof,
    Contact.SELF: SelfProof,
}


class Attempt:
    """One lunge from its GO on. Told what changes, it gives its verdict when there is one."""

    def __init__(self, senses: Senses, side: Side, go_us: int, rules: AttemptRules | None = None) -> None:
        self.rules = rules or AttemptRules()
        self.go_us = go_us
        self.plate = senses.heel(side)
        self.before_mm = senses.toe.median(go_us - self.rules.before_us, go_us)
        """The median reading of the second before GO."""
        self._senses = senses
        self._proof = _PROOFS[senses.wiring.contact](senses, side, go_us, self.rules)
        self._base_us = go_us
        self._up_us: int | None = None
        self._read_us: int | None = None
        self._judged_us = go_us

    @property
    def lunging(self) -> bool:
        """Whether the lunge has begun."""
        return self._proof.lunge_us is not None

    @property
    def up_us(self) -> int | None:
        """Since when the heel is up, `None` while it is down."""
        return self._up_us

    def heel(self, change: HeelChange) -> None:
        self._up_us = None if change.down else change.since_us
        if change.down and not self.lunging:
            self._base_us = change.since_us
        self._proof.heel(change)

    def knee(self, change: KneeChange) -> None:
        self._proof.knee(change)

    def load(self, at_us: int, share: float) -> None:
        self._proof.load(at_us, share)

    def reading(self, at_us: int) -> None:
        self._proof.reading(at_us)
        self._read_us = at_us

    def confirm(self, at_us: int) -> None:
        self._proof.confirm(at_us)
        self._read_us = at_us

    @property
    def due_us(self) -> int | None:
        """When a verdict may be possible: at once after a reading, else when time alone allows one."""
        proved_us = self._proof.due_us()
        if proved_us is not None and proved_us <= self._judged_us:
            proved_us = None
        dues = [self._read_us, proved_us, self._fails_us()]
        if self._up_us is None and not self._proof.undecided:
            dues.append(self._base_us + self.rules.most_us)
        return min((due for due in dues if due is not None), default=None)

    def _fails_us(self) -> int | None:
        return None if self._up_us is None else self._proof.lifted_us(self._up_us)

    def verdict(self, at_us: int) -> Verdict | None:
        """What can be said now."""
        self._read_us, self._judged_us = None, at_us
        if self._slid():
            return Verdict("void")
        window_us = self._proof.holds(at_us)
        fails_us = self._fails_us()
        if self._proof.spoilt(at_us) or (fails_us is not None and at_us >= fails_us):
            return Verdict("heel")
        if window_us is not None:
            return Verdict("passed", window_us)
        return Verdict("contact") if self.gone(at_us) else None

    def last_window(self, at_us: int) -> bool:
        """Whether no later window can take the place of the one that proves the contact now."""
        return self._proof.final or self.gone(at_us)

    def gone(self, at_us: int) -> bool:
        """Whether the twelve seconds are."""
        gone = at_us >= self._base_us + self.rules.most_us
        return gone and self._up_us is None and not self._proof.undecided

    def _slid(self) -> bool:
        now_mm = self._senses.toe.latest_half(self.go_us)
        if now_mm is None or self.before_mm is None:
            return False
        return self._senses.apart_mm(self.before_mm, now_mm) > self.rules.slid_mm
