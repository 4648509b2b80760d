"""The odds of a change against spells: compared with the dense formula, and what they mean for people."""

from __future__ import annotations

from math import exp, log, sqrt

import pytest

from station.core.progress.spells import SPELL_DAYS, SPELL_SHARES, Spells, without_outliers

DAYS = [0.0, 1.0, 3.0, 4.0, 8.0, 9.0, 11.0, 20.0]
MMS = [80.0, 83.0, 79.0, 85.0, 88.0, 84.0, 91.0, 95.0]


def _whitened(days: list[float], share: float, columns: list[list[float]]) -> tuple[list[list[float]], float]:
    """Solve with the Cholesky factor of the covariance; return the columns and the log determinant."""
    n = len(days)
    factor = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            covariance = share * exp(-(days[i] - days[j]) / SPELL_DAYS) if i != j else 1.0
            rest = covariance - sum(factor[i][k] * factor[j][k] for k in range(j))
            factor[i][j] = sqrt(rest) if i == j else rest / factor[j][j]
    solved = []
    for column in columns:
        white: list[float] = []
        for i in range(n):
            white.append((column[i] - sum(factor[i][k] * white[k] for k in range(i))) / factor[i][i])
        solved.append(white)
    return solved, 2 * sum(log(factor[i][i]) for i in range(n))


def _without(column: list[float], other: list[float]) -> list[float]:
    along = sum(a * b for a, b in zip(column, other, strict=True)) / sum(b * b for b in other)
    return [a - along * b for a, b in zip(column, other, strict=True)]


def test_log_odds_agree_with_the_dense_formula() -> None:
    """Least squares with the whole covariance of the days, for each share."""
    follows, stays = 0.0, 0.0
    for share in SPELL_SHARES:
        (ones, course, mms), log_determinant = _whitened(DAYS, share, [[1.0] * len(DAYS), DAYS, MMS])
        rest, along = _without(mms, ones), _without(course, ones)
        base = -(log_determinant + log(sum(one * one for one in ones))) / 2
        half_df = (len(DAYS) - 1) / 2
        stays += exp(base - half_df * log(sum(one * one for one in rest)))
        follows += exp(base - half_df * log(sum(one * one for one in _without(rest, along))))
    assert Spells().log_odds_of_course(DAYS, MMS, DAYS) == pytest.approx(log(follows / stays))


def test_log_odds_of_sizes_agree_with_the_dense_formula() -> None:
    """The mean likelihood of the sizes takes the place of the likeliest one."""
    follows, stays = 0.0, 0.0
    for share in SPELL_SHARES:
        (ones, course, mms), log_determinant = _whitened(DAYS, share, [[1.0] * len(DAYS), DAYS, MMS])
        base = -(log_determinant + log(sum(one * one for one in ones))) / 2
        half_df = (len(DAYS) - 1) / 2
        stays += exp(base - half_df * log(sum(one * one for one in _without(mms, ones))))
        for size in (0.5, 1.5):
            rest = _without([mm - size * at for mm, at in zip(mms, course, strict=True)], ones)
            follows += exp(base - half_df * log(sum(one * one for one in rest))) / 2
    assert Spells().log_odds_of_course(DAYS, MMS, DAYS, (0.5, 1.5)) == pytest.approx(log(follows / stays))


def test_results_that_came_later_weigh_as_if_all_had_come_at_once() -> None:
    grown = Spells()
    for count in (3, 4, 6, 6, len(DAYS)):
        odds = grown.log_odds_of_course(DAYS[:count], MMS[:count], DAYS[:count])
        assert odds == Spells().log_odds_of_course(DAYS[:count], MMS[:count], DAYS[:count])


def test_log_odds_ignore_zero_and_unit() -> None:
    """Another zero or unit of the results or of the course changes nothing."""
    odds = Spells().log_odds_of_course(DAYS, MMS, DAYS)
    assert Spells().log_odds_of_course(
        DAYS, [3 * mm - 50 for mm in MMS], [day / 7 + 2 for day in DAYS]
    ) == pytest.approx(odds)


def test_a_gain_with_spells_is_less_certain() -> None:
    """2 mm a week for ten weeks, and 5 mm up and down: from day to day, or every ten days."""
    days = [float(day) for day in range(70)]
    odds = [
        Spells().log_odds_of_course(days, [day / 7 * 2 + 5 * (-1) ** (day // lasts) for day in range(70)], days)
        for lasts in (1, 10)
    ]
    assert odds[0] > log(100) > odds[1]


@pytest.mark.parametrize("mm", [0.0, 94.2])
def test_equal_results_are_no_course(mm: float) -> None:
    """Nor are too few results."""
    assert Spells().log_odds_of_course(DAYS, [mm] * len(DAYS), DAYS) == 0
    assert Spells().log_odds_of_course(DAYS[:3], MMS[:3], DAYS[:3]) < 0


def test_a_constant_course_explains_nothing() -> None:
    """A step before the first result."""
    assert Spells().log_odds_of_course(DAYS, MMS, [1.0] * len(DAYS)) == 0


def test_outliers_are_moved_to_three_sds() -> None:
    """An outlier keeps its sign; a change of many results keeps its size."""
    mms = [80.0, 84.0, 79.0, 83.0, 140.0, 82.0, 78.0, 83.0]
    moved = without_outliers(mms)
    assert moved[:4] + moved[5:] == mms[:4] + mms[5:]
    assert 95 < moved[4] < 110
    steps = [80.0, 84.0, 79.0, 83.0, 72.0, 68.0, 71.0, 67.0]
    assert without_outliers(steps) == steps
    assert without_outliers([80.0] * 9) == [80.0] * 9
