"""The person's own measurement error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import nan, sqrt
from random import Random
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.core.facts import Contact
from station.core.progress.person_error import PRIOR_DF, PRIOR_SEM_MM, Repeats, person_error
from station.core.progress.records import PersonError, Result
from tests.recordings import reach_trials

START = datetime(2026, 1, 5, 7, tzinfo=UTC)
PAD = Contact.PAD


@dataclass
class Person:
    """A simulated person who tests about three times a week. SDs in mm; outliers are off by 20 to 60 mm."""

    between_mm: float = 3.0
    within_mm: float = 4.0
    fulls: float = 0.5
    outliers: float = 0.0
    gain_mm_week: float = 0.0
    every_days: float = 7 / 3

    def sem_mm(self, full: bool) -> float:
        return sqrt(self.between_mm**2 + self.within_mm**2 / (3 if full else 1))

    def history(self, n: int, dice: Random) -> tuple[list[Repeats], list[Result]]:
        repeats, tests = [], []
        for i in range(n):
            days = self.every_days * i + dice.uniform(-0.4, 0.4)
            at, full = START + timedelta(days=days), dice.random() < self.fulls
            level = 100 + self.gain_mm_week * days / 7 + dice.gauss(0, self.between_mm)
            trials = tuple(level + dice.gauss(0, self.within_mm) for _ in range(3 if full else 1))
            if full:
                repeats.append(Repeats(at, PAD, trials))
            offset_mm = dice.choice([-1, 1]) * dice.uniform(20, 60) if dice.random() < self.outliers else 0.0
            tests.append(Result(str(i), at, fmean(trials) + offset_mm, 0.6, full, PAD))
        return repeats, tests

    def errors(self, full: bool, n: int = 156, people: int = 100) -> Iterator[PersonError]:
        """The errors estimated for people like this one after `n` tests."""
        for seed in range(people):
            yield person_error(*self.history(n, Random(seed)), PAD, full)


def own_variance(error: PersonError) -> float:
    """The person's own variance, extracted from the blend."""
    v = error.own_df
    return ((PRIOR_DF + v) * error.sem_mm**2 - PRIOR_DF * PRIOR_SEM_MM**2) / v


def own_sd(errors: list[PersonError]) -> float:
    return sqrt(fmean(map(own_variance, errors)))


def series(*mm: float, full: bool = False, contact: Contact = PAD, every_days: float = 2) -> list[Result]:
    return [
        Result(str(i), START + timedelta(days=every_days * i), one, None, full, contact) for i, one in enumerate(mm)
    ]


def test_person_error_starts_with_the_literature() -> None:
    """Without tests, or with too few for a line, the error is Powden's and its parts are missing."""
    for tests in ([], series(90), series(90, 130), series(90, 130, 60)):
        error = person_error([], tests, PAD, full=True)
        assert (error.sem_mm, error.within_mm, error.between_mm, error.own_df) == (6.9, None, None, 0)
        assert (round(error.mdc90_mm, 2), round(error.mdc95_mm, 2)) == (16.05, 19.13)


def test_person_error_blends_by_degrees_of_freedom() -> None:
    """Five tests: six parts of 6.9 mm and three of their variance about the least-squares line."""
    tests = series(100, 104, 99, 108, 103)
    residuals = np.polyfit(range(5), [test.mm for test in tests], 1, full=True)[1][0]
    error = person_error([], tests, PAD, full=False)
    assert error.own_df == pytest.approx(3)
    assert error.sem_mm == pytest.approx(sqrt((6 * 6.9**2 + residuals) / 9))


@pytest.mark.parametrize("full", [True, False], ids=["full", "quick"])
@pytest.mark.parametrize("fulls", [0.0, 0.5, 1.0], ids=["quick history", "mixed history", "full history"])
def test_person_error_recovers_true_errors(fulls: float, full: bool) -> None:
    """Within 4 % on average, from tests of either kind or both, while the level rises."""
    person = Person(fulls=fulls, gain_mm_week=2)
    errors = list(person.errors(full))
    if fulls or not full:
        assert own_sd(errors) == pytest.approx(person.sem_mm(full), rel=0.04)
    else:  # without trials quick tests stand for full ones
        assert own_sd(errors) == pytest.approx(person.sem_mm(False), rel=0.04)
    if fulls:
        assert sqrt(fmean((error.within_mm or 0) ** 2 for error in errors)) == pytest.approx(4, rel=0.02)
        assert sqrt(fmean((error.between_mm or 0) ** 2 for error in errors)) == pytest.approx(3, rel=0.08)
    else:
        assert {error.within_mm for error in errors} == {error.between_mm for error in errors} == {None}


