"""The part of the day by the local hour."""

from __future__ import annotations

from station.core.progress.records import TimeOfDay

MORNING_FROM, DAYTIME_FROM, EVENING_FROM = 4, 11, 17
"""Local hours. The night counts as the evening before it: the ankle stays as supple until people sleep."""


def part_of_day(hour: int) -> TimeOfDay:
    """Return the part of the day of this local hour, 0 to 23."""
    if MORNING_FROM <= hour < DAYTIME_FROM:
        return TimeOfDay.MORNING
    return TimeOfDay.DAYTIME if DAYTIME_FROM <= hour < EVENING_FROM else TimeOfDay.EVENING
