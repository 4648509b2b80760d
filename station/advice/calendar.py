"""A plan as a calendar that phones and computers subscribe to (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from station.advice.plan import DAY, Plan

PRODUCT_ID = "-//Slant-board station//Plan//EN"
EVENT_ID_NAMESPACE = UUID("8d0f5c1e-4f5b-4e0b-9a53-2f2f0d3a6c11")
"""The namespace of the events' ids, which do not reveal the token in the feed's address."""
RRULE_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ZONE_HORIZON = 3 * 366 * DAY
"""How far ahead the feed lists clock changes; subscribers fetch it again long before."""
REFRESH_INTERVAL = timedelta(hours=12)


def calendar_feed(plan: Plan, name: str, minutes: int, now: datetime, *, alarm: bool = True) -> bytes:
    """The calendar of the plan: one weekly event for each time of day, from the first day of the plan.

    `name` is the routine's, `minutes` how long it takes. With `alarm` the phone reminds at the time itself. Most
    calendars show a time skipped by the clocks an hour later; the station uses the end of the gap.
    """
    # Imported here: it takes eight megabytes, and only calendar feeds need it.
    from icalendar import Alarm, Calendar, Event

    zone = ZoneInfo(plan.zone)
    today = now.astimezone(zone).date()
    first_day = plan.since or today - today.weekday() * DAY
    days_of = defaultdict(list)
    for weekday, clock in plan.days:
        days_of[clock].append(weekday)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT_ID)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Slant board")
    calendar.add("refresh-interval", REFRESH_INTERVAL, parameters={"VALUE": "DURATION"})
    for clock, weekdays in sorted(days_of.items()):
        day = next(day for day in (first_day + ahead * DAY for ahead in range(7)) if day.weekday() in weekdays)
        event = Event()
        event.add("uid", f"{uuid5(EVENT_ID_NAMESPACE, f'{plan.token} {clock}')}@slant-board")
        event.add("dtstamp", now)
        event.add("summary", f"Slant board: {name}")
        event.add("dtstart", datetime.combine(day, time.fromisoformat(clock), zone))
        event.add("duration", timedelta(minutes=max(1, minutes)))
        event.add("rrule", {"freq": "weekly", "byday": [RRULE_WEEKDAYS[weekday] for weekday in weekdays]})
        event.add("transp", "TRANSPARENT")
        if alarm:
            reminder = Alarm()
            reminder.add("action", "DISPLAY")
            reminder.add("description", f"Slant board: {name}")
            reminder.add("trigger", timedelta(0))
            event.add_component(reminder)
        calendar.add_component(event)
    calendar.add_missing_timezones(first_date=first_day - DAY, last_date=today + ZONE_HORIZON)
    return bytes(calendar.to_ical())