@pytest.mark.parametrize(("between_mm", "within_mm"), [(2, 2.3), (4, 4.5), (6, 6.7), (0, 5)])
def test_person_error_recovers_small_and_large_errors(between_mm: float, within_mm: float) -> None:
    """Errors from 3 to 9 mm, with and without a day effect."""
    person = Person(between_mm, within_mm)
    assert own_sd(list(person.errors(full=False))) == pytest.approx(person.sem_mm(False), rel=0.05)


def test_person_error_excludes_outliers() -> None:
    """One test in twenty off by 20 to 60 mm raises the error by less than 6 %; counted, it would double it."""
    person = Person(outliers=0.05)
    assert own_sd(list(person.errors(full=False))) < 1.06 * person.sem_mm(False)
    naive = [float(np.std([test.mm for test in person.history(156, Random(seed))[1]])) for seed in range(20)]
    assert fmean(naive) > 1.8 * person.sem_mm(False)


def test_person_error_keeps_true_errors() -> None:
    """Without outliers fewer than one test in 200 is excluded: 13 series of 12 have 130 degrees of freedom."""
    assert fmean(error.own_df for error in Person(fulls=0).errors(full=False)) > 130 - 156 / 200


def test_person_error_counts_wide_scatter() -> None:
    """If more than a quarter of a series is far off, it is scatter and raises the error."""
    tests = series(*([60, 140] * 6))
    assert person_error([], tests, PAD, full=False).sem_mm > 30


def test_person_error_approaches_the_persons_own() -> None:
    """With more tests the error of a steady person (4 mm) falls from the literature's towards their own."""
    person = Person(between_mm=2.4, within_mm=3.2, fulls=0)
    by_tests = [fmean(error.sem_mm for error in person.errors(False, n, 60)) for n in (4, 8, 16, 40, 150)]
    assert by_tests == sorted(by_tests, reverse=True)
    assert by_tests[0] > 5.9
    assert by_tests[-1] < 4.25


def test_person_error_states_its_degrees_of_freedom() -> None:
    """Across people the own variance scatters like chi-squared with the stated degrees of freedom."""
    for full in (True, False):
        errors = list(Person().errors(full, n=48, people=400))
        variances = [own_variance(error) for error in errors]
        seen = float(np.var(variances)) / fmean(variances) ** 2
        stated = fmean(2 / error.own_df for error in errors)
        assert 0.7 < seen / stated < 1.4


def test_person_error_mdc_has_its_confidence() -> None:
    """Two more tests of an unchanged person differ by more than MDC95 once in 20 times, than MDC90 in ten."""
    person, dice = Person(between_mm=4.2, within_mm=5.4), Random(1)
    beyond_95 = beyond_90 = 0
    for error in person.errors(full=False, people=150):
        for _ in range(40):
            apart = abs(dice.gauss(0, person.sem_mm(False) * sqrt(2)))
            beyond_95 += apart > error.mdc95_mm
            beyond_90 += apart > error.mdc90_mm
    assert 0.035 < beyond_95 / 6000 < 0.065
    assert 0.08 < beyond_90 / 6000 < 0.12


def test_person_error_is_at_least_3_mm() -> None:
    """Equal tests and trials do not make a person perfect."""
    tests = series(*[95.0] * 200)
    repeats = [Repeats(test.at, PAD, (95.0, 95.0, 95.0)) for test in tests]
    error = person_error(repeats, tests, PAD, full=False)
    assert (error.sem_mm, error.within_mm, error.between_mm) == (3, 0, 0)


def test_person_error_separates_contacts() -> None:
    """Tests with the pad say nothing about tests by the person's own word."""
    repeats, tests = Person().history(60, Random(1))
    assert person_error(repeats, tests, Contact.SELF, full=False) == person_error([], [], Contact.SELF, full=False)
    others = [Result("x", test.at, 2 * test.mm, None, test.full, Contact.SELF) for test in tests]
    more = [Repeats(one.at, Contact.SELF, (10, 90, 50)) for one in repeats]
    assert person_error([*repeats, *more], [*tests, *others], PAD, True) == person_error(repeats, tests, PAD, True)


def test_person_error_ignores_full_tests_without_trials_for_quick_ones() -> None:
    """The part of one trial is unknown, and the error of full tests would be too small."""
    tests = [Result(test.test_id, test.at, test.mm, None, True, PAD) for test in Person().history(60, Random(1))[1]]
    assert person_error([], tests, PAD, full=False).own_df == 0
    assert person_error([], tests, PAD, full=True).own_df > 40


@given(st.integers(0, 30), st.randoms(use_true_random=False), st.integers(-50, 200), st.integers(-4000, 4000))
def test_person_error_ignores_order_zero_and_date(n: int, random: Random, shift_mm: int, days: int) -> None:
    """Tests in any order, from any zero, at any time, give the same error."""
    repeats, tests = Person().history(n, Random(n))
    later = timedelta(days=days)
    moved = [Result(one.test_id, one.at + later, one.mm + shift_mm, None, one.full, PAD) for one in tests]
    others = [Repeats(one.at + later, PAD, tuple(mm + shift_mm for mm in one.mm)) for one in repeats]
    random.shuffle(moved)
    random.shuffle(others)
    one, other = person_error(repeats, tests, PAD, True), person_error(others, moved, PAD, True)
    assert other.sem_mm == pytest.approx(one.sem_mm)
    assert other.own_df == pytest.approx(one.own_df)


