"""Compares both sides: the mean of both, and whether they differ.

If the ankles are equal, each difference of two results of a day is as likely positive as negative. Then for any `l` the
product of `exp(l * difference - (l * difference) ** 2 / 2)` has a mean of at most 1, whatever the error and its size
(de la Peña 1999), and so has its mean over a normal `l`, which has a closed form. So it ever reaches 20, checked after
every test, for at most one person in twenty (Ville 1939).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from math import log

from station.core.progress.records import Result

DIFFERENCE_EVIDENCE_THRESHOLD = 20.0
_MAX_APART = timedelta(days=3)
_EPOCH = timedelta(weeks=52)
_PRIOR_MM2 = 500.0
"""Sums of squared differences below this are too small to judge. It is best for differences of about 20 mm."""


def pairs_of_sides(left: Sequence[Result], right: Sequence[Result]) -> list[tuple[Result, Result]]:
    """Return pairs of results of left and right, alike in kind and at most three days apart, oldest first.

    Both sequences are oldest first. A result is in at most one pair; one below range is in none.
    """
    lefts, rights = ([result for result in side if not result.is_below_range] for side in (left, right))
    pairs: list[tuple[Result, Result]] = []
    i = j = 0
    while i < len(lefts) and j < len(rights):
        one, other = lefts[i], rights[j]
        if one.kind == other.kind and abs(one.at - other.at) <= _MAX_APART:
            pairs.append((one, other))
            i, j = i + 1, j + 1
        elif one.at <= other.at:
            i += 1
        else:
            j += 1
    return pairs


def means_of_sides(pairs: Sequence[tuple[Result, Result]]) -> list[Result]:
    """Return the mean of each pair, as a result of the later of its two tests."""
    return [replace(max(pair, key=lambda one: one.at), mm=(pair[0].mm + pair[1].mm) / 2) for pair in pairs]


def sides_differ(pairs: Sequence[tuple[Result, Result]]) -> bool:
    """Whether the pairs of the year before the last one prove that the sides are not equal."""
    if not pairs:
        return False
    begins_at = pairs[-1][0].at - _EPOCH
    differences = [left.mm - right.mm for left, right in pairs if left.at >= begins_at]
    total = sum(differences)
    variance = sum(one * one for one in differences) + _PRIOR_MM2
    log_evidence = (total * total / variance - log(variance / _PRIOR_MM2)) / 2
    return log_evidence >= log(DIFFERENCE_EVIDENCE_THRESHOLD)
