"""The start gate: every way of starting a routine gives the same steps, and none that a caution forbids."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from station.advice import dose
from station.advice.health_questions import CONDITIONS
from station.advice.plan import plan_from_dict, to_dict
from station.advice.records import LegConditions, Reason, Situation
from station.advice.restrictions import BUILT_IN_STRETCH, HEEL_DROPS, TEST_KEY, restrict
from station.app.starting.routines import steps_of
from station.app.starting.start_gate import ALREADY_COMPLETE, PROPOSED_NAME, TODAY, UNFINISHED, StartGate
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import Item
from station.core.duration import duration_us
from station.core.events import SECOND_US, CommandName, Side
from station.core.steps import BOTH_SIDES, AskStep, HoldStep, RepsStep, Routine, TestStep, to_json
from station.settings import Settings
from station.store import Store
from tests.station.guided_station import COMPARATORS, GuidedStation
from tests.station.health_answers import add_screened_person, answer_health_questions, on_both
from tests.station.store.histories import HandClock, one_hold, one_test

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
KEYS = [condition.key for condition in CONDITIONS]
NO_TEST = {"tendon_pain", "insertional"}
"""Exercises that stay away from the end of the range."""
BLOCKING = {"not_cleared", "no_weight", "partial_weight", "child"}
FULL = steps_of(built_in_routines()["full"].items, Settings())
TEST_AND_FULL: Routine = (TestStep(), AskStep(), *FULL)
PAINS = (None, 2, 4, 5, 6, 9)
CAUTIONS: dict[str, dict[str, str]] = {
    str(read["key"]): {one["condition"]: one["restriction"] for one in read.get("cautions", ())}
    for file in Path("station/catalogue/exercises").glob("*.toml")
    for read in [tomllib.loads(file.read_text(encoding="utf-8"))]
}


def up_to_three() -> Iterator[frozenset[str]]:
    """Every combination of up to three conditions."""
    for count in range(4):
        yield from map(frozenset, combinations(KEYS, count))


def situation(conditions: frozenset[str], pain: int | None) -> Situation:
    return Situation(
        NOW, on_both(*conditions), pain_answers=() if pain is None else ((NOW - timedelta(hours=1), pain),)
    )


def is_blocked(conditions: frozenset[str], pain: int | None) -> bool:
    """Whether the conditions or the pain block everything, by the tables and not by the code under test."""
    led_child = "child_led" in conditions
    blocking = BLOCKING - ({"child"} if led_child else set())
    return bool(conditions & blocking) or (pain is not None and pain >= 6)


def exercises_in(routine: Routine) -> set[str]:
    return {str(step.exercise) for step in routine if isinstance(step, HoldStep | RepsStep)}


@pytest.mark.parametrize("pain", PAINS)
def test_restrict_removes_excluded_and_reduces_the_rest(pain: int | None) -> None:
    """For any conditions exactly the exercises that no caution excludes start, reduced where one says so."""
    whole = {step.exercise: step for step in FULL if isinstance(step, HoldStep | RepsStep)}
    for conditions in up_to_three():
        found = restrict(exercises(), TEST_AND_FULL, situation(conditions, pain))
        if is_blocked(conditions, pain):
            assert found.steps == ()
            assert found.block_reason is not None
            continue
        forbidden = {key for key, one in CAUTIONS.items() if any(one.get(each) == "left out" for each in conditions)}
        assert exercises_in(found.steps) == set(CAUTIONS) - forbidden
        assert any(isinstance(step, TestStep) for step in found.steps) is not bool(conditions & NO_TEST)
        assert any(isinstance(step, AskStep) for step in found.steps) is not bool(conditions & NO_TEST)
        assert {one.key for one in found.excluded} == forbidden | ({TEST_KEY} if conditions & NO_TEST else set())
        eases = pain is not None and 4 <= pain < 6
        for step in found.steps:
            if isinstance(step, HoldStep | RepsStep):
                cautious = "cleared" in conditions or any(each in CAUTIONS[str(step.exercise)] for each in conditions)
                assert step.reduced is (cautious or eases)
                in_turn = replace(step, sides=whole[step.exercise].sides)
                assert (in_turn != whole[step.exercise]) is (cautious or eases)


@pytest.mark.parametrize("pain", PAINS)
def test_restrict_is_idempotent(pain: int | None) -> None:
    """A resumed routine is not halved a second time."""
    for conditions in up_to_three():
        once = restrict(exercises(), TEST_AND_FULL, situation(conditions, pain)).steps
        assert restrict(exercises(), once, situation(conditions, pain)).steps == once


def test_unknown_person_gets_test_stretch_and_exercises_without_caution() -> None:
    """Everything else asks first, with one reason."""
    found = restrict(exercises(), TEST_AND_FULL, None)
    harmless = {key for key, one in CAUTIONS.items() if not one}
    assert exercises_in(found.steps) == harmless | {BUILT_IN_STRETCH}
    assert found.steps[:2] == (TestStep(), AskStep())
    assert {one.reason.rule for one in found.excluded} == {"health-asked"}


@pytest.mark.parametrize("conditions", [None, on_both("arch_falls")])
def test_restrict_asks_first_where_answers_are_missing_or_old(conditions: LegConditions | None) -> None:
    """Only the test begins before the questions are answered, or answered again."""
    asked = Situation(NOW, conditions, Reason("health-asked", "Please answer again."))
    found = restrict(exercises(), TEST_AND_FULL, asked)
    assert found.steps == (TestStep(), AskStep())
    assert {one.reason.rule for one in found.excluded} == {"health-asked"}
    assert restrict(exercises(), FULL, asked).block_reason is not None


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
WITH_TEST = {"test_and_stretch"}


@given(
    conditions=st.sets(st.sampled_from(KEYS), max_size=3).map(frozenset),
    pain=st.sampled_from(PAINS),
    felt=st.sampled_from((None, "front", "achilles", "calf", "nowhere")),
    name=st.sampled_from(NAMES),
    known=st.booleans(),
)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@pytest.fixture
def guided(tmp_path: Path) -> Iterator[GuidedStation]:
    with GuidedStation(tmp_path, COMPARATORS, on_step="today") as made:
        yield made


def running_routine(guided: GuidedStation) -> Routine:
    """The running routine, as the loop has it."""
    run = guided.station._session.run
    return () if run is None else run.routine


@pytest.mark.parametrize(
    ("conditions", "pain"),
    [((), None), ((), 4), (("tendon_pain",), None), (("cleared",), 5), (("neuro", "balance"), None), ((), 7)],
)
def test_board_page_and_resume_start_the_same_steps(
    guided: GuidedStation, conditions: tuple[str, ...], pain: int | None
) -> None:
    """On the real loop: stepping on, the page's button, and stepping on again within ten minutes."""
    person_id = add_screened_person(guided.store, "Ada", *conditions)
    if pain is not None:
        guided.station.answer(person_id, "pain", pain)
    days = [[day, "00:00"] for day in range(7)]
    guided.store.save_plan(
        person_id, to_dict(plan_from_dict({"days": days, "routine": "quick_calf", "zone": "UTC", "tests": False}))
    )
    done = guided.station.request_start("quick_calf", person_id)
    guided.live(0.1)
    by_page, decision = running_routine(guided), done.result(0)
    assert decision.routine == by_page or not by_page
    assert guided.station.snapshot().decision == decision
    guided.station.command(CommandName.STOP)
    guided.live(40.0)
    guided.step_on(after_s=6.0)
    assert running_routine(guided) == by_page
    guided.board.act("step_off")
    guided.until(lambda: guided.station._session.run is None, 120.0)
    remaining = guided.store.unfinished_run(person_id)
    if by_page and remaining is not None:
        guided.step_on(after_s=6.0)
        assert to_json(running_routine(guided)) == remaining.remaining_header


