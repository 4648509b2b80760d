"""The calendar feed, parsed again, has the plan's times, even when the clocks change."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from station.advice.calendar import calendar_feed
from station.advice.plan import Plan, occurrences
from tests.tree import ROOT

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
PLAN = Plan(
    ((0, "18:00"), (3, "07:30"), (4, "18:00")), "daily", "Europe/Berlin", token="secret", since=date(2026, 1, 1)
)
# On these nights the clocks change in Europe.
CHANGES = (date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31))


def events(plan: Plan, now: datetime = NOW, **options: bool) -> list[Any]:
    return list(Calendar.from_ical(calendar_feed(plan, "Daily", 13, now, **options)).walk("VEVENT"))


def expanded(event: Any, until: datetime) -> list[datetime]:
    """The times of a weekly event under RFC 5545: its days at its local time, from its start on."""
    start, found = event.decoded("dtstart"), []
    days = [("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(day) for day in event["rrule"]["byday"]]
    assert event["rrule"]["freq"] == ["WEEKLY"]
    assert set(event["rrule"]) == {"FREQ", "BYDAY"}
    at = start.replace(tzinfo=None)
    while (now := at.replace(tzinfo=start.tzinfo)).astimezone(UTC) < until:
        if at.weekday() in days:
            found.append(now.astimezone(UTC))
        at += timedelta(days=1)
    return found


def test_calendar_has_times_of_plan() -> None:
    """For two years, over four clock changes, each time is at the same local hour."""
    until = datetime(2028, 1, 1, tzinfo=UTC)
    found = sorted(at for event in events(PLAN) for at in expanded(event, until))
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    assert found == [at.astimezone(UTC) for at in occurrences(PLAN, begin, until)]
    assert len(found) == 3 * 105 - 1
    summer = [CHANGES[0] <= at.date() < CHANGES[1] or CHANGES[2] <= at.date() < CHANGES[3] for at in found]
    evenings = {(is_summer, at.hour) for at, is_summer in zip(found, summer, strict=True) if at.weekday() != 3}
    mornings = {(is_summer, at.hour) for at, is_summer in zip(found, summer, strict=True) if at.weekday() == 3}
    assert evenings == {(False, 17), (True, 16)}
    assert mornings == {(False, 6), (True, 5)}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_calendar_contains_time_zone(zone: str) -> None:
    """A calendar program that does not know the zone's name finds its changes in the feed."""
    plan = Plan(PLAN.days, "daily", zone, since=date(2026, 1, 1))
    parsed = Calendar.from_ical(calendar_feed(plan, "Daily", 13, NOW))
    (written,) = parsed.timezones
    assert written.tz_name == zone
    assert parsed.get_missing_tzids() == set()
    parsed = written.to_tz(lookup_tzid=False)
    for at in occurrences(plan, NOW, datetime(2028, 1, 1, tzinfo=UTC)):
        assert at.replace(tzinfo=None).replace(tzinfo=parsed).utcoffset() == at.utcoffset()


def test_event_has_name_duration_and_reminder() -> None:
    """It also leaves the person's time free, and the reminder is optional."""
    for event in events(PLAN):
        assert event["summary"] == "Slant board: Daily"
        assert event.decoded("duration") == timedelta(minutes=13)
        assert event["transp"] == "TRANSPARENT"
        (alarm,) = event.walk("VALARM")
        assert alarm.decoded("trigger") == timedelta(0)
        assert alarm["action"] == "DISPLAY"
    assert not [alarm for event in events(PLAN, alarm=False) for alarm in event.walk("VALARM")]


def test_event_ids_are_stable() -> None:
    """A year later, and with another day, they are the same; they do not reveal the feed's token."""
    ids = {event["uid"] for event in events(PLAN)}
    assert len(ids) == 2
    more_days = Plan((*PLAN.days, (5, "18:00")), "daily", "Europe/Berlin", token="secret")
    assert {event["uid"] for event in events(more_days, NOW + timedelta(days=365))} == ids
    other = Plan(PLAN.days, "daily", "Europe/Berlin", token="another")
    assert not {event["uid"] for event in events(other)} & ids
    assert b"secret" not in calendar_feed(PLAN, "Daily", 13, NOW)


def test_plan_without_first_day_starts_this_week() -> None:
    """On the Monday of the person's own week."""
    plan = Plan(((6, "18:00"), (0, "18:00")), "daily", "Pacific/Auckland")
    sunday = datetime(2026, 1, 11, 12, tzinfo=UTC)
    (event,) = events(plan, sunday)
    assert event.decoded("dtstart").date() == date(2026, 1, 12)


def test_unusual_names_survive() -> None:
    """Commas, semicolons, line endings and long names come out as they went in."""
    name = "Left; then right, \\ \u00e4\u00f6 " + "long " * 30 + "end"
    (event,) = Calendar.from_ical(calendar_feed(Plan(((0, "07:00"),), "x", "UTC"), name, 0, NOW)).walk("VEVENT")
    assert event["summary"] == f"Slant board: {name}"
    assert event.decoded("duration") == timedelta(minutes=1)
    lines = calendar_feed(Plan(((0, "07:00"),), "x", "UTC"), name, 0, NOW).split(b"\r\n")
    assert max(map(len, lines)) <= 75


def test_library_loads_only_for_feed() -> None:
    """A station without subscribers saves its eight megabytes."""
    script = "import sys, station.advice.calendar; print('icalendar' in sys.modules, 'dateutil' in sys.modules)"
    done = subprocess.run((sys.executable, "-c", script), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_zones_work_without_system_data() -> None:
    """A bare Debian has no zone data; the station brings its own."""
    script = (
        "import zoneinfo; zoneinfo.reset_tzpath(())\n"
        "from station.advice.plan import plan_from_dict\n"
        "print(plan_from_dict({'days': [[0, '18:00']], 'zone': 'Australia/Lord_Howe'}).zone)"
    )
    done = subprocess.run((sys.executable, "-c", script), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Australia/Lord_Howe"]
