"""`station recalibrate`: the results with another calibration, beside the originals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from math import hypot
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from station.app.results.budgets import AttemptBudgets, MeasurementContext
from station.app.results.recalibrate import corrections_for
from station.cli.main import main
from station.core.activities.trials import TrialResult, score_mm, scored_trials
from station.core.events import Side
from station.core.facts import AttemptPassed, Contact, TrialFinished
from station.core.measurement.calibration import Fit
from station.core.measurement.curve import Curve
from station.core.measurement.estimate import WANDER_MM, Estimate
from station.core.measurement.uncertainty import Budget, budget_from_reading, budget_of_mean
from station.store import Store
from station.store.records import Attempt, Calibration, Correction, ImportedResult, SideResults, Test, Trial
from tests.station.store.histories import FIT, HandClock

OTHER = Fit(Curve(0.98, -41.0, -0.0001, 2e-7), FIT.points, FIT.residuals_mm, FIT.covariance)
SKIRTING_MM = 12.0
SINCE = ("--since", "2026-03-02")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "station.db"


@pytest.fixture
def store(path: Path, clock: HandClock) -> Iterator[Store]:
    with Store.open(path, clock=clock) as made:
        made.add_person("Ann")
        yield made


def add_test(store: Store, clock: HandClock, trials: dict[Side, list[float | None]], noise_mm: float = 0.4) -> Test:
    """Add a test as the station stores it with its newest calibration, from the readings of its trials (`None`: below
    range).
    """
    calibration = store.current_calibration()
    curve = calibration.curve.shifted(SKIRTING_MM)
    using = MeasurementContext(calibration, clock.pass_by(days=1), 20.0, SKIRTING_MM)
    session_id = store.begin_session(store.people()[0].id, clock.utc_now(), simulated=False)
    run_id = store.begin_run(session_id, {"do": "test"}, clock.utc_now())
    test_id = store.begin_test(
        run_id,
        full=True,
        contact=Contact.PAD,
        calibration_id=calibration.id,
        temperature_c=using.temperature_c,
        skirting_mm=using.skirting_mm,
    )
    budgets = AttemptBudgets(using)
    scores = dict.fromkeys(Side, None) | {side: scored(curve, readings) for side, readings in trials.items()}
    for side, readings in trials.items():
        for number, reading_mm in enumerate(readings, 1):
            toe_mm = 0.0 if reading_mm is None else round(max(0.0, curve.toe_mm(reading_mm)), 1)
            if reading_mm is not None:
                for begun_us, nearer_mm in enumerate((9.0, 0.0)):
                    near_mm, slope = max(0.0, toe_mm - nearer_mm), curve.slope(reading_mm)
                    found = Estimate(reading_mm - nearer_mm / slope, hypot(noise_mm, WANDER_MM), noise_mm, 30)
                    window_mm = round(slope * found.uncertainty_mm, 2)
                    passed = AttemptPassed(1, side, near_mm, Contact.INFERRED, window_mm, (0, 1), found)
                    made = budgets.on_attempt_passed(passed)
                    how = (Contact.INFERRED, (0, 1), made)
                    store.add_attempt(test_id, Attempt(side, number, 1, "passed", begun_us, 2, near_mm, 1.0, *how))
            below = reading_mm is None
            at_us = 2 + number
            budget = budgets.on_trial_finished(TrialFinished(at_us, side, number, toe_mm, below, None))
            sure_mm = None if budget is None else budget.total_mm
            store.add_trial(test_id, Trial(side, number, toe_mm, below, sure_mm, at_us, budget))
    left, right = (budgets.of_side(side) for side in Side)
    store.finish_test(
        test_id,
        left_mm=scores[Side.LEFT],
        right_mm=scores[Side.RIGHT],
        left_uncertainty_mm=None if left is None else left.total_mm,
        right_uncertainty_mm=None if right is None else right.total_mm,
        left_budget=left,
        right_budget=right,
    )
    test = store.test(test_id)
    assert test is not None
    return test


def scored(curve: Curve, readings: list[float | None]) -> float | None:
    toes = [(None if reading is None else max(0.0, curve.toe_mm(reading))) for reading in readings]
    return score_mm([TrialResult(i, toe or 0.0, toe is None, None) for i, toe in enumerate(toes)])


def scores_by(store: Store, test: Test, calibration: Calibration) -> SideResults:
    (outcome,) = corrections_for(store, (test.id,), calibration)
    assert outcome.scores is not None
    return outcome.scores


def test_recalibrated_result_is_that_of_the_other_curve(store: Store, clock: HandClock) -> None:
    """To a tenth of a millimetre, over a skirting board, with the closest three of four trials chosen again."""
    random = Random(4)
    store.add_calibration(FIT)
    of_readings = {}
    for _ in range(40):
        sides: dict[Side, list[float | None]] = {
            side: [random.uniform(60, 230) for _ in range(random.choice((1, 3, 4)))] for side in Side
        }
        of_readings[add_test(store, clock, sides).id] = sides
    clock.pass_by(days=3)
    store.add_calibration(OTHER, temperature_c=26.0)
    to = store.current_calibration()
    curve = to.curve.shifted(SKIRTING_MM)
    for test_id, sides in of_readings.items():
        test = store.test(test_id)
        assert test is not None
        new = scores_by(store, test, to)
        assert new.left_mm == pytest.approx(scored(curve, sides[Side.LEFT]), abs=0.11)
        assert new.right_mm == pytest.approx(scored(curve, sides[Side.RIGHT]), abs=0.11)
        assert new.calibration_id == to.id


def test_recalibrated_uncertainty_uses_the_other_calibration(store: Store, clock: HandClock) -> None:
    """Noise and wander of the window are scaled by the other slope; calibration, drift and contact are recomputed."""
    store.add_calibration(FIT, temperature_c=20.0)
    test = add_test(store, clock, {Side.LEFT: [150.0]}, noise_mm=0.6)
    clock.pass_by(days=9)
    store.add_calibration(OTHER, temperature_c=26.0)
    new = scores_by(store, test, store.current_calibration())
    assert new.left_budget is not None
    assert new.left_mm is not None
    assert new.left_budget.noise_mm == pytest.approx(0.6 * OTHER.curve.slope(150.0), abs=0.002)
    using = MeasurementContext(store.current_calibration(), test.started_at, 20.0)
    assert (using.conditions.days_since_calibration, using.conditions.warmer_degrees) == (9.0, -6.0)
    same = budget_from_reading(150.0, 0.6, Contact.INFERRED, OTHER, using.conditions)
    assert new.left_budget.as_json() == pytest.approx(same.as_json(), abs=0.002)
    assert new.left_uncertainty_mm == pytest.approx(new.left_budget.total_mm, abs=0.001)


def test_recalibrating_there_and_back_restores_the_result(store: Store, clock: HandClock) -> None:
    """Each correction starts from the original, never from a correction."""
    store.add_calibration(FIT)
    of_the_day = store.current_calibration()
    test = add_test(store, clock, {Side.LEFT: [150.0, 152.0, 149.0], Side.RIGHT: [170.0]})
    for fit in (OTHER, FIT):
        store.add_calibration(fit)
    for number in (3, 4):
        assert cli(store, "--yes", "--calibration", str(number)).exit_code == 0
    again = store.test(test.id)
    assert again is not None
    assert (again.left_mm, again.right_mm) == (test.left_mm, test.right_mm)
    assert again.original is not None
    assert again.original.calibration_id == of_the_day.id
    cli(store, "--yes", "--calibration", str(of_the_day.number))
    assert store.test(test.id) == test


def test_result_below_range_stays_below_range(store: Store, clock: HandClock) -> None:
    """There is no reading to convert, nor one for an untested side."""
    store.add_calibration(FIT)
    test = add_test(store, clock, {Side.LEFT: [None]})
    store.add_calibration(OTHER)
    new = scores_by(store, test, store.current_calibration())
    assert (new.left_mm, new.left_uncertainty_mm, new.left_budget, new.right_mm) == (0.0, None, None, None)


@pytest.mark.parametrize("sides", [("left",), ("right",), ("left", "right")])
def test_result_stored_as_0_is_not_converted(store: Store, clock: HandClock, sides: tuple[str, ...]) -> None:
    """Uncalibrated (70 mm) and over a skirting board (12 mm) readings of 55 and 30 are both 0: neither can be
    recovered.

    The other side stays with it, in the table, in JSON and in the store.
    """
    for near_mm in (55.0, 30.0):
        clipped: dict[Side, list[float | None]] = {Side(side): [near_mm] for side in sides}
        add_test(store, clock, {side: clipped.get(side, [150.0]) for side in Side})
    sure = add_test(store, clock, {side: [59.0] for side in Side})
    store.add_calibration(FIT)
    before = {test.id: test for test in store.tests()}
    assert sure.left_mm == 1.0
    to = store.current_calibration()
    reason = f"its {sides[0]} was nearer than its calibration could show"
    *near, far = corrections_for(store, tuple(reversed(before)), to)
    assert [(one.scores, one.why_not) for one in near] == [(None, reason)] * 2
    assert far.scores is not None
    assert far.scores.left_mm == pytest.approx(FIT.curve.shifted(SKIRTING_MM).toe_mm(59.0), abs=0.11)

    lines = cli(store, "--yes").stdout.splitlines()
    assert [line for line in lines if line.endswith(f": unchanged, because {reason}.")] == lines[2:4]
    left = json.loads(cli(store, "--json").stdout)["left_as_they_are"]
    assert left == [{"test": one.test.id, "why_not": reason} for one in near]
    for one in near:
        assert store.test(one.test.id) == before[one.test.id]


def test_result_below_range_without_calibration_is_not_converted(store: Store, clock: HandClock) -> None:
    """Without a calibration the distance to the wall was unknown."""
    test = add_test(store, clock, {Side.RIGHT: [None]})
    store.add_calibration(FIT)
    (outcome,) = corrections_for(store, (test.id,), store.current_calibration())
    assert (outcome.scores, outcome.why_not) == (None, "its right was nearer than its calibration could show")


def test_0_returns_to_its_original_calibration(store: Store, clock: HandClock) -> None:
    """An earlier correction is removed by the original, which needs no reading."""
    test = add_test(store, clock, {Side.LEFT: [55.0]})
    store.add_calibration(FIT)
    store.add_corrections(
        [Correction(test.id, SideResults(25.0, None, 1.5, calibration_id=store.current_calibration().id))]
    )
    cli(store, "--yes", "--calibration", "1")
    assert store.test(test.id) == test


def test_result_that_cannot_be_recalculated_gets_a_reason(store: Store, clock: HandClock) -> None:
    """A test of an unknown calibration, one without trials, and an imported one."""
    session_id = store.begin_session(None, clock.pass_by(days=1), simulated=False)
    run_id = store.begin_run(session_id, {}, clock.utc_now())
    for calibration_id in (None, store.current_calibration().id):
        test_id = store.begin_test(run_id, full=False, contact=Contact.PAD, calibration_id=calibration_id)
        store.finish_test(test_id, left_mm=80.0, right_mm=None)
    store.add_imported_results(store.people()[0].id, [ImportedResult(clock.utc_now(), 90.0, None)])
    store.add_calibration(FIT)
    ids = store.test_ids_since(clock.utc_now() - timedelta(days=9))
    outcomes = list(corrections_for(store, ids, store.current_calibration()))
    assert {one.why_not for one in outcomes} == {"its calibration is unknown", "its trials are missing"}
    assert len(outcomes) == 2


def cli(store: Store, *options: str, answer: str | None = None) -> Result:
    """Run the command on the file of a store, which is closed first but stays readable."""
    store.close()
    return CliRunner().invoke(main, ["recalibrate", *SINCE, "--database", str(store.path), *options], input=answer)


def test_recalibrate_command_shows_changes_and_asks(store: Store, clock: HandClock) -> None:
    """A table of the changes; without a yes nothing changes, and with one both numbers are there."""
    store.add_calibration(FIT)
    test = add_test(store, clock, {Side.LEFT: [150.0], Side.RIGHT: [170.0]})
    store.add_calibration(OTHER)
    result = cli(store, answer="n\n")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["date", "person", "left", "right"]
    assert "Tue 3 Mar 2026" in lines[1]
    assert "Ann" in lines[1]
    assert lines[1].count("\u2192") == 2
    assert "Write these 1 results?" in result.stdout
    assert lines[-1] == "Nothing was changed."
    assert store.test(test.id) == test

    result = cli(store, answer="y\n")
    assert result.stdout.splitlines()[-1] == "1 results written; the original ones stay."
    now = store.test(test.id)
    assert now is not None
    assert now.original is not None
    assert now.original.left_mm == test.left_mm != now.left_mm
    assert "No result since 2026-03-02 changes with calibration 3." in cli(store, "--yes").stdout


def test_recalibrate_command_as_json_needs_yes(store: Store, clock: HandClock) -> None:
    """Without `--yes` it only reports what would change."""
    store.add_calibration(FIT)
    test = add_test(store, clock, {Side.LEFT: [150.0]})
    store.add_calibration(OTHER)
    only_said = json.loads(cli(store, "--json").stdout)
    assert (only_said["written"], only_said["calibration"]) == (False, 3)
    assert [change["before"]["left_mm"] for change in only_said["changes"]] == [test.left_mm]
    assert store.test(test.id) == test
    done = json.loads(cli(store, "--json", "--yes").stdout)
    now = store.test(test.id)
    assert now is not None
    assert [change["after"]["left_mm"] for change in done["changes"]] == [now.left_mm]
    assert done["written"] is True


def test_recalibrate_command_keeps_results_before_since(store: Store, clock: HandClock) -> None:
    store.add_calibration(FIT)
    before = add_test(store, clock, {Side.LEFT: [150.0]})
    after = add_test(store, clock, {Side.LEFT: [151.0]})
    store.add_calibration(OTHER)
    cli(store, "--yes", "--since", str(after.started_at.astimezone().date()))
    assert store.test(before.id) == before
    now = store.test(after.id)
    assert now is not None
    assert now.original is not None


def test_recalibrate_command_refuses_with_one_sentence(store: Store, tmp_path: Path) -> None:
    """No date, no such calibration, never calibrated, no database."""
    result = CliRunner().invoke(main, ["recalibrate", *SINCE, "--database", str(store.path)])
    assert_says(result, r"Another station .* stop it")
    for options, words in (
        (["--since", "tomorrow"], "'tomorrow' is not a date"),
        (["--calibration", "7"], "no calibration 7: .* 1 to 1"),
        ([], "has no calibration yet"),
    ):
        result = cli(store, *options)
        assert result.exit_code != 0
        assert result.stdout == ""
        assert_says(result, words)
    result = CliRunner().invoke(main, ["recalibrate", *SINCE, "--database", str(tmp_path / "nowhere.db")])
    assert_says(result, r"no database at .*nowhere\.db")
    assert not (tmp_path / "nowhere.db").exists()


def assert_says(result: Result, words: str) -> None:
    (line,) = result.stderr.strip().splitlines()
    assert re.search(words, line), line


def test_side_budget_is_mean_of_counted_trials(store: Store, clock: HandClock) -> None:
    """A trial has the budget of its best attempt."""
    store.add_calibration(FIT)
    test = add_test(store, clock, {Side.LEFT: [150.0, 151.0, 190.0, 152.0], Side.RIGHT: [None]})
    best = {attempt.trial: attempt for attempt in test.attempts}
    budgets: list[Budget] = []
    for trial in [trial for trial in test.trials if trial.side is Side.LEFT]:
        assert trial.budget is not None
        assert trial.budget == best[trial.number].budget
        if trial.number != 3:
            budgets.append(trial.budget)
    assert test.left_budget is not None
    assert test.left_budget.as_json() == pytest.approx(budget_of_mean(budgets).as_json(), abs=0.001)
    assert (test.right_mm, test.right_budget, test.right_uncertainty_mm) == (0.0, None, None)


def test_counted_trials_are_up_to_three_closest() -> None:
    """All up to three, the closest three of four, and only the last where the knee does not reach."""

    def done(*toes_mm: float) -> list[TrialResult]:
        return [TrialResult(number, toe_mm, False, 0.5) for number, toe_mm in enumerate(toes_mm, 1)]

    assert scored_trials([]) == ()
    assert score_mm([]) is None
    assert [trial.number for trial in scored_trials(done(80.0, 99.0))] == [1, 2]
    assert [trial.number for trial in scored_trials(done(80.0, 99.0, 81.0, 85.0))] == [1, 3, 4]
    below = TrialResult(2, 0.0, True, None)
    assert scored_trials([*done(20.0), below]) == (below,)
    assert score_mm([*done(20.0), below]) == 0.0


def test_temperature_difference_needs_both_temperatures(clock: HandClock) -> None:
    for then_c, now_c, warmer in ((20.0, 25.0, 5.0), (None, 25.0, None), (20.0, None, None)):
        calibration = Calibration("c", 1, clock.utc_now(), FIT.curve, FIT, then_c)
        using = MeasurementContext(calibration, clock.utc_now() - timedelta(hours=12), now_c)
        assert (using.conditions.warmer_degrees, using.conditions.days_since_calibration) == (warmer, 0.5)
