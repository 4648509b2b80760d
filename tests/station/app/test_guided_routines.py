"""Whole routines in virtual time: led from stepping on to COMPLETE, with the dose, what the page knows, and faults."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from station.app.routines import TITLES, routine_called
from station.app.snapshot import Snapshot
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import Item, Verification
from station.core.events import SECOND_US, Legs, Side
from station.core.facts import CueName
from station.core.steps import AskStep, HoldStep, RepsStep, Routine, Step, TestStep, is_verified
from station.settings import Settings
from station.store.records import Hold, RepSet, SessionDetail, Test, UnfinishedRun
from tests.station import rig
from tests.station.led import ANALOGUE, COMPARATORS, Led, bouts_of, credited, dose_of, goes_on, legs_of, routine_of
from tests.station.states import AnyState

NAMES = tuple(built_in_routines())
PULLED_AFTER_S = 6.0
TWO_HOLDS = (Item(exercise="3a", hold_s=20, repetitions=2), Item(exercise="3c", hold_s=20))


@dataclass(frozen=True, slots=True)
class Walked:
    """A whole routine as it was lived: what it consists of, was shown, heard and stored."""

    routine: Routine
    seen: tuple[Snapshot, ...]
    heard: tuple[CueName, ...]
    sat: SessionDetail
    rest: UnfinishedRun | None

    def shown(self, at: int) -> list[Snapshot]:
        """The pictures of one step."""
        return [one for one in self.seen if one.state.step == at]


@cache
def walked(name: str) -> Walked:
    """A ready routine, walked through once by somebody who does as asked and touches nothing but the answers."""
    wiring = rig.COMPARATORS if name == "test_and_stretch" else COMPARATORS
    with tempfile.TemporaryDirectory() as scratch, Led(Path(scratch), wiring) as led:
        led.station.request_start(name, led.person_id)
        led.live(0.1)
        led.walk()
        routine = routine_called(name, Settings(), analogue=False)
        return Walked(routine, tuple(led.seen), tuple(led.heard()), led.sat(), led.store.unfinished_run(None))


def exercise_of(step: Step) -> str | None:
    return getattr(step, "exercise", None)


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_routine_is_led_to_its_end_with_the_exact_dose(name: str) -> None:
    """From stepping on to COMPLETE, by nothing but cues and page; stored is what was prescribed, to the microsecond."""
    done = walked(name)
    assert done.heard[-1] is CueName.COMPLETE
    results = sum(isinstance(step, TestStep) for step in done.routine)
    assert done.heard.count(CueName.COMPLETE) == results + 1, "a test says its own result"
    assert CueName.ENDED not in done.heard
    assert CueName.HEEL_UP not in done.heard
    bouts = bouts_of(done.sat)
    assert credited(bouts) == legs_of(done.routine)
    assert {one.state for one in bouts} == {"finished"}
    assert done.rest is None
    assert {run.state for run in done.sat.tests} <= {"finished"}
    for at, step in enumerate(done.routine):
        if isinstance(step, HoldStep | RepsStep):
            mine = [one for one in bouts if one.step_index == at]
            assert {one.exercise for one in mine} == {step.exercise}
            assert credited(mine) == legs_of((step,)), step


@pytest.mark.parametrize("name", NAMES)
def test_the_page_knows_what_is_and_what_comes_next(name: str) -> None:
    """In every picture of the routine: its name, the step of all steps, its exercise, the next one, and its sides."""
    done = walked(name)
    steps = len(done.routine)
    assert [one for one in dict.fromkeys(shown.state.step for shown in done.seen) if one is not None] == list(
        range(steps)
    )
    for at, step in enumerate(done.routine):
        shown = [one for one in done.shown(at) if one.called is not None]
        following = done.routine[at + 1] if at + 1 < steps else None
        assert {one.called for one in shown} == {TITLES[name]}
        assert {one.state.steps for one in shown} == {steps}
        assert {one.exercise for one in shown} == {exercise_of(step)}
        assert {one.next_exercise for one in shown} == {None if following is None else exercise_of(following)}
        assert {one.next_step is None for one in shown} == {following is None}
        if isinstance(step, HoldStep | RepsStep):
            assert sides_of(shown) == list(step.turns)


def sides_of(shown: Sequence[Snapshot]) -> list[Legs | None]:
    """The legs at work, in the order in which they were asked for."""
    return list(dict.fromkeys(one.side for one in shown))


@pytest.mark.parametrize("name", NAMES)
def test_what_nothing_senses_is_said_to_be_so(name: str) -> None:
    """An exercise off the board is not verified, in the picture and in the store; what the heels tell is."""
    done = walked(name)
    for at, step in enumerate(done.routine):
        if isinstance(step, HoldStep | RepsStep):
            one = exercises()[str(step.exercise)]
            assert is_verified(step) is (one.sense is not Verification.TIMER and not one.is_light)
            assert {shown.verified for shown in done.shown(at)} == {is_verified(step)}
            assert {bout.verified for bout in bouts_of(done.sat) if bout.step_index == at} == {is_verified(step)}


def test_back_on_the_board_it_goes_on_by_itself() -> None:
    """After an exercise on the floor the next one waits for whoever comes, and begins when they stand there."""
    done = walked("full")
    came_back = 0
    for at, (before, step) in enumerate(zip(done.routine, done.routine[1:], strict=False), start=1):
        assert isinstance(before, HoldStep | RepsStep)
        assert isinstance(step, HoldStep | RepsStep)
        if not is_verified(before) and is_verified(step):
            phases = [one.phase for one in done.shown(at)]
            assert phases[0] == "wait"
            assert "prepare" in phases
            came_back += 1
    assert came_back >= 4


def test_a_test_comes_before_the_stretch_and_is_asked_about() -> None:
    """The test of a routine is whole, its two questions are answered on the page, and the stretch follows."""
    done = walked("test_and_stretch")
    assert [type(step) for step in done.routine] == [TestStep, AskStep, HoldStep]
    (test,) = done.sat.tests
    assert isinstance(test, Test)
    assert test.left_mm is not None
    assert test.right_mm is not None
    circumstances = test.circumstances
    assert (circumstances.felt_place, circumstances.pain) == ("calf", 1)
    asked = done.shown(1)
    assert [one.phase for one in asked if one.phase in ("felt", "pain")]
    assert {AnyState(one.state).result_left_mm for one in asked if one.phase == "pain"} == {test.left_mm}


# A sensor that fails in the middle.


def pulled(led: Led, routine: Routine) -> None:
    """Both heels' converter comes off in the middle of the second hold of a routine."""
    led.station.start(routine, led.person_id)
    led.live(0.1)
    led.board.act("auto")
    led.until(lambda: AnyState(led.station.snapshot().state).repetition == 2 and led.station.snapshot().phase == "hold")
    led.live(PULLED_AFTER_S)
    led.board.act("pull_heels")


