"""Heel taps as commands: when they count, what they do, and how they are undone."""

from __future__ import annotations

import pytest

from station.core.events import CommandName, Side
from station.core.facts import (
    Completed,
    Cue,
    CueName,
    Fact,
    HoldFinished,
    HoldPartial,
    HoldStarted,
    Resumed,
    StepBegun,
    Tapped,
    TapsUndone,
)
from station.core.steps import HoldStep, RepsStep, RestStep, Step
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, RIGHT, heard, one, only, us
from tests.station.states import AnyState

HOLD = HoldStep((LEFT,), us(20), 3, us(15), us(10))
BOTH_SIDES = HoldStep((LEFT, RIGHT), us(20), 1, us(15), us(10))
REST = RestStep(us(30))
ECHO_S = 0.6


def board_of(*steps: Step, analogue: bool = False, plates: tuple[Side, ...] = tuple(Side), taps: bool = True) -> Board:
    """A person on the board, two seconds into the first preparation."""
    board = Board(*steps, analogue=analogue, plates=plates, taps=taps)
    board.stand(plates[0])
    board.run(2.0)
    return board


def resting(*steps: Step, analogue: bool = False) -> Board:
    """Two seconds into the rest after the first hold."""
    board = board_of(*(steps or (HOLD,)), analogue=analogue)
    board.until(HoldFinished, 60)
    board.run(2.0)
    return board


def seen(board: Board) -> AnyState:
    return AnyState(board.engine.state_at(board.now_us))


def state(board: Board) -> tuple[str, object, int | None, int]:
    now = seen(board)
    credited_us = now.counted_us if now.counting == "hold" else 0
    return now.phase, now.side, now.repetition, credited_us


def taps_of(facts: list[Fact]) -> list[tuple[int, CommandName]]:
    return [(fact.count, fact.word) for fact in only(facts, Tapped)]


# What they do.


@pytest.mark.parametrize("analogue", [False, True])
def test_two_taps_end_a_rest(analogue: bool) -> None:
    """They are echoed once 0.6 s of quiet show that no third one follows, and take effect 0.6 s later."""
    board = resting(analogue=analogue)
    begun_s = board.now_s
    said = board.tap(2) + board.run(0.5)
    assert taps_of(said) == [(2, CommandName.NEXT)]
    echo_us = one(said, Tapped).at_us
    assert echo_us / 1e6 == pytest.approx(begun_s + 0.6 + 0.6, abs=0.03)
    assert [(cue.cue, cue.count) for cue in only(said, Cue)] == [(CueName.ECHO, 2)]
    assert board.until_cue(CueName.GO) == pytest.approx(echo_us / 1e6 + ECHO_S, abs=0.001)


def test_two_taps_end_a_preparation() -> None:
    """GO sounds as soon as the echo is over, long before the ten seconds."""
    board = board_of(HOLD)
    said = board.tap(2) + board.run(0.7)
    assert taps_of(said) == [(2, CommandName.NEXT)]
    assert seen(board).phase == "hold"


def test_two_taps_end_a_pause_with_its_preparation() -> None:
    """Taps in a pause resume as stepping on again does: five seconds of preparation, the credit kept."""
    board = board_of(HOLD)
    board.until_cue(CueName.GO)
    board.run(8.0)
    board.say(CommandName.PAUSE)
    board.run(2.0)
    said = board.tap(2) + board.run(0.8)
    assert taps_of(said) == [(2, CommandName.RESUME)]
    assert seen(board).phase == "prepare"
    gone_s = board.until_cue(CueName.GO) - only(said, Resumed)[0].at_us / 1e6
    assert gone_s == pytest.approx(5.0, abs=0.4)
    assert state(board)[3] == us(8.0)


def test_two_taps_end_a_rest_between_steps() -> None:
    """A rest that is a step of its own is over, and the next step begins."""
    board = Board(REST, HOLD, analogue=False, taps=True)
    board.stand()
    board.run(3.0)
    said = board.tap(2) + board.run(0.7)
    assert taps_of(said) == [(2, CommandName.NEXT)]
    assert (seen(board).activity, seen(board).phase) == ("hold", "prepare")


def test_three_taps_skip_the_next_repetition() -> None:
    """Three are `skip`: the rest continues, and the third hold follows the first."""
    board = resting()
    said = board.tap(3) + board.run(0.7)
    assert taps_of(said) == [(3, CommandName.SKIP)]
    assert (seen(board).phase, seen(board).repetition) == ("rest", 3)


def test_three_taps_before_the_first_go_choose_the_other_side() -> None:
    """While the side can still be chosen three taps choose it; after the first GO they skip."""
    board = board_of(BOTH_SIDES)
    board.stand(RIGHT)
    board.run(1.5)
    said = board.tap(3) + board.run(0.7)
    assert taps_of(said) == [(3, CommandName.SIDE)]
    assert seen(board).side is RIGHT
    ready = [cue.side for cue in only(board.facts, Cue) if cue.cue is CueName.READY]
    assert ready == [LEFT, RIGHT]


