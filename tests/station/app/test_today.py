"""What stepping on starts for a person with a plan: a due test, then a routine that follows its answers, or a note."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from station.advice import health_questions, pain
from station.advice.plan import plan_from_dict, to_dict
from station.advice.restrictions import ANSWER_QUESTIONS_FIRST
from station.app.starting.start_gate import NO_STRETCH_IN_BASELINE, NOTHING_DUE, PROPOSED_INSTEAD, PROPOSED_NAME
from station.app.starting.starter import TEST_FOLLOWED_NOTE
from station.catalogue.read import exercises
from station.catalogue.records import Restriction
from station.core.events import CommandName, Side
from station.core.facts import CueName
from station.core.steps import HoldStep, RepsStep, Routine
from station.simulator.ankle import PersonProfile
from station.store.records import Hold, RepSet, Test
from tests.station.guided_station import GuidedStation, holds_and_reps
from tests.station.health_answers import answer_health_questions, on_both
from tests.station.rig import COMPARATORS
from tests.station.store.histories import one_test

EVERY_DAY = [[day, "07:00"] for day in range(7)]
"""Before the start of virtual time, a Monday at 08:00 UTC."""
TUESDAYS = [[1, "07:00"]]
FOR_THE_FRONT = ["4a", "4b", "4c"]


@pytest.fixture
def guided(tmp_path: Path) -> Iterator[GuidedStation]:
    with GuidedStation(tmp_path, COMPARATORS, on_step="today") as made:
        yield made


def add_ada(
    guided: GuidedStation, *conditions: str, days: list[Any] | None = None, asked: bool = True, **more: Any
) -> str:
    """Add Ada, the only person, with a plan unless `days` is empty."""
    ada = guided.store.add_person("Ada").id
    if asked:
        answer_health_questions(guided.store, ada, *conditions)
    if days is None or days:
        guided.store.save_plan(ada, to_dict(plan_from_dict({"days": days or EVERY_DAY, "zone": "UTC", **more})))
    return ada


def add_test_of_yesterday(guided: GuidedStation, person_id: str, *, felt: str = "calf", hurt: int = 1) -> None:
    """Add a full test of yesterday, so that none is due today."""
    at = guided.clock.utc_now() - timedelta(days=1)
    session_id = guided.store.begin_session(person_id, at, simulated=True)
    run_id = guided.store.begin_run(session_id, {"do": "test", "side": "both"}, at)
    test_id = one_test(guided.store, run_id, 90.0, 90.0, full=True)
    guided.store.answer_test(test_id, pain=hurt, felt_places=[felt])
    guided.store.end_session(session_id, at + timedelta(minutes=5), "left")


def step_on(guided: GuidedStation) -> None:
    """Step on without a choice on the page, and follow the cues."""
    guided.board.act("auto")
    guided.live(10.0)


def running_routine(guided: GuidedStation) -> Routine:
    """The loop's running routine."""
    run = guided.station._session.run
    return () if run is None else run.routine


def exercises_of(routine: Routine) -> list[str | None]:
    return [step.exercise for step in routine if isinstance(step, HoldStep | RepsStep)]


def test_without_plan_routine_is_proposed(guided: GuidedStation) -> None:
    """A day after the first test, without another test."""
    ada = add_ada(guided, days=[])
    add_test_of_yesterday(guided, ada, felt="front")
    step_on(guided)
    assert guided.station.snapshot().routine_title == PROPOSED_NAME
    assert exercises_of(running_routine(guided))[:4] == ["1a", *FOR_THE_FRONT]


def test_felt_place_counts_in_full_routine(guided: GuidedStation) -> None:
    """*Full* is everything that fits the triage: for the front, no tendon and no calf."""
    ada = add_ada(guided, days=[])
    add_test_of_yesterday(guided, ada, felt="front")
    guided.station.request_start("full", ada)
    guided.live(0.5)
    order = exercises_of(running_routine(guided))
    assert order[:4] == ["1a", *FOR_THE_FRONT]
    assert not {"2a", "2b", "2c", "3a", "3c", "8"} & set(order)


def test_station_without_people_starts_test_and_stretch(guided: GuidedStation) -> None:
    step_on(guided)
    assert guided.station.snapshot().routine_title == "Test and stretch"


