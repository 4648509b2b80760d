"""When a check is out of tolerance, and when the next one is due."""

from __future__ import annotations

import pytest

from station.core.measurement.tolerance import check_due_reason, is_out_of_tolerance


def test_out_of_tolerance_exceeds_two_millimetres_and_the_uncertainty() -> None:
    """An error within an uncertain check's own uncertainty is not out of tolerance."""
    assert not is_out_of_tolerance(1.9, 0.1)
    assert is_out_of_tolerance(-2.1, 0.5)
    assert not is_out_of_tolerance(2.9, 1.5)


@pytest.mark.parametrize(
    ("days", "warmer", "says"),
    [(6.9, 7.9, None), (7.0, None, "7 days ago"), (0.1, 8.2, "8 degrees warmer"), (0.1, -9.0, "9 degrees colder")],
)
def test_a_check_is_due_weekly_or_after_eight_degrees(days: float, warmer: float | None, says: str | None) -> None:
    """With a sentence why."""
    why = check_due_reason(days, warmer)
    assert (why is None) if says is None else (why is not None and says in why)