def test_a_sensor_that_comes_back_takes_nothing_from_what_was_done(tmp_path: Path) -> None:
    """While the heels are not felt nothing is credited; when they are again, the hold goes on from its credit."""
    routine = routine_of(TWO_HOLDS)
    with Led(tmp_path, ANALOGUE) as led:
        pulled(led, routine)
        led.live(6.0)
        kept_us = AnyState(led.station.snapshot().state).counted_us
        assert PULLED_AFTER_S - 0.5 <= kept_us / SECOND_US <= PULLED_AFTER_S + 0.5
        led.board.act("return_heels")
        led.until(lambda: not goes_on(led), 600.0)
        led.live(5.0)
        assert led.heard()[-1] is CueName.COMPLETE
        assert dose_of(led) == legs_of(routine)
        assert led.store.unfinished_run(None) is None


def test_a_sensor_that_never_comes_back_keeps_what_was_done(tmp_path: Path) -> None:
    """The routine ends by itself, what was held is stored, and the rest is gone on with when the sensor is whole."""
    routine = routine_of(TWO_HOLDS)
    with Led(tmp_path, ANALOGUE) as led:
        pulled(led, routine)
        led.until(lambda: not goes_on(led), 300.0)
        assert led.station.snapshot().phase == "ended"
        first, second = bouts_of(led.sat())
        assert (first.state, second.state) == ("finished", "partial")
        assert isinstance(second, Hold)
        assert second.credited_us / SECOND_US == pytest.approx(PULLED_AFTER_S, abs=0.5)
        left = led.store.unfinished_run(led.person_id)
        assert left is not None
        led.live(30.0)
        led.board.act("return_heels")
        led.live(30.0)
        led.station.request_start("rest", led.person_id)
        led.live(0.1)
        led.walk()
        assert led.heard()[-1] is CueName.COMPLETE
        done = [one for session in led.store.sessions() for one in finished(led, session.id)]
        assert credited(done) == legs_of(routine)


