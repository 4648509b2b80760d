"""Holds of both legs at once: down when both heels are, up since the first that rose."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.core.events import BOTH_LEGS, Side
from station.core.facts import Cue, CueName, Fact, HeelLifted, HoldEnd, HoldFinished
from station.core.steps import HoldStep
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, RIGHT, Story, facts_of, heard, one, only, us

SQUAT = HoldStep(hold_us=us(20), repetitions=1, prepare_us=us(5), together=True)
GRID_S = 0.16
"""Heel changes are this far apart, so every state of the two settles, and none lasts exactly as long as a limit."""


def standing() -> Story:
    """Both heels down, GO at 5 s."""
    return Story().stands(side=LEFT).stands(side=RIGHT).waits(10.0)


def credits(facts: list[Fact]) -> HoldFinished:
    return one(facts, HoldFinished)


@pytest.mark.parametrize("side", Side)
def test_one_heel_of_two_stops_the_clock_from_its_rise_on(side: Side) -> None:
    """Either heel is enough: HEEL_UP after the grace, and the hold ends later by exactly the lift."""
    facts = facts_of(standing().lifts(1.2, side).waits(30).comparator(), SQUAT)
    assert heard(facts, CueName.HEEL_UP) == [10.5]
    assert one(facts, HeelLifted).side is side
    done = credits(facts)
    assert (done.side, done.lifts, done.lifted_us, done.credited_us) == (BOTH_LEGS, 1, us(1.2), us(20))
    assert done.at_us == us(5 + 20 + 1.2)


def test_the_clock_runs_again_when_both_are_down() -> None:
    """Up since the first that rose, down since the last that came back: one lift, not two."""
    story = standing().rises(0.4, LEFT).rises(0.8, RIGHT).stands(0.5, LEFT).stands(30, RIGHT)
    done = credits(facts_of(story.comparator(), SQUAT))
    assert (done.lifts, done.lifted_us) == (1, us(1.7))
    assert done.at_us == us(5 + 20 + 1.7)


def test_heels_debounced_in_the_other_order_count_from_the_first_rise() -> None:
    """The left heel rises first and bounces, so the right one settles first: credit ends with the left."""
    story = standing().rises(0.015, LEFT).rises(0.055, RIGHT).stands(0.035, LEFT).rises(1.0, LEFT)
    story.stands(0.0, LEFT).stands(30.0, RIGHT)
    facts = facts_of(story.comparator(), SQUAT)
    lift = one(facts, HeelLifted)
    assert (lift.side, lift.since_us) == (RIGHT, us(10.015))
    done = credits(facts)
    up_s = 0.015 + 0.055 + 0.035 + 1.0
    assert (done.lifts, done.lifted_us) == (1, us(up_s))
    assert done.at_us == us(5 + 20 + up_s)


def test_go_waits_for_both() -> None:
    """With one foot on the board nothing begins and nothing is credited."""
    facts = facts_of(Story().stands(20, LEFT).stands(10, RIGHT).comparator(), SQUAT)
    assert heard(facts, CueName.GO) == [25.0]


def test_a_side_cannot_be_chosen() -> None:
    """Both legs are one turn: no side ticks after READY, no change of sides at the end."""
    facts = facts_of(standing().waits(30).comparator(), SQUAT)
    cues = only(facts, Cue)
    assert {cue.side for cue in cues} == {None}
    assert [cue.cue for cue in cues][-3:] == [CueName.HOLD_DONE, CueName.SET_DONE, CueName.COMPLETE]


@pytest.mark.parametrize("analogue", [True, False])
@pytest.mark.parametrize("plate", Side)
def test_a_single_plate_is_both_heels(plate: Side, analogue: bool) -> None:
    """A single plate counts for both heels, and both legs still work."""
    board = Board(SQUAT, analogue=analogue, plates=(plate,))
    board.stand(plate)
    go_s = board.until_cue(CueName.GO)
    board.run(4.0)
    board.lift(1.0, plate)
    done = board.until(HoldFinished, 30)
    assert (done.side, done.lifts) == (BOTH_LEGS, 1)
    assert done.at_us / 1e6 == pytest.approx(go_s + 20 + 1.0, abs=0.03)


@pytest.mark.parametrize("side", Side)
def test_loads_stop_and_start_the_clock(side: Side) -> None:
    """Analogue heels stop and start the clock to the sample."""
    board = Board(SQUAT, sway=0.03)
    for heel in Side:
        board.stand(heel)
    go_s = board.until_cue(CueName.GO)
    board.run(6.0)
    board.lift(1.0, side)
    done = board.until(HoldFinished, 30)
    assert (done.lifts, done.credited_us) == (1, us(20))
    assert done.at_us / 1e6 == pytest.approx(go_s + 20 + 1.0, abs=0.03)


@pytest.mark.parametrize("is_other_heel_up", [False, True])
def test_credit_ends_with_the_last_sample_of_a_lost_sensor(is_other_heel_up: bool) -> None:
    """Even if the other heel has risen by the time the loss is reported, half a second late. After three seconds comes
    a pause, and then the hold continues."""
    board = Board(SQUAT)
    for heel in Side:
        board.stand(heel)
    go_s = board.until_cue(CueName.GO)
    board.run(6.0)
    board.silent.add(RIGHT)
    if is_other_heel_up:
        board.run(0.3)
        board.rise(LEFT)
    board.until_cue(CueName.PAUSED)
    board.silent.clear()
    board.stand(LEFT)
    again_s = board.until_cue(CueName.GO)
    done = board.until(HoldFinished, 30)
    assert done.lifts == int(is_other_heel_up)
    assert done.at_us / 1e6 == pytest.approx(again_s + 20 - 6.0, abs=0.03)
    assert again_s > go_s + 6.0


def test_last_credit_between_a_return_and_a_lift_ends_the_hold() -> None:
    """One heel returns 10 ms before the end of the hold, the other rises 20 ms later, before that settles."""
    story = standing().waits(14.99).lifts(0.2, LEFT).waits(0.02).rises(1.0, RIGHT).stands(5.0, RIGHT)
    done = credits(facts_of(story.comparator(), SQUAT))
    assert (done.credited_us, done.micro_lifts, done.lifts) == (us(20), 1, 0)


def random_story(chance: Random) -> tuple[Story, Story]:
    """Two heels that come and go, and one heel that is down when both are."""
    both, same = Story(), Story()
    down = dict.fromkeys(Side, True)
    for side in Side:
        both.stands(side=side)
    same.stands(side=LEFT).stands(side=RIGHT)
    together = True
    both.waits(8.0)
    same.waits(8.0)
    for _ in range(chance.randint(4, 24)):
        side = chance.choice(list(Side))
        down[side] = not down[side]
        both._heel(side, down[side])
        if all(down.values()) is not together:
            together = not together
            same._heel(LEFT, together)
        wait_s = GRID_S * chance.choice([1, 1, 2, 3, 4, 7, 15, 25, chance.randint(1, 80)])
        both.waits(wait_s)
        same.waits(wait_s)
    return both, same


@settings(max_examples=150)
@given(st.integers(0, 1 << 32))
def test_both_heels_are_one_heel_that_is_down_when_both_are(seed: int) -> None:
    """Whatever the two do, every figure is that of one heel that is down exactly while both are."""
    both, same = random_story(Random(seed))
    step = HoldStep(hold_us=us(15), repetitions=2, rest_us=us(4.1), prepare_us=us(3.3), together=True)
    alone = HoldStep((LEFT,), us(15), 2, us(4.1), us(3.3))
    reported = [figures_of(end) for end in only(facts_of(both.comparator(), step), HoldEnd)]
    expected = [figures_of(end) for end in only(facts_of(same.comparator(), alone), HoldEnd)]
    assert reported == expected


def figures_of(end: HoldEnd) -> tuple[bool, int, int, int, int, int]:
    finished = isinstance(end, HoldFinished)
    return finished, end.repetition, end.credited_us, end.lifted_us, end.lifts, end.micro_lifts
