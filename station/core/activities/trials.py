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
    far_mm: float = 15.0
    fine_mm: float = 5.0
    nearer_mm: float = 20.0
    near_mm: float = 3.0
    """A target this close needs no move."""
    failures: int = 2
    wall_mm: float = 5.0
    wall_failures: int = 3
    full: int = 3
    apart_mm: float = 15.0


@dataclass(frozen=True, slots=True)
class TrialResult:
    number: int
    toe_mm: float
    below_range: bool
    uncertainty_mm: float | None


class Trials:
    """What one side has done so far."""

    def __init__(self, full: bool, rules: TrialRules | None = None) -> None:
        self.rules = rules or TrialRules()
        self.done: list[TrialResult] = []
        self._wanted = self.rules.full if full else 1
        self._begin()

    def _begin(self) -> None:
        self.attempts = 0
        self.best_mm: float | None = None
        self._uncertainty_mm: float | None = None
        self._failures = 0
        self._failures_after = 0
        self._wall_failures = 0

    @property
    def number(self) -> int:
        """The trial at hand, from 1."""
        return len(self.done) + 1

    def passed(self, toe_mm: float, uncertainty_mm: float) -> float:
        """An attempt has passed. Gives the next target in mm."""
        if self.best_mm is None or toe_mm > self.best_mm:
            self.best_mm, self._uncertainty_mm = toe_mm, uncertainty_mm
        return self.best_mm + (self.rules.fine_mm if self._failures else self.rules.far_mm)

    def failed(self, toe_mm: float | None) -> float | None:
        """An attempt has failed. Gives the next target in mm, `None` where the distance is not known."""
        self._failures += 1
        if self.best_mm is not None:
            self._failures_after += 1
            return self.best_mm + self.rules.fine_mm
        if toe_mm is None:
            return None
        if toe_mm <= self.rules.wall_mm:
            self._wall_failures += 1
        return max(0.0, toe_mm - self.rules.nearer_mm)

    def near(self, target_mm: float, toe_mm: float) -> bool:
        """Whether no move is needed from here to the target."""
        return abs(target_mm - toe_mm) <= self.rules.near_mm

    @property
    def below_range(self) -> bool:
        """The knee does not reach the wall with the toes at it."""
        return self._wall_failures >= self.rules.wall_failures

    @property
    def over(self) -> bool:
        """Whether the trial at hand is over."""
        return self.below_range or self._failures_after >= self.rules.failures

    def finish(self) -> TrialResult:
        """Close the trial at hand and begin the next."""
        below = self.below_range
        result = TrialResult(self.number, 0.0 if below else self.best_mm or 0.0, below, self._uncertainty_mm)
        self.done.append(result)
        self._begin()
        return result

    @property
    def more(self) -> bool:
        """Whether this side needs another trial."""
        if self.done and self.done[-1].below_range:
            return False
        if len(self.done) < self._wanted:
            return True
        values = [trial.toe_mm for trial in self.done]
        return len(self.done) == self.rules.full == self._wanted and max(values) - min(values) > self.rules.apart_mm

    @property
    def score_mm(self) -> float | None:
        """The mean of the closest three trials, or of those that there are; `None` before the first."""
        return score_mm(self.done, self.rules)


def counted(done: Sequence[TrialResult], rules: TrialRules | None = None) -> tuple[TrialResult, ...]:
    """Those of a side's trials, in their order, that its score is made of: the closest three where there are more."""
    most = (rules or TrialRules()).full
    if done and done[-1].below_range:
        return (done[-1],)
    return min(combinations(done, most), key=_spread_mm) if len(done) > most else tuple(done)


def score_mm(done: Sequence[TrialResult], rules: TrialRules | None = None) -> float | None:
    """The mean of the trials that count, to 0.1 mm; `None` before the first."""
    values = [trial.toe_mm for trial in counted(done, rules)]
    return round(fsum(values) / len(values), 1) if values else None


def _spread_mm(trials: Sequence[TrialResult]) -> float:
    values = [trial.toe_mm for trial in trials]
    return max(values) - min(values)