def test_person_error_splits_series_at_a_gap() -> None:
    """A change within a year without tests is not an error: each side of the gap has its own line."""
    before = series(100, 104, 99, 108, 103)
    after = [Result(f"b{one.test_id}", one.at + timedelta(days=365), one.mm + 40, None, False, PAD) for one in before]
    alone, both = person_error([], before, PAD, False), person_error([], before + after, PAD, False)
    assert own_variance(both) == pytest.approx(own_variance(alone))
    assert both.own_df == pytest.approx(2 * alone.own_df)


@pytest.mark.parametrize(("loss_mm", "adds_mm"), [(10.0, 0.8), (20.0, 0.5), (40.0, 0.3)])
@pytest.mark.parametrize(("count", "before"), [(8, 3), (20, 3), (20, 8), (156, 78)])
def test_person_error_hardly_grows_with_an_injury(count: int, before: int, loss_mm: float, adds_mm: float) -> None:
    """A sudden loss within a series is not an error, not even in the first week; only a small one makes it larger."""
    grown = []
    for seed in range(60):
        repeats, tests = Person(fulls=0).history(count, Random(seed))
        fallen = [
            Result(t.test_id, t.at, t.mm - loss_mm * (i >= before), None, t.full, PAD) for i, t in enumerate(tests)
        ]
        grown.append(person_error(repeats, fallen, PAD, False).sem_mm - person_error(repeats, tests, PAD, False).sem_mm)
    assert -0.3 < fmean(grown) < adds_mm


def test_person_error_accepts_equal_times() -> None:
    """Tests with the same time (a stopped clock) have no slope, but still a scatter."""
    tests = series(100, 104, 98, 102, every_days=0)
    assert own_variance(person_error([], tests, PAD, False)) == pytest.approx(20 / 3)


def test_person_error_excludes_outliers_of_real_trials() -> None:
    """Of 39 people's real trials the two gross outliers are excluded, and the scatter is that of the others."""
    groups = [group for pair in reach_trials() for group in pair]
    assert len(groups) == 78
    repeats = [Repeats(START + timedelta(days=i), PAD, group) for i, group in enumerate(groups)]
    clean = [[mm for mm in group if mm not in (105.72, 89.32)] for group in groups]
    squares, df = sum(np.var(group) * len(group) for group in clean), sum(len(group) - 1 for group in clean)
    within = person_error(repeats, [], PAD, full=True).within_mm
    assert within is not None
    assert 0.8 * sqrt(squares / df) < within <= sqrt(squares / df)
    assert sqrt(fmean(np.var(group, ddof=1) for group in groups)) > 1.4 * within


def test_person_error_excludes_one_gross_trial() -> None:
    """105.7 beside 53.2 and 52.4: the first such trials leave 0.6 mm of scatter, not 30."""
    trials = [Repeats(START + timedelta(days=i), PAD, (105.72, 53.23, 52.38)) for i in range(4)]
    assert person_error(trials, [], PAD, full=True).within_mm == pytest.approx(0.85 / sqrt(2))


def test_person_error_excludes_pairs_that_disagree() -> None:
    """Of two trials 40 mm apart either may be wrong, so neither counts. One trial, or none, has no scatter."""
    agree = [Repeats(START + timedelta(days=i), PAD, (90.0, 92.0)) for i in range(4)]
    wild = [Repeats(START + timedelta(days=9), PAD, mm) for mm in ((60.0, 120.0), (60.0,), ())]
    assert person_error(agree + wild, [], PAD, True) == person_error(agree, [], PAD, True)


def test_person_error_refuses_distances_that_are_not_finite() -> None:
    """The error names the test."""
    with pytest.raises(ValueError, match=r"test 1 of 2026-01-07 is nan mm: leave out"):
        person_error([], series(90, nan), PAD, full=False)
    with pytest.raises(ValueError, match=r"a trial of 2026-01-05 has no distance"):
        person_error([Repeats(START, PAD, (90.0, nan))], [], PAD, full=False)


def test_person_error_takes_milliseconds_for_ten_years() -> None:
    """Ten years of daily tests; the limit allows ten times the usual duration."""
    repeats, tests = Person(every_days=1).history(3650, Random(1))
    spent = []
    for _ in range(3):
        begun = time.process_time()
        person_error(repeats, tests, PAD, full=True)
        spent.append(time.process_time() - begun)
    assert min(spent) < 0.2
