"""Training data in the store: exercises and repetitions, unfinished routines, own routines, answers, plans."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from station.core.events import BOTH_LEGS, SECOND_US, Legs, Side
from station.core.facts import Contact
from station.core.progress.records import Circumstances
from station.store import Store, StoreError
from station.store.records import (
    Answer,
    ImportedResult,
    OwnRoutine,
    Repetition,
    TestAnswers,
    Trial,
    UnfinishedRun,
    WeekCredit,
)
from tests.station.store.histories import ITEMS, REMAINING_ITEMS, STEPPED_OFF, HandClock, guided_routine, one_test

QUICK: dict[str, Any] = {"do": "test", "side": "both", "full": False}
CHECK: dict[str, Any] = {"do": "check", "block_mm": 100.0}
LESSON: dict[str, Any] = {"do": "lesson", "seed": 0}
CALIBRATE: dict[str, Any] = {"do": "routine", "steps": [CHECK, {"do": "calibrate"}]}


def begin(
    store: Store, clock: HandClock, person_id: str | None, *headers: dict[str, Any], called: str | None = None
) -> tuple[str, ...]:
    """A session with a run for each header, a minute apart. Returns the ids of the runs."""
    session_id = store.begin_session(person_id, clock.pass_by(hours=1), simulated=False)
    return tuple(store.begin_run(session_id, header, clock.pass_by(minutes=1), called) for header in headers)


def held(store: Store, run_id: str, side: Legs, *, exercise: str | None = None, verified: bool = True) -> None:
    """A hold of half a minute."""
    whose: dict[str, Any] = {"side": side, "exercise": exercise, "verified": verified}
    hold_id = store.begin_hold(run_id, repetition=1, target_us=30 * SECOND_US, started_us=0, **whose)
    store.save_hold_progress(hold_id, credited_us=30 * SECOND_US)


def fail_to_write(store: Store, table: str) -> None:
    """Make every insertion into the table fail from now on."""
    with store.write_transaction() as now:
        now.exec_driver_sql(f"CREATE TRIGGER never BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'never'); END")


def test_hold_has_its_step(store: Store, clock: HandClock) -> None:
    """Step, exercise and whether it was verified are read as written, for one leg and for both."""
    guided_routine(store, clock, store.add_person("Ann").id)
    (both,) = store.holds()
    assert (both.side, both.step_index, both.exercise, both.verified) == (BOTH_LEGS, 1, "toe-stretch", False)
    assert both.side is BOTH_LEGS
    (run_id,) = begin(store, clock, None, QUICK)
    store.begin_hold(run_id, side=Side.LEFT, repetition=1, target_us=1, started_us=0)
    newest = store.holds()[0]
    assert (newest.step_index, newest.exercise, newest.verified) == (None, None, True)
    assert newest.side is Side.LEFT


def test_repetitions_are_read_in_order(store: Store, clock: HandClock) -> None:
    """The repetitions of a set are read in order, and belong only to that set."""
    guided_routine(store, clock, store.add_person("Ann").id)
    (run_id,) = begin(store, clock, None, QUICK)
    other = store.begin_rep_set(run_id, side=Side.RIGHT, target_count=20, started_us=0)
    for number in (1, 0):
        store.add_repetition(other, Repetition(number, number, 2, too_quick=False))
    right, both = store.rep_sets()
    assert (both.side, both.step_index, both.exercise, both.verified) == (BOTH_LEGS, 0, "calf-raise", True)
    assert both.repetitions == tuple(
        Repetition(number, (4 * number + 4) * SECOND_US, 3 * SECOND_US, number == 1) for number in range(3)
    )
    assert (right.side, right.step_index, right.exercise, right.verified) == (Side.RIGHT, None, None, True)
    assert right.repetitions == (Repetition(0, 0, 2, too_quick=False), Repetition(1, 1, 2, too_quick=False))
    detail = store.session(both.session_id)
    assert detail is not None
    assert detail.rep_sets == (both,)


def test_repetition_is_stored_once_and_for_an_existing_set(store: Store, clock: HandClock) -> None:
    """A repetition that exists already, or whose set does not exist, is refused and changes nothing."""
    guided_routine(store, clock, store.add_person("Ann").id)
    (before,) = store.rep_sets()
    with pytest.raises(StoreError, match="UNIQUE"):
        store.add_repetition(before.id, Repetition(0, 5, 5, too_quick=True))
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.add_repetition("nobody", Repetition(0, 5, 5, too_quick=True))
    assert store.rep_sets() == (before,)


def test_unfinished_routine_is_stored_until_complete(store: Store, clock: HandClock) -> None:
    """With the routine's name and the time; the newest state counts, and none is left at the end."""
    ann = store.add_person("Ann").id
    assert store.unfinished_run(ann) is None
    run_id = guided_routine(store, clock, ann)
    assert store.unfinished_run(ann) == UnfinishedRun(run_id, ann, "Before breakfast", clock.utc_now(), REMAINING_ITEMS)
    store.save_unfinished(run_id, QUICK, clock.pass_by(minutes=1))
    assert store.unfinished_run(ann) == UnfinishedRun(run_id, ann, "Before breakfast", clock.utc_now(), QUICK)
    store.save_unfinished(run_id, None, clock.pass_by(minutes=1))
    assert store.unfinished_run(ann) is None
    with store.read_transaction() as now:
        assert now.exec_driver_sql("SELECT remaining_json, remaining_saved_at FROM runs").all() == [(None, None)]


