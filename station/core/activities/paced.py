"""Repetitions that the heel does not count: by their tempo, or at the person's own pace.

With a tempo a tick sounds at the end of each of its parts, and the last one counts. If the heel must stay down, the
clock of a repetition stops while it is up; a lift within the grace costs no more than that, and after a longer one the
repetition starts over. So a person who lifts the heel finishes later with the same credit, as in a hold.

At the person's own pace there are no ticks. The person ends the set by stepping on the board (an empty board for a
second, then a heel that stays down for a second), or by `next`. Repetitions that the board cannot sense are marked "not
verified".
"""

from __future__ import annotations

from itertools import accumulate
from typing import ClassVar

from msgspec.structs import replace

from station.core.activities.counted_set import CountedSet, SetRules
from station.core.activities.credit_clock import CreditClock
from station.core.activities.exercise_rules import AROUND_WORK, STOPPING, ExercisePhase, ExerciseTransitions
from station.core.events import SECOND_US
from station.core.facts import CueName
from station.core.sensing.sensors import BoardSensors, Change
from station.core.state import RepsState
from station.core.steps import RepsStep

TRANSITIONS: ExerciseTransitions = {
    **AROUND_WORK,
    ExercisePhase.PREPARE: AROUND_WORK[ExercisePhase.PREPARE] | {ExercisePhase.REPS},
    ExercisePhase.REPS: STOPPING | {ExercisePhase.GRACE, ExercisePhase.PREPARE},
    ExercisePhase.GRACE: STOPPING | {ExercisePhase.REPS, ExercisePhase.LIFTED},
    ExercisePhase.LIFTED: STOPPING | {ExercisePhase.REPS},
}


class PacedRules(SetRules, frozen=True):
    """The times of an exercise that the board does not sense."""

    done_signal_us: int = 1 * SECOND_US
    """How long the board is empty, and then stood on, when a person signals that they are done."""
    own_pace_timeout_us: int = 600 * SECOND_US
    """No set takes longer; a person who has not come back by then has left."""


class PacedReps(CountedSet):
    """Repetitions by `step`, one turn after the other, with the heel down or anywhere."""

    transitions = TRANSITIONS
    sounds_every_count: ClassVar[bool] = True

    def __init__(
        self, step: RepsStep, sensors: BoardSensors, *, is_first_step: bool = True, rules: PacedRules | None = None
    ) -> None:
        self._paced_rules = rules or PacedRules()
        super().__init__(step, sensors, is_first_step=is_first_step, rules=self._paced_rules)
        self._part_ends_us = tuple(accumulate(step.tempo_us))
        self._go_us = 0
        self._empty_since_us: int | None = None
        self._stepped_on_us: int | None = None
        self._start_repetition(0)

    @property
    def _is_own_pace(self) -> bool:
        return not self._part_ends_us

    def _start_repetition(self, at_us: int) -> None:
        self._part = 0
        self._repetition_began_us = at_us
        self._clock = CreditClock(sum(self.step.tempo_us))
        self._clock.start(at_us)

    def on_go(self, now_us: int) -> None:
        self.enter(ExercisePhase.REPS)
        self.is_repetition_started = True
        self._start_repetition(now_us)
        self._go_us = now_us
        self._empty_since_us = None if self.heels.is_occupied else now_us
        self._stepped_on_us = None

    # What the heel does.

    def on_heel_down(self, now_us: int, since_us: int) -> None:
        if self.phase is ExercisePhase.LIFTED:
            self.emit_cue(now_us, CueName.YES)
            self._start_repetition(since_us)
        else:
            self._clock.start(since_us)
        if self.phase is not ExercisePhase.REPS:
            self.enter(ExercisePhase.REPS)

    def on_heel_up(self, now_us: int, since_us: int, *, is_lost: bool) -> None:
        if self.phase is not ExercisePhase.REPS:
            return
        self._clock.stop(since_us)
        if not is_lost:
            self.enter(ExercisePhase.GRACE)

    def on_stopped_earlier(self, since_us: int) -> None:
        if self.phase in (ExercisePhase.REPS, ExercisePhase.GRACE):
            self._clock.stop(since_us)

    def suspend(self, now_us: int) -> None:
        self._clock.stop(now_us)
        self.stop_repeating_cue(now_us)

    # At their own pace the person ends the exercise.

    def on_change(self, change: Change) -> None:
        super().on_change(change)
        if self._is_own_pace and self.phase is ExercisePhase.REPS:
            self._watch_done_signal(change)
            self.set_due()

    def _watch_done_signal(self, change: Change) -> None:
        if not self.heels.is_occupied:
            self._empty_since_us = change.since_us if self._empty_since_us is None else self._empty_since_us
            self._stepped_on_us = None
        elif self._empty_since_us is not None:
            is_signal = change.since_us - self._empty_since_us >= self._paced_rules.done_signal_us
            self._stepped_on_us, self._empty_since_us = (change.since_us if is_signal else None), None

    @property
    def has_next(self) -> bool:
        return self._is_own_pace and self.phase is ExercisePhase.REPS

    def on_next(self, now_us: int) -> None:
        self._finish_at_own_pace(now_us)

    def _finish_at_own_pace(self, now_us: int) -> None:
        self.count = self.step.count
        self.finish_set(now_us)

    # Alarms.

    def work_due_us(self) -> int | None:
        if self.phase is ExercisePhase.GRACE:
            return self.heels.up_since_us + self.rules.grace_us
        if self.phase is ExercisePhase.LIFTED:
            return self.heels.up_since_us + self.rules.pause_after_us
        if self._is_own_pace:
            if self._stepped_on_us is not None:
                return self._stepped_on_us + self._paced_rules.done_signal_us
            return self._go_us + self._paced_rules.own_pace_timeout_us
        part_end_us = self._clock.due_us(self._part_ends_us[self._part])
        return self.heels.up_since_us + self.rules.pause_after_us if part_end_us is None else part_end_us

    def on_work_alarm(self, now_us: int) -> None:
        if self.phase is ExercisePhase.GRACE:
            self.enter(ExercisePhase.LIFTED)
            self.emit_cue(now_us, CueName.HEEL_UP)
        elif self.phase is ExercisePhase.LIFTED:
            self.suspend(now_us)
            self.pause(now_us, self.heels.up_since_us, "heel up")
        elif self._is_own_pace and self._stepped_on_us is not None:
            self._finish_at_own_pace(now_us)
        elif self._is_own_pace:
            self.end_early(now_us, "nobody came back")
        elif not self._clock.is_running:
            self.pause(now_us, self.heels.up_since_us, "sensor lost")
        else:
            self._finish_part(now_us)

    def _finish_part(self, now_us: int) -> None:
        """A part of the tempo is over; the last one ends the repetition."""
        self._part += 1
        if self._part < len(self._part_ends_us):
            self.emit_cue(now_us, CueName.COUNT)
        else:
            duration_us = now_us - self._repetition_began_us
            self._start_repetition(now_us)
            self.count_repetition(now_us, duration_us)

    def state_at(self, at_us: int) -> RepsState:
        state = super().state_at(at_us)
        is_tempo_running = self.phase is ExercisePhase.REPS and not self._is_own_pace
        return replace(state, part=self._part) if is_tempo_running else state
