"""Answers given during or between sessions count at once: no routine continues into pain, and no test repeats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from station.advice.conditions import NOT_CLEARED
from station.advice.pain import BLOCKED_BY_PAIN, STOP_ADVICE
from station.advice.restrictions import ANSWER_QUESTIONS_FIRST
from station.app.running.fact_publisher import EASED_NOTE
from station.app.starting.start_gate import PROPOSED_NAME
from station.catalogue.records import Item
from station.core.events import CommandName
from station.core.facts import CueName
from station.simulator.ankle import PersonProfile
from tests.station.app.test_today import add_ada, excluded_exercise, exercises_of, running_routine, step_on
from tests.station.guided_station import COMPARATORS, GuidedStation, holds_and_reps, routine_of
from tests.station.health_answers import answer_health_questions

HURTING = PersonProfile(mean_lift_interval_s=1e9, pain=8)


@pytest.fixture
def guided(tmp_path: Path) -> Iterator[GuidedStation]:
    with GuidedStation(tmp_path, COMPARATORS, on_step="today") as made:
        yield made


def do_test_and_answer(guided: GuidedStation) -> None:
    """Do the test, and answer its questions."""
    guided.until(lambda: guided.station.snapshot().activity == "ask", 1200.0)
    guided.until(lambda: guided.station.snapshot().activity != "ask", 60.0)
    guided.live(8.0)


def leave_in_first_hold(guided: GuidedStation, person_id: str, *items: Item) -> None:
    """Step off in the first hold, and stay away until the routine has ended."""
    guided.station.start(routine_of(items), person_id, "the routine")
    guided.live(0.1)
    guided.board.act("auto")
    guided.until_phase("hold", limit_s=60.0)
    guided.board.act("step_off")
    guided.until_phase("ended", limit_s=90.0)


@pytest.mark.parametrize("known", [True, False])
def test_stretch_does_not_follow_painful_test(guided: GuidedStation, known: bool) -> None:
    """After an answer of 8 nothing follows the test, its result stays, and stepping on does not resume."""
    if known:
        add_ada(guided, days=[])
    guided.board.person.body.profile = HURTING
    step_on(guided)
    do_test_and_answer(guided)
    now = guided.station.snapshot()
    assert (now.activity, now.phase, now.note) == ("test", "result", STOP_ADVICE.sentence)
    assert guided.recognised_cues()[-1] is (CueName.COMPLETE if known else CueName.ENDED)
    assert holds_and_reps(guided.last_session()) == ()
    assert guided.last_session().tests[0].answers.pain == HURTING.pain
    guided.board.act("step_off")
    guided.live(3.0)
    guided.step_on(after_s=5.0)
    assert guided.station.snapshot().exercise is None


def test_reported_pain_prevents_resume(guided: GuidedStation) -> None:
    ada = add_ada(guided, days=[])
    leave_in_first_hold(guided, ada, Item(exercise="3a"))
    guided.station.answer(ada, "pain", 8)
    guided.live(5.0)
    guided.step_on(after_s=5.0)
    now = guided.station.snapshot()
    assert (now.phase, now.note) == ("ended", BLOCKED_BY_PAIN.sentence)


@pytest.mark.parametrize("how", ["by stepping on", "on the page"])
def test_resume_follows_newest_health_answers(guided: GuidedStation, how: str) -> None:
    """An exercise that a new condition excludes is left out, and a note gives the reason."""
    key, condition = excluded_exercise()
    other = next(one for one in ("3b", "3a", "3c") if one != key)
    ada = add_ada(guided, days=[])
    leave_in_first_hold(guided, ada, Item(exercise=key), Item(exercise="1a"), Item(exercise=other))
    answer_health_questions(guided.store, ada, condition)
    if how == "on the page":
        guided.station.request_start("rest", ada)
    else:
        guided.step_on()
    guided.live(4.0)
    now = guided.station.snapshot()
    order = exercises_of(running_routine(guided))
    assert key not in order
    assert "1a" in order
    assert now.note is not None


def test_reported_change_asks_health_questions_before_resume(guided: GuidedStation) -> None:
    ada = add_ada(guided, days=[])
    leave_in_first_hold(guided, ada, Item(exercise="3a"))
    guided.clock.advance_to(guided.clock.now_us() + 1_000_000)
    guided.store.add_answer(ada, "changed", True)
    guided.station.request_start("rest", ada)
    guided.live(0.5)
    now = guided.station.snapshot()
    assert now.phase == "ended"
    assert now.note is not None
    assert "reported a change" in now.note


def test_anonymous_start_is_restricted_for_last_person_on_board(guided: GuidedStation) -> None:
    """A page without a chosen person starts a stretch; the station infers the person, and applies their pain."""
    ada = add_ada(guided, days=[])
    guided.store.add_person("Ben")
    guided.station.start(routine_of((Item(exercise="3a"),)), ada)
    guided.live(0.5)
    guided.station.command(CommandName.STOP)
    guided.station.answer(ada, "pain", 8)
    guided.live(0.5)
    guided.station.start(routine_of((Item(exercise="3a"),)), None)
    guided.live(0.5)
    now = guided.station.snapshot()
    assert (now.phase, now.note) == ("ended", BLOCKED_BY_PAIN.sentence)


def test_new_person_is_tested_once(guided: GuidedStation) -> None:
    """Without a plan and health answers the test is not repeated right after it."""
    add_ada(guided, days=[], asked=False)
    step_on(guided)
    do_test_and_answer(guided)
    now = guided.station.snapshot()
    assert (now.activity, now.phase, now.note) == ("test", "result", ANSWER_QUESTIONS_FIRST.sentence)
    assert len(guided.last_session().tests) == 1


def test_health_answers_during_test_let_routine_follow(guided: GuidedStation) -> None:
    """No second test follows."""
    ada = add_ada(guided, days=[], asked=False)
    step_on(guided)
    answer_health_questions(guided.store, ada)
    do_test_and_answer(guided)
    assert guided.station.snapshot().routine_title == PROPOSED_NAME
    assert len(exercises_of(running_routine(guided))) == len(running_routine(guided)) > 3


def test_due_test_is_not_added_to_planned_routine_with_test(guided: GuidedStation) -> None:
    add_ada(guided, routine="test_and_stretch")
    step_on(guided)
    do_test_and_answer(guided)
    assert exercises_of(running_routine(guided)) == ["3a"]
    assert len(running_routine(guided)) == 1


def test_unfinished_routine_drops_questions_about_earlier_test(guided: GuidedStation) -> None:
    """A stop at the questions leaves only the stretch, since their answers could not be stored."""
    ada = add_ada(guided, days=[])
    guided.station.request_start("test_and_stretch", ada)
    step_on(guided)
    guided.until(lambda: guided.station.snapshot().activity == "ask", 1200.0)
    guided.station.command(CommandName.STOP)
    guided.live(1.0)
    guided.station.request_start("rest", ada)
    guided.live(0.5)
    assert exercises_of(running_routine(guided)) == ["3a"]
    assert len(running_routine(guided)) == 1


@pytest.mark.parametrize("how", ["not cleared", "much pain"])
def test_blocked_person_is_not_tested(guided: GuidedStation, how: str) -> None:
    """A lunge to the end of the range is no gentler than a stretch: a due test does not start, and a note says why."""
    ada = add_ada(guided)
    if how == "much pain":
        guided.station.answer(ada, "pain", 7)
    else:
        answer_health_questions(guided.store, ada, NOT_CLEARED)
    guided.live(0.5)
    step_on(guided)
    now = guided.station.snapshot()
    assert now.activity == "idle"
    assert now.note is not None
    assert guided.store.tests(ada) == ()


def test_moderate_pain_in_test_halves_following_stretch(guided: GuidedStation) -> None:
    """After an answer of 5 two holds instead of three follow, each stored as finished."""
    guided.board.person.body.profile = PersonProfile(mean_lift_interval_s=1e9, pain=5)
    step_on(guided)
    guided.until(lambda: guided.station.snapshot().activity == "hold", 1200.0)
    assert guided.station.snapshot().note == EASED_NOTE
    guided.run_to_end()
    holds = guided.last_session().holds
    assert [(one.repetition, one.state) for one in holds] == [(1, "finished"), (2, "finished")] * 2


def test_claimed_session_applies_its_persons_pain_on_resume(guided: GuidedStation) -> None:
    """An unclaimed session is claimed while it runs; a pain reported later prevents the resume."""
    ada, _ = add_ada(guided, days=[]), guided.add_person("Ben")
    guided.station.start(routine_of((Item(exercise="3a"),)), None, "the routine")
    guided.live(0.1)
    guided.board.act("auto")
    guided.until_phase("hold", limit_s=60.0)
    session = guided.station.snapshot().session_id
    assert session is not None
    assert guided.station.snapshot().person_id is None
    guided.station.claim_session(session, ada)
    guided.live(0.5)
    assert guided.station.snapshot().person_id == ada
    guided.board.act("step_off")
    guided.until_phase("ended", limit_s=90.0)
    guided.station.answer(ada, "pain", 8)
    guided.live(1.0)
    guided.step_on(after_s=5.0)
    assert guided.station.snapshot().note == BLOCKED_BY_PAIN.sentence


def test_unfinished_routine_is_not_offered_while_pain_blocks_it(guided: GuidedStation) -> None:
    """After an answer of 8 the offer is withdrawn; below 4 it returns."""
    ada = add_ada(guided, days=[])
    leave_in_first_hold(guided, ada, Item(exercise="3a"))
    assert guided.station.snapshot().unfinished is not None
    for pain, offered in ((8, False), (2, True)):
        guided.station.answer(ada, "pain", pain)
        guided.live(1.0)
        assert (guided.station.snapshot().unfinished is not None) is offered