def test_last_work_of_a_run_is_a_hold_a_repetition_or_a_trial(store: Store, clock: HandClock) -> None:
    """Whichever is the latest; a hold in progress counts up to its credit, a finished one up to its end."""
    ann = store.add_person("Ann").id
    assert store.last_work_at("nothing") is None
    (run_id,) = begin(store, clock, ann, QUICK)
    began = clock.utc_now()
    assert store.last_work_at(run_id) is None

    def last_s() -> float | None:
        at = store.last_work_at(run_id)
        return None if at is None else (at - began).total_seconds()

    hold_id = store.begin_hold(run_id, side=Side.LEFT, repetition=1, target_us=SECOND_US, started_us=2 * SECOND_US)
    store.save_hold_progress(hold_id, credited_us=5 * SECOND_US)
    assert last_s() == 7
    no_lifts: dict[str, Any] = dict.fromkeys(("lifted_us", "lift_count", "micro_lift_count"), 0)
    store.finish_hold(hold_id, credited_us=5 * SECOND_US, ended_us=9 * SECOND_US, **no_lifts)
    assert last_s() == 9
    reps_id = store.begin_rep_set(run_id, side=Side.LEFT, target_count=3, started_us=0)
    store.add_repetition(reps_id, Repetition(0, 20 * SECOND_US, SECOND_US, too_quick=False))
    assert last_s() == 20
    test_id = store.begin_test(run_id, full=True, contact=Contact.PAD, calibration_id=None)
    store.add_trial(test_id, Trial(Side.LEFT, 1, 80.0, below_range=False, uncertainty_mm=1.0, ended_us=60 * SECOND_US))
    assert last_s() == 60
    store.save_hold_progress(hold_id, credited_us=SECOND_US)
    assert last_s() == 60


def test_only_the_newest_routine_can_be_unfinished(store: Store, clock: HandClock) -> None:
    """A newer run, in the same session or a later one, complete or not, replaces an older unfinished routine."""
    ann = store.add_person("Ann").id
    first, second = begin(store, clock, ann, QUICK, REMAINING_ITEMS)
    store.save_unfinished(first, QUICK, clock.utc_now())
    assert store.unfinished_run(ann) is None
    store.save_unfinished(second, QUICK, clock.utc_now())
    assert store.unfinished_run(ann) == UnfinishedRun(second, ann, None, clock.utc_now(), QUICK)
    (third,) = begin(store, clock, ann, REMAINING_ITEMS)
    assert store.unfinished_run(ann) is None
    store.save_unfinished(third, REMAINING_ITEMS, clock.utc_now())
    assert store.unfinished_run(ann) == UnfinishedRun(third, ann, None, clock.utc_now(), REMAINING_ITEMS)


