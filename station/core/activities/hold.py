"""The guided hold: a stretch whose clock runs only while the heel is down.

Credited time is a sum of spans, each its end minus its start; a lift closes the span at the moment the heel rose, which
is known a little later. A lift shorter than the grace is a micro-lift and says nothing; a longer one sounds HEEL_UP
until the heel is back, or until it is a pause. A finished hold says exactly its target.

What the flows leave open is answered here so:

- Ticks and HALFWAY that lie before the credit is closed again by a back-dated lift are not repeated.
- A lift under way when a hold is given up counts its time as lifted, three seconds at most, like any other.
- A command that comes while the heel may be rising closes the credit where the rise began: it never counts a heel that
  was up, and loses 80 ms at most where it was a flicker.
- Coming back when a repetition has just been given up begins the next one; the last one given up finishes the side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from station.core.activities.exercise import ExerciseActivity, ExercisePhase, ExerciseRules
from station.core.events import SECOND_US, Legs
from station.core.facts import CueName, HeelLifted, HeelReturned, HoldFinished, HoldPartial, HoldStarted
from station.core.sensing.sensors import BoardSensors
from station.core.state import HoldState, ShownClock
from station.core.steps import HoldStep, Step

TRANSITIONS: dict[ExercisePhase, frozenset[ExercisePhase]] = {
    ExercisePhase.WAIT: frozenset({ExercisePhase.PREPARE, ExercisePhase.ENDED}),
    ExercisePhase.PREPARE: frozenset(
        {
            ExercisePhase.PREPARE,
            ExercisePhase.WAIT,
            ExercisePhase.HOLD,
            ExercisePhase.PAUSED,
            ExercisePhase.SWITCH,
            ExercisePhase.DONE,
            ExercisePhase.ENDED,
        }
    ),
    ExercisePhase.HOLD: frozenset(
        {
            ExercisePhase.GRACE,
            ExercisePhase.REST,
            ExercisePhase.PREPARE,
            ExercisePhase.PAUSED,
            ExercisePhase.SWITCH,
            ExercisePhase.DONE,
            ExercisePhase.ENDED,
        }
    ),
    ExercisePhase.GRACE: frozenset(
        {
            ExercisePhase.HOLD,
            ExercisePhase.LIFTED,
            ExercisePhase.PREPARE,
            ExercisePhase.PAUSED,
            ExercisePhase.SWITCH,
            ExercisePhase.DONE,
            ExercisePhase.ENDED,
        }
    ),
    ExercisePhase.LIFTED: frozenset(
        {
            ExercisePhase.HOLD,
            ExercisePhase.PREPARE,
            ExercisePhase.PAUSED,
            ExercisePhase.SWITCH,
            ExercisePhase.DONE,
            ExercisePhase.ENDED,
        }
    ),
    ExercisePhase.REST: frozenset(
        {
            ExercisePhase.HOLD,
            ExercisePhase.AWAY,
            ExercisePhase.PREPARE,
            ExercisePhase.PAUSED,
            ExercisePhase.SWITCH,
            ExercisePhase.DONE,
            ExercisePhase.ENDED,
        }
    ),
    ExercisePhase.AWAY: frozenset(
        {ExercisePhase.PREPARE, ExercisePhase.PAUSED, ExercisePhase.SWITCH, ExercisePhase.DONE, ExercisePhase.ENDED}
    ),
    ExercisePhase.PAUSED: frozenset(
        {ExercisePhase.PREPARE, ExercisePhase.SWITCH, ExercisePhase.DONE, ExercisePhase.ENDED}
    ),
    ExercisePhase.SWITCH: frozenset({ExercisePhase.PREPARE, ExercisePhase.PAUSED, ExercisePhase.ENDED}),
    ExercisePhase.DONE: frozenset(),
    ExercisePhase.ENDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class HoldRules(ExerciseRules):
    """The times of a hold."""

    max_lifted_us: int = 3 * SECOND_US
    """So much of each lift counts as lifted: after that it is a pause."""
    min_halfway_us: int = 3 * SECOND_US
    """HALFWAY keeps out of the last seconds, which have their ticks."""


class Hold(ExerciseActivity):
    """Timed stretches by `step`, each side in turn."""

    name: ClassVar[str] = "hold"
    transitions = TRANSITIONS

    def __init__(
        self, step: HoldStep, sensors: BoardSensors, *, is_first_step: bool = True, rules: HoldRules | None = None
    ) -> None:
        hold_rules = rules or HoldRules()
        super().__init__(step, sensors, is_first_step=is_first_step, rules=hold_rules)
        self._hold_rules = hold_rules
        self._step = step
        self._repetition = 1
        self._rest_deadline_us = 0
        self._rest_ticks: set[int] = set()
        self._reset_repetition()

    def _reset_repetition(self) -> None:
        self.is_repetition_started = False
        self._credited_us = self._lifted_us = self._lifts = self._micro_lifts = 0
        self._span_start_us: int | None = None
        self._last_span_start_us = 0
        self._lifted_since_us = 0
        self._hold_ticks = {n for n in self.rules.countdown_ticks if n * SECOND_US < self._step.hold_us}
        half_us = self._step.hold_us // 2
        self._halfway_us = half_us if half_us > self._hold_rules.min_halfway_us else None

    # The work.

    def on_go(self, now_us: int) -> None:
        self.enter(ExercisePhase.HOLD)
        self._span_start_us = now_us
        if not self.is_repetition_started:
            self.is_repetition_started = True
            self.emit(HoldStarted(now_us, self.legs, self._repetition))

    def on_heel_down(self, now_us: int, since_us: int) -> None:
        if self.phase in (ExercisePhase.GRACE, ExercisePhase.LIFTED):
            self._on_heel_return(now_us, since_us)
        elif self.phase is ExercisePhase.HOLD and self._span_start_us is None:
            self._span_start_us = since_us
        elif self.phase is ExercisePhase.REST and now_us >= self._rest_deadline_us:
            self.start_work(now_us)
        elif self.phase is ExercisePhase.AWAY:
            self.prepare(now_us, since_us, self.rules.resume_prepare_us)

    def on_heel_up(self, now_us: int, since_us: int, *, is_lost: bool) -> None:
        if self.phase is not ExercisePhase.HOLD:
            return
        self._close_span(since_us)
        if not is_lost:
            self.enter(ExercisePhase.GRACE)
            self._lifted_since_us = since_us
            self.emit(HeelLifted(now_us, self.lifted_side, since_us))

    def on_earlier_heel_up(self, since_us: int) -> None:
        if self.phase is ExercisePhase.GRACE:
            uncredited_us = max(0, self._lifted_since_us - max(since_us, self._last_span_start_us))
            self._credited_us -= uncredited_us
            self._lifted_since_us = since_us

    def _close_span(self, until_us: int) -> None:
        if self._span_start_us is not None:
            span_us = max(0, until_us - self._span_start_us)
            self._credited_us = min(self._step.hold_us, self._credited_us + span_us)
            self._last_span_start_us, self._span_start_us = self._span_start_us, None

    def _on_heel_return(self, now_us: int, since_us: int) -> None:
        self._count_lifted(since_us)
        self.emit(HeelReturned(now_us, self.lifted_side, since_us))
        if self.phase is ExercisePhase.GRACE:
            self._micro_lifts += 1
        else:
            self.emit_cue(now_us, CueName.YES)
        self.enter(ExercisePhase.HOLD)
        self._span_start_us = since_us

    def _count_lifted(self, until_us: int) -> None:
        self._lifted_us += min(self._hold_rules.max_lifted_us, until_us - self._lifted_since_us)

    def suspend(self, now_us: int) -> None:
        rising_us = None if self.is_timer_only else self.rising_since_us
        self._close_span(now_us if rising_us is None else min(now_us, rising_us))
        if self.phase in (ExercisePhase.GRACE, ExercisePhase.LIFTED):
            self._count_lifted(now_us)
        self.stop_repeating_cue(now_us)

    def give_up(self, now_us: int) -> None:
        if self.phase is not ExercisePhase.PAUSED:
            self.suspend(now_us)
        self.emit(HoldPartial(now_us, *self._result()))
        self.is_repetition_started = False

    def _result(self) -> tuple[Legs, int, int, int, int, int]:
        counts = (self._credited_us, self._lifted_us, self._lifts, self._micro_lifts)
        return (self.legs, self._repetition, *counts)

    def advance_repetition(self) -> bool:
        if self._repetition >= self._step.repetitions:
            return False
        self._repetition += 1
        self._reset_repetition()
        return True

    def reset_for_side(self) -> None:
        self._repetition = 1
        self._reset_repetition()

    def remaining_steps(self) -> tuple[Step, ...]:
        if self.outcome == "complete":
            return ()
        owed = self._step.repetitions - self._repetition + 1 + self.given_up_repetitions
        return (
            *self.remaining_of_turn(replace(self._step, repetitions=owed)),
            *self.remaining_of_later_turns(self._step),
        )

    # Its alarms.

    def work_due_us(self) -> int | None:
        if self.phase is ExercisePhase.HOLD:
            return self._hold_due_us()
        if self.phase is ExercisePhase.GRACE:
            return self._lifted_since_us + self.rules.grace_us
        if self.phase is ExercisePhase.LIFTED:
            return self._lifted_since_us + self.rules.pause_after_us
        if self.phase is ExercisePhase.REST:
            return self._rest_due_us()
        return max(self._rest_deadline_us, self.heel_up_since_us) + self.rules.pause_timeout_us

    def _hold_due_us(self) -> int:
        if self._span_start_us is None:
            return self.heel_up_since_us + self.rules.pause_after_us
        target_us = self._step.hold_us
        marks = [target_us - max(self._hold_ticks, default=0) * SECOND_US]
        if self._halfway_us is not None:
            marks.append(self._halfway_us)
        return self._span_start_us + min(marks) - self._credited_us

    def _rest_due_us(self) -> int:
        if self._rest_ticks:
            return self._rest_deadline_us - max(self._rest_ticks) * SECOND_US
        if self.is_standing:
            return self._rest_deadline_us
        return max(self._rest_deadline_us, self.heel_up_since_us + self.rules.grace_us)

    def on_work_alarm(self, now_us: int) -> None:
        if self.phase is ExercisePhase.HOLD and self._span_start_us is None:
            self.pause(now_us, self.heel_up_since_us, "sensor lost")
        elif self.phase is ExercisePhase.HOLD:
            self._on_hold_alarm(now_us)
        elif self.phase is ExercisePhase.GRACE:
            self.enter(ExercisePhase.LIFTED)
            self._lifts += 1
            self.emit_cue(now_us, CueName.HEEL_UP)
        elif self.phase is ExercisePhase.LIFTED:
            self.suspend(now_us)
            self.pause(now_us, self._lifted_since_us, "heel up")
        elif self.phase is ExercisePhase.REST:
            self._on_rest_alarm(now_us)
        else:
            self.end_early(now_us, "nobody came back")

    def _on_hold_alarm(self, now_us: int) -> None:
        remaining_us = self._step.hold_us - self._total_credited_us(now_us)
        if remaining_us <= 0:
            self._finish_repetition(now_us)
            return
        if self._halfway_us is not None and self._step.hold_us - remaining_us >= self._halfway_us:
            self._halfway_us = None
            self.emit_cue(now_us, CueName.HALFWAY)
        self.emit_countdown_tick(now_us, remaining_us, self._hold_ticks)

    def _total_credited_us(self, now_us: int) -> int:
        running_us = 0 if self._span_start_us is None else max(0, now_us - self._span_start_us)
        return min(self._step.hold_us, self._credited_us + running_us)

    def _finish_repetition(self, now_us: int) -> None:
        self._credited_us, self._span_start_us = self._step.hold_us, None
        self.emit(HoldFinished(now_us, *self._result()))
        self.is_repetition_started = False
        self.emit_cue(now_us, CueName.HOLD_DONE)
        if not self.advance_repetition():
            self.finish_side(now_us)
            return
        self.enter(ExercisePhase.REST)
        self._rest_deadline_us = now_us + self._step.rest_us
        self._rest_ticks = {n for n in self.rules.countdown_ticks if n * SECOND_US < self._step.rest_us}

    def _on_rest_alarm(self, now_us: int) -> None:
        if now_us < self._rest_deadline_us:
            self.emit_countdown_tick(now_us, self._rest_deadline_us - now_us, self._rest_ticks)
        elif self.is_standing:
            self.start_work(now_us)
        else:
            self.enter(ExercisePhase.AWAY)
            self.emit_cue(now_us, CueName.NUDGE)

    def on_next(self, now_us: int) -> None:
        if self.phase is ExercisePhase.REST:
            self._rest_deadline_us, self._rest_ticks = now_us, set()

    def state_at(self, at_us: int) -> HoldState:
        return HoldState(
            phase=self.phase,
            side=self.legs,
            clock=self._shown_clock(at_us),
            repetition=self._repetition,
            repetitions=self._step.repetitions,
            hold_us=self._step.hold_us,
        )

    def _shown_clock(self, at_us: int) -> ShownClock | None:
        if self.phase in (ExercisePhase.HOLD, ExercisePhase.GRACE, ExercisePhase.LIFTED) or (
            self.phase is ExercisePhase.PAUSED and self.is_repetition_started
        ):
            is_running = self.phase is ExercisePhase.HOLD and self._span_start_us is not None
            return ShownClock("hold", self._total_credited_us(at_us), self._step.hold_us, int(is_running))
        if self.phase is ExercisePhase.REST:
            gone_us = at_us - (self._rest_deadline_us - self._step.rest_us)
            return ShownClock("rest", gone_us, self._step.rest_us, 1)
        return self.preparation_clock(at_us)
