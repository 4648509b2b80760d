"""How long a preparation takes, and when it requires standing."""

from __future__ import annotations

from station.core.activities.exercise_rules import ExerciseRules
from station.core.activities.preparation import Preparation
from tests.station.core.traces import us


def test_a_person_who_is_back_prepares_briefly_but_not_before_a_side_change_allows() -> None:
    """Five seconds, or what remains of the ten since SWITCH, until GO has sounded."""
    preparation = Preparation(us(20), ExerciseRules(), is_off_board=False)
    assert preparation.short_us(us(1)) == us(5)
    preparation.on_side_change(us(100))
    assert preparation.short_us(us(102)) == us(8)
    assert preparation.short_us(us(107)) == us(5)
    preparation.on_go()
    assert preparation.short_us(us(102)) == us(5)


def test_a_preparation_off_the_board_runs_regardless() -> None:
    """Only the full one: a person who is back stays on the board."""
    preparation = Preparation(us(20), ExerciseRules(), is_off_board=True)
    assert preparation.countdown(us(1), us(1), preparation.full_us, is_standing=False).is_running
    assert not preparation.countdown(us(1), us(1), preparation.short_us(us(1)), is_standing=False).is_running


def test_a_person_who_was_called_back_prepares_on_the_board() -> None:
    """Briefly."""
    preparation = Preparation(us(20), ExerciseRules(), is_off_board=True)
    preparation.on_call_back()
    assert preparation.full_us == us(5)
    assert not preparation.countdown(us(1), us(1), us(5), is_standing=False).is_running


def test_an_absence_counts_from_the_moment_at_which_it_is_known() -> None:
    """Standing counts from when it began."""
    preparation = Preparation(us(20), ExerciseRules(), is_off_board=False)
    assert preparation.countdown(us(2), us(1), us(10), is_standing=False).stopped_since_us == us(2)
    assert preparation.countdown(us(2), us(1), us(10), is_standing=True).stood_us(us(2)) == us(1)
