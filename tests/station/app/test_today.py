"""What stepping on begins for somebody with a plan: a test when it is due, then what it has told, or a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from station.advice import health_questions, pain
from station.advice.plan import plan_from_dict, to_dict
from station.advice.restrictions import ANSWER_QUESTIONS_FIRST
from station.app.loop import TEST_FOLLOWED_NOTE
from station.app.start_gate import NOTHING_DUE, PROPOSED_INSTEAD, PROPOSED_NAME
from station.catalogue.read import exercises
from station.catalogue.records import Restriction
from station.core.events import CommandName, Side
from station.core.facts import CueName
from station.core.steps import HoldStep, RepsStep, Routine
from station.simulator.ankle import PersonProfile
from station.store.records import Hold, RepSet, Test
from tests.station.health_answers import answer_care
from tests.station.led import Led, bouts_of
from tests.station.rig import COMPARATORS
from tests.station.store.histories import one_test

EVERY_DAY = [[day, "07:00"] for day in range(7)]
"""Before the hour at which a virtual life begins, which is a Monday at 08:00 UTC."""
TUESDAYS = [[1, "07:00"]]
FOR_THE_FRONT = ["4a", "4b", "4c"]


@pytest.fixture
def led(tmp_path: Path) -> Iterator[Led]:
    with Led(tmp_path, COMPARATORS, on_step="today") as made:
        yield made


def ada_of(led: Led, *conditions: str, days: list[Any] | None = None, asked: bool = True, **more: Any) -> str:
    """Somebody called Ada, the only person there is, with a plan unless `days` is empty."""
    ada = led.store.add_person("Ada").id
    if asked:
        answer_care(led.store, ada, *conditions)
    if days is None or days:
        led.store.save_plan(ada, to_dict(plan_from_dict({"days": days or EVERY_DAY, "zone": "UTC", **more})))
    return ada


def was_tested(led: Led, person_id: str, *, felt: str = "calf", hurt: int = 1) -> None:
    """A full test of yesterday: none is due today."""
    at = led.clock.utc_now() - timedelta(days=1)
    session_id = led.store.begin_session(person_id, at, simulated=True)
    run_id = led.store.begin_run(session_id, {"do": "test", "side": "both"}, at)
    test_id = one_test(led.store, run_id, 90.0, 90.0, full=True)
    led.store.answer_test(test_id, pain=hurt, felt_place=felt)
    led.store.end_session(session_id, at + timedelta(minutes=5), "left")


def step_on(led: Led) -> None:
    """Come by oneself, and do what the board asks."""
    led.board.act("auto")
    led.live(10.0)


def planned(led: Led) -> Routine:
    """The routine that goes on, as the loop has it."""
    run = led.station._run
    return () if run is None else run.routine


def exercises_of(routine: Routine) -> list[str | None]:
    return [step.exercise for step in routine if isinstance(step, HoldStep | RepsStep)]


def test_without_a_plan_it_is_a_test_and_the_stretch(led: Led) -> None:
    """Somebody whose plan is not made yet is tested and stretches, as the station does by itself."""
    ada_of(led, days=[])
    step_on(led)
    now = led.station.snapshot()
    assert (now.called, now.activity, now.state.steps) == ("Test and stretch", "test", 3)
    assert exercises_of(planned(led)) == ["3a"]


def test_nobody_known_is_led_too(led: Led) -> None:
    """A board that has no people yet tests and stretches whoever comes."""
    step_on(led)
    assert led.station.snapshot().called == "Test and stretch"


def test_a_test_that_is_due_comes_first_and_its_answers_lead_on(led: Led) -> None:
    """The first test is a full one. The page answers "front", and what frees the joint begins the routine."""
    ada = ada_of(led)
    led.board.person.profile = PersonProfile(mean_lift_interval_s=1e9, felt_place="front", pain=2)
    step_on(led)
    assert led.station.snapshot().called == "Full test"
    led.until(lambda: led.station.snapshot().called == PROPOSED_NAME, 1200.0)
    order = exercises_of(planned(led))
    assert order[0] == "1a"
    assert order[1:4] == FOR_THE_FRONT
    assert {"3a", "3b", "3c"} <= set(order)
    (test,) = led.sat().tests
    assert isinstance(test, Test)
    assert (test.full, test.state) == (True, "finished")
    assert (test.circumstances.felt_place, test.circumstances.pain) == ("front", 2)
    assert led.sat().session.person_id == ada


def test_whoever_answered_beside_the_board_is_called_back(led: Led) -> None:
    """When nobody stands there after the questions, NUDGE and a sentence say that the routine follows; a step begins
    it."""
    ada_of(led)
    step_on(led)
    led.until(lambda: led.station.snapshot().activity == "ask", 1200.0)
    led.board.act("step_off")
    led.live(2.0)
    nudged = led.heard().count(CueName.NUDGE)
    led.station.command(CommandName.ANSWER, answer="calf")
    led.station.command(CommandName.ANSWER, answer="0")
    led.live(6.0)
    assert led.station.snapshot().note == TEST_FOLLOWED_NOTE
    assert led.heard().count(CueName.NUDGE) > nudged
    led.step_on(after_s=4.0)
    now = led.station.snapshot()
    assert (now.called, now.note) == (PROPOSED_NAME, None)


def test_whoever_does_not_come_back_is_not_led_on(led: Led) -> None:
    """Twenty seconds later the session is over, and the sentence with it."""
    ada_of(led)
    step_on(led)
    led.until(lambda: led.station.snapshot().activity == "ask", 1200.0)
    led.board.act("step_off")
    led.live(2.0)
    led.station.command(CommandName.SKIP)
    led.station.command(CommandName.SKIP)
    led.until(lambda: led.station.snapshot().session_id is None, 30.0)
    assert led.station.snapshot().note is None


def test_a_proposed_routine_is_led_to_its_end(led: Led) -> None:
    """What is proposed is done and stored, and afterwards nothing is due any more."""
    ada = ada_of(led, minutes=4)
    was_tested(led, ada)
    step_on(led)
    proposed = planned(led)
    assert proposed
    led.walk()
    assert led.heard()[-1] is CueName.COMPLETE
    done: tuple[Hold | RepSet, ...] = bouts_of(led.sat())
    assert {one.exercise for one in done} == set(exercises_of(proposed))
    assert {one.state for one in done} == {"finished"}
    led.until(lambda: led.station.snapshot().session_id is None, 60.0)
    step_on(led)
    assert led.station.snapshot().activity == "idle"
    assert led.station.snapshot().note == NOTHING_DUE


def test_on_a_day_of_rest_nothing_begins(led: Led) -> None:
    """The plan has nothing for today, and none is missed: a sentence says so, without reproach."""
    ada = ada_of(led, days=TUESDAYS, since="2026-09-14")
    was_tested(led, ada)
    step_on(led)
    assert led.station.snapshot().activity == "idle"
    assert led.station.snapshot().note == NOTHING_DUE
    assert CueName.STEP_ON in led.heard()


def test_unanswered_questions_leave_only_a_test(led: Led) -> None:
    """Without health answers a person is tested, and a sentence says what is missing."""
    ada_of(led, days=[], asked=False)
    step_on(led)
    now = led.station.snapshot()
    assert (now.activity, now.note) == ("test", ANSWER_QUESTIONS_FIRST.sentence)
    assert exercises_of(planned(led)) == []


def test_unanswered_questions_hold_the_routine_back(led: Led) -> None:
    """With a plan and no test due nothing begins before they are answered."""
    ada = ada_of(led, asked=False)
    was_tested(led, ada)
    step_on(led)
    assert led.station.snapshot().activity == "idle"
    assert led.station.snapshot().note == ANSWER_QUESTIONS_FIRST.sentence


@pytest.mark.parametrize("how", ["a test", "an answer"])
def test_much_pain_holds_everything_back(led: Led, how: str) -> None:
    """After a pain of 6, of a test or told to the page, nothing begins, and one sentence says why."""
    ada = ada_of(led)
    was_tested(led, ada, hurt=6 if how == "a test" else 1)
    if how == "an answer":
        led.store.add_answer(ada, "pain", 6)
    step_on(led)
    assert led.station.snapshot().activity == "idle"
    assert led.station.snapshot().note == pain.BLOCKED_BY_PAIN.sentence


def test_a_test_that_hurt_much_is_the_end_of_today(led: Led) -> None:
    """Pain of 7 after today's test prevents the routine, with the advice to stop for today."""
    ada_of(led)
    led.board.person.profile = PersonProfile(mean_lift_interval_s=1e9, pain=7)
    step_on(led)
    led.until(lambda: led.station.snapshot().activity == "ask", 1200.0)
    led.until(lambda: led.station.snapshot().activity != "ask", 60.0)
    led.live(5.0)
    assert led.station.snapshot().note == pain.STOP_ADVICE.sentence
    assert bouts_of(led.sat()) == ()