def test_resume_applies_half_dose_after_pain(guided: GuidedStation) -> None:
    """The unfinished routine is halved after the person has reported a pain of 4."""
    person_id = add_screened_person(guided.store, "Ada")
    guided.station.start(steps_of((Item(exercise="3b", repetitions=4),), Settings(), analogue=False), person_id)
    guided.live(0.5)
    guided.station.command(CommandName.STOP)
    guided.live(0.5)
    guided.station.answer(person_id, "pain", 4)
    done = guided.station.request_start(UNFINISHED, person_id)
    guided.live(0.1)
    for step in done.result(0).routine:
        assert isinstance(step, HoldStep)
        assert (step.repetitions, step.reduced) == (2, True)
    assert [one.key for one in done.result(0).reduced] == ["3b"]


def test_routine_started_by_the_loop_applies_half_dose(guided: GuidedStation) -> None:
    """Steps started without a person are reduced for the person whom the loop infers."""
    person_id = add_screened_person(guided.store, "Ada", "cleared")
    guided.station.start(steps_of((Item(exercise="3b", repetitions=4),), Settings(), analogue=False), None)
    guided.live(0.5)
    (step,) = running_routine(guided)
    assert isinstance(step, HoldStep)
    assert guided.station.snapshot().person_id == person_id
    assert step.repetitions == 2