def test_runs_that_begin_together_are_ordered_by_id(store: Store, clock: HandClock) -> None:
    """Of two runs that began at the same time, the one with the greater id is newer."""
    session_id = store.begin_session(None, clock.utc_now(), simulated=False)
    older, newer = sorted(store.begin_run(session_id, QUICK, clock.utc_now()) for _ in range(2))
    for run_id in (newer, older):
        store.save_unfinished(run_id, REMAINING_ITEMS, clock.utc_now())
    left = store.unfinished_run(None)
    assert left is not None
    assert left.run_id == newer


def test_blocks_lessons_and_tapes_keep_the_unfinished_routine(store: Store, clock: HandClock) -> None:
    """A check, a calibration, a lesson and imported results are not routines, so they replace none."""
    ann = store.add_person("Ann").id
    run_id = guided_routine(store, clock, ann)
    kept = store.unfinished_run(ann)
    assert kept is not None
    begin(store, clock, ann, CHECK, CALIBRATE, LESSON)
    store.add_imported_results(ann, [ImportedResult(clock.pass_by(hours=1), 80.0, None)])
    assert store.unfinished_run(ann) == kept
    (check,) = begin(store, clock, ann, CHECK)
    store.save_unfinished(check, CHECK, clock.utc_now())
    assert store.unfinished_run(ann) == kept
    assert kept.run_id == run_id
    begin(store, clock, ann, {"do": "routine", "steps": [LESSON, QUICK]})
    assert store.unfinished_run(ann) is None


def test_resumed_questions_complete_the_routine(store: Store, clock: HandClock) -> None:
    """A resumed routine may have only questions left; after them nothing is unfinished."""
    ann = store.add_person("Ann").id
    guided_routine(store, clock, ann)
    begin(store, clock, ann, {"do": "ask", "wait_s": 20.0})
    assert store.unfinished_run(ann) is None


def test_unfinished_routine_belongs_to_one_person(store: Store, clock: HandClock) -> None:
    """Another person's or an unclaimed one is not offered; a claimed session brings its unfinished routine along."""
    ann, bea = store.add_person("Ann").id, store.add_person("Bea").id
    (of_bea,), (of_nobody,) = begin(store, clock, bea, QUICK), begin(store, clock, None, QUICK, called="Evening")
    for run_id in (of_bea, of_nobody):
        store.save_unfinished(run_id, REMAINING_ITEMS, clock.utc_now())
    nobodys = store.unfinished_run(None)
    assert nobodys == UnfinishedRun(of_nobody, None, "Evening", clock.utc_now(), REMAINING_ITEMS)
    assert store.unfinished_run(ann) is None
    store.claim_session(store.sessions()[0].id, ann)
    assert store.unfinished_run(None) is None
    assert store.unfinished_run(ann) == UnfinishedRun(of_nobody, ann, "Evening", clock.utc_now(), REMAINING_ITEMS)
    assert store.unfinished_run(bea) == UnfinishedRun(of_bea, bea, None, clock.utc_now(), REMAINING_ITEMS)


def test_unfinished_routine_needs_its_run(store: Store, clock: HandClock) -> None:
    """An unknown run is an error, and a time without a zone is refused."""
    (run_id,) = begin(store, clock, None, QUICK)
    with pytest.raises(LookupError, match="no row nobody"):
        store.save_unfinished("nobody", QUICK, clock.utc_now())
    with pytest.raises(ValueError, match="no time zone"):
        store.save_unfinished(run_id, QUICK, clock.utc_now().replace(tzinfo=None))
    assert store.unfinished_run(None) is None


