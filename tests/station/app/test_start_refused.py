"""Answers given in or between sessions count at once: no routine continues into pain, and no test repeats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from station.advice.health_questions import NOT_CLEARED
from station.advice.pain import BLOCKED_BY_PAIN, STOP_ADVICE
from station.advice.restrictions import ANSWER_QUESTIONS_FIRST
from station.app.fact_publisher import EASED_NOTE
from station.catalogue.records import Item
from station.core.events import CommandName
from station.core.facts import CueName
from station.simulator.ankle import PersonProfile
from tests.station.app.test_today import add_ada, excluded_exercise, exercises_of, running_routine, step_on
from tests.station.health_answers import answer_health_questions
from tests.station.led import COMPARATORS, Led, holds_and_reps, routine_of

HURTING = PersonProfile(mean_lift_interval_s=1e9, pain=8)


@pytest.fixture
def led(tmp_path: Path) -> Iterator[Led]:
    with Led(tmp_path, COMPARATORS, on_step="today") as made:
        yield made


def do_test_and_answer(led: Led) -> None:
    """Do the test, and answer its questions."""
    led.until(lambda: led.station.snapshot().activity == "ask", 1200.0)
    led.until(lambda: led.station.snapshot().activity != "ask", 60.0)
    led.live(8.0)


def leave_in_first_hold(led: Led, person_id: str, *items: Item) -> None:
    """Step off in the first hold, and stay away until the routine has ended."""
    led.station.start(routine_of(items), person_id, "the routine")
    led.live(0.1)
    led.board.act("auto")
    led.until_phase("hold", limit_s=60.0)
    led.board.act("step_off")
    led.until_phase("ended", limit_s=90.0)


@pytest.mark.parametrize("known", [True, False])
def test_stretch_does_not_follow_painful_test(led: Led, known: bool) -> None:
    """After an answer of 8 nothing follows the test, its result stays, and stepping on does not resume."""
    if known:
        add_ada(led, days=[])
    led.board.person.body.profile = HURTING
    step_on(led)
    do_test_and_answer(led)
    now = led.station.snapshot()
    assert (now.activity, now.phase, now.note) == ("test", "result", STOP_ADVICE.sentence)
    assert led.recognised_cues()[-1] is CueName.ENDED
    assert holds_and_reps(led.last_session()) == ()
    assert led.last_session().tests[0].circumstances.pain == HURTING.pain
    led.board.act("step_off")
    led.live(3.0)
    led.step_on(after_s=5.0)
    assert led.station.snapshot().exercise is None


def test_reported_pain_prevents_resume(led: Led) -> None:
    ada = add_ada(led, days=[])
    leave_in_first_hold(led, ada, Item(exercise="3a"))
    led.station.answer(ada, "pain", 8)
    led.live(5.0)
    led.step_on(after_s=5.0)
    now = led.station.snapshot()
    assert (now.phase, now.note) == ("ended", BLOCKED_BY_PAIN.sentence)


@pytest.mark.parametrize("how", ["by stepping on", "on the page"])
def test_resume_follows_newest_health_answers(led: Led, how: str) -> None:
    """An exercise that a new condition excludes is left out, and a note gives the reason."""
    key, condition = excluded_exercise()
    other = next(one for one in ("3b", "3a", "3c") if one != key)
    ada = add_ada(led, days=[])
    leave_in_first_hold(led, ada, Item(exercise=key), Item(exercise="1a"), Item(exercise=other))
    answer_health_questions(led.store, ada, condition)
    if how == "on the page":
        led.station.request_start("rest", ada)
    else:
        led.step_on()
    led.live(4.0)
    now = led.station.snapshot()
    order = exercises_of(running_routine(led))
    assert key not in order
    assert "1a" in order
    assert now.note is not None


def test_reported_change_asks_health_questions_before_resume(led: Led) -> None:
    ada = add_ada(led, days=[])
    leave_in_first_hold(led, ada, Item(exercise="3a"))
    led.clock.advance_to(led.clock.now_us() + 1_000_000)
    led.store.add_answer(ada, "changed", True)
    led.station.request_start("rest", ada)
    led.live(0.5)
    now = led.station.snapshot()
    assert now.phase == "ended"
    assert now.note is not None
    assert "reported a change" in now.note


def test_anonymous_start_is_restricted_for_last_person_on_board(led: Led) -> None:
    """A page without a chosen person starts a stretch; the station infers the person, and applies their pain."""
    ada = add_ada(led, days=[])
    led.store.add_person("Ben")
    led.station.start(routine_of((Item(exercise="3a"),)), ada)
    led.live(0.5)
    led.station.command(CommandName.STOP)
    led.station.answer(ada, "pain", 8)
    led.live(0.5)
    led.station.start(routine_of((Item(exercise="3a"),)), None)
    led.live(0.5)
    now = led.station.snapshot()
    assert (now.phase, now.note) == ("ended", BLOCKED_BY_PAIN.sentence)


def test_new_person_is_tested_once(led: Led) -> None:
    """Without a plan and health answers the test is not repeated right after it."""
    add_ada(led, days=[], asked=False)
    step_on(led)
    do_test_and_answer(led)
    now = led.station.snapshot()
    assert (now.activity, now.phase, now.note) == ("test", "result", ANSWER_QUESTIONS_FIRST.sentence)
    assert len(led.last_session().tests) == 1


def test_health_answers_during_test_let_stretch_follow(led: Led) -> None:
    """No second test follows."""
    ada = add_ada(led, days=[], asked=False)
    step_on(led)
    answer_health_questions(led.store, ada)
    do_test_and_answer(led)
    assert exercises_of(running_routine(led)) == ["3a"]
    assert len(running_routine(led)) == 1


def test_due_test_is_not_added_to_planned_routine_with_test(led: Led) -> None:
    add_ada(led, routine="test_and_stretch")
    step_on(led)
    do_test_and_answer(led)
    assert exercises_of(running_routine(led)) == ["3a"]
    assert len(running_routine(led)) == 1


def test_unfinished_routine_drops_questions_about_earlier_test(led: Led) -> None:
    """A stop at the questions leaves only the stretch, since their answers could not be stored."""
    ada = add_ada(led, days=[])
    step_on(led)
    led.until(lambda: led.station.snapshot().activity == "ask", 1200.0)
    led.station.command(CommandName.STOP)
    led.live(1.0)
    led.station.request_start("rest", ada)
    led.live(0.5)
    assert exercises_of(running_routine(led)) == ["3a"]
    assert len(running_routine(led)) == 1


@pytest.mark.parametrize("how", ["not cleared", "much pain"])
def test_blocked_person_is_not_tested(led: Led, how: str) -> None:
    """A lunge to the end of the range is no gentler than a stretch: a due test does not start, and a note says why."""
    ada = add_ada(led)
    if how == "much pain":
        led.station.answer(ada, "pain", 7)
    else:
        answer_health_questions(led.store, ada, NOT_CLEARED)
    led.live(0.5)
    step_on(led)
    now = led.station.snapshot()
    assert now.activity == "idle"
    assert now.note is not None
    assert led.store.tests(ada) == ()


def test_moderate_pain_in_test_halves_following_stretch(led: Led) -> None:
    """After an answer of 5 two holds instead of three follow, each stored as finished."""
    led.board.person.body.profile = PersonProfile(mean_lift_interval_s=1e9, pain=5)
    step_on(led)
    led.until(lambda: led.station.snapshot().activity == "hold", 1200.0)
    assert led.station.snapshot().note == EASED_NOTE
    led.run_to_end()
    holds = led.last_session().holds
    assert [(one.repetition, one.state) for one in holds] == [(1, "finished"), (2, "finished")] * 2


def test_claimed_session_applies_its_persons_pain_on_resume(led: Led) -> None:
    """An unclaimed session is claimed while it runs; a pain reported later prevents the resume."""
    ada, _ = add_ada(led, days=[]), led.add_person("Ben")
    led.station.start(routine_of((Item(exercise="3a"),)), None, "the routine")
    led.live(0.1)
    led.board.act("auto")
    led.until_phase("hold", limit_s=60.0)
    session = led.station.snapshot().session_id
    assert session is not None
    assert led.station.snapshot().person_id is None
    led.station.claim_session(session, ada)
    led.live(0.5)
    assert led.station.snapshot().person_id == ada
    led.board.act("step_off")
    led.until_phase("ended", limit_s=90.0)
    led.station.answer(ada, "pain", 8)
    led.live(1.0)
    led.step_on(after_s=5.0)
    assert led.station.snapshot().note == BLOCKED_BY_PAIN.sentence


def test_unfinished_routine_is_not_offered_while_pain_blocks_it(led: Led) -> None:
    """After an answer of 8 it is withdrawn; below 4 it is offered again."""
    ada = add_ada(led, days=[])
    leave_in_first_hold(led, ada, Item(exercise="3a"))
    assert led.station.snapshot().rest is not None
    for pain, offered in ((8, False), (2, True)):
        led.station.answer(ada, "pain", pain)
        led.live(1.0)
        assert (led.station.snapshot().rest is not None) is offered
