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
from station.core.activities.exercise import ExerciseActivity, ExercisePhase, ExerciseRules
from station.core.events import SECOND_US, Side
from station.core.facts import CueName, RepCounted, RepsFinished, RepsPartial, RepTimed, RepTooQuick
from station.core.sensing.sensors import BoardSensors
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
        {ExercisePhase.PAUSED, ExercisePhase.SWITCH, ExercisePhase.DONE, ExercisePhase.ENDED}
    ),
    ExercisePhase.PAUSED: frozenset(
        {ExercisePhase.PREPARE, ExercisePhase.REPS, ExercisePhase.SWITCH, ExercisePhase.DONE, ExercisePhase.ENDED}
    ),
    ExercisePhase.SWITCH: frozenset({ExercisePhase.PREPARE, ExercisePhase.PAUSED, ExercisePhase.ENDED}),
    ExercisePhase.DONE: frozenset(),
    ExercisePhase.ENDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class RepsRules(ExerciseRules):
    """The shortest phases of a heel raise."""

    min_phase_us: int = 300_000
    min_repetition_us: int = 1 * SECOND_US
    """Quicker than this from rise to rise, nobody raises and lowers a heel with control."""
    idle_timeout_us: int = 8 * SECOND_US
    announced_counts: int = 3
    min_tempo_fraction: float = 0.6
    """Lowering the heel in less than this share of the tempo is too quick."""