@pytest.mark.parametrize("analogue", [False, True])
@pytest.mark.parametrize("count", [1, 4, 5])
def test_one_tap_or_more_than_three_are_no_command(count: int, analogue: bool) -> None:
    """A single tap is never a command, and neither are four."""
    board = resting(analogue=analogue)
    assert taps_of(board.tap(count) + board.run(0.7)) == []
    assert heard(board.facts, CueName.ECHO) == []
    assert seen(board).phase == "rest"


@pytest.mark.parametrize("up_s", [0.1, 0.34])
def test_the_quickest_and_the_slowest_tap_count(up_s: float) -> None:
    """A tap may take up to 350 ms, although its end settles only a moment later."""
    board = Board(REST, HOLD, analogue=False, taps=True)
    board.stand()
    board.run(3.0)
    assert taps_of(board.tap(2, up_s=up_s)) == [(2, CommandName.NEXT)]


# When they do not count.


def test_taps_are_off_by_default() -> None:
    """Without the setting, taps do nothing."""
    board = board_of(HOLD, taps=False)
    assert taps_of(board.tap(2) + board.run(0.7)) == []
    assert seen(board).phase == "prepare"


def test_in_a_hold_a_tap_is_a_lift() -> None:
    """Two short lifts of a working heel are micro-lifts, and nothing is echoed."""
    board = board_of(HOLD)
    board.until_cue(CueName.GO)
    board.run(5.0)
    assert taps_of(board.tap(2) + board.run(0.7)) == []
    assert board.until(HoldFinished, 30).micro_lifts == 2


def test_taps_that_began_in_a_hold_do_not_count_in_the_rest() -> None:
    """A heel that wobbles until the end of a hold gives no command."""
    board = board_of(HOLD)
    board.until_cue(CueName.GO)
    board.run(19.85)
    assert taps_of(board.tap(2) + board.run(0.7)) == []
    board.run(1.0)
    assert seen(board).phase == "rest"


def test_heel_raises_are_not_taps() -> None:
    """Heel raises are not taps, however quick."""
    board = board_of(RepsStep((LEFT,), 10, us(5)))
    board.until_cue(CueName.GO)
    board.run(2.0)
    assert taps_of(board.tap(2) + board.tap(3) + board.run(0.7)) == []


def test_taps_do_not_count_while_the_other_heel_moves() -> None:
    """Walking and shuffling move both heels: a change of the other heel within the second before, or between taps,
    makes them not count."""
    board = resting()
    board.stand(RIGHT)
    board.run(0.5)
    assert taps_of(board.tap(2) + board.run(0.7)) == []
    board.run(1.0)
    board.lift(0.2)
    board.run(0.1)
    board.rise(RIGHT)
    board.run(0.1)
    board.lift(0.2)
    assert taps_of(board.run(1.5)) == []
    assert seen(board).phase == "rest"


def test_a_tap_needs_a_steady_second_before_it() -> None:
    """A heel that has just come down can tap only after a second."""
    board = resting()
    board.lift(0.8)
    board.run(0.6)
    assert taps_of(board.tap(2) + board.run(0.7)) == []
    board.run(1.0)
    assert taps_of(board.tap(2)) == [(2, CommandName.NEXT)]


def test_taps_in_a_rest_do_nothing_in_the_hold() -> None:
    """If GO sounds during the echo, the command is dropped: nothing is skipped in the hold."""
    board = resting()
    board.run(11.1)
    said = board.tap(3) + board.run(1.0)
    assert taps_of(said) == [(3, CommandName.SKIP)]
    assert (seen(board).phase, seen(board).repetition) == ("hold", 2)
    assert not only(board.facts, HoldPartial)


def test_taps_in_one_step_do_nothing_in_the_next() -> None:
    """If the rest ends during the echo, the preparation of the next step is not cut short."""
    board = Board(REST, HOLD, analogue=False, taps=True)
    board.stand()
    board.run(28.3)
    assert taps_of(board.tap(2) + board.run(0.1)) == [(2, CommandName.NEXT)]
    board.run(1.5)
    assert (seen(board).activity, seen(board).phase) == ("hold", "prepare")


# Undone.


def undo_by(board: Board, how: str) -> list[Fact]:
    return board.say(CommandName.UNDO) if how == "page" else board.tap(2)


@pytest.mark.parametrize("how", ["page", "taps"])
def test_undo_restores_a_rest(how: str) -> None:
    """Within five seconds the page or two taps restore the rest, with its repetition and its end."""
    board = resting()
    over_s = board.now_s - 2.0 + 15.0
    board.tap(2)
    board.run(2.0)
    assert state(board)[:3] == ("hold", LEFT, 2)
    said = undo_by(board, how)
    assert one(said, TapsUndone)
    assert state(board) == ("rest", LEFT, 2, 0)
    assert board.until_cue(CueName.GO) == pytest.approx(over_s)


