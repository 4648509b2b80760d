"""The distance sensor's readings: valid or not, and when the sensor is lost."""

from __future__ import annotations

import pytest

from station.core.events import Toe
from station.core.sensing.toe_distance import VALID_STATUS, ToeRules, ToeWindow, invalid_reason
from tests.station.core.traces import us

NO_TARGET_MM, NO_TARGET_STATUS = 8190, 4
READING_US = 33_333


def lost_reasons(window: ToeWindow, readings: list[Toe]) -> list[str]:
    """Why the sensor was lost, reading by reading."""
    found = []
    for toe in readings:
        reasons = (window.pass_time(toe.at_us), window.add_reading(toe))
        found += [reason for reason in reasons if reason is not None]
        window.try_recover(toe.at_us)
    return found


def equal_readings(count: int, reading_mm: int = 145, status: int = 11, from_us: int = 0) -> list[Toe]:
    return [Toe(from_us + number * READING_US, reading_mm, status) for number in range(count)]


def test_twenty_equal_readings_are_frozen() -> None:
    """Nineteen are not."""
    assert lost_reasons(ToeWindow(0), equal_readings(19)) == []
    assert lost_reasons(ToeWindow(0), equal_readings(20)) == ["frozen: the same result again and again"]


def test_no_target_is_no_reading_and_not_frozen() -> None:
    """An empty view gives the same result for as long as it lasts: the sensor is lost after a second without a wall."""
    no_target = equal_readings(29, NO_TARGET_MM, NO_TARGET_STATUS)
    window = ToeWindow(0)
    assert lost_reasons(window, no_target) == []
    assert window.last_invalid_reason == "flagged by the sensor (status 4)"
    more = equal_readings(10, NO_TARGET_MM, NO_TARGET_STATUS, from_us=us(0.97))
    assert lost_reasons(window, more) == ["no valid reading for a second"]


def test_no_target_interrupts_equal_readings() -> None:
    """A frozen sensor would not notice that the wall is gone."""
    readings = equal_readings(15) + equal_readings(3, NO_TARGET_MM, NO_TARGET_STATUS, from_us=us(0.5))
    assert lost_reasons(ToeWindow(0), readings + equal_readings(15, from_us=us(0.6))) == []


@pytest.mark.parametrize("reading_mm", [0, 14, 1201, 8190, 8191, 65535, -1])
def test_impossible_reading_is_not_a_distance(reading_mm: int) -> None:
    """Even if the sensor reports it as valid: the driver returns error codes as millimetres."""
    window = ToeWindow(0)
    for toe in equal_readings(3, reading_mm):
        window.add_reading(toe)
    assert window.readings_mm == []
    assert window.last_invalid_reason in ("nearer than the sensor can see", "farther than the sensor can see")


@pytest.mark.parametrize("status", [code for code in range(256) if code != VALID_STATUS])
def test_every_status_but_one_is_invalid(status: int) -> None:
    assert invalid_reason(Toe(0, 145, status), ToeRules()) == f"flagged by the sensor (status {status})"
    assert invalid_reason(Toe(0, 145, VALID_STATUS), ToeRules()) is None
