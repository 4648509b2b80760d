"""The trend and its band, its steps and its outliers."""

from __future__ import annotations

import pytest

from station.core.progress import trend as module
from station.core.progress.trend import fit_trend
from tests.station.core.progress.histories import result, results, scattered

SD = 5.8


@pytest.mark.parametrize("index", [0, 1, 15, 29])
def test_trend_resists_one_outlier(index: int) -> None:
    """A test 50 mm off at any position counts as an outlier, and the trend is as if it had not been made."""
    made = scattered(10, sd=4.0, seed=2)
    with_outlier = [*made]
    with_outlier[index] = result(float(made[index].test_id), made[index].mm + 50)
    sds = [5.0] * len(made)
    assert fit_trend(made, sds).outliers == set()
    moved = fit_trend(with_outlier, sds)
    assert moved.outliers == {index}
    others = [point for number, point in enumerate(moved.points) if number != index]
    without = fit_trend(made[:index] + made[index + 1 :], sds[1:])
    assert max(abs(a.mm - b.mm) for a, b in zip(others, without.points, strict=True)) < 1


def test_trend_steps_at_a_break() -> None:
    """With a break at the step the trend follows within one test, and nothing there is an outlier."""
    made = results([90.0, 91, 89, 90, 92, 60, 61, 59, 60, 62])
    found = fit_trend(made, [3.0] * 10, breaks={5})
    assert found.outliers == set()
    assert found.points[4].mm == pytest.approx(90.5, abs=2)
    assert found.points[5].mm == pytest.approx(60.5, abs=2)


def test_trend_follows_a_loss_from_its_second_test() -> None:
    """20 mm at once: the first test is an outlier and leaves both levels possible; after the second, neither is."""
    before = [one.mm for one in scattered(10, sd=4.0, seed=5)]
    one = fit_trend(results([*before, 66.0]), [SD] * 31)
    assert one.outliers == {30}
    assert one.points[-1].low_mm < 70 < 90 < one.points[-1].high_mm
    assert one.points[-2].low_mm > 80
    two = fit_trend(results([*before, 66.0, 71.0]), [SD] * 32)
    assert two.outliers == set()
    assert two.points[-1].low_mm < 70 < two.points[-1].high_mm
    assert two.change_mm.low < -20 < two.change_mm.high


def test_trend_closes_a_step_that_later_tests_refute() -> None:
    """An outlier and a test on its side open a step; the fourth test shows that it was an outlier."""
    before = [one.mm for one in scattered(10, sd=3.0, seed=5)]
    after = [one.mm for one in scattered(4, sd=3.0, seed=6)]
    made = results([*before, 130.0, 105.0, *after])
    opened = fit_trend(made[:32], [SD] * 32)
    assert opened.points[-1].high_mm > 105
    for tests in range(34, len(made) + 1):
        found = fit_trend(made[:tests], [SD] * tests)
        assert found.outliers == {30}
        assert found.points[30].mm == pytest.approx(90, abs=4)


def test_trend_gives_correlated_tests_less_weight() -> None:
    """Correlated daily tests weigh less each; the same results ten days apart do not."""
    mms = [95.0, 94, 96, 85, 84, 86, 85, 95, 96, 94, 86, 85]
    daily, apart = ([number * days / 7 for number in range(12)] for days in (1, 10))
    variances = [
        module._result_variances(weeks, mms, [SD] * 12, module._close_in_time(weeks), (), ())
        for weeks in (daily, apart)
    ]
    assert min(variances[0]) > max(variances[1])


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