def test_own_routines_are_made_changed_and_removed(store: Store, clock: HandClock) -> None:
    """A routine keeps its id when its name and items change, and is completely removed."""
    ann = store.add_person("Ann").id
    made_at = clock.utc_now()
    routine_id = store.save_routine(None, ann, "  Before   breakfast ", ITEMS)
    assert store.own_routine(routine_id) == OwnRoutine(routine_id, ann, "Before breakfast", tuple(ITEMS), made_at)
    clock.pass_by(days=1)
    assert store.save_routine(routine_id, ann, "Before Breakfast", ITEMS[:1]) == routine_id
    changed = OwnRoutine(routine_id, ann, "Before Breakfast", tuple(ITEMS[:1]), clock.utc_now())
    assert store.own_routines(ann) == (changed,)
    store.remove_routine(routine_id)
    assert store.own_routine(routine_id) is None
    assert store.own_routines(ann) == ()


def test_own_routines_are_listed_by_name_with_those_of_everybody(store: Store) -> None:
    """A person sees their own and everyone's; another person's are not shown."""
    ann, bea = store.add_person("Ann").id, store.add_person("Bea").id
    for person_id, name in ((ann, "mornings"), (None, "Évening"), (ann, "Long"), (bea, "All"), (None, "Morning walk")):
        store.save_routine(None, person_id, name, ITEMS)
    assert [one.name for one in store.own_routines(ann)] == ["Long", "Morning walk", "mornings", "Évening"]
    assert [one.person_id for one in store.own_routines(None)] == [None, None]


def test_names_of_routines_are_free_and_short(store: Store) -> None:
    """A name that is empty, overlong or taken by another of the same person is refused, and nothing is changed."""
    ann, bea = store.add_person("Ann").id, store.add_person("Bea").id
    store.save_routine(None, ann, "Übung", ITEMS)
    other = store.save_routine(None, ann, "Evening", ITEMS)
    before = store.own_routines(ann)
    for name, word in ((" ", "1 to 60"), ("x" * 61, "1 to 60"), ("übung", "already a routine called übung")):
        for routine_id in (None, other):
            with pytest.raises(ValueError, match=word):
                store.save_routine(routine_id, ann, name, ITEMS[:1])
    assert store.own_routines(ann) == before
    for person_id in (bea, None):
        store.save_routine(None, person_id, "Übung", ITEMS)
    with pytest.raises(ValueError, match="already"):
        store.save_routine(None, None, "Übung", ITEMS)


def test_unknown_routine_is_not_changed(store: Store) -> None:
    """Nor removed, nor added for an unknown person; and items that are not JSON change nothing."""
    ann = store.add_person("Ann").id
    for act in (lambda: store.save_routine("nobody", ann, "Evening", ITEMS), lambda: store.remove_routine("nobody")):
        with pytest.raises(LookupError, match="nobody"):
            act()
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.save_routine(None, "nobody", "Evening", ITEMS)
    with pytest.raises(TypeError, match="JSON"):
        store.save_routine(None, ann, "Evening", [{"exercise": object()}])
    assert store.own_routines(ann) == ()


def test_the_newest_answer_comes_first(store: Store, clock: HandClock) -> None:
    """For all questions or one, with any JSON value; the clock goes back in between."""
    ann, bea = store.add_person("Ann").id, store.add_person("Bea").id
    said: list[tuple[str, str | None, Any]] = [
        ("health", None, ["pregnant", "diabetes"]),
        ("pain", "a session", 3),
        ("felt", "soleus-stretch", None),
        ("pain", None, {"now": 0, "after": False}),
    ]
    made = []
    for question, about, answer in said:
        answer_id = store.add_answer(ann, question, answer, about)
        made.append(Answer(answer_id, ann, clock.utc_now(), question, about, answer))
        clock.pass_by(days=-1)
    store.add_answer(bea, "pain", 9)
    assert store.answers(ann) == tuple(reversed(made))
    assert store.answers(ann, "pain") == (made[3], made[1])
    assert store.answers(ann, "pain", limit=1) == (made[3],)
    assert store.answers(ann, "offered") == ()


