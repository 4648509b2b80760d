"""What circumstances add to results: found, subtracted, and left in the band as uncertainty."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from station.core.progress import kalman
from station.core.progress.habits import CALIBRATION_SD_MM, OFFSET_SD_MM, Habits, offsets_of
from station.core.progress.kalman import LevelFilter, passages
from station.core.progress.records import Result, TimeOfDay
from station.core.progress.trend import Trend, fit_trend, in_usual_circumstances
from tests.station.core.progress.histories import scattered

MORNING, EVENING = TimeOfDay.MORNING, TimeOfDay.EVENING
SD = 4.0


def under(made: Result, adds_mm: float = 0.0, *, full: bool = False, **circumstances: Any) -> Result:
    """The result in these circumstances, which add this much."""
    known = replace(made.circumstances, **circumstances)
    return replace(made, mm=made.mm + adds_mm, full=full, circumstances=known)


def trend_of(made: list[Result]) -> Trend:
    return fit_trend(made, [SD] * len(made))


def with_evenings(weeks: int, seed: int, adds_mm: float = 6.0) -> list[Result]:
    """Every third test in the evening."""
    return [
        under(one, adds_mm, time_of_day=EVENING) if number % 3 == 1 else under(one, time_of_day=MORNING)
        for number, one in enumerate(scattered(weeks, sd=SD, seed=seed))
    ]


def test_evenings_that_read_more_are_a_habit() -> None:
    """Half a year with every third test in the evening, 6 mm more: the habit, and the level of the mornings."""
    found = trend_of(with_evenings(26, seed=1))
    (habit,) = found.habits
    assert (habit.circumstance, habit.compared_with) == ("evenings", "mornings")
    assert habit.difference_mm.low < 6 < habit.difference_mm.high
    assert habit.difference_mm.low > 2
    assert found.points[-1].low_mm < 90 < found.points[-1].high_mm
    assert sum(found.usual) == 52


@pytest.mark.parametrize(
    ("usual", "other", "nouns"),
    [
        ({"full": False}, {"full": True}, ("full tests", "quick tests")),
        ({}, {"after_stretch": True}, ("tests after a stretch", "tests before any stretch")),
        ({"warmed_up": True}, {"warmed_up": False}, ("tests without a warm-up", "tests after a warm-up")),
        ({"time_of_day": EVENING}, {"time_of_day": TimeOfDay.DAYTIME}, ("tests by day", "evenings")),
    ],
)
def test_each_circumstance_is_a_habit(usual: dict[str, Any], other: dict[str, Any], nouns: tuple[str, str]) -> None:
    """Each adds 8 mm in every third test, compared with the usual circumstance."""
    made = [
        under(one, 8.0, **other) if number % 3 == 1 else under(one, **usual)
        for number, one in enumerate(scattered(20, sd=SD, seed=2))
    ]
    (habit,) = trend_of(made).habits
    assert (habit.circumstance, habit.compared_with) == nouns
    assert habit.difference_mm.low < 8 < habit.difference_mm.high


def test_a_habit_needs_five_tests_of_either_kind() -> None:
    """Four evenings 15 mm up are too few; a fifth gives the habit."""
    made = [under(one, time_of_day=MORNING) for one in scattered(12, sd=SD, seed=4)]
    for index in (5, 12, 19, 26):
        made[index] = under(made[index], 15.0, time_of_day=EVENING)
    assert trend_of(made).habits == ()
    made[30] = under(made[30], 15.0, time_of_day=EVENING)
    assert len(trend_of(made).habits) == 1


def test_a_habit_that_adds_nothing_is_rarely_found() -> None:
    """Evenings the same as mornings: at most one in a hundred people, with an allowance for chance."""
    assert sum(bool(trend_of(with_evenings(12, seed=seed, adds_mm=0.0)).habits) for seed in range(100)) <= 3


def test_unknown_counts_as_usual() -> None:
    """Results of an unknown part of the day have no offset."""
    made = [one if number < 18 else under(one, time_of_day=MORNING) for number, one in enumerate(scattered(12, seed=3))]
    assert offsets_of(made) == []
    assert trend_of(made).usual == (True,) * len(made)


def test_a_move_to_the_evening_is_no_gain() -> None:
    """From mornings to evenings in week 8, 6 mm more: the change is that uncertain, and its interval includes 0."""
    held = 0
    for seed in range(40):
        made = [
            under(one, 6.0, time_of_day=EVENING) if number >= 24 else under(one, time_of_day=MORNING)
            for number, one in enumerate(scattered(14, sd=SD, seed=seed))
        ]
        found = trend_of(made)
        held += found.change_mm.low <= 0 <= found.change_mm.high
        assert found.change_mm.high - found.change_mm.low > 2 * 1.96 * 3
    assert held >= 35


def test_a_new_calibration_makes_the_change_less_certain() -> None:
    """The same results, with a new calibration between them: each may be off by 1.5 mm."""
    made = scattered(12, sd=SD, seed=6)
    one = [replace(result, calibration=1) for result in made]
    two = [replace(result, calibration=1 + (number >= 18)) for number, result in enumerate(made)]
    plain, recalibrated = trend_of(one), trend_of(two)
    added = recalibrated.change_sd_mm**2 - plain.change_sd_mm**2
    assert added == pytest.approx(2 * CALIBRATION_SD_MM**2, rel=0.15)
    assert recalibrated.usual == plain.usual == (True,) * len(made)
    assert recalibrated.habits == ()


def test_first_estimate_is_close_to_the_last() -> None:
    """The steps before the fit of the trend already have the evenings' 6 mm subtracted."""
    made = with_evenings(26, seed=1)
    rough = in_usual_circumstances(made)
    taken = [one.mm - mm for one, mm in zip(made, rough, strict=True)]
    assert {round(mm, 6) for mm in taken} == {0.0, round(max(taken), 6)}
    assert max(taken) == pytest.approx(6, abs=2.5)


