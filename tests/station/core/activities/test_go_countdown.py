"""The seconds counted before GO."""

from __future__ import annotations

from station.core.activities.go_countdown import GoCountdown
from tests.station.core.traces import us


def test_counts_down_once_a_second() -> None:
    """Each tick is due a second after the one before; after the last one GO is due, and stays due."""
    countdown = GoCountdown(us(10), count_from=3)
    ticks = [(countdown.due_us, countdown.next_tick()) for _ in range(5)]
    assert ticks == [(us(10), 3), (us(11), 2), (us(12), 1), (us(13), None), (us(13), None)]


def test_nothing_to_count() -> None:
    """A count that is left out is due for GO at once."""
    countdown = GoCountdown(us(10), count_from=0)
    assert (countdown.due_us, countdown.remaining_ticks, countdown.next_tick()) == (us(10), 0, None)