def test_answer_may_have_another_time(store: Store, clock: HandClock) -> None:
    """An answer with a time is stored with it; a time without a zone is refused, as is an unknown person."""
    ann = store.add_person("Ann").id
    then = clock.utc_now() - timedelta(hours=3)
    store.add_answer(ann, "pain", 1, answered_at=then)
    assert [one.answered_at for one in store.answers(ann)] == [then]
    with pytest.raises(ValueError, match="no time zone"):
        store.add_answer(ann, "pain", 1, answered_at=clock.utc_now().replace(tzinfo=None))
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.add_answer("nobody", "pain", 1)
    with pytest.raises(TypeError, match="JSON"):
        store.add_answer(ann, "pain", object())
    assert len(store.answers(ann)) == 1


def test_each_person_has_one_plan(store: Store) -> None:
    """The newest replaces the previous one; a person may have none."""
    ann, bea, cas = (store.add_person(name).id for name in ("Ann", "Bea", "Cas"))
    store.save_plan(ann, {"days": ["mon"]})
    store.save_plan(bea, {})
    store.save_plan(ann, {"days": ["tue", "fri"], "hour": 7})
    assert store.plan(ann) == {"days": ["tue", "fri"], "hour": 7}
    assert store.plan(bea) == {}
    assert store.plan(cas) is None
    assert store.plans() == {ann: {"days": ["tue", "fri"], "hour": 7}, bea: {}}


def test_invalid_plan_keeps_the_previous_one(store: Store) -> None:
    """The old one is deleted only once the new one is stored."""
    ann = store.add_person("Ann").id
    store.save_plan(ann, {"days": ["mon"]})
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.save_plan("nobody", {})
    with pytest.raises(TypeError, match="JSON"):
        store.save_plan(ann, {"days": {1, 2}})
    fail_to_write(store, "plans")
    with pytest.raises(StoreError, match="never"):
        store.save_plan(ann, {"days": []})
    assert store.plans() == {ann: {"days": ["mon"]}}


def test_answers_about_a_test_change_nothing_else(store: Store, clock: HandClock) -> None:
    """Pain and felt places are stored one by one, and the rest of the test stays."""
    (run_id,) = begin(store, clock, None, QUICK)
    known = Circumstances(shod=True, back_foot="flat", board_angle_deg=0.0, warmed_up=False)
    test_id = store.begin_test(
        run_id, full=False, contact=Contact.PAD, calibration_id=store.current_calibration().id, circumstances=known
    )
    store.add_trial(test_id, Trial(Side.LEFT, 1, 80.0, False, 0.7, 9))
    store.finish_test(test_id, left_mm=80.0, right_mm=90.0)
    before = store.test(test_id)
    assert before is not None
    steps: list[tuple[dict[str, Any], tuple[int | None, tuple[str, ...] | None]]] = [
        ({}, (None, None)),
        ({"felt_places": ["calf"]}, (None, ("calf",))),
        ({"pain": 0}, (0, ("calf",))),
        ({"felt_places": {"calf", "front"}}, (0, ("front", "calf"))),
        ({"pain": 4, "felt_places": ["nowhere"]}, (4, ("nowhere",))),
    ]
    for given, (pain, felt_places) in steps:
        store.answer_test(test_id, **given)
        test = store.test(test_id)
        assert test is not None
        assert test.circumstances == known
        assert test.answers == TestAnswers(pain, felt_places)
        (score,) = store.result_summaries(None)
        assert (score.pain, score.felt_places) == (pain, felt_places)
        assert (test.left_mm, test.state, test.trials) == (before.left_mm, before.state, before.trials)