def test_offsets_equal_the_dense_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their estimates, their covariance and what they add to the band equal those of matrices of the whole history."""
    monkeypatch.setattr(kalman, "_HUBER_SDS", 1e9)
    rng = Random(1)
    made = [
        under(one, full=rng.random() < 0.3, time_of_day=rng.choice((MORNING, EVENING))) for one in scattered(8, seed=1)
    ]
    mm = [one.mm - 90 for one in made]
    weeks = [float(one.test_id) / 7 for one in made]
    level_filter = LevelFilter(passages(weeks), mm, [SD * SD] * len(mm))
    offsets = offsets_of(made)
    found = Habits(offsets, mm, level_filter)
    smoother = level_filter.smoother()
    smoothing = np.array([smoother.levels(level_filter.follow(row)[0]) for row in np.eye(len(mm)).tolist()]).T
    # The smoother is S = L / (L + R), so the results' covariance without offsets is R / (1 - S).
    covariance = SD * SD * np.linalg.inv(np.eye(len(mm)) - smoothing)
    shares = np.array([offset.shares for offset in offsets]).T
    precision = shares.T @ np.linalg.inv(covariance) @ shares + np.eye(len(offsets)) / OFFSET_SD_MM**2
    expected = np.linalg.inv(precision)
    values = expected @ shares.T @ np.linalg.inv(covariance) @ np.array(mm)
    assert len(offsets) == 2
    assert found.values == pytest.approx(values, abs=1e-6)
    added, added_to_change = found.smoothed_variances(smoother)
    in_levels = smoothing @ shares
    assert added == pytest.approx(np.einsum("ij,jk,ik->i", in_levels, expected, in_levels), abs=1e-6)
    in_change = in_levels[-1] - in_levels[0]
    assert added_to_change == pytest.approx(in_change @ expected @ in_change, abs=1e-6)
