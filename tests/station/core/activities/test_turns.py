"""Whose turn it is, and what remains of a step."""

from __future__ import annotations

from station.core.activities.turns import Turns
from station.core.events import BOTH_LEGS, Side
from station.core.steps import HoldStep
from tests.station.core.traces import LEFT, RIGHT, us

EACH = HoldStep((LEFT, RIGHT), us(30), 3)
TOGETHER = HoldStep(hold_us=us(30), repetitions=3, together=True)


def test_each_side_has_its_turn() -> None:
    """In the order of the step, and none after the last."""
    turns = Turns(EACH.turns)
    assert (turns.legs, turns.side, turns.sides, turns.next_side) == (LEFT, LEFT, (LEFT,), RIGHT)
    assert turns.advance()
    assert (turns.side, turns.next_side) == (RIGHT, None)
    assert not turns.advance()
    assert turns.side is RIGHT


def test_both_legs_are_one_turn() -> None:
    """It has no side."""
    turns = Turns(TOGETHER.turns)
    assert (turns.legs, turns.side, turns.sides) == (BOTH_LEGS, None, tuple(Side))
    assert turns.next_side is None
    assert not turns.advance()


def test_the_chosen_side_comes_first() -> None:
    """The other one follows, if it is in the step at all."""
    both, one = Turns((LEFT, RIGHT)), Turns((LEFT,))
    both.choose(RIGHT)
    one.choose(RIGHT)
    assert both.side is one.side is RIGHT
    assert both.advance()
    assert both.side is LEFT
    assert not one.advance()


def test_remaining_steps_are_this_turn_and_the_later_ones() -> None:
    """The remainder of the current turn is only for its side."""
    turns = Turns(EACH.turns)
    current = HoldStep((LEFT, RIGHT), us(30), 1)
    assert turns.remaining_steps(EACH, current) == (HoldStep((LEFT,), us(30), 1), HoldStep((RIGHT,), us(30), 3))
    turns.advance()
    assert turns.remaining_steps(EACH, current) == (HoldStep((RIGHT,), us(30), 1),)


def test_remaining_steps_of_both_legs_keep_them_together() -> None:
    """There is no later turn."""
    current = HoldStep(hold_us=us(30), repetitions=1, together=True)
    assert Turns(TOGETHER.turns).remaining_steps(TOGETHER, current) == (current,)
