"""The expected outcome of a guided hold, computed by brute force from the true heel: a second implementation.

It knows the whole recording in advance, so it needs neither debouncing nor waiting. Times are in microseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from station.core.events import SECOND_US
from station.core.steps import HoldStep

Span = tuple[int, int, bool]
GRACE, PAUSE, GIVE_UP, END = (round(s * SECOND_US) for s in (0.5, 3, 15, 60))
RESUME = 5 * SECOND_US
MOST_WAIT = 150_000


@dataclass
class End:
    """One expected HoldFinished or HoldPartial."""

    finished: bool
    repetition: int
    credited: int = 0
    lifted: int = 0
    lifts: int = 0
    micro: int = 0


@dataclass
class Outcome:
    ends: list[End] = field(default_factory=list)
    alarms: int = 0
    pauses: int = 0
    ended: bool = False


class Oracle:
    """`spans` are (from, until, down) without gaps.

    `gos` and `dones` are the GO and HOLD_DONE cues as played, because the station counts from when a cue sounds. Each
    may be up to 150 ms late, but not early.
    """

    def __init__(self, spans: Sequence[Span], gos: Sequence[int], dones: Sequence[int], step: HoldStep) -> None:
        self.spans = [*spans]
        self.gos, self.dones = [*gos], [*dones]
        self.hold, self.rest, self.prepare = step.hold_us, step.rest_us, step.prepare_us
        self.repetitions = step.repetitions
        self.out = Outcome()
        self.end_us = spans[-1][1]

    def run(self) -> Outcome:
        """Walk through the spans from the first time the heel is down."""
        self.repetition, self.now = 1, End(False, 1)
        begun = False
        at = next((a for a, _, down in self.spans if down), None)
        if at is None:
            return self.out
        need = self.prepare
        while True:
            at_go = self._prepare(at, need)
            if isinstance(at_go, str):
                if at_go == "end":
                    if begun:
                        self.out.ends.append(self.now)
                    return self.out
                back = self._away(self.left_at, begun)
                if back is None:
                    return self.out
                at, begun, done = back
                if done:
                    return self.out
                need = RESUME
                continue
            begun = True
            at = at_go
            while True:
                what, at = self._work(at)
                if what == "end":
                    self.out.ends.append(self.now)
                    return self.out
                if what == "paused":
                    back = self._away(self.left_at, True)
                    if back is None:
                        return self.out
                    at, begun, done = back
                    if done:
                        return self.out
                    need = RESUME
                    break
                at = self._heard(self.dones, at, "HOLD_DONE")
                self.now.finished, self.now.credited = True, self.hold
                self.out.ends.append(self.now)
                if not self._next():
                    return self.out
                begun = False
                rested = self._rest(at)
                if rested is None:
                    return self.out
                at, go_at_once = rested
                if not go_at_once:
                    need = RESUME
                    break
                at, begun = self._go(at), True

    def _next(self) -> bool:
        self.repetition += 1
        self.now = End(False, self.repetition)
        return self.repetition <= self.repetitions

    def _index(self, at: int) -> int:
        return next(i for i, (a, b, _) in enumerate(self.spans) if a <= at < b)

    def _go(self, due: int) -> int:
        return self._heard(self.gos, due, "GO")

    def _heard(self, cues: list[int], due: int, name: str) -> int:
        heard = cues.pop(0)
        assert due <= heard <= due + MOST_WAIT, f"{name} at {heard}, due at {due}"
        return heard

    def _prepare(self, at: int, need: int) -> int | str:
        """The time of GO, `paused` if the person leaves, or `end` if the recording ends."""
        stood = 0
        for a, b, down in self.spans[self._index(at) :]:
            if down:
                start = max(a, at)
                if start + need - stood <= b and start + need - stood <= self.end_us:
                    due = start + need - stood
                    return self._go(due) if due < b or b < self.end_us else "end"
                stood += b - start
            elif b - a >= PAUSE:
                self.left_at = a
                self.out.pauses += 1
                return "paused"
        return "end"

    def _work(self, at: int) -> tuple[str, int]:
        for a, b, down in self.spans[self._index(at) :]:
            if down:
                start = max(a, at)
                if self.now.credited + b - start >= self.hold:
                    return "finished", start + self.hold - self.now.credited
                self.now.credited += b - start
            else:
                lasts = b - a
                self.now.lifted += min(lasts, PAUSE)
                if lasts >= GRACE:
                    self.now.lifts += 1
                    self.out.alarms += 1
                elif b < self.end_us:
                    self.now.micro += 1
                if lasts >= PAUSE:
                    self.out.pauses += 1
                    self.left_at = a
                    return "paused", b
        return "end", self.end_us

    def _away(self, left: int, begun: bool) -> tuple[int, bool, bool] | None:
        """The time of return, whether the begun repetition continues, and whether the hold is over; `None` at the
        end."""
        back = next((a for a, _, down in self.spans if down and a > left), None)
        until = self.end_us if back is None else back
        given_up = begun and until - left >= GIVE_UP
        if begun and (given_up or back is None):
            self.out.ends.append(self.now)
        if until - left >= END:
            self.out.ended = True
            return None
        if back is None:
            return None
        over = given_up and not self._next()
        return back, begun and not given_up, over

    def _rest(self, done: int) -> tuple[int, bool] | None:
        """When the next repetition begins, and whether it does so without a new preparation; `None` at the end."""
        over = done + self.rest
        if over >= self.end_us:
            return None
        a, b, down = self.spans[self._index(over - 1)]
        if down:
            return over, True
        if b >= self.end_us and b - max(over, a) < END:
            return None
        if b - a < GRACE:
            return b, True
        if b - max(over, a) >= END:
            self.out.ended = True
            return None
        return b, False
