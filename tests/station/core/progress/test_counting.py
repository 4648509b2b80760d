"""Which results count for the trend, and which are before and after."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from station.core.facts import Contact
from station.core.progress.counting import before_after, first_of_each_day, oldest_first
from station.core.progress.records import PersonError
from tests.station.core.progress.histories import result

ERROR = PersonError(6.0, 2.0, None, 10.0, 14.0, 16.6)
NO_REPEATS = PersonError(6.0, None, None, 0.0, 14.0, 16.6)
HOUR = 1 / 24


def test_the_first_of_each_day_counts() -> None:
    """A second test of a day, soon or late, is none of the trend, and the order of entry does not matter."""
    made = [result(1.3, 3), result(0.0, 1), result(0.02, 2), result(0.5, 9), result(1.0, 4)]
    assert [one.mm for one in first_of_each_day(oldest_first(made))] == [1, 4]


def test_a_day_is_that_of_the_person() -> None:
    """07:00 and 20:00 UTC are two days where the clock is eight hours ahead."""
    made = [result(0.0, 1), result(13 * HOUR, 2)]
    there = timezone(timedelta(hours=8))
    assert len(first_of_each_day(made)) == 1
    assert len(first_of_each_day(made, lambda at: at.astimezone(there).date())) == 2


def test_the_hour_holds_over_midnight() -> None:
    """A test ten minutes after midnight, twenty after the last one, is its after and no new day."""
    made = [result(16.8 * HOUR, 1), result(17.1 * HOUR, 2), result(30 * HOUR, 3)]
    assert [one.mm for one in first_of_each_day(made)] == [1, 3]


def test_before_and_after_has_the_error_within_a_session() -> None:
    """Two tests within the hour: their difference, with the error of two of them."""
    made = [result(0.0, 90), result(0.03, 96), result(0.2, 80)]
    (pair,) = before_after(made, {(False, Contact.PAD): ERROR})
    assert (pair.before_id, pair.after_id) == ("0", "0.03")
    assert pair.change_mm.value == pytest.approx(6)
    assert pair.change_mm.high - 6 == pytest.approx(1.96 * 2.0 * 2**0.5, rel=1e-3)


def test_without_repeats_the_error_of_days_is_taken() -> None:
    """Where nothing tells the error within a session, the larger one stands for it."""
    (pair,) = before_after([result(0.0, 90), result(0.03, 96)], {(False, Contact.PAD): NO_REPEATS})
    assert pair.change_mm.high - 6 == pytest.approx(1.96 * 6.0 * 2**0.5, rel=1e-3)


def test_three_in_an_hour_are_one_pair() -> None:
    """Each test is in one pair at most, and tests of different kinds make none."""
    errors = {(full, Contact.PAD): ERROR for full in (False, True)}
    assert len(before_after([result(0.0, 1), result(0.01, 2), result(0.02, 3)], errors)) == 1
    assert before_after([result(0.0, 1), result(0.01, 2, full=True)], errors) == []
