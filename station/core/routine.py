"""A routine: steps in order, each an activity of its own, on the same senses.

A step that ends early ends the routine: whoever left is not led on. COMPLETE sounds once, at the very end (a test says
it for itself, with its result), but not after the ERROR of a check that found the calibration out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from station.core import records as r
from station.core.activity import Activity
from station.core.calibrate import Calibrate
from station.core.check import Check
from station.core.hold import Hold
from station.core.knee_to_wall import KneeToWall
from station.core.picture import Picture
from station.core.records import CueName, Event, Side
from station.core.reps import Reps
from station.core.rest import Rest
from station.core.senses import Change, Senses
from station.core.steps import CalibrateStep, CheckStep, HoldStep, RepsStep, RestStep, Routine, Step, TestStep


class RoutineRun(Activity):
    """Leads through the steps of `routine`."""

    def __init__(self, routine: Routine, senses: Senses) -> None:
        """Raises ValueError when there is no step."""
        super().__init__(senses)
        if not routine:
            raise ValueError("a routine needs at least one step")
        self._routine = routine
        self._at_step = 0
        self._step = self._activity_of(routine[0])

    def _activity_of(self, step: Step) -> Activity:
        first = self._at_step == 0
        match step:
            case HoldStep():
                return Hold(step, self.senses, first=first)
            case RepsStep():
                return Reps(step, self.senses, first=first)
            case RestStep():
                return Rest(step, self.senses)
            case TestStep():
                return KneeToWall(step, self.senses, last=self._at_step + 1 == len(self._routine))
            case CalibrateStep():
                return Calibrate(step, self.senses)
            case CheckStep():
                return Check(step, self.senses)

    def begin(self, at_us: int) -> None:
        self._begin_step(at_us)

    def _begin_step(self, at_us: int) -> None:
        if len(self._routine) > 1:
            self.say(r.StepBegun(at_us, self._at_step))
        self._step.begin(at_us)
        self._follow(at_us)

    def _follow(self, at_us: int) -> None:
        """Take over what the step has said; go on to the next one when it is over."""
        self.facts += self._step.facts
        self._step.facts = []
        self.due_us = self._step.due_us
        if self._step.over == "ended":
            self.over, self.due_us = "ended", None
        elif self._step.over == "complete" and self._at_step + 1 < len(self._routine):
            self._at_step += 1
            self._step = self._activity_of(self._routine[self._at_step])
            self._begin_step(at_us)
        elif self._step.over == "complete":
            if not isinstance(self._step, KneeToWall) and not (isinstance(self._step, Check) and self._step.out):
                self.cue(at_us, CueName.COMPLETE)
            self.say(r.Completed(at_us))
            self.over, self.due_us = "complete", None

    def change(self, change: Change) -> None:
        self._step.change(change)
        self._follow(change.at_us)

    def row(self, event: Event) -> None:
        self._step.row(event)
        self.due_us = self._step.due_us

    def alarm(self, at_us: int) -> None:
        self._step.alarm(at_us)
        self._follow(at_us)

    def command(self, command: r.Command) -> None:
        self._step.command(command)
        self._follow(command.at_us)

    def close(self, at_us: int) -> None:
        self._step.close(at_us)
        self._follow(at_us)

    def minds(self) -> Sequence[Side]:
        return self._step.minds()

    def picture(self, at_us: int) -> Picture:
        return replace(self._step.picture(at_us), step=self._at_step, steps=len(self._routine))
