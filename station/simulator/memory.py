"""What a person knows who does not look at the page: the routine, learnt beforehand, and the place in it by the sounds.

Each record of the page that a person reads (`PageView`) has its counterpart here, except the distances.
"""

from __future__ import annotations

from collections.abc import Collection

from station.core.activities.questions import FELT_QUESTION, PAIN_BY_TAPS, PAIN_QUESTION, PLACE_BY_TAPS
from station.core.events import BOTH_LEGS, Legs
from station.core.facts import Cue, CueName
from station.core.steps import AskStep, HoldStep, RepsStep, RestStep, Routine, SetupStep, Step, TestStep, is_verified

QUESTIONS = (FELT_QUESTION, PAIN_QUESTION)


class RememberedRoutine:
    """A routine known by heart, and the place in it. Nobody remembers how the board lies: the sounds ask for that."""

    toe_mm: float | None = None
    target_mm: float | None = None

    def __init__(self, routine: Routine, sounds: Collection[CueName]) -> None:
        """`sounds` are the cues that the person has learnt; they ignore all others."""
        self._steps = [step for step in routine if not isinstance(step, SetupStep)]
        self._sounds = sounds
        self._turns_done = self._answers = 0
        self._is_board_to_be_laid = False
        self._side: Legs | None = None

    def understand(self, cue: Cue) -> Cue | None:
        """The cue as the person understands it, `None` if they have not learnt it. While a question is open a single
        tick is the echo of a single tap."""
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
            case TestStep(), CueName.SET_DONE | CueName.COMPLETE:
                self._begin_next_step()
            case HoldStep() | RepsStep() as step, CueName.SET_DONE:
                self._turns_done += 1
                if self._turns_done == len(step.turns):
                    self._begin_next_step()
        return before != (len(self._steps), self._turns_done, self._answers, self._is_board_to_be_laid, self._side)

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
        """The leg that was announced last; both where the exercise needs both."""
        return BOTH_LEGS if isinstance(self._step, HoldStep | RepsStep) and self._step.together else self._side

    @property
    def exercise(self) -> str | None:
        return self._step.exercise if isinstance(self._step, HoldStep | RepsStep) else None

    @property
    def verified(self) -> bool | None:
        return is_verified(self._step) if isinstance(self._step, HoldStep | RepsStep) else None

    @property
    def target_count(self) -> int | None:
        return self._step.count if isinstance(self._step, RepsStep) else None
