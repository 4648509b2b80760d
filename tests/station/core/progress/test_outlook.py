"""The current phase, and the forecast for the goal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest

from station.core.progress.change import real_changes
from station.core.progress.kalman import TrendState
from station.core.progress.outlook import (
    LIKELY_REACHED,
    NO_GAIN,
    TOO_CLOSE,
    TOO_FAR,
    TOO_FEW,
    TOO_OLD,
    current_phase,
    forecast,
    steady_since,
)
from station.core.progress.records import Direction, Phase, RealChange, Result
from tests.station.core.progress.histories import BEGIN, result, scattered

WEEK = timedelta(weeks=1)
RISING = TrendState(90.0, 2.0, 4.0, 0.1, 0.09)
STILL = TrendState(90.0, 0.0, 4.0, 0.0, 0.04)
GAIN = RealChange(Direction.GAIN, False, BEGIN - 9 * WEEK, BEGIN - 2 * WEEK, "1")
LOSS = RealChange(Direction.LOSS, True, BEGIN - 9 * WEEK, BEGIN - 2 * WEEK, "1")


def test_steady_since_finds_six_months_without_a_change() -> None:
    """The tests exclude a worthwhile gain and a worthwhile loss."""
    made = scattered(26)
    assert steady_since(made) is not None


@pytest.mark.parametrize("slope", [1.0, -1.0, 0.7])
def test_steady_since_excludes_gains_and_losses(slope: float) -> None:
    """Half a year of slow change is no plateau."""
    assert steady_since(scattered(26, slope=slope)) is None


def test_steady_since_needs_enough_precise_tests() -> None:
    """Few tests, or three months of scattered ones, cannot exclude a worthwhile gain."""
    assert steady_since(scattered(26)[::20]) is None
    assert steady_since(scattered(14, sd=9.0)) is None


def _humped(seed: int, rate: float, weeks: int = 26, sd: float = 4.0) -> list[Result]:
    """A history that changes by `rate` mm a week for 13 weeks and then back, with three tests a week."""
    rng = Random(seed)
    days = [7 * number / 3 for number in range(weeks * 3)]
    return [result(day, 90 + rate * min(day, 182 - day) / 7 + rng.gauss(0, sd)) for day in days]


def _first_steady(made: Sequence[Result], changes: Sequence[RealChange]) -> int | None:
    """The first week in which the person counts as steady, checked once a week."""
    for week in range(12, round((made[-1].at - BEGIN) / WEEK) + 2):
        now = BEGIN + week * WEEK
        known, reported = [test for test in made if test.at < now], [one for one in changes if one.confirmed_at < now]
        if steady_since(known, reported) is not None:
            return week
    return None


@pytest.mark.parametrize("rate", [0.8, -0.8])
def test_steady_since_excludes_a_hump(rate: float) -> None:
    """A line through it is flat but bends: at most 3 of 60 people ever count as steady."""
    humps = [_humped(seed, rate) for seed in range(60)]
    assert sum(_first_steady(made, real_changes(made)) is not None for made in humps) <= 3
    assert sum(_first_steady(made, []) is not None for made in humps) <= 3


def test_steady_since_finds_unchanged_people_in_time() -> None:
    """Half within 28 weeks, and nearly all within 36."""
    weeks = [_first_steady(made, real_changes(made)) or 99 for made in (scattered(40, seed=seed) for seed in range(40))]
    assert sum(week <= 28 for week in weeks) >= 20
    assert sum(week <= 36 for week in weeks) >= 37


def test_steady_since_starts_after_the_last_real_change() -> None:
    """A plateau cannot start before a real change was confirmed."""
    made = scattered(40)
    change = RealChange(Direction.GAIN, False, BEGIN, made[30].at, made[30].test_id)
    since = steady_since(made, [change])
    assert since is not None
    assert since >= change.confirmed_at
    assert steady_since(made[:60], [change]) is None


@pytest.mark.parametrize(
    ("state", "changes", "phase"),
    [
        (RISING, [GAIN], Phase.GAINING),
        (RISING, [], Phase.UNKNOWN),
        (STILL, [GAIN], Phase.UNKNOWN),
        (TrendState(90.0, -2.0, 4.0, 0.1, 0.09), [GAIN, LOSS], Phase.LOSING),
        (RISING, [GAIN, LOSS], Phase.UNKNOWN),
        (None, [], Phase.UNKNOWN),
    ],
)
def test_phase_needs_a_real_change_and_its_slope(
    state: TrendState | None, changes: list[RealChange], phase: Phase
) -> None:
    """A slope without a real change gives no phase, nor does a change whose slope has ended."""
    assert current_phase(state, BEGIN, changes, None, BEGIN + WEEK) is phase


def test_phase_prefers_steady_and_expires() -> None:
    """A plateau comes before a change; seven weeks after the last test the phase is unknown."""
    assert current_phase(RISING, BEGIN, [GAIN], BEGIN - 26 * WEEK, BEGIN) is Phase.STEADY
    assert current_phase(RISING, BEGIN, [GAIN], BEGIN - 26 * WEEK, BEGIN + 7 * WEEK) is Phase.UNKNOWN


def test_forecast_gives_two_dates_for_a_goal_ahead() -> None:
    """6 mm ahead at 2 mm a week: three weeks lie between the dates."""
    found = forecast(RISING, BEGIN, Phase.GAINING, 96.0, BEGIN)
    assert found.earliest is not None
    assert found.latest is not None
    assert BEGIN < found.earliest < BEGIN + 3 * WEEK < found.latest < BEGIN + 12 * WEEK
    assert found.why_not is None


@pytest.mark.parametrize(
    ("state", "phase", "goal_mm", "later", "why_not"),
    [
        (None, Phase.UNKNOWN, 100.0, 0, TOO_FEW),
        (STILL, Phase.STEADY, 100.0, 0, NO_GAIN),
        (STILL, Phase.UNKNOWN, 91.0, 0, TOO_CLOSE),
        (RISING, Phase.GAINING, 100.0, 7, TOO_OLD),
        (TrendState(90.0, 0.2, 1.0, 0.0, 0.001), Phase.GAINING, 300.0, 0, TOO_FAR),
    ],
)
def test_forecast_gives_a_reason_without_dates(
    state: TrendState | None, phase: Phase, goal_mm: float, later: int, why_not: str
) -> None:
    """If the tests allow no date, there is a reason instead."""
    found = forecast(state, BEGIN, phase, goal_mm, BEGIN + later * WEEK)
    assert (found.reached, found.earliest, found.latest, found.why_not) == (False, None, None, why_not)


def test_forecast_reports_a_reached_goal() -> None:
    """Only if the level is clearly beyond it."""
    assert forecast(STILL, BEGIN, Phase.UNKNOWN, 85.0, BEGIN).reached
    assert not forecast(STILL, BEGIN, Phase.UNKNOWN, 89.0, BEGIN).reached


def test_forecast_does_not_report_a_goal_by_old_tests() -> None:
    """Seven weeks after the last test the level is unknown."""
    found = forecast(STILL, BEGIN, Phase.UNKNOWN, 85.0, BEGIN + 7 * WEEK)
    assert (found.reached, found.why_not) == (False, TOO_OLD)


def test_forecast_omits_dates_that_have_passed() -> None:
    """5 mm ahead at 2 mm a week, five weeks after the last test: another test would show it."""
    sure = TrendState(90.0, 2.0, 1.0, 0.0, 0.01)
    found = forecast(sure, BEGIN, Phase.GAINING, 95.0, BEGIN + 5 * WEEK)
    assert (found.reached, found.earliest, found.latest, found.why_not) == (False, None, None, LIKELY_REACHED)


@pytest.mark.parametrize("waited_days", [0, 5, 11, 19, 33, 41])
@pytest.mark.parametrize("ahead_mm", [3.0, 4.0, 6.0, 9.0, 15.0])
def test_forecast_dates_lie_ahead_and_in_order(waited_days: int, ahead_mm: float) -> None:
    """However long ago the last test is; otherwise there are no dates."""
    now = BEGIN + timedelta(days=waited_days)
    for state in (RISING, TrendState(90.0, 2.0, 1.0, 0.0, 0.01)):
        found = forecast(state, BEGIN, Phase.GAINING, 90 + ahead_mm, now)
        if found.earliest is None:
            assert found.reached or found.why_not == LIKELY_REACHED
        else:
            assert now <= found.earliest
            assert found.latest is None or max(now + timedelta(days=1), found.earliest) <= found.latest


def test_forecast_starts_from_the_expected_level() -> None:
    """Two weeks without a test move neither date by two days while both lie ahead."""
    sure = TrendState(90.0, 2.0, 1.0, 0.0, 0.01)
    at_once = forecast(sure, BEGIN, Phase.GAINING, 100.0, BEGIN)
    later = forecast(sure, BEGIN, Phase.GAINING, 100.0, BEGIN + 2 * WEEK)
    for before, after in ((at_once.earliest, later.earliest), (at_once.latest, later.latest)):
        assert before is not None
        assert after is not None
        assert abs(after - before) < timedelta(days=2)


def test_forecast_has_an_open_end_for_an_uncertain_slope() -> None:
    """If it may well take more than a year, there is no latest date."""
    found = forecast(TrendState(90.0, 1.0, 4.0, 0.0, 1.0), BEGIN, Phase.GAINING, 110.0, BEGIN)
    assert found.earliest is not None
    assert found.latest is None