@pytest.mark.parametrize("how", ["page", "taps"])
def test_undo_restores_a_skipped_repetition(how: str) -> None:
    """The second hold, skipped and restored, is done after all: three holds in the end."""
    board = resting()
    board.tap(3)
    board.run(1.5)
    assert seen(board).repetition == 3
    undo_by(board, how)
    assert state(board)[:3] == ("rest", LEFT, 2)
    board.until(Completed, 120)
    assert [(hold.repetition, hold.credited_us) for hold in only(board.facts, HoldFinished)] == [
        (number, us(20)) for number in (1, 2, 3)
    ]


@pytest.mark.parametrize("how", ["page", "taps"])
def test_undo_restores_the_credit(how: str) -> None:
    """A paused hold that was skipped continues from its credit, not from its start."""
    board = board_of(HOLD)
    board.until_cue(CueName.GO)
    board.run(8.0)
    board.say(CommandName.PAUSE)
    board.run(2.0)
    board.tap(3)
    board.run(1.5)
    assert one(board.facts, HoldPartial).credited_us == us(8.0)
    assert seen(board).repetition == 2
    undo_by(board, how)
    assert seen(board).repetition == 1
    go_s = board.until_cue(CueName.GO)
    assert state(board) == ("hold", LEFT, 1, us(8.0))
    assert board.until(HoldFinished, 20).at_us / 1e6 == pytest.approx(go_s + 12.0)


@pytest.mark.parametrize("how", ["page", "taps"])
def test_undo_restores_the_side(how: str) -> None:
    """An accidental change of sides is undone."""
    board = board_of(BOTH_SIDES)
    board.stand(RIGHT)
    board.run(1.5)
    board.tap(3)
    board.run(1.5)
    assert seen(board).side is RIGHT
    undo_by(board, how)
    assert seen(board).side is LEFT
    board.until(HoldStarted)
    assert seen(board).side is LEFT


def test_undo_restores_the_step() -> None:
    """A rest that is a step of its own is restored, with a fact for its step."""
    board = Board(REST, HOLD, analogue=False, taps=True)
    board.stand()
    board.run(3.0)
    board.tap(2)
    board.run(1.0)
    said = board.say(CommandName.UNDO)
    assert [begun.step for begun in only(said, StepBegun)] == [0]
    assert (seen(board).activity, seen(board).step) == ("rest", 0)
    assert board.until(StepBegun, 40).step == 1
    assert board.now_s == pytest.approx(30.0, abs=0.02)


def test_undo_during_the_echo_cancels_the_command() -> None:
    """A command undone during its echo has no effect at all."""
    board = resting()
    board.tap(2)
    assert seen(board).undo_us is not None
    assert one(board.say(CommandName.UNDO), TapsUndone)
    board.run(2.0)
    assert seen(board).phase == "rest"


def test_a_command_is_final_after_five_seconds() -> None:
    """The page shows until when; after that neither `undo` nor taps restore anything."""
    board = resting()
    said = board.tap(3) + board.run(0.7)
    until_us = seen(board).undo_us
    assert until_us is not None
    assert until_us / 1e6 == pytest.approx(one(said, Tapped).at_us / 1e6 + 0.6 + 5.0)
    board.run(5.0)
    assert seen(board).undo_us is None
    assert board.say(CommandName.UNDO) == []
    assert seen(board).repetition == 3


def test_after_an_undo_taps_are_off() -> None:
    """They triggered falsely once, so they do nothing for the rest of the routine."""
    board = resting()
    board.tap(3)
    board.run(1.5)
    board.say(CommandName.UNDO)
    board.run(1.5)
    assert taps_of(board.tap(2) + board.run(0.7)) == []
    assert seen(board).phase == "rest"


def test_another_command_makes_it_final() -> None:
    """A person who continues from the page has accepted it."""
    board = resting()
    board.tap(3)
    board.run(1.0)
    board.say(CommandName.NEXT)
    board.run(0.5)
    assert board.say(CommandName.UNDO) == []
    assert state(board)[:3] == ("hold", LEFT, 3)


def test_undo_without_a_command_does_nothing() -> None:
    """`undo` does nothing if there was no tapped command."""
    board = resting()
    assert board.say(CommandName.UNDO) == []
    assert taps_of(board.tap(2)) == [(2, CommandName.NEXT)]


def test_undo_takes_the_heels_current_state() -> None:
    """A person who has stepped off meanwhile is away at the end of the restored rest."""
    board = resting()
    board.tap(2)
    board.run(1.0)
    board.rise()
    board.run(0.3)
    board.say(CommandName.UNDO)
    board.run(14.0)
    assert seen(board).phase == "away"
