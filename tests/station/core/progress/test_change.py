"""Real changes: the bound on false changes, and how true ones are reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import permutations
from math import exp
from random import Random
from statistics import NormalDist, fmean, pvariance

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from station.core.facts import Contact
from station.core.progress.change import (
    EVIDENCE_THRESHOLD,
    IMPORTED_EVIDENCE_THRESHOLD,
    LATE_STARTS,
    Epoch,
    real_changes,
)
from station.core.progress.line_bets import GAIN_SHARE, NEGLIGIBLE, OUTLIER_SHARE, SLOPES
from station.core.progress.ranks import Ranks, score_variance
from station.core.progress.records import Circumstances, Direction, Result, TimeOfDay
from tests.station.core.progress.histories import BEGIN, result, results, scattered

WEEK = timedelta(weeks=1)


def _in(known: Circumstances, one: Result) -> Result:
    return replace(one, circumstances=known)


def test_bounds_of_all_games_add_up_to_5_percent() -> None:
    """Three games of a person, each with one of imported results."""
    bound = 3 * (1 / EVIDENCE_THRESHOLD + 1 / IMPORTED_EVIDENCE_THRESHOLD)
    assert bound == pytest.approx(0.05)


def test_hypotheses_have_weights_that_sum_to_one() -> None:
    """The evidence is a weighted mean over the hypotheses."""
    assert sum(one.weight for one in LATE_STARTS) + sum(weight for _, weight in SLOPES) == pytest.approx(1)


@pytest.mark.parametrize("days", [(0, 2, 4, 7, 9, 11), (0, 1, 2, 30, 31, 90), (0, 100, 101, 102, 250, 300)])
def test_evidence_has_a_mean_of_at_most_one(days: tuple[int, ...]) -> None:
    """Over all orders of six results, which are equally likely without a change: the bound holds exactly."""
    evidence = []
    for mms in permutations((60.0, 80.0, 81.0, 82.0, 90.0, 140.0)):
        epoch = Epoch(BEGIN)
        for day, mm in zip(days, mms, strict=True):
            epoch.judge(result(day, mm))
        evidence.append(epoch.evidence())
    assert 0.05 < fmean(evidence) <= 1


def test_evidence_has_a_mean_of_at_most_one_after_a_run_in() -> None:
    """Ranking against an earlier epoch does not weaken the bound."""
    evidence = []
    for mms in permutations((60.0, 80.0, 81.0, 82.0, 90.0, 140.0)):
        made = results(mms, every_days=10, from_day=-20)
        epoch = Epoch(BEGIN, made[:2])
        for one in made[2:]:
            epoch.judge(one)
        evidence.append(epoch.evidence())
    assert 0.05 < fmean(evidence) <= 1


def _line_evidence(made: list[Result], begins_at: datetime, slope: float, weight: float) -> float:
    """The weight times the ratio of the probabilities of each result's rank along a line and without a change, for all
    results until that is negligible."""
    evidence = weight
    earlier: dict[object, list[tuple[float, float]]] = defaultdict(list)
    for test in made:
        course = slope * min((test.at - made[0].at) / WEEK, 16.0)
        of_kind = earlier[test.kind]
        if of_kind and test.at >= begins_at and evidence >= NEGLIGIBLE:
            expected = NormalDist(fmean(one for _, one in of_kind), (1 + pvariance(one for _, one in of_kind)) ** 0.5)
            n, rank = len(of_kind) + 1, sum(mm < test.mm for mm, _ in of_kind)
            low = NormalDist(course).cdf(expected.inv_cdf(rank / n)) if rank else 0.0
            high = NormalDist(course).cdf(expected.inv_cdf((rank + 1) / n)) if rank + 1 < n else 1.0
            evidence *= OUTLIER_SHARE + (1 - OUTLIER_SHARE) * n * (high - low)
        of_kind.append((test.mm, course))
    return evidence


def _evidence_by_definition(made: list[Result], begins_at: datetime) -> float:
    """The evidence as the docstrings have it, each hypothesis along all results."""
    evidence = sum(
        _line_evidence(made, begins_at, slope, share * weight)
        for size, weight in SLOPES
        for slope, share in ((size, GAIN_SHARE), (-size, 1 - GAIN_SHARE))
    )
    weeks = [(one.at - begins_at) / WEEK for one in made]
    for one in LATE_STARTS:
        start = one.week
        closes = start + (8 if one.sudden else 26)
        ranks: dict[object, Ranks] = defaultdict(Ranks)
        courses: dict[object, list[float]] = defaultdict(list)
        score = variance = 0.0
        for test, week in zip(made, weeks, strict=True):
            rank = ranks[test.kind].add(test.mm)
            course = 0.0 if week < start else 1.0 if one.sudden else min(week - start, 16.0)
            earlier = courses[test.kind]
            if earlier and week >= 0 and start <= week <= closes:
                deviation = course - fmean(earlier)
                score += deviation * rank
                variance += deviation**2 * score_variance(len(earlier) + 1)
            earlier.append(course)
        if start <= weeks[-1]:
            evidence += one.weight / 2 * exp(one.effect * abs(score) - one.effect**2 * variance / 2)
    return evidence


@pytest.mark.parametrize("run_in", [0, 20])
@pytest.mark.parametrize(("slope", "lost_mm"), [(0.0, 0.0), (1.0, 0.0), (0.0, 9.0)])
def test_evidence_is_that_of_its_definition(run_in: int, slope: float, lost_mm: float) -> None:
    """Steps, slopes that level off and those of later weeks, two kinds of tests, a gap, and results to rank against."""
    made = [
        replace(one, full=number % 4 == 0, mm=one.mm - (lost_mm if one.at > BEGIN + 30 * WEEK else 0.0))
        for number, one in enumerate(scattered(50, slope=slope))
        if not 20 < (one.at - BEGIN) / WEEK < 28
    ]
    begins_at = made[run_in].at
    epoch = Epoch(begins_at, made[:run_in])
    for last, one in enumerate(made[run_in:], run_in + 1):
        epoch.judge(one)
        if last % 10 == 0:
            assert epoch.evidence() == pytest.approx(_evidence_by_definition(made[:last], begins_at), rel=1e-9)


@pytest.mark.parametrize("slope", [0.2, 0.4, 2.0, 50.0])
@pytest.mark.parametrize("first_day", [*range(4), *range(50, 57)])
def test_judge_misses_no_evidence(first_day: int, slope: float) -> None:
    """A hypothesis is weighed seldom, but never too late, even if every result is the largest so far."""
    epoch, rng = Epoch(BEGIN, odds=1e-9), Random(first_day)
    for day in range(200):
        change = epoch.judge(result(day, rng.gauss(90, 5.8) + slope * max(0, day - first_day), full=day % 9 == 0))
        assert (change is not None) == (epoch.evidence() >= EVIDENCE_THRESHOLD)
        if change is not None:
            break


def test_real_changes_dates_a_gain() -> None:
    """2 mm a week: confirmed within twelve weeks, as a gain since the first test."""
    made = scattered(12, slope=2.0)
    change = real_changes(made)[0]
    assert change.direction is Direction.GAIN
    assert not change.sudden
    assert change.since == made[0].at
    assert made[0].at + 3 * WEEK < change.confirmed_at <= made[0].at + 12 * WEEK
    assert change.test_id == next(one.test_id for one in made if one.at == change.confirmed_at)


def test_real_changes_finds_losses_like_gains() -> None:
    """A mirrored history gives a loss since the same day, confirmed at most a week and a half later: a gain from the
    first test on is likelier beforehand."""
    for seed in range(10):
        gains = scattered(20, slope=2.0, seed=seed)
        losses = [replace(one, mm=200 - one.mm) for one in gains]
        gain, loss = real_changes(gains)[0], real_changes(losses)[0]
        assert (gain.direction, loss.direction) == (Direction.GAIN, Direction.LOSS)
        assert gain.since == loss.since
        assert gain.confirmed_at <= loss.confirmed_at <= gain.confirmed_at + 1.5 * WEEK


def test_odds_of_a_gain_are_seven_to_three_of_those_of_a_loss() -> None:
    """With odds so high that they decide when, a mirrored history needs that share of them on the same day."""
    for seed in range(5):
        gains = scattered(20, slope=2.0, seed=seed)
        losses = [replace(one, mm=200 - one.mm) for one in gains]
        gain, loss = real_changes(gains, GAIN_SHARE * 1e5)[0], real_changes(losses, (1 - GAIN_SHARE) * 1e5)[0]
        assert gain.confirmed_at == loss.confirmed_at


@pytest.mark.parametrize("week", [8, 12, 30])
def test_real_changes_dates_an_injury(week: int) -> None:
    """A step of 25 mm down is confirmed within three weeks, as sudden, dated to within eight days."""
    made = [
        one if one.at < BEGIN + week * WEEK else replace(one, mm=one.mm - 25) for one in scattered(week + 6, seed=2)
    ]
    change = real_changes(made)[0]
    assert change.direction is Direction.LOSS
    assert change.sudden
    assert abs(change.since - (BEGIN + week * WEEK)) <= timedelta(days=8)
    assert change.confirmed_at <= BEGIN + (week + 3) * WEEK


def test_real_changes_finds_a_change_after_a_quiet_year() -> None:
    """The epoch of the second year ranks its gain against the end of the first."""
    quiet = scattered(56, seed=4)
    gain = [replace(one, at=one.at + 56 * WEEK) for one in scattered(14, slope=2.5, seed=5)]
    changes = real_changes(quiet + gain)
    assert [change.direction for change in changes][:1] == [Direction.GAIN]
    assert changes[0].confirmed_at > BEGIN + 56 * WEEK


def test_real_changes_finds_a_change_across_a_gap() -> None:
    """After a year without tests and with 30 mm less, the results are ranked against those before the gap."""
    before = scattered(8, seed=6)
    after = [replace(one, at=one.at + 60 * WEEK, mm=one.mm - 30) for one in scattered(8, seed=7)]
    changes = real_changes(before + after)
    assert [change.direction for change in changes] == [Direction.LOSS]
    assert changes[0].confirmed_at > after[0].at


@pytest.mark.parametrize("mm", [0.0, 94.2])
def test_real_changes_is_empty_for_equal_results(mm: float) -> None:
    """Two hundred times the same number."""
    assert real_changes(results([mm] * 200)) == []


@pytest.mark.parametrize(
    "otherwise",
    [
        lambda one: replace(one, contact=Contact.SELF),
        lambda one: replace(one, full=True),
        lambda one: replace(one, imported=True),
        *(
            partial(_in, Circumstances(**known))
            for known in (
                {"time_of_day": TimeOfDay.EVENING},
                {"after_stretch": True},
                {"warmed_up": True},
                {"shod": True},
                {"back_foot": "off"},
                {"board_angle_deg": 10.0},
            )
        ),
    ],
)
def test_real_changes_ignores_a_change_of_kind(otherwise: Callable[[Result], Result]) -> None:
    """Results 40 mm off with another contact, in other circumstances or imported are not a change of the ankle; with
    the same ones they are."""
    here = scattered(12, seed=8)
    there = [replace(one, at=one.at + 12 * WEEK, mm=one.mm + 40) for one in scattered(12, seed=9)]
    assert real_changes(here + [otherwise(one) for one in there]) == []
    assert real_changes(here + there) != []


def test_real_changes_finds_a_gain_in_alternating_methods() -> None:
    """Every other test is by the person's own word, 15 mm off."""
    made = [
        one if number % 2 else replace(one, mm=one.mm + 15, contact=Contact.SELF)
        for number, one in enumerate(scattered(14, slope=2.0, seed=10))
    ]
    assert [change.direction for change in real_changes(made)][:1] == [Direction.GAIN]


