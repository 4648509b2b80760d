"""What goes on now, and when the goal will be reached."""

from __future__ import annotations

from datetime import timedelta

import pytest

from station.core.progress.outlook import NO_GAIN, TOO_CLOSE, TOO_FAR, TOO_FEW, TOO_OLD, forecast, phase, steady_since
from station.core.progress.records import Direction, Phase, RealChange
from station.core.progress.trend import State
from tests.station.core.progress.histories import BEGIN, scattered

WEEK = timedelta(weeks=1)
RISING = State(90.0, 2.0, 4.0, 0.1, 0.09)
STILL = State(90.0, 0.0, 4.0, 0.0, 0.04)
GAIN = RealChange(Direction.GAIN, False, BEGIN - 9 * WEEK, BEGIN - 2 * WEEK, "1")
LOSS = RealChange(Direction.LOSS, True, BEGIN - 9 * WEEK, BEGIN - 2 * WEEK, "1")


def test_six_months_without_a_change_are_steady() -> None:
    """The tests exclude a gain and a loss that would be worth while."""
    made = scattered(26)
    assert steady_since(made) is not None


@pytest.mark.parametrize("slope", [1.0, -1.0, 0.7])
def test_a_gain_is_not_steady(slope: float) -> None:
    """Nor is a loss."""
    assert steady_since(scattered(26, slope=slope)) is None


def test_three_months_by_the_calendar_are_not_enough() -> None:
    """Four tests, or three months of scattered ones, cannot exclude a gain that would be worth while."""
    assert steady_since(scattered(26)[::20]) is None
    assert steady_since(scattered(14, sd=9.0)) is None


@pytest.mark.parametrize(
    ("state", "changes", "going_on"),
    [
        (RISING, [GAIN], Phase.GAINING),
        (RISING, [], Phase.UNKNOWN),
        (STILL, [GAIN], Phase.UNKNOWN),
        (State(90.0, -2.0, 4.0, 0.1, 0.09), [GAIN, LOSS], Phase.LOSING),
        (RISING, [GAIN, LOSS], Phase.UNKNOWN),
        (None, [], Phase.UNKNOWN),
    ],
)
def test_moving_takes_a_real_change_and_a_slope(
    state: State | None, changes: list[RealChange], going_on: Phase
) -> None:
    """A slope that was not told as real is none, nor is a change that does not go on."""
    assert phase(state, BEGIN, changes, None, BEGIN + WEEK) is going_on


def test_steady_comes_first_and_old_tests_say_nothing_of_now() -> None:
    """Seven weeks after the last test nothing is known of now."""
    assert phase(RISING, BEGIN, [GAIN], BEGIN - 26 * WEEK, BEGIN) is Phase.STEADY
    assert phase(RISING, BEGIN, [GAIN], BEGIN - 26 * WEEK, BEGIN + 7 * WEEK) is Phase.UNKNOWN


def test_a_goal_ahead_has_two_dates() -> None:
    """6 mm ahead at 2 mm a week: three weeks lie between the dates."""
    found = forecast(RISING, BEGIN, Phase.GAINING, 96.0, BEGIN)
    assert found.earliest is not None
    assert found.latest is not None
    assert BEGIN < found.earliest < BEGIN + 3 * WEEK < found.latest < BEGIN + 12 * WEEK
    assert found.why_not is None


@pytest.mark.parametrize(
    ("state", "going_on", "goal_mm", "later", "why_not"),
    [
        (None, Phase.UNKNOWN, 100.0, 0, TOO_FEW),
        (STILL, Phase.STEADY, 100.0, 0, NO_GAIN),
        (STILL, Phase.UNKNOWN, 91.0, 0, TOO_CLOSE),
        (RISING, Phase.GAINING, 100.0, 7, TOO_OLD),
        (State(90.0, 0.2, 1.0, 0.0, 0.001), Phase.GAINING, 300.0, 0, TOO_FAR),
    ],
)
def test_what_cannot_be_said_has_its_reason(
    state: State | None, going_on: Phase, goal_mm: float, later: int, why_not: str
) -> None:
    """No date at all rather than one that nobody can know."""
    found = forecast(state, BEGIN, going_on, goal_mm, BEGIN + later * WEEK)
    assert (found.reached, found.earliest, found.latest, found.why_not) == (False, None, None, why_not)


def test_a_goal_behind_is_reached() -> None:
    """Only where the level is surely there."""
    assert forecast(STILL, BEGIN, Phase.UNKNOWN, 85.0, BEGIN).reached
    assert not forecast(STILL, BEGIN, Phase.UNKNOWN, 89.0, BEGIN).reached


def test_an_unsure_slope_has_an_open_end() -> None:
    """Where later than a year is likely, the latest date is open."""
    found = forecast(State(90.0, 1.0, 4.0, 0.0, 1.0), BEGIN, Phase.GAINING, 110.0, BEGIN)
    assert found.earliest is not None
    assert found.latest is None
