"""The knee-to-wall test: trials of one or both sides, each a series of attempts at growing distances.

The states and their times are those of the manual's table. What the flows leave open is answered here so:

- Somebody who leaves while settling, before any attempt of the test, has not begun it: back to WAIT, in silence.
- After a void, or with the target near, GO comes after three still seconds, also to somebody who has moved.
- Between attempts nobody has to settle at once: somebody away for 45 s then, as in MOVE, is a pause.
- A heel lift while settling restarts the two steady seconds; a GO that waits for the heel sounds when it is back.
- A test waits for nobody's sensor: a lost one is reported at once and becomes FAULT only when somebody is there.
- A heel sensor that is lost drops the attempt too, and two good seconds lead back to SETTLE.
- Targets after a pass lie beyond the best passed distance of the trial, also when a nearer attempt has passed since.
- Leaving while a sensor is at fault, for as long as a pause may last, ends the test.
- `skip` drops the attempt and goes back to SETTLE; `next` ends a rest, or the count before a GO.
- A person who stands on the wrong leg hears SWITCH after two seconds, as in an exercise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from station.core.activities.attempt import Attempt, AttemptRules, Verdict
from station.core.activities.phases import PhasedActivity
from station.core.activities.side_change import SideChange
from station.core.activities.trials import Trials
from station.core.activities.wrong_leg import WrongLeg
from station.core.events import SECOND_US, Command, CommandName, Event, Load, Side, Toe
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
    TestFinished,
    TrialFinished,
)
from station.core.measurement.estimate import Estimate, Refusal, estimate
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, KneeChange, SensorChange
from station.core.state import ActivityState
from station.core.steps import TestStep


class TestPhase(StrEnum):
    """The phases of a test."""

    __test__ = False

    WAIT = "wait"
    SETTLE = "settle"
    SIDE = "side"
    COUNT = "count"
    ATTEMPT = "attempt"
    MOVE = "move"
    REST = "rest"
    SWITCH = "switch"
    RESULT = "result"
    PAUSED = "paused"
    FAULT = "fault"
    ENDED = "ended"


TRANSITIONS: dict[TestPhase, frozenset[TestPhase]] = {
    TestPhase.WAIT: frozenset({TestPhase.WAIT, TestPhase.SETTLE, TestPhase.ENDED}),
    TestPhase.SETTLE: frozenset(
        {TestPhase.WAIT, TestPhase.SETTLE, TestPhase.SIDE, TestPhase.PAUSED, TestPhase.FAULT, TestPhase.ENDED}
    ),
    TestPhase.SIDE: frozenset(
        {TestPhase.WAIT, TestPhase.SETTLE, TestPhase.COUNT, TestPhase.PAUSED, TestPhase.FAULT, TestPhase.ENDED}
    ),
    TestPhase.COUNT: frozenset(
        {
            TestPhase.WAIT,
            TestPhase.SETTLE,
            TestPhase.COUNT,
            TestPhase.ATTEMPT,
            TestPhase.PAUSED,
            TestPhase.FAULT,
            TestPhase.ENDED,
        }
    ),
    TestPhase.ATTEMPT: frozenset(
        {
            TestPhase.SETTLE,
            TestPhase.MOVE,
            TestPhase.REST,
            TestPhase.SWITCH,
            TestPhase.RESULT,
            TestPhase.PAUSED,
            TestPhase.FAULT,
            TestPhase.ENDED,
        }
    ),
    TestPhase.MOVE: frozenset(
        {TestPhase.SETTLE, TestPhase.ATTEMPT, TestPhase.PAUSED, TestPhase.FAULT, TestPhase.ENDED}
    ),
    TestPhase.REST: frozenset({TestPhase.SETTLE, TestPhase.PAUSED, TestPhase.ENDED}),
    TestPhase.SWITCH: frozenset({TestPhase.SETTLE, TestPhase.PAUSED, TestPhase.ENDED}),
    TestPhase.RESULT: frozenset({TestPhase.ENDED}),
    TestPhase.PAUSED: frozenset({TestPhase.SETTLE, TestPhase.ENDED}),
    TestPhase.FAULT: frozenset({TestPhase.SETTLE, TestPhase.PAUSED, TestPhase.ENDED}),
    TestPhase.ENDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class TestRules:
    """The times and distances of a knee-to-wall test."""

    __test__ = False

    attempt: AttemptRules = field(default_factory=AttemptRules)
    step_on_us: int = 500_000
    wrong_leg_after_us: int = 2 * SECOND_US
    settle_us: int = 2 * SECOND_US
    max_settle_cv: float = 0.10
    max_settle_drift_mm: float = 4.0
    nudge_after_us: int = 10 * SECOND_US
    return_timeout_us: int = 180 * SECOND_US
    """Getting up from the floor and back on the board."""
    announce_side_us: int = 3 * SECOND_US
    count_from: int = 3
    departed_after_us: int = 3 * SECOND_US
    min_move_mm: float = 4.0
    move_still_us: int = 1 * SECOND_US
    move_still_load_us: int = 2 * SECOND_US
    no_move_still_us: int = 3 * SECOND_US
    move_timeout_us: int = 45 * SECOND_US
    rest_us: int = 10 * SECOND_US
    switch_timeout_us: int = 90 * SECOND_US
    pause_timeout_us: int = 120 * SECOND_US
    sensor_recovery_us: int = 2 * SECOND_US
    show_result_us: int = 60 * SECOND_US


PHASES_BEFORE_LUNGE = (TestPhase.SETTLE, TestPhase.SIDE, TestPhase.COUNT)
MEASURING_PHASES = (*PHASES_BEFORE_LUNGE, TestPhase.ATTEMPT, TestPhase.MOVE)


class KneeToWallTest(PhasedActivity[TestPhase]):
    """A test by `step`. `last` says that nothing follows it, so that its result stays for a while."""

    transitions = TRANSITIONS

    def __init__(
        self,
        step: TestStep,
        sensors: BoardSensors,
        *,
        is_first_step: bool = True,
        is_last_step: bool = True,
        rules: TestRules | None = None,
    ) -> None:
        """`first` is false where another step came before, so that a person who has left the board is called back."""
        super().__init__(sensors, TestPhase.WAIT)
        self._is_first_step = is_first_step
        self._wait_deadline_us: int | None = None
        self.rules = rules or TestRules()
        self._step = step
        self._sides = step.sides
        self._side_index = 0
        self._is_last_step = is_last_step
        self._trials = {side: Trials(step.full) for side in step.sides}
        self._attempt: Attempt | None = None
        self._attempt_count = 0
        self._target_mm: float | None = None
        self._phase_since_us = 0
        self._down_since_us: int | None = None
        self._heel_up_since_us: int | None = None
        self._remaining_ticks = 0
        self._new_reading_us: int | None = None
        self._nudge_us: int | None = None
        self._wrong_leg = WrongLeg(self.rules.wrong_leg_after_us)
        self._last_baseline_mm: float | None = None
        self._go_toe_mm: float | None = None
        self._may_stay = False
        self._is_move_seen = False
        self._side_change: SideChange | None = None
        self._sensor_recovered_us: int | None = None
        self._last_verdict: str | None = None
        self._refusal_reason: str | None = None

    @property
    def side(self) -> Side:
        return self._sides[self._side_index]

    def watched_sides(self) -> Sequence[Side]:
        if self.phase in (TestPhase.REST, TestPhase.RESULT):
            return ()
        return tuple(Side) if self.phase is TestPhase.SWITCH else (self.side,)

    def configure_sensors(self) -> None:
        self.sensors.configure(is_measuring=True)

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._enter_phase(TestPhase.WAIT, at_us)
        self._sync_heel()
        others = [
            plate for plate in self.sensors.plates if not self._is_working_side(plate.side) and plate.is_known_down
        ]
        self._watch_wrong_leg(at_us, down=bool(others))
        if not self._is_first_step and self._down_since_us is None and not others:
            self._wait_deadline_us = at_us + self.rules.return_timeout_us
            self._nudge_us = at_us + self.rules.nudge_after_us
            self.emit_cue(at_us, CueName.READY, side=self.side)
        self._set_due()

    def _watch_wrong_leg(self, since_us: int, *, down: bool) -> None:
        awaited = self.phase is TestPhase.WAIT and self._down_since_us is None
        self._wrong_leg.update(since_us, is_standing=awaited and down)

    def _enter_phase(self, phase: TestPhase, at_us: int) -> None:
        self.enter(phase)
        self._phase_since_us, self._nudge_us, self._new_reading_us = at_us, None, None

    def _sync_heel(self) -> None:
        plate = self.sensors.plate_for(self.side)
        self._down_since_us = plate.debouncer.since_us if plate.is_known_down else None
        self._heel_up_since_us = plate.debouncer.since_us if plate.down is False else None

    # What changes.

    def on_change(self, change: Change) -> None:
        if isinstance(change, SensorChange):
            self._on_sensor_change(change)
        elif isinstance(change, KneeChange):
            if self._attempt is not None:
                self._attempt.on_knee_change(change)
        elif self._side_change is not None:
            self._on_new_side(change.at_us, self._side_change.on_heel_change(change))
        elif self._is_working_side(change.side):
            self._on_heel_change(change)
            self._wrong_leg.cancel()
        else:
            self._watch_wrong_leg(change.since_us, down=change.down)
        self._set_due()

    def _on_heel_change(self, change: HeelChange) -> None:
        self._down_since_us = change.since_us if change.down else None
        self._heel_up_since_us = None if change.down else change.since_us
        if self._attempt is not None:
            self._attempt.on_heel_change(change)
        if self.phase is TestPhase.SETTLE and change.down:
            self._phase_since_us = max(self._phase_since_us, change.since_us)
        elif self.phase is TestPhase.PAUSED and change.down:
            self._resume(change.at_us, "standing")
        elif self.phase is TestPhase.RESULT and not change.down:
            self._finish()

    def _on_sensor_change(self, change: SensorChange) -> None:
        plate = self.sensors.plate_for(self.side)
        if change.side is not None and self.sensors.plate_for(change.side) is not plate:
            return
        if change.side is not None:
            self._sync_heel()
            if not change.is_lost and plate.is_known_down:
                self._down_since_us = max(change.since_us, plate.debouncer.since_us)
        if change.is_lost and self.phase in MEASURING_PHASES:
            self._enter_fault(change.at_us)
        elif not change.is_lost and self.phase is TestPhase.FAULT:
            wait_us = 0 if change.side is None else self.rules.sensor_recovery_us
            self._sensor_recovered_us = change.at_us + wait_us

    def on_sensor_event(self, event: Event) -> None:
        if isinstance(event, Toe):
            if self._attempt is not None:
                self._attempt.on_reading(event.at_us)
            self._new_reading_us = event.at_us
            self._set_due()
        elif isinstance(event, Load) and self._attempt is not None and self._is_working_side(event.side):
            self._attempt.on_load(event.at_us, event.share)

    def _is_working_side(self, side: Side) -> bool:
        return self.sensors.plate_for(side) is self.sensors.plate_for(self.side)

    def on_command(self, command: Command) -> None:
        now_us = command.at_us
        if self.outcome is not None:
            return
        if command.word is CommandName.STOP:
            self._end_early(now_us, "stop")
        elif command.word is CommandName.CONFIRM and self._attempt is not None:
            self._attempt.confirm(now_us)
        elif command.word is CommandName.PAUSE and self.phase not in (
            TestPhase.WAIT,
            TestPhase.PAUSED,
            TestPhase.RESULT,
        ):
            self._pause(now_us, "command")
        elif command.word is CommandName.RESUME and self.phase is TestPhase.PAUSED and self._down_since_us is not None:
            self._resume(now_us, "command")
        elif command.word is CommandName.NEXT and self.phase in (TestPhase.SIDE, TestPhase.COUNT):
            self._enter_phase(TestPhase.COUNT, now_us - self.rules.count_from * SECOND_US)
            self._remaining_ticks = 0
        elif self._leads_to_settle(command.word):
            self._start_settling(now_us)
        elif command.word is CommandName.SIDE and command.side is not None:
            self._choose_side(now_us, command.side)
        self._set_due()

    def _leads_to_settle(self, word: CommandName) -> bool:
        if self.phase is TestPhase.REST:
            return word in (CommandName.NEXT, CommandName.SKIP)
        return word is CommandName.SKIP and self.phase in MEASURING_PHASES

    def resync_heels(self, at_us: int) -> None:
        self._sync_heel()
        self._set_due()

    @property
    def other_side(self) -> Side | None:
        return (
            None if self._attempt_count or self.phase not in (TestPhase.WAIT, *PHASES_BEFORE_LUNGE) else self.side.other
        )

    def _choose_side(self, now_us: int, side: Side) -> None:
        if self.other_side is None:
            return
        self._sides = (side,) if len(self._sides) == 1 else (side, side.other)
        self._trials = {side: Trials(self._step.full) for side in self._sides}
        self._enter_phase(TestPhase.WAIT, now_us)
        self._sync_heel()

    def close(self, at_us: int) -> None:
        self._record_partial(at_us)
        self.stop_repeating_cue(at_us)
        self.outcome = "ended"

    # Alarms.

    def _set_due(self) -> None:
        self.due_us = None if self.outcome is not None else min(self._due_times(), default=None)

    def _due_times(self) -> list[int]:
        rules, since_us = self.rules, self._phase_since_us
        dues = [] if self._nudge_us is None else [self._nudge_us]
        if self._new_reading_us is not None and self.phase in (TestPhase.SETTLE, TestPhase.MOVE):
            dues.append(self._new_reading_us)
        departure_us = self._departure_us()
        if departure_us is not None:
            dues.append(departure_us)
        if self.phase is TestPhase.WAIT and self._down_since_us is not None:
            dues.append(self._down_since_us + rules.step_on_us)
        elif self.phase is TestPhase.WAIT:
            dues += [at_us for at_us in (self._wait_deadline_us, self._wrong_leg.due_us) if at_us is not None]
        elif self.phase is TestPhase.SIDE:
            dues.append(since_us + rules.announce_side_us)
        elif self.phase is TestPhase.COUNT and (self._remaining_ticks > 0 or self._down_since_us is not None):
            dues.append(since_us + (rules.count_from - self._remaining_ticks) * SECOND_US)
        elif self.phase is TestPhase.ATTEMPT and self._attempt is not None:
            due_us = self._attempt.due_us
            dues += [] if due_us is None else [due_us]
        elif self.phase is TestPhase.SWITCH and self._side_change is not None and self._side_change.due_us is not None:
            dues.append(self._side_change.due_us)
        elif self.phase is TestPhase.FAULT:
            dues += [] if self._sensor_recovered_us is None else [self._sensor_recovered_us]
            dues += (
                []
                if self._heel_up_since_us is None
                else [max(self._heel_up_since_us, since_us) + rules.pause_timeout_us]
            )
        spans = {
            TestPhase.MOVE: rules.move_timeout_us,
            TestPhase.REST: rules.rest_us,
            TestPhase.SWITCH: rules.switch_timeout_us,
            TestPhase.PAUSED: rules.pause_timeout_us,
            TestPhase.RESULT: rules.show_result_us,
        }
        if self.phase in spans:
            dues.append(since_us + spans[self.phase])
        return dues

    def _departure_us(self) -> int | None:
        """When a heel that is up will mean that the person has left."""
        if self._heel_up_since_us is None or (self._attempt is not None and self._attempt.is_lunging):
            return None
        if self.phase is TestPhase.SETTLE and self._attempt_count:
            return max(self._heel_up_since_us, self._phase_since_us) + self.rules.move_timeout_us
        return (
            self._heel_up_since_us + self.rules.departed_after_us
            if self.phase in (*PHASES_BEFORE_LUNGE, TestPhase.ATTEMPT)
            else None
        )

    def on_alarm(self, at_us: int) -> None:
        departure_us = self._departure_us()
        if departure_us is not None and at_us >= departure_us:
            self._on_departure(at_us)
        elif self._nudge_us is not None and at_us >= self._nudge_us:
            self._nudge_us = None
            self.emit_cue(at_us, CueName.NUDGE)
        else:
            self._alarm_of_phase(at_us)
        self._set_due()

    def _alarm_of_phase(self, at_us: int) -> None:
        match self.phase:
            case TestPhase.WAIT:
                self._alarm_wait(at_us)
            case TestPhase.SETTLE:
                self._alarm_settle(at_us)
            case TestPhase.SIDE:
                self._alarm_side(at_us)
            case TestPhase.COUNT:
                self._alarm_count(at_us)
            case TestPhase.ATTEMPT:
                self._alarm_attempt(at_us)
            case TestPhase.MOVE:
                self._alarm_move(at_us)
            case TestPhase.REST:
                self._alarm_rest(at_us)
            case TestPhase.SWITCH:
                self._alarm_switch(at_us)
            case TestPhase.RESULT:
                self._alarm_result(at_us)
            case TestPhase.PAUSED:
                self._alarm_paused(at_us)
            case TestPhase.FAULT:
                self._alarm_fault(at_us)
            case TestPhase.ENDED:
                pass
            case _:
                assert_never(self.phase)

    def _on_departure(self, now_us: int) -> None:
        if self.phase is TestPhase.SETTLE and not self._attempt_count:
            self.stop_repeating_cue(now_us)
            self._enter_phase(TestPhase.WAIT, now_us)
        else:
            self._pause(now_us, "heel up")

    def _alarm_wait(self, now_us: int) -> None:
        if self._down_since_us is None and self._wait_deadline_us is not None and now_us >= self._wait_deadline_us:
            self._end_early(now_us, "nobody came back")
            return
        if self._down_since_us is None:
            self._wrong_leg.mark_reported()
            self.emit_cue(now_us, CueName.SWITCH, side=self.side)
            return
        self.emit_cue(now_us, CueName.STEP_ON)
        self._start_settling(now_us)

    def _start_settling(self, now_us: int) -> None:
        self.stop_repeating_cue(now_us)
        self._attempt = None
        self._enter_phase(TestPhase.SETTLE, now_us)
        self._nudge_us = now_us + self.rules.nudge_after_us
        if self.sensors.toe.lost_reason is not None or self.sensors.plate_for(self.side).lost_reason is not None:
            self._enter_fault(now_us)

    def _alarm_settle(self, now_us: int) -> None:
        self._new_reading_us = None
        if self._is_steady(now_us):
            self._enter_phase(TestPhase.SIDE, now_us)
            self.emit_cue(now_us, CueName.READY, side=self.side)

    def _is_steady(self, now_us: int) -> bool:
        from_us, middle_us = now_us - self.rules.settle_us, now_us - self.rules.settle_us // 2
        if self._down_since_us is None or max(self._down_since_us, self._phase_since_us) > from_us:
            return False
        load = self.sensors.plate_for(self.side).load
        if load is not None:
            variation = load.coefficient_of_variation(from_us, now_us)
            if variation is None or variation >= self.rules.max_settle_cv:
                return False
        earlier_mm = self.sensors.toe.median(from_us, middle_us)
        later_mm = self.sensors.toe.median(middle_us, now_us)
        if earlier_mm is None or later_mm is None:
            return False
        return self.sensors.toe_difference_mm(earlier_mm, later_mm) <= self.rules.max_settle_drift_mm

    def _alarm_side(self, now_us: int) -> None:
        self._enter_phase(TestPhase.COUNT, now_us)
        self._remaining_ticks = self.rules.count_from
        self._alarm_count(now_us)

    def _alarm_count(self, now_us: int) -> None:
        if self._remaining_ticks > 0:
            self.emit_cue(now_us, CueName.COUNT, count=self._remaining_ticks)
            self._remaining_ticks -= 1
        elif self._down_since_us is not None:
            self._start_attempt(now_us)

    def _start_attempt(self, now_us: int) -> None:
        load = self.sensors.plate_for(self.side).load
        if load is not None:
            load.update_reference(now_us)
        self._attempt_count += 1
        self._attempt = Attempt(self.sensors, self.side, now_us, self.rules.attempt)
        self._last_baseline_mm, self._refusal_reason = self._attempt.baseline_mm, None
        trials = self._trials[self.side]
        trials.attempts += 1
        self.emit_cue(now_us, CueName.GO)
        self._go_toe_mm = self._toe_mm(self._estimate(now_us - self.rules.attempt.baseline_us, now_us))
        self.emit(AttemptStarted(now_us, self.side, trials.number, trials.attempts, self._go_toe_mm))
        self._enter_phase(TestPhase.ATTEMPT, now_us)

    def _estimate(self, from_us: int, to_us: int) -> Estimate | Refusal:
        return estimate(*self.sensors.toe.window(from_us, to_us))

    def _toe_mm(self, found: Estimate | Refusal) -> float | None:
        return None if isinstance(found, Refusal) else round(self.sensors.toe_mm(found.reading_mm), 1)

    # The verdict, and where to go next.

    def _alarm_attempt(self, now_us: int) -> None:
        assert self._attempt is not None
        verdict = self._attempt.judge(now_us)
        if verdict is None:
            return
        if verdict.outcome == "passed":
            self._on_attempt_passed(now_us, verdict)
        elif verdict.outcome == "void":
            self._void_attempt(now_us, "the board slid", "void")
        elif verdict.outcome == "contact" and self._refusal_reason is not None:
            self._void_unclear(now_us, self._refusal_reason)
        else:
            self._on_attempt_failed(now_us, verdict.outcome, self._go_toe_mm)

    def _on_attempt_passed(self, now_us: int, verdict: Verdict) -> None:
        assert verdict.window_us is not None
        found = self._estimate(*verdict.window_us)
        if isinstance(found, Refusal):
            self._refusal_reason = found.reason
            if self._attempt is not None and self._attempt.is_window_final(now_us):
                self._void_unclear(now_us, found.reason)
            return
        self._attempt = None
        toe_mm = round(self.sensors.toe_mm(found.reading_mm), 1)
        uncertainty_mm = round(self.sensors.curve.slope(found.reading_mm) * found.uncertainty_mm, 2)
        contact = self.sensors.wiring.contact
        self.emit(AttemptPassed(now_us, self.side, toe_mm, contact, uncertainty_mm, verdict.window_us, found))
        self.emit_cue(now_us, CueName.YES)
        self._last_verdict = "passed"
        self._set_target(now_us, self._trials[self.side].record_pass(toe_mm, uncertainty_mm), toe_mm)

    def _void_unclear(self, now_us: int, reason: str) -> None:
        self._void_attempt(now_us, f"the readings {reason}", "unclear")

    def _void_attempt(self, now_us: int, reason: str, verdict: str) -> None:
        self._attempt = None
        self.emit(AttemptVoid(now_us, self.side, reason))
        self.emit_cue(now_us, CueName.TRIAL_VOID)
        self._last_verdict = verdict
        self._start_move(now_us, is_optional=True)

    def _on_attempt_failed(self, now_us: int, reason: str, toe_mm: float | None) -> None:
        self._attempt = None
        self.emit(AttemptFailed(now_us, self.side, reason, toe_mm))
        self.emit_cue(now_us, CueName.NO)
        self._last_verdict = reason
        trials = self._trials[self.side]
        target_mm = trials.record_failure(toe_mm)
        if trials.is_over:
            self._finish_trial(now_us)
        else:
            self._set_target(now_us, target_mm, toe_mm)

    def _set_target(self, now_us: int, target_mm: float | None, toe_mm: float | None) -> None:
        if target_mm is None:
            self._start_move(now_us, is_optional=True)
            return
        is_optional = toe_mm is not None and self._trials[self.side].is_near(target_mm, toe_mm)
        self._target_mm = target_mm
        self.emit(TargetSet(now_us, self.side, round(target_mm, 1), not is_optional))
        self._start_move(now_us, is_optional=is_optional)

    def _start_move(self, now_us: int, *, is_optional: bool) -> None:
        self._enter_phase(TestPhase.MOVE, now_us)
        self._may_stay, self._is_move_seen = is_optional, False
        self._nudge_us = now_us + self.rules.nudge_after_us

    def _alarm_move(self, now_us: int) -> None:
        if now_us >= self._phase_since_us + self.rules.move_timeout_us:
            self._pause(now_us, "nobody moved")
            return
        self._new_reading_us = None
        has_moved = self._has_moved(now_us)
        if has_moved and not self._is_move_seen:
            self._is_move_seen, self._nudge_us = True, None
            self.stop_repeating_cue(now_us)
        analogue = self.sensors.plate_for(self.side).load is not None
        still_us = self.rules.move_still_load_us if analogue else self.rules.move_still_us
        if self._may_stay:
            still_us = self.rules.no_move_still_us
        if (has_moved or self._may_stay) and self._has_stood_still(still_us, now_us):
            self._start_attempt(now_us)

    def _has_moved(self, now_us: int) -> bool:
        now_mm = self.sensors.toe.median(now_us - SECOND_US, now_us)
        if now_mm is None or self._last_baseline_mm is None:
            return False
        return self.sensors.toe_difference_mm(self._last_baseline_mm, now_mm) >= self.rules.min_move_mm

    def _has_stood_still(self, span_us: int, now_us: int) -> bool:
        from_us = now_us - span_us
        down = self._down_since_us is not None and max(self._down_since_us, self._phase_since_us) <= from_us
        return down and self.sensors.toe.is_still(from_us, now_us)

    def _finish_trial(self, now_us: int) -> None:
        trials = self._trials[self.side]
        trial = trials.finish()
        self.emit(TrialFinished(now_us, self.side, trial.number, trial.toe_mm, trial.below_range, trial.uncertainty_mm))
        self.emit_cue(now_us, CueName.TRIAL_OK)
        self._target_mm = None
        if trials.needs_another:
            self._enter_phase(TestPhase.REST, now_us)
        elif self._side_index + 1 < len(self._sides):
            self._side_index += 1
            self.emit_cue(now_us, CueName.SWITCH, side=self.side)
            self._enter_phase(TestPhase.SWITCH, now_us)
            self._side_change = SideChange(self.sensors, self.side, now_us)
        else:
            self._show_result(now_us)

    def _alarm_rest(self, now_us: int) -> None:
        self._start_settling(now_us)

    def _alarm_switch(self, now_us: int) -> None:
        assert self._side_change is not None
        if now_us >= self._phase_since_us + self.rules.switch_timeout_us:
            self._side_change = None
            self._pause(now_us, "nobody changed sides")
        else:
            self._on_new_side(now_us, self._side_change.on_alarm())

    def _on_new_side(self, now_us: int, since_us: int | None) -> None:
        if since_us is not None:
            self._side_change = None
            self._sync_heel()
            self._start_settling(now_us)

    def _show_result(self, now_us: int) -> None:
        self.emit(self._finished_fact(now_us, partial=False))
        self.emit_cue(now_us, CueName.COMPLETE)
        if self._is_personal_best():
            self.emit_cue(now_us, CueName.BEST)
        self._enter_phase(TestPhase.RESULT, now_us)
        if not self._is_last_step:
            self._finish()

    def _is_personal_best(self) -> bool:
        """Only full tests compete, by more than the person's own error, which is in what is to be beaten."""
        beat_mm = {Side.LEFT: self._step.beat_left_mm, Side.RIGHT: self._step.beat_right_mm}
        scores = {side: trials.score_mm for side, trials in self._trials.items()}
        return self._step.full and any(
            score is not None and (beat := beat_mm[side]) is not None and score > beat for side, score in scores.items()
        )

    def _alarm_result(self, _now_us: int) -> None:
        self._finish()

    def _finish(self) -> None:
        self.outcome = "complete"

    def _finished_fact(self, now_us: int, *, partial: bool) -> TestFinished:
        scores = {side: trials.score_mm for side, trials in self._trials.items()}
        return TestFinished(now_us, scores.get(Side.LEFT), scores.get(Side.RIGHT), partial)

    # Pauses, faults, ends.

    def _pause(self, now_us: int, reason: str) -> None:
        self._attempt = self._side_change = None
        self._sync_heel()
        self._enter_phase(TestPhase.PAUSED, now_us)
        self.emit(Paused(now_us, reason))
        self.emit_cue(now_us, CueName.PAUSED)

    def _resume(self, now_us: int, reason: str) -> None:
        self.emit(Resumed(now_us, reason))
        self._start_settling(now_us)

    def _alarm_paused(self, now_us: int) -> None:
        self._end_early(now_us, "nobody came back")

    def _enter_fault(self, now_us: int) -> None:
        self._attempt, self._sensor_recovered_us = None, None
        self._enter_phase(TestPhase.FAULT, now_us)
        self.emit_cue(now_us, CueName.ERROR)

    def _alarm_fault(self, now_us: int) -> None:
        if self._sensor_recovered_us is None or now_us < self._sensor_recovered_us:
            self._end_early(now_us, "nobody waited for the sensor")
            return
        self._sensor_recovered_us = None
        if self.sensors.toe.lost_reason is None and self.sensors.plate_for(self.side).lost_reason is None:
            self._start_settling(now_us)

    def _record_partial(self, now_us: int) -> None:
        if self.phase is not TestPhase.RESULT and any(trials.results for trials in self._trials.values()):
            self.emit(self._finished_fact(now_us, partial=True))

    def _end_early(self, now_us: int, reason: str) -> None:
        self._record_partial(now_us)
        self._attempt = self._side_change = None
        self.emit_cue(now_us, CueName.ENDED)
        self.emit(Ended(now_us, reason))
        self.enter(TestPhase.ENDED)
        self.outcome = "ended"

    def state_at(self, at_us: int) -> ActivityState:
        trials = self._trials[self.side]
        counting = {TestPhase.ATTEMPT: self.rules.attempt.time_limit_us, TestPhase.REST: self.rules.rest_us}.get(
            self.phase
        )
        finished = self._finished_fact(at_us, partial=True)
        return ActivityState(
            activity="test",
            phase=self.phase,
            side=self.side,
            counting=self.phase if counting is not None else None,
            counted_us=at_us - self._phase_since_us if counting is not None else 0,
            target_us=counting or 0,
            rate=int(counting is not None),
            trial=trials.number,
            attempt=trials.attempts,
            target_mm=self._target_mm,
            best_mm=trials.best_mm,
            result_left_mm=finished.left_mm,
            result_right_mm=finished.right_mm,
            verdict=self._last_verdict,
            contact=self.sensors.wiring.contact,
        )
