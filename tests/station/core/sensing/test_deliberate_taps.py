"""How two unprompted taps differ from two accidental lifts."""

from __future__ import annotations

from random import Random

import pytest

from station.core.events import Side
from station.core.facts import Answered, Fact, Tapped
from station.core.steps import AskStep, RestStep, Step
from tests.bench.awkward import Foot, facts_of, loads_of
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, RIGHT, only, us

REST = RestStep(us(120))
TAP_S, APART_S = 0.2, 0.2


def resting(step: Step = REST, *, analogue: bool = True, part: float = 1.0) -> Board:
    """A person who has stood for five seconds and puts this fraction of standing on the heel."""
    board = Board(step, REST, analogue=analogue, taps=True)
    board.stand(RIGHT)
    board.stand()
    board.run(3.0)
    board.stand(part=part)
    board.run(2.0)
    return board


def lifts(board: Board, *ups_s: float, remaining: float = 0.0) -> list[Fact]:
    """Lifts of the tapping heel in a row; `remaining` is the fraction of standing during each."""
    part, facts = board.part[LEFT], list[Fact]()
    for up_s in ups_s:
        board.stand(part=remaining)
        facts += board.run(up_s)
        board.stand(part=part)
        facts += board.run(APART_S)
    return facts + board.run(0.7)


@pytest.mark.parametrize("analogue", [True, False])
def test_detector_needs_taps_of_similar_length(analogue: bool) -> None:
    """A typical series is recognised; one whose second lift lasts three times as long is not."""
    assert only(lifts(resting(analogue=analogue), 0.15, 0.22), Tapped)
    assert not only(lifts(resting(analogue=analogue), 0.1, 0.3), Tapped)


def test_detector_accepts_dissimilar_taps_as_an_answer() -> None:
    """A question that waits for an answer accepts taps of different length."""
    board = resting(AskStep(us(60)))
    assert only(lifts(board, 0.1, 0.3), Answered)


@pytest.mark.parametrize(("remaining", "meant"), [(0.0, True), (0.04, True), (0.075, False)])
def test_detector_needs_an_unloaded_heel(remaining: float, meant: bool) -> None:
    """A dragging sole keeps some load, although by the thresholds it is up."""
    assert bool(only(lifts(resting(), TAP_S, TAP_S, remaining=remaining), Tapped)) is meant


@pytest.mark.parametrize(("part", "meant"), [(1.0, True), (0.5, True), (0.3, False)])
def test_detector_needs_a_loaded_heel_before(part: float, meant: bool) -> None:
    """A lightly loaded heel crosses the thresholds by accident; in a lunge there is enough load."""
    assert bool(only(lifts(resting(part=part), TAP_S, TAP_S), Tapped)) is meant


@pytest.mark.parametrize("side", Side)
def test_detector_refuses_taps_beside_a_bounce(side: Side) -> None:
    """A change too short to settle is still movement, on either heel."""
    board = resting(analogue=False)
    board.run(1.0)
    board.lift(0.06, side)
    board.run(0.7)
    assert not only(lifts(board, TAP_S, TAP_S), Tapped)
    board.run(2.0)
    assert only(lifts(board, TAP_S, TAP_S), Tapped)


@pytest.mark.parametrize("side", Side)
def test_detector_needs_still_loads_before(side: Side) -> None:
    """A person who shifts their weight is moving, even if no heel rises."""
    board = resting()
    for part in (0.5, 1.0, 0.5, 1.0):
        board.stand(side, part)
        board.run(0.2)
    assert not only(lifts(board, TAP_S, TAP_S), Tapped)
    board.run(2.0)
    assert only(lifts(board, TAP_S, TAP_S), Tapped)


@pytest.mark.parametrize(("ramp_s", "meant"), [(0.02, True), (0.05, True), (0.25, False)])
def test_detector_needs_quick_unloading(ramp_s: float, meant: bool) -> None:
    """A heel that moves elsewhere comes off and on slowly."""
    feet = {one: Foot() for one in Side}
    feet[LEFT].stay(3.0)
    for _ in range(2):
        feet[LEFT].lift(0.15, ramp_s)
        feet[LEFT].stay(0.2)
    for foot in feet.values():
        foot.until(8.0)
    paths = {one: foot.path for one, foot in feet.items()}
    facts = facts_of(loads_of(paths, Random(1)), (REST, REST), analogue=True)
    assert bool(only(facts, Tapped)) is meant
