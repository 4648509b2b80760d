"""The trend and its band, compared with a dense computation of the same model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from station.core.progress import trend as module
from station.core.progress.trend import SLOPE_DECAY_WEEKS, SLOPE_SD_MM_WEEK, TrendState, fit_trend, outlier_indices
from tests.station.core.progress.histories import result, results, scattered

Array = NDArray[np.float64]
SD = 5.8


def covariance(weeks: Array) -> Array:
    """The covariance of the levels at these weeks: an unknown start, plus an integrated Ornstein-Uhlenbeck slope."""
    early, late = np.minimum.outer(weeks, weeks), np.maximum.outer(weeks, weeks)
    fade = SLOPE_DECAY_WEEKS
    grown = 2 * early / fade - 1 + np.exp(-early / fade) + np.exp(-late / fade) - np.exp((early - late) / fade)
    shared: Array = 100.0**2 + SLOPE_SD_MM_WEEK**2 * fade**2 * grown
    return shared


def test_trend_equals_the_dense_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """At irregular times the levels, the band and the change with its error equal those of the whole covariance."""
    monkeypatch.setattr(module, "_HUBER_SDS", 1e9)
    made = [one for index, one in enumerate(scattered(12, slope=2.0)) if index not in (4, 9, 10, 11)]
    begin = 3
    found = fit_trend(made, [SD] * len(made), begin=begin)
    days = np.array([float(one.test_id) for one in made])
    mm = np.array([one.mm for one in made])
    noise = np.diag(module._result_variances(made, [SD] * len(made), (), ()))
    prior = covariance((days - days[0]) / 7)
    gain = prior @ np.linalg.inv(prior + noise)
    middle = np.median(mm[:5])
    levels = middle + gain @ (mm - middle)
    after = prior - gain @ prior
    assert [point.mm for point in found.points] == pytest.approx(levels, abs=1e-6)
    half = [(point.high_mm - point.low_mm) / 2 for point in found.points]
    assert half == pytest.approx(1.959964 * np.sqrt(np.diag(after)), abs=1e-5)
    assert found.change_mm.value == pytest.approx(levels[-1] - levels[begin], abs=1e-6)
    of_change = after[-1, -1] + after[begin, begin] - 2 * after[begin, -1]
    assert found.change_sd_mm == pytest.approx(np.sqrt(of_change), abs=1e-5)


@given(st.floats(0.1, 30), st.floats(0.1, 30))
def test_predicted_composes(first: float, then: float) -> None:
    """The prediction after two waits equals the prediction after both together."""
    state = TrendState(90.0, 1.0, 4.0, 0.5, 1.0)
    at_once, in_two = state.predicted(first + then), state.predicted(first).predicted(then)
    for name in ("level", "slope", "level_variance", "covariance", "slope_variance"):
        assert getattr(in_two, name) == pytest.approx(getattr(at_once, name), rel=1e-6)
    assert state.predicted(0.0) is state


@pytest.mark.parametrize("index", [0, 1, 15, 29])
def test_trend_resists_one_outlier(index: int) -> None:
    """A test 50 mm off at any position counts as an outlier, and no point of the trend moves by 2 mm."""
    made = scattered(10, sd=4.0, seed=2)
    with_outlier = [*made]
    with_outlier[index] = result(float(made[index].test_id), made[index].mm + 50)
    sds = [5.0] * len(made)
    assert outlier_indices(made, sds, ()) == set()
    assert outlier_indices(with_outlier, sds, ()) == {index}
    plain, moved = fit_trend(made, sds), fit_trend(with_outlier, sds, {index})
    assert max(abs(a.mm - b.mm) for a, b in zip(plain.points, moved.points, strict=True)) < 2


def test_trend_steps_at_a_break() -> None:
    """With a break at the step the trend follows within one test, and nothing there is an outlier."""
    made = results([90.0, 91, 89, 90, 92, 60, 61, 59, 60, 62])
    sds = [3.0] * len(made)
    assert outlier_indices(made, sds, {5}) == set()
    found = fit_trend(made, sds, breaks={5})
    assert found.points[4].mm == pytest.approx(90.5, abs=2)
    assert found.points[5].mm == pytest.approx(60.5, abs=2)


def test_trend_gives_correlated_tests_less_weight() -> None:
    """Correlated daily tests weigh less each; the same results ten days apart do not."""
    mms = [95.0, 94, 96, 85, 84, 86, 85, 95, 96, 94, 86, 85]
    daily, apart = results(mms, 1.0), results(mms, 10.0)
    assert min(module._result_variances(daily, [SD] * 12, (), ())) > max(
        module._result_variances(apart, [SD] * 12, (), ())
    )


def test_trend_of_one_result_is_that_result() -> None:
    """Its level is the result, with the person's error."""
    (point,) = fit_trend(results([94.0]), [SD]).points
    assert point.mm == pytest.approx(94.0)
    assert point.high_mm - point.mm == pytest.approx(1.96 * SD, rel=0.01)


def test_trend_widens_its_band_across_a_gap() -> None:
    """After a year without tests the level is less certain than before."""
    made = [*scattered(6), *results([90.0], from_day=400)]
    points = fit_trend(made, [SD] * len(made)).points
    assert points[-1].high_mm - points[-1].low_mm > 1.5 * (points[-2].high_mm - points[-2].low_mm)
