"""The uncertainty budget: its parts, their sum, and the coverage of its intervals on simulated sensors."""

from __future__ import annotations

import json
from math import hypot, sqrt
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.core.facts import Contact
from station.core.measurement.calibration import Fit, fit
from station.core.measurement.curve_fit import Point
from station.core.measurement.uncertainty import (
    Assumptions,
    Budget,
    Conditions,
    budget_from_reading,
    budget_of_mean,
    drift_mm,
)
from tests.bench.truth import LANE_HOURS, Study, ranked, study
from tests.recordings import StillRecording, still_recordings

PARTS = ("noise", "wander", "calibration", "drift", "toe", "contact")
sizes = st.floats(0, 30)
budgets = st.builds(Budget, *[sizes] * 6)


@pytest.fixture(scope="module")
def known() -> Fit:
    return fit([Point(toe, 45 + toe, 0.28, 290) for toe in (0.0, 150.0, 50.0, 200.0)])


@given(budgets)
def test_budget_adds_squares(one: Budget) -> None:
    """The total is the root of the sum of squares, and 95 % are 1.96 of it."""
    assert [part.name for part in one.parts] == list(PARTS)
    assert one.total_mm == pytest.approx(sqrt(sum(part.mm**2 for part in one.parts)))
    assert one.expanded_mm == pytest.approx(1.96 * one.total_mm)
    assert all(part.description.endswith(".") for part in one.parts)


@given(budgets)
def test_budget_survives_the_store(one: Budget) -> None:
    """Each part is the same to a micrometre after a round trip through JSON."""
    back = Budget.from_json(json.loads(json.dumps(one.as_json())))
    assert [part.mm for part in back.parts] == pytest.approx([part.mm for part in one.parts], abs=0.0006)


def test_budget_refuses_missing_parts() -> None:
    """A missing part does not count as 0."""
    with pytest.raises(ValueError, match="expected noise, wander, calibration"):
        Budget.from_json({"noise_mm": 0.1})


def test_budget_of_an_uncalibrated_sensor_is_centimetres(known: Fit) -> None:
    """An uncalibrated sensor states 5 cm, a calibrated one 4 mm, or less if known to be calm."""
    assert 45 < budget_from_reading(170, 0.3, Contact.PAD, None).expanded_mm < 60
    any_sensor = budget_from_reading(170, 0.3, Contact.PAD, known).expanded_mm
    calm = budget_from_reading(170, 0.3, Contact.PAD, known, Conditions(wander_mm=0.57)).expanded_mm
    assert 4.0 < any_sensor < 4.5
    assert calm < any_sensor - 0.8


def test_budget_grows_with_each_cause(known: Fit) -> None:
    """Noise, a weaker contact, days, heat and cold increase it; a known, unchanged temperature reduces it."""
    pad, inferred, own_word = (budget_from_reading(170, 0.3, kind, known).contact_mm for kind in Contact)
    assert pad < inferred < own_word
    assert budget_from_reading(170, 0.6, Contact.PAD, known).noise_mm == pytest.approx(0.6, rel=0.05)
    assert drift_mm(Conditions(100, 0)) > drift_mm(Conditions(10, 0)) > drift_mm(Conditions(0, 0)) == 0
    assert drift_mm(Conditions(0, 8)) == drift_mm(Conditions(0, -8)) > drift_mm(Conditions(0))


def test_drift_after_eight_degrees_reaches_the_tolerance() -> None:
    """ST recommends a new calibration after 8 degrees; by then the drift may be 2 mm."""
    assert drift_mm(Conditions(0, 8)) == pytest.approx(1.8, abs=0.2)


@given(st.lists(budgets, min_size=1, max_size=4))
def test_budget_of_mean_shrinks_independent_parts(trials: list[Budget]) -> None:
    """Noise and toes shrink with the root of the number, shared parts remain; one trial is unchanged."""
    together = budget_of_mean(trials)
    n = len(trials)
    noise = sqrt(sum(one.noise_mm**2 for one in trials)) / n
    shared = sqrt(sum(one.drift_mm**2 for one in trials) / n)
    assert (together.noise_mm, together.drift_mm) == pytest.approx((noise, shared))
    assert together.total_mm <= max(one.total_mm for one in trials) + 1e-9
    assert n > 1 or together.total_mm == pytest.approx(trials[0].total_mm)


def test_budget_of_mean_refuses_no_trials() -> None:
    """A mean of no trials has no uncertainty."""
    with pytest.raises(ValueError, match="no trials"):
        budget_of_mean([])


def test_sensor_and_toes_add_at_most_a_tenth_of_the_variance() -> None:
    """At SEM 5 mm the calibrated sensor and the toes together may be 1.6 mm."""
    assert hypot(0.6, 0.5, Assumptions().toe_mm) < 1.6


@pytest.fixture(scope="module")
def truth() -> Study:
    """60 sensors with two calibrations each, and 1,200 attempts."""
    return study(sensors=60, calibrations=2, attempts=10)


@pytest.mark.parametrize("recording", still_recordings(), ids=lambda one: one.name)
def test_intervals_cover_the_truth(recording: StillRecording) -> None:
    """With the noise of either real sensor, after a night of its empty lane, 95 % of them do, within 3 standard errors;
    attempts with one sensor share its error, so about 240 of the 480 count."""
    found = study(sensors=24, calibrations=2, attempts=10, noise=recording, lane_hours=LANE_HOURS)
    assert len(found.attempts) == 480
    assert abs(found.coverage - 0.95) < 3 * sqrt(0.95 * 0.05 / 240)


def test_intervals_of_an_unknown_sensor_are_wide_enough_for_a_restless_one() -> None:
    """Before the lane has shown anything."""
    found = study(sensors=24, calibrations=2, attempts=10, noise=still_recordings()[1])
    assert abs(found.coverage - 0.95) < 3 * sqrt(0.95 * 0.05 / 240)


def test_calibration_has_the_published_bias(truth: Study) -> None:
    """Median and 95 % of the worst bias equal those of the long study, within the error of 120 calibrations."""
    assert median(truth.worst_mm) < 0.5 + 3 * 1.25 * 0.29 / sqrt(120)
    assert ranked(truth.worst_mm, 0.95) < 1.5
    assert truth.sd_mm < 1.0
    assert median(truth.single_mm) > 3 * median(truth.worst_mm)
