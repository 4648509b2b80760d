"""A clock that credits the sum of its spans."""

from __future__ import annotations

from station.core.activities.credit_clock import CreditClock
from tests.station.core.traces import us


def test_credit_is_the_sum_of_spans() -> None:
    """Nothing is credited between them."""
    clock = CreditClock(us(30))
    clock.start(us(10))
    clock.stop(us(14))
    assert clock.credited_us(us(20)) == us(4)
    clock.start(us(20))
    assert clock.is_running
    assert clock.credited_us(us(21)) == us(5)
    assert clock.due_us(us(30)) == us(46)


def test_credit_has_a_maximum() -> None:
    """Running or stopped."""
    clock = CreditClock(us(30))
    clock.start(0)
    assert clock.credited_us(us(31)) == us(30)
    clock.stop(us(40))
    assert clock.credited_us(us(50)) == us(30)


def test_a_stop_before_the_start_credits_nothing() -> None:
    """A lift may turn out to have begun before GO."""
    clock = CreditClock(us(30))
    clock.start(us(10))
    clock.stop(us(9))
    assert clock.credited_us(us(20)) == 0


def test_a_stopped_clock_is_never_due() -> None:
    """Stopping it again changes nothing."""
    clock = CreditClock(us(30))
    clock.start(0)
    clock.stop(us(5))
    clock.stop(us(8))
    assert clock.due_us(us(30)) is None
    assert clock.credited_us(us(9)) == us(5)


def test_taking_back_shortens_only_the_last_span() -> None:
    """The credit of the spans before it stays."""
    clock = CreditClock(us(30))
    clock.start(0)
    clock.stop(us(5))
    clock.start(us(10))
    clock.stop(us(14))
    clock.stop(us(13))
    assert clock.credited_us(us(20)) == us(8)
    clock.stop(us(9))
    assert clock.credited_us(us(20)) == us(5)


def test_a_finished_clock_has_its_full_credit() -> None:
    """A finished hold is credited exactly its target."""
    clock = CreditClock(us(30))
    clock.start(0)
    clock.finish()
    assert (clock.credited_us(us(1)), clock.is_running) == (us(30), False)
