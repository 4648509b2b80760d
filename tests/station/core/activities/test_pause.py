"""A pause: when it nudges, gives up and ends, and what follows it."""

from __future__ import annotations

import pytest

from station.core.activities.exercise_rules import ExerciseRules
from station.core.activities.pause import AfterPause, Pause
from station.core.activities.waiting import WaitAlarm
from tests.station.core.traces import us


@pytest.mark.parametrize("gives_up", [True, False])
def test_a_pause_counts_from_the_lift_and_nudges_from_its_own_sound(gives_up: bool) -> None:
    """The heel rose at 7 s, PAUSED sounded at 10 s."""
    pause = Pause.begin(us(10), us(7), ExerciseRules(), gives_up=gives_up, is_in_side_change=False)
    alarms: list[tuple[int, WaitAlarm | None]] = []
    while not alarms or alarms[-1][1] is not WaitAlarm.TIMEOUT:
        due_us = pause.waiting.due_us
        assert due_us is not None
        alarms.append((due_us, pause.waiting.on_alarm(due_us)))
    given_up = [(us(22), WaitAlarm.GIVE_UP)] if gives_up else []
    assert alarms == [(us(12.5), WaitAlarm.NUDGE), *given_up, (us(67), WaitAlarm.TIMEOUT)]


@pytest.mark.parametrize(
    ("is_in_side_change", "then"), [(True, AfterPause.SIDE_CHANGE), (False, AfterPause.SAME_REPETITION)]
)
def test_a_pause_goes_back_to_what_it_interrupted(is_in_side_change: bool, then: AfterPause) -> None:
    """A change of sides starts again."""
    assert Pause.begin(0, 0, ExerciseRules(), gives_up=False, is_in_side_change=is_in_side_change).then is then