def test_a_condition_leaves_an_exercise_out(led: Led) -> None:
    """What is not right for this person is not in their routine, and the page says which sentence that rests on."""
    key, condition = left_out()
    ada = ada_of(led, condition)
    was_tested(led, ada)
    step_on(led)
    order = exercises_of(planned(led))
    assert key not in order
    assert order
    note = led.station.snapshot().note
    assert note is not None


def left_out() -> tuple[str, str]:
    """An exercise of the daily routine, and a condition that leaves it out and holds nothing else back."""
    for key in ("3a", "3b", "3c"):
        for caution in exercises()[key].cautions:
            only = {caution.condition}
            if caution.restriction is Restriction.EXCLUDED and health_questions.block_reason(only) is None:
                return key, caution.condition
    raise AssertionError("the daily routine is for everybody")


def test_today_can_be_asked_for_on_the_page(led: Led) -> None:
    """The page's button begins the same for whoever it names."""
    led.station.change_settings({"on_step": "nothing"})
    ada = ada_of(led, routine="quick_calf")
    was_tested(led, ada)
    led.live(0.1)
    led.station.request_start("today", ada)
    led.live(0.5)
    assert led.station.snapshot().called == "Quick calf"
    assert exercises_of(planned(led)) == ["3a", "3b"]
    led.station.command(CommandName.STOP)
    led.live(0.5)


def test_a_plan_whose_routine_is_gone_says_so(led: Led) -> None:
    """Where a routine of one's own was removed meanwhile another one is proposed, and the sentence says so."""
    ada = ada_of(led, routine="an-id-that-is-gone")
    was_tested(led, ada)
    step_on(led)
    now = led.station.snapshot()
    assert (now.called, now.note) == (PROPOSED_NAME, PROPOSED_INSTEAD)


def test_the_loaded_side_comes_first(led: Led) -> None:
    """Stepping on with the right leg starts with the right side."""
    ada = ada_of(led, routine="quick_calf")
    was_tested(led, ada)
    led.step_on(Side.RIGHT, after_s=4.0)
    first, second = planned(led)
    assert isinstance(first, HoldStep)
    assert isinstance(second, HoldStep)
    assert first.sides == (Side.RIGHT, Side.LEFT)
    assert second.sides[0] is Side.LEFT
