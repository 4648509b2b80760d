"""Whole routines in virtual time: guided from stepping on to COMPLETE, with doses, snapshots and faults."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from station.app.snapshot import Snapshot
from station.app.starting.routines import routine_called, routine_titles
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import Item, Verification
from station.core.events import SECOND_US, Legs, Side
from station.core.facts import CueName
from station.core.state import TestState
from station.core.steps import AskStep, HoldStep, RepsStep, Routine, Step, TestStep, is_verified
from station.settings import Settings
from station.store.records import Hold, RepSet, SessionDetail, Test, UnfinishedRun
from tests.station import rig
from tests.station.guided_station import (
    ANALOGUE,
    COMPARATORS,
    GuidedStation,
    credited,
    holds_and_reps,
    is_running,
    prescribed_doses,
    routine_of,
    stored_doses,
)
from tests.station.states import AnyState

NAMES = tuple(built_in_routines())
BETWEEN = ("rest", "away", "done", "result")
"""The phases between two trials or repetitions, which have the number of the one to come."""
UNPLUGGED_AFTER_S = 6.0
TWO_HOLDS = (Item(exercise="3a", hold_s=20, repetitions=2), Item(exercise="3c", hold_s=20))


@dataclass(frozen=True, slots=True)
class CompletedRoutine:
    """A completed routine: its steps, what was shown, sounded and stored."""

    routine: Routine
    seen: tuple[Snapshot, ...]
    cues: tuple[CueName, ...]
    session: SessionDetail
    unfinished: UnfinishedRun | None

    def shown(self, at: int) -> list[Snapshot]:
        """The snapshots of one step."""
        return [one for one in self.seen if one.state.step == at]


@cache
def complete(name: str) -> CompletedRoutine:
    """Run a ready-made routine once, with a person who follows the cues and touches only the answers."""
    wiring = rig.COMPARATORS if name == "test_and_stretch" else COMPARATORS
    with tempfile.TemporaryDirectory() as scratch, GuidedStation(Path(scratch), wiring) as guided:
        guided.station.request_start(name, guided.person_id)
        guided.live(0.1)
        guided.run_to_end()
        routine = routine_called(name, Settings(), analogue=False)
        return CompletedRoutine(
            routine,
            tuple(guided.seen),
            tuple(guided.recognised_cues()),
            guided.last_session(),
            guided.store.unfinished_run(None),
        )


def exercise_of(step: Step) -> str | None:
    return getattr(step, "exercise", None)


@pytest.mark.parametrize("name", NAMES)
def test_ready_routine_completes_with_exact_dose(name: str) -> None:
    """Only cues and page guide it from stepping on to COMPLETE; the stored dose is the prescribed one to the
    microsecond.
    """
    done = complete(name)
    assert done.cues[-1] is CueName.COMPLETE
    assert done.cues.count(CueName.COMPLETE) == 1
    assert CueName.ENDED not in done.cues
    assert CueName.HEEL_UP not in done.cues
    bouts = holds_and_reps(done.session)
    assert credited(bouts) == prescribed_doses(done.routine)
    assert {one.state for one in bouts} == {"finished"}
    assert done.unfinished is None
    assert {run.state for run in done.session.tests} <= {"finished"}
    for at, step in enumerate(done.routine):
        if isinstance(step, HoldStep | RepsStep):
            mine = [one for one in bouts if one.step_index == at]
            assert {one.exercise for one in mine} == {step.exercise}
            assert credited(mine) == prescribed_doses((step,)), step


@pytest.mark.parametrize("name", NAMES)
def test_snapshots_have_current_and_next_step(name: str) -> None:
    """Every snapshot has the routine's name, the step and the number of steps, its exercise, the next one, and the
    working legs.
    """
    done = complete(name)
    steps = len(done.routine)
    assert [one for one in dict.fromkeys(shown.state.step for shown in done.seen) if one is not None] == list(
        range(steps)
    )
    for at, step in enumerate(done.routine):
        shown = [one for one in done.shown(at) if one.routine_title is not None]
        following = done.routine[at + 1] if at + 1 < steps else None
        assert {one.routine_title for one in shown} == {routine_titles()[name]}
        assert {one.state.steps for one in shown} == {steps}
        assert {one.exercise for one in shown} == {exercise_of(step)}
        assert {one.next_exercise for one in shown} == {None if following is None else exercise_of(following)}
        assert {one.next_step is None for one in shown} == {following is None}
        if isinstance(step, HoldStep | RepsStep):
            assert turns_shown(shown) == list(step.turns)


Place = tuple[int | None, Legs | None, int | None]
"""A step, the legs at work, and their trial or repetition."""


def place_of(shown: Snapshot) -> Place:
    state = shown.state
    count = state.trial if isinstance(state, TestState) else getattr(state, "repetition", None)
    return state.step, state.side, count


def place_announced(shown: Snapshot) -> Place | None:
    """The place that the snapshot says is next within its step; `None` in the last one."""
    state = shown.state
    following = state.next_trial if isinstance(state, TestState) else getattr(state, "next_repetition", None)
    if following is not None:
        return state.step, state.side, following
    return None if state.next_side is None else (state.step, state.next_side, place_of(shown)[2] and 1)


@pytest.mark.parametrize("name", NAMES)
def test_next_is_what_follows(name: str) -> None:
    """Until another trial or repetition, or the other leg, is over, the next step is not what comes next."""
    seen = [one for one in complete(name).seen if one.state.step is not None and one.routine_title is not None]
    for place, after in pairwise(dict.fromkeys(map(place_of, seen))):
        announced = {place_announced(one) for one in seen if place_of(one) == place and one.phase not in BETWEEN}
        assert announced == {after if after[0] == place[0] else None}, place


def turns_shown(shown: Sequence[Snapshot]) -> list[Legs | None]:
    """The working legs, in the order shown."""
    return list(dict.fromkeys(one.side for one in shown))


@pytest.mark.parametrize("name", NAMES)
def test_unsensed_exercise_is_not_verified(name: str) -> None:
    """Snapshot and store mark an exercise off the board as not verified, one that the heels show as verified."""
    done = complete(name)
    for at, step in enumerate(done.routine):
        if isinstance(step, HoldStep | RepsStep):
            one = exercises()[str(step.exercise)]
            assert is_verified(step) is (one.sense is not Verification.TIMER and not one.is_light)
            assert {shown.verified for shown in done.shown(at)} == {is_verified(step)}
            assert {bout.verified for bout in holds_and_reps(done.session) if bout.step_index == at} == {
                is_verified(step)
            }


def test_exercise_after_floor_waits_for_return_to_board() -> None:
    """It starts automatically once the person stands on the board."""
    done = complete("full")
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


def test_test_and_stretch_asks_two_questions_between() -> None:
    """The test is complete, its two questions are answered on the page, and the stretch follows."""
    done = complete("test_and_stretch")
    assert [type(step) for step in done.routine] == [TestStep, AskStep, HoldStep]
    (test,) = done.session.tests
    assert isinstance(test, Test)
    assert test.left_mm is not None
    assert test.right_mm is not None
    answers = test.answers
    assert (answers.felt_places, answers.pain) == (("calf",), 1)
    asked = done.shown(1)
    assert [one.phase for one in asked if one.phase in ("felt", "pain")]
    assert {AnyState(one.state).result_left_mm for one in asked if one.phase == "pain"} == {test.left_mm}


# A sensor that fails during a routine.


def unplug_heels(guided: GuidedStation, routine: Routine) -> None:
    """Unplug the ADC of both heels in the middle of the routine's second hold."""
    guided.station.start(routine, guided.person_id)
    guided.live(0.1)
    guided.board.act("auto")
    guided.until(
        lambda: AnyState(guided.station.snapshot().state).repetition == 2 and guided.station.snapshot().phase == "hold"
    )
    guided.live(UNPLUGGED_AFTER_S)
    guided.board.act("pull_heels")


