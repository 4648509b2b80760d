"""Statistics of agreement, compared with independent sources."""

from __future__ import annotations

from math import inf, nan, sqrt
from statistics import fmean, stdev

import numpy as np
import pandas as pd  # has no stubs
import pingouin  # has no stubs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats  # has no stubs

from station.core.statistics.agreement import (
    IccAnalysis,
    IccForm,
    Limits,
    bland_altman,
    mdc,
    one_way_icc,
    two_way_icc,
)
from tests.bench.agreement import PUBLISHED, RATINGS, figures, shipped

PINGOUINS = {
    "ICC(1,1)": IccForm.ONE_WAY,
    "ICC(A,1)": IccForm.RANDOM,
    "ICC(C,1)": IccForm.FIXED,
    "ICC(1,k)": IccForm.ONE_WAY_MEAN,
    "ICC(A,k)": IccForm.RANDOM_MEAN,
    "ICC(C,k)": IccForm.FIXED_MEAN,
}
Rows = list[list[float]]


def drawn(seed: int, n: int, k: int, between: float = 5, raters: float = 3, error: float = 4) -> Rows:
    """Ratings of `n` targets by `k` raters, drawn with these SDs."""
    dice = np.random.default_rng(seed)
    rows = 100 + dice.normal(0, between, (n, 1)) + dice.normal(0, raters, k) + dice.normal(0, error, (n, k))
    found: Rows = rows.tolist()
    return found


def both(rows: Rows) -> dict[IccForm, tuple[Limits, IccAnalysis]]:
    return {
        form: (limits, analysis)
        for analysis in (one_way_icc(rows), two_way_icc(rows))
        for form, limits in analysis.coefficients.items()
    }


def test_icc_equals_shrout_and_fleiss() -> None:
    """Their table to the four decimals printed: all mean squares and all six forms."""
    one, two = one_way_icc(RATINGS), two_way_icc(RATINGS)
    assert [
        round(ms or 0, 4)
        for ms in (two.target_mean_square, two.rater_mean_square, two.error_mean_square, one.error_mean_square)
    ] == [*(11.2417, 32.4861, 1.0194, 6.2639)]
    assert {form: round(value, 4) for form, value in shipped().items()} == PUBLISHED
    assert figures()["icc_error"]["value"] == pytest.approx(0, abs=0.00005)


