"""The best that any test of one ankle robust to spells could do: a likelihood ratio that knows almost everything.

It knows the SD of a test, that a gain or loss begins with the first test, how fast it is (or that it is 1, 2, 3 or 4 mm
a week), that spells last ten days, and that their SD is 0, 3 or 5 mm. The station knows none of this. By Neyman and
Pearson, no test that is wrong as rarely over these worlds together confirms a gain much sooner.

`python -m tests.study.spells_limit` prints the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from tests.study.people import TEST_DAYS
from tests.study.scenarios import SPELLS_FADE_DAYS

SIDES = 6_000
SEM_MM = 5.0
KINDS = ((0.0, 3.0), (3.0, 0.0), (5.0, 0.0))
"""The kinds of people it assumes, equally likely: the SD of spells, and of uncorrelated days."""
KNOWS = {"2 mm a week": (2.0,), "1, 2, 3 or 4 mm a week": (1.0, 2.0, 3.0, 4.0)}
"""The slopes it assumes, up and down."""
BARS = (12.0, 20.0, 50.0)
WORLDS = {
    "gain of 2 mm a week": (3, 30, 2.0, 3.0, False),
    "spells, SD 3 mm": (3, 52, 0.0, 3.0, True),
    "the same, daily": (7, 52, 0.0, 3.0, True),
    "spells, SD 5 mm": (3, 52, 0.0, 5.0, True),
    "the same daily": (7, 52, 0.0, 5.0, True),
}
"""Tests a week, weeks, mm a week, SD between days, and whether days form spells."""
Values = NDArray[np.float64]


def simulated(world: tuple[int, int, float, float, bool], sides: int) -> tuple[Values, Values]:
    """The days of the tests, and the results of each side."""
    per_week, weeks, slope, day_mm, is_spells = world
    random = np.random.default_rng([SIDES, weeks, per_week, round(day_mm)])
    days = np.array([7.0 * week + day for week in range(weeks) for day in TEST_DAYS[per_week]])
    ankle = random.normal(0.0, day_mm, sides)
    results = np.empty((sides, len(days)))
    for test, day in enumerate(days):
        if test:
            kept = exp((days[test - 1] - day) / SPELLS_FADE_DAYS) if is_spells else 0.0
            ankle = kept * ankle + (1.0 - kept * kept) ** 0.5 * random.normal(0.0, day_mm, sides)
        results[:, test] = slope * day / 7.0 + ankle + random.normal(0.0, SEM_MM, sides)
    return days, results


def log_likelihoods(days: Values, results: Values, slopes: Sequence[float], kind: tuple[float, float]) -> Values:
    """The log likelihood of each slope after each test with an unknown level: by slope, side and test."""
    spell_variance = kind[0] ** 2
    own = SEM_MM**2 + kind[1] ** 2
    variance, log_determinant = spell_variance, 0.0
    value_at, course_at, one_at = np.zeros(len(results)), 0.0, 0.0
    vv, vc, v1 = (np.zeros(len(results)) for _ in range(3))
    cc = c1 = c11 = 0.0
    found = np.empty((len(slopes), *results.shape))
    for test, day in enumerate(days):
        kept = exp((days[test - 1] - day) / SPELLS_FADE_DAYS) if test else 0.0
        variance = spell_variance + kept * kept * (variance - spell_variance)
        value_at, course_at, one_at = kept * value_at, kept * course_at, kept * one_at
        total = variance + own
        gain = variance / total
        value, course, one = results[:, test] - value_at, day / 7.0 - course_at, 1.0 - one_at
        vv, vc, v1 = vv + value * value / total, vc + value * course / total, v1 + value * one / total
        cc, c1, c11 = cc + course * course / total, c1 + course * one / total, c11 + one * one / total
        log_determinant += log(total)
        value_at, course_at, one_at = value_at + gain * value, course_at + gain * course, one_at + gain * one
        variance *= own / total
        for index, slope in enumerate(slopes):
            along = v1 - slope * c1
            misfit = vv - 2 * slope * vc + slope * slope * cc - along * along / c11
            found[index, :, test] = -(log_determinant + log(c11) + misfit) / 2
    return found


def log_sum(logs: Values) -> Values:
    """The logarithm of the sum of the exponentials (logsumexp) along the first axis."""
    most = logs.max(axis=0)
    return np.asarray(most + np.log(np.exp(logs - most).sum(axis=0)), dtype=np.float64)


def most_log_odds(days: Values, results: Values, slopes: Sequence[float]) -> Values:
    """The largest log odds of a change so far, by side and test."""
    either = [*slopes, *(-slope for slope in slopes)]
    changed = np.concatenate([log_likelihoods(days, results, either, kind) for kind in KINDS])
    stays = np.concatenate([log_likelihoods(days, results, (0.0,), kind) for kind in KINDS])
    odds = log_sum(changed) - log(len(either)) - log_sum(stays)
    return np.asarray(np.maximum.accumulate(odds, axis=1))


def report(sides: int = SIDES) -> Iterator[str]:
    """Lines of a table: what it knows, the required odds, weeks for half and 95 %, false confirmations per world."""
    for says, slopes in KNOWS.items():
        gain, *worlds = WORLDS.values()
        days, results = simulated(gain, sides)
        odds = most_log_odds(days, results, slopes)
        falsely = [most_log_odds(*simulated(world, sides), slopes)[:, -1] for world in worlds]
        for bar in BARS:
            confirmed = odds >= log(bar)
            weeks = np.where(confirmed.any(axis=1), days[confirmed.argmax(axis=1)] / 7, np.inf)
            half, most = np.quantile(weeks, (0.5, 0.95), method="inverted_cdf")
            shares = ", ".join(f"{(one >= log(bar)).mean():.1%}" for one in falsely)
            yield f"knows {says}, odds of {bar:g}: {half:.1f} / {most:.1f} weeks; falsely in a year {shares}"


if __name__ == "__main__":
    sys.stdout.write(f"worlds: {', '.join(list(WORLDS)[1:])}\n")
    sys.stdout.writelines(f"{line}\n" for line in report())
