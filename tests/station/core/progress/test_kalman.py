"""The filter and the smoother, compared with simulation and with a dense computation of the same model."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from station.core.progress import kalman as module
from station.core.progress.kalman import SLOPE_LASTS_WEEKS, SLOPE_SD_MM_WEEK, LevelFilter, TrendState, passages

Array = NDArray[np.float64]
STATE = TrendState(90.0, 1.0, 4.0, 0.5, 1.0)


def filter_of(weeks: list[float], mm: list[float], sd: float = 5.0, *, finds_steps: bool = False) -> LevelFilter:
    return LevelFilter(passages(weeks), mm, [sd * sd] * len(mm), finds_steps=finds_steps)


@given(st.floats(0.1, 30), st.floats(0.1, 30))
def test_predicted_composes(first: float, then: float) -> None:
    """The prediction after two waits equals the prediction after both together."""
    at_once, in_two = STATE.predicted(first + then), STATE.predicted(first).predicted(then)
    for name in ("level", "slope", "level_variance", "covariance", "slope_variance"):
        assert getattr(in_two, name) == pytest.approx(getattr(at_once, name), rel=1e-6)
    assert STATE.predicted(0.0) is STATE


def test_predicted_has_the_moments_of_slopes_drawn_again() -> None:
    """Of 100,000 people whose slope is redrawn now and then, without a test in between."""
    rng, people, weeks = np.random.default_rng(1), 100_000, 15.0
    covariance = np.array([[4.0, 0.5], [0.5, 1.0]])
    level, slope = rng.multivariate_normal((90.0, 2.0), covariance, people).T
    left = np.full(people, weeks)
    while np.any(left > 0):
        lasts = np.minimum(left, rng.exponential(SLOPE_LASTS_WEEKS, people))
        level = level + slope * lasts
        left = left - lasts
        slope = np.where(left > 0, rng.normal(0, SLOPE_SD_MM_WEEK, people), slope)
    found = TrendState(90.0, 2.0, 4.0, 0.5, 1.0).predicted(weeks)
    assert np.mean(level) == pytest.approx(found.level, abs=0.2)
    assert np.mean(slope) == pytest.approx(found.slope, abs=0.02)
    assert np.var(level) == pytest.approx(found.level_variance, rel=0.02)
    assert np.cov(level, slope)[0, 1] == pytest.approx(found.covariance, rel=0.02)
    assert np.var(slope) == pytest.approx(found.slope_variance, rel=0.02)


def dense(weeks: list[float], mm: list[float], sd: float) -> tuple[Array, Array]:
    """The levels and their covariance given all results, from matrices of the whole history."""
    n = len(mm)
    state, spread = np.zeros(2), np.diag([100.0**2, 9.0])
    prior = np.zeros((2 * n, 2 * n))
    before = np.eye(2)
    for index, value in enumerate(mm):
        if index:
            gap = weeks[index] - weeks[index - 1]
            keep = np.exp(-gap / SLOPE_LASTS_WEEKS)
            move = np.array([[1.0, SLOPE_LASTS_WEEKS * (1 - keep)], [0.0, keep]])
            then = TrendState(state[0], state[1], spread[0, 0], spread[0, 1], spread[1, 1]).predicted(gap)
            added = np.array([[then.level_variance, then.covariance], [then.covariance, then.slope_variance]])
            added -= move @ spread @ move.T
            here, last = slice(2 * index, 2 * index + 2), slice(2 * index - 2, 2 * index)
            prior[here, :] = move @ prior[last, :]
            prior[:, here] = prior[here, :].T
            prior[here, here] = move @ prior[last, last] @ move.T + added
            state, spread = move @ state, move @ spread @ move.T + added
        else:
            prior[:2, :2] = before @ spread @ before.T
        gain = spread[:, 0] / (spread[0, 0] + sd * sd)
        state = state + gain * (value - state[0])
        spread = spread - np.outer(gain, spread[0, :])
    levels = prior[::2, ::2]
    gains = levels @ np.linalg.inv(levels + sd * sd * np.eye(n))
    return gains @ np.array(mm), levels - gains @ levels


def test_smoother_equals_the_dense_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """At irregular times: the levels, their variances and their covariances with the last level."""
    monkeypatch.setattr(module, "_HUBER_SDS", 1e9)
    rng = Random(1)
    weeks = sorted(rng.uniform(0, 12) for _ in range(30))
    mm = [2 * week + rng.gauss(0, 5) for week in weeks]
    levels, covariance = dense(weeks, mm, 5.0)
    found = filter_of(weeks, mm)
    smoother = found.smoother()
    states, _ = found.follow(mm)
    assert smoother.levels(states) == pytest.approx(levels, abs=1e-6)
    assert smoother.variances == pytest.approx(np.diag(covariance), abs=1e-6)
    assert smoother.covariances == pytest.approx(covariance[-1], abs=1e-6)


def test_filter_opens_a_step_at_its_second_test() -> None:
    """20 mm at once with errors of 5 mm: not at the first test, but permanently from the second on."""
    rng = Random(3)
    weeks = [number / 3 for number in range(30)]
    mm = [rng.gauss(0, 5) - (20 if number >= 20 else 0) for number in range(30)]
    assert filter_of(weeks[:21], mm[:21], finds_steps=True).breaks == set()
    for tests in range(22, 31):
        assert filter_of(weeks[:tests], mm[:tests], finds_steps=True).breaks == {20}


def test_filter_opens_no_step_for_one_outlier() -> None:
    """One test 50 mm off, the tests around it as usual."""
    weeks = [number / 3 for number in range(30)]
    mm = [(-1.0) ** number * 4 + (50 if number == 20 else 0) for number in range(30)]
    assert filter_of(weeks, mm, finds_steps=True).breaks == set()


def test_filter_opens_a_step_at_the_first_of_several_smaller_deviations() -> None:
    """Six tests 1.2 to 2 SDs below: together they are too many for chance."""
    weeks = [number / 3 for number in range(26)]
    mm = [(-1.0) ** number * 4 for number in range(20)] + [-9.0, -11, -10, -12, -11, -13]
    assert filter_of(weeks, mm, finds_steps=True).breaks == {20}


def test_filter_is_wider_where_the_level_moves() -> None:
    """The slope of a person who gains 4 mm a week is less certain than an unchanged person's: the gain may end."""
    weeks = [number / 3 for number in range(36)]
    stays = filter_of(weeks, [(-1.0) ** number * 4 for number in range(36)])
    gains = filter_of(weeks, [(-1.0) ** number * 4 + 4 * week for number, week in enumerate(weeks)])
    assert gains.last_variances[2] > 2 * stays.last_variances[2]
