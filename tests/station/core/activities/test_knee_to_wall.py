"""The knee-to-wall test, row by row of its table."""

from __future__ import annotations

import json
from math import hypot

import pytest

from station.core.events import CommandName
from station.core.facts import (
    AttemptFailed,
    AttemptPassed,
    AttemptStarted,
    AttemptVoid,
    Contact,
    Cue,
    CueName,
    Ended,
    Paused,
    SensorBack,
    SensorLost,
    TapsUndone,
    TargetSet,
    TestFinished,
    TrialFinished,
)
from station.core.measurement.estimate import WANDER_MM
from station.core.replay import format_fact
from station.core.trace import AS_BUILT
from tests.station.core.board import Board
from tests.station.core.lunges import QUICK, WIRINGS, Options, fails, moves, ready, touches
from tests.station.core.traces import LEFT, cues, heard, only


@pytest.mark.parametrize(("options", "contact"), WIRINGS)
def test_from_stepping_on_to_go(options: Options, contact: Contact) -> None:
    """Half a second after the heel is down STEP_ON, two still seconds later READY, three later 3, 2, 1 and GO."""
    board = ready(**options)
    found = [(round(at_s, 1), name) for at_s, name in cues(board.facts)]
    counts = [(6.5, "COUNT 3"), (7.5, "COUNT 2"), (8.5, "COUNT 1")]
    assert found == [(1.5, "STEP_ON"), (3.5, "READY"), *counts, (9.5, "GO")]
    assert only(board.facts, Cue)[1].side is LEFT


@pytest.mark.parametrize(("options", "contact"), WIRINGS)
def test_a_touch_passes_and_leads_back(options: Options, contact: Contact) -> None:
    """A touch with the heel down passes with the toe distance, YES, and a target 15 mm farther."""
    board = ready(**options)
    passed = touches(board, contact)
    assert (passed.side, passed.contact) == (LEFT, contact)
    assert abs(passed.toe_mm - 60) < 2
    assert heard(board.facts, CueName.YES)
    assert only(board.facts, TargetSet)[0].target_mm == round(passed.toe_mm + 15, 1)


def test_a_pass_has_its_whole_estimate() -> None:
    """The reading and its noise before any rounding, for the budget; a replay prints the resulting distance."""
    passed = touches(ready(pad=True), Contact.PAD)
    found = passed.estimate
    assert passed.toe_mm == round(AS_BUILT.toe_mm(found.reading_mm), 1)
    assert passed.uncertainty_mm == round(hypot(found.noise_mm, WANDER_MM), 2)
    assert found.n > 15
    assert "estimate" not in json.loads(format_fact(passed))


@pytest.mark.parametrize(("options", "contact"), WIRINGS)
@pytest.mark.parametrize("noise_from", [0, 40_000, 110_000])
def test_standing_still_for_a_minute_passes_nothing(options: Options, contact: Contact, noise_from: int) -> None:
    """Standing alone measures nothing: every attempt fails for lack of a contact."""
    board = Board(QUICK, noise_from=noise_from, sway=0.12, **options)
    board.stand(LEFT)
    board.run(75)
    assert only(board.facts, AttemptStarted)
    assert not only(board.facts, AttemptPassed)


@pytest.mark.parametrize(("options", "contact"), WIRINGS)
def test_a_whole_trial(options: Options, contact: Contact) -> None:
    """A pass moves the target 15 mm out, 5 mm after the first failure; the second failure after a pass ends it."""
    board = ready(**options)
    first = touches(board, contact)
    moves(board, 75)
    touches(board, contact)
    moves(board, 90)
    assert fails(board).why == "contact"
    moves(board, 80)
    best = touches(board, contact)
    assert only(board.facts, TargetSet)[-1].target_mm == round(best.toe_mm + 5, 1)
    moves(board, 85)
    fails(board)
    trial = only(board.facts, TrialFinished)[0]
    assert (trial.toe_mm, trial.below_range) == (best.toe_mm, False)
    tested = only(board.facts, TestFinished)[0]
    assert (tested.left_mm, tested.right_mm, tested.partial) == (best.toe_mm, None, False)
    assert first.toe_mm < best.toe_mm
    names = [name for _, name in cues(board.facts)]
    assert names[-3:] == ["NO", "TRIAL_OK", "COMPLETE"]


def test_before_a_pass_each_failure_leads_nearer() -> None:
    """Before any pass the target is 20 mm nearer each time, never below 0; three failures at the wall are 0 mm."""
    board = ready()
    board_targets = []
    for toe_mm in (41.0, 21.0, 2.0, 2.0, 2.0):
        fails(board)
        board_targets.append(only(board.facts, TargetSet)[-1].target_mm)
        if only(board.facts, TrialFinished):
            break
        board.toe_mm = toe_mm
        board.until_go(8)
    fails(board)
    assert [round(target_mm / 20) for target_mm in board_targets[:3]] == [2, 1, 0]
    trial = only(board.facts, TrialFinished)[0]
    assert (trial.toe_mm, trial.below_range) == (0.0, True)
    assert only(board.facts, TestFinished)[0].left_mm == 0.0


