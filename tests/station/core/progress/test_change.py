"""Whether a change is real: the promise, and what is told of changes that are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from math import exp
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.core.facts import Contact
from station.core.progress.change import HYPOTHESES, Epoch, real_changes
from station.core.progress.records import Direction, Result
from tests.station.core.progress.histories import BEGIN, result, results, scattered

WEEK = timedelta(weeks=1)


def test_the_weights_are_shares_of_one() -> None:
    """The evidence is a mean over what is supposed."""
    assert sum(one.weight for one in HYPOTHESES) == pytest.approx(1)


@pytest.mark.parametrize("days", [(0, 2, 4, 7, 9, 11), (0, 1, 2, 30, 31, 90), (0, 100, 101, 102, 250, 300)])
def test_the_evidence_is_on_average_at_most_one(days: tuple[int, ...]) -> None:
    """Over all orders of six results, equally likely for a person who does not change: the promise, exactly."""
    evidence = []
    for mms in permutations((60.0, 80.0, 81.0, 82.0, 90.0, 140.0)):
        epoch = Epoch(BEGIN)
        for day, mm in zip(days, mms, strict=True):
            epoch.judge(result(day, mm))
        evidence.append(exp(epoch.log_evidence()))
    assert 0.05 < fmean(evidence) <= 1


def test_with_a_run_in_the_evidence_is_on_average_at_most_one() -> None:
    """What an epoch ranks against costs nothing of the promise."""
    evidence = []
    for mms in permutations((60.0, 80.0, 81.0, 82.0, 90.0, 140.0)):
        made = results(mms, every_days=10, from_day=-20)
        epoch = Epoch(BEGIN, made[:2])
        for one in made[2:]:
            epoch.judge(one)
        evidence.append(exp(epoch.log_evidence()))
    assert 0.05 < fmean(evidence) <= 1


def test_a_gain_is_told_with_its_beginning() -> None:
    """2 mm a week: told once it is real, as a gain that went on from the first test."""
    made = scattered(12, slope=2.0)
    change = real_changes(made)[0]
    assert change.direction is Direction.GAIN
    assert not change.sudden
    assert change.since == made[0].at
    assert made[0].at + 3 * WEEK < change.told_at <= made[0].at + 12 * WEEK
    assert change.test_id == next(one.test_id for one in made if one.at == change.told_at)


def test_a_loss_is_the_mirror_of_a_gain() -> None:
    """Losses are told when gains of the same size would be."""
    gains = scattered(20, slope=2.0, seed=3)
    losses = [replace(one, mm=200 - one.mm) for one in gains]
    assert [(change.told_at, change.since) for change in real_changes(gains)] == [
        (change.told_at, change.since) for change in real_changes(losses)
    ]
    assert {change.direction for change in real_changes(losses)} == {Direction.LOSS}


@pytest.mark.parametrize("week", [8, 12, 30])
def test_an_injury_is_told_with_its_day(week: int) -> None:
    """A step of 25 mm down is told within three weeks, as sudden, since about the first test after it."""
    made = [
        one if one.at < BEGIN + week * WEEK else replace(one, mm=one.mm - 25) for one in scattered(week + 6, seed=2)
    ]
    change = real_changes(made)[0]
    assert change.direction is Direction.LOSS
    assert change.sudden
    assert abs(change.since - (BEGIN + week * WEEK)) <= timedelta(days=8)
    assert change.told_at <= BEGIN + (week + 3) * WEEK


def test_a_change_after_a_long_quiet_time_is_told() -> None:
    """A gain that begins in the second year is found by an epoch that knows the end of the one before."""
    quiet = scattered(56, seed=4)
    gain = [replace(one, at=one.at + 56 * WEEK) for one in scattered(14, slope=2.5, seed=5)]
    changes = real_changes(quiet + gain)
    assert [change.direction for change in changes][:1] == [Direction.GAIN]
    assert changes[0].told_at > BEGIN + 56 * WEEK


def test_a_change_across_a_gap_of_a_year_is_told() -> None:
    """Who comes back after a year with 30 mm less is told so: the new tests are ranked among those before the gap."""
    before = scattered(8, seed=6)
    after = [replace(one, at=one.at + 60 * WEEK, mm=one.mm - 30) for one in scattered(8, seed=7)]
    changes = real_changes(before + after)
    assert [change.direction for change in changes] == [Direction.LOSS]
    assert changes[0].told_at > after[0].at


@pytest.mark.parametrize("mm", [0.0, 94.2])
def test_equal_results_are_no_change(mm: float) -> None:
    """A year of the same number is told as nothing."""
    assert real_changes(results([mm] * 200)) == []


@pytest.mark.parametrize(
    "otherwise",
    [
        lambda one: replace(one, contact=Contact.SELF),
        lambda one: replace(one, full=True),
        lambda one: replace(one, imported=True),
    ],
    ids=["contact", "full", "imported"],
)
def test_another_way_of_testing_is_no_change(otherwise: Callable[[Result], Result]) -> None:
    """Results that lie 40 mm off because they were made another way are told as no change of the ankle."""
    here = scattered(12, seed=8)
    there = [replace(one, at=one.at + 12 * WEEK, mm=one.mm + 40) for one in scattered(12, seed=9)]
    assert real_changes(here + [otherwise(one) for one in there]) == []
    assert real_changes(here + there) != []


def test_a_gain_is_found_through_ways_of_testing_that_go_to_and_fro() -> None:
    """Every other test by the person's word, 15 mm off: the gain is told all the same."""
    made = [
        one if number % 2 else replace(one, mm=one.mm + 15, contact=Contact.SELF)
        for number, one in enumerate(scattered(14, slope=2.0, seed=10))
    ]
    assert [change.direction for change in real_changes(made)][:1] == [Direction.GAIN]


def test_one_slip_is_no_change() -> None:
    """A slip of 50 mm at any place, the first included, is told as nothing."""
    made = scattered(10, seed=11)
    for index in range(len(made)):
        one = made[index]
        slipped = replace(one, mm=one.mm + 50)
        assert real_changes([*made[:index], slipped, *made[index + 1 :]]) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(60, 140), max_size=60), st.sampled_from((1.0, 2.0, 7.0, 40.0)))
def test_what_was_told_is_never_taken_back(mms: list[int], every_days: float) -> None:
    """Later results leave the earlier words as they were, and a change is told by the last result of its time."""
    made = results([float(mm) for mm in mms], every_days)
    whole = real_changes(made)
    for end in range(len(made)):
        assert (
            real_changes(made[:end])
            == [change for change in whole if change.told_at <= made[end].at][: len(real_changes(made[:end]))]
        )
    assert [change.told_at for change in whole] == sorted({change.told_at for change in whole})


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(60, 140), max_size=50), st.floats(0.1, 3), st.floats(-50, 50))
def test_only_the_order_of_the_results_counts(mms: list[float], gain: float, offset: float) -> None:
    """Another zero or another unit changes nothing of what is told."""
    steps = [round(mm) for mm in mms]
    plain = real_changes(results([float(step) for step in steps]))
    moved = real_changes(results([gain * step + offset for step in steps]))
    assert [(one.direction, one.told_at) for one in plain] == [(one.direction, one.told_at) for one in moved]
