"""What tells two meant taps from two lifts that nobody meant, where nothing has asked for taps."""

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
    """Somebody who has stood for three seconds with so much of their weight on the heel."""
    board = Board(step, REST, analogue=analogue, taps=True)
    board.stand(RIGHT)
    board.stand()
    board.run(3.0)
    board.stand(part=part)
    board.run(2.0)
    return board


def lifts(board: Board, *ups_s: float, left: float = 0.0) -> list[Fact]:
    """Lifts of the left heel, one after the other, that leave this part of standing on the plate."""
    part, facts = board.part[LEFT], list[Fact]()
    for up_s in ups_s:
        board.stand(part=left)
        facts += board.run(up_s)
        board.stand(part=part)
        facts += board.run(APART_S)
    return facts + board.run(0.7)


@pytest.mark.parametrize("analogue", [True, False])
def test_two_alike_taps_are_meant(analogue: bool) -> None:
    """A series as people make it is known, and one whose second lift lasts twice as long is not."""
    assert only(lifts(resting(analogue=analogue), 0.15, 0.22), Tapped)
    assert not only(lifts(resting(analogue=analogue), 0.1, 0.3), Tapped)


def test_what_is_asked_for_need_not_be_alike() -> None:
    """A question that waits for an answer takes taps that differ."""
    board = resting(AskStep(us(60)))
    assert only(lifts(board, 0.1, 0.3), Answered)


@pytest.mark.parametrize(("left", "meant"), [(0.0, True), (0.04, True), (0.075, False)])
def test_a_tap_takes_all_of_the_weight_off(left: float, meant: bool) -> None:
    """A sole that is dragged along keeps some of it, and is up by the thresholds."""
    assert bool(only(lifts(resting(), TAP_S, TAP_S, left=left), Tapped)) is meant


@pytest.mark.parametrize(("part", "meant"), [(1.0, True), (0.5, True), (0.3, False)])
def test_whoever_taps_has_weight_on_that_heel(part: float, meant: bool) -> None:
    """A heel that bears little hovers at the thresholds sooner than it taps; in a lunge there is enough on it."""
    assert bool(only(lifts(resting(part=part), TAP_S, TAP_S), Tapped)) is meant


@pytest.mark.parametrize("side", Side)
def test_no_heel_flickers_around_taps(side: Side) -> None:
    """A change that is too short to be believed is still no stillness, on either heel."""
    board = resting(analogue=False)
    board.run(1.0)
    board.lift(0.06, side)
    board.run(0.7)
    assert not only(lifts(board, TAP_S, TAP_S), Tapped)
    board.run(2.0)
    assert only(lifts(board, TAP_S, TAP_S), Tapped)


@pytest.mark.parametrize("side", Side)
def test_the_load_of_both_heels_is_still_before(side: Side) -> None:
    """A person who shifts their weight is moving, even if no heel comes up."""
    board = resting()
    for part in (0.5, 1.0, 0.5, 1.0):
        board.stand(side, part)
        board.run(0.2)
    assert not only(lifts(board, TAP_S, TAP_S), Tapped)
    board.run(2.0)
    assert only(lifts(board, TAP_S, TAP_S), Tapped)


@pytest.mark.parametrize(("ramp_s", "meant"), [(0.02, True), (0.05, True), (0.25, False)])
def test_a_tap_comes_off_and_on_at_once(ramp_s: float, meant: bool) -> None:
    """A heel that is put somewhere else takes its time."""
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
