"""What proves that the knee touched: the pad, a load that stays changed, or two taps."""

from __future__ import annotations

import pytest

from station.core.events import CommandName
from station.core.facts import AttemptFailed, AttemptPassed, Contact
from tests.station.core.board import Board
from tests.station.core.lunges import QUICK, fails, ready
from tests.station.core.traces import LEFT, only


def test_a_pad_closed_before_go_proves_nothing() -> None:
    """A person leaning on the pad since before GO is not measured until they let go and touch again."""
    board = Board(QUICK)
    board.stand(LEFT)
    board.knee = True
    board.until_go()
    board.run(5)
    board.knee = False
    board.run(0.5)
    assert not only(board.facts, AttemptPassed)
    board.touch(0.5)
    assert only(board.facts, AttemptPassed)


def test_a_short_touch_proves_nothing() -> None:
    """Less than 0.3 s at the pad is not a contact."""
    board = ready()
    board.run(1)
    board.touch(0.25)
    assert fails(board).why == "contact"


def test_a_drift_of_the_load_is_no_contact() -> None:
    """Without a pad, a load that rises by 60 % within 6 s is not a step."""
    board = ready(pad=False)
    for number in range(60):
        board.stand(LEFT, 1 + number / 100)
        board.run(0.1)
    assert fails(board).why == "contact"


def test_a_load_that_steps_and_goes_back_is_no_contact() -> None:
    """A step must stay beyond its band for two seconds."""
    board = ready(pad=False)
    board.run(1)
    board.stand(LEFT, 1.7)
    board.run(1.5)
    board.stand(LEFT)
    assert fails(board).why == "contact"


@pytest.mark.parametrize("part", [0.09, 0.12, 0.15, 0.22])
@pytest.mark.parametrize("noise_from", [0, 40_000])
def test_an_inferred_pass_needs_a_heel_that_is_certainly_down(part: float, noise_from: int) -> None:
    """A heel 4 to 5 mm up still carries 12 to 25 % of standing, so a heel that carries no more proves nothing."""
    board = Board(QUICK, pad=False, noise_from=noise_from)
    board.stand()
    board.until_go()
    board.run(1)
    board.stand(LEFT, part)
    fails(board)
    assert not only(board.facts, AttemptPassed)


@pytest.mark.parametrize("part", [0.3, 0.45, 0.65])
def test_an_inferred_pass_of_a_heel_that_lightens(part: float) -> None:
    """In a lunge the heel carries less; once it presses enough, having been lighter before does not matter."""
    board = ready(pad=False)
    board.run(1)
    board.stand(LEFT, 0.12)
    board.run(2.5)
    board.stand(LEFT, part)
    pressed_us = board.now_us
    passed = board.until(AttemptPassed, 3)
    assert passed.window_us[0] >= pressed_us


def test_an_inferred_lunge_begins_when_the_load_leaves_its_band() -> None:
    """Without a pad, a lift of 100 ms fails once the load has been beyond 30 % for 0.3 s."""
    board = ready(pad=False)
    board.run(1)
    board.stand(LEFT, 1.7)
    board.run(0.8)
    board.lift(0.2)
    board.run(0.3)
    assert only(board.facts, AttemptFailed)[0].why == "heel"


def self_board() -> Board:
    board = ready(analogue=False, pad=False)
    board.run(2.6)
    return board


def test_two_taps_confirm() -> None:
    """If the person has to confirm, two heel taps do so."""
    board = self_board()
    board.lift(0.2)
    board.run(0.2)
    board.lift(0.2)
    passed = board.until(AttemptPassed, 1)
    assert passed.contact is Contact.SELF


@pytest.mark.parametrize("taps", [1, 3])
def test_one_tap_or_three_fail(taps: int) -> None:
    """After the still window, a lift that is not one of a pair of taps fails the attempt."""
    board = self_board()
    for _ in range(taps):
        board.lift(0.2)
        board.run(0.2)
    assert board.until(AttemptFailed, 1).why == "heel"


def test_confirm_comes_too_late() -> None:
    """More than six seconds after the last still window a confirmation proves nothing."""
    board = self_board()
    board.toe_mm = None
    board.run(0.9)
    assert only(board.say(CommandName.CONFIRM), AttemptPassed)


def test_confirm_before_a_still_window_proves_nothing() -> None:
    """A confirmation before the end of two still seconds proves nothing."""
    board = ready(analogue=False, pad=False)
    board.run(1)
    assert not board.say(CommandName.CONFIRM)
    assert not only(board.run(0.5), AttemptPassed)


def test_confirm_with_the_heel_up_never_passes() -> None:
    """Pressing the button with the heel up does not show a touch with the heel down."""
    board = self_board()
    board.rise()
    board.run(0.05)
    board.say(CommandName.CONFIRM)
    board.run(1)
    assert not only(board.facts, AttemptPassed)
    assert only(board.facts, AttemptFailed)[0].why == "heel"
