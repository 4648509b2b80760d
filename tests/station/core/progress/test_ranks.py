"""The scores of ranks, the basis of the bound on false changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.core.progress.ranks import Ranks, expected_normal_scores, score_variance


@pytest.mark.parametrize("n", [1, 2, 3, 17, 100])
def test_scores_rise_and_are_symmetrical(n: int) -> None:
    """The scores of n ranks rise, and the largest is the negative of the smallest."""
    found = expected_normal_scores(n)
    assert found == sorted(found)
    assert found == pytest.approx([-score for score in reversed(found)], abs=1e-12)


def test_scores_of_two_are_half_normal_means() -> None:
    """The mean of the upper half of a normal distribution is the root of 2 over pi."""
    assert expected_normal_scores(2)[1] == pytest.approx((2 / np.pi) ** 0.5)


@pytest.mark.parametrize("n", [*range(2, 60), 100, 200, 366, 500])
def test_score_variance_bounds_the_exponential_mean(n: int) -> None:
    """The mean of exp(l * score) never exceeds exp(l * l * v / 2), so the evidence cannot grow by chance alone.

    Beyond l = 10 the largest score alone, at most 3.2, bounds the mean.
    """
    found = np.array(expected_normal_scores(n))
    bets = np.arange(0.05, 10, 0.05)
    excess = np.log(np.exp(np.outer(bets, found)).mean(axis=1)) - bets**2 * score_variance(n) / 2
    assert np.all(excess <= 0)
    assert score_variance(n) == pytest.approx((found**2).mean(), abs=4e-3)
    assert score_variance(n) >= (found**2).mean() - 1e-12


def test_ranks_average_the_scores_of_equal_results() -> None:
    """A third result equal to both others takes the mean of all three scores: 0."""
    ranks = Ranks()
    assert [ranks.add(80.0) for _ in range(3)] == pytest.approx([0, 0, 0], abs=1e-12)
    assert ranks.normal_score(80.0) == pytest.approx(0)
    assert len(ranks) == 3


@given(st.lists(st.floats(0, 200), min_size=1, max_size=30))
def test_ranks_score_a_result_by_its_rank(mms: list[float]) -> None:
    """Each result scores the mean over the ranks that it may have among itself and the earlier ones."""
    ranks = Ranks()
    for n, mm in enumerate(mms, 1):
        earlier = mms[: n - 1]
        low, high = sum(other < mm for other in earlier), sum(other <= mm for other in earlier)
        claimed = expected_normal_scores(n)[low : high + 1]
        assert ranks.add(mm) == pytest.approx(sum(claimed) / len(claimed), abs=1e-9)
