"""Repetitions that no heel counts: by their tempo, or at the person's own pace.

With a tempo a tick sounds at the end of each of its parts, and the last one counts. Where the heel is to stay down, the
clock of a repetition stops while it is up; a lift within the grace is let go, and after a longer one the repetition
begins again. So a person who lifts the heel finishes later with the same credit, as in a hold.

At the person's own pace nothing ticks. Whoever is done says so: by stepping on the board (an empty board for a second,
then a heel that stays down for a second), or by `next`. What nothing senses is told as what it is, not verified.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import ClassVar

from station.core.activities.exercise import ExerciseActivity, ExerciseRules
from station.core.events import SECOND_US
from station.core.facts import CueName, RepCounted, RepsFinished, RepsPartial, RepTimed
from station.core.sensing.sensors import BoardSensors, Change
from station.core.state import ActivityState
from station.core.steps import RepsStep, Step


@dataclass(frozen=True, slots=True)
class PacedRules(ExerciseRules):
    last_counts: int = 3
    stepped_us: int = 1 * SECOND_US
    """So long the board is empty, and then stood on, when somebody says that they are done."""
    own_pace_us: int = 600 * SECOND_US
    """Nobody takes longer for a set; who has not come back by then has left."""


class Paced(ExerciseActivity):
    """Repetitions by `step`, each turn after the other, with the heel down or with anything."""

    name: ClassVar[str] = "reps"
    gives_up: ClassVar[bool] = False

    def __init__(
        self, step: RepsStep, senses: BoardSensors, *, first: bool = True, rules: PacedRules | None = None
    ) -> None:
        paced_rules = rules or PacedRules()
        super().__init__(step, senses, first=first, rules=paced_rules)
        self._paced_rules = paced_rules
        self._step = step
        self._ends_us = tuple(accumulate(step.tempo_us))
        self._empty_us: int | None = None
        self._stepped_us: int | None = None
        self.next_side()

    @property
    def _own_pace(self) -> bool:
        return not self._ends_us

    def next_side(self) -> None:
        self.begun = False
        self._count = 0
        self._begin_one(None)

    def _begin_one(self, at_us: int | None) -> None:
        """A repetition begins, or waits for its heel."""
        self._part = 0
        self._done_us = self._done_before_us = self._span_began_us = 0
        self._began_one_us = at_us or 0
        self._span_from_us = at_us

    def advance(self) -> bool:
        return False

    def go(self, now_us: int) -> None:
        self.phase, self.begun = "reps", True
        self._begin_one(now_us)
        self._go_us = now_us
        self._empty_us = None if self.footing.is_occupied else now_us
        self._stepped_us = None

    # What the heel does.

    def on_heel_down(self, now_us: int, since_us: int) -> None:
        if self.phase == "lifted":
            self.emit_cue(now_us, CueName.YES)
            self._begin_one(since_us)
        else:
            self._span_from_us = since_us
        self.phase = "reps"

    def on_heel_up(self, now_us: int, since_us: int, *, lost: bool) -> None:
        if self.phase != "reps":
            return
        self._close_span(since_us)
        if not lost:
            self.phase = "grace"

    def on_earlier_heel_up(self, since_us: int) -> None:
        if self.phase == "grace":
            self._done_us = max(0, min(self._done_us, self._done_before_us + since_us - self._span_began_us))

    def _close_span(self, until_us: int) -> None:
        if self._span_from_us is not None:
            self._done_before_us, self._span_began_us = self._done_us, self._span_from_us
            self._done_us += max(0, until_us - self._span_from_us)
            self._span_from_us = None

    def suspend(self, now_us: int) -> None:
        self._close_span(now_us)
        self.stop_repeating_cue(now_us)

    def give_up(self, now_us: int) -> None:
        self.emit(RepsPartial(now_us, self.legs, self._count, 0))
        self.begun = False

    def remaining_steps(self) -> tuple[Step, ...]:
        if self.outcome == "complete":
            return ()
        now = replace(self._step, count=self._step.count - self._count)
        return (*self.remaining_of_turn(now), *self.remaining_of_later_turns(self._step))

    # Whoever goes at their own pace says when they are done.

    def on_change(self, change: Change) -> None:
        super().on_change(change)
        if self._own_pace and self.phase == "reps":
            self._watch_step(change)
            self.set_due()

    def _watch_step(self, change: Change) -> None:
        if not self.footing.is_occupied:
            self._empty_us = change.since_us if self._empty_us is None else self._empty_us
            self._stepped_us = None
        elif self._empty_us is not None:
            fresh = change.since_us - self._empty_us >= self._paced_rules.stepped_us
            self._stepped_us, self._empty_us = (change.since_us if fresh else None), None

    def on_next(self, now_us: int) -> None:
        if self._own_pace and self.phase == "reps":
            self._finish(now_us)

    # Its alarms.

    def work_due_us(self) -> int | None:
        if self.phase == "grace":
            return self.heel_up_since_us + self.rules.grace_us
        if self.phase == "lifted":
            return self.heel_up_since_us + self.rules.pause_us
        if self._own_pace:
            stepped_us = self._stepped_us
            if stepped_us is not None:
                return stepped_us + self._paced_rules.stepped_us
            return self._go_us + self._paced_rules.own_pace_us
        if self._span_from_us is None:
            return self.heel_up_since_us + self.rules.pause_us
        return self._span_from_us + self._ends_us[self._part] - self._done_us

    def on_work_alarm(self, now_us: int) -> None:
        if self.phase == "grace":
            self.phase = "lifted"
            self.emit_cue(now_us, CueName.HEEL_UP)
        elif self.phase == "lifted":
            self.suspend(now_us)
            self.pause(now_us, self.heel_up_since_us, "heel up")
        elif self._own_pace and self._stepped_us is not None:
            self._finish(now_us)
        elif self._own_pace:
            self.give_up(now_us)
            self.end(now_us, "nobody came back")
        elif self._span_from_us is None:
            self.pause(now_us, self.heel_up_since_us, "sensor lost")
        else:
            self._finish_part(now_us)

    def _finish_part(self, now_us: int) -> None:
        """A part of the tempo is over."""
        self._part += 1
        if self._part < len(self._ends_us):
            self.emit_cue(now_us, CueName.COUNT)
            return
        self._count += 1
        left = self._step.count - self._count
        self.emit(RepTimed(now_us, self.legs, now_us - self._began_one_us, False))
        self.emit(RepCounted(now_us, self.legs, self._count))
        self._begin_one(now_us)
        if left == 0:
            self._finish(now_us)
        elif left <= self._paced_rules.last_counts:
            self.emit_cue(now_us, CueName.COUNT, count=left)
        elif self._count == (self._step.count + 1) // 2:
            self.emit_cue(now_us, CueName.HALFWAY)
        else:
            self.emit_cue(now_us, CueName.COUNT)

    def _finish(self, now_us: int) -> None:
        self._count = self._step.count
        self.emit(RepsFinished(now_us, self.legs, self._count, 0))
        self.begun = False
        self.emit_cue(now_us, CueName.HOLD_DONE)
        self.finish_side(now_us)

    def state_at(self, at_us: int) -> ActivityState:
        picture = replace(self.common_state(at_us), count=self._count, target_count=self._step.count)
        working = self.phase == "reps" and not self._own_pace
        return replace(picture, part=self._part) if working else picture