@pytest.mark.parametrize("noise_from", [5_000, 10_000, 40_000, 75_000])
@pytest.mark.parametrize("from_mm", [60.0, 25.0], ids=["on the way", "at the wall"])
def test_failure_just_after_a_slide_has_its_distance(from_mm: float, noise_from: int) -> None:
    """GO may sound while the second before it contains the end of the slide: its still part gives the distance.

    It is only as exact as standing still: medians that differ by 4 mm count as still.
    """
    board = Board(QUICK, analogue=False, noise_from=noise_from)
    board.toe_mm = from_mm
    board.stand(LEFT)
    board.until_go()
    fails(board)
    target_mm = only(board.facts, TargetSet)[-1].target_mm
    while len(only(board.facts, AttemptStarted)) < 2:
        board.toe_mm = max(target_mm, board.toe_mm - 0.8)
        board.run(0.1)
    failed = fails(board)
    assert failed.toe_mm == pytest.approx(board.toe_mm, abs=4)
    assert only(board.facts, TargetSet)[-1].target_mm == pytest.approx(max(0.0, failed.toe_mm - 20), abs=0.1)
    assert board.engine.state_at(board.now_us).phase == "move"


@pytest.mark.parametrize("lift_s", [0.11, 0.3, 1.0])
def test_a_lift_in_the_lunge_fails(lift_s: float) -> None:
    """With the knee at the pad, a lift of 100 ms or more fails the attempt, and NO sounds at once."""
    board = ready()
    board.run(1)
    board.knee = True
    board.run(0.2)
    board.lift(lift_s)
    board.run(0.3)
    assert only(board.facts, AttemptFailed)[0].why == "heel"
    assert not only(board.facts, AttemptPassed)


def test_a_lift_under_100_ms_does_not_fail() -> None:
    """A shorter one does not count in a lunge."""
    board = ready()
    board.run(1)
    board.knee = True
    board.run(0.2)
    board.lift(0.09)
    assert board.until(AttemptPassed, 2)


def test_the_board_slid() -> None:
    """A half-second median more than 10 mm from before GO is void, not a failure; still for 3 s, and GO again."""
    board = ready()
    board.run(1)
    board.toe_mm = 72.0
    board.until(AttemptVoid, 2)
    slid_s = board.now_s
    assert not only(board.facts, AttemptFailed)
    assert heard(board.facts, CueName.TRIAL_VOID)
    board.until_go(6)
    assert 3.0 <= board.now_s - slid_s < 4.2


def test_move_nudges_after_ten_seconds_and_pauses_after_45() -> None:
    """A person who does not move after a pass gets NUDGE after 10 s and PAUSED after 45 s."""
    board = ready()
    passed = touches(board, Contact.PAD)
    passed_s = passed.at_us / 1e6
    assert board.until_cue(CueName.NUDGE, 12) == pytest.approx(passed_s + 10, abs=0.05)
    assert board.until(Paused, 40).at_us / 1e6 == pytest.approx(passed_s + 45, abs=0.05)
    assert board.until(Ended, 125).at_us / 1e6 == pytest.approx(passed_s + 165, abs=0.1)
    assert not only(board.facts, TestFinished)


def test_stepping_off_to_move_is_allowed() -> None:
    """In MOVE the heel may be up for as long as needed: no pause, and GO only when it is down again."""
    board = ready()
    touches(board, Contact.PAD)
    board.toe_mm = 75.0
    board.rise()
    board.run(8)
    assert not only(board.facts, Paused)
    assert len(only(board.facts, AttemptStarted)) == 1
    board.stand()
    board.until_go(4)


@pytest.mark.parametrize("phase", [CueName.READY, CueName.COUNT, CueName.GO])
def test_away_for_three_seconds_is_a_pause(phase: CueName) -> None:
    """Heel up for 3 s in SIDE, COUNT, or ATTEMPT before the lunge: PAUSED; a new step on leads back to SETTLE."""
    board = Board(QUICK)
    board.stand()
    board.until_cue(phase)
    left_s = board.now_s
    board.rise()
    assert board.until(Paused, 4).at_us / 1e6 == pytest.approx(left_s + 3, abs=0.05)
    board.run(5)
    board.stand()
    board.until_cue(CueName.READY, 4)


def test_go_waits_for_the_heel() -> None:
    """A lift at the end of the count delays GO until the heel is down."""
    board = Board(QUICK)
    board.stand()
    board.until_cue(CueName.READY)
    board.run(5.5)
    board.rise()
    board.run(1.5)
    assert not heard(board.facts, CueName.GO)
    board.stand()
    board.until_go(0.3)


