"""What sensed and paced repetitions share: one set a side, its count, its cues and its result."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from station.core.activities.exercise import ExerciseActivity
from station.core.activities.exercise_rules import ExerciseRules
from station.core.facts import CueName, RepCounted, RepsFinished, RepsPartial, RepTimed
from station.core.sensing.sensors import BoardSensors
from station.core.state import RepsState
from station.core.steps import RepsStep, Step


class SetRules(ExerciseRules, frozen=True):
    """What the sets of repetitions share."""

    announced_counts: int = 3
    """This many of the last repetitions are counted down."""


class CountedSet(ExerciseActivity):
    """One set of repetitions a side. A pause keeps its count until the end."""

    name: ClassVar[str] = "reps"
    gives_up_in_pause: ClassVar[bool] = False
    sounds_every_count: ClassVar[bool] = False

    def __init__(self, step: RepsStep, sensors: BoardSensors, *, is_first_step: bool, rules: SetRules) -> None:
        super().__init__(step, sensors, is_first_step=is_first_step, rules=rules)
        self.step = step
        self._announced_counts = rules.announced_counts
        self.count = self.too_quick_count = 0

    def reset_for_side(self) -> None:
        self.is_repetition_started = False
        self.count = self.too_quick_count = 0

    def advance_repetition(self) -> bool:
        return False

    def remaining_steps(self) -> tuple[Step, ...]:
        if self.outcome == "complete":
            return ()
        return self.turns.remaining_steps(self.step, replace(self.step, count=self.step.count - self.count))

    def count_repetition(self, now_us: int, duration_us: int) -> None:
        """Count a repetition that took `duration_us`; the last one finishes the set."""
        self.count += 1
        self.emit(RepTimed(now_us, self.turns.legs, duration_us, False))
        self.emit(RepCounted(now_us, self.turns.legs, self.count))
        remaining = self.step.count - self.count
        if remaining == 0:
            self.finish_set(now_us)
        elif remaining <= self._announced_counts:
            self.emit_cue(now_us, CueName.COUNT, count=remaining)
        elif self.count == (self.step.count + 1) // 2:
            self.emit_cue(now_us, CueName.HALFWAY)
        elif self.sounds_every_count:
            self.emit_cue(now_us, CueName.COUNT)

    def finish_set(self, now_us: int) -> None:
        self.emit(RepsFinished(now_us, self.turns.legs, self.count, self.too_quick_count))
        self.is_repetition_started = False
        self.emit_cue(now_us, CueName.HOLD_DONE)
        self.finish_side(now_us)

    def give_up(self, now_us: int) -> None:
        self.emit(RepsPartial(now_us, self.turns.legs, self.count, self.too_quick_count))
        self.is_repetition_started = False

    def state_at(self, at_us: int) -> RepsState:
        return RepsState(
            phase=self.phase,
            side=self.turns.legs,
            next_side=self.turns.next_side,
            clock=self.preparation_clock(at_us),
            count=self.count,
            target_count=self.step.count,
            resume_needs=self.resume_needs,
        )
