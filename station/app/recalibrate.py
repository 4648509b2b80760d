"""Results as another calibration has them: `station recalibrate`.

A reading is not stored with its trial, but the curve that was in use is: turned round, it gives the reading back to a
tenth of a millimetre. The trials are then scored by the rule that scored them on the day. What comes out is written
beside the originals, which stay, and so do trials, attempts and traces.

A distance is never stored below 0, so that a 0 gives no reading back, only the farthest one that it may have been. A
test with such a side stays whole as it is: a result is of one calibration, on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot

from station.app.budgets import MeasurementContext, side_budget, total_mm
from station.core.activities.trials import TrialResult, score_mm
from station.core.events import Side
from station.core.facts import Contact
from station.core.measurement.calibration import Curve
from station.core.measurement.uncertainty import Budget
from station.store import Reader
from station.store.records import Calibration, Scores, Test, Trial


@dataclass(frozen=True, slots=True)
class Outcome:
    """What another calibration makes of a test: `scores`, or `why_not` they cannot be had. Neither: nothing changes."""

    test: Test
    scores: Scores | None = None
    why_not: str | None = None


def corrections_for(reader: Reader, test_ids: tuple[str, ...], to: Calibration) -> Iterator[Outcome]:
    """What `to` makes of each of these tests, in their order. Writes nothing."""
    known = {calibration.id: calibration for calibration in reader.calibrations()}
    for test_id in test_ids:
        test = reader.test(test_id)
        assert test is not None
        calibration_id = test.calibration_id if test.original is None else test.original.calibration_id
        if test.calibration_id == to.id:
            yield Outcome(test)
        elif calibration_id is None:
            yield Outcome(test, why_not="nobody knows its calibration")
        elif not test.trials:
            yield Outcome(test, why_not="its trials are not there")
        elif calibration_id != to.id and (side := _is_bounded(test, known[calibration_id])) is not None:
            yield Outcome(test, why_not=f"its {side} was nearer than its calibration could show")
        else:
            yield Outcome(test, _scores(reader, test, known[calibration_id], to))


def _is_bounded(test: Test, of_the_day: Calibration) -> Side | None:
    """The first side with a trial that its reading cannot be had of.

    A knee that does not reach was seen at 0 too. A fitted calibration knows where that is, one as built does not.
    """
    for trial in test.trials:
        if of_the_day.fit is None if trial.below_range else trial.toe_mm <= 0.0:
            return trial.side
    return None


def _scores(reader: Reader, test: Test, of_the_day: Calibration, to: Calibration) -> Scores:
    if of_the_day.id == to.id and test.original is not None:
        return test.original
    header = reader.header(test.run_id) or {}
    offset_mm = of_the_day.curve.offset_mm
    skirting_mm = float(header.get("offset_mm", offset_mm)) - offset_mm
    using = MeasurementContext(to, test.started_at, test.temperature_c, skirting_mm)
    sides = {side: [_trial(trial, test, of_the_day.curve, using) for trial in _correction(test, side)] for side in Side}
    scores = {side: score_mm([trial for trial, _ in done]) for side, done in sides.items()}
    budgets = {side: side_budget(done) for side, done in sides.items()}
    return Scores(
        left_mm=scores[Side.LEFT],
        right_mm=scores[Side.RIGHT],
        left_uncertainty_mm=total_mm(budgets[Side.LEFT]),
        right_uncertainty_mm=total_mm(budgets[Side.RIGHT]),
        left_budget=budgets[Side.LEFT],
        right_budget=budgets[Side.RIGHT],
        calibration_id=to.id,
    )


def _correction(test: Test, side: Side) -> list[Trial]:
    return [trial for trial in test.trials if trial.side is side]


def _trial(trial: Trial, test: Test, before: Curve, using: MeasurementContext) -> tuple[TrialResult, Budget | None]:
    if trial.below_range:
        return TrialResult(trial.number, 0.0, True, None), None
    curve = using.calibration.curve
    reading_mm = before.reading_mm(trial.toe_mm - using.skirting_mm)
    toe_mm = round(max(0.0, curve.toe_mm(reading_mm) + using.skirting_mm), 1)
    window_mm = trial.uncertainty_mm if trial.budget is None else hypot(trial.budget.noise_mm, trial.budget.wander_mm)
    if window_mm is None:
        return TrialResult(trial.number, toe_mm, False, None), None
    stretched_mm = window_mm * curve.slope(reading_mm) / before.slope(reading_mm)
    budget = using.budget_of(toe_mm, stretched_mm, _contact(trial, test))
    return TrialResult(trial.number, toe_mm, False, total_mm(budget)), budget


def _contact(trial: Trial, test: Test) -> Contact:
    """What proved the contact of the attempt that the trial's distance is of."""
    passed = [one for one in test.attempts if one.outcome == "passed" and one.toe_mm == trial.toe_mm]
    of_it = [one.contact for one in passed if (one.side, one.trial) == (trial.side, trial.number) and one.contact]
    return of_it[0] if of_it else test.contact
