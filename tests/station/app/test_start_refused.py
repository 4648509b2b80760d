"""What somebody says while they are led, or away, counts at once: nobody is led on into pain, or twice into a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from station.advice.health_questions import NOT_CLEARED
from station.advice.pain import BLOCKED_BY_PAIN, STOP_ADVICE
from station.advice.restrictions import ANSWER_QUESTIONS_FIRST
from station.app.loop import EASED_NOTE
from station.catalogue.records import Item
from station.core.events import CommandName
from station.core.facts import CueName
from station.simulator.ankle import PersonProfile
from tests.station.app.test_today import ada_of, exercises_of, left_out, planned, step_on
from tests.station.health_answers import answer_care
from tests.station.led import COMPARATORS, Led, bouts_of, routine_of

HURTING = PersonProfile(mean_lift_interval_s=1e9, pain=8)


@pytest.fixture
def led(tmp_path: Path) -> Iterator[Led]:
    with Led(tmp_path, COMPARATORS, on_step="today") as made:
        yield made


def answer_all(led: Led) -> None:
    """Do the test, and answer what is asked after it."""
    led.until(lambda: led.station.snapshot().activity == "ask", 1200.0)
    led.until(lambda: led.station.snapshot().activity != "ask", 60.0)
    led.live(8.0)


def leave_in_the_middle(led: Led, person_id: str, *items: Item) -> None:
    """The first hold is under way when the doorbell rings, and nobody comes back until the routine has ended."""
    led.station.start(routine_of(items), person_id, "the routine")
    led.live(0.1)
    led.board.act("auto")
    led.until_phase("hold", limit_s=60.0)
    led.board.act("step_off")
    led.until_phase("ended", limit_s=90.0)


@pytest.mark.parametrize("known", [True, False])
def test_a_stretch_does_not_follow_a_test_that_hurt_much(led: Led, known: bool) -> None:
    """After an answer of 8 nothing follows the test, its result stays, and stepping on does not go on."""
    if known:
        ada_of(led, days=[])
    led.board.person.profile = HURTING
    step_on(led)
    answer_all(led)
    now = led.station.snapshot()
    assert (now.activity, now.phase, now.note) == ("test", "result", STOP_ADVICE.sentence)
    assert led.heard()[-1] is CueName.ENDED
    assert bouts_of(led.sat()) == ()
    assert led.sat().tests[0].circumstances.pain == HURTING.pain
    led.board.act("step_off")
    led.live(3.0)
    led.step_on(after_s=5.0)
    assert led.station.snapshot().exercise is None


def test_what_hurt_much_meanwhile_is_not_gone_on_with(led: Led) -> None:
    """After much pain was reported on the page, stepping on does not resume."""
    ada = ada_of(led, days=[])
    leave_in_the_middle(led, ada, Item(exercise="3a"))
    led.station.answer(ada, "pain", 8)
    led.live(5.0)
    led.step_on(after_s=5.0)
    now = led.station.snapshot()
    assert (now.phase, now.note) == ("ended", BLOCKED_BY_PAIN.sentence)


@pytest.mark.parametrize("how", ["by stepping on", "on the page"])
def test_what_was_left_follows_the_newest_answers(led: Led, how: str) -> None:
    """An exercise that a condition told meanwhile leaves out is not in what is gone on with; the sentence says why."""
    key, condition = left_out()
    other = next(one for one in ("3b", "3a", "3c") if one != key)
    ada = ada_of(led, days=[])
    leave_in_the_middle(led, ada, Item(exercise=key), Item(exercise="1a"), Item(exercise=other))
    answer_care(led.store, ada, condition)
    if how == "on the page":
        led.station.request_start("rest", ada)
    else:
        led.step_on()
    led.live(4.0)
    now = led.station.snapshot()
    order = exercises_of(planned(led))
    assert key not in order
    assert "1a" in order
    assert now.note is not None


def test_what_changed_is_asked_about_before_the_rest(led: Led) -> None:
    """After a reported change of health, the questions come before the unfinished routine."""
    ada = ada_of(led, days=[])
    leave_in_the_middle(led, ada, Item(exercise="3a"))
    led.clock.advance_to(led.clock.now_us() + 1_000_000)
    led.store.add_answer(ada, "changed", True)
    led.station.request_start("rest", ada)
    led.live(0.5)
    now = led.station.snapshot()
    assert now.phase == "ended"
    assert now.note is not None
    assert "something has changed" in now.note


def test_what_nobody_asked_for_is_right_for_whoever_does_it(led: Led) -> None:
    """A page on which nobody was chosen begins a stretch; the board knows who was there last, and that it hurt."""
    ada = ada_of(led, days=[])
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


def test_a_newcomer_is_tested_once(led: Led) -> None:
    """Without a plan and health answers a person is tested, and not tested again right after it."""
    ada_of(led, days=[], asked=False)
    step_on(led)
    answer_all(led)
    now = led.station.snapshot()
    assert (now.activity, now.phase, now.note) == ("test", "result", ANSWER_QUESTIONS_FIRST.sentence)
    assert len(led.sat().tests) == 1


def test_whoever_answers_the_questions_meanwhile_goes_on_to_the_stretch(led: Led) -> None:
    """Answered while the test goes on, the health questions let the stretch follow, and no second test."""
    ada = ada_of(led, days=[], asked=False)
    step_on(led)
    answer_care(led.store, ada)
    answer_all(led)
    assert exercises_of(planned(led)) == ["3a"]
    assert len(planned(led)) == 1


def test_a_planned_routine_with_a_test_is_not_tested_twice(led: Led) -> None:
    """The test that was due is the one at the beginning of the plan's routine."""
    ada_of(led, routine="test_and_stretch")
    step_on(led)
    answer_all(led)
    assert exercises_of(planned(led)) == ["3a"]
    assert len(planned(led)) == 1


