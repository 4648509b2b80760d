"""Compares both sides: the real changes that they share, and whether they differ.

If the ankles are equal, each difference of two results of a day is as likely positive as negative. Then for any `l` the
product of `exp(l * difference - (l * difference) ** 2 / 2)` has a mean of at most 1, whatever the error and its size
(de la Peña 1999), and so has its mean over a normal `l`, which has a closed form. So at most one person in twenty ever
reaches 20, checked after every test (Ville 1939).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import log

from msgspec.structs import replace

from station.core.progress.change import ODDS_AGAINST_SPELLS, real_changes
from station.core.progress.counting import HOUR
from station.core.progress.records import RealChange, Result

Pair = tuple[Result, Result]
"""A result of the left side and one of the right."""

DIFFERENCE_EVIDENCE_THRESHOLD = 20.0
_MAX_APART = timedelta(days=3)
_EPOCH = timedelta(weeks=52)
_BEFORE = timedelta(weeks=13)
"""How long before a change results are compared with those after it."""
_SMALLEST_PART = 1 / 3
_PRIOR_MM2 = 500.0
"""Sums of squared differences below this are too small to judge. This value is best for differences of about 20 mm."""


def pairs_of_sides(left: Sequence[Result], right: Sequence[Result]) -> list[Pair]:
    """Return pairs of left and right results, alike in kind and at most three days apart, oldest first.

    Both sequences are oldest first. A result is in at most one pair; one below range is in none.
    """
    lefts, rights = ([result for result in side if not result.is_below_range] for side in (left, right))
    pairs: list[Pair] = []
    i = j = 0
    while i < len(lefts) and j < len(rights):
        one, other = lefts[i], rights[j]
        apart = abs(one.at - other.at)
        if apart > HOUR and _are_together(lefts, i + 1, other):
            i += 1
        elif apart > HOUR and _are_together(rights, j + 1, one):
            j += 1
        elif apart <= _MAX_APART and one.kind == other.kind:
            pairs.append((one, other))
            i, j = i + 1, j + 1
        elif one.at <= other.at:
            i += 1
        else:
            j += 1
    return pairs


def _are_together(results: Sequence[Result], index: int, other: Result) -> bool:
    return index < len(results) and abs(results[index].at - other.at) <= HOUR


def changes_of_both(pairs: Sequence[Pair], odds: float = ODDS_AGAINST_SPELLS) -> list[RealChange]:
    """Return the real changes of the mean of both sides that both took part in, oldest first.

    The mean scatters less than either side, so a change of both is confirmed sooner. For the same reason it shows what
    a new calibration adds to both, which one side hardly does, so calibrations are kept apart. `odds` as in
    `real_changes`.
    """
    means = [_mean(left, right) for left, right in pairs]
    return [change for change in real_changes(means, odds, by_calibration=True) if _both_moved(pairs, change)]


def _mean(left: Result, right: Result) -> Result:
    """Return the mean of both as a result with the later test's date and id."""
    later = left if left.at > right.at else right
    mm = (left.mm + right.mm) / 2
    return replace(later, mm=mm, uncertainty_mm=None)


def _both_moved(pairs: Sequence[Pair], change: RealChange) -> bool:
    """Whether each side moved by at least a third of the other's movement, the same way."""
    seen = [pair for pair in pairs if change.since - _BEFORE <= pair[0].at and pair[1].at <= change.confirmed_at]
    course = [
        float(left.at >= change.since) if change.sudden else max(0.0, (left.at - change.since) / _BEFORE)
        for left, _ in seen
    ]
    mean = sum(course) / len(course)
    moved = [sum((at - mean) * pair[side].mm for at, pair in zip(course, seen, strict=True)) for side in (0, 1)]
    return moved[0] * moved[1] > 0 and min(map(abs, moved)) >= max(map(abs, moved)) * _SMALLEST_PART


def sides_differ(pairs: Sequence[Pair]) -> bool:
    """Whether the pairs of the year before the last one prove that the sides are not equal."""
    if not pairs:
        return False
    begins_at = pairs[-1][0].at - _EPOCH
    differences = [left.mm - right.mm for left, right in pairs if left.at >= begins_at]
    return log_evidence_of_difference(differences) >= log(DIFFERENCE_EVIDENCE_THRESHOLD)


def log_evidence_of_difference(differences_mm: Sequence[float]) -> float:
    """Return the logarithm of the evidence that these differences are not those of equal sides."""
    total = sum(differences_mm)
    squares = sum(one * one for one in differences_mm) + _PRIOR_MM2
    return (total * total / squares - log(squares / _PRIOR_MM2)) / 2
