"""Whole tests and stretches on every wiring, with the real drivers and the loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.config import Config
from station.core.events import SECOND_US, Side
from station.core.facts import CueName
from station.simulator.ankle import PersonProfile
from station.simulator.board import SimulatedBoard
from station.simulator.virtual import VirtualClock
from tests.station.simulator.whole_sessions import STEADY, WIRINGS, Life, began_us, life
from tests.station.states import AnyState

HOLD_US = 10 * SECOND_US
STEP_MM, ERROR_MM = 5.0, 3.0
"""After a failure the test continues in steps of 5 mm; sensor and placement may err by 3 mm."""


@pytest.mark.parametrize("wiring", WIRINGS.values(), ids=WIRINGS)
def test_every_wiring_runs_a_test_and_a_stretch(wiring: str, tmp_path: Path) -> None:
    """A whole test ends within a step of the true limit, each distance is right to 3 mm, and every hold is exact."""
    with life(wiring, tmp_path) as lived:
        limits_mm = lived.limits_mm()
        lived.board.act("auto")
        detail = lived.until_over()
        (test,) = detail.tests
        assert test.state == "finished"
        for side, score_mm in ((Side.LEFT, test.left_mm), (Side.RIGHT, test.right_mm)):
            assert score_mm is not None
            assert -ERROR_MM <= limits_mm[side] - score_mm <= STEP_MM + ERROR_MM
        begin_us = began_us(lived, detail)
        passed = [one for one in test.attempts if one.outcome == "passed"]
        assert len(passed) >= 4
        for one in passed:
            assert one.window_us is not None
            assert one.toe_mm == pytest.approx(lived.true_toe_mm(begin_us + one.window_us[1]), abs=ERROR_MM)
        assert sorted((hold.side, hold.repetition) for hold in detail.holds) == [
            (side, repetition) for side in Side for repetition in (1, 2)
        ]
        assert {(hold.state, hold.credited_us, hold.lift_count) for hold in detail.holds} == {("finished", HOLD_US, 0)}
        assert lived.station.snapshot().faults == ()


@pytest.mark.parametrize("wiring", ["as by default", "no pad", "comparators", "one plate, no pad"])
def test_cheater_never_passes_beyond_the_limit(wiring: str, tmp_path: Path) -> None:
    """A person who lifts the heel to reach the wall passes no attempt beyond the true limit, with any wiring."""
    with life(WIRINGS[wiring], tmp_path, PersonProfile(is_honest=False, mean_lift_interval_s=1e9), seed=2) as lived:
        limits_mm = lived.limits_mm()
        lived.board.act("test")
        detail = lived.until_over()
        attempts = [one for test in detail.tests for one in test.attempts]
        assert {CueName.NO, CueName.PAUSED} & {cue.cue for cue in lived.board.heard_cues}
        passed = [(one.side, one.toe_mm) for one in attempts if one.outcome == "passed"]
        assert all(toe_mm is not None and toe_mm <= limits_mm[side] + ERROR_MM for side, toe_mm in passed)


def lifted_hold(lived: Life) -> None:
    """Lift the heel by command for two seconds in the first hold."""
    lived.station.request_start("stretch", None)
    lived.board.act("auto")
    lived.until_phase("hold")
    lived.live(4.0)
    lived.board.person.script.follows_cues = False
    lived.board.act("lift_heel")
    lived.live(2.0)
    lived.board.act("lower_heel")
    lived.until_phase("hold")
    lived.board.person.script.follows_cues = True


@pytest.mark.parametrize("wiring", ["as by default", "comparators"])
def test_heel_lift_is_timed_to_50_ms(wiring: str, tmp_path: Path) -> None:
    """A heel lift of two seconds is one lift of two seconds, to 50 ms, and earns no credit; HEEL_UP sounds."""
    with life(WIRINGS[wiring], tmp_path) as lived:
        lifted_hold(lived)
        first = lived.until_over().holds[0]
        assert (first.credited_us, first.lift_count, first.micro_lift_count) == (HOLD_US, 1, 0)
        assert first.lifted_us == pytest.approx(2 * SECOND_US, abs=50_000)
        assert CueName.HEEL_UP in {cue.cue for cue in lived.board.heard_cues}


def test_same_seed_stores_the_same_session(tmp_path: Path) -> None:
    """Two sessions with the same seed store the same records, and another seed stores others."""
    details = []
    for number, seed in enumerate((5, 5, 6)):
        (tmp_path / str(number)).mkdir()
        with life("", tmp_path / str(number), seed=seed) as lived:
            lived.board.act("test")
            details.append(lived.until_over())
    assert details[0] == details[1]
    assert details[0].tests[0].attempts != details[2].tests[0].attempts


def test_pulled_cable_costs_only_the_attempt(tmp_path: Path) -> None:
    """A cable pulled in a lunge is reported in a sentence; once it is back, the test continues to its end."""
    with life("", tmp_path) as lived:
        lived.board.act("test")
        lived.until_phase("attempt")
        lived.live(0.8)
        lived.board.act("pull_cable")
        lived.until_phase("fault")
        lived.until(lambda: any("distance sensor" in one.sentence for one in lived.station.snapshot().faults))
        lived.live(4.0)
        lived.board.act("return_cable")
        (test,) = lived.until_over().tests
        assert test.state == "finished"
        assert test.attempts[0].started_us < test.attempts[-1].started_us
        assert lived.station.snapshot().faults == ()


def test_frozen_sensor_measures_nothing(tmp_path: Path) -> None:
    """A sensor that repeats its result gives no distance, and the test finishes after it has thawed."""
    with life("", tmp_path) as lived:
        lived.board.act("test")
        lived.until_phase("attempt")
        lived.board.act("freeze_sensor")
        lived.until_phase("fault")
        lived.live(20.0)
        assert lived.station.snapshot().toe_mm is None
        lived.board.act("thaw_sensor")
        (test,) = lived.until_over().tests
        assert test.state == "finished"


def test_hold_earns_no_credit_without_the_adc(tmp_path: Path) -> None:
    """A disconnected MCP3008 reads as a lifted heel: the hold earns no credit until it is back."""
    with life("", tmp_path) as lived:
        lived.station.request_start("stretch", None)
        lived.board.act("auto")
        lived.until_phase("hold")
        lived.live(4.0)
        lived.board.act("pull_heels")
        lived.live(2.0)
        credited_us = AnyState(lived.station.snapshot().state).counted_us
        lived.live(0.5)
        assert AnyState(lived.station.snapshot().state).counted_us == credited_us < 5 * SECOND_US
        lived.board.act("return_heels")
        detail = lived.until_over()
        assert {hold.credited_us for hold in detail.holds} == {HOLD_US}
        assert len(detail.holds) == 4


def test_person_who_leaves_and_returns_finishes_the_stretch(tmp_path: Path) -> None:
    """A stretch pauses when the person steps off; back on the board they keep their credit."""
    with life("", tmp_path) as lived:
        lived.station.request_start("stretch", None)
        lived.board.act("auto")
        lived.until_phase("hold")
        lived.live(5.0)
        lived.board.act("step_off")
        lived.until_phase("paused")
        lived.live(4.0)
        lived.board.person.script.follows_cues = True
        lived.board.act("auto")
        detail = lived.until_over()
        assert {(hold.state, hold.credited_us) for hold in detail.holds} == {("finished", HOLD_US)}


def test_person_who_leaves_for_good_ends_the_session(tmp_path: Path) -> None:
    """A person who leaves in the middle of a test ends the session; the finished side is kept."""
    with life("", tmp_path) as lived:
        lived.board.act("test")
        lived.until(lambda: lived.station.snapshot().side is Side.RIGHT)
        lived.until_phase("attempt")
        lived.board.act("step_off")
        (test,) = lived.until_over().tests
        assert test.state == "partial"
        assert test.left_mm is not None
        assert test.right_mm is None


def test_wall_clock_jump_does_not_change_a_hold(tmp_path: Path) -> None:
    """A wall clock that jumps by an hour in a hold does not change the length of the hold."""
    with life("", tmp_path) as lived:
        lived.station.request_start("stretch", None)
        lived.board.act("auto")
        lived.until_phase("hold")
        began, wall = lived.clock.now_us(), lived.board.clock.utc_now()
        lived.live(3.0)
        lived.board.act("wall_clock", "1")
        assert (lived.board.clock.utc_now() - wall).total_seconds() == pytest.approx(3603, abs=0.1)
        lived.until_phase("rest")
        assert lived.clock.now_us() - began == pytest.approx(HOLD_US, abs=200_000)


@pytest.mark.parametrize(
    ("command", "argument"),
    [("fly", None), ("step_on", None), ("step_on", "up"), ("slide", "far"), ("slide", "9999"), ("wall_clock", "nan")],
)
def test_act_refuses_an_unknown_command_or_bad_argument(command: str, argument: str | None) -> None:
    """An unknown command or a bad argument raises a sentence, and nothing happens."""
    board = SimulatedBoard(Config(), VirtualClock())
    with pytest.raises(ValueError, match="use"):
        board.act(command, argument)
    assert board.person.script.next_due_us() is None


def test_commands_move_the_person() -> None:
    """The commands step on, lean, lift the heel, slide the board, cheat and step off change the board accordingly."""
    clock = VirtualClock()
    board = SimulatedBoard(Config(), clock, profile=STEADY)

    def live(seconds: float) -> None:
        until_us = clock.now_us() + round(seconds * SECOND_US)
        while (due_us := board.next_due_us()) is not None and due_us <= until_us:
            clock.advance_to(due_us)
            board.run_due(clock.now_us())
        clock.advance_to(until_us)

    def load(side: Side) -> float:
        return board.world.force_n(side, clock.now_us())

    board.act("step_on", "right")
    live(1.0)
    assert load(Side.RIGHT) > 200 > load(Side.LEFT)
    board.act("lean")
    live(2.0)
    assert board.pin_factory.level(Config().pins.knee_pad) == 0
    board.act("lift_heel")
    live(1.0)
    assert load(Side.RIGHT) < 20
    board.act("lower_heel")
    board.act("slide", "60")
    live(3.0)
    assert board.world.toe_mm(clock.now_us()) == pytest.approx(140.0)
    pad = board.pin_factory.pin(Config().pins.knee_pad)
    assert pad.state == 1
    board.act("cheat")
    live(3.0)
    assert pad.state == 0
    assert load(Side.RIGHT) < 20
    board.act("step_off")
    live(2.0)
    assert load(Side.RIGHT) == 0
    assert set(board.commands()) >= {"test", "stretch", "auto", "take_over"}
