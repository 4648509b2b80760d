"""The heel of somebody who sits: the shin alone weighs on it, by their own standing and then by their own session."""

from __future__ import annotations

import pytest

from station.core.facts import CueName, HoldFinished, StepBegun
from station.core.sensing.heel_load import HeelLoad
from station.core.steps import HeelRule, HoldStep
from tests.station.core.board import Board
from tests.station.core.traces import EMPTY, LEFT, heard, part_of_standing, us

SITTING = 0.12
"""What a shin and a foot put on the heel, as a part of standing."""
SEATED = HoldStep((LEFT,), us(10), 2, us(3), us(5), heel=HeelRule.LIGHT)
STANDING = HoldStep((LEFT,), us(10), 1, us(3), us(5))


def fed(load: HeelLoad, seconds: float, part: float) -> bool | None:
    """So long of this load at 100 Hz; gives the level after it."""
    at_us = load.times_us[-1] if load.times_us else 0
    for _ in range(round(seconds * 100)):
        at_us += 10_000
        load.add_sample(at_us, part_of_standing(part))
    return load.level


def known() -> HeelLoad:
    return HeelLoad(EMPTY, part_of_standing(1.0))


def test_a_light_heel_counts_as_down_only_for_whoever_sits() -> None:
    """By standing it is neither down nor up; seated it is down, and less than half of it is up."""
    load = known()
    assert fed(load, 0.1, 0.0) is False
    assert fed(load, 0.1, SITTING) is False
    load.set_seated(True)
    assert fed(load, 0.1, SITTING) is True
    assert fed(load, 0.1, 0.06) is True
    assert fed(load, 0.1, 0.03) is False


def test_from_go_on_sitting_is_the_reference() -> None:
    """Two steady seconds of session make it: a quarter is down, and 8 % is up, of that."""
    load = known()
    load.set_seated(True)
    fed(load, 2.1, SITTING)
    load.update_reference(load.times_us[-1])
    assert fed(load, 0.1, 0.05 * SITTING) is False
    assert fed(load, 0.1, 0.2 * SITTING) is False
    assert fed(load, 0.1, 0.3 * SITTING) is True


def test_afterwards_standing_is_what_it_was() -> None:
    """Getting up makes the old standing the reference again, and it never was another for whoever asks."""
    load = known()
    before = load.standing
    load.set_seated(True)
    fed(load, 2.1, SITTING)
    load.update_reference(load.times_us[-1])
    assert load.standing == before
    load.set_seated(False)
    assert load.standing == before
    assert fed(load, 0.1, 0.0) is False
    assert fed(load, 0.1, SITTING) is False
    assert fed(load, 0.1, 0.9) is True


def test_sitting_down_twice_changes_nothing() -> None:
    """What standing was is remembered from before the first time."""
    load = known()
    before = load.standing
    load.set_seated(True)
    fed(load, 2.1, SITTING)
    load.update_reference(load.times_us[-1])
    load.set_seated(True)
    load.set_seated(False)
    load.set_seated(False)
    assert load.standing == before


@pytest.mark.parametrize("sitting", [0.1, SITTING, 0.2])
def test_a_seated_hold_is_credited_and_its_lifts_are_told(sitting: float) -> None:
    """The hold begins with a light heel, a lift of it stops the clock, and the standing exercise after it still
    works."""
    board = Board(SEATED, STANDING)
    board.stand(part=sitting)
    go_s = board.until_cue(CueName.GO)
    board.run(4.0)
    board.lift(1.0)
    done = board.until(HoldFinished, 20)
    assert (done.lifts, done.credited_us) == (1, us(10))
    assert done.at_us / 1e6 == pytest.approx(go_s + 11.0, abs=0.03)
    board.until(StepBegun, 60)
    board.rise()
    board.run(3.0)
    board.stand()
    board.until_cue(CueName.GO)
    board.run(4.0)
    board.stand(part=0.05)
    board.run(1.0)
    assert heard(board.facts, CueName.HEEL_UP)[-1] == pytest.approx(board.now_s - 0.5, abs=0.1)


def test_nobody_on_the_board_is_nobody_who_sits() -> None:
    """An empty plate begins no seated hold."""
    board = Board(SEATED)
    board.run(30.0)
    assert not heard(board.facts, CueName.GO)
