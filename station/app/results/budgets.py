"""Uncertainty budgets for the distances of a run: its attempts, its trials and the sides of its tests.

The core reports the reading and the noise of a window. This module adds the calibration in use, its age, and the
temperatures then and now.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from station.core.activities.trials import TrialResult, scored_trials
from station.core.events import BoardPosition, Side
from station.core.facts import AttemptPassed, Contact, TrialFinished
from station.core.measurement.estimate import WANDER_MM
from station.core.measurement.uncertainty import Budget, Conditions, budget_from_reading, budget_of_mean
from station.store.records import Calibration

DAY = timedelta(days=1)


class MeasurementContext(Struct, frozen=True):
    """The calibration and conditions of a measurement: time; sensor temperature and board position, if known; the
    skirting board; and how far the sensor wanders (SD)."""

    calibration: Calibration
    at: datetime
    temperature_c: float | None = None
    skirting_mm: float = 0.0
    board_lies: BoardPosition | None = None
    wander_mm: float = WANDER_MM

    @property
    def conditions(self) -> Conditions:
        """How far conditions are from those of the calibration; time before it counts like time after it."""
        then_c = self.calibration.temperature_c
        warmer = None if self.temperature_c is None or then_c is None else self.temperature_c - then_c
        return Conditions(
            days_since_calibration=abs(self.at - self.calibration.created_at) / DAY,
            warmer_degrees=warmer,
            wander_mm=self.wander_mm,
        )

    def budget_of(self, reading_mm: float, noise_mm: float, contact: Contact) -> Budget:
        """The budget of a distance; `reading_mm` and `noise_mm` are its window's, before calibration."""
        return budget_from_reading(reading_mm, noise_mm, contact, self.calibration.fit, self.conditions)


class AttemptBudgets:
    """The budgets of one running test, from its attempts to its sides."""

    def __init__(self, context: MeasurementContext) -> None:
        self._context = context
        self._best_passed: dict[Side, tuple[float, Budget]] = {}
        self._finished_trials: dict[Side, list[tuple[TrialResult, Budget | None]]] = {side: [] for side in Side}

    def on_attempt_passed(self, fact: AttemptPassed) -> Budget:
        """The budget of a passed attempt; a trial has the budget of its largest attempt."""
        budget = self._context.budget_of(fact.estimate.reading_mm, fact.estimate.noise_mm, fact.contact)
        if fact.side not in self._best_passed or fact.toe_mm > self._best_passed[fact.side][0]:
            self._best_passed[fact.side] = (fact.toe_mm, budget)
        return budget

    def on_trial_finished(self, fact: TrialFinished) -> Budget | None:
        """The budget of a finished trial; `None` below range, because no distance was captured."""
        best = self._best_passed.pop(fact.side, None)
        budget = None if fact.below_range or best is None else best[1]
        trial = TrialResult(fact.trial, fact.toe_mm, fact.below_range, fact.uncertainty_mm)
        self._finished_trials[fact.side].append((trial, budget))
        return budget

    def of_side(self, side: Side) -> Budget | None:
        """The budget of the side's score; `None` without a score or a captured distance."""
        return side_budget(self._finished_trials[side])


def total_mm(budget: Budget | None) -> float | None:
    """The standard uncertainty stored beside a budget, in mm, rounded to 1 µm like its parts."""
    return None if budget is None else round(budget.total_mm, 3)


def side_budget(finished: list[tuple[TrialResult, Budget | None]]) -> Budget | None:
    """The budget of the mean of the scored trials; `None` if one of them has no budget."""
    scored = scored_trials([trial for trial, _ in finished])
    budgets = [budget for trial, budget in finished if trial in scored]
    known = [budget for budget in budgets if budget is not None]
    return budget_of_mean(known) if known and len(known) == len(budgets) else None