@pytest.mark.parametrize("days", [EVERY_DAY, []], ids=["with a plan", "without a plan"])
def test_due_test_is_followed_by_routine_for_its_felt_place(guided: GuidedStation, days: list[Any]) -> None:
    """The first test is a full one. After the answer "front" the routine starts with mobility for the joint."""
    ada = add_ada(guided, days=days)
    guided.board.person.body.profile = PersonProfile(mean_lift_interval_s=1e9, felt_place="front", pain=2)
    step_on(guided)
    assert guided.station.snapshot().routine_title == "Full test"
    guided.until(lambda: guided.station.snapshot().routine_title == PROPOSED_NAME, 1200.0)
    order = exercises_of(running_routine(guided))
    assert order[0] == "1a"
    assert order[1:4] == FOR_THE_FRONT
    assert {"3a", "3b", "3c"} & set(order)
    (test,) = guided.last_session().tests
    assert isinstance(test, Test)
    assert (test.full, test.state) == (True, "finished")
    assert (test.answers.felt_places, test.answers.pain) == (("front",), 2)
    assert guided.last_session().session.person_id == ada


def test_answers_beside_board_nudge_person_to_continue(guided: GuidedStation) -> None:
    """With the board empty after the questions NUDGE sounds and a note announces the routine; stepping on starts it."""
    add_ada(guided)
    step_on(guided)
    guided.until(lambda: guided.station.snapshot().activity == "ask", 1200.0)
    guided.board.act("step_off")
    guided.live(2.0)
    nudged = guided.recognised_cues().count(CueName.NUDGE)
    guided.station.command(CommandName.ANSWER, answer="calf")
    guided.station.command(CommandName.ANSWER, answer="0")
    guided.live(6.0)
    assert guided.station.snapshot().note == TEST_FOLLOWED_NOTE
    assert guided.recognised_cues().count(CueName.NUDGE) > nudged
    guided.step_on(after_s=4.0)
    now = guided.station.snapshot()
    assert (now.routine_title, now.note) == (PROPOSED_NAME, None)


def test_note_ends_with_session_after_twenty_seconds(guided: GuidedStation) -> None:
    add_ada(guided)
    step_on(guided)
    guided.until(lambda: guided.station.snapshot().activity == "ask", 1200.0)
    guided.board.act("step_off")
    guided.live(2.0)
    guided.station.command(CommandName.SKIP)
    guided.station.command(CommandName.SKIP)
    guided.until(lambda: guided.station.snapshot().session_id is None, 30.0)
    assert guided.station.snapshot().note is None


def test_proposed_routine_completes_and_nothing_more_is_due(guided: GuidedStation) -> None:
    ada = add_ada(guided, minutes=4)
    add_test_of_yesterday(guided, ada)
    step_on(guided)
    proposed = running_routine(guided)
    assert proposed
    guided.run_to_end()
    assert guided.recognised_cues()[-1] is CueName.COMPLETE
    done: tuple[Hold | RepSet, ...] = holds_and_reps(guided.last_session())
    assert {one.exercise for one in done} == set(exercises_of(proposed))
    assert {one.state for one in done} == {"finished"}
    guided.until(lambda: guided.station.snapshot().session_id is None, 60.0)
    step_on(guided)
    assert guided.station.snapshot().activity == "idle"
    assert guided.station.snapshot().note == NOTHING_DUE


def test_rest_day_starts_nothing(guided: GuidedStation) -> None:
    """A note says so, without reproach."""
    ada = add_ada(guided, days=TUESDAYS, since="2026-09-14")
    add_test_of_yesterday(guided, ada)
    step_on(guided)
    assert guided.station.snapshot().activity == "idle"
    assert guided.station.snapshot().note == NOTHING_DUE
    assert CueName.STEP_ON in guided.recognised_cues()


def test_without_health_answers_only_a_test_starts(guided: GuidedStation) -> None:
    """A note says what is missing."""
    add_ada(guided, days=[], asked=False)
    step_on(guided)
    now = guided.station.snapshot()
    assert (now.activity, now.note) == ("test", ANSWER_QUESTIONS_FIRST.sentence)
    assert exercises_of(running_routine(guided)) == []


def test_without_health_answers_planned_routine_does_not_start(guided: GuidedStation) -> None:
    ada = add_ada(guided, asked=False)
    add_test_of_yesterday(guided, ada)
    step_on(guided)
    assert guided.station.snapshot().activity == "idle"
    assert guided.station.snapshot().note == ANSWER_QUESTIONS_FIRST.sentence


