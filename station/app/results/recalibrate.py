"""Recalculates results with another calibration: `station recalibrate`.

A trial is stored without its reading, but with the curve in use. Inverting that curve recovers the reading to a tenth
of a millimetre, because the distance is rounded to that. A replay of the trace would not: another curve sets other
targets, which the person did not follow. The trials are then scored by the current rule. The correction is stored
beside the original; originals, trials, attempts and traces stay.

Distances are never stored below 0, so a 0 only bounds its reading. A test with such a side is not corrected at all,
because both sides of a result must share one calibration.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

from msgspec import Struct
from msgspec.structs import replace

from station.app.results.budgets import MeasurementContext, side_budget, total_mm
from station.core.activities.trials import TrialResult, score_mm
from station.core.events import Side
from station.core.facts import Contact
from station.core.measurement.curve import Curve
from station.core.measurement.estimate import WANDER_MM
from station.core.measurement.uncertainty import Budget
from station.store import Reader
from station.store.records import Calibration, SideResults, Test, Trial


class Outcome(Struct, frozen=True):
    """A test with another calibration: its `scores`, or `why_not` if there are none; neither if nothing changes."""

    test: Test
    scores: SideResults | None = None
    why_not: str | None = None


def corrections_for(reader: Reader, test_ids: tuple[str, ...], to: Calibration) -> Iterator[Outcome]:
    """Recalculate these tests, in order, with the calibration `to`. Writes nothing."""
    known = {calibration.id: calibration for calibration in reader.calibrations()}
    for test_id in test_ids:
        test = reader.test(test_id)
        assert test is not None
        calibration_id = test.calibration_id if test.original is None else test.original.calibration_id
        if test.calibration_id == to.id:
            yield Outcome(test)
        elif calibration_id is None:
            yield Outcome(test, why_not="its calibration is unknown")
        elif not test.trials:
            yield Outcome(test, why_not="its trials are missing")
        elif test.skirting_mm is None:
            yield Outcome(test, why_not="how far its skirting board stood out is unknown")
        elif calibration_id != to.id and (side := _bounded_side(test, known[calibration_id])) is not None:
            yield Outcome(test, why_not=f"its {side} was nearer than its calibration could show")
        else:
            yield Outcome(test, _scores(test, known[calibration_id], to))


def _bounded_side(test: Test, original: Calibration) -> Side | None:
    """The first side with a trial whose reading cannot be recovered.

    A trial below range is also stored as 0. A fitted calibration knows where 0 is, one as built does not.
    """
    for trial in test.trials:
        if original.fit is None if trial.below_range else trial.toe_mm <= 0.0:
            return trial.side
    return None


def _scores(test: Test, original: Calibration, to: Calibration) -> SideResults:
    if original.id == to.id and test.original is not None:
        return test.original
    assert test.skirting_mm is not None
    context = MeasurementContext(to, test.started_at, test.temperature_c, test.skirting_mm)
    sides = {
        side: [_recalculated(trial, test, original.curve, context) for trial in _trials(test, side)] for side in Side
    }
    scores = {side: score_mm([trial for trial, _ in done]) for side, done in sides.items()}
    budgets = {side: side_budget(done) for side, done in sides.items()}
    return SideResults(
        left_mm=scores[Side.LEFT],
        right_mm=scores[Side.RIGHT],
        left_uncertainty_mm=total_mm(budgets[Side.LEFT]),
        right_uncertainty_mm=total_mm(budgets[Side.RIGHT]),
        left_budget=budgets[Side.LEFT],
        right_budget=budgets[Side.RIGHT],
        calibration_id=to.id,
    )


def _trials(test: Test, side: Side) -> list[Trial]:
    return [trial for trial in test.trials if trial.side is side]


def _recalculated(
    trial: Trial, test: Test, before: Curve, context: MeasurementContext
) -> tuple[TrialResult, Budget | None]:
    if trial.below_range:
        return TrialResult(trial.number, 0.0, True, None), None
    curve = context.calibration.curve
    reading_mm = before.reading_mm(trial.toe_mm - context.skirting_mm)
    toe_mm = round(max(0.0, curve.toe_mm(reading_mm) + context.skirting_mm), 1)
    noise_mm = _noise_mm(trial, abs(before.slope(reading_mm)))
    if noise_mm is None:
        return TrialResult(trial.number, toe_mm, False, None), None
    if trial.budget is not None:
        context = replace(context, wander_mm=trial.budget.wander_mm / abs(before.slope(reading_mm)))
    budget = context.budget_of(reading_mm, noise_mm, _contact(trial, test))
    return TrialResult(trial.number, toe_mm, False, total_mm(budget)), budget


def _noise_mm(trial: Trial, slope: float) -> float | None:
    """The noise of the trial's reading. Without a budget, the stored uncertainty is the window's: noise and wander."""
    if trial.budget is not None:
        return trial.budget.noise_mm / slope
    if trial.uncertainty_mm is None:
        return None
    return sqrt(max(0.0, (trial.uncertainty_mm / slope) ** 2 - WANDER_MM**2))


def _contact(trial: Trial, test: Test) -> Contact:
    """The contact of the attempt that gave the trial's distance."""
    passed = [one for one in test.attempts if one.outcome == "passed" and one.toe_mm == trial.toe_mm]
    contacts = [one.contact for one in passed if (one.side, one.trial) == (trial.side, trial.number) and one.contact]
    return contacts[0] if contacts else test.contact
