"""How well a person's tests repeat, for a report: Bland and Altman, and an ICC in a published group.

An ICC compares the differences between people with the error of their tests, so one person's tests have none. Their
error does give the ICC that they would have in a group whose members differ as much as those of a published one:
`1 - sem**2 / sd**2`, from `SEM = SD * sqrt(1 - ICC)` (Weir 2005, J Strength Cond Res 19:231). The group is the
published one whose members differ least, so the ICC is a lower estimate. Its limits are those of the person's error:
the SD of the group counts as known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from math import sqrt

from msgspec import Struct

from station.core.progress.person_error import FULL_TEST_TRIALS, MIN_REPORTED_DF, Repeats
from station.core.progress.published import PUBLISHED_MEANS
from station.core.progress.records import Result, SideProgress
from station.core.statistics.agreement import BlandAltman, Limits, bland_altman
from station.core.statistics.distributions import chi2_quantile

GROUP = min(PUBLISHED_MEANS, key=lambda one: one.sd_mm)
"""The published group of the ICC."""
MIN_PAIRS = 6
"""The minimum at which the 95 % interval of a limit of agreement does not reach the mean difference."""
MAX_PAIR_GAP = timedelta(weeks=2)
"""Two tests further apart differ by more than their error: an ankle gains up to 2 mm a week."""
_TAIL_PROBABILITY = 0.025


class Repeatability(Struct, frozen=True):
    """How well the tests of one side and kind repeat; differences in mm, `None` with too few repeats.

    - `icc_between_days`, `icc_within_session`: the ICC of this kind of test in `GROUP`, with its 95 % limits.
    - `between_days`: the later minus the earlier of two successive tests at most `MAX_PAIR_GAP` apart; no test is in
      two pairs.
    - `within_session`: the last minus the first trial of a full test.
    - `day_pairs`, `trial_pairs`: how many pairs there are, even if fewer than `MIN_PAIRS`.
    """

    icc_between_days: Limits | None
    icc_within_session: Limits | None
    between_days: BlandAltman | None
    day_pairs: int
    within_session: BlandAltman | None
    trial_pairs: int


def repeatability(progress: SideProgress, repeats: Sequence[Repeats]) -> Repeatability:
    """Return how well a side's tests of the last one's kind and method repeat, without outliers.

    `repeats` are the trials of sessions. Results below range are not distances and are left out.
    """
    last, error = progress.counted[-1], progress.error
    days = list(_successive_pairs([test for test in progress.counted if _is_like(test, last, progress.outliers)]))
    trials = [
        (one.mm[0], one.mm[-1])
        for one in repeats
        if one.contact is last.contact and len(one.mm) >= 2 and min(one.mm) > 0.0
    ]
    within_mm = None if error.within_mm is None else error.within_mm / sqrt(FULL_TEST_TRIALS if last.full else 1)
    return Repeatability(
        icc_between_days=icc_in_group(error.own_sem_mm, error.own_df),
        icc_within_session=icc_in_group(within_mm, error.within_df),
        between_days=_agreement(days),
        day_pairs=len(days),
        within_session=_agreement(trials),
        trial_pairs=len(trials),
    )


def _is_like(test: Result, last: Result, outliers: Collection[str]) -> bool:
    is_distance = not test.is_below_range and test.test_id not in outliers
    return is_distance and (test.method, test.full) == (last.method, last.full)


def icc_in_group(sem_mm: float | None, df: float, sd_mm: float = GROUP.sd_mm) -> Limits | None:
    """Return the ICC of tests with this SEM, of `df` degrees of freedom, in a group with the SD `sd_mm`.

    An error as large as the differences between people gives 0. `None` without an SEM, or with fewer degrees of freedom
    than a reported error needs.
    """
    if sem_mm is None or df < MIN_REPORTED_DF:
        return None
    most, least = (df / chi2_quantile(_TAIL_PROBABILITY, df, above=above) for above in (False, True))
    value, low, high = (max(0.0, 1 - (sem_mm / sd_mm) ** 2 * variance) for variance in (1.0, most, least))
    return Limits(value, low, high)


def _successive_pairs(tests: Sequence[Result]) -> Iterator[tuple[float, float]]:
    """Yield pairs of successive results that are close in time; no result is in two pairs."""
    paired: Result | None = None
    for earlier, later in pairwise(tests):
        if earlier is not paired and later.at - earlier.at <= MAX_PAIR_GAP:
            paired = later
            yield earlier.mm, later.mm


def _agreement(pairs: Sequence[tuple[float, float]]) -> BlandAltman | None:
    """Return bias and limits of the second minus the first of each pair, `None` for fewer than `MIN_PAIRS`."""
    if len(pairs) < MIN_PAIRS:
        return None
    return bland_altman([second for _, second in pairs], [first for first, _ in pairs])