def test_unclaimed_unfinished_routine_is_not_offered_to_new_person(guided: GuidedStation) -> None:
    """The person can resume it only after claiming the session."""
    guided.station.request_start("stretch", None)
    guided.live(0.5)
    guided.board.act("auto")
    guided.until_phase("hold")
    guided.station.command(CommandName.STOP)
    guided.live(1.0)
    offer = guided.station.snapshot().unfinished
    assert offer is not None
    assert offer.person_id is None
    ada = add_screened_person(guided.store, "Ada")
    done = guided.station.request_start(UNFINISHED, ada)
    guided.live(0.2)
    assert done.result(0).routine == ()
    assert done.result(0).note == ALREADY_COMPLETE


def test_refused_request_returns_reason_and_keeps_running_routine(guided: GuidedStation) -> None:
    person_id = add_screened_person(guided.store, "Ada")
    guided.station.start(steps_of((Item(exercise="3b"),), Settings(), analogue=False), person_id)
    guided.live(0.5)
    other = add_screened_person(guided.store, "Ben", "not_cleared")
    done = guided.station.request_start("daily", other)
    guided.live(0.2)
    assert "cleared you" in str(done.result(0).note)
    assert running_routine(guided) != ()
    assert guided.station.snapshot().person_id == person_id


def test_unknown_routine_raises_in_its_future(guided: GuidedStation) -> None:
    """The station keeps running."""
    done = guided.station.request_start("no such", None)
    guided.live(0.2)
    with pytest.raises(ValueError, match="no longer exists"):
        done.result(0)


def today_of(store: Store, person_id: str) -> tuple[int, Routine]:
    """About how many minutes today takes, and the routine that follows its test."""
    gate = gate_for(store, person_id)
    return gate.today_summary().minutes, gate.decide(TODAY, tested=True).routine


def test_test_before_a_proposal_counts_against_its_minutes(store: Store) -> None:
    """Half an hour is half an hour on the day of a test, too, and what follows the test is what was announced."""
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
    """Without the test, all of the half hour is for the exercises."""
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
    """By name, by the proposal and resumed alike: two of three holds, then three quarters and the whole."""
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


@pytest.mark.parametrize("condition", ["tendon_pain", "insertional", "cleared"])
def test_restrict_judges_a_step_without_an_exercise(condition: str) -> None:
    """An unnamed hold is judged as the built-in stretch, unnamed repetitions as heel drops: nothing begins unjudged."""
    asked = situation(frozenset({condition}), None)
    hold, reps = HoldStep(), RepsStep()
    for step, key in ((hold, BUILT_IN_STRETCH), (reps, HEEL_DROPS)):
        found = restrict(exercises(), (step,), asked)
        if CAUTIONS[key].get(condition) == "left out":
            assert found.steps == ()
        else:
            assert [one.reduced for one in found.steps if isinstance(one, HoldStep | RepsStep)] == [True]


def test_restrict_asks_first_before_unnamed_steps() -> None:
    """A person who never answered gets neither, an unknown person the stretch alone."""
    never = Situation(NOW, None, Reason("health-asked", "Please answer."))
    assert restrict(exercises(), (HoldStep(), RepsStep()), never).steps == ()
    assert restrict(exercises(), (HoldStep(), RepsStep()), None).steps == (HoldStep(),)


@pytest.mark.parametrize("asked", [None, situation(frozenset(), None)])
def test_restrict_leaves_out_an_exercise_that_no_longer_exists(asked: Situation | None) -> None:
    """With its reason, and without an error."""
    found = restrict(exercises(), (HoldStep(exercise="99z"), TestStep()), asked)
    assert found.steps == (TestStep(),)
    assert ["no longer" in one.reason.sentence for one in found.excluded] == [True]


def test_restrict_gives_every_reason() -> None:
    """Both conditions that exclude an exercise are named."""
    both = situation(frozenset({"tendon_pain", "insertional"}), None)
    found = restrict(exercises(), steps_of((Item(exercise="3a"), Item(exercise="1a")), Settings()), both)
    assert {one.reason.rule for one in found.excluded if one.key == "3a"} == {
        "health-tendon-pain",
        "health-insertional",
    }


