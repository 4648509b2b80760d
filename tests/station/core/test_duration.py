"""Estimates of how long a routine takes, and how much verified hold it gives each leg."""

from __future__ import annotations

import pytest

from station.core.duration import (
    ANSWER_US,
    FULL_TEST_US,
    QUICK_TEST_US,
    UNPACED_REPETITION_US,
    duration_us,
    held_us_by_side,
)
from station.core.events import Side
from station.core.facts import Completed
from station.core.steps import (
    MIN_REST_US,
    MIN_SWITCH_US,
    AskStep,
    CalibrateStep,
    CheckStep,
    HeelRule,
    HoldStep,
    LessonStep,
    RepsStep,
    RestStep,
    RhythmStep,
    Step,
    TestStep,
)
from tests.station.core.traces import LEFT, RIGHT, Story, facts_of, one, us


@pytest.mark.parametrize(
    ("step", "duration"),
    [
        (HoldStep((LEFT,), us(30), 3, us(15), us(10)), us(10 + 3 * 30 + 2 * 15)),
        (HoldStep((LEFT,), us(30), 3, us(0), us(10)), us(10 + 3 * 30) + 2 * MIN_REST_US),
        (HoldStep((LEFT, RIGHT), us(30), 1, us(15), us(10)), us(10 + 30 + 30) + MIN_SWITCH_US),
        (HoldStep((LEFT, RIGHT), us(30), 2, us(15), us(10), together=True), us(10 + 2 * 30 + 15)),
        (RepsStep((LEFT,), 8, us(5), tempo_us=(us(2), us(1), us(3))), us(5 + 8 * 6)),
        (RepsStep((LEFT, RIGHT), 8, us(5)), us(5) + 2 * 8 * UNPACED_REPETITION_US + MIN_SWITCH_US),
        (RepsStep((LEFT, RIGHT), 8, us(5), together=True), us(5) + 8 * UNPACED_REPETITION_US),
        (TestStep(), QUICK_TEST_US),
        (TestStep(full=True), FULL_TEST_US),
        (TestStep((RIGHT,), full=True), FULL_TEST_US // 2),
        (RestStep(us(40)), us(40)),
        (AskStep(), ANSWER_US),
        (LessonStep(), 0),
        (RhythmStep(), 0),
        (CalibrateStep(), 0),
        (CheckStep(), 0),
    ],
)
def test_duration_estimates_each_kind_of_step(step: Step, duration: int) -> None:
    """Preparation once, rests between repetitions, a switch between turns; both legs at once are one turn."""
    assert duration_us((step,)) == duration


@pytest.mark.parametrize("rest_s", [0, 0.5, 1, 15])
@pytest.mark.parametrize("sides", [(LEFT,), (LEFT, RIGHT)])
def test_duration_of_a_hold_is_that_of_a_person_who_never_lifts(sides: tuple[Side, ...], rest_s: float) -> None:
    """From standing to COMPLETE, with the minimum rest and the minimum time for a change of sides."""
    step = HoldStep(sides, us(5), 3, us(rest_s), us(10))
    left_done_s = 10 + 3 * 5 + 2 * max(1, rest_s)
    story = Story().stands(left_done_s).rises(1).stands(100, RIGHT)
    assert one(facts_of(story.comparator(), step), Completed).at_us == duration_us((step,))


def test_duration_of_a_routine_is_the_sum_of_its_steps() -> None:
    """An empty routine takes no time."""
    routine = (HoldStep(), RestStep(), TestStep())
    assert duration_us(routine) == sum(duration_us((step,)) for step in routine)
    assert duration_us(()) == 0


def test_held_counts_each_leg_of_a_hold() -> None:
    """Holds of one side count for it, holds of both at once for each leg, repetitions and tests for none."""
    routine = (
        HoldStep((LEFT,), us(30), 2),
        HoldStep((LEFT, RIGHT), us(20), 1),
        HoldStep((LEFT, RIGHT), us(10), 3, together=True),
        RepsStep(),
        TestStep(),
    )
    assert held_us_by_side(routine) == {Side.LEFT: us(2 * 30 + 20 + 3 * 10), Side.RIGHT: us(20 + 3 * 10)}
    assert held_us_by_side(()) == {Side.LEFT: 0, Side.RIGHT: 0}


@pytest.mark.parametrize(("heel", "held"), [(HeelRule.DOWN, us(30)), (HeelRule.LIGHT, us(30)), (HeelRule.ANY, 0)])
def test_held_counts_only_verified_holds(heel: HeelRule, held: int) -> None:
    """The board cannot verify a hold that it does not sense."""
    assert held_us_by_side((HoldStep((LEFT,), us(30), 1, heel=heel),)) == {Side.LEFT: held, Side.RIGHT: 0}