def test_a_lift_before_the_lunge_restarts_the_twelve_seconds() -> None:
    """The 12 s count from the return of a heel that was up before the lunge began."""
    board = ready()
    board.run(8)
    board.lift(0.5)
    back_s = board.now_s
    assert fails(board).at_us / 1e6 == pytest.approx(back_s + 12, abs=0.1)


def test_a_lost_sensor_drops_the_attempt_without_a_verdict() -> None:
    """One second without a reading: SensorLost, ERROR, no verdict; good for two seconds: SETTLE again."""
    board = ready()
    board.run(1)
    board.toe_mm = None
    lost = board.until(SensorLost, 1.2)
    assert lost.sensor == "toe"
    assert heard(board.facts, CueName.ERROR)
    board.run(3)
    board.toe_mm = 60.0
    back_s = board.now_s
    assert board.until(SensorBack, 3).at_us / 1e6 == pytest.approx(back_s + 2, abs=0.1)
    assert board.until_cue(CueName.READY, 3) == pytest.approx(back_s + 4, abs=0.15)
    assert not only(board.facts, AttemptFailed)


def test_undo_finds_a_sensor_that_was_lost_meanwhile() -> None:
    """The attempt restored by the undo would have no distance, so this is a fault like any other."""
    board = Board(QUICK, taps=True)
    board.stand()
    board.until_cue(CueName.READY)
    board.tap(3)
    board.run(1)
    board.toe_mm = None
    board.run(1.2)
    assert only(board.say(CommandName.UNDO), TapsUndone)
    board.run(8)
    assert board.engine.state_at(board.now_us).phase == "fault"
    assert not only(board.facts, AttemptStarted)


def test_the_result_stays_until_they_step_off() -> None:
    """RESULT lasts a minute, or until the person steps off."""
    board = ready()
    touches(board, Contact.PAD)
    for toe_mm in (75.0, 85.0):
        moves(board, toe_mm)
        fails(board)
    board.run(5)
    assert board.engine.outcome is None
    board.rise()
    board.run(0.2)
    assert board.engine.outcome == "complete"


def test_commands_drop_skip_and_stop() -> None:
    """`skip` drops the attempt and returns to SETTLE, `next` ends the count, `stop` ends with the results so far."""
    board = ready()
    board.run(1)
    board.say(CommandName.SKIP)
    board.until_cue(CueName.READY, 3)
    assert only(board.say(CommandName.NEXT), AttemptStarted)
    assert not only(board.facts, AttemptFailed)
    board.say(CommandName.STOP)
    assert board.engine.outcome == "ended"
    assert board.engine.state_at(board.now_us).phase == "ended"
    assert heard(board.facts, CueName.ENDED)


def test_repeated_lifts_before_the_lunge_end_the_attempt() -> None:
    """However often the 12 s restart, the attempt ends, and the rules never stall."""
    board = ready()
    for _ in range(14):
        board.run(1.5)
        board.lift(0.5)
    board.rise()
    board.run(2)
    board.stand()
    assert fails(board).why == "contact"
    assert only(board.facts, AttemptFailed)[0].toe_mm is not None


def test_leaving_a_faulty_sensor_ends_the_test_after_two_minutes() -> None:
    """The test waits for a faulty sensor, but on an empty board it ends after two minutes."""
    board = ready()
    board.run(1)
    board.toe_mm = None
    board.until(SensorLost, 1.2)
    board.run(150)
    assert not only(board.facts, Ended), "somebody who stays is waited for"
    board.rise()
    left_s = board.now_s
    assert board.until(Ended, 121).at_us / 1e6 == pytest.approx(left_s + 120, abs=0.1)
    assert heard(board.facts, CueName.ENDED)


@pytest.mark.parametrize(("options", "contact"), WIRINGS)
def test_readings_that_are_no_distance_do_not_count(options: Options, contact: Contact) -> None:
    """A touch while the sensor sees two objects is neither a result nor a failure: void, and again."""
    board = ready(**options)
    board.flicker_mm = 20.0
    board.knee = True
    if contact is Contact.INFERRED:
        board.run(0.8)
        board.stand(LEFT, 1.7)
    elif contact is Contact.SELF:
        board.run(4)
        board.say(CommandName.CONFIRM)
    else:
        board.run(3)
    if contact is not Contact.SELF:
        board.until(AttemptVoid, 13)
    (void,) = only(board.facts, AttemptVoid)
    assert void.why.startswith(("the readings see two things at", "the readings scatter more than"))
    assert not only(board.facts, AttemptPassed)
    assert not only(board.facts, AttemptFailed)
    board.flicker_mm, board.knee = 0.0, False
    board.stand(LEFT)
    board.until_go(6)
    assert abs(touches(board, contact).toe_mm - 60) < 2


def test_a_better_window_is_waited_for() -> None:
    """Readings that become clear while the knee still touches pass as usual."""
    board = ready()
    board.flicker_mm = 20.0
    board.knee = True
    board.run(3)
    board.flicker_mm = 0.0
    assert abs(board.until(AttemptPassed, 2).toe_mm - 60) < 2
