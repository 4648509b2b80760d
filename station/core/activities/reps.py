"""Repetitions: heel down, up, down, counted when they are whole.

Phases shorter than 300 ms are part of what was before, so that a wobble is neither a rise nor a return. A repetition is
counted at the later of its return + 0.3 s and its rise + 1.0 s; a rise before that makes it too quick, which is told
apart. What the flows leave open is answered here so:

- Whether a rise cuts a repetition short is known only when it has lasted 300 ms: until then the count waits for it.
- `count` of a too-quick repetition says how many were too quick so far.
- A lost sensor drops the repetition under way; after three seconds it is a pause, left by the next change.
- `skip` gives up what is left of this side.
- With a tempo a tick sounds at the end of each of its parts, counted from the person's own rise; one who is back much
  sooner was too quick, which NO says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import ClassVar

from station.core.activities.engine import NEVER_US
from station.core.activities.exercise import ExerciseActivity, ExerciseRules
from station.core.events import SECOND_US, Side
from station.core.facts import CueName, RepCounted, RepsFinished, RepsPartial, RepTimed, RepTooQuick
from station.core.sensing.sensors import BoardSensors
from station.core.state import ActivityState
from station.core.steps import RepsStep, Step


@dataclass(frozen=True, slots=True)
class RepsRules(ExerciseRules):
    phase_us: int = 300_000
    whole_us: int = 1 * SECOND_US
    """Quicker than this from rise to rise, nobody raises and lowers a heel with control."""
    idle_us: int = 8 * SECOND_US
    last_counts: int = 3
    tempo_part: float = 0.6
    """Whoever lowers the heel in less than this part of the tempo did not lower it slowly."""


class Reps(ExerciseActivity):
    """Counted repetitions by `step`, each side in turn."""

    name: ClassVar[str] = "reps"
    gives_up: ClassVar[bool] = False

    def __init__(
        self, step: RepsStep, senses: BoardSensors, *, first: bool = True, rules: RepsRules | None = None
    ) -> None:
        reps_rules = rules or RepsRules()
        super().__init__(step, senses, first=first, rules=reps_rules)
        self._reps_rules = reps_rules
        self._step = step
        self.next_side()

    def next_side(self) -> None:
        self.begun = False
        self._count = self._too_quick = 0
        self._idle()

    def _idle(self) -> None:
        """Down, and nothing under way."""
        self._rise_us: int | None = None
        self._returned_us: int | None = None
        self._next_rise_us: int | None = None
        self._blind = False
        self._ticks_us: list[int] = []

    def advance(self) -> bool:
        return False

    def go(self, now_us: int) -> None:
        self.phase, self.begun = "reps", True
        self._idle()
        self._changed_us = now_us

    # What the heel does.

    def on_heel_down(self, now_us: int, since_us: int) -> None:
        self._changed_us = since_us
        if self._blind or self._rise_us is None:
            self._idle()
        elif self._next_rise_us is not None:
            self._next_rise_us = None
        elif self._returned_us is None:
            if since_us - self._rise_us < self._reps_rules.phase_us:
                self._rise_us = None
            else:
                self._returned_us, self._ticks_us = since_us, []

    def on_heel_up(self, now_us: int, since_us: int, *, lost: bool) -> None:
        self._changed_us = since_us
        if lost:
            self._idle()
            self._blind = True
        elif self._returned_us is not None and since_us - self._returned_us < self._reps_rules.phase_us:
            self._returned_us = None
        elif self._returned_us is not None:
            self._next_rise_us = since_us
        else:
            self._rise_us = since_us
            self._ticks_us = [since_us + end_us for end_us in accumulate(self._step.tempo_us)]

    def suspend(self, now_us: int) -> None:
        self._idle()

    def resume(self, now_us: int, since_us: int) -> None:
        if not self.begun:
            super().resume(now_us, since_us)
            return
        self.phase = "reps"
        self._idle()
        self._changed_us = since_us

    def _on_stance_up(self, now_us: int, since_us: int, *, lost: bool, side: Side | None) -> None:
        """The next change of the heel ends a pause here, a rise as well as a return."""
        if self.phase == "paused" and self.begun and not lost:
            self._resume(now_us, since_us, "moving")
        super()._on_stance_up(now_us, since_us, lost=lost, side=side)

    def give_up(self, now_us: int) -> None:
        self.emit(RepsPartial(now_us, self.legs, self._count, self._too_quick))
        self.begun = False

    # Its alarms.

    def _counts_us(self) -> int | None:
        if self._rise_us is None or self._returned_us is None:
            return None
        return max(self._returned_us + self._reps_rules.phase_us, self._rise_us + self._reps_rules.whole_us)

    def work_due_us(self) -> int | None:
        if self._blind:
            return self.heel_up_since_us + self.rules.pause_us
        due_us = min(self._changed_us + self._reps_rules.idle_us, *self._ticks_us[:1], NEVER_US)
        if self._next_rise_us is not None:
            return min(due_us, self._next_rise_us + self._reps_rules.phase_us)
        counts_us = self._counts_us()
        return due_us if counts_us is None else min(due_us, counts_us)

    def on_work_alarm(self, now_us: int) -> None:
        if self._blind:
            self.pause(now_us, self.heel_up_since_us, "sensor lost")
        elif self._ticks_us and now_us >= self._ticks_us[0]:
            self._ticks_us.pop(0)
            self.emit_cue(now_us, CueName.COUNT)
        elif self._next_rise_us is not None:
            self._is_too_quick(now_us)
            self._rise_us, self._returned_us, self._next_rise_us = self._next_rise_us, None, None
        elif self._counts_us() is not None and self._duration_us < self._reps_rules.tempo_part * sum(
            self._step.tempo_us
        ):
            self._is_too_quick(now_us)
            self.emit_cue(now_us, CueName.NO)
            self._rise_us = self._returned_us = None
        elif self._counts_us() is not None:
            self.emit(RepTimed(now_us, self.legs, self._duration_us, False))
            self._rise_us = self._returned_us = None
            self._count_one(now_us)
        else:
            self._idle()
            self.pause(now_us, self._changed_us, "no change")

    @property
    def _duration_us(self) -> int:
        return 0 if self._rise_us is None or self._returned_us is None else self._returned_us - self._rise_us

    def _is_too_quick(self, now_us: int) -> None:
        self._too_quick += 1
        self.emit(RepTimed(now_us, self.legs, self._duration_us, True))
        self.emit(RepTooQuick(now_us, self.legs, self._too_quick))

    def remaining_steps(self) -> tuple[Step, ...]:
        if self.outcome == "complete":
            return ()
        now = replace(self._step, count=self._step.count - self._count)
        return (*self.remaining_of_turn(now), *self.remaining_of_later_turns(self._step))

    def _count_one(self, now_us: int) -> None:
        self._count += 1
        left = self._step.count - self._count
        self.emit(RepCounted(now_us, self.legs, self._count))
        if left == 0:
            self.emit(RepsFinished(now_us, self.legs, self._count, self._too_quick))
            self.begun = False
            self.emit_cue(now_us, CueName.HOLD_DONE)
            self.finish_side(now_us)
        elif left <= self._reps_rules.last_counts:
            self.emit_cue(now_us, CueName.COUNT, count=left)
        elif self._count == (self._step.count + 1) // 2:
            self.emit_cue(now_us, CueName.HALFWAY)

    def state_at(self, at_us: int) -> ActivityState:
        picture = replace(self.common_state(at_us), count=self._count, target_count=self._step.count)
        if self.phase != "reps" or self._rise_us is None or not self._step.tempo_us:
            return picture
        return replace(picture, part=len(self._step.tempo_us) - len(self._ticks_us))
