"""Repetitions that the heel counts: down, up, down.

Phases shorter than 300 ms belong to the phase before, so that a wobble is neither a rise nor a return. A repetition is
counted at the later of its return + 0.3 s and its rise + 1.0 s; a rise before that makes it too quick, which is
reported separately. The rules that the table of phases does not show:

- A rise cuts a repetition short only once it has lasted 300 ms: until then the count waits.
- `count` of a too-quick repetition is the number of too-quick ones so far.
- A lost sensor drops the current repetition; after three seconds the set pauses, and the next change ends the pause.
- `skip` gives up the rest of this side.
- With a tempo a tick sounds at the end of each of its parts, counted from the person's own rise. A person who is back
  much sooner was too quick and gets NO.
"""

from __future__ import annotations

from itertools import accumulate

from msgspec.structs import replace

from station.core.activities.counted_set import CountedSet, SetRules
from station.core.activities.exercise_rules import AROUND_WORK, STOPPING, ExercisePhase, ExerciseTransitions
from station.core.activities.waiting import earliest
from station.core.events import SECOND_US
from station.core.facts import CueName, RepTimed, RepTooQuick
from station.core.sensing.sensors import BoardSensors
from station.core.state import RepsState
from station.core.steps import RepsStep

TRANSITIONS: ExerciseTransitions = {
    **AROUND_WORK,
    ExercisePhase.PREPARE: AROUND_WORK[ExercisePhase.PREPARE] | {ExercisePhase.REPS},
    ExercisePhase.REPS: STOPPING,
    ExercisePhase.PAUSED: AROUND_WORK[ExercisePhase.PAUSED] | {ExercisePhase.REPS},
}


class RepsRules(SetRules, frozen=True):
    """The shortest phases of a heel raise."""

    min_phase_us: int = 300_000
    min_repetition_us: int = 1 * SECOND_US
    """Nobody raises and lowers a heel with control in less time than this."""
    idle_timeout_us: int = 8 * SECOND_US
    min_tempo_fraction: float = 0.6
    """Lowering the heel in less than this share of the tempo is too quick."""


class Reps(CountedSet):
    """Counted repetitions by `step`, each side in turn."""

    transitions = TRANSITIONS

    def __init__(
        self, step: RepsStep, sensors: BoardSensors, *, is_first_step: bool = True, rules: RepsRules | None = None
    ) -> None:
        self._reps_rules = rules or RepsRules()
        super().__init__(step, sensors, is_first_step=is_first_step, rules=self._reps_rules)
        self._last_change_us = 0
        self._start_down()

    def reset_for_side(self) -> None:
        super().reset_for_side()
        self._start_down()

    def _start_down(self) -> None:
        """The heel is down, and no repetition has begun."""
        self._rise_us: int | None = None
        self._return_us: int | None = None
        self._next_rise_us: int | None = None
        self._is_sensor_lost = False
        self._ticks_us: list[int] = []

    def on_go(self, now_us: int) -> None:
        self.is_repetition_started = True
        self._start_work(now_us)

    @property
    def resumes_unprepared(self) -> bool:
        return self.is_repetition_started

    def on_resumed(self, now_us: int, since_us: int) -> None:
        self._start_work(since_us)

    def _start_work(self, since_us: int) -> None:
        self.enter(ExercisePhase.REPS)
        self._start_down()
        self._last_change_us = since_us

    def suspend(self, now_us: int) -> None:
        self._start_down()

    # What the heel does.

    def on_heel_down(self, now_us: int, since_us: int) -> None:
        self._last_change_us = since_us
        if self._is_sensor_lost or self._rise_us is None:
            self._start_down()
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
            self._start_down()
            self._is_sensor_lost = True
        elif self._return_us is None:
            self._rise_us = since_us
            self._ticks_us = [since_us + end_us for end_us in accumulate(self.step.tempo_us)]
        elif since_us - self._return_us < self._reps_rules.min_phase_us:
            self._return_us = None
        else:
            self._next_rise_us = since_us

    # Alarms.

    def work_due_us(self) -> int | None:
        if self._is_sensor_lost:
            return self.heels.up_since_us + self.rules.pause_after_us
        return earliest(
            self._last_change_us + self._reps_rules.idle_timeout_us,
            self._ticks_us[0] if self._ticks_us else None,
            self._count_due_us() if self._next_rise_us is None else self._next_rise_us + self._reps_rules.min_phase_us,
        )

    def _count_due_us(self) -> int | None:
        if self._rise_us is None or self._return_us is None:
            return None
        return max(self._return_us + self._reps_rules.min_phase_us, self._rise_us + self._reps_rules.min_repetition_us)

    def on_work_alarm(self, now_us: int) -> None:
        if self._is_sensor_lost:
            self.pause(now_us, self.heels.up_since_us, "sensor lost")
        elif self._ticks_us and now_us >= self._ticks_us[0]:
            self._ticks_us.pop(0)
            self.emit_cue(now_us, CueName.COUNT)
        elif self._next_rise_us is not None:
            self._count_too_quick(now_us)
            self._rise_us, self._return_us, self._next_rise_us = self._next_rise_us, None, None
        elif self._count_due_us() is not None:
            self._judge_repetition(now_us)
        else:
            self._start_down()
            self.pause(now_us, self._last_change_us, "no change")

    def _judge_repetition(self, now_us: int) -> None:
        duration_us = self._duration_us
        is_too_quick = duration_us < self._reps_rules.min_tempo_fraction * sum(self.step.tempo_us)
        if is_too_quick:
            self._count_too_quick(now_us)
            self.emit_cue(now_us, CueName.NO)
        self._rise_us = self._return_us = None
        if not is_too_quick:
            self.count_repetition(now_us, duration_us)

    @property
    def _duration_us(self) -> int:
        return 0 if self._rise_us is None or self._return_us is None else self._return_us - self._rise_us

    def _count_too_quick(self, now_us: int) -> None:
        self.too_quick_count += 1
        self.emit(RepTimed(now_us, self.turns.legs, self._duration_us, True))
        self.emit(RepTooQuick(now_us, self.turns.legs, self.too_quick_count))

    def state_at(self, at_us: int) -> RepsState:
        state = super().state_at(at_us)
        if self.phase is not ExercisePhase.REPS or self._rise_us is None or not self.step.tempo_us:
            return state
        return replace(state, part=len(self.step.tempo_us) - len(self._ticks_us))
