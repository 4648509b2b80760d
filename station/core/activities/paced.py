"""Repetitions that no heel counts: by their tempo, or at the person's own pace.

With a tempo a tick sounds at the end of each of its parts, and the last one counts. Where the heel is to stay down, the
clock of a repetition stops while it is up; a lift within the grace is let go, and after a longer one the repetition
begins again. So a person who lifts the heel finishes later with the same credit, as in a hold.

At the person's own pace nothing ticks. The person ends it by stepping on the board (an empty board for a second, then a
heel that stays down for a second), or by `next`. What nothing senses is told as what it is, not verified.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import ClassVar

from station.core.activities.exercise import ExerciseActivity, ExercisePhase, ExerciseRules
from station.core.events import SECOND_US
from station.core.facts import CueName, RepCounted, RepsFinished, RepsPartial, RepTimed
from station.core.sensing.sensors import BoardSensors, Change
from station.core.state import RepsState
from station.core.steps import RepsStep, Step

TRANSITIONS: dict[ExercisePhase, frozenset[ExercisePhase]] = {
    ExercisePhase.WAIT: frozenset({ExercisePhase.PREPARE, ExercisePhase.ENDED}),
    ExercisePhase.PREPARE: frozenset(
        {
            ExercisePhase.PREPARE,
            ExercisePhase.WAIT,
            ExercisePhase.REPS,
            ExercisePhase.PAUSED,
            ExercisePhase.SWITCH,
            ExercisePhase.DONE,
            ExercisePhase.ENDED,
        }
    ),
    ExercisePhase.REPS: frozenset(
        {
            ExercisePhase.GRACE,
            ExercisePhase.PREPARE,
            ExercisePhase.PAUSED,
            ExercisePhase.SWITCH,
            ExercisePhase.DONE,
            ExercisePhase.ENDED,
        }
    ),
    ExercisePhase.GRACE: frozenset(
        {
            ExercisePhase.REPS,
            ExercisePhase.LIFTED,
            ExercisePhase.PAUSED,
            ExercisePhase.SWITCH,
            ExercisePhase.DONE,
            ExercisePhase.ENDED,
        }
    ),
    ExercisePhase.LIFTED: frozenset(
        {ExercisePhase.REPS, ExercisePhase.PAUSED, ExercisePhase.SWITCH, ExercisePhase.DONE, ExercisePhase.ENDED}
    ),
    ExercisePhase.PAUSED: frozenset(
        {ExercisePhase.PREPARE, ExercisePhase.SWITCH, ExercisePhase.DONE, ExercisePhase.ENDED}
    ),
    ExercisePhase.SWITCH: frozenset({ExercisePhase.PREPARE, ExercisePhase.PAUSED, ExercisePhase.ENDED}),
    ExercisePhase.DONE: frozenset(),
    ExercisePhase.ENDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class PacedRules(ExerciseRules):
    """The times of an exercise that the board does not sense."""

    announced_counts: int = 3
    done_signal_us: int = 1 * SECOND_US
    """So long the board is empty, and then stood on, when somebody says that they are done."""
    own_pace_timeout_us: int = 600 * SECOND_US
    """Nobody takes longer for a set; who has not come back by then has left."""


class PacedReps(ExerciseActivity):
    """Repetitions by `step`, each turn after the other, with the heel down or with anything."""

    name: ClassVar[str] = "reps"
    transitions = TRANSITIONS
    gives_up_in_pause: ClassVar[bool] = False

    def __init__(
        self, step: RepsStep, sensors: BoardSensors, *, is_first_step: bool = True, rules: PacedRules | None = None
    ) -> None:
        paced_rules = rules or PacedRules()
        super().__init__(step, sensors, is_first_step=is_first_step, rules=paced_rules)
        self._paced_rules = paced_rules
        self._step = step
        self._tempo_ends_us = tuple(accumulate(step.tempo_us))
        self._empty_since_us: int | None = None
        self._stepped_on_us: int | None = None
        self.reset_for_side()

    @property
    def _is_own_pace(self) -> bool:
        return not self._tempo_ends_us

    def reset_for_side(self) -> None:
        self.is_repetition_started = False
        self._count = 0
        self._start_counting(None)

    def _start_counting(self, at_us: int | None) -> None:
        """A repetition begins, or waits for its heel."""
        self._tempo_part = 0
        self._credited_us = self._credited_before_us = self._last_span_start_us = 0
        self._repetition_began_us = at_us or 0
        self._span_start_us = at_us

    def advance_repetition(self) -> bool:
        return False

    def on_go(self, now_us: int) -> None:
        self.enter(ExercisePhase.REPS)
        self.is_repetition_started = True
        self._start_counting(now_us)
        self._go_us = now_us
        self._empty_since_us = None if self.stance_tracker.is_occupied else now_us
        self._stepped_on_us = None

    # What the heel does.

    def on_heel_down(self, now_us: int, since_us: int) -> None:
        if self.phase is ExercisePhase.LIFTED:
            self.emit_cue(now_us, CueName.YES)
            self._start_counting(since_us)
        else:
            self._span_start_us = since_us
        if self.phase is not ExercisePhase.REPS:
            self.enter(ExercisePhase.REPS)

    def on_heel_up(self, now_us: int, since_us: int, *, is_lost: bool) -> None:
        if self.phase is not ExercisePhase.REPS:
            return
        self._close_span(since_us)
        if not is_lost:
            self.enter(ExercisePhase.GRACE)

    def on_earlier_heel_up(self, since_us: int) -> None:
        if self.phase is ExercisePhase.GRACE:
            self._credited_us = max(
                0, min(self._credited_us, self._credited_before_us + since_us - self._last_span_start_us)
            )

    def _close_span(self, until_us: int) -> None:
        if self._span_start_us is not None:
            self._credited_before_us, self._last_span_start_us = self._credited_us, self._span_start_us
            self._credited_us += max(0, until_us - self._span_start_us)
            self._span_start_us = None

    def suspend(self, now_us: int) -> None:
        self._close_span(now_us)
        self.stop_repeating_cue(now_us)

    def give_up(self, now_us: int) -> None:
        self.emit(RepsPartial(now_us, self.legs, self._count, 0))
        self.is_repetition_started = False

    def remaining_steps(self) -> tuple[Step, ...]:
        if self.outcome == "complete":
            return ()
        current = replace(self._step, count=self._step.count - self._count)
        return (*self.remaining_of_turn(current), *self.remaining_of_later_turns(self._step))

    # At their own pace the person ends the exercise.

    def on_change(self, change: Change) -> None:
        super().on_change(change)
        if self._is_own_pace and self.phase is ExercisePhase.REPS:
            self._watch_done_signal(change)
            self.set_due()

    def _watch_done_signal(self, change: Change) -> None:
        if not self.stance_tracker.is_occupied:
            self._empty_since_us = change.since_us if self._empty_since_us is None else self._empty_since_us
            self._stepped_on_us = None
        elif self._empty_since_us is not None:
            is_signal = change.since_us - self._empty_since_us >= self._paced_rules.done_signal_us
            self._stepped_on_us, self._empty_since_us = (change.since_us if is_signal else None), None

    def on_next(self, now_us: int) -> None:
        if self._is_own_pace and self.phase is ExercisePhase.REPS:
            self._finish_set(now_us)

    # Its alarms.

    def work_due_us(self) -> int | None:
        if self.phase is ExercisePhase.GRACE:
            return self.heel_up_since_us + self.rules.grace_us
        if self.phase is ExercisePhase.LIFTED:
            return self.heel_up_since_us + self.rules.pause_after_us
        if self._is_own_pace:
            stepped_us = self._stepped_on_us
            if stepped_us is not None:
                return stepped_us + self._paced_rules.done_signal_us
            return self._go_us + self._paced_rules.own_pace_timeout_us
        if self._span_start_us is None:
            return self.heel_up_since_us + self.rules.pause_after_us
        return self._span_start_us + self._tempo_ends_us[self._tempo_part] - self._credited_us

    def on_work_alarm(self, now_us: int) -> None:
        if self.phase is ExercisePhase.GRACE:
            self.enter(ExercisePhase.LIFTED)
            self.emit_cue(now_us, CueName.HEEL_UP)
        elif self.phase is ExercisePhase.LIFTED:
            self.suspend(now_us)
            self.pause(now_us, self.heel_up_since_us, "heel up")
        elif self._is_own_pace and self._stepped_on_us is not None:
            self._finish_set(now_us)
        elif self._is_own_pace:
            self.give_up(now_us)
            self.end_early(now_us, "nobody came back")
        elif self._span_start_us is None:
            self.pause(now_us, self.heel_up_since_us, "sensor lost")
        else:
            self._finish_part(now_us)

    def _finish_part(self, now_us: int) -> None:
        """A part of the tempo is over."""
        self._tempo_part += 1
        if self._tempo_part < len(self._tempo_ends_us):
            self.emit_cue(now_us, CueName.COUNT)
            return
        self._count += 1
        remaining = self._step.count - self._count
        self.emit(RepTimed(now_us, self.legs, now_us - self._repetition_began_us, False))
        self.emit(RepCounted(now_us, self.legs, self._count))
        self._start_counting(now_us)
        if remaining == 0:
            self._finish_set(now_us)
        elif remaining <= self._paced_rules.announced_counts:
            self.emit_cue(now_us, CueName.COUNT, count=remaining)
        elif self._count == (self._step.count + 1) // 2:
            self.emit_cue(now_us, CueName.HALFWAY)
        else:
            self.emit_cue(now_us, CueName.COUNT)

    def _finish_set(self, now_us: int) -> None:
        self._count = self._step.count
        self.emit(RepsFinished(now_us, self.legs, self._count, 0))
        self.is_repetition_started = False
        self.emit_cue(now_us, CueName.HOLD_DONE)
        self.finish_side(now_us)

    def state_at(self, at_us: int) -> RepsState:
        is_tempo_running = self.phase is ExercisePhase.REPS and not self._is_own_pace
        return RepsState(
            phase=self.phase,
            side=self.legs,
            clock=self.preparation_clock(at_us),
            count=self._count,
            target_count=self._step.count,
            part=self._tempo_part if is_tempo_running else None,
        )
