"""The frame of every exercise: wait, prepare, work, pause, change sides, end.

The heels of the working legs count, one or both; the other heel counts while the sides change. Both heels together are
down when both are, and up when either is. The rules that a table of phases does not show:

- A lost heel sensor counts as a person who is not there: nothing is credited after its last good sample, and after
  three seconds the exercise pauses.
- The 15 and 60 seconds of a pause count from the lift or the command that led to it.
- PAUSED is the first sound of a pause; NUDGE follows after its own delay.
- A pause in a side change resumes with the side change.
- The command `side` works until the first GO of the exercise.
- In REST, `skip` omits the next repetition and the rest continues.
- After another step, an exercise that needs no heel begins wherever the person is; one that needs a heel calls the
  person back from the floor, with READY and then NUDGE, for three minutes.
- A person who stands on the wrong leg gets SWITCH after two seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from station.core.activities.board_call import BoardCall
from station.core.activities.exercise_rules import ExercisePhase, ExerciseRules
from station.core.activities.exercise_work import ExerciseWork
from station.core.activities.pause import AfterPause, Pause
from station.core.activities.phases import PhasedActivity
from station.core.activities.preparation import Preparation
from station.core.activities.side_change import SideChange
from station.core.activities.standing_countdown import StandingCountdown
from station.core.activities.turns import Turns
from station.core.activities.waiting import WaitAlarm
from station.core.activities.working_heels import HeelMove, Move, WorkingHeels
from station.core.events import Command, CommandName, Side
from station.core.facts import CueName, Ended, Paused, Resumed
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, KneeChange
from station.core.state import ResumeNeed, ShownClock
from station.core.steps import HeelRule, HoldStep, RepsStep


class ExerciseActivity(PhasedActivity[ExercisePhase], ExerciseWork):
    """Takes one exercise through its turns; the subclass adds the work."""

    def __init__(
        self,
        step: HoldStep | RepsStep,
        sensors: BoardSensors,
        *,
        is_first_step: bool = True,
        rules: ExerciseRules | None = None,
    ) -> None:
        """With `is_first_step` false, after another step, the person is called to the board or to change sides."""
        super().__init__(sensors, ExercisePhase.WAIT)
        self.rules = rules or ExerciseRules()
        self.turns = Turns(step.turns)
        self.heels = WorkingHeels(sensors, self.turns, are_needed=step.heel is not HeelRule.ANY)
        self._is_seated = step.heel is HeelRule.LIGHT
        self._is_first_step = is_first_step
        self._call = BoardCall(self.heels, self.rules)
        self._preparation = Preparation(step.prepare_us, self.rules, is_off_board=step.prepare_off)
        self._countdown = StandingCountdown(0, 0, is_standing=False, max_absence_us=0)
        self._pause = Pause()
        self._side_change: SideChange | None = None
        self._go_has_sounded = False

    @property
    def other_side(self) -> Side | None:
        side = self.turns.side
        return None if self._go_has_sounded or side is None else side.other

    @property
    def commands(self) -> frozenset[CommandName]:
        found = set()
        if self.phase not in (ExercisePhase.WAIT, ExercisePhase.PAUSED):
            found.add(CommandName.PAUSE)
        if self.phase is ExercisePhase.PREPARE or self.has_next:
            found.add(CommandName.NEXT)
        if self.phase not in (ExercisePhase.WAIT, ExercisePhase.SWITCH):
            found.add(CommandName.SKIP)
        if self.other_side is not None:
            found.add(CommandName.SIDE)
        return frozenset(found)

    @property
    def given_up_repetitions(self) -> int:
        """How many repetitions of this turn the pause has given up; they are still owed."""
        return int(self._pause.then is AfterPause.NEXT_REPETITION)

    def watched_sides(self) -> Sequence[Side]:
        if self.phase is ExercisePhase.SWITCH:
            return tuple(Side)
        return () if not self.heels.are_needed and self.phase is not ExercisePhase.WAIT else self.turns.sides

    def configure_sensors(self) -> None:
        self.sensors.configure(is_seated=self._is_seated)

    # Waiting.

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        begins_anywhere = not self.heels.are_needed and not self._is_first_step
        if self._call.is_answered or begins_anywhere:
            self.prepare(at_us, at_us, self._preparation.full_us)
        elif self._is_first_step:
            self._call.wait(at_us)
        else:
            self.emit_cue(at_us, self._call.call(at_us), side=self.turns.side)
        self.set_due()

    def _on_wait_alarm(self, now_us: int) -> None:
        alarm = self._call.on_alarm(now_us)
        if alarm is WaitAlarm.TIMEOUT:
            self.end_early(now_us, "nobody changed sides" if self.heels.is_occupied else "nobody came back")
        elif alarm is WaitAlarm.WRONG_LEG:
            self.emit_cue(now_us, CueName.SWITCH, side=self.turns.side)
        elif alarm is WaitAlarm.NUDGE:
            self.emit_cue(now_us, CueName.NUDGE)

    # What the heels do.

    def on_change(self, change: Change) -> None:
        if not isinstance(change, KneeChange) and change.side is not None:
            move = self.heels.update(change)
            if self._side_change is not None:
                since_us = self._side_change.on_change(change)
                if not self._side_change.is_old_heel_down:
                    self.stop_repeating_cue(change.at_us)
                self._on_new_side(change.at_us, since_us)
            elif self.phase is ExercisePhase.WAIT:
                since_us = self._call.on_change(change, move)
                if since_us is not None:
                    self.prepare(change.at_us, since_us, self._preparation.full_us)
            elif not self.heels.are_needed:
                if self.phase is ExercisePhase.PAUSED and isinstance(change, HeelChange) and change.down:
                    self._resume(change.at_us, change.since_us)
            elif move is not None:
                self._on_heel_move(change.at_us, move)
        self.set_due()

    def _on_heel_move(self, now_us: int, move: HeelMove) -> None:
        if self.phase is ExercisePhase.PREPARE:
            if move.kind is not Move.DOWN:
                self._countdown.stop(move.since_us)
            elif self._countdown.was_away(move.since_us):  # a first reference reports an absence after its end
                self.pause(now_us, self._countdown.stopped_since_us, "heel up")
                self._resume(now_us, move.since_us)
            else:
                self._countdown.start(move.since_us)
            return
        if self.phase is ExercisePhase.PAUSED:
            if move.kind is Move.DOWN:
                self._resume(now_us, move.since_us)
                return
            if move.kind is not Move.UP or not self.resumes_unprepared:
                return
            self._resume(now_us, move.since_us, "moving")
        if move.kind is Move.DOWN:
            self.on_heel_down(now_us, move.since_us)
        elif move.kind is Move.STOPPED_EARLIER:
            self.on_stopped_earlier(move.since_us)
        else:
            self.on_heel_up(now_us, move.since_us, is_lost=move.kind is Move.LOST)

    def resync_heels(self, at_us: int) -> None:
        move = self.heels.resync(at_us)
        is_awaited = self.phase in (ExercisePhase.WAIT, ExercisePhase.SWITCH)
        if move is not None and self.heels.are_needed and not is_awaited:
            self._on_heel_move(at_us, move)
        self.set_due()

    # Preparing.

    def prepare(self, now_us: int, since_us: int, need_us: int) -> None:
        """Count down `need_us` of standing, from `since_us` on."""
        self.enter(ExercisePhase.PREPARE)
        self._side_change = None
        self._countdown = self._preparation.countdown(now_us, since_us, need_us, is_standing=self.heels.are_as_needed)
        self.emit_cue(now_us, CueName.READY, side=self.turns.side)

    def prepare_again(self, now_us: int, since_us: int) -> None:
        """Prepare a person who has come back: briefly, but with no GO before a side change allows it."""
        self.prepare(now_us, since_us, self._preparation.short_us(since_us))

    def _on_prepare_alarm(self, now_us: int) -> None:
        if not self._countdown.is_running:
            self.pause(now_us, self._countdown.stopped_since_us, "heel up" if self.heels.are_up else "no heel")
        elif not self._countdown.is_over(now_us):
            self.emit_tick(now_us, self._countdown.pop_tick(now_us))
        elif self.heels.are_as_needed:
            self.start_work(now_us)
        else:  # GO waits for a person who is not back, and a short preparation follows
            self.enter(ExercisePhase.WAIT)
            self._preparation.on_call_back()
            self.emit_cue(now_us, self._call.call_back(now_us))

    def emit_tick(self, now_us: int, count: int | None) -> None:
        if count is not None:
            self.emit_cue(now_us, CueName.COUNT, count=count)

    def start_work(self, now_us: int) -> None:
        """Sound GO."""
        for plate in self.heels.plates:
            if plate.load is not None and self.heels.are_needed:
                plate.load.update_reference(now_us)
        self._go_has_sounded = True
        self._preparation.on_go()
        self.emit_cue(now_us, CueName.GO)
        self.on_go(now_us)

    # Pausing.

    def pause(self, now_us: int, since_us: int, reason: str) -> None:
        """Pause, counted from `since_us`, when the person stopped working."""
        self._pause = Pause.begin(
            now_us,
            since_us,
            self.rules,
            gives_up=self.is_repetition_started and self.gives_up_in_pause,
            is_in_side_change=self._side_change is not None,
        )
        self._side_change = None
        self.enter(ExercisePhase.PAUSED)
        self.emit(Paused(now_us, reason))
        self.emit_cue(now_us, CueName.PAUSED)

    def _on_pause_alarm(self, now_us: int) -> None:
        alarm = self._pause.waiting.on_alarm(now_us)
        if alarm is WaitAlarm.TIMEOUT:
            self.end_early(now_us, "nobody came back")
        elif alarm is WaitAlarm.GIVE_UP:
            self.give_up(now_us)
            self._pause.then = AfterPause.NEXT_REPETITION if self.advance_repetition() else AfterPause.NEXT_SIDE
        elif alarm is WaitAlarm.NUDGE:
            self.emit_cue(now_us, CueName.NUDGE)

    def _resume(self, now_us: int, since_us: int, reason: str = "standing") -> None:
        then, self._pause = self._pause.then, Pause()
        self.stop_repeating_cue(now_us)
        self.emit(Resumed(now_us, reason))
        if then is AfterPause.SIDE_CHANGE:
            self._change_sides(now_us)
        elif then is AfterPause.NEXT_SIDE:
            self.finish_side(now_us)
        elif self.resumes_unprepared:
            self.on_resumed(now_us, since_us)
        else:
            self.prepare_again(now_us, since_us)

    @property
    def resume_needs(self) -> ResumeNeed | None:
        """What the pause waits for; `None` outside one."""
        if self.phase is not ExercisePhase.PAUSED or self._pause.then is AfterPause.SIDE_CHANGE:
            return None
        if self.heels.are_as_needed:
            return None
        return ResumeNeed.HEEL_SENSOR if self.heels.is_sensor_lost else ResumeNeed.HEEL

    # Changing sides and ending.

    def finish_side(self, now_us: int) -> None:
        self.emit_cue(now_us, CueName.SET_DONE)
        if self.turns.advance():
            self.reset_for_side()
            self._change_sides(now_us)
        else:
            self.stop_repeating_cue(now_us)
            self.enter(ExercisePhase.DONE)
            self.outcome = "complete"

    def _change_sides(self, now_us: int) -> None:
        side = self.turns.side
        self.emit_cue(now_us, CueName.SWITCH, side=side)
        self._preparation.on_side_change(now_us)
        if not self.heels.are_needed:
            self.prepare(now_us, now_us, self.rules.min_switch_us)
        else:
            assert side is not None  # both legs are one turn, so no side change leads to it
            self.enter(ExercisePhase.SWITCH)
            self._side_change = SideChange(self.sensors, side, now_us, self.rules.switch_timeout_us)

    def _on_new_side(self, now_us: int, since_us: int | None) -> None:
        if since_us is not None:
            self.prepare_again(now_us, since_us)

    def _on_side_change_alarm(self, now_us: int) -> None:
        assert self._side_change is not None
        if self._side_change.has_timed_out(now_us):
            self.end_early(now_us, "nobody changed sides")
        elif self._side_change.pop_nudge(now_us):
            self.emit_cue(now_us, CueName.NUDGE)
        else:
            self._on_new_side(now_us, self._side_change.on_alarm())

    def end_early(self, now_us: int, reason: str) -> None:
        """End before the exercise is complete, and report what was done."""
        if self.is_repetition_started:
            self.give_up(now_us)
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

    # Alarms.

    def _next_alarm(self) -> tuple[int | None, Callable[[int], None]]:
        """When the current phase next needs an alarm, and what handles it."""
        if self.phase is ExercisePhase.WAIT:
            return self._call.due_us, self._on_wait_alarm
        if self.phase is ExercisePhase.PREPARE:
            return self._countdown.due_us, self._on_prepare_alarm
        if self.phase is ExercisePhase.PAUSED:
            return self._pause.waiting.due_us, self._on_pause_alarm
        if self._side_change is not None:
            return self._side_change.due_us, self._on_side_change_alarm
        return self.work_due_us(), self.on_work_alarm

    def set_due(self) -> None:
        self.due_us = None if self.outcome is not None else self._next_alarm()[0]

    def on_alarm(self, at_us: int) -> None:
        _, handle = self._next_alarm()
        handle(at_us)
        self.set_due()

    # Commands.

    def on_command(self, command: Command) -> None:
        if self.outcome is not None:
            return
        now_us = command.at_us
        match command.word:
            case CommandName.STOP:
                self.end_early(now_us, "stop")
            case CommandName.PAUSE:
                if self.phase not in (ExercisePhase.PREPARE, ExercisePhase.SWITCH):
                    self.suspend(now_us)
                self.pause(now_us, now_us, "command")
            case CommandName.RESUME if self.phase is ExercisePhase.PAUSED:
                if self.resume_needs is None:
                    self._resume(now_us, now_us, "command")
                else:
                    self.emit_cue(now_us, CueName.NO)
            case CommandName.NEXT if self.phase is ExercisePhase.PREPARE:
                self._countdown.skip(now_us)
            case CommandName.NEXT:
                self.on_next(now_us)
            case CommandName.SKIP:
                self._skip_repetition(now_us)
            case CommandName.SIDE if command.side is not None:
                self._choose_side(now_us, command.side)
        self.set_due()

    def _skip_repetition(self, now_us: int) -> None:
        is_side_over = self.phase is ExercisePhase.PAUSED and self._pause.then is AfterPause.NEXT_SIDE
        self._pause = Pause()
        if self.is_repetition_started:
            self.give_up(now_us)
        if is_side_over or not self.advance_repetition():
            self.finish_side(now_us)
        elif self.phase not in (ExercisePhase.REST, ExercisePhase.AWAY):
            self.prepare(now_us, now_us, self.rules.resume_prepare_us)

    def _choose_side(self, now_us: int, side: Side) -> None:
        self.turns.choose(side)
        is_waiting_in_place = self.phase is ExercisePhase.WAIT and self.heels.are_down and self.heels.are_needed
        if self.phase is ExercisePhase.PREPARE or is_waiting_in_place:
            self.prepare(now_us, now_us, self._preparation.full_us)

    def preparation_clock(self, at_us: int) -> ShownClock | None:
        """The countdown to GO; `None` outside the preparation."""
        if self.phase is not ExercisePhase.PREPARE:
            return None
        countdown = self._countdown
        return ShownClock("prepare", countdown.stood_us(at_us), countdown.need_us, int(countdown.is_running))
