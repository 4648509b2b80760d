"""The start gate: every way of starting a routine gives the same steps, and none that a caution excludes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from station.advice import dose
from station.advice.plan import plan_from_dict, to_dict
from station.advice.restrictions import HEEL_DROPS
from station.app.starting.routines import steps_of
from station.app.starting.start_gate import PROPOSED_NAME, TODAY, UNFINISHED, StartGate
from station.catalogue.read import exercises
from station.catalogue.records import Item
from station.core.duration import duration_us
from station.core.events import SECOND_US, Side
from station.core.steps import HoldStep, RepsStep, Routine, TestStep, to_json
from station.store import Store
from tests.station.advice.cautions import CAUTIONS, KEYS, NO_TEST, PAINS, exercises_in, is_blocked
from tests.station.health_answers import answer_health_questions
from tests.station.store.histories import HandClock, one_hold, one_test


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("gate") / "station.db", clock=HandClock()) as opened:
        yield opened


def gate_for(store: Store, person_id: str | None) -> StartGate:
    return StartGate(store, store.settings(), person_id, HandClock().utc_now())


def with_person(store: Store, conditions: frozenset[str], pain: int | None, felt: str | None) -> str:
    """A person with these answers, and the felt place of their last test."""
    at = HandClock().utc_now() - timedelta(days=1)
    person_id = store.add_person(f"Person {len(store.people())}").id
    answer_health_questions(store, person_id, *conditions)
    if felt is not None:
        run_id = store.begin_run(store.begin_session(person_id, at, simulated=False), {"do": "test"}, at)
        store.answer_test(one_test(store, run_id, 90.0, 90.0, full=True), pain=1, felt_places=[felt])
    if pain is not None:
        store.add_answer(person_id, "pain", pain)
    return person_id


def remember_unfinished(store: Store, person_id: str | None, routine: Routine) -> None:
    """Store a routine whose power failed before its first second."""
    at = HandClock().utc_now()
    run_id = store.begin_run(store.begin_session(person_id, at, simulated=False), to_json(routine), at)
    store.save_unfinished(run_id, to_json(routine), at)


NAMES = ("daily", "quick_calf", "full", "test_and_stretch", "stretch")


@given(
    conditions=st.sets(st.sampled_from(KEYS), max_size=3).map(frozenset),
    pain=st.sampled_from(PAINS),
    felt=st.sampled_from((None, "front", "achilles", "calf", "nowhere")),
    name=st.sampled_from(NAMES),
    known=st.booleans(),
)
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_way_of_starting_gives_the_same_steps(
    store: Store, conditions: frozenset[str], pain: int | None, felt: str | None, name: str, known: bool
) -> None:
    """By name, as an own routine, by the plan (board, page and reminder) and resumed."""
    person_id = with_person(store, conditions, pain, felt) if known else None
    gate = gate_for(store, person_id)
    by_name = gate.decide(name)
    own = store.save_routine(None, person_id, f"Like {name}", [msgspec.to_builtins(item) for item in gate.items(name)])
    assert gate.decide(own).routine == by_name.routine
    store.remove_routine(own)
    if person_id is not None and name not in ("stretch", "test_and_stretch"):
        days = [[day, "00:00"] for day in range(7)]
        store.save_plan(
            person_id, to_dict(plan_from_dict({"days": days, "routine": name, "zone": "UTC", "tests": False}))
        )
        assert gate_for(store, person_id).decide(TODAY).routine == by_name.routine
    if by_name.routine:
        remember_unfinished(store, person_id, by_name.routine)
        assert gate_for(store, person_id).decide(UNFINISHED).routine == by_name.routine
        assert gate.restricted(by_name.routine, None).routine == by_name.routine
    else:
        assert by_name.note is not None


@given(
    conditions=st.sets(st.sampled_from(KEYS), max_size=3).map(frozenset),
    pain=st.sampled_from(PAINS),
    felt=st.sampled_from((None, "front", "achilles", "calf", "nowhere")),
    minutes=st.sampled_from((None, 5, 20, 90)),
    planned=st.booleans(),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_proposal_starts_within_the_cautions_and_resumes_the_same(
    store: Store, conditions: frozenset[str], pain: int | None, felt: str | None, minutes: int | None, planned: bool
) -> None:
    """With and without a plan: nothing excluded, reduced once, and the gate changes nothing more."""
    person_id = with_person(store, conditions, pain, felt)
    if planned:
        days = [[day, "00:00"] for day in range(7)]
        store.save_plan(person_id, to_dict(plan_from_dict({"days": days, "zone": "UTC", "minutes": minutes})))
    gate = gate_for(store, person_id)
    decision = gate.decide(TODAY, tested=True)
    if is_blocked(conditions, pain):
        assert decision.routine == ()
        assert decision.refusal is not None
        return
    assert decision.title == PROPOSED_NAME
    assert exercises_in(decision.routine)
    assert not any(isinstance(step, TestStep) for step in decision.routine)
    forbidden = {key for key, one in CAUTIONS.items() if any(one.get(each) == "left out" for each in conditions)}
    assert not exercises_in(decision.routine) & forbidden
    eases = pain is not None and 4 <= pain < 6
    for step in decision.routine:
        assert isinstance(step, HoldStep | RepsStep)
        cautious = "cleared" in conditions or any(each in CAUTIONS[str(step.exercise)] for each in conditions)
        assert step.reduced is (cautious or eases)
    assert gate.restricted(decision.routine, None).routine == decision.routine
    remember_unfinished(store, person_id, decision.routine)
    assert gate_for(store, person_id).decide(UNFINISHED).routine == decision.routine


@given(
    conditions=st.sets(st.sampled_from(KEYS), max_size=3).map(frozenset),
    pain=st.sampled_from(PAINS),
    chosen=st.lists(st.tuples(st.sampled_from(sorted(CAUTIONS)), st.integers(1, 7)), min_size=1, max_size=5),
    tested=st.booleans(),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_way_of_starting_own_routine_gives_the_same_steps(
    store: Store, conditions: frozenset[str], pain: int | None, chosen: list[tuple[str, int]], tested: bool
) -> None:
    """With any exercises and doses: by its name, by the plan, as bare steps and resumed."""
    person_id = with_person(store, conditions, pain, None)
    items = [
        Item(exercise=key, count=number)
        if exercises()[key].dose.hold_s is None
        else Item(exercise=key, repetitions=number)
        for key, number in chosen
    ]
    own = store.save_routine(None, person_id, "Mine", [msgspec.to_builtins(item) for item in items])
    gate = gate_for(store, person_id)
    begins = gate.decide(own).routine
    assert gate.restricted(steps_of(items, store.settings()), None).routine == begins
    days = [[day, "00:00"] for day in range(7)]
    store.save_plan(person_id, to_dict(plan_from_dict({"days": days, "routine": own, "zone": "UTC", "tests": False})))
    assert gate_for(store, person_id).decide(TODAY, tested=tested).routine == begins
    if begins:
        remember_unfinished(store, person_id, begins)
        assert gate_for(store, person_id).decide(UNFINISHED).routine == begins


def today_of(store: Store, person_id: str) -> tuple[int, Routine]:
    """About how many minutes today takes, and the routine that follows its test."""
    gate = gate_for(store, person_id)
    return gate.today_summary().minutes, gate.decide(TODAY, tested=True).routine


def test_test_before_a_proposal_counts_against_its_minutes(store: Store) -> None:
    """Half an hour is half an hour on the day of a test too, and the announced routine follows the test."""
    person_id = with_person(store, frozenset(), None, None)
    summary = gate_for(store, person_id).today_summary()
    assert summary.due_test == "full"
    assert [item.test for item in summary.proposal.items if item.test] == ["full"]
    exercises_s = dose.duration_s_of(exercises(), [item for item in summary.proposal.items if item.exercise])
    assert 0 < exercises_s <= (30 - 8) * 60
    assert summary.minutes <= 30
    at = HandClock().utc_now()
    run_id = store.begin_run(store.begin_session(person_id, at, simulated=False), {"do": "test"}, at)
    one_test(store, run_id, 90.0, 90.0, full=True)
    minutes, routine = today_of(store, person_id)
    assert exercises_in(routine) == {item.exercise for item in summary.proposal.items if item.exercise}
    assert not any(isinstance(step, TestStep) for step in routine)
    assert minutes <= 30


def test_skipped_test_takes_no_time(store: Store) -> None:
    """Without the test, the whole half hour is for the exercises."""
    tested = with_person(store, frozenset(), None, "calf")
    assert gate_for(store, tested).today_summary().due_test is None
    skipped = today_of(store, with_person(store, frozenset(), None, None))[1]
    assert duration_us(skipped) > 22 * 60 * SECOND_US


def test_today_for_painful_tendon_stays_within_comfort(store: Store) -> None:
    """No test to the end of the range without its stretch, but a load for the tendon within comfort."""
    for condition in sorted(NO_TEST):
        decision = gate_for(store, with_person(store, frozenset({condition}), None, None)).decide(TODAY)
        assert decision.title == PROPOSED_NAME
        assert HEEL_DROPS in exercises_in(decision.routine)
        assert not {"3a", "3c"} & exercises_in(decision.routine)
        assert not any(isinstance(step, TestStep) for step in decision.routine)


@pytest.mark.parametrize(("days", "held"), [(5, 2), (6, 3), (12, 3)])
def test_dose_of_cleared_person_grows_with_calm_training_days(store: Store, days: int, held: int) -> None:
    """By name, proposed and resumed: two of three holds, then three quarters, then the whole dose."""
    person_id = with_person(store, frozenset({"cleared"}), None, None)
    answered_at = HandClock().utc_now()
    for day in range(1, days + 1):
        at = answered_at + timedelta(days=day)
        run_id = store.begin_run(store.begin_session(person_id, at, simulated=False), {"do": "hold"}, at)
        one_hold(store, run_id, Side.LEFT, credited_s=30)
    gate = replace(gate_for(store, person_id), now=answered_at + timedelta(days=days + 1))
    for routine in (gate.decide("daily").routine, gate.decide(TODAY, tested=True).routine):
        (stretch,) = (step for step in routine if isinstance(step, HoldStep) and step.exercise == "3b")
        assert (stretch.repetitions, stretch.reduced) == (held, days < 12)
        assert gate.restricted(routine, None).routine == routine


def test_recently_cleared_person_is_tested_within_comfort(store: Store) -> None:
    """The note advises not to push."""
    decision = gate_for(store, with_person(store, frozenset({"cleared"}), None, None)).decide("test")
    assert isinstance(decision.routine[0], TestStep)
    assert "comfortable" in str(decision.note)


def test_reduced_stretch_keeps_the_rest_of_the_settings(store: Store) -> None:
    """On its own and after a test."""
    person_id = with_person(store, frozenset({"cleared"}), None, None)
    gate = replace(gate_for(store, person_id), settings=replace(store.settings(), rest_s=40, prepare_s=20))
    for name in ("stretch", "test_and_stretch"):
        (hold,) = (step for step in gate.decide(name).routine if isinstance(step, HoldStep))
        assert (hold.rest_us, hold.prepare_us) == (40 * SECOND_US, 20 * SECOND_US), name
