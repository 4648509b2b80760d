"""Bets on ranks: their mean without a change, and what they say along a line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from random import Random
from statistics import fmean

import pytest

from station.core.progress.line_bets import GAIN_SHARE, NEGLIGIBLE, SLOPES, LineBets, log_prior_odds
from station.core.progress.ranks import Ranks
from station.core.progress.records import Direction

WEIGHTS = sum(weight for _, weight in SLOPES)


def _after(mms: Sequence[float], weeks: Sequence[float]) -> LineBets:
    bets, kind = LineBets(weeks[0]), Ranks()
    for mm, week in zip(mms, weeks, strict=True):
        kind.add(mm)
        bets.bet(kind, week)
    return bets


@pytest.mark.parametrize("weeks", [(0.0, 1.0, 2.0, 3.0, 4.0, 5.0), (0.0, 0.1, 9.0, 9.2, 30.0, 31.0)])
def test_bets_have_a_mean_of_one_without_a_change(weeks: tuple[float, ...]) -> None:
    """Over all orders of six results, exactly, whatever their distribution."""
    found = fmean(_after(mms, weeks).evidence for mms in permutations((0.0, 1.0, 2.0, 3.0, 50.0, 1000.0)))
    assert found == pytest.approx(WEIGHTS)


def test_equal_results_have_a_mean_of_one_as_well() -> None:
    """They have their ranks together."""
    weeks = (0.0, 1.0, 2.0, 3.0, 4.0)
    found = fmean(_after(mms, weeks).evidence for mms in permutations((1.0, 1.0, 2.0, 2.0, 2.0)))
    assert found == pytest.approx(WEIGHTS)


@pytest.mark.parametrize(("slope", "direction"), [(0.35, Direction.GAIN), (-0.35, Direction.LOSS)])
def test_a_line_becomes_likely(slope: float, direction: Direction) -> None:
    """Ten weeks of three tests, in SDs; the steeper of two slopes fits best."""
    rng, weeks = Random(1), [number / 3 for number in range(30)]
    bets = _after([slope * week + rng.gauss(0, 1) for week in weeks], weeks)
    log_likelihood, found = bets.likeliest()
    assert found is direction
    assert log_likelihood > 5
    assert bets.evidence > 80


def test_without_a_change_the_bets_end() -> None:
    """A year of three tests a week leaves almost nothing, and no bet is settled after that."""
    rng, weeks = Random(2), [number / 3 for number in range(156)]
    bets = _after([rng.gauss(90, 6) for _ in weeks], weeks)
    assert not bets.is_open
    assert bets.evidence < 4 * NEGLIGIBLE


def test_one_outlier_divides_the_evidence_by_at_most_twenty() -> None:
    """The last result of a clear gain is the smallest of all."""
    rng, weeks = Random(3), [number / 3 for number in range(30)]
    mms = [0.35 * week + rng.gauss(0, 1) for week in weeks]
    clear = _after(mms[:-1], weeks[:-1]).evidence
    assert clear / 20 <= _after([*mms[:-1], -50.0], weeks).evidence < clear


def test_results_to_rank_against_are_no_evidence() -> None:
    """A run-in of ten, in order of size."""
    bets, kind = LineBets(-10.0), Ranks()
    for week in range(-10, 0):
        kind.insert(float(week))
        bets.run_in(kind, float(week))
    assert bets.evidence == pytest.approx(WEIGHTS)
    kind.add(1.0)
    bets.bet(kind, 0.0)
    assert bets.evidence > WEIGHTS


def test_a_line_levels_off() -> None:
    """After 16 weeks, so that a result after a year's gap is no more surprising than one after 16 weeks."""
    bets = LineBets(2.0)
    assert [bets.expected_course(week) for week in (2.0, 5.0, 18.0, 70.0)] == [0.0, 3.0, 16.0, 16.0]


def test_a_gain_is_likelier_beforehand() -> None:
    assert log_prior_odds(Direction.GAIN) > 0 > log_prior_odds(Direction.LOSS)
    bets = LineBets(0.0)
    assert bets.evidence == pytest.approx(WEIGHTS)
    assert GAIN_SHARE > 0.5