def test_invalid_answers_about_a_test_are_refused(store: Store, clock: HandClock) -> None:
    """A pain beyond its scale, an unknown place, and an unknown test."""
    (run_id,) = begin(store, clock, None, QUICK)
    test_id = one_test(store, run_id, 80.0, 90.0)
    for pain in (-1, 11):
        with pytest.raises(ValueError, match="0 to 10"):
            store.answer_test(test_id, pain=pain, felt_places=["calf"])
    with pytest.raises(ValueError, match="front, achilles, calf, nowhere"):
        store.answer_test(test_id, pain=2, felt_places=["calf", "knee"])
    with pytest.raises(ValueError, match="front, achilles, calf, nowhere"):
        store.answer_test(test_id, felt_places=[])
    with pytest.raises(ValueError, match="no other place"):
        store.answer_test(test_id, felt_places=["calf", "nowhere"])
    with pytest.raises(LookupError, match="no row nobody"):
        store.answer_test("nobody", pain=2)
    test = store.test(test_id)
    assert test is not None
    assert test.answers == TestAnswers(pain=1)


def test_credit_of_both_legs_counts_for_each(store: Store, clock: HandClock) -> None:
    """A hold of both legs counts for the left and the right; an unverified hold gives no credit."""
    ann = store.add_person("Ann").id
    (run_id,) = begin(store, clock, ann, REMAINING_ITEMS)
    held(store, run_id, Side.LEFT)
    held(store, run_id, BOTH_LEGS)
    held(store, run_id, BOTH_LEGS, verified=False)
    held(store, run_id, Side.RIGHT, verified=False)
    assert store.week_credits(ann) == (WeekCredit(date(2026, 3, 2), 60 * SECOND_US, 30 * SECOND_US),)
    assert sum(hold.credited_us for hold in store.holds(ann)) == 4 * 30 * SECOND_US


def test_credit_can_be_limited_to_exercises(store: Store, clock: HandClock) -> None:
    """The given ones, and the built-in stretch, which has no exercise; a week without any is left out."""
    ann = store.add_person("Ann").id
    (run_id,) = begin(store, clock, ann, REMAINING_ITEMS)
    held(store, run_id, Side.LEFT)
    held(store, run_id, Side.LEFT, exercise="soleus-stretch")
    held(store, run_id, BOTH_LEGS, exercise="ankle-rock")
    clock.pass_by(weeks=1)
    (run_id,) = begin(store, clock, ann, REMAINING_ITEMS)
    held(store, run_id, Side.RIGHT, exercise="ankle-rock")
    first, second, half = date(2026, 3, 2), date(2026, 3, 9), 30 * SECOND_US
    assert store.week_credits(ann) == (WeekCredit(first, 3 * half, half), WeekCredit(second, 0, half))
    assert store.week_credits(ann, exercises={"soleus-stretch"}) == (WeekCredit(first, 2 * half, 0),)
    assert store.week_credits(ann, exercises=["ankle-rock", "soleus-stretch"]) == store.week_credits(ann)
    assert store.week_credits(ann, exercises=()) == (WeekCredit(first, half, 0),)


def test_the_guide_survives_a_restart(store: Store, clock: HandClock) -> None:
    """All training data is there after a restart."""
    ann = store.add_person("Ann").id
    guided_routine(store, clock, ann)

    def kept(found: Store) -> list[object]:
        guide = [found.own_routines(ann), found.answers(ann), found.plan(ann), found.unfinished_run(ann)]
        return [*guide, found.holds(), found.rep_sets()]

    before = kept(store)
    assert all(before)
    store.close()
    with Store.open(store.path, clock=clock) as again:
        assert kept(again) == before
        assert [one.end_reason for one in again.sessions()] == [STEPPED_OFF]


@pytest.mark.parametrize("name", ["Ada\u202e", "Ada\x00", "A\u200bda"])
def test_a_name_has_only_letters_that_can_be_seen(store: Store, name: str) -> None:
    """What turns text around or is not seen is refused in a name, of a person and of a routine, and nothing is kept."""
    with pytest.raises(ValueError, match="visible letters"):
        store.add_person(name)
    with pytest.raises(ValueError, match="visible letters"):
        store.save_routine(None, None, name, [])
    assert (store.people(), store.own_routines(None)) == ((), ())
