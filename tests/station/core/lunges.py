"""The lunges in the tests of a knee-to-wall test, in any wiring."""

from __future__ import annotations

from typing import TypedDict, Unpack

import pytest

from station.core.events import CommandName, Side
from station.core.facts import AttemptFailed, AttemptPassed, AttemptStarted, Contact
from station.core.steps import TestStep
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, only

QUICK = TestStep((LEFT,))
FULL = TestStep((LEFT,), full=True)
BOTH = TestStep()
WIRINGS = [
    pytest.param({"pad": True}, Contact.PAD, id="pad"),
    pytest.param({"pad": False}, Contact.INFERRED, id="inferred"),
    pytest.param({"analogue": False, "pad": False}, Contact.SELF, id="self"),
]


class Options(TypedDict, total=False):
    analogue: bool
    pad: bool


def ready(step: TestStep = QUICK, **options: Unpack[Options]) -> Board:
    """A person stands on the board and the first GO has sounded."""
    board = Board(step, **options)
    board.run(1)
    board.stand(LEFT)
    board.until_go()
    return board


def touches(board: Board, contact: Contact, side: Side = LEFT) -> AttemptPassed:
    """A good lunge in any wiring."""
    board.run(0.8)
    if contact is Contact.PAD:
        board.knee = True
        passed = board.until(AttemptPassed, 3)
        board.knee = False
    elif contact is Contact.INFERRED:
        board.stand(side, 1.7)
        passed = board.until(AttemptPassed, 4)
        board.stand(side)
    else:
        board.run(2.5)
        passed = only(board.say(CommandName.CONFIRM), AttemptPassed)[0]
    return passed


def fails(board: Board) -> AttemptFailed:
    return board.until(AttemptFailed, 13)


def moves(board: Board, toe_mm: float) -> AttemptStarted:
    board.toe_mm = toe_mm
    return board.until_go(6)


def finishes_left(board: Board) -> AttemptPassed:
    """A person steps on and does the left side of a quick test, until SWITCH."""
    board.stand(LEFT)
    board.until_go()
    passed = touches(board, Contact.PAD)
    for toe_mm in (75.0, 85.0):
        moves(board, toe_mm)
        fails(board)
    return passed
