"""Resuming: a person who returns within ten minutes continues, and is offered the unfinished routine later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import copyfile

import pytest

from station.catalogue.records import Item
from station.core.events import SECOND_US, CommandName, Side
from station.core.facts import CueName
from station.core.steps import HoldStep, TestStep
from station.simulator.virtual import BEGIN_WALL
from station.store.connect import log_files
from station.store.records import Hold
from tests.station.guided_station import COMPARATORS, GuidedStation, credited, prescribed_doses, routine_of
from tests.station.health_answers import add_screened_person
from tests.station.rig import Rig
from tests.station.states import AnyState

ITEMS = (Item(exercise="3b", hold_s=10, repetitions=1), Item(exercise="3a", hold_s=20, repetitions=2))
ROUTINE = routine_of(ITEMS, analogue=False)
DONE_BEFORE_S = 8.0
"""The credit of the second hold of the second exercise."""
LEAVING_S = 1.5
"""The time to lean back, with the heel down, before stepping off."""


def holds_of(rig: Rig) -> list[Hold]:
    """All stored holds, in order of time."""
    found = [hold for session in reversed(rig.store.sessions()) for hold in held_in(rig, session.id)]
    return sorted(found, key=lambda hold: hold.started_at)


def held_in(rig: Rig, session_id: str) -> tuple[Hold, ...]:
    detail = rig.store.session(session_id)
    assert detail is not None
    return detail.holds


def run_into_last_hold(guided: GuidedStation, person_id: str | None = None) -> None:
    """Run until the first exercise and one hold of the second are done, and the second hold has begun."""
    guided.station.start(ROUTINE, person_id or guided.person_id, "the routine")
    guided.live(0.1)
    guided.board.act("auto")

    def second() -> bool:
        now = AnyState(guided.station.snapshot().state)
        return (now.step, now.repetition, now.phase) == (1, 2, "hold")

    guided.until(second, 300.0)
    guided.live(DONE_BEFORE_S)


def step_off_until_ended(guided: GuidedStation) -> None:
    """Step off, and wait until the routine has ended."""
    guided.board.act("step_off")
    guided.until_phase("ended", limit_s=90.0)


def stay_away(guided: GuidedStation, minutes: float, since_us: int) -> None:
    """Stay off the board until this many minutes after the routine ended."""
    guided.until(lambda: guided.station.snapshot().session_id is None, 60.0)
    gone_us = guided.clock.now_us() - since_us
    guided.jump_to(guided.clock.utc_now() + timedelta(minutes=minutes) - timedelta(microseconds=gone_us))
    guided.live(0.5)


def step_back_on(guided: GuidedStation) -> None:
    """Step on, and follow the cues."""
    guided.board.act("auto")
    guided.live(8.0)


@pytest.fixture
def guided(tmp_path: Path) -> Iterator[GuidedStation]:
    with GuidedStation(tmp_path, COMPARATORS) as made:
        yield made


@pytest.mark.parametrize("minutes", [1.0, 5.0, 9.9])
def test_stepping_on_within_ten_minutes_resumes(guided: GuidedStation, minutes: float) -> None:
    """The interrupted repetition starts again, earlier ones are not repeated, and the dose is complete in the end."""
    run_into_last_hold(guided)
    step_off_until_ended(guided)
    ended_us = guided.clock.now_us()
    offered = guided.station.snapshot().unfinished
    assert offered is not None
    assert offered.title == "the routine"
    stay_away(guided, minutes, ended_us)
    step_back_on(guided)
    now = guided.station.snapshot()
    assert (now.routine_title, now.phase, now.exercise, now.side) == ("the routine", "prepare", "3a", Side.RIGHT)
    guided.run_to_end()
    holds = holds_of(guided)
    assert [(hold.exercise, hold.side, hold.state) for hold in holds] == [
        ("3b", Side.LEFT, "finished"),
        ("3b", Side.RIGHT, "finished"),
        ("3a", Side.RIGHT, "finished"),
        ("3a", Side.RIGHT, "partial"),
        ("3a", Side.RIGHT, "finished"),
        ("3a", Side.LEFT, "finished"),
        ("3a", Side.LEFT, "finished"),
    ]
    assert DONE_BEFORE_S <= holds[3].credited_us / SECOND_US <= DONE_BEFORE_S + LEAVING_S
    assert credited([hold for hold in holds if hold.state == "finished"]) == prescribed_doses(ROUTINE)
    assert guided.store.unfinished_run(None) is None


def test_stepping_on_after_ten_minutes_does_not_resume(guided: GuidedStation) -> None:
    """Stepping on does what the settings say, here nothing; the page can still resume."""
    run_into_last_hold(guided)
    step_off_until_ended(guided)
    stay_away(guided, 10.2, guided.clock.now_us())
    assert guided.station.snapshot().unfinished is None
    step_back_on(guided)
    assert guided.station.snapshot().activity == "idle"
    guided.station.request_start("rest", None)
    guided.live(0.5)
    assert guided.station.snapshot().routine_title == "the routine"
    guided.run_to_end()
    assert credited([hold for hold in holds_of(guided) if hold.state == "finished"]) == prescribed_doses(ROUTINE)


def test_stepping_on_after_stop_does_not_resume(guided: GuidedStation) -> None:
    """The unfinished routine is only offered."""
    run_into_last_hold(guided)
    guided.station.command(CommandName.STOP)
    guided.live(2.0)
    guided.board.act("step_off")
    stay_away(guided, 1.0, guided.clock.now_us())
    assert guided.station.snapshot().unfinished is not None
    step_back_on(guided)
    assert guided.station.snapshot().activity == "idle"
    guided.station.request_start("rest", None)
    guided.live(0.5)
    guided.run_to_end()
    assert credited([hold for hold in holds_of(guided) if hold.state == "finished"]) == prescribed_doses(ROUTINE)


def test_unfinished_routine_survives_power_cut(tmp_path: Path) -> None:
    """The power fails in a hold; the restarted station can resume the routine."""
    with GuidedStation(tmp_path, COMPARATORS) as guided:
        run_into_last_hold(guided)
        person_id = guided.person_id
    with GuidedStation(tmp_path, COMPARATORS) as guided:
        kept = guided.store.unfinished_run(person_id)
        assert kept is not None
        assert kept.title == "the routine"
        guided.live(1.0)
        guided.station.request_start("rest", None)
        guided.live(0.5)
        guided.run_to_end()
        holds = holds_of(guided)
        assert credited([hold for hold in holds if hold.state == "finished"]) == prescribed_doses(ROUTINE)
        assert guided.store.unfinished_run(person_id) is None


@pytest.mark.parametrize(("away", "resumes"), [(1.0, True), (9.0, True), (10.5, False), (-5.0, False)])
def test_stepping_on_after_a_power_cut_resumes_within_ten_minutes(tmp_path: Path, away: float, resumes: bool) -> None:
    """With several people, it is the routine of the one who was on the board. If the clock went back, there is none."""
    with GuidedStation(tmp_path, COMPARATORS) as guided:
        ada, _ = add_screened_person(guided.store, "Ada"), add_screened_person(guided.store, "Ben")
        run_into_last_hold(guided, ada)
        saved = guided.store.unfinished_run(ada)
        assert saved is not None
        cut = guided.clock.utc_now()
    wall = (saved.saved_at if away < 0 else cut) + timedelta(minutes=away)
    with GuidedStation(tmp_path, COMPARATORS, wall=wall) as guided:
        guided.live(1.0)
        offered = guided.station.snapshot().unfinished
        assert (offered is not None and offered.person_id == ada) is resumes
        step_back_on(guided)
        now = guided.station.snapshot()
        assert (now.person_id, now.routine_title) == ((ada, "the routine") if resumes else (None, None))


@pytest.mark.parametrize(("away", "resumes"), [(9.5, True), (10.5, False)])
def test_ten_minutes_count_from_the_last_moment_on_the_board(tmp_path: Path, away: float, resumes: bool) -> None:
    """Twelve minutes into a hold its step began too long ago, but its credit was stored seconds before the cut."""
    with GuidedStation(tmp_path, COMPARATORS) as guided:
        ada = guided.person_id
        guided.station.start((HoldStep((Side.LEFT,), 1800 * SECOND_US, 1),), ada, "the hold")
        guided.live(0.1)
        guided.board.act("auto")
        guided.until_phase("hold")
        guided.live(12 * 60.0)
        wall = guided.clock.utc_now() + timedelta(minutes=away)
    with GuidedStation(tmp_path, COMPARATORS, wall=wall) as guided:
        guided.live(1.0)
        offered = guided.station.snapshot().unfinished
        assert (offered is not None and offered.person_id == ada) is resumes


def test_routine_that_a_person_ended_is_not_resumed_after_a_restart(guided: GuidedStation, tmp_path: Path) -> None:
    """The person stopped it; the page offers it."""
    run_into_last_hold(guided)
    guided.station.command(CommandName.STOP)
    guided.board.act("step_off")
    guided.until(lambda: guided.station.snapshot().session_id is None, 60.0)
    wall = guided.clock.utc_now() + timedelta(minutes=1)
    guided.close()
    with GuidedStation(tmp_path, COMPARATORS, wall=wall) as again:
        again.live(1.0)
        assert again.station.snapshot().unfinished is None
        step_back_on(again)
        assert again.station.snapshot().activity == "idle"


def test_ten_minutes_of_a_power_cut_include_those_since_the_restart(tmp_path: Path) -> None:
    with GuidedStation(tmp_path, COMPARATORS) as guided:
        run_into_last_hold(guided)
        wall = guided.clock.utc_now() + timedelta(minutes=8)
    with GuidedStation(tmp_path, COMPARATORS, wall=wall) as guided:
        guided.live(150.0)
        step_back_on(guided)
        assert guided.station.snapshot().activity == "idle"


def test_routine_of_an_earlier_session_is_not_resumed_after_a_power_cut(guided: GuidedStation, tmp_path: Path) -> None:
    """The person stopped it, and the power failed in their next session."""
    person_id = guided.person_id
    run_into_last_hold(guided)
    guided.station.command(CommandName.STOP)
    guided.board.act("step_off")
    guided.until(lambda: guided.station.snapshot().session_id is None, 60.0)
    guided.store.begin_session(person_id, guided.clock.utc_now(), simulated=False)
    wall = guided.clock.utc_now() + timedelta(minutes=1)
    guided.close()
    with GuidedStation(tmp_path, COMPARATORS, wall=wall) as again:
        again.live(1.0)
        assert again.store.unfinished_run(person_id) is not None
        assert again.station.snapshot().unfinished is None


def test_trials_survive_a_power_cut(tmp_path: Path) -> None:
    """Their attempts and the trace may be lost; the test is offered again, and a page has everything stored first."""
    cut = tmp_path / "cut"
    cut.mkdir()
    with Rig(tmp_path) as rig:
        person_id = rig.add_person("Ada")
        rig.station.start((TestStep((Side.LEFT,), full=True),), person_id, "the test")
        rig.live(0.1)
        rig.board.act("auto")
        rig.until(lambda: rig.recognised_cues().count(CueName.TRIAL_OK) == 2, 300.0)
        for path in (rig.store.path, log_files(rig.store.path)[0]):
            copyfile(path, cut / path.name)
        rig.station.write_waiting()
        rig.live(0.1)
        (test,) = rig.last_session().tests
        assert {one.trial for one in test.attempts if one.outcome == "passed"} == {1, 2}
        last_row_s = float(trace_of(rig, test.run_id).splitlines()[-1].split(",")[0])
        assert last_row_s * SECOND_US >= test.trials[-1].ended_us
    with Rig(cut, wall=BEGIN_WALL + timedelta(minutes=10)) as rig:
        (test,) = rig.last_session().tests
        assert (test.state, len(test.trials), test.attempts) == ("unfinished", 2, ())
        assert trace_of(rig, test.run_id) == ""
        assert rig.store.unfinished_run(person_id) is not None
        rig.station.request_start("rest", person_id)
        rig.live(0.1)
        rig.board.act("auto")
        rig.until(lambda: CueName.COMPLETE in rig.recognised_cues(), 500.0)
        assert rig.store.unfinished_run(person_id) is None
        (test,) = rig.last_session().tests
        assert (test.state, len(test.trials)) == ("finished", 3)
        assert {one.trial for one in test.attempts} == {1, 2, 3}


def trace_of(rig: Rig, run_id: str) -> str:
    """The rows of a run's trace."""
    found = rig.store.trace(run_id)
    assert found is not None
    return found[1]


