"""Calibrations, which are kept forever; suspect results; corrections beside the originals; and imported results."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from station.core.facts import Contact
from station.store import Store, StoreError
from station.store.records import Correction, ImportedResult, SideResults
from tests.station.store.histories import BLOCK, BUDGET, FIT, HandClock, one_test, weeks


def check(store: Store, *, passed: bool) -> str:
    newest = store.current_calibration().id
    return store.add_check(calibration_id=newest, **BLOCK, off_mm=0.3 if passed else 2.6, passed=passed)


def a_test(store: Store, clock: HandClock) -> str:
    session_id = store.begin_session(None, clock.pass_by(days=1), simulated=False)
    return one_test(store, store.begin_run(session_id, {}, clock.utc_now()), 80.0, 90.0)


def test_failed_check_makes_results_suspect_until_one_passes_or_a_calibration(store: Store, clock: HandClock) -> None:
    """Each test stores whether it is suspect, and stays so; the clock may have gone back in between."""
    store.add_calibration(FIT)
    tests = [a_test(store, clock)]
    failed = check(store, passed=False)
    tests.append(a_test(store, clock))
    found = store.failed_check()
    assert found is not None
    assert (found.id, found.kind, found.block_mm, found.off_mm) == (failed, "block", 100.0, 2.6)
    clock.pass_by(days=-10)
    check(store, passed=True)
    assert store.failed_check() is None
    tests.append(a_test(store, clock))
    check(store, passed=False)
    tests.append(a_test(store, clock))
    store.add_calibration(FIT)
    assert store.failed_check() is None
    tests.append(a_test(store, clock))

    read = [store.test(test_id) for test_id in tests]
    assert [test.is_suspect for test in read if test] == [False, True, False, True, False]
    assert [one.passed for one in store.checks()] == [False, True, False]
    assert [one.passed for one in store.checks(limit=1)] == [False]


def test_failed_check_of_an_older_calibration_makes_nothing_suspect(store: Store) -> None:
    """A check of the previous calibration says nothing about the newest."""
    before = store.current_calibration().id
    store.add_calibration(FIT)
    store.add_check(calibration_id=before, **BLOCK, off_mm=9.0, passed=False)
    assert store.failed_check() is None


def test_suspect_is_the_calibration_of_the_test(store: Store, clock: HandClock) -> None:
    """Stored after a newer calibration, because the disk was full, it is as suspect as when it was made."""
    with_failed_check, without = store.add_calibration(FIT), store.add_calibration(FIT)
    store.add_check(calibration_id=with_failed_check, **BLOCK, off_mm=9.0, passed=False)
    session_id = store.begin_session(None, clock.utc_now(), simulated=False)
    run_id = store.begin_run(session_id, {}, clock.utc_now())
    for calibration_id, doubted in ((with_failed_check, True), (without, False), (None, False)):
        test_id = store.begin_test(run_id, full=False, contact=Contact.PAD, calibration_id=calibration_id)
        test = store.test(test_id)
        assert test is not None
        assert test.is_suspect is doubted


def test_result_is_no_longer_suspect_under_a_newer_calibration(store: Store, clock: HandClock) -> None:
    """In tests and scores; with the original calibration, or an older one, it stays suspect."""
    older, of_the_day = store.current_calibration().id, store.add_calibration(FIT)
    check(store, passed=False)
    test_id = a_test(store, clock)
    newer = store.add_calibration(FIT)
    for calibration_id, doubted in ((newer, False), (older, True), (newer, False), (of_the_day, True)):
        store.add_corrections([Correction(test_id, SideResults(81.0, 91.0, calibration_id=calibration_id))])
        test = store.test(test_id)
        assert test is not None
        assert test.is_suspect is doubted
        assert [score.is_suspect for score in store.result_summaries(None)] == [doubted]


def test_check_needs_a_known_kind_and_calibration(store: Store) -> None:
    """An unknown kind and an unknown calibration are refused."""
    newest = store.current_calibration().id
    with pytest.raises(ValueError, match="kind 'guess'"):
        store.add_check(calibration_id=newest, kind="guess", block_mm=None, off_mm=0.0, uncertainty_mm=1.0, passed=True)
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.add_check(calibration_id="nobody", **BLOCK, off_mm=0.0, passed=True)
    assert store.checks() == ()


def test_newest_correction_counts_and_the_original_stays(store: Store, clock: HandClock) -> None:
    """In tests, scores and the last results; the clock goes back between corrections."""
    weeks(store, clock, days=2, names=("Ann",))
    (ann,) = store.people()
    as_built = store.current_calibration().id
    second, first = store.tests(ann.id)
    for toe_mm in (105.5, 106.0):
        calibration_id = store.add_calibration(FIT)
        new = SideResults(toe_mm, second.right_mm, BUDGET.total_mm, 0.31, BUDGET, None, calibration_id)
        clock.pass_by(days=-3)
        store.add_corrections([Correction(second.id, new)])

    now, untouched = store.tests(ann.id)
    assert untouched == first
    assert (now.left_mm, now.left_uncertainty_mm, now.left_budget) == (106.0, BUDGET.total_mm, BUDGET)
    assert (now.right_mm, now.right_budget, now.calibration_id) == (second.right_mm, None, calibration_id)
    assert now.original == SideResults(second.left_mm, second.right_mm, 0.31, 0.31, None, None, as_built)
    assert (now.trials, now.attempts) == (second.trials, second.attempts)
    assert store.test(second.id) == now
    older, newer = store.result_summaries(ann.id)
    assert (older.left_original_mm, older.calibration) == (None, 1)
    assert (newer.left_mm, newer.left_original_mm) == (106.0, second.left_mm)
    assert (newer.right_mm, newer.right_original_mm, newer.calibration) == (second.right_mm, None, 3)
    assert newer.left_uncertainty_mm == BUDGET.total_mm


def test_correction_back_to_the_original_is_not_shown_twice(store: Store, clock: HandClock) -> None:
    """Original numbers that apply again are not shown as a correction."""
    test = store.test(a_test(store, clock))
    assert test is not None
    of_the_day = SideResults(80.0, 90.0, 0.31, 0.31, None, None, test.calibration_id)
    store.add_corrections([Correction(test.id, SideResults(90.0, 99.0, calibration_id=store.add_calibration(FIT)))])
    store.add_corrections([Correction(test.id, of_the_day)])
    assert store.test(test.id) == test


def test_corrections_are_all_written_or_none(store: Store, clock: HandClock) -> None:
    """If one fails, none is stored."""
    test_id, new = a_test(store, clock), SideResults(1.0, 2.0, calibration_id=store.current_calibration().id)
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.add_corrections([Correction(test_id, new), Correction("nobody", new)])
    test = store.test(test_id)
    assert test is not None
    assert (test.left_mm, test.original) == (80.0, None)


def test_a_tape_has_no_instrument(store: Store, clock: HandClock) -> None:
    """An imported result is a test with the contact `self`, without uncertainty, calibration, trials or trace."""
    ann = store.add_person("Ann")
    past = clock.utc_now() - timedelta(days=400)
    store.add_imported_results(
        ann.id, [ImportedResult(past, 94.0, None), ImportedResult(past + timedelta(days=7), None, 101.0)]
    )
    second, first = store.tests(ann.id)
    assert (first.started_at, first.left_mm, first.right_mm) == (past, 94.0, None)
    assert (first.imported, first.simulated, first.is_suspect, first.contact) == (True, False, False, Contact.SELF)
    assert (first.left_uncertainty_mm, first.left_budget, first.calibration_id) == (None, None, None)
    assert (first.trials, first.attempts, second.right_mm) == ((), (), 101.0)
    assert [(score.imported, score.calibration) for score in store.result_summaries(ann.id)] == [
        (True, None),
        (True, None),
    ]
    detail = store.session(first.session_id)
    assert detail is not None
    assert (detail.session.end_reason, detail.session.ended_at) == ("imported", past)
    assert store.test_ids_since(past) == ()
    assert store.trace(first.run_id) == ({"do": "imported"}, "")


def test_tests_since_have_a_result_of_this_board(store: Store, clock: HandClock) -> None:
    """Oldest first; an interrupted test has no result to recalculate."""
    weeks(store, clock, days=3, names=("Ann",))
    since = clock.utc_now() - timedelta(days=1, hours=12)
    session_id = store.begin_session(None, clock.pass_by(days=1), simulated=False)
    run_id = store.begin_run(session_id, {}, clock.utc_now())
    store.begin_test(run_id, full=False, contact=Contact.PAD, calibration_id=None)
    assert store.test_ids_since(since) == tuple(test.id for test in reversed(store.tests(limit=3)[1:]))
    assert (store.test("nobody"), store.trace("nobody")) == (None, None)


def test_tools_keep_the_as_built_calibration(path: Path, clock: HandClock) -> None:
    """Opening a store without the drawing's offset does not change the as-built calibration."""
    Store.open(path, clock=clock, as_built_offset_mm=-58.0).close()
    with Store.open(path, clock=clock) as store:
        assert [one.curve.offset_mm for one in store.calibrations()] == [-58.0]
