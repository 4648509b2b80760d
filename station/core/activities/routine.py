"""A routine: steps in order, each an activity of its own on the same sensors.

A step that ends early ends the routine; `remaining` gives the steps not done. COMPLETE sounds once, at the very end: a
test followed only by its questions plays it with its result, any other test plays SET_DONE. After the ERROR of a failed
check it does not sound. Strong pain reported after a test ends the routine too.

Heel taps can be commands if the setting is on: two are `next`; three are `skip` or, while the side can still be chosen,
the other side. They count only while the person is not working, are echoed before they take effect, and can be undone
for five seconds, on the page or by tapping again. The undo restores the routine as it was and turns taps off. Any other
command makes the tapped one final, as does GO after a repetition that was given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from itertools import dropwhile
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from station.core.activities.board_setup import BoardSetup
from station.core.activities.calibrate import CalibrationActivity
from station.core.activities.check import CalibrationCheck
from station.core.activities.engine import Activity
from station.core.activities.exercise import ExerciseActivity
from station.core.activities.heel_rhythm import HeelRhythm
from station.core.activities.hold import Hold
from station.core.activities.knee_to_wall import KneeToWallTest
from station.core.activities.lesson import SoundLesson
from station.core.activities.paced import PacedReps
from station.core.activities.questions import PAIN_QUESTION, Questions
from station.core.activities.reps import Reps
from station.core.activities.rest import Rest
from station.core.events import (
    EASE_OFF_PAIN,
    OPTIONAL_COMMANDS,
    SECOND_US,
    STOPPING_PAIN,
    Command,
    CommandName,
    SensorEvent,
    Side,
)
from station.core.facts import (
    STOPPED_BY_PAIN,
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
from station.core.state import ActivityState, HoldState, QuestionState, RepsState, TestState
from station.core.steps import (
    AskStep,
    CalibrateStep,
    CheckStep,
    HeelRule,
    HoldStep,
    LessonStep,
    RepsStep,
    RestStep,
    RhythmStep,
    Routine,
    SetupStep,
    Step,
    TestStep,
    halved,
    is_verified,
)

TAP_PHASES = frozenset({"prepare", "side", "rest", "paused", "switch", "done", "lay"})
"""The phases in which a lifted heel may be a tap: nothing is being measured."""
NEXT_TAPS, SKIP_TAPS = 2, 3


class TapCommandRules(Struct, frozen=True):
    """The times of tapped commands and of their undo."""

    command_delay_us: int = 600_000
    """From the taps to their command: ECHO is over by then, so it does not delay GO."""
    undo_us: int = 5 * SECOND_US


class UndoPoint(Struct, frozen=True):
    """The routine as it was before a tapped command."""

    until_us: int
    step_index: int
    activity: Activity

    @property
    def is_repetition_started(self) -> bool:
        """Whether a repetition had begun: it cannot continue once another one has begun."""
        return isinstance(self.activity, ExerciseActivity) and self.activity.is_repetition_started


class RoutineRun(Activity):
    """Runs the steps of `routine`. With `tap_commands`, heel taps are commands."""

    def __init__(
        self,
        routine: Routine,
        sensors: BoardSensors,
        *,
        tap_commands: bool = False,
        rules: TapCommandRules | None = None,
    ) -> None:
        """Raises ValueError if there is no step."""
        super().__init__(sensors)
        if not routine:
            raise ValueError("a routine needs at least one step")
        self._routine = routine
        self._rules = rules or TapCommandRules()
        self._step_index = 0
        self._activity = self._activity_for_step(routine[0])
        self._tap_detector = (
            TapDetector(sensors, (NEXT_TAPS, SKIP_TAPS), unprompted_rules=UnpromptedTapRules())
            if tap_commands
            else None
        )
        self._tap_phase = ""
        """The phase in which the current taps began. The first tap may end it, as a step on ends a pause."""
        self._tapped_command: Command | None = None
        """A tapped command that waits for the end of its echo."""
        self._pending_step_index = 0
        self._undo_point: UndoPoint | None = None
        self._test_result: TestFinished | None = None
        self._stops_after_pain = False
        """Whether the pain reported after the last test ends the routine."""

    def _activity_for_step(self, step: Step) -> Activity:
        is_first_step = self._step_index == 0
        match step:
            case HoldStep():
                return Hold(step, self.sensors, is_first_step=is_first_step)
            case RepsStep(heel=HeelRule.CYCLE):
                return Reps(step, self.sensors, is_first_step=is_first_step)
            case RepsStep():
                return PacedReps(step, self.sensors, is_first_step=is_first_step)
            case RestStep():
                return Rest(step, self.sensors)
            case SetupStep():
                return BoardSetup(step, self.sensors)
            case TestStep():
                return KneeToWallTest(
                    step,
                    self.sensors,
                    is_first_step=is_first_step,
                    is_last_step=self._step_index + 1 == len(self._routine),
                    ends_routine=all(isinstance(step, AskStep) for step in self._routine[self._step_index + 1 :]),
                )
            case AskStep():
                return Questions(step, self.sensors)
            case LessonStep():
                return SoundLesson(step, self.sensors)
            case RhythmStep():
                return HeelRhythm(step, self.sensors)
            case CalibrateStep():
                return CalibrationActivity(step, self.sensors)
            case CheckStep():
                return CalibrationCheck(step, self.sensors)

    def begin(self, at_us: int) -> None:
        self._begin_step(at_us)

    def _begin_step(self, at_us: int) -> None:
        if len(self._routine) > 1:
            self.emit(StepBegun(at_us, self._step_index))
        self._activity.begin(at_us)
        self._take_over_step(at_us)

    def _take_over_step(self, at_us: int) -> None:
        """Take over the facts of the step; begin the next step when it is complete."""
        for fact in self._activity.facts:
            if isinstance(fact, TestFinished):
                self._test_result = fact
            if isinstance(fact, Answered) and fact.question == PAIN_QUESTION:
                self._on_pain_answer(at_us, int(fact.answer))
            if (
                isinstance(fact, HoldStarted)
                and self._undo_point is not None
                and self._undo_point.is_repetition_started
            ):
                self._undo_point = None
        self.facts += self._activity.facts
        self._activity.facts = []
        if self._activity.outcome == "ended":
            self.outcome = "ended"
        elif (
            self._activity.outcome == "complete"
            and self._step_index + 1 < len(self._routine)
            and self._stops_after_pain
        ):
            self.emit_cue(at_us, CueName.ENDED)
            self.emit(Ended(at_us, STOPPED_BY_PAIN))
            self.outcome = "ended"
        elif self._activity.outcome == "complete" and self._step_index + 1 < len(self._routine):
            self._step_index += 1
            self._activity = self._activity_for_step(self._routine[self._step_index])
            self._begin_step(at_us)
        elif self._activity.outcome == "complete":
            if not self._is_complete_cue_suppressed:
                self.emit_cue(at_us, CueName.COMPLETE)
            self.emit(Completed(at_us))
            self.outcome = "complete"
        self._set_due()

    @property
    def steps(self) -> Routine:
        """The steps of this run: those after a painful test are halved."""
        return self._routine

    def _on_pain_answer(self, at_us: int, pain: int) -> None:
        self._stops_after_pain = pain >= STOPPING_PAIN
        done_count = self._step_index + 1
        if EASE_OFF_PAIN <= pain < STOPPING_PAIN and done_count < len(self._routine):
            self._routine = (*self._routine[:done_count], *(halved(step) for step in self._routine[done_count:]))
            self.emit(Eased(at_us))

    @property
    def _is_complete_cue_suppressed(self) -> bool:
        """Whether COMPLETE has sounded already or must not sound."""
        is_out_of_tolerance = isinstance(self._activity, CalibrationCheck) and self._activity.is_out_of_tolerance
        after_test = isinstance(self._activity, Questions) and self._test_result is not None
        return isinstance(self._activity, KneeToWallTest) or is_out_of_tolerance or after_test

    def _set_due(self) -> None:
        dues = [self._activity.due_us]
        if self._tap_detector is not None:
            dues += [self._tap_detector.due_us, None if self._tapped_command is None else self._tapped_command.at_us]
        self.due_us = None if self.outcome is not None else min((due for due in dues if due is not None), default=None)

    @property
    def remaining(self) -> Routine:
        """The steps not done yet, empty once all are."""
        if self.outcome == "complete":
            return ()
        remaining = self._activity.remaining_steps()
        current = (self._routine[self._step_index],) if remaining is None else remaining
        following = (*current, *self._routine[self._step_index + 1 :])
        # Another run begins with the board as it is then. Questions belong to a test of this run: another one has no
        # result to store the answers with.
        steps = (step for step in following if not isinstance(step, SetupStep))
        return tuple(dropwhile(lambda step: isinstance(step, AskStep), steps))

    def on_change(self, change: Change) -> None:
        if self._tap_detector is not None and isinstance(change, HeelChange):
            was_tapping = self._tap_detector.is_tapping
            self._tap_detector.on_heel_change(change)
            if self._tap_detector.is_tapping and not was_tapping:
                self._tap_phase = self._activity.state_at(change.at_us).phase
        self._activity.on_change(change)
        self._take_over_step(change.at_us)

    def on_sensor_event(self, event: SensorEvent) -> None:
        self._activity.on_sensor_event(event)
        if self._activity.facts:
            self._take_over_step(event.at_us)
        elif self._tap_detector is None:
            self.due_us = self._activity.due_us
        else:
            self._set_due()

    def on_alarm(self, at_us: int) -> None:
        if self._tap_detector is not None and self._handle_tap_alarm(at_us):
            self._take_over_step(at_us)
            return
        if self._activity.due_us is not None and at_us >= self._activity.due_us:
            self._activity.on_alarm(at_us)
        self._take_over_step(at_us)

    def on_command(self, command: Command) -> None:
        if command.word is CommandName.UNDO:
            self._undo_taps(command.at_us)
        else:
            self._undo_point = None
            self._pass_on(command)
        self._take_over_step(command.at_us)

    def close(self, at_us: int) -> None:
        self._activity.close(at_us)
        self._take_over_step(at_us)

    def watched_sides(self) -> Sequence[Side]:
        tapping = self._tap_detector is not None and self._tap_detector.is_tapping
        return tuple(Side) if tapping else self._activity.watched_sides()

    @property
    def commands(self) -> frozenset[CommandName]:
        if self._activity.outcome is not None:
            return frozenset()
        is_exercise = isinstance(self._activity, ExerciseActivity)
        return self._activity.commands | ({CommandName.SKIP_EXERCISE} if is_exercise else frozenset())

    def _pass_on(self, command: Command) -> None:
        if command.word in OPTIONAL_COMMANDS and command.word not in self.commands:
            return
        if command.word is CommandName.SKIP_EXERCISE:
            self._activity.close(command.at_us)
            self._activity.outcome = "complete"
        else:
            self._activity.on_command(command)

    # Tapped commands.

    def _handle_tap_alarm(self, at_us: int) -> bool:
        """Whether the alarm was for the taps."""
        assert self._tap_detector is not None
        if self._tapped_command is not None and at_us >= self._tapped_command.at_us:
            command, self._tapped_command = self._tapped_command, None
            if self._step_index == self._pending_step_index and self._accepts_taps(at_us):
                self._execute_tapped(replace(command, at_us=at_us))
            return True
        if self._tap_detector.due_us is None or at_us < self._tap_detector.due_us:
            return False
        count = self._tap_detector.pass_time(at_us)
        if count is not None and self._can_undo(at_us):
            self.emit_cue(at_us, CueName.ECHO, count=count)
            self._undo_taps(at_us)
        elif count is not None and self._tap_phase in TAP_PHASES and self._accepts_taps(at_us):
            self.emit_cue(at_us, CueName.ECHO, count=count)
            self._tapped_command, self._pending_step_index = self._command_from_taps(count, at_us), self._step_index
            self.emit(Tapped(at_us, count, self._tapped_command.word))
        return True

    def _accepts_taps(self, at_us: int) -> bool:
        return self._activity.state_at(at_us).phase in TAP_PHASES

    def _command_from_taps(self, count: int, at_us: int) -> Command:
        do_us = at_us + self._rules.command_delay_us
        if count == NEXT_TAPS:
            return Command(do_us, CommandName.RESUME if self._tap_phase == "paused" else CommandName.NEXT)
        side = self._activity.other_side
        return Command(do_us, CommandName.SKIP) if side is None else Command(do_us, CommandName.SIDE, side)

    def _execute_tapped(self, command: Command) -> None:
        self._undo_point = UndoPoint(command.at_us + self._rules.undo_us, self._step_index, self._copy_activity())
        self._pass_on(command)
        self._take_over_step(command.at_us)

    def _copy_activity(self) -> Activity:
        """The current step as it is, on the same sensors."""
        sensors = self.sensors
        shared: list[Any] = [sensors, sensors.toe, sensors.knee, *sensors.plates]
        shared += [plate.debouncer for plate in sensors.plates] + [plate.load for plate in sensors.plates]
        return deepcopy(self._activity, {id(one): one for one in shared})

    def _can_undo(self, at_us: int) -> bool:
        return self._undo_point is not None and at_us < self._undo_point.until_us

    def _undo_taps(self, at_us: int) -> None:
        undo_point = self._undo_point
        if self._tapped_command is not None:
            self._tapped_command = self._tap_detector = None
            self.emit(TapsUndone(at_us))
            return
        if undo_point is None or not self._can_undo(at_us):
            return
        self._undo_point = self._tap_detector = None
        self._activity.close(at_us)
        self.facts += self._activity.facts
        if self._step_index != undo_point.step_index:
            self.emit(StepBegun(at_us, undo_point.step_index))
        self._step_index, self._activity = undo_point.step_index, undo_point.activity
        self.emit(TapsUndone(at_us))
        self._activity.configure_sensors()
        self._activity.resync_heels(at_us)

    def state_at(self, at_us: int) -> ActivityState:
        step, state = self._routine[self._step_index], self._activity.state_at(at_us)
        if isinstance(state, HoldState | RepsState) and isinstance(step, HoldStep | RepsStep):
            state = replace(state, exercise=step.exercise, verified=is_verified(step))
        if isinstance(state, QuestionState) and self._test_result is not None:
            left_mm, right_mm = self._test_result.left_mm, self._test_result.right_mm
            if self._activity.outcome == "complete":
                state = TestState(phase="result", result_left_mm=left_mm, result_right_mm=right_mm)
            else:
                state = replace(state, result_left_mm=left_mm, result_right_mm=right_mm)
        return replace(
            state,
            step=self._step_index,
            steps=len(self._routine),
            undo_us=self._undo_deadline_us(at_us),
            commands=self.commands,
        )

    def _undo_deadline_us(self, at_us: int) -> int | None:
        """Until when a tapped command can be undone, `None` if there is none."""
        if self._tapped_command is not None:
            return self._tapped_command.at_us + self._rules.undo_us
        return self._undo_point.until_us if self._undo_point is not None and self._can_undo(at_us) else None
