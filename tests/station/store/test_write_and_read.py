"""Written data is read back completely, by every reader."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from station.core.events import SECOND_US, Side
from station.core.facts import Contact
from station.core.measurement.curve import Curve
from station.core.progress.records import Circumstances
from station.settings import DEFAULT_GOAL_MM, Settings
from station.store import Store, StoreError, seeded_ids
from station.store.access_records import Role
from station.store.records import Attempt, Correction, HeelLift, SideResults, Test, TestAnswers, Trial, WeekCredit
from station.version import APP_VERSION, RULE_VERSION
from tests.station.store.histories import (
    BLOCK,
    BUDGET,
    FIT,
    STEPPED_OFF,
    TRACE,
    HandClock,
    guided_routine,
    one_hold,
    one_test,
    weeks,
)


def begin(store: Store, clock: HandClock, person_id: str | None = None) -> tuple[str, str]:
    session_id = store.begin_session(person_id, clock.utc_now(), simulated=False)
    return session_id, store.begin_run(session_id, {"do": "test", "side": "both"}, clock.utc_now())


def test_a_test_is_read_as_it_was_written(store: Store, clock: HandClock) -> None:
    """With its trials, attempts, circumstances and person."""
    ann = store.add_person(" Ann ")
    session_id, run_id = begin(store, clock, ann.id)
    calibration_id = store.current_calibration().id
    known = Circumstances(shod=False, back_foot="flat", board_angle_deg=0.0, warmed_up=True)
    test_id = store.begin_test(
        run_id,
        full=True,
        contact=Contact.INFERRED,
        calibration_id=calibration_id,
        started_us=5 * SECOND_US,
        temperature_c=19.5,
        skirting_mm=12.0,
        circumstances=known,
    )
    total_mm = BUDGET.total_mm
    passed = Attempt(Side.LEFT, 1, 1, "passed", 6, 7, 92.4, total_mm, Contact.INFERRED, (6, 7), BUDGET)
    failed = Attempt(Side.LEFT, 1, 2, "heel", 8, 9, None, None, None, None)
    trial = Trial(Side.LEFT, 1, 92.4, False, total_mm, 10, BUDGET)
    store.add_attempt(test_id, passed)
    store.add_attempt(test_id, failed)
    store.add_trial(test_id, trial)
    store.finish_test(
        test_id, left_mm=92.4, right_mm=None, left_uncertainty_mm=total_mm, left_budget=BUDGET, partial=True
    )
    store.answer_test(test_id, pain=2, felt_places=["calf"])

    detail = store.session(session_id)

    assert detail is not None
    assert detail.run_ids == (run_id,)
    assert detail.session.person_name == "Ann"
    assert detail.tests == (
        Test(
            id=test_id,
            session_id=session_id,
            run_id=run_id,
            person_id=ann.id,
            started_at=clock.utc_now() + timedelta(seconds=5),
            started_us=5 * SECOND_US,
            full=True,
            contact=Contact.INFERRED,
            state="partial",
            left_mm=92.4,
            right_mm=None,
            left_uncertainty_mm=total_mm,
            right_uncertainty_mm=None,
            left_budget=BUDGET,
            right_budget=None,
            calibration_id=calibration_id,
            original=None,
            temperature_c=19.5,
            skirting_mm=12.0,
            is_suspect=False,
            imported=False,
            simulated=False,
            rule_version=RULE_VERSION,
            circumstances=known,
            answers=TestAnswers(2, ("calf",)),
            trials=(trial,),
            attempts=(passed, failed),
        ),
    )
    assert store.tests(ann.id) == detail.tests


def test_a_hold_grows_and_ends(store: Store, clock: HandClock) -> None:
    """A hold in progress is unfinished, with its credit so far; then it is finished, with its lifts."""
    _, run_id = begin(store, clock)
    hold_id = store.begin_hold(run_id, side=Side.RIGHT, repetition=2, target_us=30 * SECOND_US, started_us=SECOND_US)
    store.save_hold_progress(hold_id, credited_us=4 * SECOND_US)
    store.add_heel_lift(hold_id, HeelLift(5 * SECOND_US, None))

    (hold,) = store.holds()
    assert (hold.state, hold.credited_us, hold.ended_us) == ("unfinished", 4 * SECOND_US, None)
    assert hold.heel_lifts == (HeelLift(5 * SECOND_US, None),)

    store.add_heel_lift(hold_id, HeelLift(5 * SECOND_US, 6 * SECOND_US))
    store.finish_hold(
        hold_id,
        credited_us=30 * SECOND_US,
        lifted_us=SECOND_US,
        lift_count=1,
        micro_lift_count=0,
        ended_us=32 * SECOND_US,
    )
    (hold,) = store.holds()
    assert (hold.state, hold.credited_us, hold.lift_count) == ("finished", 30 * SECOND_US, 1)
    assert hold.heel_lifts == (HeelLift(5 * SECOND_US, 6 * SECOND_US),)
    assert hold.started_at == clock.utc_now() + timedelta(seconds=1)


def test_repetitions_grow_and_end(store: Store, clock: HandClock) -> None:
    """A set in progress is unfinished, with its count so far."""
    _, run_id = begin(store, clock)
    reps_id = store.begin_rep_set(run_id, side=Side.LEFT, target_count=20, started_us=0)
    store.save_rep_set_progress(reps_id, count=3, too_quick_count=1)
    (reps,) = store.rep_sets()
    assert (reps.state, reps.count, reps.too_quick_count) == ("unfinished", 3, 1)
    store.finish_rep_set(reps_id, count=7, too_quick_count=1, partial=True)
    (reps,) = store.rep_sets()
    assert (reps.state, reps.count, reps.target_count) == ("partial", 7, 20)


def test_a_trace_grows_in_chunks_and_is_one_text(store: Store, clock: HandClock) -> None:
    """The chunks of a trace are read as one text."""
    _, run_id = begin(store, clock)
    assert store.trace(run_id) == ({"do": "test", "side": "both"}, "")
    store.append_trace(run_id, TRACE)
    store.append_trace(run_id, "4.00,toe,163\n")
    assert store.trace(run_id) == ({"do": "test", "side": "both"}, TRACE + "4.00,toe,163\n")
    assert store.trace("nobody's") is None


def test_interrupted_rows_stay_unfinished(path: Path, clock: HandClock) -> None:
    """After a power cut the session is marked as cut off without an end, and its hold is unfinished with its credit."""
    with Store.open(path, clock=clock) as store:
        session_id, run_id = begin(store, clock)
        hold_id = store.begin_hold(run_id, side=Side.LEFT, repetition=1, target_us=30 * SECOND_US, started_us=0)
        store.save_hold_progress(hold_id, credited_us=12 * SECOND_US)
        done_id, _ = begin(store, clock)
        store.end_session(done_id, clock.utc_now(), STEPPED_OFF)
    with Store.open(path, clock=clock) as store:
        cut, done = store.session(session_id), store.session(done_id)
        assert cut is not None
        assert done is not None
        assert (cut.session.ended_at, cut.session.end_reason) == (None, "cut off")
        assert [(hold.state, hold.credited_us) for hold in cut.holds] == [("unfinished", 12 * SECOND_US)]
        assert (done.session.ended_at, done.session.end_reason) == (clock.utc_now(), STEPPED_OFF)


def test_sessions_come_newest_first_and_in_pages(store: Store, clock: HandClock) -> None:
    """Sessions are listed newest first, for one person or all; the next page begins before the last one read."""
    weeks(store, clock, days=5)
    ann, bea = store.people()
    everybody = store.sessions()
    assert len(everybody) == 10
    assert [one.started_at for one in everybody] == sorted((one.started_at for one in everybody), reverse=True)
    assert {one.person_id for one in store.sessions(ann.id)} == {ann.id}
    first = store.sessions(bea.id, limit=2)
    rest = store.sessions(bea.id, before=first[-1].started_at)
    assert (*first, *rest) == store.sessions(bea.id)
    assert len(store.holds(ann.id, limit=12)) == 12
    assert [score.test_id for score in store.result_summaries(ann.id)] == [
        test.id for test in reversed(store.tests(ann.id))
    ]


def test_an_unclaimed_session_is_claimed_later(store: Store, clock: HandClock) -> None:
    """One call assigns unclaimed results to a person."""
    session_id, run_id = begin(store, clock)
    one_test(store, run_id, 80.0, 90.0)
    ann = store.add_person("Ann")
    assert store.tests(ann.id) == ()
    store.claim_session(session_id, ann.id)
    assert [(test.left_mm, test.right_mm) for test in store.tests(ann.id)] == [(80.0, 90.0)]


def test_credit_is_summed_by_week_and_side(store: Store, clock: HandClock) -> None:
    """Credited time counts in the week in which the session began, in the person's time zone."""
    ann = store.add_person("Ann")
    for at, side in (
        (datetime(2026, 3, 1, 23, 30, tzinfo=UTC), Side.LEFT),
        (datetime(2026, 3, 4, 7, tzinfo=UTC), Side.LEFT),
        (datetime(2026, 3, 4, 8, tzinfo=UTC), Side.RIGHT),
    ):
        session_id = store.begin_session(ann.id, at, simulated=False)
        one_hold(store, store.begin_run(session_id, {}, at), side)
    half = 30 * SECOND_US
    sunday, monday = date(2026, 2, 23), date(2026, 3, 2)
    assert store.week_credits(ann.id) == (WeekCredit(sunday, half, 0), WeekCredit(monday, half, half))
    east = timezone(timedelta(hours=1))
    assert store.week_credits(ann.id, zone=east) == (WeekCredit(monday, 2 * half, half),)
    assert store.week_credits(ann.id, since=datetime(2026, 3, 2, tzinfo=UTC)) == (WeekCredit(monday, half, half),)


