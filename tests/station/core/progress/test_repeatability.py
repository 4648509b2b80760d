"""How well tests repeat: the ICC in a published group, and Bland and Altman between days and trials."""

from __future__ import annotations

from datetime import datetime
from math import sqrt
from random import Random

import pytest
from msgspec.structs import replace

from station.core.facts import Contact
from station.core.progress.analysis import analyse_progress
from station.core.progress.person_error import Repeats
from station.core.progress.records import Result, SideProgress
from station.core.progress.repeatability import GROUP, MIN_PAIRS, Repeatability, icc_in_group, repeatability
from station.core.statistics.agreement import Limits, bland_altman, one_way_icc
from tests.station.core.progress.histories import BEGIN, result, results


def progress_of(tests: list[Result], repeats: list[Repeats] | None = None) -> SideProgress:
    found = analyse_progress(tests, [], 101.6, tests[-1].at, repeats_left=repeats or [], day_of=datetime.date).left
    assert found is not None
    return found


def of(tests: list[Result], repeats: list[Repeats] | None = None) -> Repeatability:
    return repeatability(progress_of(tests, repeats), repeats or [])


def trials(*mm: float, day: float = 0.0, contact: Contact = Contact.PAD) -> Repeats:
    return Repeats(BEGIN.replace(hour=int(day)), contact, mm)


def test_icc_is_one_minus_share_of_error_variance() -> None:
    """With chi-squared 3.247 and 20.483 for ten degrees of freedom, from a table."""
    found = icc_in_group(5.0, 10, 25.0)
    assert found is not None
    assert found.value == pytest.approx(1 - 0.04)
    assert found.low == pytest.approx(1 - 0.04 * 10 / 3.247, abs=1e-4)
    assert found.high == pytest.approx(1 - 0.04 * 10 / 20.483, abs=1e-4)


def test_icc_of_person_is_that_of_their_group() -> None:
    """In a simulated group whose members share one error, the measured ICC is the one given for that error."""
    random = Random(1)
    people = [random.gauss(100, sqrt(25.0**2 - 5.0**2)) for _ in range(4_000)]
    measured = one_way_icc([[random.gauss(level, 5.0) for _ in range(3)] for level in people]).coefficients
    found = icc_in_group(5.0, 10, 25.0)
    assert found is not None
    assert found.value == pytest.approx(next(iter(measured.values())).value, abs=0.01)


def test_icc_is_never_negative_and_never_made_of_too_few_repeats() -> None:
    """An error as large as the differences between people gives 0."""
    large = icc_in_group(30.0, 10, 25.0)
    assert large is not None
    assert (large.value, large.low) == (0.0, 0.0)
    assert icc_in_group(5.0, 3.9) is None
    assert icc_in_group(None, 10) is None


def test_group_is_the_published_one_that_differs_least() -> None:
    assert GROUP.sd_mm == 24.4


def test_literature_alone_gives_no_icc() -> None:
    """Three tests show nothing about this person's error, though an SEM is known from studies."""
    found = of(results([90.0, 91.0, 92.0]))
    assert (found.icc_between_days, found.icc_within_session) == (None, None)
    assert (found.between_days, found.day_pairs) == (None, 1)


def test_icc_between_days_is_of_own_repeats_alone() -> None:
    """Unlike the SEM, which blends in the literature's."""
    tests = results([90.0, 92.0] * 12)
    error, found = progress_of(tests).error, of(tests)
    assert error.own_sem_mm is not None
    assert error.own_sem_mm < 1.5 < error.sem_mm
    assert found.icc_between_days == icc_in_group(error.own_sem_mm, error.own_df)


def test_days_pair_successive_tests_once() -> None:
    """1 and 2, 3 and 4, ...: the later minus the earlier, so no test counts twice."""
    mms = [90.0, 93.0, 91.0, 92.0, 90.0, 94.0, 91.0, 91.0, 92.0, 95.0, 93.0, 92.0, 94.0]
    found = of(results(mms))
    assert found.day_pairs == 6
    assert found.between_days == bland_altman(mms[1:12:2], mms[0:12:2])
    assert found.between_days is not None
    assert found.between_days.bias.value == pytest.approx((3 + 1 + 4 + 0 + 3 - 1) / 6)


def test_days_far_apart_are_no_pair() -> None:
    """A test after three weeks starts a pair and completes none."""
    days = [0, 2, 4, 25, 27, 48, 50]
    assert of([result(day, 90.0 + day % 3) for day in days]).day_pairs == 3


def test_other_methods_kinds_and_outliers_are_no_pair() -> None:
    """Neither are results below range."""
    alike = results([90.0, 91.0] * 8)
    more = [
        result(3.5, 90.0, full=True),
        result(5.5, 90.0, contact=Contact.SELF),
        result(7.5, 90.0, imported=True),
        replace(result(9.5, 150.0), test_id="far off"),
        result(11.5, 0.0),
    ]
    together = sorted([*alike, *more], key=lambda test: test.at)
    progress = progress_of(together)
    found = repeatability(replace(progress, outliers=progress.outliers | {"far off"}), [])
    assert found.day_pairs == of(alike).day_pairs == 8


def test_trials_of_a_session_are_last_minus_first() -> None:
    """Of this contact; a single trial, or one below range, makes no pair."""
    mms = [(90.0, 91.0, 92.5), (88.0, 90.0, 89.0), (91.0, 91.0, 91.0), (90.0, 93.0), (92.0, 90.0, 91.0), (89.0, 90.0)]
    repeats = [trials(*mm, day=number) for number, mm in enumerate(mms)]
    others = [trials(90.0), trials(0.0, 4.0), trials(90.0, 99.0, contact=Contact.SELF)]
    found = of(results([90.0] * 4), [*repeats, *others])
    assert found.trial_pairs == MIN_PAIRS
    assert found.within_session == bland_altman([mm[-1] for mm in mms], [mm[0] for mm in mms])
    assert of(results([90.0] * 4), repeats[:-1]).within_session is None


def test_icc_within_session_is_of_the_kind_of_test() -> None:
    """A full test is the mean of three trials, so it repeats better than a quick one."""
    random = Random(2)
    repeats = [trials(*(90 + random.gauss(0, 4) for _ in range(3)), day=number % 24) for number in range(20)]
    quick, full = (of([result(day, 90.0 + day % 2, full=kind) for day in range(12)], repeats) for kind in (False, True))
    assert isinstance(quick.icc_within_session, Limits)
    assert isinstance(full.icc_within_session, Limits)
    assert 1 - full.icc_within_session.value == pytest.approx((1 - quick.icc_within_session.value) / 3)
