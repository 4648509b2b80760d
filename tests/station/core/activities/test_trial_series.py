"""The trials of a test: targets, sides, scores and the personal best."""

from __future__ import annotations

import pytest

from station.core.activities.attempt import Failed, Passed, Void
from station.core.activities.trial_series import Target, TrialSeries
from station.core.measurement.estimate import Estimate
from station.core.steps import TestStep
from tests.station.core.traces import LEFT, RIGHT

WINDOW_US = (0, 1_000_000)


def passed(toe_mm: float) -> Passed:
    return Passed(toe_mm, 0.7, WINDOW_US, Estimate(toe_mm + 70.0, 0.7, 0.4, 30))


def finish_trial(series: TrialSeries, toe_mm: float) -> None:
    """One trial whose best attempt passed at `toe_mm`."""
    series.record(passed(toe_mm))
    for _ in range(2):
        assert not series.current.is_over
        series.record(Failed("contact", toe_mm + 5))
    assert series.current.is_over
    assert series.finish_trial().toe_mm == toe_mm


def test_targets_follow_verdicts() -> None:
    """Farther after a pass, nearer after a failure; a target within 3 mm needs no move."""
    series = TrialSeries(TestStep((LEFT,)))
    assert series.record(passed(60.0)) == Target(75.0, is_near=False)
    assert series.record(Failed("heel", 75.0)) == Target(65.0, is_near=False)
    assert series.record(passed(66.0)) == Target(71.0, is_near=False)
    assert series.target_mm == 71.0
    assert series.record(Failed("contact", 70.0)) == Target(71.0, is_near=True)


def test_void_keeps_the_target() -> None:
    """The same distance again, and the outcome is shown as the last one."""
    series = TrialSeries(TestStep((LEFT,)))
    series.record(passed(60.0))
    assert series.record(Void("unclear", "the readings are too few")) is None
    assert (series.target_mm, series.last_outcome) == (75.0, "unclear")


def test_sides_follow_each_other() -> None:
    """Each side has its own attempts, trials and score."""
    series = TrialSeries(TestStep((LEFT, RIGHT)))
    series.count_attempt()
    assert not series.has_results
    finish_trial(series, 80.0)
    assert (series.side, series.target_mm, series.has_results) == (LEFT, None, True)
    assert series.advance_side()
    assert (series.side, series.attempt_count, series.current.attempts) == (RIGHT, 1, 0)
    assert (series.score_mm(LEFT), series.score_mm(RIGHT)) == (80.0, None)
    assert not series.advance_side()


@pytest.mark.parametrize(("sides", "then"), [((LEFT,), (RIGHT,)), ((LEFT, RIGHT), (RIGHT, LEFT))])
def test_chosen_side_comes_first(sides: tuple[str, ...], then: tuple[str, ...]) -> None:
    """A test of one side changes to the other one; a test of both changes their order."""
    series = TrialSeries(TestStep(tuple(side for side in (LEFT, RIGHT) if side in sides)))
    series.choose_side(RIGHT)
    order = [series.side]
    while series.advance_side():
        order.append(series.side)
    assert tuple(order) == then


@pytest.mark.parametrize(
    ("full", "toe_mm", "beat_mm", "is_best"),
    [(True, 90.0, 85.0, True), (True, 85.0, 85.0, False), (True, 90.0, None, False), (False, 90.0, 85.0, False)],
)
def test_personal_best(full: bool, toe_mm: float, beat_mm: float | None, is_best: bool) -> None:
    """Only a full test can be one, and only above the distance to beat."""
    series = TrialSeries(TestStep((LEFT,), full, beat_left_mm=beat_mm, beat_right_mm=0.0))
    finish_trial(series, toe_mm)
    assert series.is_personal_best is is_best
