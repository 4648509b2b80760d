"""Probabilities and quantiles of the normal, Student's t, F and chi-squared distributions, in pure Python.

scipy would cost the station 88 MB and a second at start; the tests compare every function with it. Relative errors are
below 1e-11, mostly below 1e-13, for 1 to 10,000 degrees of freedom (fractional ones too) and tails down to 1e-10.

`..._cdf` is the probability below a point, `..._sf` the one above, each accurate in its own small tail. For a quantile
of F or chi-squared in the upper tail pass `above=True` and the probability above it: `1 - p` loses digits for a small
`p`. Degrees of freedom must be positive and finite, probabilities strictly between 0 and 1, and no argument nan;
otherwise the functions raise `ValueError`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, exp, inf, isfinite, isnan, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist

from msgspec import Struct

_MAX_TERMS = 100_000
"""Fractions and series need about as many terms as the root of the degrees of freedom; this allows 1e9 of them."""
_EPSILON = 3e-16
"""A relative term or factor below this no longer changes a double."""
_TINY = 1e-300
"""Replaces a zero within a continued fraction (Lentz's method)."""
_MAX_NEWTON_STEPS = 200
_NEWTON_TOLERANCE = 1e-9
"""After a relative Newton step below this, the next would change nothing."""
_MIN_LOG_POINT = -700.0
"""Points whose logarithm is below this count as 0; above its negative, as infinite."""
_STANDARD_NORMAL = NormalDist()


def normal_cdf(x: float) -> float:
    """Return the probability that a standard normal value lies below `x`."""
    return erfc(-x / sqrt(2)) / 2


def normal_sf(x: float) -> float:
    """Return the probability that a standard normal value lies above `x`."""
    return erfc(x / sqrt(2)) / 2


def normal_quantile(p: float) -> float:
    """Return the point below which a standard normal value lies with probability `p` (Wichura 1988, AS 241)."""
    _check_probability(p)
    return _STANDARD_NORMAL.inv_cdf(p)


def t_cdf(t: float, df: float) -> float:
    """Return the probability that Student's t lies below `t`."""
    return t_sf(-t, df)


def t_sf(t: float, df: float) -> float:
    """Return the probability that Student's t lies above `t`."""
    if t >= 0:
        return f_sf(t * t, 1, df) / 2
    return (1 + f_cdf(t * t, 1, df)) / 2


def t_quantile(p: float, df: float) -> float:
    """Return the point below which Student's t lies with probability `p`."""
    _check_probability(p)
    if p == 0.5:
        return 0.0
    if p > 0.5:
        return -t_quantile(1 - p, df) if p > 0.75 else sqrt(f_quantile(2 * (p - 0.5), 1, df))
    return -sqrt(f_quantile(2 * p, 1, df, above=True) if p < 0.25 else f_quantile(2 * (0.5 - p), 1, df))


def f_cdf(f: float, df1: float, df2: float) -> float:
    """Return the probability that F with `df1` and `df2` degrees of freedom lies below `f`."""
    return _f_tails(f, df1, df2).below


def f_sf(f: float, df1: float, df2: float) -> float:
    """Return the probability that F with `df1` and `df2` degrees of freedom lies above `f`."""
    return _f_tails(f, df1, df2).above


def f_quantile(p: float, df1: float, df2: float, *, above: bool = False) -> float:
    """Return the point below which F lies with probability `p`; with `above`, the point above which it does."""
    _check_degrees_of_freedom(df1, df2)
    return _quantile(p, above, 1.0, lambda f: _f_tails(f, df1, df2))


def chi2_cdf(x: float, df: float) -> float:
    """Return the probability that chi-squared lies below `x`."""
    return _chi2_tails(x, df).below


def chi2_sf(x: float, df: float) -> float:
    """Return the probability that chi-squared lies above `x`."""
    return _chi2_tails(x, df).above


def chi2_quantile(p: float, df: float, *, above: bool = False) -> float:
    """Return the point below which chi-squared lies with probability `p`; with `above`, above which it does."""
    _check_degrees_of_freedom(df)
    return _quantile(p, above, df, lambda x: _chi2_tails(x, df))


def _check_probability(p: float) -> None:
    if not 0 < p < 1:
        raise ValueError(f"a probability of {p!r} has no quantile: it must lie between 0 and 1")


def _check_not_nan(x: float) -> None:
    if isnan(x):
        raise ValueError("nan is no number: nothing lies below or above it")


def _check_degrees_of_freedom(*dfs: float) -> None:
    for df in dfs:
        if not (df > 0 and isfinite(df)):
            raise ValueError(f"{df!r} degrees of freedom: they must be positive and finite")


class _Tails(Struct, frozen=True):
    """The probabilities below and above a point, and the density of its logarithm there."""

    below: float
    above: float
    density: float


_NOTHING_BELOW, _NOTHING_ABOVE = _Tails(0.0, 1.0, 0.0), _Tails(1.0, 0.0, 0.0)


def _f_tails(f: float, df1: float, df2: float) -> _Tails:
    """Tails of F by the incomplete beta function: `I_x(df1 / 2, df2 / 2)` at `x = df1 f / (df1 f + df2)`."""
    _check_degrees_of_freedom(df1, df2)
    _check_not_nan(f)
    if f <= 0:
        return _NOTHING_BELOW
    x, y = 1 / (1 + df2 / df1 / f), 1 / (1 + df1 / df2 * f)
    if y == 0:
        return _NOTHING_ABOVE
    a, b = df1 / 2, df2 / 2
    # Near the mode, powers and gamma functions are huge and cancel; these ratios stay small.
    powers = a * _log_ratio(x, y, a, b) + b * _log_ratio(y, x, b, a)
    density = sqrt(a / (a + b) * b / (2 * pi)) * exp(
        powers + _stirling_remainder(a + b) - _stirling_remainder(a) - _stirling_remainder(b)
    )
    if x < (a + 1) / (a + b + 2):
        below = density / a * _beta_fraction(x, a, b)
        return _Tails(below, 1 - below, density)
    above = density / b * _beta_fraction(y, b, a)
    return _Tails(1 - above, above, density)


def _log_ratio(x: float, y: float, a: float, b: float) -> float:
    """Logarithm of `x` over `a / (a + b)`, where `x + y` is 1."""
    off = (b * x - a * y) / a
    return log1p(off) if off > -0.5 else log(x) - log(a / (a + b))


def _chi2_tails(x: float, df: float) -> _Tails:
    """Tails of chi-squared by the incomplete gamma function: a series below the middle, a continued fraction above."""
    _check_degrees_of_freedom(df)
    _check_not_nan(x)
    if x <= 0:
        return _NOTHING_BELOW
    if x == inf:
        return _NOTHING_ABOVE
    a, half = df / 2, x / 2
    off = (half - a) / a
    power = a * (log1p(off) - off) if off > -0.5 else a * log(half / a) - half + a
    density = sqrt(a / (2 * pi)) * exp(power - _stirling_remainder(a))
    if half < a + 1:
        below = density * _gamma_series(half, a)
        return _Tails(below, 1 - below, density)
    above = density * _gamma_fraction(half, a)
    return _Tails(1 - above, above, density)


def _stirling_remainder(z: float) -> float:
    """Error of Stirling's formula: `lgamma(z) - ((z - 1/2) log z - z + log(2 pi) / 2)` (DLMF 5.11.1)."""
    if z < 15:
        return lgamma(z) - ((z - 0.5) * log(z) - z + log(2 * pi) / 2)
    s = 1 / (z * z)
    return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188)))) / z