def test_names_are_free_and_short(store: Store) -> None:
    """A name that is empty, overlong or taken is refused with a sentence."""
    ann = store.add_person("Ann")
    bea = store.add_person("Bea")
    store.add_person("Åsa")
    for name, word in (("  ", "1 to 60"), ("x" * 61, "1 to 60"), ("ann", "already"), ("åsa", "already")):
        with pytest.raises(ValueError, match=word):
            store.add_person(name)
    with pytest.raises(ValueError, match="already"):
        store.rename_person(bea.id, "Ann")
    store.rename_person(ann.id, "ANN")
    assert [person.name for person in store.people()] == ["ANN", "Bea", "Åsa"]


def test_settings_are_kept_and_defaults_follow_the_program(path: Path, clock: HandClock) -> None:
    """Only changed settings are stored, and they survive a restart."""
    with Store.open(path, clock=clock) as store:
        assert store.settings() == Settings()
        store.save_settings(Settings(units="inch", hold_s=45))
        store.save_settings(Settings(units="inch", hold_s=60))
    with Store.open(path, clock=clock) as store:
        assert store.settings() == Settings(units="inch", hold_s=60)
        assert store.settings().goal_mm == DEFAULT_GOAL_MM
    stored = sqlite3.connect(path)
    assert stored.execute("SELECT name, value_json FROM settings ORDER BY name").fetchall() == [
        ("hold_s", "60"),
        ("units", '"inch"'),
    ]
    stored.close()


