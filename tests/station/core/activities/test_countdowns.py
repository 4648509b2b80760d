"""Ticks before an end, and a countdown that runs only while the person stands."""

from __future__ import annotations

from station.core.activities.countdown_ticks import CountdownTicks
from station.core.activities.standing_countdown import StandingCountdown
from tests.station.core.traces import us


def test_ticks_sound_in_the_last_seconds_and_then_the_end_is_due() -> None:
    """3, 2, 1, each once."""
    ticks = CountdownTicks(us(10))
    counts = []
    while not ticks.are_over:
        due_us = ticks.due_us(us(10))
        counts.append((due_us, ticks.pop(us(10) - due_us)))
    assert counts == [(us(7), 3), (us(8), 2), (us(9), 1)]
    assert ticks.due_us(us(10)) == us(10)
    assert ticks.pop(0) is None


def test_ticks_that_do_not_fit_are_left_out() -> None:
    """A span of three seconds does not begin with a tick."""
    assert CountdownTicks(us(3)).due_us(us(3)) == us(1)


def test_a_late_tick_drops_those_before_it() -> None:
    """Missed ticks are not made up for."""
    ticks = CountdownTicks(us(10))
    assert ticks.pop(us(1.5)) == 2
    assert ticks.due_us(us(10)) == us(9)


def test_cancelled_ticks_do_not_sound() -> None:
    """Only the end is due."""
    ticks = CountdownTicks(us(10))
    ticks.cancel()
    assert ticks.are_over
    assert ticks.due_us(us(10)) == us(10)


def test_standing_is_counted_and_stepping_off_is_not() -> None:
    """Four seconds before an absence and six after it make ten."""
    countdown = StandingCountdown(us(10), 0, is_standing=True, max_absence_us=us(3), ticks=(1,))
    countdown.stop(us(4))
    assert (countdown.is_running, countdown.stopped_since_us) == (False, us(4))
    countdown.start(us(7))
    assert countdown.due_us == us(12)
    assert countdown.pop_tick(us(12)) == 1
    assert countdown.due_us == us(13)
    assert not countdown.is_over(us(12.9))
    assert countdown.is_over(us(13))


def test_nobody_stands_at_first() -> None:
    """It waits for three seconds."""
    countdown = StandingCountdown(us(10), us(2), is_standing=False, max_absence_us=us(3))
    assert countdown.stopped_since_us == us(2)
    assert countdown.due_us == us(5)
    assert countdown.stood_us(us(5)) == 0


def test_a_preparation_off_the_board_runs_regardless() -> None:
    """Whatever the person does."""
    countdown = StandingCountdown(us(10), us(1), is_standing=False, max_absence_us=us(3), needs_standing=False)
    countdown.stop(us(2))
    countdown.start(us(5))
    assert countdown.is_running
    assert countdown.due_us == us(11)


def test_skip_is_over_at_once_for_a_person_who_stands() -> None:
    """And for one who does not, as soon as they do."""
    standing = StandingCountdown(us(10), 0, is_standing=True, max_absence_us=us(3), ticks=(3, 2, 1))
    standing.skip(us(2))
    assert standing.due_us == us(2)
    assert standing.is_over(us(2))
    absent = StandingCountdown(us(10), 0, is_standing=False, max_absence_us=us(3))
    absent.skip(us(2))
    assert absent.due_us == us(3)
    absent.start(us(4))
    assert absent.due_us == us(4)
