"""When the wrong leg is pointed out."""

from __future__ import annotations

from station.core.activities.wrong_leg import WrongLeg
from tests.station.core.traces import us


def test_it_is_due_once_until_the_leg_has_stepped_off() -> None:
    """Two seconds after it steps on, and after it steps on again."""
    wrong_leg = WrongLeg(us(2))
    wrong_leg.update(us(5), is_standing=True)
    wrong_leg.update(us(6), is_standing=True)
    assert [wrong_leg.is_due(us(at_s)) for at_s in (6.9, 7)] == [False, True]
    wrong_leg.mark_reported()
    wrong_leg.update(us(8), is_standing=True)
    assert not wrong_leg.is_due(us(100))
    wrong_leg.update(us(9), is_standing=False)
    wrong_leg.update(us(10), is_standing=True)
    assert wrong_leg.due_us == us(12)


def test_the_right_leg_cancels_it() -> None:
    """No cue is needed any more."""
    wrong_leg = WrongLeg(us(2))
    wrong_leg.update(us(5), is_standing=True)
    wrong_leg.cancel()
    assert not wrong_leg.is_due(us(100))