@pytest.mark.parametrize("how", ["a test", "an answer"])
def test_strong_pain_blocks_everything(guided: GuidedStation, how: str) -> None:
    """After a pain of 6, in a test or reported on the page, nothing starts, and a note says why."""
    ada = add_ada(guided)
    add_test_of_yesterday(guided, ada, hurt=6 if how == "a test" else 1)
    if how == "an answer":
        guided.store.add_answer(ada, "pain", 6)
    step_on(guided)
    assert guided.station.snapshot().activity == "idle"
    assert guided.station.snapshot().note == pain.BLOCKED_BY_PAIN.sentence


def test_strong_pain_in_test_ends_the_day(guided: GuidedStation) -> None:
    """The routine does not follow, and the note advises to stop for today."""
    add_ada(guided)
    guided.board.person.body.profile = PersonProfile(mean_lift_interval_s=1e9, pain=7)
    step_on(guided)
    guided.until(lambda: guided.station.snapshot().activity == "ask", 1200.0)
    guided.until(lambda: guided.station.snapshot().activity != "ask", 60.0)
    guided.live(5.0)
    assert guided.station.snapshot().note == pain.STOP_ADVICE.sentence
    assert holds_and_reps(guided.last_session()) == ()


def test_condition_excludes_exercise_from_routine(guided: GuidedStation) -> None:
    """A note gives the reason."""
    key, condition = excluded_exercise()
    ada = add_ada(guided, condition)
    add_test_of_yesterday(guided, ada)
    step_on(guided)
    order = exercises_of(running_routine(guided))
    assert key not in order
    assert order
    note = guided.station.snapshot().note
    assert note is not None


def excluded_exercise() -> tuple[str, str]:
    """An exercise of the daily routine, and a condition that excludes it without blocking everything."""
    for key in ("3a", "3b", "3c"):
        for caution in exercises()[key].cautions:
            only = on_both(caution.condition)
            if caution.restriction is Restriction.EXCLUDED and health_questions.block_reason(only) is None:
                return key, caution.condition
    raise AssertionError("the daily routine is for everybody")


def test_page_can_start_today_for_a_person(guided: GuidedStation) -> None:
    guided.station.change_settings({"on_step": "nothing"})
    ada = add_ada(guided, routine="quick_calf")
    add_test_of_yesterday(guided, ada)
    guided.live(0.1)
    guided.station.request_start("today", ada)
    guided.live(0.5)
    assert guided.station.snapshot().routine_title == "Quick calf"
    assert exercises_of(running_routine(guided)) == ["3a", "3b"]
    guided.station.command(CommandName.STOP)
    guided.live(0.5)


def test_deleted_planned_routine_is_replaced_with_a_note(guided: GuidedStation) -> None:
    ada = add_ada(guided, routine="an-id-that-is-gone")
    add_test_of_yesterday(guided, ada)
    step_on(guided)
    now = guided.station.snapshot()
    assert (now.routine_title, now.note) == (PROPOSED_NAME, PROPOSED_INSTEAD)


def test_loaded_side_comes_first(guided: GuidedStation) -> None:
    ada = add_ada(guided, routine="quick_calf")
    add_test_of_yesterday(guided, ada)
    guided.step_on(Side.RIGHT, after_s=4.0)
    first, second = running_routine(guided)
    assert isinstance(first, HoldStep)
    assert isinstance(second, HoldStep)
    assert first.sides == (Side.RIGHT, Side.LEFT)
    assert second.sides[0] is Side.LEFT


@pytest.mark.parametrize("stays", [True, False], ids=["stands", "has left"])
def test_no_stretch_follows_the_test_of_a_baseline(guided: GuidedStation, stays: bool) -> None:
    """The board says so, whether or not the person is still on it, and the next step on starts nothing."""
    ada = add_ada(guided)
    guided.store.add_answer(ada, "baseline", True)
    step_on(guided)
    assert guided.station.snapshot().routine_title == "Full test"
    guided.until(lambda: guided.station.snapshot().activity == "ask", 1200.0)
    if not stays:
        guided.board.act("step_off")
        guided.live(2.0)
        guided.station.command(CommandName.ANSWER, answer="calf")
        guided.station.command(CommandName.ANSWER, answer="0")
    guided.until(lambda: guided.station.snapshot().note is not None, 120.0)
    assert guided.station.snapshot().note == NO_STRETCH_IN_BASELINE
    assert running_routine(guided) == ()
