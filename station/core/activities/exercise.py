"""What holds and repetitions have in common: waiting, preparing, pausing, changing sides, ending.

Only the heels of the legs at work matter, one or both; the other one matters while the sides change. Both heels at once
are one: down when both are, up when either is. What the flows leave open is answered here so:

- A heel sensor that is lost counts as a person who is not there: nothing is credited after its last good sample, and
  after three seconds it is a pause.
- The 15 and 60 seconds of a pause count from the lift that led to it, or from the command.
- NUDGE follows PAUSED after its own period, so that the first sound in a pause is PAUSED alone.
- A pause in a side change goes back to the side change.
- `side` is obeyed until the first GO of the exercise.
- In REST, `skip` leaves out the coming repetition and the rest goes on.
- An exercise that the board does not sense begins by itself after another step, wherever the person is; one that needs
  a heel calls a person back from the floor, with READY and then NUDGE, for three minutes.
- A person who stands on the wrong leg hears SWITCH after two seconds: without it both would wait for each other.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from station.core.activities.phases import PhasedActivity
from station.core.activities.side_change import SideChange
from station.core.activities.standing_countdown import StandingCountdown
from station.core.activities.wrong_leg import WrongLeg
from station.core.events import BOTH_LEGS, SECOND_US, Command, CommandName, Legs, Side
from station.core.facts import CueName, Ended, Paused, Resumed
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, HeelChannel, KneeChange, SensorChange
from station.core.sensing.stance import HeelState, Stance, StanceTracker
from station.core.state import ShownClock
from station.core.steps import HeelRule, HoldStep, RepsStep, Step


class ExercisePhase(StrEnum):
    """The phases of all exercises; which of them an exercise has, its own table says."""

    WAIT = "wait"
    PREPARE = "prepare"
    HOLD = "hold"
    GRACE = "grace"
    LIFTED = "lifted"
    REST = "rest"
    AWAY = "away"
    REPS = "reps"
    PAUSED = "paused"
    SWITCH = "switch"
    DONE = "done"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ExerciseRules:
    """The times that holds, repetitions and paced exercises share."""

    resume_prepare_us: int = 5 * SECOND_US
    """The shorter preparation of somebody who is coming back."""
    pause_after_us: int = 3 * SECOND_US
    give_up_after_us: int = 15 * SECOND_US
    pause_timeout_us: int = 60 * SECOND_US
    nudge_after_us: int = 2_500_000
    min_switch_us: int = 10 * SECOND_US
    """At least so long from SWITCH to GO: people turn round, and some sit down for it."""
    switch_timeout_us: int = 90 * SECOND_US
    return_timeout_us: int = 180 * SECOND_US
    """Getting up from the floor and back on the board takes longer than changing legs."""
    repeat_call_after_us: int = 10 * SECOND_US
    """After this the person is called once more."""
    wrong_leg_after_us: int = 2 * SECOND_US
    """Nobody takes longer to put both feet on the board."""
    grace_us: int = 500_000
    countdown_ticks: tuple[int, ...] = (3, 2, 1)


class ExerciseActivity(PhasedActivity[ExercisePhase]):
    """The frame of an exercise: subclasses say what its work is (`go`, `work_*`) and what is stored of it."""

    name: ClassVar[str]
    gives_up_in_pause: ClassVar[bool] = True
    """Whether a long pause gives the repetition at hand up; a count is kept until the end."""

    def __init__(
        self,
        step: HoldStep | RepsStep,
        sensors: BoardSensors,
        *,
        is_first_step: bool = True,
        rules: ExerciseRules | None = None,
    ) -> None:
        """`first` is false where another step came before, so that the person is told to change sides or to come
        back."""
        super().__init__(sensors, ExercisePhase.WAIT)
        self.rules = rules or ExerciseRules()
        self.turns = step.turns
        self.turn_index = 0
        self.is_repetition_started = False
        """Whether the repetition at hand has had its GO."""
        self._go_has_sounded = False
        self._prepare_us = step.prepare_us
        self._prepares_off_board = step.prepare_off
        self._counts_without_standing = False
        """Whether the preparation that goes on asks for no standing."""
        self._heel_rule = step.heel
        self._is_first_step = is_first_step
        self.stance_tracker = StanceTracker(sensors)
        self.lifted_side = Side.LEFT
        """Whose heel came up last."""
        self._wait_deadline_us: int | None = None
        self._wait_began_us = 0
        self._countdown = StandingCountdown(0)
        self.heel_up_since_us = 0
        self._paused_since_us = 0
        self._nudge_us: int | None = None
        self._wrong_leg = WrongLeg(self.rules.wrong_leg_after_us)
        self._has_given_up = False
        self._is_side_given_up = False
        self._is_previous_given_up = False
        """Whether the repetition before this one was given up in the pause that goes on."""
        self._resumes_side_change = False
        self._switch_cue_us: int | None = None
        self._side_change: SideChange | None = None

    # What a subclass adds.

    @abstractmethod
    def on_go(self, now_us: int) -> None:
        """GO has sounded."""

    @abstractmethod
    def on_heel_down(self, now_us: int, since_us: int) -> None:
        """The heel is back."""

    @abstractmethod
    def on_heel_up(self, now_us: int, since_us: int, *, is_lost: bool) -> None:
        """The heel is up, or its sensor lost."""

    def on_earlier_heel_up(self, since_us: int) -> None:
        """The other heel, too, is up, and has been since before the first: it was believed later."""

    @abstractmethod
    def on_work_alarm(self, now_us: int) -> None:
        """The moment of `work_due_us` has come."""

    @abstractmethod
    def work_due_us(self) -> int | None:
        """When the work at hand wants to be asked again."""

    @abstractmethod
    def suspend(self, now_us: int) -> None:
        """A command pauses the work."""

    @abstractmethod
    def give_up(self, now_us: int) -> None:
        """Store what there is of the repetition at hand, which has had its GO."""

    @abstractmethod
    def advance_repetition(self) -> bool:
        """Go on to the next repetition of this side; false when there is none."""

    def on_next(self, now_us: int) -> None:
        """`next` outside a preparation."""

    def on_resumed(self, now_us: int, since_us: int) -> None:
        """The person is back from a pause."""
        self.prepare(now_us, since_us, max(self.rules.resume_prepare_us, self._remaining_switch_us(since_us)))

    # The senses, in the exercise's own words.

    @property
    def legs(self) -> Legs:
        """Who is at work."""
        return self.turns[self.turn_index]

    @property
    def side(self) -> Side | None:
        """The leg at work, `None` where both are."""
        return None if self.legs is BOTH_LEGS else Side(self.legs)

    @property
    def plates(self) -> Sequence[HeelChannel]:
        """The plates of the legs at work."""
        return self.sensors.plates if self.side is None else (self.sensors.plate_for(self.side),)

    @property
    def is_timer_only(self) -> bool:
        """A plain timer, which asks for no heel."""
        return self._heel_rule is HeelRule.ANY

    @property
    def is_standing(self) -> bool:
        return self.is_timer_only or self.stance_tracker.are_down(self.plates)

    @property
    def rising_since_us(self) -> int | None:
        """Since when a heel at work may be rising, which is not believed yet."""
        pending = [plate.debouncer.pending_since_us for plate in self.plates if plate.down is True]
        return min((at_us for at_us in pending if at_us is not None), default=None)

    def watched_sides(self) -> Sequence[Side]:
        if self.phase is ExercisePhase.SWITCH:
            return tuple(Side)
        if self.is_timer_only and self.phase is not ExercisePhase.WAIT:
            return ()
        return tuple(Side) if self.side is None else (self.side,)

    def configure_sensors(self) -> None:
        self.sensors.configure(is_seated=self._heel_rule is HeelRule.LIGHT)

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._wait_began_us = at_us
        is_occupied = self.stance_tracker.is_occupied
        is_ready = (is_occupied or not self._is_first_step) if self.is_timer_only else self.is_standing
        if not self._is_first_step:
            self._wait_deadline_us = at_us + (
                self.rules.switch_timeout_us if is_occupied else self.rules.return_timeout_us
            )
        if is_ready:
            self.prepare(at_us, at_us, self._prepare_us)
        elif not self._is_first_step and is_occupied and self.side is not None:
            self._wrong_leg.mark_reported()
            self.emit_cue(at_us, CueName.SWITCH, side=self.side)
        elif not self._is_first_step:
            self._nudge_us = at_us + self.rules.repeat_call_after_us
            self.emit_cue(at_us, CueName.READY, side=self.side)
        self._watch_wrong_leg(at_us)
        self.set_due()

    def _watch_wrong_leg(self, since_us: int) -> None:
        one_leg_awaited = self.phase is ExercisePhase.WAIT and not self.is_timer_only and self.side is not None
        self._wrong_leg.update(since_us, is_standing=one_leg_awaited and self.stance_tracker.is_occupied)

    def on_change(self, change: Change) -> None:
        if not isinstance(change, KneeChange) and change.side is not None:
            before = self.stance_tracker.stance(self.plates)
            self.stance_tracker.update(change)
            self._on_stance_change(change, before, self.stance_tracker.stance(self.plates))
        self.set_due()

    def _on_stance_change(self, change: HeelChange | SensorChange, before: Stance, after: Stance) -> None:
        if isinstance(change, HeelChange) and self._side_change is not None:
            self._on_new_side_standing(change.at_us, self._side_change.on_heel_change(change))
        elif isinstance(change, SensorChange) and self._side_change is not None:
            self._on_new_side_standing(change.at_us, self._side_change.on_sensor_change(change))
        elif self.phase is ExercisePhase.WAIT:
            has_arrived = (
                self.stance_tracker.is_occupied
                if self.is_timer_only
                else after.state is HeelState.DOWN and after != before
            )
            if has_arrived:
                since_us = change.since_us if self.is_timer_only else after.since_us
                self.prepare(change.at_us, max(since_us, self._wait_began_us), self._prepare_us)
            self._watch_wrong_leg(change.at_us)
        elif self.is_timer_only:
            if self.phase is ExercisePhase.PAUSED and isinstance(change, HeelChange) and change.down:
                self._resume(change.at_us, change.since_us)
        elif after == before:
            return
        elif after.state is HeelState.DOWN:
            self._on_stance_down(change.at_us, after.since_us)
        elif after.state is not before.state:
            self._on_stance_up(change.at_us, after.since_us, is_lost=after.state is HeelState.UNKNOWN, side=change.side)
        elif after.state is HeelState.UP and after.since_us < before.since_us:
            self.heel_up_since_us = after.since_us
            self.on_earlier_heel_up(after.since_us)

    def _on_stance_down(self, now_us: int, since_us: int) -> None:
        if self.phase is ExercisePhase.PREPARE:
            if not self._counts_without_standing:
                self._countdown.start(since_us)
        elif self.phase is ExercisePhase.PAUSED:
            self._resume(now_us, since_us)
        else:
            self.on_heel_down(now_us, since_us)

    def _on_stance_up(self, now_us: int, since_us: int, *, is_lost: bool, side: Side | None) -> None:
        self.heel_up_since_us = since_us
        if side is not None:
            self.lifted_side = side if self.side is None else self.side
        if self.phase is ExercisePhase.PREPARE:
            if not self._counts_without_standing:
                self._countdown.stop(since_us)
        elif self.phase is not ExercisePhase.PAUSED:
            self.on_heel_up(now_us, since_us, is_lost=is_lost)

    # Preparing.

    def prepare(self, now_us: int, since_us: int, target_us: int) -> None:
        """Count `need_us` of standing down, beginning at `since_us`."""
        self.enter(ExercisePhase.PREPARE)
        self._side_change = None
        self._countdown = StandingCountdown(target_us, self.rules.countdown_ticks)
        self._counts_without_standing = self._prepares_off_board and target_us >= self._prepare_us
        if self.is_standing or self._counts_without_standing:
            self._countdown.start(since_us)
        else:
            self.heel_up_since_us = now_us
        self.emit_cue(now_us, CueName.READY, side=self.side)

    def _prepare_due_us(self) -> int:
        due_us = self._countdown.due_us
        return self.heel_up_since_us + self.rules.pause_after_us if due_us is None else due_us

    def _on_prepare_alarm(self, now_us: int) -> None:
        if not self._countdown.is_running:
            self.pause(now_us, self.heel_up_since_us, "heel up" if self._is_heel_up() else "no heel")
            return
        remaining_us = self._countdown.need_us - self._countdown.stood_us(now_us)
        if remaining_us <= 0 and not self.is_standing:
            self._call_back(now_us)
        elif remaining_us <= 0:
            self.start_work(now_us)
        else:
            self.emit_countdown_tick(now_us, remaining_us, self._countdown.ticks)

    def _call_back(self, now_us: int) -> None:
        """It is time, and they are not there yet: GO waits for them."""
        self.enter(ExercisePhase.WAIT)
        self._prepares_off_board, self._prepare_us = False, self.rules.resume_prepare_us
        self._wait_began_us, self._wait_deadline_us, self._nudge_us = (
            now_us,
            now_us + self.rules.return_timeout_us,
            None,
        )
        self.emit_cue(now_us, CueName.NUDGE)

    def emit_countdown_tick(self, now_us: int, remaining_us: int, ticks: set[int]) -> None:
        """Sound the tick whose time has come; one that was waited past is not made up for."""
        passed = {n for n in ticks if n * SECOND_US >= remaining_us}
        if passed:
            ticks -= passed
            self.emit_cue(now_us, CueName.COUNT, count=min(passed))

    def start_work(self, now_us: int) -> None:
        """GO."""
        for plate in self.plates:
            if plate.load is not None and not self.is_timer_only:
                plate.load.update_reference(now_us)
        self._go_has_sounded, self._switch_cue_us = True, None
        self.emit_cue(now_us, CueName.GO)
        self.on_go(now_us)

    # Pausing and coming back.

    def _is_heel_up(self) -> bool:
        return self.stance_tracker.stance(self.plates).state is HeelState.UP

    def pause(self, now_us: int, since_us: int, reason: str) -> None:
        self._resumes_side_change = self._side_change is not None
        self.enter(ExercisePhase.PAUSED)
        self._side_change = None
        self._paused_since_us, self._nudge_us = since_us, now_us + self.rules.nudge_after_us
        self._has_given_up = not (self.is_repetition_started and self.gives_up_in_pause)
        self.emit(Paused(now_us, reason))
        self.emit_cue(now_us, CueName.PAUSED)

    def _pause_due_us(self) -> int:
        dues = [self._paused_since_us + self.rules.pause_timeout_us]
        if not self._has_given_up:
            dues.append(self._paused_since_us + self.rules.give_up_after_us)
        if self._nudge_us is not None:
            dues.append(self._nudge_us)
        return min(dues)

    def _on_pause_alarm(self, now_us: int) -> None:
        if now_us >= self._paused_since_us + self.rules.pause_timeout_us:
            if self.is_repetition_started:
                self.give_up(now_us)
            self.end_early(now_us, "nobody came back")
        elif not self._has_given_up and now_us >= self._paused_since_us + self.rules.give_up_after_us:
            self._has_given_up = True
            self.give_up(now_us)
            self._is_side_given_up = not self.advance_repetition()
            self._is_previous_given_up = not self._is_side_given_up
        elif self._nudge_us is not None and now_us >= self._nudge_us:
            self._nudge_us = None
            self.emit_cue(now_us, CueName.NUDGE)

    def _resume(self, now_us: int, since_us: int, reason: str = "standing") -> None:
        self.stop_repeating_cue(now_us)
        self._is_previous_given_up = False
        self.emit(Resumed(now_us, reason))
        if self._resumes_side_change:
            self._change_sides(now_us)
        elif self._is_side_given_up:
            self._is_side_given_up = False
            self.finish_side(now_us)
        else:
            self.on_resumed(now_us, since_us)

    # Changing sides, finishing, ending.

    def finish_side(self, now_us: int) -> None:
        self.emit_cue(now_us, CueName.SET_DONE)
        if self.turn_index + 1 < len(self.turns):
            self.turn_index += 1
            self.reset_for_side()
            self._change_sides(now_us)
        else:
            self.stop_repeating_cue(now_us)
            self.enter(ExercisePhase.DONE)
            self.outcome = "complete"

    def reset_for_side(self) -> None:
        """The next side starts with its first repetition."""

    @property
    def given_up_repetitions(self) -> int:
        """How many repetitions of this turn were begun, are not to be gone on with, and are still owed."""
        return int(self._is_previous_given_up)

    def remaining_of_turn(self, step: HoldStep | RepsStep) -> tuple[Step, ...]:
        """`step` for the current turn."""
        return (step if step.together else replace(step, sides=self._sides_of_turns(0, 1)),)

    def remaining_of_later_turns(self, step: HoldStep | RepsStep) -> tuple[Step, ...]:
        """`step` for those whose turn is still to come."""
        later = self._sides_of_turns(1, None)
        return (replace(step, sides=later),) if later else ()

    def _sides_of_turns(self, begin: int, end: int | None) -> tuple[Side, ...]:
        turns = self.turns[self.turn_index :][begin:end]
        return tuple(Side(legs) for legs in turns if legs is not BOTH_LEGS)

    def _change_sides(self, now_us: int) -> None:
        self.emit_cue(now_us, CueName.SWITCH, side=self.side)
        self._switch_cue_us = now_us
        if self.is_timer_only:
            self.prepare(now_us, now_us, self.rules.min_switch_us)
            return
        self.enter(ExercisePhase.SWITCH)
        assert self.side is not None  # both legs are one turn, which nothing is changed to
        self._side_change = SideChange(self.sensors, self.side, now_us)

    def _on_new_side_standing(self, now_us: int, since_us: int | None) -> None:
        """The new side stands, since `since_us`; or not yet."""
        if since_us is not None:
            self.prepare(now_us, since_us, max(self.rules.resume_prepare_us, self._remaining_switch_us(since_us)))

    def _remaining_switch_us(self, since_us: int) -> int:
        """What is left of the least time from SWITCH to GO."""
        return 0 if self._switch_cue_us is None else self._switch_cue_us + self.rules.min_switch_us - since_us

    def _switch_deadline_us(self) -> int:
        return (self._switch_cue_us or 0) + self.rules.switch_timeout_us

    def _side_change_due_us(self, side_change: SideChange) -> int:
        end_us = self._switch_deadline_us()
        return end_us if side_change.due_us is None else min(end_us, side_change.due_us)

    def _on_side_change_alarm(self, now_us: int, side_change: SideChange) -> None:
        if now_us >= self._switch_deadline_us():
            self.end_early(now_us, "nobody changed sides")
        else:
            self._on_new_side_standing(now_us, side_change.on_alarm())

    def end_early(self, now_us: int, reason: str) -> None:
        """End early; what was done has been said."""
        self.emit_cue(now_us, CueName.ENDED)
        self.emit(Ended(now_us, reason))
        self.enter(ExercisePhase.ENDED)
        self.outcome = "ended"

    def close(self, at_us: int) -> None:
        if self.is_repetition_started:
            self.give_up(at_us)
        self.stop_repeating_cue(at_us)
        self.enter(ExercisePhase.ENDED)
        self.outcome = "ended"

    # Alarms and commands.

    def resync_heels(self, at_us: int) -> None:
        before = self.stance_tracker.stance(self.plates)
        self.stance_tracker = StanceTracker(self.sensors)
        after = self.stance_tracker.stance(self.plates)
        if (
            not self.is_timer_only
            and self.phase not in (ExercisePhase.WAIT, ExercisePhase.SWITCH)
            and after.state is not before.state
        ):
            if after.state is HeelState.DOWN:
                self._on_stance_down(at_us, at_us)
            else:
                self._on_stance_up(at_us, at_us, is_lost=after.state is HeelState.UNKNOWN, side=None)
        self.set_due()

    @property
    def other_side(self) -> Side | None:
        return None if self._go_has_sounded or self.side is None else self.side.other

    def set_due(self) -> None:
        if self.outcome is not None:
            self.due_us = None
        elif self.phase is ExercisePhase.WAIT:
            waits = (self._wait_deadline_us, self._nudge_us, self._wrong_leg.due_us)
            self.due_us = min((at_us for at_us in waits if at_us is not None), default=None)
        elif self.phase is ExercisePhase.PREPARE:
            self.due_us = self._prepare_due_us()
        elif self.phase is ExercisePhase.PAUSED:
            self.due_us = self._pause_due_us()
        elif self._side_change is not None:
            self.due_us = self._side_change_due_us(self._side_change)
        else:
            self.due_us = self.work_due_us()

    def on_alarm(self, at_us: int) -> None:
        if self.phase is ExercisePhase.WAIT and self._wait_deadline_us is not None and at_us >= self._wait_deadline_us:
            self.end_early(at_us, "nobody changed sides" if self.stance_tracker.is_occupied else "nobody came back")
        elif (
            self.phase is ExercisePhase.WAIT and self._wrong_leg.due_us is not None and at_us >= self._wrong_leg.due_us
        ):
            self._wrong_leg.mark_reported()
            self.emit_cue(at_us, CueName.SWITCH, side=self.side)
        elif self.phase is ExercisePhase.WAIT:
            self._nudge_us = None
            self.emit_cue(at_us, CueName.NUDGE)
        elif self.phase is ExercisePhase.PREPARE:
            self._on_prepare_alarm(at_us)
        elif self.phase is ExercisePhase.PAUSED:
            self._on_pause_alarm(at_us)
        elif self._side_change is not None:
            self._on_side_change_alarm(at_us, self._side_change)
        else:
            self.on_work_alarm(at_us)
        self.set_due()

    def on_command(self, command: Command) -> None:
        now_us = command.at_us
        if self.outcome is not None:
            return
        if command.word is CommandName.STOP:
            if self.is_repetition_started:
                self.give_up(now_us)
            self.end_early(now_us, "stop")
        elif command.word is CommandName.PAUSE and self.phase not in (ExercisePhase.WAIT, ExercisePhase.PAUSED):
            if self.phase not in (ExercisePhase.PREPARE, ExercisePhase.SWITCH):
                self.suspend(now_us)
            self.pause(now_us, now_us, "command")
        elif (
            command.word is CommandName.RESUME
            and self.phase is ExercisePhase.PAUSED
            and (self.is_standing or self._resumes_side_change)
        ):
            self._resume(now_us, now_us, "command")
        elif command.word is CommandName.NEXT and self.phase is ExercisePhase.PREPARE:
            self._countdown.finish(now_us, is_running=self.is_standing or self._counts_without_standing)
        elif command.word is CommandName.NEXT:
            self.on_next(now_us)
        elif command.word is CommandName.SKIP:
            self._skip_repetition(now_us)
        elif (
            command.word is CommandName.SIDE
            and command.side is not None
            and not self._go_has_sounded
            and self.side is not None
        ):
            self._choose_side(now_us, command.side)
        self.set_due()

    def _skip_repetition(self, now_us: int) -> None:
        if self.phase in (ExercisePhase.WAIT, ExercisePhase.SWITCH):
            return
        if self.phase is ExercisePhase.PAUSED and self._is_side_given_up:
            self._is_side_given_up = False
            self.finish_side(now_us)
            return
        is_resting = self.phase in (ExercisePhase.REST, ExercisePhase.AWAY)
        if self.is_repetition_started:
            self.give_up(now_us)
        if not self.advance_repetition():
            self.finish_side(now_us)
        elif not is_resting:
            self.prepare(now_us, now_us, self.rules.resume_prepare_us)

    def _choose_side(self, now_us: int, side: Side) -> None:
        self.turns = (side,) if len(self.turns) == 1 else (side, side.other)
        if self.phase is ExercisePhase.PREPARE or (
            self.phase is ExercisePhase.WAIT and self.is_standing and not self.is_timer_only
        ):
            self.prepare(now_us, now_us, self._prepare_us)

    def preparation_clock(self, at_us: int) -> ShownClock | None:
        """The countdown to GO; `None` outside the preparation."""
        if self.phase is not ExercisePhase.PREPARE:
            return None
        countdown = self._countdown
        return ShownClock("prepare", countdown.stood_us(at_us), countdown.need_us, int(countdown.is_running))