def test_calibrations_begin_as_built(path: Path, clock: HandClock) -> None:
    """A new board has the drawing's calibration, which follows the configuration until the first calibration.

    The newest counts, even if the clock went back in between.
    """
    with Store.open(path, clock=clock) as store:
        built = store.current_calibration()
        assert (built.number, built.curve, built.fit) == (1, Curve(offset_mm=-70.0), None)
    with Store.open(path, clock=clock) as store:
        assert store.current_calibration() == built
    clock.pass_by(days=-1)
    with Store.open(path, clock=clock, as_built_offset_mm=-58.0) as store:
        assert store.current_calibration().curve.offset_mm == -58.0
        assert store.calibration(built.id) == built
        clock.pass_by(days=-1)
        store.add_calibration(FIT, temperature_c=21.5)
    with Store.open(path, clock=clock) as store:
        newest = store.current_calibration()
        assert (newest.number, newest.created_at, newest.temperature_c) == (3, clock.utc_now(), 21.5)
        assert (newest.curve, newest.fit) == (FIT.curve, FIT)
        assert [one.number for one in store.calibrations()] == [3, 2, 1]
        assert store.calibrations()[2] == built


def test_empty_heels_are_remembered(store: Store) -> None:
    """Only the newest empty load of each side is stored."""
    assert store.empty_shares() == {}
    store.save_empty_share(Side.LEFT, 0.18)
    store.save_empty_share(Side.LEFT, 0.17)
    store.save_empty_share(Side.RIGHT, 0.2)
    assert store.empty_shares() == {Side.LEFT: 0.17, Side.RIGHT: 0.2}