def test_hold_resumes_from_its_credit_when_heels_return(tmp_path: Path) -> None:
    """Nothing is credited while the heels are unknown."""
    routine = routine_of(TWO_HOLDS)
    with GuidedStation(tmp_path, ANALOGUE) as guided:
        unplug_heels(guided, routine)
        guided.live(6.0)
        kept_us = AnyState(guided.station.snapshot().state).counted_us
        assert UNPLUGGED_AFTER_S - 0.5 <= kept_us / SECOND_US <= UNPLUGGED_AFTER_S + 0.5
        guided.board.act("return_heels")
        guided.until(lambda: not is_running(guided), 600.0)
        guided.live(5.0)
        assert guided.recognised_cues()[-1] is CueName.COMPLETE
        assert stored_doses(guided) == prescribed_doses(routine)
        assert guided.store.unfinished_run(None) is None


def test_routine_ends_and_can_be_resumed_when_heels_stay_lost(tmp_path: Path) -> None:
    """The routine ends automatically, its holds are stored, and it can be resumed with a working sensor."""
    routine = routine_of(TWO_HOLDS)
    with GuidedStation(tmp_path, ANALOGUE) as guided:
        unplug_heels(guided, routine)
        guided.until(lambda: not is_running(guided), 300.0)
        assert guided.station.snapshot().phase == "ended"
        first, second = holds_and_reps(guided.last_session())
        assert (first.state, second.state) == ("finished", "partial")
        assert isinstance(second, Hold)
        assert second.credited_us / SECOND_US == pytest.approx(UNPLUGGED_AFTER_S, abs=0.5)
        unfinished = guided.store.unfinished_run(guided.person_id)
        assert unfinished is not None
        guided.live(30.0)
        guided.board.act("return_heels")
        guided.live(30.0)
        guided.station.request_start("rest", guided.person_id)
        guided.live(0.1)
        guided.run_to_end()
        assert guided.recognised_cues()[-1] is CueName.COMPLETE
        done = [one for session in guided.store.sessions() for one in finished(guided, session.id)]
        assert credited(done) == prescribed_doses(routine)


def finished(guided: GuidedStation, session_id: str) -> list[Hold | RepSet]:
    detail = guided.store.session(session_id)
    assert detail is not None
    return [one for one in holds_and_reps(detail) if one.state == "finished"]


