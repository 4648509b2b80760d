"""A routine: steps in order, each an activity of its own, on the same senses.

A step that ends early ends the routine: whoever left is not led on, and what is left of it is known. COMPLETE sounds
once, at the very end (a test says it for itself, with its result, also where its questions follow), but not after the
ERROR of a check that found the calibration out. Much pain, told after a test, ends it too.

Heel taps may be commands, where somebody wants that: two are `next`, three are `skip` or, while the side can still be
chosen, the other side. They count in the pauses of a routine only, are echoed before they are obeyed, and can be taken
back for five seconds, by the page or by tapping again: then it goes on as if nothing had been said, and taps are off.
Any other command, and a GO after a repetition that was given up, let it stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import dropwhile
from typing import Any

from station.core.activities.calibrate import Calibrate
from station.core.activities.check import Check
from station.core.activities.engine import Activity
from station.core.activities.exercise import ExerciseActivity
from station.core.activities.hold import Hold
from station.core.activities.knee_to_wall import KneeToWall
from station.core.activities.lesson import SoundLesson
from station.core.activities.paced import Paced
from station.core.activities.questions import EASING_PAIN, PAIN, STOPPING_PAIN, Questions
from station.core.activities.reps import Reps
from station.core.activities.rest import Rest
from station.core.events import SECOND_US, Command, CommandName, Event, Side
from station.core.facts import (
    Answered,
    Completed,
    CueName,
    Eased,
    Ended,
    HoldStarted,
    StepBegun,
    Tapped,
    TapsUndone,
    TestFinished,
)
from station.core.sensing.deliberate_taps import TapDetector, UnpromptedTapRules
from station.core.sensing.sensors import BoardSensors, Change, HeelChange
from station.core.state import ActivityState
from station.core.steps import (
    AskStep,
    CalibrateStep,
    CheckStep,
    HeelRule,
    HoldStep,
    LessonStep,
    RepsStep,
    RestStep,
    Routine,
    Step,
    TestStep,
    halved,
    is_verified,
)

TAP_PHASES = frozenset({"prepare", "side", "rest", "paused", "switch", "done"})
"""The phases in which a heel that taps is not a heel that was lifted."""
NEXT_TAPS, SKIP_TAPS = 2, 3
STOPPED_BY_PAIN = "much pain"
"""Why a routine ends after an answer."""


@dataclass(frozen=True, slots=True)
class TapCommandRules:
    echo_us: int = 600_000
    """From the taps to what they ask for: ECHO is over by then, and GO is not played after its own time."""
    undo_us: int = 5 * SECOND_US


@dataclass(frozen=True, slots=True)
class UndoPoint:
    """The routine as it was before a command by taps."""

    until_us: int
    at_step: int
    step: Activity

    @property
    def begun(self) -> bool:
        """Whether a repetition is under way in it, which cannot be gone on with once another one has begun."""
        return isinstance(self.step, ExerciseActivity) and self.step.begun


class RoutineRun(Activity):
    """Leads through the steps of `routine`. `taps`: heel taps may be commands."""

    def __init__(
        self, routine: Routine, senses: BoardSensors, *, taps: bool = False, rules: TapCommandRules | None = None
    ) -> None:
        """Raises ValueError when there is no step."""
        super().__init__(senses)
        if not routine:
            raise ValueError("a routine needs at least one step")
        self._routine = routine
        self._rules = rules or TapCommandRules()
        self._at_step = 0
        self._step = self._activity_of(routine[0])
        self._tap_detector = (
            TapDetector(senses, (NEXT_TAPS, SKIP_TAPS), unprompted_rules=UnpromptedTapRules()) if taps else None
        )
        self._tap_phase = ""
        """The phase in which the series at hand began: its first tap may change it, as a step on ends a pause."""
        self._tapped_command: Command | None = None
        """A command by taps that waits for its echo to end."""
        self._asked_step = 0
        self._undo_point: UndoPoint | None = None
        self._result: TestFinished | None = None
        self._stops_after_pain = False
        """Whether the last test hurt so much that nothing follows it."""

    def _activity_of(self, step: Step) -> Activity:
        first = self._at_step == 0
        match step:
            case HoldStep():
                return Hold(step, self.sensors, first=first)
            case RepsStep(heel=HeelRule.CYCLE):
                return Reps(step, self.sensors, first=first)
            case RepsStep():
                return Paced(step, self.sensors, first=first)
            case RestStep():
                return Rest(step, self.sensors)
            case TestStep():
                return KneeToWall(step, self.sensors, first=first, last=self._at_step + 1 == len(self._routine))
            case AskStep():
                return Questions(step, self.sensors)
            case LessonStep():
                return SoundLesson(step, self.sensors)
            case CalibrateStep():
                return Calibrate(step, self.sensors)
            case CheckStep():
                return Check(step, self.sensors)

    def begin(self, at_us: int) -> None:
        self._begin_step(at_us)

    def _begin_step(self, at_us: int) -> None:
        if len(self._routine) > 1:
            self.emit(StepBegun(at_us, self._at_step))
        self._step.begin(at_us)
        self._take_over_step(at_us)

    def _take_over_step(self, at_us: int) -> None:
        """Take over what the step has said; go on to the next one when it is over."""
        for fact in self._step.facts:
            if isinstance(fact, TestFinished):
                self._result = fact
            if isinstance(fact, Answered) and fact.question == PAIN:
                self._on_pain_answer(at_us, int(fact.answer))
            if isinstance(fact, HoldStarted) and self._undo_point is not None and self._undo_point.begun:
                self._undo_point = None
        self.facts += self._step.facts
        self._step.facts = []
        if self._step.outcome == "ended":
            self.outcome = "ended"
        elif self._step.outcome == "complete" and self._at_step + 1 < len(self._routine) and self._stops_after_pain:
            self.emit_cue(at_us, CueName.ENDED)
            self.emit(Ended(at_us, STOPPED_BY_PAIN))
            self.outcome = "ended"
        elif self._step.outcome == "complete" and self._at_step + 1 < len(self._routine):
            self._at_step += 1
            self._step = self._activity_of(self._routine[self._at_step])
            self._begin_step(at_us)
        elif self._step.outcome == "complete":
            if not self._is_completion_heard:
                self.emit_cue(at_us, CueName.COMPLETE)
            self.emit(Completed(at_us))
            self.outcome = "complete"
        self._set_due()

    @property
    def steps(self) -> Routine:
        """The steps as they are now: those after a test that hurt are halved."""
        return self._routine

    def _on_pain_answer(self, at_us: int, pain: int) -> None:
        self._stops_after_pain = pain >= STOPPING_PAIN
        done = self._at_step + 1
        if EASING_PAIN <= pain < STOPPING_PAIN and done < len(self._routine):
            self._routine = (*self._routine[:done], *(halved(step) for step in self._routine[done:]))
            self.emit(Eased(at_us))

    @property
    def _is_completion_heard(self) -> bool:
        """Whether COMPLETE has sounded already, or is not to."""
        out = isinstance(self._step, Check) and self._step.out
        after_test = isinstance(self._step, Questions) and self._result is not None
        return isinstance(self._step, KneeToWall) or out or after_test

    def _set_due(self) -> None:
        dues = [self._step.due_us]
        if self._tap_detector is not None:
            dues += [self._tap_detector.due_us, None if self._tapped_command is None else self._tapped_command.at_us]
        self.due_us = None if self.outcome is not None else min((due for due in dues if due is not None), default=None)

    @property
    def remaining(self) -> Routine:
        """What of the routine is left, empty when all of it is done."""
        if self.outcome == "complete":
            return ()
        left = self._step.remaining_steps()
        now = (self._routine[self._at_step],) if left is None else left
        # What is asked is about a test of this run: another one has nothing that an answer could be kept with.
        return tuple(dropwhile(lambda step: isinstance(step, AskStep), (*now, *self._routine[self._at_step + 1 :])))

    def on_change(self, change: Change) -> None:
        if self._tap_detector is not None and isinstance(change, HeelChange):
            tapping = self._tap_detector.is_tapping
            self._tap_detector.on_heel_change(change)
            if self._tap_detector.is_tapping and not tapping:
                self._tap_phase = self._step.state_at(change.at_us).phase
        self._step.on_change(change)
        self._take_over_step(change.at_us)

    def on_sensor_event(self, event: Event) -> None:
        self._step.on_sensor_event(event)
        if self._tap_detector is None:
            self.due_us = self._step.due_us
        else:
            self._set_due()

    def on_alarm(self, at_us: int) -> None:
        if self._tap_detector is not None and self._tapped(at_us):
            self._take_over_step(at_us)
            return
        if self._step.due_us is not None and at_us >= self._step.due_us:
            self._step.on_alarm(at_us)
        self._take_over_step(at_us)

    def on_command(self, command: Command) -> None:
        if command.word is CommandName.UNDO:
            self._undo(command.at_us)
        else:
            self._undo_point = None
            self._step.on_command(command)
        self._take_over_step(command.at_us)

    def close(self, at_us: int) -> None:
        self._step.close(at_us)
        self._take_over_step(at_us)

    def watched_sides(self) -> Sequence[Side]:
        tapping = self._tap_detector is not None and self._tap_detector.is_tapping
        return tuple(Side) if tapping else self._step.watched_sides()

    # Commands by taps.

    def _tapped(self, at_us: int) -> bool:
        """Whether it was the taps that wanted this moment."""
        assert self._tap_detector is not None
        if self._tapped_command is not None and at_us >= self._tapped_command.at_us:
            asked, self._tapped_command = self._tapped_command, None
            if self._at_step == self._asked_step and self._is_pause(at_us):
                self._execute_tapped(replace(asked, at_us=at_us))
            return True
        if self._tap_detector.due_us is None or at_us < self._tap_detector.due_us:
            return False
        count = self._tap_detector.pass_time(at_us)
        if count is not None and self._can_undo(at_us):
            self.emit_cue(at_us, CueName.ECHO, count=count)
            self._undo(at_us)
        elif count is not None and self._tap_phase in TAP_PHASES and self._is_pause(at_us):
            self.emit_cue(at_us, CueName.ECHO, count=count)
            self._tapped_command, self._asked_step = self._command_of(count, at_us), self._at_step
            self.emit(Tapped(at_us, count, self._tapped_command.word))
        return True

    def _is_pause(self, at_us: int) -> bool:
        return self._step.state_at(at_us).phase in TAP_PHASES

    def _command_of(self, count: int, at_us: int) -> Command:
        do_us = at_us + self._rules.echo_us
        if count == NEXT_TAPS:
            return Command(do_us, CommandName.RESUME if self._tap_phase == "paused" else CommandName.NEXT)
        side = self._step.other_side
        return Command(do_us, CommandName.SKIP) if side is None else Command(do_us, CommandName.SIDE, side)

    def _execute_tapped(self, command: Command) -> None:
        self._undo_point = UndoPoint(command.at_us + self._rules.undo_us, self._at_step, self._copy())
        self._step.on_command(command)
        self._take_over_step(command.at_us)

    def _copy(self) -> Activity:
        """The step at hand as it is, on the same senses."""
        senses = self.sensors
        shared: list[Any] = [senses, senses.toe, senses.knee, *senses.plates]
        shared += [plate.debouncer for plate in senses.plates] + [plate.load for plate in senses.plates]
        return deepcopy(self._step, {id(one): one for one in shared})

    def _can_undo(self, at_us: int) -> bool:
        return self._undo_point is not None and at_us < self._undo_point.until_us

    def _undo(self, at_us: int) -> None:
        before = self._undo_point
        if self._tapped_command is not None:
            self._tapped_command = self._tap_detector = None
            self.emit(TapsUndone(at_us))
            return
        if before is None or not self._can_undo(at_us):
            return
        self._undo_point = self._tap_detector = None
        self._step.close(at_us)
        self.facts += self._step.facts
        if self._at_step != before.at_step:
            self.emit(StepBegun(at_us, before.at_step))
        self._at_step, self._step = before.at_step, before.step
        self.emit(TapsUndone(at_us))
        self._step.configure_sensors()
        self._step.resync_heels(at_us)

    def state_at(self, at_us: int) -> ActivityState:
        step, picture = self._routine[self._at_step], self._step.state_at(at_us)
        if isinstance(step, HoldStep | RepsStep):
            picture = replace(picture, exercise=step.exercise, verified=is_verified(step))
        if isinstance(step, AskStep) and self._result is not None:
            left_mm, right_mm = self._result.left_mm, self._result.right_mm
            picture = replace(picture, result_left_mm=left_mm, result_right_mm=right_mm)
            if self._step.outcome == "complete":
                picture = replace(picture, activity="test", phase="result")
        return replace(picture, step=self._at_step, steps=len(self._routine), undo_us=self._undo_us(at_us))

    def _undo_us(self, at_us: int) -> int | None:
        """Until when there is something to take back."""
        if self._tapped_command is not None:
            return self._tapped_command.at_us + self._rules.undo_us
        return self._undo_point.until_us if self._undo_point is not None and self._can_undo(at_us) else None