# pingouin calls pandas in a deprecated way; the lock file pins the version.
@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
@pytest.mark.parametrize("seed", range(12))
def test_icc_equals_pingouin(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Coefficients, limits, F, degrees of freedom and probabilities on random ratings."""
    monkeypatch.setitem(pingouin.options, "round.column.CI95", 8)  # else two decimals
    dice = np.random.default_rng(seed)
    n, k = int(dice.integers(3, 25)), int(dice.integers(2, 6))
    rows = drawn(seed, n, k, *dice.uniform(0.5, 8, 3))
    long = pd.DataFrame([(i, j, rows[i][j]) for i in range(n) for j in range(k)], columns=["target", "rater", "mm"])
    found = both(rows)
    table = pingouin.intraclass_corr(long, targets="target", raters="rater", ratings="mm")
    assert {PINGOUINS[name] for name in table["Type"]} == set(IccForm)
    for name, icc, f, df1, df2, p, (low, high) in table.itertuples(index=False):
        limits, analysis = found[PINGOUINS[name]]
        assert limits.value == pytest.approx(icc, rel=1e-8, abs=1e-9)
        assert limits.low == pytest.approx(low, abs=1e-7)
        assert limits.high == pytest.approx(high, abs=1e-7)
        assert analysis.f_test is not None
        assert analysis.f_test.f == pytest.approx(f, rel=1e-8)
        assert (analysis.f_test.df1, analysis.f_test.df2) == (df1, df2)
        assert analysis.f_test.p == pytest.approx(p, rel=1e-6)


def test_one_way_icc_equals_a_hand_calculation() -> None:
    """Groups of 3, 2 and 1: k0 = (6 - 14 / 6) / 2, mean squares 9.25 and 1."""
    found = one_way_icc([[1, 2, 3], [5, 7, None], [6, None, None]])
    assert (found.n_used, found.n_dropped) == (3, 0)
    assert found.target_mean_square == pytest.approx((3 * 4 + 2 * 4 + 1 * 4) / 2)
    assert found.error_mean_square == pytest.approx((2 + 2) / 3)
    k0 = (6 - 14 / 6) / 2
    assert found.coefficients[IccForm.ONE_WAY].value == pytest.approx((12 - 4 / 3) / (12 + (k0 - 1) * 4 / 3))


def test_one_way_icc_is_unbiased_with_missing_ratings() -> None:
    """With a third missing the variance ratio is recovered, and 95 % limits cover 93 to 97 %."""
    dice = np.random.default_rng(3)
    values, hits = [], 0
    for seed in range(800):
        rows = drawn(seed, 15, 4, between=5, raters=0, error=5)
        missing = dice.random((15, 4)) < 1 / 3
        found = one_way_icc(
            [[None if gone else mm for mm, gone in zip(*pair, strict=True)] for pair in zip(rows, missing, strict=True)]
        )
        limits = found.coefficients[IccForm.ONE_WAY]
        assert limits.low is not None
        assert limits.high is not None
        hits += limits.low <= 0.5 <= limits.high
        values.append(limits.value)
    assert 0.46 < fmean(values) < 0.51
    assert 0.93 < hits / 800 < 0.97


def test_two_way_icc_counts_dropped_targets() -> None:
    """It uses the complete targets only and imputes nothing."""
    rows = drawn(1, 8, 3)
    holes: list[list[float | None]] = [[*row] for row in rows]
    holes[2] = [rows[2][0], None, rows[2][2]]
    holes[5] = [None, None, None]
    complete = [row for i, row in enumerate(rows) if i not in (2, 5)]
    found, reference = two_way_icc(holes), two_way_icc(complete)
    assert (found.n_used, found.n_dropped) == (6, 2)
    assert found.coefficients == reference.coefficients
    one = one_way_icc(holes)
    assert (one.n_used, one.n_dropped) == (7, 1)


@pytest.mark.parametrize(
    ("ratings", "why_one", "why_two"),
    [
        ([], "No target with a rating", "Fewer than two ratings"),
        ([[1, 2]], "Only one target with a rating", "Only one target with all 2"),
        ([[1], [2], [4]], "No target was rated twice", "Fewer than two ratings"),
        ([[3, 3], [3, 3]], "the same ratings", "the same ratings"),
        ([[0.1, 0.1, 0.1], [0.1, 0.1, 0.1]], "the same ratings", "the same ratings"),
        ([[1, None], [None, 2]], "No target was rated twice", "No target with all 2"),
    ],
)
def test_icc_gives_a_reason_without_a_result(ratings: list[list[float | None]], why_one: str, why_two: str) -> None:
    """One target, one rater, all equal, all missing: no number, and a sentence."""
    for found, why in ((one_way_icc(ratings), why_one), (two_way_icc(ratings), why_two)):
        assert found.coefficients == {}
        assert found.why_not is not None
        assert why in found.why_not


def test_icc_of_perfect_agreement_has_no_limits() -> None:
    """Identical ratings give 1 without limits; so does a constant shift."""
    for rows in ([[1, 1], [2, 2], [3, 3]], [[0.1, 0.3], [0.2, 0.4], [0.7, 0.9]]):
        assert two_way_icc(rows).coefficients[IccForm.FIXED] == Limits(1.0, None, None)
    assert one_way_icc([[1, 1], [2, 2]]).coefficients[IccForm.ONE_WAY_MEAN] == Limits(1.0, None, None)


def test_icc_is_missing_where_only_raters_differ() -> None:
    """Identical targets have no ICC of the three kinds, whatever the raters add."""
    assert two_way_icc([[1, 2], [1, 2], [1, 2]]).coefficients == {}


@pytest.mark.parametrize("bad", [nan, inf])
def test_icc_refuses_nan(bad: float) -> None:
    """nan does not count as missing: the error names its place."""
    for ask in (one_way_icc, two_way_icc):
        with pytest.raises(ValueError, match=r"target 2 has a rating of (nan|inf): write None"):
            ask([[1, 2], [3, bad]])
    with pytest.raises(ValueError, match="write None"):
        bland_altman([1, bad], [2, 3])


def test_icc_refuses_unequal_rows() -> None:
    """The error names the row that is shorter than the first."""
    with pytest.raises(ValueError, match="target 2 has 1 ratings, the first has 2"):
        two_way_icc([[1, 2], [3]])


@example(rows=[[0, 0, 1], [0, 0, 1], [0, 1, 0]], shift=0, scale=0.1)
@given(
    rows=st.lists(st.lists(st.integers(0, 200), min_size=3, max_size=3), min_size=3, max_size=12),
    shift=st.integers(-500, 500),
    scale=st.sampled_from([0.1, 2, 10]),
)
def test_icc_ignores_unit_and_zero(rows: list[list[int]], shift: int, scale: float) -> None:
    """In cm instead of mm, or from another zero, the coefficients are the same."""
    here, there = two_way_icc(rows), two_way_icc([[(rating + shift) * scale for rating in row] for row in rows])
    assert here.coefficients.keys() == there.coefficients.keys()
    for form, limits in here.coefficients.items():
        assert there.coefficients[form].value == pytest.approx(limits.value, rel=1e-6, abs=1e-6)


def test_mdc_equals_powden() -> None:
    """Powden's SEM of 6.9 mm is an MDC95 of 19 mm and an MDC90 of 16 mm."""
    assert mdc(6.9, 0.95) == pytest.approx(1.96 * sqrt(2) * 6.9, rel=1e-4)
    assert mdc(6.9, 0.90) == pytest.approx(1.645 * sqrt(2) * 6.9, rel=1e-4)
    assert (round(mdc(6.9, 0.95)), round(mdc(6.9, 0.90))) == (19, 16)


def test_bland_altman_equals_scipy() -> None:
    """Bias with its limits is the one-sample t interval; the limits of agreement are 1.96 SD around it."""
    rows = drawn(2, 20, 2)
    first: list[float | None] = [*(row[0] for row in rows), 5.0, None]
    second: list[float | None] = [*(row[1] for row in rows), None, 7.0]
    found = bland_altman(first, second)
    assert found is not None
    assert (found.n_used, found.n_dropped) == (20, 2)
    differences = [a - b for a, b in rows]
    mean, sd = fmean(differences), stdev(differences)
    low, high = stats.t.interval(0.95, 19, mean, sd / sqrt(20))
    assert (found.bias.value, found.bias.low, found.bias.high) == pytest.approx((mean, low, high))
    assert (found.lower.value, found.upper.value) == pytest.approx((mean - 1.959964 * sd, mean + 1.959964 * sd))


def test_bland_altman_limits_have_their_coverage() -> None:
    """The limits' own limits cover the true 97.5 % point of the differences in 93 to 97 % of samples."""
    dice = np.random.default_rng(5)
    true, hits = 2 + 1.959964 * 5, 0
    for _ in range(2500):
        found = bland_altman(dice.normal(102, 3, 40).tolist(), dice.normal(100, 4, 40).tolist())
        assert found is not None
        assert found.upper.low is not None
        assert found.upper.high is not None
        hits += found.upper.low <= true <= found.upper.high
    assert 0.93 < hits / 2500 < 0.97


def test_bland_altman_needs_two_pairs() -> None:
    """One complete pair has no scatter; sequences of unequal length are refused; equal pairs have no width."""
    assert bland_altman([1, None], [2, 3]) is None
    with pytest.raises(ValueError, match="2 first measurements for 1 second"):
        bland_altman([1, 2], [3])
    found = bland_altman([1, 2, 3], [1, 2, 3])
    assert found is not None
    assert (found.bias, found.sd) == (Limits(0, 0, 0), 0)
