"""The knee-to-wall test: trials of one or both sides, each a series of attempts at growing distances.

`knee_to_wall_rules` says which phase may follow which; `KneeToWallTest` moves between them. Its parts keep their own
state: `StepOn`, `StandingHeel`, `Attempt`, `Repositioning`, `TrialSeries` and `SensorFault`; it shares others with the
exercises. The rules that the table does not show:

- A person who leaves before the first attempt has not begun the test: it returns to WAIT, in silence.
- After a void, or with the target near, GO sounds after three still seconds, even if the person has moved.
- A person who leaves while settling between attempts is paused after 45 s, as in MOVE.
- A heel lift while settling restarts the two steady seconds; a GO that is due waits for the heel.
- A lost sensor is reported at once. Only in a measuring phase does it lead to FAULT: the attempt is dropped, and SETTLE
  follows once the sensor has been good for two seconds. Leaving for longer than a pause may last ends the test.
- Targets after a pass lie beyond the best passed distance of the trial, even if a nearer attempt has passed since.
- `skip` drops the attempt and returns to SETTLE; `next` ends a rest, or the count before a GO.
- A person who steps on with the wrong leg, at first or between attempts, hears SWITCH after two seconds, as in an
  exercise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from station.core.activities.attempt import Attempt, Failed, Passed, Verdict, Void
from station.core.activities.countdown_ticks import CountdownTicks
from station.core.activities.knee_to_wall_rules import (
    MEASURING_PHASES,
    NUDGED_PHASES,
    PHASES_BEFORE_LUNGE,
    PHASES_OF_COMMAND,
    STEP_ON_PHASES,
    TRANSITIONS,
    TestPhase,
    TestRules,
)
from station.core.activities.phases import PhasedActivity
from station.core.activities.repositioning import Repositioning
from station.core.activities.sensor_fault import SensorFault
from station.core.activities.side_change import SideChange
from station.core.activities.standing_heel import StandingHeel
from station.core.activities.step_on import StepOn
from station.core.activities.trial_series import TrialSeries
from station.core.activities.waiting import WaitAlarm, Waiting, earliest
from station.core.events import Command, CommandName, Load, SensorEvent, Side, Toe
from station.core.facts import (
    AttemptFailed,
    AttemptPassed,
    AttemptStarted,
    AttemptVoid,
    CueName,
    Ended,
    Paused,
    Resumed,
    TargetSet,
    TrialFinished,
)
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, KneeChange, SensorChange
from station.core.state import ShownClock, TestState
from station.core.steps import TestStep


class KneeToWallTest(PhasedActivity[TestPhase]):
    """Runs the test of `step`."""

    transitions = TRANSITIONS

    def __init__(
        self,
        step: TestStep,
        sensors: BoardSensors,
        *,
        is_first_step: bool = True,
        is_last_step: bool = True,
        ends_routine: bool = True,
        rules: TestRules | None = None,
    ) -> None:
        """After another step, a person who has left is called back; the result of the last step stays for a while.

        `ends_routine`: only its questions follow, so its result sounds COMPLETE, otherwise SET_DONE.
        """
        super().__init__(sensors, TestPhase.WAIT)
        self.rules = rules or TestRules()
        self._is_first_step = is_first_step
        self._is_last_step = is_last_step
        self._ends_routine = ends_routine
        self._series = TrialSeries(step)
        self._heel = StandingHeel(sensors, step.sides[0], self.rules.steady)
        self._step_on = StepOn(self._heel, self.rules.step_on)
        self._waiting = Waiting(0)
        """The times of the phase."""
        self._new_reading_us: int | None = None
        """When a reading came that has not been judged yet."""
        self._ticks = CountdownTicks(0)
        self._go_us = 0
        self._attempt: Attempt | None = None
        self._move: Repositioning | None = None
        self._side_change: SideChange | None = None
        self._fault: SensorFault | None = None

    @property
    def side(self) -> Side:
        return self._series.side

    @property
    def other_side(self) -> Side | None:
        is_too_late = self._series.attempt_count or self.phase not in (TestPhase.WAIT, *PHASES_BEFORE_LUNGE)
        return None if is_too_late else self.side.other

    @property
    def commands(self) -> frozenset[CommandName]:
        found = {word for word, phases in PHASES_OF_COMMAND.items() if self.phase in phases}
        return frozenset(found if self.other_side is None else {*found, CommandName.SIDE})

    def watched_sides(self) -> Sequence[Side]:
        if self.phase in (TestPhase.REST, TestPhase.RESULT):
            return ()
        return tuple(Side) if self.phase is TestPhase.SWITCH else (self.side,)

    def configure_sensors(self) -> None:
        self.sensors.configure(is_measuring=True)

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._enter_phase(TestPhase.WAIT, at_us)
        self._heel.sync()
        is_other_down = self._heel.is_other_down
        self._step_on.on_other_heel(at_us, is_down=is_other_down)
        if not self._is_first_step and not self._heel.is_down and not is_other_down:
            self._step_on.call(at_us)
            self._waiting = Waiting(at_us, nudge_us=at_us + self.rules.nudge_after_us)
            self.emit_cue(at_us, CueName.READY, side=self.side)
        self._set_due()

    def _enter_phase(self, phase: TestPhase, at_us: int) -> None:
        self.enter(phase)
        self._new_reading_us = None
        limit_us = self.rules.time_limit_us(phase)
        self._waiting = Waiting(
            at_us,
            nudge_us=at_us + self.rules.nudge_after_us if phase in NUDGED_PHASES else None,
            deadline_us=None if limit_us is None else at_us + limit_us,
        )

    # Events.

    def on_change(self, change: Change) -> None:
        if isinstance(change, SensorChange):
            self._on_sensor_change(change)
        elif isinstance(change, KneeChange):
            if self._attempt is not None:
                self._attempt.on_knee_change(change)
        elif self._side_change is not None:
            since_us = self._side_change.on_heel_change(change)
            if not self._side_change.is_old_heel_down:
                self.stop_repeating_cue(change.at_us)
            self._on_new_side(change.at_us, since_us)
        elif self._heel.is_sensed_on(change.side):
            self._on_heel_change(change)
            self._step_on.on_heel_change()
        else:
            self._step_on.on_other_heel(change.since_us, is_down=change.down and self.phase in STEP_ON_PHASES)
        self._set_due()

    def _on_heel_change(self, change: HeelChange) -> None:
        self._heel.on_heel_change(change)
        if self._attempt is not None:
            self._attempt.on_heel_change(change)
        if self.phase is TestPhase.PAUSED and change.down:
            self._resume(change.at_us, "standing")
        elif self.phase is TestPhase.RESULT and not change.down:
            self.outcome = "complete"

    def _on_sensor_change(self, change: SensorChange) -> None:
        if change.side is not None and not self._heel.is_sensed_on(change.side):
            return
        if change.side is not None:
            self._heel.on_sensor_change(change)
        if change.is_lost and self.phase in MEASURING_PHASES:
            self._enter_fault(change.at_us)
        elif not change.is_lost and self._fault is not None:
            self._fault.on_sensor_back(change)

    def on_sensor_event(self, event: SensorEvent) -> None:
        if isinstance(event, Toe):
            if self._attempt is not None:
                self._attempt.on_reading(event.at_us)
            self._new_reading_us = event.at_us
            self._set_due()
        elif isinstance(event, Load) and self._attempt is not None and self._heel.is_sensed_on(event.side):
            self._attempt.on_load(event.at_us, event.share)

    def resync_heels(self, at_us: int) -> None:
        self._heel.sync()
        if self._heel.is_sensor_lost and self.phase in MEASURING_PHASES:
            self._enter_fault(at_us)
        self._set_due()

    def on_command(self, command: Command) -> None:
        if self.outcome is not None:
            return
        now_us, phase = command.at_us, self.phase
        match command.word:
            case CommandName.STOP:
                self._end_early(now_us, "stop")
            case CommandName.CONFIRM if self._attempt is not None:
                self._attempt.confirm(now_us)
            case CommandName.PAUSE:
                self._pause(now_us, "command")
            case CommandName.RESUME if phase is TestPhase.PAUSED:
                if self._heel.missing is None:
                    self._resume(now_us, "command")
                else:
                    self.emit_cue(now_us, CueName.NO)
            case CommandName.NEXT if phase is not TestPhase.REST:
                self._enter_phase(TestPhase.COUNT, now_us)
                self._ticks.cancel()
                self._go_us = now_us
            case CommandName.NEXT | CommandName.SKIP:
                self._start_settling(now_us)
            case CommandName.SIDE if command.side is not None:
                self._series.choose_side(command.side)
                self._heel.follow(command.side)
                self._enter_phase(TestPhase.WAIT, now_us)
        self._set_due()

    # Alarms.

    def _set_due(self) -> None:
        due_us = earliest(self._waiting.due_us, self._departure_us(), self._phase_due_us())
        self.due_us = None if self.outcome is not None else due_us

    def _phase_due_us(self) -> int | None:
        match self.phase:
            case TestPhase.WAIT:
                return self._step_on.due_us
            case TestPhase.SETTLE | TestPhase.MOVE:
                return earliest(self._new_reading_us, self._step_on.wrong_leg_due_us)
            case TestPhase.COUNT if self._heel.is_down or not self._ticks.are_over:
                return self._ticks.due_us(self._go_us)
            case TestPhase.ATTEMPT if self._attempt is not None:
                return self._attempt.due_us
            case TestPhase.SWITCH if self._side_change is not None:
                return self._side_change.due_us
            case TestPhase.FAULT if self._fault is not None:
                return self._fault.due_us
        return None

    def _departure_us(self) -> int | None:
        """When a heel that is up will mean that the person has left."""
        up_since_us = self._heel.up_since_us
        if up_since_us is None or (self._attempt is not None and self._attempt.is_lunging):
            return None
        if self.phase is TestPhase.SETTLE and self._series.attempt_count:
            return max(up_since_us, self._waiting.since_us) + self.rules.move.timeout_us
        is_expected = self.phase in (*PHASES_BEFORE_LUNGE, TestPhase.ATTEMPT)
        return up_since_us + self.rules.departed_after_us if is_expected else None

    def on_alarm(self, at_us: int) -> None:
        departure_us = self._departure_us()
        has_departed = departure_us is not None and at_us >= departure_us
        if has_departed and self.phase is TestPhase.SETTLE and not self._series.attempt_count:
            self.stop_repeating_cue(at_us)
            self._enter_phase(TestPhase.WAIT, at_us)
        elif has_departed:
            self._pause(at_us, "heel up")
        elif (alarm := self._waiting.on_alarm(at_us)) is WaitAlarm.NUDGE:
            self.emit_cue(at_us, CueName.NUDGE)
        else:
            self._on_phase_alarm(at_us, is_timeout=alarm is WaitAlarm.TIMEOUT)
        self._set_due()

    def _on_phase_alarm(self, now_us: int, *, is_timeout: bool) -> None:
        match self.phase:
            case TestPhase.WAIT:
                self._on_wait_alarm(now_us)
            case TestPhase.SETTLE | TestPhase.MOVE if not is_timeout and self._step_on.pop_wrong_leg(now_us):
                self.emit_cue(now_us, CueName.SWITCH, side=self.side)
            case TestPhase.SETTLE:
                self._new_reading_us = None
                if self._heel.is_steady(self._waiting.since_us, now_us):
                    self._enter_phase(TestPhase.SIDE, now_us)
                    self.emit_cue(now_us, CueName.READY, side=self.side)
            case TestPhase.SIDE:
                self._enter_phase(TestPhase.COUNT, now_us)
                self._go_us = now_us + self.rules.count_us
                self._ticks = CountdownTicks(self.rules.announce_side_us + self.rules.count_us)
                self._on_count_alarm(now_us)
            case TestPhase.COUNT:
                self._on_count_alarm(now_us)
            case TestPhase.ATTEMPT:
                assert self._attempt is not None
                verdict = self._attempt.judge(now_us)
                if verdict is not None:
                    self._on_verdict(now_us, verdict, self._attempt.baseline_mm)
            case TestPhase.MOVE if is_timeout:
                self._pause(now_us, "nobody moved")
            case TestPhase.MOVE:
                assert self._move is not None
                self._on_move_alarm(now_us, self._move)
            case TestPhase.REST:
                self._start_settling(now_us)
            case TestPhase.SWITCH:
                assert self._side_change is not None
                if self._side_change.has_timed_out(now_us):
                    self._pause(now_us, "nobody changed sides")
                elif self._side_change.pop_nudge(now_us):
                    self.emit_cue(now_us, CueName.NUDGE)
                else:
                    self._on_new_side(now_us, self._side_change.on_alarm())
            case TestPhase.RESULT:
                self.outcome = "complete"
            case TestPhase.PAUSED:
                self._end_early(now_us, "nobody came back")
            case TestPhase.FAULT:
                assert self._fault is not None
                if self._fault.has_timed_out(now_us):
                    self._end_early(now_us, "nobody waited for the sensor")
                elif self._fault.is_over():
                    self._start_settling(now_us)
            case TestPhase.ENDED:
                pass
            case _:
                assert_never(self.phase)

    def _on_wait_alarm(self, now_us: int) -> None:
        alarm = self._step_on.on_alarm(now_us)
        if alarm is WaitAlarm.TIMEOUT:
            self._end_early(now_us, "nobody came back")
        elif alarm is WaitAlarm.WRONG_LEG:
            self.emit_cue(now_us, CueName.SWITCH, side=self.side)
        else:
            self.emit_cue(now_us, CueName.STEP_ON)
            self._start_settling(now_us)

    # Measuring one side.

    def _start_settling(self, now_us: int) -> None:
        self.stop_repeating_cue(now_us)
        self._attempt = self._fault = None
        self._enter_phase(TestPhase.SETTLE, now_us)
        if self._heel.is_sensor_lost:
            self._enter_fault(now_us)

    def _on_count_alarm(self, now_us: int) -> None:
        tick = self._ticks.pop(self._go_us - now_us)
        if tick is not None:
            self.emit_cue(now_us, CueName.COUNT, count=tick)
        elif self._heel.is_down:
            self._start_attempt(now_us)

    def _start_attempt(self, now_us: int) -> None:
        self._heel.renew_reference(now_us)
        self._series.count_attempt()
        self._attempt = Attempt(self.sensors, self.side, now_us, self.rules.attempt)
        self.emit_cue(now_us, CueName.GO)
        trials = self._series.current
        self.emit(AttemptStarted(now_us, self.side, trials.number, trials.attempts, self._attempt.toe_mm))
        self._enter_phase(TestPhase.ATTEMPT, now_us)

    def _on_verdict(self, now_us: int, verdict: Verdict, baseline_mm: float | None) -> None:
        self._attempt = None
        match verdict:
            case Passed(toe_mm, uncertainty_mm, window_us, found):
                contact = self.sensors.wiring.contact
                self.emit(AttemptPassed(now_us, self.side, toe_mm, contact, uncertainty_mm, window_us, found))
                self.emit_cue(now_us, CueName.YES)
            case Failed(reason, toe_mm):
                self.emit(AttemptFailed(now_us, self.side, reason, toe_mm))
                self.emit_cue(now_us, CueName.NO)
            case Void(_, reason):
                self.emit(AttemptVoid(now_us, self.side, reason))
                self.emit_cue(now_us, CueName.TRIAL_VOID)
        target = self._series.record(verdict)
        if self._series.current.is_over:
            self._finish_trial(now_us)
            return
        if target is not None:
            self.emit(TargetSet(now_us, self.side, round(target.toe_mm, 1), not target.is_near))
        is_optional = target is None or target.is_near
        self._enter_phase(TestPhase.MOVE, now_us)
        self._move = Repositioning(
            self.sensors,
            self._heel,
            now_us,
            baseline_mm,
            target_mm=None if target is None else target.toe_mm,
            is_optional=is_optional,
            rules=self.rules.move,
        )

    def _on_move_alarm(self, now_us: int, move: Repositioning) -> None:
        self._new_reading_us = None
        had_begun = move.has_begun
        is_over = move.is_over(now_us)
        if move.has_begun and not had_begun:
            self._waiting.cancel_nudge()
            self.stop_repeating_cue(now_us)
        if is_over:
            self._start_attempt(now_us)

    # From trial to trial, from side to side, and the result.

    def _finish_trial(self, now_us: int) -> None:
        side, trial = self.side, self._series.finish_trial()
        self.emit(TrialFinished(now_us, side, trial.number, trial.toe_mm, trial.below_range, trial.uncertainty_mm))
        self.emit_cue(now_us, CueName.TRIAL_OK)
        if self._series.current.needs_another:
            self._enter_phase(TestPhase.REST, now_us)
        elif self._series.advance_side():
            self._heel.follow(self.side)
            self.emit_cue(now_us, CueName.SWITCH, side=self.side)
            self._enter_phase(TestPhase.SWITCH, now_us)
            self._side_change = SideChange(self.sensors, self.side, now_us, self.rules.switch_timeout_us)
        else:
            self.emit(self._series.result(now_us, partial=False))
            self.emit_cue(now_us, CueName.COMPLETE if self._ends_routine else CueName.SET_DONE)
            if self._series.is_personal_best:
                self.emit_cue(now_us, CueName.BEST)
            self._enter_phase(TestPhase.RESULT, now_us)
            self.outcome = None if self._is_last_step else "complete"

    def _on_new_side(self, now_us: int, since_us: int | None) -> None:
        """The person has stood on the new side since `since_us`; `None` if not yet."""
        if since_us is not None:
            self._side_change = None
            self._heel.sync()
            self._start_settling(now_us)

    # Pauses, faults and early ends.

    def _pause(self, now_us: int, reason: str) -> None:
        self._attempt = self._side_change = self._fault = None
        self._heel.sync()
        self._enter_phase(TestPhase.PAUSED, now_us)
        self.emit(Paused(now_us, reason))
        self.emit_cue(now_us, CueName.PAUSED)

    def _resume(self, now_us: int, reason: str) -> None:
        self.emit(Resumed(now_us, reason))
        self._start_settling(now_us)

    def _enter_fault(self, now_us: int) -> None:
        self._attempt = None
        self._enter_phase(TestPhase.FAULT, now_us)
        self._fault = SensorFault(self._heel, now_us, self.rules.fault)
        self.emit_cue(now_us, CueName.ERROR)

    def _end_early(self, now_us: int, reason: str) -> None:
        self._record_partial(now_us)
        self._attempt = self._side_change = None
        self.emit_cue(now_us, CueName.ENDED)
        self.emit(Ended(now_us, reason))
        self.enter(TestPhase.ENDED)
        self.outcome = "ended"

    def close(self, at_us: int) -> None:
        self._record_partial(at_us)
        self.stop_repeating_cue(at_us)
        self.outcome = "ended"

    def _record_partial(self, now_us: int) -> None:
        if self.phase is not TestPhase.RESULT and self._series.has_results:
            self.emit(self._series.result(now_us, partial=True))

    def state_at(self, at_us: int) -> TestState:
        timed = {TestPhase.ATTEMPT: self.rules.attempt.time_limit_us, TestPhase.REST: self.rules.rest_us}
        clock = None
        if self.phase in timed:
            clock = ShownClock(str(self.phase), at_us - self._waiting.since_us, timed[self.phase], 1)
        trials, move = self._series.current, self._move if self.phase is TestPhase.MOVE else None
        return TestState(
            phase=self.phase,
            side=self.side,
            clock=clock,
            next_side=self._series.next_side,
            trial=trials.number,
            next_trial=trials.number if self.phase is TestPhase.REST else trials.next_number,
            attempt=trials.attempts,
            target_mm=self._series.target_mm,
            off_mm=None if move is None else move.off_mm,
            is_on_target=move is not None and move.is_on_target,
            best_mm=trials.best_mm,
            result_left_mm=self._series.score_mm(Side.LEFT),
            result_right_mm=self._series.score_mm(Side.RIGHT),
            verdict=self._series.last_outcome,
            resume_needs=self._heel.missing if self.phase is TestPhase.PAUSED else None,
            contact=self.sensors.wiring.contact,
        )