def test_frequent_calibration_hides_no_gain() -> None:
    """A new calibration every week or month, each off by as much as calibrations differ, and 3 mm a week."""
    for weeks in (1, 4):
        chance, offsets = Random(weeks), dict[int, float]()
        made = []
        for one in scattered(20, slope=3.0, seed=14):
            number = int((one.at - BEGIN) / WEEK) // weeks
            offset_mm = offsets.setdefault(number, chance.gauss(0.0, 1.5))
            made.append(replace(one, mm=one.mm + offset_mm, calibration=number))
        assert [change.direction for change in real_changes(made)][:1] == [Direction.GAIN]


def test_imported_results_do_not_delay_a_change() -> None:
    """Half a year of them before the station's own: the change is confirmed by the same test as without."""
    station = scattered(14, slope=2.0, seed=12)
    tape = [replace(one, at=one.at - 26 * WEEK, imported=True, test_id=f"tape {one.test_id}") for one in scattered(26)]
    assert real_changes(tape + station) == real_changes(station) != []


def test_imported_results_have_changes_of_their_own() -> None:
    """A history on paper with a gain of 3 mm a week."""
    tape = [replace(one, imported=True) for one in scattered(20, slope=3.0, seed=13)]
    assert [change.direction for change in real_changes(tape)][:1] == [Direction.GAIN]


