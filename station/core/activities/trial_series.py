"""All trials of one test: whose turn it is, where the next attempt aims, and what the sides have reached."""

from __future__ import annotations

from typing import assert_never

from msgspec import Struct

from station.core.activities.attempt import Failed, Passed, Verdict, Void
from station.core.activities.trials import TrialResult, Trials
from station.core.activities.turns import Turns
from station.core.events import Side
from station.core.facts import TestFinished
from station.core.steps import TestStep


class Target(Struct, frozen=True):
    """Where the next attempt aims. `is_near`: so close to the last attempt that no move is needed."""

    toe_mm: float
    is_near: bool


class TrialSeries:
    """The trials of the sides of `step`, one side after the other."""

    def __init__(self, step: TestStep) -> None:
        self._step = step
        self._turns = Turns(step.sides)
        self._trials = {side: Trials(step.full) for side in step.sides}
        self.attempt_count = 0
        """Attempts of the whole test."""
        self.target_mm: float | None = None
        self.last_outcome: str | None = None

    @property
    def side(self) -> Side:
        return Side(self._turns.legs)

    @property
    def next_side(self) -> Side | None:
        """The side that follows, `None` on the last one."""
        return self._turns.next_side

    @property
    def current(self) -> Trials:
        """The trials of the current side."""
        return self._trials[self.side]

    def choose_side(self, side: Side) -> None:
        """If the test has one side, test `side` instead, otherwise `side` first. Only before the first attempt."""
        self._turns.choose(side)
        if side not in self._trials:
            self._trials = {side: Trials(self._step.full)}

    def count_attempt(self) -> None:
        """An attempt begins."""
        self.attempt_count += 1
        self.current.attempts += 1

    def record(self, verdict: Verdict) -> Target | None:
        """An attempt is over. Return the next target, or `None` after a void, for the same distance again."""
        self.last_outcome = verdict.outcome
        match verdict:
            case Passed():
                target_mm = self.current.record_pass(verdict.toe_mm, verdict.uncertainty_mm)
            case Failed():
                target_mm = self.current.record_failure(verdict.toe_mm)
            case Void():
                return None
            case _:
                assert_never(verdict)
        self.target_mm = target_mm
        return Target(target_mm, self.current.is_near(target_mm, verdict.toe_mm))

    def finish_trial(self) -> TrialResult:
        """The trial is over."""
        self.target_mm = None
        return self.current.finish()

    def advance_side(self) -> bool:
        """Move to the next side; false after the last one."""
        return self._turns.advance()

    @property
    def has_results(self) -> bool:
        """Whether any trial is finished."""
        return any(trials.results for trials in self._trials.values())

    def score_mm(self, side: Side) -> float | None:
        """The score of `side` by its finished trials, `None` without any."""
        return self._trials[side].score_mm if side in self._trials else None

    def result(self, now_us: int, *, partial: bool) -> TestFinished:
        """The scores of both sides as a fact."""
        return TestFinished(now_us, self.score_mm(Side.LEFT), self.score_mm(Side.RIGHT), partial)

    @property
    def is_personal_best(self) -> bool:
        """Whether a side beats its best full test. `beat_*_mm` includes the person's own error, so a gain is real."""
        pairs = ((Side.LEFT, self._step.beat_left_mm), (Side.RIGHT, self._step.beat_right_mm))
        return self._step.full and any(
            score_mm is not None and beat_mm is not None and score_mm > beat_mm
            for score_mm, beat_mm in ((self.score_mm(side), beat_mm) for side, beat_mm in pairs)
        )
