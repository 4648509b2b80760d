"""The trials of one side: the next target, the end of a trial and the score.

A trial ends with the second failure after its first pass. Targets move out by 15 mm, and by 5 mm after the first
failure; before any pass each failure moves the target 20 mm nearer. Three failures at the wall are a result: the knee
does not reach it. A full test has three trials, and a fourth if they lie more than 15 mm apart. The score is the mean
of the closest three: with the best of three, one outlier would become the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import fsum

from msgspec import Struct

from station.core.measurement.target import is_on_target


class TrialRules(Struct, frozen=True):
    """How a trial searches for the largest distance, and how many trials a full test has."""

    coarse_step_mm: float = 15.0
    fine_step_mm: float = 5.0
    step_back_mm: float = 20.0
    max_failures: int = 2
    wall_mm: float = 5.0
    max_wall_failures: int = 3
    full_trials: int = 3
    max_spread_mm: float = 15.0


class TrialResult(Struct, frozen=True):
    """The result of one trial: `toe_mm` is the largest passed distance."""

    number: int
    toe_mm: float
    below_range: bool
    uncertainty_mm: float | None


class Trials:
    """The finished trials of one side and the current one."""

    def __init__(self, full: bool, rules: TrialRules | None = None) -> None:
        self.rules = rules or TrialRules()
        self.results: list[TrialResult] = []
        self._required = self.rules.full_trials if full else 1
        self._start_trial()

    def _start_trial(self) -> None:
        self.attempts = 0
        self.best_mm: float | None = None
        self._uncertainty_mm: float | None = None
        self._failures = 0
        self._failures_after_pass = 0
        self._wall_failures = 0

    @property
    def number(self) -> int:
        """The number of the current trial, from 1."""
        return len(self.results) + 1

    @property
    def next_number(self) -> int | None:
        """The number of the trial after the current one, `None` if this is the last that is known to be needed."""
        return self.number + 1 if self.number < self._required else None

    def record_pass(self, toe_mm: float, uncertainty_mm: float) -> float:
        """An attempt has passed. Return the next target in mm."""
        if self.best_mm is None or toe_mm > self.best_mm:
            self.best_mm, self._uncertainty_mm = toe_mm, uncertainty_mm
        return self.best_mm + (self.rules.fine_step_mm if self._failures else self.rules.coarse_step_mm)

    def record_failure(self, toe_mm: float) -> float:
        """An attempt at `toe_mm` has failed. Return the next target in mm."""
        self._failures += 1
        if self.best_mm is not None:
            self._failures_after_pass += 1
            return self.best_mm + self.rules.fine_step_mm
        if toe_mm <= self.rules.wall_mm:
            self._wall_failures += 1
        return max(0.0, toe_mm - self.rules.step_back_mm)

    def is_near(self, target_mm: float, toe_mm: float) -> bool:
        """Whether the target is so close to `toe_mm` that no move is needed."""
        return is_on_target(target_mm - toe_mm, was_on_target=False)

    @property
    def below_range(self) -> bool:
        """Whether the knee does not reach the wall even with the toes at it."""
        return self._wall_failures >= self.rules.max_wall_failures

    @property
    def is_over(self) -> bool:
        """Whether the current trial is over."""
        return self.below_range or self._failures_after_pass >= self.rules.max_failures

    def finish(self) -> TrialResult:
        """Store the result of the current trial and begin the next one."""
        below = self.below_range
        result = TrialResult(self.number, 0.0 if below else self.best_mm or 0.0, below, self._uncertainty_mm)
        self.results.append(result)
        self._start_trial()
        return result

    @property
    def needs_another(self) -> bool:
        """Whether this side needs another trial."""
        if self.results and self.results[-1].below_range:
            return False
        if len(self.results) < self._required:
            return True
        values = [trial.toe_mm for trial in self.results]
        return (
            len(self.results) == self.rules.full_trials == self._required
            and max(values) - min(values) > self.rules.max_spread_mm
        )

    @property
    def score_mm(self) -> float | None:
        """The mean of the closest three trials, or of all if there are fewer; `None` before the first."""
        return score_mm(self.results, self.rules)


def scored_trials(results: Sequence[TrialResult], rules: TrialRules | None = None) -> tuple[TrialResult, ...]:
    """The trials that count for the score, in order: all, or the closest three if there are more."""
    most = (rules or TrialRules()).full_trials
    if results and results[-1].below_range:
        return (results[-1],)
    return min(combinations(results, most), key=_spread_mm) if len(results) > most else tuple(results)


def score_mm(results: Sequence[TrialResult], rules: TrialRules | None = None) -> float | None:
    """The mean of the trials that count, to 0.1 mm; `None` before the first."""
    values = [trial.toe_mm for trial in scored_trials(results, rules)]
    return round(fsum(values) / len(values), 1) if values else None


def _spread_mm(trials: Sequence[TrialResult]) -> float:
    values = [trial.toe_mm for trial in trials]
    return max(values) - min(values)
