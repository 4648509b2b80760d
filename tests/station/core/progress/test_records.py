"""The records of progress: what makes two results comparable."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from station.core.facts import Contact
from station.core.progress.records import Circumstances, Result, TimeOfDay
from tests.station.core.progress.histories import BEGIN

PLAIN = Result("1", BEGIN, 94.0, None, False, Contact.PAD)


@pytest.mark.parametrize("known", [{"shod": True}, {"shod": False}, {"back_foot": "flat"}, {"board_angle_deg": 15.0}])
def test_method_differs_where_one_is_known(known: dict[str, Any]) -> None:
    """Shoes, back foot and board angle make another method; unknown equals unknown, but nothing known."""
    other = replace(PLAIN, circumstances=Circumstances(**known))
    assert other.method != PLAIN.method
    assert other.method == replace(other, mm=80.0).method


def test_method_is_the_same_at_another_time_of_day() -> None:
    """The kind of test, part of day, stretch, warm-up and calibration are habits within a method."""
    evening = Circumstances(TimeOfDay.EVENING, after_stretch=True, warmed_up=True)
    assert replace(PLAIN, full=True, circumstances=evening, calibration=3).method == PLAIN.method
