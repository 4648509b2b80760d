"""What holds and repetitions have in common: waiting, preparing, pausing, changing sides, ending.

Only the heel of the side at work matters; the other one matters while the sides change. What the flows leave open is
answered here so:

- A heel sensor that is lost counts as a person who is not there: nothing is credited after its last good sample, and
  after three seconds it is a pause.
- The 15 and 60 seconds of a pause count from the lift that led to it, or from the command.
- NUDGE follows PAUSED after its own period, so that the first sound in a pause is PAUSED alone.
- A pause in a side change goes back to the side change.
- `side` is obeyed until the first GO of the exercise.
- In REST, `skip` leaves out the coming repetition and the rest goes on.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from station.core import records as r
from station.core.activity import Activity
from station.core.picture import Picture
from station.core.records import SECOND_US, CueName, Side, Word
from station.core.senses import Change, HeelChange, Senses, SensorChange
from station.core.side_change import SideChange
from station.core.steps import HeelRule


@dataclass(frozen=True, slots=True)
class ExerciseRules:
    resume_us: int = 5 * SECOND_US
    """The shorter preparation of somebody who is coming back."""
    pause_us: int = 3 * SECOND_US
    give_up_us: int = 15 * SECOND_US
    end_us: int = 60 * SECOND_US
    nudge_us: int = 2_500_000
    switch_us: int = 10 * SECOND_US
    """At least so long from SWITCH to GO: people turn round, and some sit down for it."""
    switch_end_us: int = 90 * SECOND_US
    grace_us: int = 500_000
    last_ticks: tuple[int, ...] = (3, 2, 1)


class Exercise(Activity):
    """The frame of an exercise: subclasses say what its work is (`go`, `work_*`) and what is stored of it."""

    name: ClassVar[str]
    gives_up: ClassVar[bool] = True
    """Whether a long pause gives the repetition at hand up; a count is kept until the end."""

    def __init__(
        self,
        senses: Senses,
        sides: Sequence[Side],
        prepare_us: int,
        heel: HeelRule = HeelRule.DOWN,
        *,
        first: bool = True,
        rules: ExerciseRules | None = None,
    ) -> None:
        """`first` is false where another step came before, so that the person is told to change sides."""
        super().__init__(senses)
        self.rules = rules or ExerciseRules()
        self.sides = tuple(sides)
        self.phase = "wait"
        self.at_side = 0
        self.begun = False
        """Whether the repetition at hand has had its GO."""
        self._any_go = False
        self._prepare_us = prepare_us
        self._heel_rule = heel
        self._first = first
        self._began_us = 0
        self._need_us = 0
        self._stood_us = 0
        self._stand_from_us: int | None = None
        self._ticks: set[int] = set()
        self.off_us = 0
        self._paused_us = 0
        self._nudge_us: int | None = None
        self._gave_up = False
        self._side_given_up = False
        self._back_to_switch = False
        self._switch_us: int | None = None
        self._switch: SideChange | None = None

    # What a subclass adds.

    @abstractmethod
    def go(self, now_us: int) -> None:
        """GO has sounded."""

    @abstractmethod
    def work_on(self, now_us: int, since_us: int) -> None:
        """The heel is back."""

    @abstractmethod
    def work_off(self, now_us: int, since_us: int, *, lost: bool) -> None:
        """The heel is up, or its sensor lost."""

    @abstractmethod
    def work_alarm(self, now_us: int) -> None:
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
    def advance(self) -> bool:
        """Go on to the next repetition of this side; false when there is none."""

    def work_next(self, now_us: int) -> None:
        """`next` outside a preparation."""

    def resume(self, now_us: int, since_us: int) -> None:
        """The person is back from a pause."""
        self.prepare(now_us, since_us, max(self.rules.resume_us, self._left_of_switch_us(since_us)))

    # The senses, in the exercise's own words.

    @property
    def side(self) -> Side:
        return self.sides[self.at_side]

    @property
    def timer_only(self) -> bool:
        """A plain timer, which asks for no heel."""
        return self._heel_rule is HeelRule.ANY

    @property
    def standing(self) -> bool:
        return self.timer_only or self.senses.heel(self.side).trusted_down

    def minds(self) -> Sequence[Side]:
        if self.phase == "switch":
            return tuple(Side)
        return () if self.timer_only and self.phase != "wait" else (self.side,)

    def begin(self, at_us: int) -> None:
        self.senses.toe.measure(False)
        self._began_us = at_us
        if any(self.senses.heel(side).trusted_down for side in self._wanted()):
            self.prepare(at_us, at_us, self._prepare_us)
        elif not self._first:
            self.cue(at_us, CueName.SWITCH, side=self.side)
        self.set_due()

    def _wanted(self) -> Sequence[Side]:
        return tuple(Side) if self.timer_only else (self.side,)

    def change(self, change: Change) -> None:
        if isinstance(change, HeelChange):
            self._heel(change)
        elif isinstance(change, SensorChange) and change.side is not None:
            self._sensor(change, change.side)
        self.set_due()

    def _heel(self, change: HeelChange) -> None:
        plate = self.senses.heel(change.side)
        if self._switch is not None:
            self._stands(change.at_us, self._switch.heel(change))
        elif self.phase == "wait":
            if change.down and any(plate is self.senses.heel(side) for side in self._wanted()):
                self.prepare(change.at_us, max(change.since_us, self._began_us), self._prepare_us, stood=True)
        elif plate is self.senses.heel(self.side) and plate.lost_why is None and not self.timer_only:
            if change.down:
                self._on(change.at_us, change.since_us)
            else:
                self._off(change.at_us, change.since_us, lost=False)

    def _sensor(self, change: SensorChange, side: Side) -> None:
        plate = self.senses.heel(side)
        if self.phase == "wait" or self.timer_only or plate is not self.senses.heel(self.side):
            return
        if self._switch is not None:
            self._stands(change.at_us, self._switch.sensor(change))
        elif plate.down is True and change.lost:
            self._off(change.at_us, change.since_us, lost=True)
        elif plate.down is True:
            self._on(change.at_us, change.since_us)
        elif not change.lost:
            self._off(change.at_us, plate.belief.since_us, lost=False)

    def _on(self, now_us: int, since_us: int) -> None:
        if self.phase == "prepare":
            self._stand_from_us = since_us
        elif self.phase == "paused":
            self._come_back(now_us, since_us)
        else:
            self.work_on(now_us, since_us)

    def _off(self, now_us: int, since_us: int, *, lost: bool) -> None:
        self.off_us = since_us
        if self.phase == "prepare":
            self._stop_standing(since_us)
        elif self.phase != "paused":
            self.work_off(now_us, since_us, lost=lost)

    # Preparing.

    def prepare(self, now_us: int, since_us: int, need_us: int, *, stood: bool = False) -> None:
        """Count `need_us` of standing down, beginning at `since_us`. `stood` is for a step on that is told late."""
        self.phase, self._switch = "prepare", None
        self._need_us, self._stood_us = need_us, 0
        self._ticks = {n for n in self.rules.last_ticks if n * SECOND_US < need_us}
        if stood or self.standing:
            self._stand_from_us = since_us
        else:
            self._stand_from_us, self.off_us = None, now_us
        self.cue(now_us, CueName.READY, side=self.side)

    def _stop_standing(self, since_us: int) -> None:
        if self._stand_from_us is not None:
            self._stood_us += max(0, since_us - self._stand_from_us)
            self._stand_from_us = None

    def _stood(self, now_us: int) -> int:
        running_us = 0 if self._stand_from_us is None else now_us - self._stand_from_us
        return min(self._need_us, self._stood_us + running_us)

    def _prepare_due_us(self) -> int:
        if self._stand_from_us is None:
            return self.off_us + self.rules.pause_us
        left_us = max(self._ticks, default=0) * SECOND_US
        return self._stand_from_us + self._need_us - left_us - self._stood_us

    def _prepare_alarm(self, now_us: int) -> None:
        if self._stand_from_us is None:
            self.pause(now_us, self.off_us, "heel up" if self._lifted() else "no heel")
            return
        left_us = self._need_us - self._stood(now_us)
        if left_us <= 0:
            self.start_work(now_us)
        else:
            self.count_down(now_us, left_us, self._ticks)

    def count_down(self, now_us: int, left_us: int, ticks: set[int]) -> None:
        """Sound the tick whose time has come; one that was waited past is not made up for."""
        passed = {n for n in ticks if n * SECOND_US >= left_us}
        if passed:
            ticks -= passed
            self.cue(now_us, CueName.COUNT, count=min(passed))

    def start_work(self, now_us: int) -> None:
        """GO."""
        load = self.senses.heel(self.side).load
        if load is not None and not self.timer_only:
            load.renew(now_us)
        self._any_go, self._switch_us = True, None
        self.cue(now_us, CueName.GO)
        self.go(now_us)

    # Pausing and coming back.

    def _lifted(self) -> bool:
        return self.senses.heel(self.side).down is False

    def pause(self, now_us: int, since_us: int, why: str) -> None:
        self._back_to_switch = self._switch is not None
        self.phase, self._switch = "paused", None
        self._paused_us, self._nudge_us = since_us, now_us + self.rules.nudge_us
        self._gave_up = not (self.begun and self.gives_up)
        self.say(r.Paused(now_us, why))
        self.cue(now_us, CueName.PAUSED)

    def _pause_due_us(self) -> int:
        dues = [self._paused_us + self.rules.end_us]
        if not self._gave_up:
            dues.append(self._paused_us + self.rules.give_up_us)
        if self._nudge_us is not None:
            dues.append(self._nudge_us)
        return min(dues)

    def _pause_alarm(self, now_us: int) -> None:
        if now_us >= self._paused_us + self.rules.end_us:
            if self.begun:
                self.give_up(now_us)
            self.end(now_us, "nobody came back")
        elif not self._gave_up and now_us >= self._paused_us + self.rules.give_up_us:
            self._gave_up = True
            self.give_up(now_us)
            self._side_given_up = not self.advance()
        elif self._nudge_us is not None and now_us >= self._nudge_us:
            self._nudge_us = None
            self.cue(now_us, CueName.NUDGE)

    def _come_back(self, now_us: int, since_us: int, why: str = "standing") -> None:
        self.hush(now_us)
        self.say(r.Resumed(now_us, why))
        if self._back_to_switch:
            self._change_sides(now_us)
        elif self._side_given_up:
            self._side_given_up = False
            self.finish_side(now_us)
        else:
            self.resume(now_us, since_us)

    # Changing sides, finishing, ending.

    def finish_side(self, now_us: int) -> None:
        self.cue(now_us, CueName.SET_DONE)
        if self.at_side + 1 < len(self.sides):
            self.at_side += 1
            self.next_side()
            self._change_sides(now_us)
        else:
            self.hush(now_us)
            self.phase, self.over = "done", "complete"

    def next_side(self) -> None:
        """A new side is at work: its repetitions begin anew."""

    def _change_sides(self, now_us: int) -> None:
        self.cue(now_us, CueName.SWITCH, side=self.side)
        self._switch_us = now_us
        if self.timer_only:
            self.prepare(now_us, now_us, self.rules.switch_us)
            return
        self.phase = "switch"
        self._switch = SideChange(self.senses, self.side, now_us)

    def _stands(self, now_us: int, since_us: int | None) -> None:
        """The new side stands, since `since_us`; or not yet."""
        if since_us is not None:
            self.prepare(now_us, since_us, max(self.rules.resume_us, self._left_of_switch_us(since_us)))

    def _left_of_switch_us(self, since_us: int) -> int:
        """What is left of the least time from SWITCH to GO."""
        return 0 if self._switch_us is None else self._switch_us + self.rules.switch_us - since_us

    def _switch_end_us(self) -> int:
        return (self._switch_us or 0) + self.rules.switch_end_us

    def _switch_due_us(self, switch: SideChange) -> int:
        end_us = self._switch_end_us()
        return end_us if switch.due_us is None else min(end_us, switch.due_us)

    def _switch_alarm(self, now_us: int, switch: SideChange) -> None:
        if now_us >= self._switch_end_us():
            self.end(now_us, "nobody changed sides")
        else:
            self._stands(now_us, switch.alarm())

    def end(self, now_us: int, why: str) -> None:
        """End early; what was done has been said."""
        self.cue(now_us, CueName.ENDED)
        self.say(r.Ended(now_us, why))
        self.phase, self.over = "ended", "ended"

    def close(self, at_us: int) -> None:
        if self.begun:
            self.give_up(at_us)
        self.hush(at_us)
        self.phase, self.over = "ended", "ended"

    # Alarms and commands.

    def set_due(self) -> None:
        if self.over is not None:
            self.due_us = None
        elif self.phase == "wait":
            self.due_us = None if self._first else self._began_us + self.rules.switch_end_us
        elif self.phase == "prepare":
            self.due_us = self._prepare_due_us()
        elif self.phase == "paused":
            self.due_us = self._pause_due_us()
        elif self._switch is not None:
            self.due_us = self._switch_due_us(self._switch)
        else:
            self.due_us = self.work_due_us()

    def alarm(self, at_us: int) -> None:
        if self.phase == "wait":
            self.end(at_us, "nobody changed sides")
        elif self.phase == "prepare":
            self._prepare_alarm(at_us)
        elif self.phase == "paused":
            self._pause_alarm(at_us)
        elif self._switch is not None:
            self._switch_alarm(at_us, self._switch)
        else:
            self.work_alarm(at_us)
        self.set_due()

    def command(self, command: r.Command) -> None:
        now_us = command.at_us
        if self.over is not None:
            return
        if command.word is Word.STOP:
            if self.begun:
                self.give_up(now_us)
            self.end(now_us, "stop")
        elif command.word is Word.PAUSE and self.phase not in ("wait", "paused"):
            if self.phase not in ("prepare", "switch"):
                self.suspend(now_us)
            self.pause(now_us, now_us, "command")
        elif command.word is Word.RESUME and self.phase == "paused" and (self.standing or self._back_to_switch):
            self._come_back(now_us, now_us, "command")
        elif command.word is Word.NEXT and self.phase == "prepare":
            self._stood_us, self._ticks = self._need_us, set()
            self._stand_from_us = now_us if self.standing else None
        elif command.word is Word.NEXT:
            self.work_next(now_us)
        elif command.word is Word.SKIP:
            self._skip(now_us)
        elif command.word is Word.SIDE and command.side is not None and not self._any_go:
            self._choose_side(now_us, command.side)
        self.set_due()

    def _skip(self, now_us: int) -> None:
        if self.phase in ("wait", "switch"):
            return
        if self.phase == "paused" and self._side_given_up:
            self._side_given_up = False
            self.finish_side(now_us)
            return
        resting = self.phase in ("rest", "away")
        if self.begun:
            self.give_up(now_us)
        if not self.advance():
            self.finish_side(now_us)
        elif not resting:
            self.prepare(now_us, now_us, self.rules.resume_us)

    def _choose_side(self, now_us: int, side: Side) -> None:
        self.sides = (side,) if len(self.sides) == 1 else (side, side.other)
        if self.phase == "prepare" or (self.phase == "wait" and self.standing and not self.timer_only):
            self.prepare(now_us, now_us, self._prepare_us)

    def frame(self, at_us: int) -> Picture:
        """What there is to see of the frame at this moment."""
        preparing = self.phase == "prepare"
        return Picture(
            activity=self.name,
            phase=self.phase,
            side=self.side,
            counting="prepare" if preparing else None,
            counted_us=self._stood(at_us) if preparing else 0,
            target_us=self._need_us if preparing else 0,
            rate=1 if preparing and self._stand_from_us is not None else 0,
        )
