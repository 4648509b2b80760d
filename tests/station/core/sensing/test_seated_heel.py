"""The heel of a seated person: judged by their standing load before GO, by the seated load after it."""

from __future__ import annotations

import pytest

from station.core.facts import CueName, HoldFinished, StepBegun
from station.core.sensing.heel_load import HeelLoad
from station.core.steps import HeelRule, HoldStep
from tests.station.core.board import Board
from tests.station.core.traces import EMPTY, LEFT, heard, part_of_standing, us

SEATED_PART = 0.12
"""The load of a seated shin and foot on the heel, as a fraction of standing."""
SEATED = HoldStep((LEFT,), us(10), 2, us(3), us(5), heel=HeelRule.LIGHT)
STANDING = HoldStep((LEFT,), us(10), 1, us(3), us(5))


def fed(load: HeelLoad, seconds: float, part: float) -> bool | None:
    """Feed this load at 100 Hz; return the level after it."""
    at_us = load.times_us[-1] if load.times_us else 0
    for _ in range(round(seconds * 100)):
        at_us += 10_000
        load.add_sample(at_us, part_of_standing(part))
    return load.level


def known() -> HeelLoad:
    return HeelLoad(EMPTY, part_of_standing(1.0))


def test_seated_heel_counts_as_down_under_a_light_load() -> None:
    """Standing, the same load is neither down nor up; seated, a quarter of it is up."""
    load = known()
    assert fed(load, 0.1, 0.0) is False
    assert fed(load, 0.1, SEATED_PART) is False
    load.set_seated(True)
    assert fed(load, 0.1, SEATED_PART) is True
    assert fed(load, 0.1, 0.06) is True
    assert fed(load, 0.1, 0.03) is False


def test_update_reference_takes_the_seated_load() -> None:
    """Two steady seconds set it: more than 25 % of it is down, less than 8 % is up."""
    load = known()
    load.set_seated(True)
    fed(load, 2.1, SEATED_PART)
    load.update_reference(load.times_us[-1])
    assert fed(load, 0.1, 0.05 * SEATED_PART) is False
    assert fed(load, 0.1, 0.2 * SEATED_PART) is False
    assert fed(load, 0.1, 0.3 * SEATED_PART) is True


def test_set_seated_restores_the_standing_load() -> None:
    """Getting up restores the old reference, and `standing` never changed meanwhile."""
    load = known()
    before = load.standing
    load.set_seated(True)
    fed(load, 2.1, SEATED_PART)
    load.update_reference(load.times_us[-1])
    assert load.standing == before
    load.set_seated(False)
    assert load.standing == before
    assert fed(load, 0.1, 0.0) is False
    assert fed(load, 0.1, SEATED_PART) is False
    assert fed(load, 0.1, 0.9) is True


def test_set_seated_twice_keeps_the_standing_load() -> None:
    """The standing load is the one from before the first call."""
    load = known()
    before = load.standing
    load.set_seated(True)
    fed(load, 2.1, SEATED_PART)
    load.update_reference(load.times_us[-1])
    load.set_seated(True)
    load.set_seated(False)
    load.set_seated(False)
    assert load.standing == before


@pytest.mark.parametrize("part", [0.1, SEATED_PART, 0.2])
def test_seated_hold_credits_time_and_counts_lifts(part: float) -> None:
    """A light heel starts the hold, its lift stops the clock, and the standing exercise after it still works."""
    board = Board(SEATED, STANDING)
    board.stand(part=part)
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


def test_seated_hold_does_not_start_on_an_empty_board() -> None:
    """An empty plate gives no GO."""
    board = Board(SEATED)
    board.run(30.0)
    assert not heard(board.facts, CueName.GO)