def test_coming_into_range_is_a_gain() -> None:
    """Five weeks below range are not a change; then the knee reaches the wall from farther and farther away."""
    below = results([0.0] * 15)
    within = results([2.0 * number + (number % 3) for number in range(1, 20)], from_day=30)
    assert real_changes(below) == []
    change = real_changes(below + within)[0]
    assert change.direction is Direction.GAIN
    assert change.confirmed_at <= within[12].at


def test_higher_odds_confirm_later() -> None:
    """The price of the promise."""
    made = scattered(16, slope=2.0, seed=14)
    weeks = [real_changes(made, odds)[0].confirmed_at for odds in (1.0, 100.0, 10_000.0)]
    assert weeks == sorted(weeks)
    assert weeks[0] < weeks[2]


def test_real_changes_ignores_one_outlier() -> None:
    """An outlier of 50 mm at any position, the first included."""
    made = scattered(10, seed=11)
    for index in range(len(made)):
        one = made[index]
        outlier = replace(one, mm=one.mm + 50)
        assert real_changes([*made[:index], outlier, *made[index + 1 :]]) == []


@settings(max_examples=25)
@given(st.lists(st.integers(60, 140), max_size=60), st.sampled_from((1.0, 2.0, 7.0, 40.0)))
def test_real_changes_never_revokes_a_change(mms: list[int], every_days: float) -> None:
    """Later results leave earlier changes as they were; each has its own date, in order."""
    made = results([float(mm) for mm in mms], every_days)
    whole = real_changes(made)
    for end in range(len(made)):
        assert (
            real_changes(made[:end])
            == [change for change in whole if change.confirmed_at <= made[end].at][: len(real_changes(made[:end]))]
        )
    assert [change.confirmed_at for change in whole] == sorted({change.confirmed_at for change in whole})


@settings(max_examples=25)
@given(st.lists(st.floats(60, 140), max_size=50), st.floats(0.1, 3), st.floats(-50, 50))
def test_real_changes_ignores_zero_and_unit(mms: list[float], gain: float, offset: float) -> None:
    """Another zero or another unit gives the same changes."""
    steps = [round(mm) for mm in mms]
    plain = real_changes(results([float(step) for step in steps]))
    moved = real_changes(results([gain * step + offset for step in steps]))
    assert [(one.direction, one.confirmed_at) for one in plain] == [(one.direction, one.confirmed_at) for one in moved]
