"""Every probability and quantile compared with scipy: relative errors over 1 to 10,000 degrees of freedom."""

from __future__ import annotations

from math import atan, exp, inf, nan, pi, sqrt, tan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats  # has no stubs

from station.core.statistics.distributions import (
    chi2_cdf,
    chi2_quantile,
    chi2_sf,
    f_cdf,
    f_quantile,
    f_sf,
    normal_cdf,
    normal_quantile,
    normal_sf,
    t_cdf,
    t_quantile,
    t_sf,
)

CLOSE = 1e-11
DFS = (1, 1.5, 2, 2.7, 3, 5, 6, 10, 30.3, 199, 1000, 4321.5, 10_000)
TAILS = (1e-10, 1e-7, 1e-4, 0.005, 0.025, 0.05, 0.2, 0.2500001, 0.4, 0.4999)
BOTH_TAILS = (*TAILS, 0.5, *(1 - p for p in TAILS if p > 1e-6))

dfs = st.floats(1, 10_000)
tails = st.floats(-10, -0.302).map(lambda power: 10.0**power)


def near(value: float, reference: float) -> bool:
    return abs(value - reference) <= CLOSE * abs(reference)


@pytest.mark.parametrize("df", DFS)
def test_t_equals_scipy(df: float) -> None:
    """Quantiles, and the probabilities on both sides of each."""
    for p in BOTH_TAILS:
        t = t_quantile(p, df)
        assert near(t, float(stats.t.ppf(p, df)))
        if p < 0.2:
            assert near(t_cdf(t, df), p)
            assert near(t_sf(-t, df), p)
    for t in (-50.0, -3.0, -0.5, 0.01, 0.7, 2.0, 8.0):
        assert near(t_cdf(t, df), float(stats.t.cdf(t, df)))
        assert near(t_sf(t, df), float(stats.t.sf(t, df)))


@pytest.mark.parametrize("df", DFS)
def test_chi2_equals_scipy(df: float) -> None:
    """Quantiles from below and from above, and both tails at each."""
    for p in BOTH_TAILS:
        low, high = chi2_quantile(p, df), chi2_quantile(p, df, above=True)
        assert near(low, float(stats.chi2.ppf(p, df)))
        assert near(high, float(stats.chi2.isf(p, df)))
        for x in (low, high):
            assert near(chi2_cdf(x, df), float(special.gammainc(df / 2, x / 2)))
            assert near(chi2_sf(x, df), float(special.gammaincc(df / 2, x / 2)))


@pytest.mark.parametrize("df1", DFS)
def test_f_equals_scipy(df1: float) -> None:
    """Quantiles from below and from above, and both tails there, for every pair of degrees of freedom.

    The reference is scipy's incomplete beta function: `scipy.stats.f` itself loses digits where F is heavy-tailed.
    """
    for df2 in DFS:
        for p in TAILS:
            y = special.betaincinv(df2 / 2, df1 / 2, p)
            high, low = f_quantile(p, df1, df2, above=True), f_quantile(p, df2, df1)
            if y < 0.9:  # above, 1 - y cancels in the reference
                assert near(high, float((1 - y) / y * df2 / df1))
            assert near(low, 1 / high)
            assert near(f_sf(high, df1, df2), p)
            assert near(f_cdf(low, df2, df1), p)
            if p > 1e-3:
                assert near(f_cdf(high, df1, df2), float(stats.f.cdf(high, df1, df2)))
                assert near(high, float(stats.f.isf(p, df1, df2)))


def test_normal_equals_scipy() -> None:
    """Up to 37 SDs, and quantiles of probabilities down to 1e-300."""
    for x in np.linspace(-37, 37, 149):
        assert near(normal_cdf(float(x)), float(stats.norm.cdf(x)))
        assert near(normal_sf(float(x)), float(stats.norm.sf(x)))
    for p in (*np.logspace(-300, -0.4, 60), 0.7, 0.975, 0.999999):
        assert near(normal_quantile(float(p)), float(stats.norm.ppf(p)))


def test_distributions_equal_closed_forms() -> None:
    """One and two degrees of freedom have formulas."""
    for t in (1e-6, 0.3, 1.0, 12.0, 1e6):
        assert near(t_cdf(t, 1), 0.5 + atan(t) / pi)
        assert near(t_cdf(t, 2), 0.5 + t / (2 * sqrt(2 + t * t)))
        assert near(chi2_sf(t, 2), exp(-t / 2))
    for p in TAILS:
        assert near(t_quantile(p, 1), -1 / tan(pi * p))


@given(tails, dfs, dfs)
def test_quantiles_invert_probabilities(p: float, df1: float, df2: float) -> None:
    """The probability at a quantile is the requested one, in both tails."""
    assert near(f_cdf(f_quantile(p, df1, df2), df1, df2), p)
    assert near(f_sf(f_quantile(p, df1, df2, above=True), df1, df2), p)
    assert near(chi2_cdf(chi2_quantile(p, df1), df1), p)
    assert near(chi2_sf(chi2_quantile(p, df1, above=True), df1), p)
    assert near(t_cdf(t_quantile(p, df1), df1), p)


@given(st.floats(0.01, 0.9), dfs)
def test_t_squared_equals_f(p: float, df: float) -> None:
    """F with one degree of freedom in the numerator is Student's t squared."""
    assert f_quantile(p, 1, df, above=True) == pytest.approx(t_quantile(p / 2, df) ** 2, rel=1e-9)


def test_distributions_saturate_far_out() -> None:
    """Nothing lies below 0, everything below infinity; points beyond a double are 0 or infinite."""
    assert (f_cdf(0, 3, 4), f_sf(-1, 3, 4), f_cdf(inf, 3, 4)) == (0, 1, 1)
    assert (chi2_cdf(-1, 3), chi2_sf(0, 3), chi2_sf(inf, 3)) == (0, 1, 0)
    assert (t_cdf(-inf, 3), t_cdf(0, 3), t_sf(inf, 3)) == (0, 0.5, 0)
    assert t_quantile(0.5, 7) == 0
    assert chi2_quantile(1e-10, 0.01) == 0
    assert f_quantile(1e-10, 1, 0.01, above=True) == inf


@pytest.mark.parametrize("p", [0, 1, -0.1, 1.5, nan])
def test_quantiles_refuse_invalid_probabilities(p: float) -> None:
    """A probability must lie strictly between 0 and 1."""
    refused = pytest.raises(ValueError, match="must lie between 0 and 1")
    with refused:
        normal_quantile(p)
    with refused:
        t_quantile(p, 3)
    with refused:
        f_quantile(p, 3, 4)
    with refused:
        chi2_quantile(p, 3, above=True)


@pytest.mark.parametrize("df", [0, -1, nan, inf])
def test_distributions_refuse_invalid_degrees_of_freedom(df: float) -> None:
    """They must be positive and finite."""
    refused = pytest.raises(ValueError, match="positive and finite")
    with refused:
        t_cdf(1, df)
    with refused:
        f_quantile(0.1, df, 3)
    with refused:
        chi2_quantile(0.1, df)


def test_distributions_refuse_nan() -> None:
    """No probability lies below nan."""
    refused = pytest.raises(ValueError, match="nan is no number")
    with refused:
        t_sf(nan, 3)
    with refused:
        f_cdf(nan, 2, 3)
    with refused:
        chi2_sf(nan, 3)
