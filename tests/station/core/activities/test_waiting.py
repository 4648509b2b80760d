"""A wait for a person: each moment comes once, in its order, and the deadline ends it."""

from __future__ import annotations

from station.core.activities.waiting import WaitAlarm, Waiting, earliest
from tests.station.core.traces import us


def test_earliest_ignores_what_is_not_set() -> None:
    """`None` is no moment."""
    assert earliest(us(3), None, us(2)) == us(2)
    assert earliest(None, None) is None


def test_nothing_is_due_without_moments() -> None:
    """A wait may have no end."""
    waiting = Waiting(us(1))
    assert waiting.due_us is None
    assert waiting.on_alarm(us(1000)) is None


def test_moments_come_in_their_order() -> None:
    """NUDGE and GIVE_UP come once; the deadline is due until the wait is replaced."""
    waiting = Waiting(0, nudge_us=us(2.5), give_up_us=us(15), deadline_us=us(60))
    seen = []
    for _ in range(4):
        due_us = waiting.due_us
        assert due_us is not None
        seen.append((due_us, waiting.on_alarm(due_us)))
    assert seen == [
        (us(2.5), WaitAlarm.NUDGE),
        (us(15), WaitAlarm.GIVE_UP),
        (us(60), WaitAlarm.TIMEOUT),
        (us(60), WaitAlarm.TIMEOUT),
    ]


def test_an_early_alarm_changes_nothing() -> None:
    """The nudge is still to come."""
    waiting = Waiting(0, nudge_us=us(2))
    assert waiting.on_alarm(us(1.9)) is None
    assert waiting.due_us == us(2)


def test_a_late_alarm_gives_the_most_final_first() -> None:
    """A nudge is pointless once the wait is over."""
    waiting = Waiting(0, nudge_us=us(2), give_up_us=us(15), deadline_us=us(60))
    assert waiting.on_alarm(us(61)) is WaitAlarm.TIMEOUT


def test_a_cancelled_nudge_does_not_come() -> None:
    """Only the deadline remains."""
    waiting = Waiting(0, nudge_us=us(2), deadline_us=us(60))
    waiting.cancel_nudge()
    assert waiting.due_us == us(60)
