"""Whole tests and stretches on every wiring, the real drivers and the loop included."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.config import Config
from station.core.events import SECOND_US, Side
from station.core.facts import CueName
from station.simulator.ankle import PersonProfile
from station.simulator.board import SimulatedBoard
from station.simulator.virtual import VirtualClock
from tests.station.simulator.sittings import STEADY, WIRINGS, Life, began_us, life
from tests.station.states import AnyState

HOLD_US = 10 * SECOND_US
STEP_MM, ERROR_MM = 5.0, 3.0
"""After a failure the test goes on in steps of 5 mm; sensor and placement may err by three."""


@pytest.mark.parametrize("wiring", WIRINGS.values(), ids=WIRINGS)
def test_every_wiring_measures_and_stretches(wiring: str, tmp_path: Path) -> None:
    """A whole test ends within a step of the true limit, each distance is true to 3 mm, and every hold is exact."""
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
        assert lived.station.snapshot().troubles == ()


@pytest.mark.parametrize("wiring", ["as by default", "no pad", "comparators", "one plate, no pad"])
def test_a_cheater_never_passes(wiring: str, tmp_path: Path) -> None:
    """A person who lifts the heel to reach the wall passes no attempt beyond the true limit, whatever the wiring."""
    with life(WIRINGS[wiring], tmp_path, PersonProfile(is_honest=False, mean_lift_interval_s=1e9), seed=2) as lived:
        limits_mm = lived.limits_mm()
        lived.board.act("test")
        detail = lived.until_over()
        attempts = [one for test in detail.tests for one in test.attempts]
        assert {CueName.NO, CueName.PAUSED} & {cue for _, cue in lived.board.heard_cues}
        passed = [(one.side, one.toe_mm) for one in attempts if one.outcome == "passed"]
        assert all(toe_mm is not None and toe_mm <= limits_mm[side] + ERROR_MM for side, toe_mm in passed)


def lifted_hold(lived: Life) -> None:
    """In the first hold the heel is lifted by a visitor's hand for two seconds, and lowered again."""
    lived.station.request_start("stretch", None)
    lived.board.act("auto")
    lived.until_phase("hold")
    lived.live(4.0)
    lived.board.person.follows_cues = False
    lived.board.act("lift_heel")
    lived.live(2.0)
    lived.board.act("lower_heel")
    lived.until_phase("hold")
    lived.board.person.follows_cues = True


@pytest.mark.parametrize("wiring", ["as by default", "comparators"])
def test_a_lift_is_timed_to_the_sample(wiring: str, tmp_path: Path) -> None:
    """Two seconds of a lifted heel are two seconds that earn nothing, one lift and one alarm, to 50 ms."""
    with life(WIRINGS[wiring], tmp_path) as lived:
        lifted_hold(lived)
        first = lived.until_over().holds[0]
        assert (first.credited_us, first.lift_count, first.micro_lift_count) == (HOLD_US, 1, 0)
        assert first.lifted_us == pytest.approx(2 * SECOND_US, abs=50_000)
        assert CueName.HEEL_UP in {cue for _, cue in lived.board.heard_cues}


def test_the_same_seed_lives_the_same_life(tmp_path: Path) -> None:
    """What is stored of a session is the same when it is lived again, and another with another seed."""
    lives = []
    for number, seed in enumerate((5, 5, 6)):
        (tmp_path / str(number)).mkdir()
        with life("", tmp_path / str(number), seed=seed) as lived:
            lived.board.act("test")
            lives.append(lived.until_over())
    assert lives[0] == lives[1]
    assert lives[0].tests[0].attempts != lives[2].tests[0].attempts


def test_a_cable_out_in_an_attempt_costs_only_the_attempt(tmp_path: Path) -> None:
    """The cable comes out in a lunge: a sentence says so, and when it is back the test goes on to its end."""
    with life("", tmp_path) as lived:
        lived.board.act("test")
        lived.until_phase("attempt")
        lived.live(0.8)
        lived.board.act("pull_cable")
        lived.until_phase("fault")
        lived.until(lambda: any("distance sensor" in one.sentence for one in lived.station.snapshot().troubles))
        lived.live(4.0)
        lived.board.act("return_cable")
        (test,) = lived.until_over().tests
        assert test.state == "finished"
        assert test.attempts[0].started_us < test.attempts[-1].started_us
        assert lived.station.snapshot().troubles == ()


def test_a_frozen_sensor_measures_nothing(tmp_path: Path) -> None:
    """A sensor that repeats itself gives no distance, and no attempt passes until it has thawed."""
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


def test_heels_without_their_adc_earn_nothing(tmp_path: Path) -> None:
    """An MCP3008 that has come off reads as a lifted heel: a hold stands still, and goes on when it is back."""
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


def test_somebody_walks_away_and_comes_back(tmp_path: Path) -> None:
    """A person who leaves in a stretch is waited for; back on the board they keep what they had."""
    with life("", tmp_path) as lived:
        lived.station.request_start("stretch", None)
        lived.board.act("auto")
        lived.until_phase("hold")
        lived.live(5.0)
        lived.board.act("step_off")
        lived.until_phase("paused")
        lived.live(4.0)
        lived.board.person.follows_cues = True
        lived.board.act("auto")
        detail = lived.until_over()
        assert {(hold.state, hold.credited_us) for hold in detail.holds} == {("finished", HOLD_US)}


def test_somebody_walks_away_for_good(tmp_path: Path) -> None:
    """A person who leaves in the middle of a test ends the session; what was finished is kept."""
    with life("", tmp_path) as lived:
        lived.board.act("test")
        lived.until(lambda: lived.station.snapshot().side is Side.RIGHT)
        lived.until_phase("attempt")
        lived.board.act("step_off")
        (test,) = lived.until_over().tests
        assert test.state == "partial"
        assert test.left_mm is not None
        assert test.right_mm is None


def test_the_wall_clock_may_jump_in_a_hold(tmp_path: Path) -> None:
    """A wall clock that jumps by an hour in a hold changes neither its credit nor its length."""
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
    ("word", "argument"),
    [("fly", None), ("step_on", None), ("step_on", "up"), ("slide", "far"), ("slide", "9999"), ("wall_clock", "nan")],
)
def test_a_word_that_makes_no_sense_is_refused(word: str, argument: str | None) -> None:
    """An unknown word or a bad argument is a sentence, and nothing happens."""
    board = SimulatedBoard(Config(), VirtualClock())
    with pytest.raises(ValueError, match=r"say|give"):
        board.act(word, argument)
    assert board.person.next_due_us() is None


def test_a_visitor_moves_the_person_by_hand() -> None:
    """Stepping on, leaning, lifting the heel and sliding the board do to the board what they say."""
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