@pytest.mark.parametrize("count", range(1, 8))
def test_restrict_halves_each_way_alike(count: int) -> None:
    """What is done in two directions is halved in each, as by its item."""
    cleared = situation(frozenset({"cleared"}), None)
    (step,) = restrict(exercises(), steps_of((Item(exercise="1a", count=count),), Settings()), cleared).steps
    assert isinstance(step, RepsStep)
    assert step.count == 2 * ((count + 1) // 2)


def test_reduced_stretch_keeps_the_rest_of_the_settings(store: Store) -> None:
    """Alone and after a test."""
    person_id = with_person(store, frozenset({"cleared"}), None, None)
    gate = replace(gate_for(store, person_id), settings=replace(store.settings(), rest_s=40, prepare_s=20))
    for name in ("stretch", "test_and_stretch"):
        (hold,) = (step for step in gate.decide(name).routine if isinstance(step, HoldStep))
        assert (hold.rest_us, hold.prepare_us) == (40 * SECOND_US, 20 * SECOND_US), name


def test_unfinished_routine_with_a_gone_exercise_is_refused_with_a_sentence(guided: GuidedStation) -> None:
    """The page gets a decision, not an error."""
    person_id = add_screened_person(guided.store, "Ada")
    header, at = {"do": "hold", "exercise": "99z"}, guided.clock.utc_now()
    run_id = guided.store.begin_run(guided.store.begin_session(person_id, at, simulated=False), header, at)
    guided.store.save_unfinished(run_id, header, at)
    done = guided.station.request_start(UNFINISHED, person_id)
    guided.live(0.3)
    assert done.result(0).routine == ()
    assert "no longer" in str(done.result(0).note)


def leave_stretch(guided: GuidedStation, person_id: str | None) -> str:
    """Leave the built-in stretch in its first hold; returns the session."""
    guided.station.request_start("stretch", person_id)
    guided.live(0.1)
    guided.board.act("auto")
    guided.until_phase("hold")
    session_id = guided.station.snapshot().session_id
    guided.board.act("step_off")
    guided.until_phase("ended", limit_s=90.0)
    assert session_id is not None
    return session_id


def test_refusing_one_person_keeps_resume_of_another(guided: GuidedStation) -> None:
    """Ben's refusal on the page does not end Ada's ten minutes."""
    ada, ben = add_screened_person(guided.store, "Ada"), add_screened_person(guided.store, "Ben", "not_cleared")
    leave_stretch(guided, ada)
    before = guided.station.snapshot().unfinished
    assert before is not None
    guided.station.request_start("daily", ben)
    guided.live(0.5)
    assert guided.station.snapshot().unfinished == before


def test_claiming_an_ended_session_claims_its_unfinished_routine(guided: GuidedStation) -> None:
    """Within the ten minutes stepping on resumes it for the person who claimed it."""
    session_id = leave_stretch(guided, None)
    guided.until(lambda: guided.station.snapshot().session_id is None, 150.0)
    ada = add_screened_person(guided.store, "Ada")
    guided.station.claim_session(session_id, ada)
    guided.live(0.5)
    offer = guided.station.snapshot().unfinished
    assert offer is not None
    assert offer.person_id == ada
    guided.step_on(after_s=6.0)
    assert guided.station.snapshot().person_id == ada
    assert exercises_in(running_routine(guided)) == {BUILT_IN_STRETCH}


def test_claiming_another_session_leaves_the_unfinished_routine_alone(guided: GuidedStation) -> None:
    """Only the session it was left in counts."""
    ada = add_screened_person(guided.store, "Ada")
    at = guided.clock.utc_now() - timedelta(days=1)
    old = guided.store.begin_session(None, at, simulated=True)
    guided.store.end_session(old, at, "left")
    add_screened_person(guided.store, "Ben")
    leave_stretch(guided, ada)
    guided.station.claim_session(old, None)
    guided.live(0.5)
    offer = guided.station.snapshot().unfinished
    assert offer is not None
    assert offer.person_id == ada


def test_restrict_chains_the_sides_of_what_remains() -> None:
    """Where the first exercise is left out the next begins on the side that is stood on."""
    routine = steps_of(built_in_routines()["quick_calf"].items, Settings())
    (soleus,) = restrict(exercises(), routine, situation(frozenset({"tendon_pain"}), None)).steps
    assert isinstance(soleus, HoldStep)
    assert soleus.sides == BOTH_SIDES
