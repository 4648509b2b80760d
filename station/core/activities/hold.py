"""The guided hold: a stretch whose clock runs only while the heel is down.

A lift closes the credit at the moment the heel rose, which is reported a little later. A lift within the grace is a
micro-lift and makes no sound; a longer one sounds HEEL_UP until the heel is back or the hold pauses. A finished hold is
credited exactly its target. The rules that the table of phases does not show:

- Ticks and HALFWAY that have sounded are not repeated when a back-dated lift takes credit back.
- A lift that is under way when a hold is given up counts as lifted time, three seconds at most, like any other.
- A command that comes while the heel may be rising closes the credit where the rise began: a heel that was up is never
  credited, and a flicker costs 80 ms at most.
- A person who comes back after a repetition was given up begins the next one; after the last one the side is done.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from station.core.activities.countdown_ticks import CountdownTicks
from station.core.activities.credit_clock import CreditClock
from station.core.activities.exercise import ExerciseActivity
from station.core.activities.exercise_rules import (
    AROUND_WORK,
    STOPPING,
    ExercisePhase,
    ExerciseRules,
    ExerciseTransitions,
)
from station.core.events import SECOND_US, Legs
from station.core.facts import CueName, HeelLifted, HeelReturned, HoldFinished, HoldPartial, HoldStarted
from station.core.sensing.sensors import BoardSensors
from station.core.state import HoldState, ShownClock
from station.core.steps import HoldStep, Step

TRANSITIONS: ExerciseTransitions = {
    **AROUND_WORK,
    ExercisePhase.PREPARE: AROUND_WORK[ExercisePhase.PREPARE] | {ExercisePhase.HOLD},
    ExercisePhase.HOLD: STOPPING | {ExercisePhase.GRACE, ExercisePhase.REST, ExercisePhase.PREPARE},
    ExercisePhase.GRACE: STOPPING | {ExercisePhase.HOLD, ExercisePhase.LIFTED, ExercisePhase.PREPARE},
    ExercisePhase.LIFTED: STOPPING | {ExercisePhase.HOLD, ExercisePhase.PREPARE},
    ExercisePhase.REST: STOPPING | {ExercisePhase.HOLD, ExercisePhase.AWAY, ExercisePhase.PREPARE},
    ExercisePhase.AWAY: STOPPING | {ExercisePhase.PREPARE},
}


class HoldRules(ExerciseRules, frozen=True):
    """The times of a hold."""

    max_lifted_us: int = 3 * SECOND_US
    """The maximum time of one lift that counts as lifted: after that the hold pauses."""
    min_halfway_us: int = 3 * SECOND_US
    """HALFWAY does not sound in the last seconds, which have their ticks."""


class Hold(ExerciseActivity):
    """Timed stretches by `step`, each side in turn."""

    name: ClassVar[str] = "hold"
    transitions = TRANSITIONS

    def __init__(
        self, step: HoldStep, sensors: BoardSensors, *, is_first_step: bool = True, rules: HoldRules | None = None
    ) -> None:
        self._hold_rules = rules or HoldRules()
        super().__init__(step, sensors, is_first_step=is_first_step, rules=self._hold_rules)
        self._step = step
        self._rest_deadline_us = 0
        self._rest_ticks = CountdownTicks(0)
        self.reset_for_side()

    def reset_for_side(self) -> None:
        self._repetition = 1
        self._reset_repetition()

    def _reset_repetition(self) -> None:
        self.is_repetition_started = False
        self._clock = CreditClock(self._step.hold_us)
        self._lifted_us = self._lifts = self._micro_lifts = 0
        self._lifted_since_us = 0
        self._hold_ticks = CountdownTicks(self._step.hold_us, self.rules.countdown_ticks)
        half_us = self._step.hold_us // 2
        self._halfway_us = half_us if half_us > self._hold_rules.min_halfway_us else None

    def advance_repetition(self) -> bool:
        if self._repetition >= self._step.repetitions:
            return False
        self._repetition += 1
        self._reset_repetition()
        return True

    @property
    def _next_repetition(self) -> int | None:
        is_between = self.phase in (ExercisePhase.REST, ExercisePhase.AWAY)
        following = self._repetition if is_between else self._repetition + 1
        return following if following <= self._step.repetitions else None

    def remaining_steps(self) -> tuple[Step, ...]:
        if self.outcome == "complete":
            return ()
        owed = self._step.repetitions - self._repetition + 1 + self.given_up_repetitions
        return self.turns.remaining_steps(self._step, replace(self._step, repetitions=owed))

    # The work.

    def on_go(self, now_us: int) -> None:
        self.enter(ExercisePhase.HOLD)
        self._clock.start(now_us)
        if not self.is_repetition_started:
            self.is_repetition_started = True
            self.emit(HoldStarted(now_us, self.turns.legs, self._repetition))

    def on_heel_down(self, now_us: int, since_us: int) -> None:
        if self.phase in (ExercisePhase.GRACE, ExercisePhase.LIFTED):
            self._on_heel_return(now_us, since_us)
        elif self.phase is ExercisePhase.HOLD and not self._clock.is_running:
            self._clock.start(since_us)
        elif self.phase is ExercisePhase.REST and now_us >= self._rest_deadline_us:
            self.start_work(now_us)
        elif self.phase is ExercisePhase.AWAY:
            self.prepare_again(now_us, since_us)

    def on_heel_up(self, now_us: int, since_us: int, *, is_lost: bool) -> None:
        if self.phase is not ExercisePhase.HOLD:
            return
        self._clock.stop(since_us)
        if self._clock.is_full:  # the last of the credit came between a return and a lift reported only now
            self._finish_repetition(now_us)
        elif not is_lost:
            self.enter(ExercisePhase.GRACE)
            self._lifted_since_us = since_us
            self.emit(HeelLifted(now_us, self.heels.lifted_side, since_us))

    def on_stopped_earlier(self, since_us: int) -> None:
        if self.phase in (ExercisePhase.HOLD, ExercisePhase.GRACE, ExercisePhase.LIFTED):
            self._clock.stop(since_us)
        if self.phase is ExercisePhase.GRACE:
            self._lifted_since_us = self.heels.up_since_us

    def _on_heel_return(self, now_us: int, since_us: int) -> None:
        self._count_lifted(since_us)
        self.emit(HeelReturned(now_us, self.heels.lifted_side, since_us))
        if self.phase is ExercisePhase.GRACE:
            self._micro_lifts += 1
        else:
            self.emit_cue(now_us, CueName.YES)
        self.enter(ExercisePhase.HOLD)
        self._clock.start(since_us)

    def _count_lifted(self, until_us: int) -> None:
        self._lifted_us += min(self._hold_rules.max_lifted_us, until_us - self._lifted_since_us)

    def suspend(self, now_us: int) -> None:
        rising_us = self.heels.rising_since_us
        self._clock.stop(now_us if rising_us is None else min(now_us, rising_us))
        if self.phase in (ExercisePhase.GRACE, ExercisePhase.LIFTED):
            self._count_lifted(now_us)
        self.stop_repeating_cue(now_us)

    def give_up(self, now_us: int) -> None:
        if self.phase is not ExercisePhase.PAUSED:
            self.suspend(now_us)
        self.emit(HoldPartial(now_us, *self._result(now_us)))
        self.is_repetition_started = False

    def _finish_repetition(self, now_us: int) -> None:
        self._clock.finish()
        self.emit(HoldFinished(now_us, *self._result(now_us)))
        self.is_repetition_started = False
        self.emit_cue(now_us, CueName.HOLD_DONE)
        if not self.advance_repetition():
            self.finish_side(now_us)
            return
        self.enter(ExercisePhase.REST)
        self._rest_deadline_us = now_us + self._step.rest_between_us
        self._rest_ticks = CountdownTicks(self._step.rest_between_us, self.rules.countdown_ticks)

    def _result(self, now_us: int) -> tuple[Legs, int, int, int, int, int]:
        counts = (self._clock.credited_us(now_us), self._lifted_us, self._lifts, self._micro_lifts)
        return (self.turns.legs, self._repetition, *counts)

    @property
    def has_next(self) -> bool:
        return self.phase is ExercisePhase.REST

    def on_next(self, now_us: int) -> None:
        self._rest_deadline_us = now_us
        self._rest_ticks.cancel()

    # Alarms.

    def work_due_us(self) -> int | None:
        if self.phase is ExercisePhase.HOLD:
            return self._hold_due_us()
        if self.phase is ExercisePhase.GRACE:
            return self._lifted_since_us + self.rules.grace_us
        if self.phase is ExercisePhase.LIFTED:
            return self._lifted_since_us + self.rules.pause_after_us
        if self.phase is ExercisePhase.REST:
            return self._rest_due_us()
        return max(self._rest_deadline_us, self.heels.up_since_us) + self.rules.pause_timeout_us

    def _hold_due_us(self) -> int:
        tick_us = self._hold_ticks.due_us(self._step.hold_us)
        due_us = self._clock.due_us(tick_us if self._halfway_us is None else min(tick_us, self._halfway_us))
        return self.heels.up_since_us + self.rules.pause_after_us if due_us is None else due_us

    def _rest_due_us(self) -> int:
        if self.heels.are_as_needed or not self._rest_ticks.are_over:
            return self._rest_ticks.due_us(self._rest_deadline_us)
        return max(self._rest_deadline_us, self.heels.up_since_us + self.rules.grace_us)

    def on_work_alarm(self, now_us: int) -> None:
        if self.phase is ExercisePhase.HOLD and not self._clock.is_running:
            self.pause(now_us, self.heels.up_since_us, "sensor lost")
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
        credited_us = self._clock.credited_us(now_us)
        if credited_us >= self._step.hold_us:
            self._finish_repetition(now_us)
            return
        if self._halfway_us is not None and credited_us >= self._halfway_us:
            self._halfway_us = None
            self.emit_cue(now_us, CueName.HALFWAY)
        self.emit_tick(now_us, self._hold_ticks.pop(self._step.hold_us - credited_us))

    def _on_rest_alarm(self, now_us: int) -> None:
        if now_us < self._rest_deadline_us:
            self.emit_tick(now_us, self._rest_ticks.pop(self._rest_deadline_us - now_us))
        elif self.heels.are_as_needed:
            self.start_work(now_us)
        else:
            self.enter(ExercisePhase.AWAY)
            self.emit_cue(now_us, CueName.NUDGE)

    def state_at(self, at_us: int) -> HoldState:
        return HoldState(
            phase=self.phase,
            side=self.turns.legs,
            next_side=self.turns.next_side,
            clock=self._shown_clock(at_us),
            repetition=self._repetition,
            repetitions=self._step.repetitions,
            next_repetition=self._next_repetition,
            hold_us=self._step.hold_us,
            resume_needs=self.resume_needs,
        )

    def _shown_clock(self, at_us: int) -> ShownClock | None:
        is_interrupted = self.phase is ExercisePhase.PAUSED and self.is_repetition_started
        if self.phase in (ExercisePhase.HOLD, ExercisePhase.GRACE, ExercisePhase.LIFTED) or is_interrupted:
            clock = self._clock
            return ShownClock("hold", clock.credited_us(at_us), self._step.hold_us, int(clock.is_running))
        if self.phase is ExercisePhase.REST:
            rested_us = at_us - (self._rest_deadline_us - self._step.rest_between_us)
            return ShownClock("rest", rested_us, self._step.rest_between_us, 1)
        return self.preparation_clock(at_us)