def test_times_are_aware_and_kept_in_utc(store: Store) -> None:
    """A time in any zone is read back as the same instant; a naive one is refused."""
    east = datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=2)))
    session_id = store.begin_session(None, east, simulated=False)
    detail = store.session(session_id)
    assert detail is not None
    assert detail.session.started_at == east
    assert detail.session.started_at.tzinfo is UTC
    with pytest.raises(ValueError, match="no time zone"):
        store.begin_session(None, east.replace(tzinfo=None), simulated=False)


def test_missing_row_is_not_changed(store: Store) -> None:
    """Finishing what never began is an error, not silence."""
    with pytest.raises(LookupError, match="no row nobody"):
        store.save_hold_progress("nobody", credited_us=1)
    with pytest.raises(LookupError, match="no row nobody"):
        store.rename_person("nobody", "Ann")
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.begin_run("nobody", {}, datetime(2026, 3, 2, tzinfo=UTC))


def test_the_same_clock_and_seed_give_the_same_ids(tmp_path: Path) -> None:
    """A history made twice is the same down to the last identifier, and its identifiers are UUIDs of version 7."""
    made = []
    for name in ("one.db", "two.db"):
        clock = HandClock()
        with Store.open(tmp_path / name, clock=clock, new_id=seeded_ids(clock, 4)) as store:
            weeks(store, clock, days=2)
            made.append([store.session(one.id) for one in store.sessions()])
    assert made[0] == made[1]
    assert made[0][0] is not None
    assert made[0][0].session.id[14] == "7"


def test_each_row_has_program_and_rules_version(store: Store, clock: HandClock, path: Path) -> None:
    """Every row of every table has the versions of the program and of its rules."""
    weeks(store, clock, days=1)
    store.save_settings(Settings(hold_s=31))
    store.save_empty_share(Side.LEFT, 0.1)
    store.add_check(calibration_id=store.current_calibration().id, **BLOCK, off_mm=0.4, passed=True)
    store.add_corrections(
        [Correction(store.tests()[0].id, SideResults(81.0, 90.0, calibration_id=store.current_calibration().id))]
    )
    guided_routine(store, clock, store.people()[0].id)
    store.agree_consent(store.people()[0].id, store.people()[1].id)
    store.note_attempt("pin")
    device_id = store.add_device(
        token_hash="hash", name="Phone", role=Role.MEMBER, person_id=None, expires_at=clock.utc_now() + timedelta(1)
    )
    store.add_api_token(device_id, "other hash", "Script", ("read",))
    swapped = store.sessions()[-1].id
    store.swap_sides(swapped)
    person_id, started_at = store.people()[0].id, store.sessions()[-1].started_at
    store.claim_session(swapped, person_id)
    store.add_answer(person_id, "pain", 3, answered_at=started_at + timedelta(minutes=1))
    store.claim_session(swapped, None)
    stored = sqlite3.connect(path)
    names = [name for (name,) in stored.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    names.remove("alembic_version")
    assert len(names) == 26
    for name in names:
        assert stored.execute(f"SELECT DISTINCT app_version, rule_version FROM {name}").fetchall() == [
            (APP_VERSION, RULE_VERSION)
        ]
    stored.close()


def test_pages_read_while_the_loop_writes(store: Store, clock: HandClock) -> None:
    """Readers in other threads see consistent states, and neither they nor the writer block each other."""
    session_id, run_id = begin(store, clock)
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                detail = store.session(session_id)
                assert detail is not None
                assert all(hold.lift_count == len(hold.heel_lifts) for hold in detail.holds if hold.state == "finished")
        except BaseException as failure:  # noqa: BLE001  # handed to the test's own thread
            failures.append(failure)

    readers = [threading.Thread(target=read) for _ in range(6)]
    for reader in readers:
        reader.start()
    for number in range(40):
        one_hold(store, run_id, Side.LEFT, started_s=40 * number)
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert len(store.holds()) == 40


def test_a_reader_cannot_write(store: Store) -> None:
    """A page's connection refuses to change anything."""
    with pytest.raises(StoreError, match="only be read"), store.read_transaction() as now:
        now.exec_driver_sql("DELETE FROM calibrations")