def test_unfinished_routine_belongs_to_its_person(guided: GuidedStation) -> None:
    """Neither Ben's step nor his request resumes Ada's routine; she can."""
    ada, ben = add_screened_person(guided.store, "Ada"), add_screened_person(guided.store, "Ben")
    run_into_last_hold(guided, ada)
    step_off_until_ended(guided)
    guided.until(lambda: guided.station.snapshot().session_id is None, 60.0)
    guided.station.request_start("rest", ben)
    guided.live(0.5)
    now = guided.station.snapshot()
    assert now.activity == "idle"
    assert now.note is not None
    assert "Nothing remains" in now.note
    guided.station.start(routine_of((Item(exercise="3b", hold_s=10, repetitions=1, side=Side.LEFT),)), ben)
    guided.live(0.1)
    guided.run_to_end()
    assert guided.store.unfinished_run(ben) is None
    assert guided.store.unfinished_run(ada) is not None
    guided.until(lambda: guided.station.snapshot().session_id is None, 60.0)
    step_back_on(guided)
    assert guided.station.snapshot().activity == "idle", "Ben steps on, and Ada's rest is not his"
    guided.station.request_start("rest", ada)
    guided.live(0.5)
    guided.run_to_end()
    of_ada = [hold for hold in holds_of(guided) if hold.person_id == ada and hold.state == "finished"]
    assert credited(of_ada) == prescribed_doses(ROUTINE)


def test_another_routine_cancels_resume_on_step(guided: GuidedStation) -> None:
    run_into_last_hold(guided)
    step_off_until_ended(guided)
    guided.station.start((HoldStep((Side.LEFT,), 5 * SECOND_US, 1, prepare_us=3 * SECOND_US),), None)
    guided.live(0.1)
    guided.run_to_end()
    guided.until(lambda: guided.station.snapshot().session_id is None, 60.0)
    step_back_on(guided)
    assert guided.station.snapshot().activity == "idle"