def test_one_heel_up_in_squat_stops_clock_and_is_named(tmp_path: Path) -> None:
    """With both legs working, one lifted heel stops the clock, HEEL_UP sounds, and the snapshot shows which heel."""
    routine = routine_of((Item(exercise="3c", hold_s=20),))
    with GuidedStation(tmp_path, ANALOGUE) as guided:
        guided.station.start(routine, guided.person_id)
        guided.live(0.1)
        guided.board.act("auto")
        guided.until_phase("hold")
        guided.live(8.0)
        guided.board.world.press(Side.RIGHT, 0.0, guided.clock.now_us(), 120_000)
        guided.until_phase("lifted")
        heels = {heel.side: heel.down for heel in guided.station.snapshot().heels}
        assert heels == {Side.LEFT: True, Side.RIGHT: False}
        guided.live(0.6)
        assert CueName.HEEL_UP in guided.recognised_cues()
        stopped_us = AnyState(guided.station.snapshot().state).counted_us
        assert stopped_us / SECOND_US == pytest.approx(8.0, abs=0.15)
        guided.board.world.press(Side.RIGHT, 130.0, guided.clock.now_us(), 120_000)
        guided.until_phase("hold")
        guided.until(lambda: not is_running(guided))
        (hold,) = guided.last_session().holds
        assert (hold.state, hold.lift_count, hold.credited_us) == ("finished", 1, 20 * SECOND_US)


# Cues of the exceptions.


def slide_board_in_attempt(guided: GuidedStation) -> None:
    guided.station.request_start("test", None)
    guided.board.act("auto")
    guided.until_phase("attempt")
    guided.live(0.5)
    guided.board.act("slide", "25")
    guided.until(lambda: CueName.TRIAL_VOID in guided.recognised_cues())


def unplug_sensor_in_attempt(guided: GuidedStation) -> None:
    guided.station.request_start("test", None)
    guided.board.act("auto")
    guided.until_phase("attempt")
    guided.board.act("pull_cable")
    guided.until_phase("fault")
    guided.live(3.0)


def lunge_beyond_limit(guided: GuidedStation) -> None:
    guided.station.request_start("test", None)
    guided.board.act("auto")
    guided.until(lambda: CueName.NO in guided.recognised_cues(), 300.0)


def beat_personal_best(guided: GuidedStation) -> None:
    guided.run_routine((TestStep((Side.LEFT,), full=True, beat_left_mm=1.0),))


def step_off_in_hold(guided: GuidedStation) -> None:
    guided.step_on()
    guided.hold(20.0)
    guided.board.act("step_off")
    guided.until_phase("ended")
    guided.live(2.0)


def lift_heel_in_hold(guided: GuidedStation) -> None:
    guided.step_on()
    guided.hold(20.0)
    guided.board.act("lift_heel")
    guided.live(1.5)
    guided.board.act("lower_heel")
    guided.live(1.0)


def answer_by_taps(guided: GuidedStation) -> None:
    guided.step_on(after_s=3.0)
    guided.station.start((AskStep(),), None)
    guided.live(1.5)
    for _ in range(2):
        guided.board.world.press(Side.LEFT, 0.0, guided.clock.now_us(), 0)
        guided.board.act("take_over")
        guided.live(0.2)
        guided.board.world.press(Side.LEFT, 300.0, guided.clock.now_us(), 0)
        guided.board.act("take_over")
        guided.live(0.25)
    guided.live(1.5)


def start_on_unknown_board(guided: GuidedStation) -> None:
    guided.station.change_settings({"ask_setup": "yes"})
    guided.station.start(routine_called("stretch", Settings()), None)
    guided.live(2.0)


def let_a_browser_in(guided: GuidedStation) -> None:
    guided.station.request_presence()
    guided.live(0.1)
    guided.board.act("rhythm")
    guided.live(25.0)


SCENARIOS = {
    CueName.TRIAL_VOID: slide_board_in_attempt,
    CueName.ERROR: unplug_sensor_in_attempt,
    CueName.NO: lunge_beyond_limit,
    CueName.BEST: beat_personal_best,
    CueName.PAUSED: step_off_in_hold,
    CueName.NUDGE: step_off_in_hold,
    CueName.ENDED: step_off_in_hold,
    CueName.HEEL_UP: lift_heel_in_hold,
    CueName.ECHO: answer_by_taps,
    CueName.ASK: start_on_unknown_board,
    CueName.NUMBER: let_a_browser_in,
}
"""Cues of exceptions, each with its cause; all others sound in an undisturbed routine."""


@pytest.mark.parametrize("cue", CueName)
def test_every_cue_is_played_and_recognised(tmp_path: Path, cue: CueName) -> None:
    """Each cue occurs somewhere, and a listener recognises its rhythm on the buzzer."""
    if cue not in SCENARIOS:
        assert cue in complete("test_and_stretch").cues
        return
    with GuidedStation(tmp_path, rig.COMPARATORS) as guided:
        SCENARIOS[cue](guided)
        assert cue in guided.recognised_cues()