class Reps(ExerciseActivity):
    """Counted repetitions by `step`, each side in turn."""

    name: ClassVar[str] = "reps"
    transitions = TRANSITIONS
    gives_up_in_pause: ClassVar[bool] = False

    def __init__(
        self, step: RepsStep, sensors: BoardSensors, *, is_first_step: bool = True, rules: RepsRules | None = None
    ) -> None:
        reps_rules = rules or RepsRules()
        super().__init__(step, sensors, is_first_step=is_first_step, rules=reps_rules)
        self._reps_rules = reps_rules
        self._step = step
        self.reset_for_side()

    def reset_for_side(self) -> None:
        self.is_repetition_started = False
        self._count = self._too_quick_count = 0
        self._reset_repetition()

    def _reset_repetition(self) -> None:
        """Down, and nothing under way."""
        self._rise_us: int | None = None
        self._return_us: int | None = None
        self._next_rise_us: int | None = None
        self._is_sensor_lost = False
        self._ticks_us: list[int] = []

    def advance_repetition(self) -> bool:
        return False

    def on_go(self, now_us: int) -> None:
        self.enter(ExercisePhase.REPS)
        self.is_repetition_started = True
        self._reset_repetition()
        self._last_change_us = now_us

    # What the heel does.

    def on_heel_down(self, now_us: int, since_us: int) -> None:
        self._last_change_us = since_us
        if self._is_sensor_lost or self._rise_us is None:
            self._reset_repetition()
        elif self._next_rise_us is not None:
            self._next_rise_us = None
        elif self._return_us is None:
            if since_us - self._rise_us < self._reps_rules.min_phase_us:
                self._rise_us = None
            else:
                self._return_us, self._ticks_us = since_us, []

    def on_heel_up(self, now_us: int, since_us: int, *, is_lost: bool) -> None:
        self._last_change_us = since_us
        if is_lost:
            self._reset_repetition()
            self._is_sensor_lost = True
        elif self._return_us is not None and since_us - self._return_us < self._reps_rules.min_phase_us:
            self._return_us = None
        elif self._return_us is not None:
            self._next_rise_us = since_us
        else:
            self._rise_us = since_us
            self._ticks_us = [since_us + end_us for end_us in accumulate(self._step.tempo_us)]

    def suspend(self, now_us: int) -> None:
        self._reset_repetition()

    def on_resumed(self, now_us: int, since_us: int) -> None:
        if not self.is_repetition_started:
            super().on_resumed(now_us, since_us)
            return
        self.enter(ExercisePhase.REPS)
        self._reset_repetition()
        self._last_change_us = since_us

    def _on_stance_up(self, now_us: int, since_us: int, *, is_lost: bool, side: Side | None) -> None:
        """The next change of the heel ends a pause here, a rise as well as a return."""
        if self.phase is ExercisePhase.PAUSED and self.is_repetition_started and not is_lost:
            self._resume(now_us, since_us, "moving")
        super()._on_stance_up(now_us, since_us, is_lost=is_lost, side=side)

    def give_up(self, now_us: int) -> None:
        self.emit(RepsPartial(now_us, self.legs, self._count, self._too_quick_count))
        self.is_repetition_started = False

    # Its alarms.

    def _count_due_us(self) -> int | None:
        if self._rise_us is None or self._return_us is None:
            return None
        return max(self._return_us + self._reps_rules.min_phase_us, self._rise_us + self._reps_rules.min_repetition_us)

    def work_due_us(self) -> int | None:
        if self._is_sensor_lost:
            return self.heel_up_since_us + self.rules.pause_after_us
        due_us = min(self._last_change_us + self._reps_rules.idle_timeout_us, *self._ticks_us[:1], NEVER_US)
        if self._next_rise_us is not None:
            return min(due_us, self._next_rise_us + self._reps_rules.min_phase_us)
        counts_us = self._count_due_us()
        return due_us if counts_us is None else min(due_us, counts_us)

    def on_work_alarm(self, now_us: int) -> None:
        if self._is_sensor_lost:
            self.pause(now_us, self.heel_up_since_us, "sensor lost")
        elif self._ticks_us and now_us >= self._ticks_us[0]:
            self._ticks_us.pop(0)
            self.emit_cue(now_us, CueName.COUNT)
        elif self._next_rise_us is not None:
            self._count_too_quick(now_us)
            self._rise_us, self._return_us, self._next_rise_us = self._next_rise_us, None, None
        elif self._count_due_us() is not None and self._duration_us < self._reps_rules.min_tempo_fraction * sum(
            self._step.tempo_us
        ):
            self._count_too_quick(now_us)
            self.emit_cue(now_us, CueName.NO)
            self._rise_us = self._return_us = None
        elif self._count_due_us() is not None:
            self.emit(RepTimed(now_us, self.legs, self._duration_us, False))
            self._rise_us = self._return_us = None
            self._count_repetition(now_us)
        else:
            self._reset_repetition()
            self.pause(now_us, self._last_change_us, "no change")

    @property
    def _duration_us(self) -> int:
        return 0 if self._rise_us is None or self._return_us is None else self._return_us - self._rise_us

    def _count_too_quick(self, now_us: int) -> None:
        self._too_quick_count += 1
        self.emit(RepTimed(now_us, self.legs, self._duration_us, True))
        self.emit(RepTooQuick(now_us, self.legs, self._too_quick_count))

    def remaining_steps(self) -> tuple[Step, ...]:
        if self.outcome == "complete":
            return ()
        current = replace(self._step, count=self._step.count - self._count)
        return (*self.remaining_of_turn(current), *self.remaining_of_later_turns(self._step))

    def _count_repetition(self, now_us: int) -> None:
        self._count += 1
        remaining = self._step.count - self._count
        self.emit(RepCounted(now_us, self.legs, self._count))
        if remaining == 0:
            self.emit(RepsFinished(now_us, self.legs, self._count, self._too_quick_count))
            self.is_repetition_started = False
            self.emit_cue(now_us, CueName.HOLD_DONE)
            self.finish_side(now_us)
        elif remaining <= self._reps_rules.announced_counts:
            self.emit_cue(now_us, CueName.COUNT, count=remaining)
        elif self._count == (self._step.count + 1) // 2:
            self.emit_cue(now_us, CueName.HALFWAY)

    def state_at(self, at_us: int) -> RepsState:
        is_rising = self.phase is ExercisePhase.REPS and self._rise_us is not None and bool(self._step.tempo_us)
        return RepsState(
            phase=self.phase,
            side=self.legs,
            clock=self.preparation_clock(at_us),
            count=self._count,
            target_count=self._step.count,
            part=len(self._step.tempo_us) - len(self._ticks_us) if is_rising else None,
        )
