"""Both sides: pairs of results, changes that both share, and a difference that is not chance."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from math import exp
from statistics import fmean

import pytest
from msgspec.structs import replace

from station.core.facts import Contact
from station.core.progress.records import Circumstances, Direction, Result, TimeOfDay
from station.core.progress.sides import (
    changes_of_both,
    log_evidence_of_difference,
    pairs_of_sides,
    sides_differ,
)
from tests.station.core.progress.histories import results, scattered

WEEK = timedelta(weeks=1)


def _pairs(left: list[Result], right: list[Result]) -> list[tuple[Result, Result]]:
    found = pairs_of_sides(left, right)
    assert len(found) == min(len(left), len(right))
    return found


def test_pairs_are_of_one_day_and_alike() -> None:
    """A side tested alone, another contact or another time of day has no partner."""
    left, right = results([80, 81, 82, 83]), results([70, 71, 72, 73])
    del right[1]
    right[1] = replace(right[1], contact=Contact.SELF)
    left[3] = replace(left[3], circumstances=Circumstances(TimeOfDay.EVENING))
    assert [(one.mm, other.mm) for one, other in pairs_of_sides(left, right)] == [(80, 70)]


def test_a_side_tested_alone_does_not_separate_the_others() -> None:
    """The later tests of both stay together."""
    left, right = results([80, 81, 82]), results([70, 71, 72])
    for pairs in (pairs_of_sides(left, right[1:]), pairs_of_sides(left[1:], right)):
        assert [(one.mm, other.mm) for one, other in pairs] == [(81, 71), (82, 72)]


def test_sides_tested_on_alternate_days_are_paired() -> None:
    """A day apart, but not weeks apart."""
    left = results([80, 81])
    assert len(pairs_of_sides(left, results([70, 71], from_day=1))) == 2
    assert pairs_of_sides(left, results([70, 71], from_day=20)) == []


def test_results_below_range_have_no_partner() -> None:
    """0 is a bound, so it has neither a mean nor a difference. The days after it stay together."""
    found = pairs_of_sides(results([0.0, 80.0, 81.0]), results([70.0, 71.0, 72.0]))
    assert [(one.mm, other.mm) for one, other in found] == [(80, 71), (81, 72)]
    assert pairs_of_sides(results([0.0] * 9), results([0.0] * 9)) == []
    assert not sides_differ([])


def test_both_ankles_gain_sooner_than_either() -> None:
    """2 mm a week in both: the mean of both scatters less."""
    left, right = scattered(14, slope=2.0, seed=21), scattered(14, slope=2.0, seed=22)
    change = changes_of_both(_pairs(left, right))[0]
    assert change.direction is Direction.GAIN
    assert change.confirmed_at <= left[0].at + 9 * WEEK
    assert change.test_id in {one.test_id for one in left}


@pytest.mark.parametrize("seed", range(5))
def test_a_change_of_one_ankle_is_none_of_both(seed: int) -> None:
    """The left gains 3 mm a week, or loses 25 mm at once; the right does not change."""
    right = scattered(14, seed=seed)
    gains = scattered(14, slope=3.0, seed=seed + 50)
    loses = [replace(one, mm=one.mm - 25 * (one.at >= right[0].at + 6 * WEEK)) for one in scattered(14, seed=seed + 60)]
    assert changes_of_both(_pairs(gains, right)) == []
    assert changes_of_both(_pairs(loses, right)) == []


def test_evidence_of_a_difference_has_a_mean_of_at_most_one() -> None:
    """Over all signs of differences, which are equally likely if the sides are equal: the bound holds exactly."""
    sizes = (1.0, 4.0, 9.0, 9.0, 20.0, 35.0, 60.0)
    signs = product((-1, 1), repeat=len(sizes))
    made = [[sign * size for sign, size in zip(one, sizes, strict=True)] for one in signs]
    assert 0.2 < fmean(exp(log_evidence_of_difference(differences)) for differences in made) <= 1


def test_a_difference_of_20_mm_is_proven_within_weeks() -> None:
    """Not at the first tests, however large; within five weeks of three tests."""
    left, right = scattered(6, seed=31), scattered(6, seed=32, start=70.0)
    assert not sides_differ(_pairs(left[:3], right[:3]))
    assert sides_differ(_pairs(left[:15], right[:15]))


def test_a_new_difference_counts_from_the_last_year_on() -> None:
    """Three equal years do not delay an injury's difference by more than eleven weeks."""
    left, right = scattered(170, seed=33), scattered(170, seed=34)
    hurt = [replace(one, mm=one.mm - 20 * (number >= 156 * 3)) for number, one in enumerate(right)]
    assert not sides_differ(_pairs(left, right))
    assert sides_differ(_pairs(left[: 167 * 3], hurt[: 167 * 3]))
