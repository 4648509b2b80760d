"""The trials of one side: where to go next, when a trial is over, and what the side's score is.

A trial ends with the second failure after its first pass. Steps are wide first (15 mm) and fine after the first failure
(5 mm); before any pass each failure leads 20 mm nearer. Three failures at the wall itself are a
result: the knee does not reach. A full test has three trials, and a fourth when they lie more than 15 mm apart; the
closest three count, by their mean: a best of three lets one slip become the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum


@dataclass(frozen=True, slots=True)
class TrialRules:
    """The steps by which a trial looks for the largest distance."""

    coarse_step_mm: float = 15.0
    fine_step_mm: float = 5.0
    step_back_mm: float = 20.0
    no_move_mm: float = 3.0
    """A target this close needs no move."""
    max_failures: int = 2
    wall_mm: float = 5.0
    max_wall_failures: int = 3
    full_trials: int = 3
    max_spread_mm: float = 15.0


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What one trial found, in mm; `toe_mm` is the largest passed distance."""

    number: int
    toe_mm: float
    below_range: bool
    uncertainty_mm: float | None


class Trials:
    """What one side has done so far."""

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
        """The trial at hand, from 1."""
        return len(self.results) + 1

    def record_pass(self, toe_mm: float, uncertainty_mm: float) -> float:
        """An attempt has passed. Gives the next target in mm."""
        if self.best_mm is None or toe_mm > self.best_mm:
            self.best_mm, self._uncertainty_mm = toe_mm, uncertainty_mm
        return self.best_mm + (self.rules.fine_step_mm if self._failures else self.rules.coarse_step_mm)

    def record_failure(self, toe_mm: float | None) -> float | None:
        """An attempt has failed. Gives the next target in mm, `None` where the distance is not known."""
        self._failures += 1
        if self.best_mm is not None:
            self._failures_after_pass += 1
            return self.best_mm + self.rules.fine_step_mm
        if toe_mm is None:
            return None
        if toe_mm <= self.rules.wall_mm:
            self._wall_failures += 1
        return max(0.0, toe_mm - self.rules.step_back_mm)

    def is_near(self, target_mm: float, toe_mm: float) -> bool:
        """Whether no move is needed from here to the target."""
        return abs(target_mm - toe_mm) <= self.rules.no_move_mm

    @property
    def below_range(self) -> bool:
        """The knee does not reach the wall with the toes at it."""
        return self._wall_failures >= self.rules.max_wall_failures

    @property
    def is_over(self) -> bool:
        """Whether the trial at hand is over."""
        return self.below_range or self._failures_after_pass >= self.rules.max_failures

    def finish(self) -> TrialResult:
        """Close the trial at hand and begin the next."""
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
        """The mean of the closest three trials, or of those that there are; `None` before the first."""
        return score_mm(self.results, self.rules)


def scored_trials(results: Sequence[TrialResult], rules: TrialRules | None = None) -> tuple[TrialResult, ...]:
    """Those of a side's trials, in their order, that its score is made of: the closest three where there are more."""
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