def test_questions_about_a_test_of_before_are_not_left(led: Led) -> None:
    """A stop at the questions leaves the stretch, not questions whose answers could not be stored."""
    ada = ada_of(led, days=[])
    step_on(led)
    led.until(lambda: led.station.snapshot().activity == "ask", 1200.0)
    led.station.command(CommandName.STOP)
    led.live(1.0)
    led.station.request_start("rest", ada)
    led.live(0.5)
    assert exercises_of(planned(led)) == ["3a"]
    assert len(planned(led)) == 1


@pytest.mark.parametrize("how", ["not cleared", "much pain"])
def test_whoever_is_held_back_is_not_even_tested(led: Led, how: str) -> None:
    """A lunge to the end of the range is no less than a stretch: with a test due nothing begins, and a sentence says
    why."""
    ada = ada_of(led)
    if how == "much pain":
        led.station.answer(ada, "pain", 7)
    else:
        answer_care(led.store, ada, NOT_CLEARED)
    led.live(0.5)
    step_on(led)
    now = led.station.snapshot()
    assert now.activity == "idle"
    assert now.note is not None
    assert led.store.tests(ada) == ()


def test_a_test_that_hurt_a_little_halves_the_stretch_after_it(led: Led) -> None:
    """After an answer of 5 the stretch of the same routine has two holds instead of three, each stored whole."""
    led.board.person.profile = PersonProfile(mean_lift_interval_s=1e9, pain=5)
    step_on(led)
    led.until(lambda: led.station.snapshot().activity == "hold", 1200.0)
    assert led.station.snapshot().note == EASED_NOTE
    led.walk()
    holds = led.sat().holds
    assert [(one.repetition, one.state) for one in holds] == [(1, "finished"), (2, "finished")] * 2


def test_what_is_claimed_is_gone_on_with_by_whom_it_is(led: Led) -> None:
    """A session of nobody is claimed while it goes on: the pain that they tell then holds back what they left."""
    ada, _ = ada_of(led, days=[]), led.add_person("Ben")
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


def test_what_may_not_be_gone_on_with_is_not_offered(led: Led) -> None:
    """After an answer of 8 the rest is no longer on offer; below 4 it is again."""
    ada = ada_of(led, days=[])
    leave_in_the_middle(led, ada, Item(exercise="3a"))
    assert led.station.snapshot().rest is not None
    for pain, offered in ((8, False), (2, True)):
        led.station.answer(ada, "pain", pain)
        led.live(1.0)
        assert (led.station.snapshot().rest is not None) is offered