def _beta_fraction(x: float, a: float, b: float) -> float:
    """Continued fraction of the incomplete beta function (DLMF 8.17.22), for `x` below about `a / (a + b)`."""

    def coefficient(step: int) -> float:
        m = step // 2
        if step % 2:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))

    return _continued_fraction(1.0, coefficient, lambda step: 1.0)


def _gamma_fraction(x: float, a: float) -> float:
    """Continued fraction of the upper incomplete gamma function (DLMF 8.9.2, contracted), for `x` above `a`."""
    return _continued_fraction(x + 1 - a, lambda step: step * (a - step), lambda step: x + 2 * step + 1 - a)


def _continued_fraction(first: float, above: Callable[[int], float], below: Callable[[int], float]) -> float:
    """`1 / (first + above(1) / (below(1) + above(2) / (below(2) + ...)))` by Lentz's method."""
    found = c = first or _TINY
    d = 0.0
    for step in range(1, _MAX_TERMS):
        numerator, denominator = above(step), below(step)
        d = 1 / (denominator + numerator * d or _TINY)
        c = denominator + numerator / c or _TINY
        found *= c * d
        if abs(c * d - 1) <= _EPSILON:
            return 1 / found
    raise ArithmeticError("a continued fraction did not settle: are the degrees of freedom beyond 1e9?")


def _gamma_series(x: float, a: float) -> float:
    """Series of the lower incomplete gamma function (DLMF 8.7.1) over `x**a exp(-x) / Gamma(a)`."""
    term = total = 1 / a
    for step in range(1, _MAX_TERMS):
        term *= x / (a + step)
        total += term
        if term <= total * _EPSILON:
            return total
    raise ArithmeticError("a series did not settle: are the degrees of freedom beyond 1e9?")


def _quantile(p: float, above: bool, middle: float, tails: Callable[[float], _Tails]) -> float:
    """Return the point with probability `p` below it (or above), by Newton's method from `middle`.

    The logarithms of both tails are concave in the logarithm of the point, so the first step lands in the tail beyond
    the solution and the next ones approach it without crossing. A step so far out that the tail is 0 is halved.
    """
    _check_probability(p)
    if p > 0.5:
        p, above = 1 - p, not above
    near = z = log(middle)
    for _ in range(_MAX_NEWTON_STEPS):
        tail_probabilities = tails(exp(z))
        tail = tail_probabilities.above if above else tail_probabilities.below
        if tail == 0:
            z = (near + z) / 2
            continue
        if tail > p:
            near = z
        step = log(tail / p) * tail / tail_probabilities.density
        z = z + step if above else z - step
        if z < _MIN_LOG_POINT:
            return 0.0
        if z > -_MIN_LOG_POINT:
            return inf
        if abs(step) <= _NEWTON_TOLERANCE:
            return exp(z)
    raise ArithmeticError(f"no quantile found for a probability of {p!r}")