def finished(led: Led, session_id: str) -> list[Hold | RepSet]:
    detail = led.store.session(session_id)
    assert detail is not None
    return [one for one in bouts_of(detail) if one.state == "finished"]


def test_one_heel_of_two_in_a_squat_is_told(tmp_path: Path) -> None:
    """With both feet at work one heel that rises stops the clock, HEEL_UP sounds, and the page shows which it is."""
    routine = routine_of((Item(exercise="3c", hold_s=20),))
    with Led(tmp_path, ANALOGUE) as led:
        led.station.start(routine, led.person_id)
        led.live(0.1)
        led.board.act("auto")
        led.until_phase("hold")
        led.live(8.0)
        led.board.world.press(Side.RIGHT, 0.0, led.clock.now_us(), 120_000)
        led.until_phase("lifted")
        heels = {heel.side: heel.down for heel in led.station.snapshot().heels}
        assert heels == {Side.LEFT: True, Side.RIGHT: False}
        led.live(0.6)
        assert CueName.HEEL_UP in led.heard()
        stopped_us = AnyState(led.station.snapshot().state).counted_us
        assert stopped_us / SECOND_US == pytest.approx(8.0, abs=0.15)
        led.board.world.press(Side.RIGHT, 130.0, led.clock.now_us(), 120_000)
        led.until_phase("hold")
        led.until(lambda: not goes_on(led))
        (hold,) = led.sat().holds
        assert (hold.state, hold.lift_count, hold.credited_us) == ("finished", 1, 20 * SECOND_US)


# What is heard in all that.


def a_test_whose_board_slides(led: Led) -> None:
    led.station.request_start("test", None)
    led.board.act("auto")
    led.until_phase("attempt")
    led.live(0.5)
    led.board.act("slide", "25")
    led.until(lambda: CueName.TRIAL_VOID in led.heard())


def a_test_whose_cable_comes_out(led: Led) -> None:
    led.station.request_start("test", None)
    led.board.act("auto")
    led.until_phase("attempt")
    led.board.act("pull_cable")
    led.until_phase("fault")
    led.live(3.0)


def a_test_beyond_the_limit(led: Led) -> None:
    led.station.request_start("test", None)
    led.board.act("auto")
    led.until(lambda: CueName.NO in led.heard(), 300.0)


def a_full_test_that_is_a_best(led: Led) -> None:
    led.lead((TestStep((Side.LEFT,), full=True, beat_left_mm=1.0),))


def a_hold_that_is_left(led: Led) -> None:
    led.step_on()
    led.hold(20.0)
    led.board.act("step_off")
    led.until_phase("ended")
    led.live(2.0)


def a_heel_that_comes_up(led: Led) -> None:
    led.step_on()
    led.hold(20.0)
    led.board.act("lift_heel")
    led.live(1.5)
    led.board.act("lower_heel")
    led.live(1.0)


def a_question_that_is_answered_by_taps(led: Led) -> None:
    led.step_on(after_s=3.0)
    led.station.start((AskStep(),), None)
    led.live(1.5)
    for _ in range(2):
        led.board.world.press(Side.LEFT, 0.0, led.clock.now_us(), 0)
        led.board.act("take_over")
        led.live(0.2)
        led.board.world.press(Side.LEFT, 300.0, led.clock.now_us(), 0)
        led.board.act("take_over")
        led.live(0.25)
    led.live(1.5)


HEARD_IN = {
    CueName.TRIAL_VOID: a_test_whose_board_slides,
    CueName.ERROR: a_test_whose_cable_comes_out,
    CueName.NO: a_test_beyond_the_limit,
    CueName.BEST: a_full_test_that_is_a_best,
    CueName.PAUSED: a_hold_that_is_left,
    CueName.NUDGE: a_hold_that_is_left,
    CueName.ENDED: a_hold_that_is_left,
    CueName.HEEL_UP: a_heel_that_comes_up,
    CueName.ECHO: a_question_that_is_answered_by_taps,
}
"""What is heard only where something goes another way; all else is heard where nothing does."""


@pytest.mark.parametrize("cue", CueName)
def test_every_cue_of_the_table_is_heard(tmp_path: Path, cue: CueName) -> None:
    """Each cue is asked for somewhere, and known by its rhythm to whoever hears the buzzer."""
    if cue not in HEARD_IN:
        assert cue in walked("test_and_stretch").heard
        return
    with Led(tmp_path, rig.COMPARATORS) as led:
        HEARD_IN[cue](led)
        assert cue in led.heard()
