"""What a person knows without looking at the page: the routine, learnt beforehand, and from the sounds the place in it.

Everything that a person reads on the page (`PageView`) has its counterpart here. In a test, YES and NO say which way to
slide the board, and the ticks how far.
"""

from __future__ import annotations

from collections.abc import Collection

from station.core.activities.questions import FELT_QUESTION, PAIN_BY_TAPS, PAIN_QUESTION, PLACE_BY_TAPS
from station.core.events import BOTH_LEGS, Legs
from station.core.facts import Cue, CueName
from station.core.measurement.target import ON_TARGET_MM
from station.core.sound.target_ticks import FAR_MM, QUICKEST_INTERVAL_US, SLOWEST_INTERVAL_US
from station.core.steps import AskStep, HoldStep, RepsStep, RestStep, Routine, SetupStep, Step, TestStep, is_verified

QUESTIONS = (FELT_QUESTION, PAIN_QUESTION)
WAYS = {CueName.YES: 1, CueName.NO: -1}
"""The direction of the next target: away from the wall, or towards it."""
OVERSHOT_MM = 4.0
"""Ticks that slow down by this much mean that the board has passed the target."""
TICK_TOLERANCE_US = 15_000
"""How well people can tell two tick rates apart: they notice 26 ms in one second, and ticks repeat."""


class RememberedRoutine:
    """A routine known by heart, and the place in it. The board's position is not remembered: the sounds ask for it."""

    def __init__(self, routine: Routine, sounds: Collection[CueName]) -> None:
        """`sounds` are the cues that the person has learnt; they ignore all others."""
        self._steps = [step for step in routine if not isinstance(step, SetupStep)]
        self._sounds = sounds
        self._turns_done = self._answers = 0
        self._is_board_to_be_laid = False
        self._side: Legs | None = None
        self._way = 0
        self._last_tick_us = 0
        self._off_mm: float | None = None
        """The distance to the target according to the ticks; `None` before the first one."""
        self._least_off_mm = FAR_MM

    def understand(self, cue: Cue) -> Cue | None:
        """The cue as the person understands it; `None` if they have not learnt it. While a question is open, a single
        tick is the echo of a single tap."""
        if cue.cue is CueName.STEP_ON and isinstance(self._step, TestStep):
            self._on_tick(cue.at_us)
        if cue.cue is CueName.STEP_ON and isinstance(self._step, AskStep):
            cue = Cue(cue.at_us, CueName.ECHO, 1)
        return cue if cue.cue in self._sounds else None

    def on_cue(self, cue: Cue) -> bool:
        """Follow a cue to the next place; returns whether it changed the place."""
        before = (len(self._steps), self._turns_done, self._answers, self._is_board_to_be_laid, self._side)
        if isinstance(self._step, RestStep) and cue.cue in (CueName.READY, CueName.SWITCH, CueName.ASK):
            self._begin_next_step()
        match self._step, cue.cue:
            case _, CueName.READY | CueName.SWITCH:
                self._is_board_to_be_laid = False
                self._side = cue.side or self._side
            case AskStep(), CueName.ECHO:
                self._answers += 1
                if self._answers == len(QUESTIONS):
                    self._begin_next_step()
            case AskStep(), CueName.ASK:
                pass
            case _, CueName.ASK:
                self._is_board_to_be_laid = True
            case TestStep(), CueName.YES | CueName.NO:
                self._way, self._off_mm, self._least_off_mm = WAYS[cue.cue], None, FAR_MM
            case TestStep(), CueName.SET_DONE | CueName.COMPLETE:
                self._begin_next_step()
            case HoldStep() | RepsStep() as step, CueName.SET_DONE:
                self._turns_done += 1
                if self._turns_done == len(step.turns):
                    self._begin_next_step()
        return before != (len(self._steps), self._turns_done, self._answers, self._is_board_to_be_laid, self._side)

    def _on_tick(self, at_us: int) -> None:
        """Update the distance to the target: the faster the ticks, the nearer it is."""
        interval_us, self._last_tick_us = at_us - self._last_tick_us, at_us
        if interval_us > SLOWEST_INTERVAL_US + TICK_TOLERANCE_US:
            return
        slower_us = interval_us - QUICKEST_INTERVAL_US
        share = slower_us / (SLOWEST_INTERVAL_US - QUICKEST_INTERVAL_US)
        self._off_mm = ON_TARGET_MM + share * (FAR_MM - ON_TARGET_MM) if slower_us > TICK_TOLERANCE_US else 0.0
        self._least_off_mm = min(self._least_off_mm, self._off_mm)
        if self._off_mm > self._least_off_mm + OVERSHOT_MM:
            self._way, self._least_off_mm = -self._way, self._off_mm

    def _begin_next_step(self) -> None:
        self._steps = self._steps[1:]
        self._turns_done = self._answers = 0

    @property
    def _step(self) -> Step | None:
        return self._steps[0] if self._steps else None

    @property
    def is_over(self) -> bool:
        """Whether every step is done."""
        return not self._steps

    def taps_for_answer(self, felt_place: str, pain: int) -> int:
        """The heel taps for this place, or for the pain nearest to this one, as the open question asks."""
        if self.phase == FELT_QUESTION:
            return next(count for count, place in PLACE_BY_TAPS.items() if place == felt_place)
        return min(PAIN_BY_TAPS, key=lambda count: abs(int(PAIN_BY_TAPS[count]) - pain))

    @property
    def activity(self) -> str:
        if self._is_board_to_be_laid:
            return "setup"
        match self._step:
            case TestStep():
                return "test"
            case HoldStep():
                return "hold"
            case RepsStep():
                return "reps"
            case AskStep():
                return "ask"
        return "rest"

    @property
    def phase(self) -> str:
        return QUESTIONS[self._answers] if isinstance(self._step, AskStep) else ""

    @property
    def side(self) -> Legs | None:
        """The leg announced last, or both if the exercise needs both."""
        return BOTH_LEGS if isinstance(self._step, HoldStep | RepsStep) and self._step.together else self._side

    @property
    def exercise(self) -> str | None:
        return self._step.exercise if isinstance(self._step, HoldStep | RepsStep) else None

    @property
    def verified(self) -> bool | None:
        return is_verified(self._step) if isinstance(self._step, HoldStep | RepsStep) else None

    @property
    def toe_mm(self) -> float | None:
        """The board's position relative to itself, always 0: the ticks only tell the way to the target."""
        return None if self._off_mm is None else 0.0

    @property
    def target_mm(self) -> float | None:
        """How far to slide the board from its position; negative is towards the wall."""
        return None if self._off_mm is None else self._way * self._off_mm

    @property
    def target_count(self) -> int | None:
        return self._step.count if isinstance(self._step, RepsStep) else None
