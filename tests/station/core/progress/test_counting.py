"""Which results count for the trend, and which form before-and-after pairs."""

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


def test_first_of_each_day_ignores_later_tests() -> None:
    """A second test of a day does not count, soon or late, in any order."""
    made = [result(1.3, 3), result(0.0, 1), result(0.02, 2), result(0.5, 9), result(1.0, 4)]
    assert [one.mm for one in first_of_each_day(oldest_first(made))] == [1, 4]


def test_first_of_each_day_uses_the_local_day() -> None:
    """07:00 and 20:00 UTC are two days if the clock is eight hours ahead."""
    made = [result(0.0, 1), result(13 * HOUR, 2)]
    there = timezone(timedelta(hours=8))
    assert len(first_of_each_day(made)) == 1
    assert len(first_of_each_day(made, lambda at: at.astimezone(there).date())) == 2


def test_first_of_each_day_applies_the_hour_across_midnight() -> None:
    """A test ten minutes after midnight, twenty after the last one, does not start a new day."""
    made = [result(16.8 * HOUR, 1), result(17.1 * HOUR, 2), result(30 * HOUR, 3)]
    assert [one.mm for one in first_of_each_day(made)] == [1, 3]


def test_before_after_uses_the_error_within_a_session() -> None:
    """The difference of two tests within an hour, with the error of two tests."""
    made = [result(0.0, 90), result(0.03, 96), result(0.2, 80)]
    (pair,) = before_after(made, {(False, Contact.PAD): ERROR})
    assert (pair.before_id, pair.after_id) == ("0", "0.03")
    assert pair.change_mm.value == pytest.approx(6)
    assert pair.change_mm.high - 6 == pytest.approx(1.96 * 2.0 * 2**0.5, rel=1e-3)


def test_before_after_uses_sem_without_repeats() -> None:
    """Without an error within a session, the larger one from day to day applies."""
    (pair,) = before_after([result(0.0, 90), result(0.03, 96)], {(False, Contact.PAD): NO_REPEATS})
    assert pair.change_mm.high - 6 == pytest.approx(1.96 * 6.0 * 2**0.5, rel=1e-3)


def test_before_after_uses_each_test_once() -> None:
    """Three tests in an hour make one pair; tests of different kinds make none."""
    errors = {(full, Contact.PAD): ERROR for full in (False, True)}
    assert len(before_after([result(0.0, 1), result(0.01, 2), result(0.02, 3)], errors)) == 1
    assert before_after([result(0.0, 1), result(0.01, 2, full=True)], errors) == []
