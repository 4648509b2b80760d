"""The band while a step of the level is undecided: both levels, then one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from station.core.progress.kalman import LevelFilter, passages
from station.core.progress.open_step import added_variance, interval_with, possible_levels
from station.core.progress.records import Interval
from station.core.progress.trend import fit_trend
from tests.station.core.progress.histories import results, scattered

SD_MM = 5.0
BEFORE_MM = [one.mm for one in scattered(10, sd=4.0, seed=5)]


def band(*after_mm: float) -> Interval:
    """The band at the last of these tests, after thirty tests at 90 mm."""
    made = results([*BEFORE_MM, *after_mm])
    last = fit_trend(made, [SD_MM] * len(made)).points[-1]
    return Interval(last.mm, last.low_mm, last.high_mm)


def width(*after_mm: float) -> float:
    found = band(*after_mm)
    return found.high - found.low


@pytest.mark.parametrize("side", [-1, 1])
def test_one_test_far_off_leaves_both_levels_possible(side: int) -> None:
    """The old level and that of the test; the line itself does not follow it."""
    found = band(90 + side * 22)
    assert found.low < 90 + min(0, side * 20)
    assert found.high > 90 + max(0, side * 20)
    assert found.value == pytest.approx(90, abs=4)


def test_the_next_tests_decide_it() -> None:
    """If they return, it was an outlier; three on its side exclude the old level."""
    assert width(68, 91, 89) < width(68) / 2
    assert band(68, 71, 69, 70).high < 85


def test_nothing_is_open_among_usual_tests() -> None:
    """The interval is the trend's own, to a tenth."""
    assert width(91) == pytest.approx(width(91, 88), abs=1.0)
    assert width(91) < width(68) / 2


def levels_of(mm: Sequence[float], certain: Sequence[int] = ()) -> list[float]:
    variances = [SD_MM**2] * len(mm)
    level_filter = LevelFilter(passages([one / 2 for one in range(len(mm))]), mm, variances, certain)
    found = possible_levels(level_filter, mm, variances, certain)
    assert sum(one.probability for one in found) == pytest.approx(1.0)
    assert added_variance(found) >= 0
    return [one.apart_mm for one in found]


def test_a_certain_step_and_too_few_tests_leave_nothing_open() -> None:
    """After a certain step there are too few tests; a step needs three tests before it."""
    assert levels_of([0.0, 1.0, -20.0]) == [0.0]
    assert levels_of([0.0, 1.0, 0.0, 1.0, -20.0], certain=[4]) == [0.0]
    assert len(levels_of([0.0, 1.0, 0.0, 1.0, -20.0])) > 1


def test_the_interval_is_never_narrower_than_the_trends_own() -> None:
    """Even if a part of the mixture is certain of its level."""
    trend = Interval(0.0, -4.0, 4.0)
    level_filter = LevelFilter(passages([0.0]), [0.0], [1.0])
    found = interval_with(possible_levels(level_filter, [0.0], [1.0], ()), trend, 1.0)
    assert (found.low, found.high) == (-4.0, 4.0)
