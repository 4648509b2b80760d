"""Reminders: when each person's next one is, and the alarms that announce them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from station.advice import plan
from station.app.board.view import BoardView
from station.app.starting.situation import done_of, plan_for
from station.clock import Clock
from station.store import Reader, StoreError

LOOK_AHEAD = timedelta(days=8)
"""Every plan has an occurrence within a week."""
LATE_WITHIN = timedelta(hours=6)
"""If setting the wall clock skips a reminder, it is still given within this time."""


class AlarmClock(Protocol):
    """The part of the scheduler that the loop uses."""

    def move_alarm(self, at_us: int | None) -> None: ...

    def set_reminders(self, at: Mapping[str, datetime], job: Callable[[str], None]) -> None: ...


class Reminders:
    """Knows the next reminder of each person. Only the loop calls it; methods may raise StoreError."""

    def __init__(self, store: Reader) -> None:
        self._store = store
        self._pending: dict[str, datetime] = {}

    def next_times(self, wall: datetime) -> Mapping[str, datetime]:
        """The next reminder of each person; it may already be past."""
        found = {}
        for person_id in self._store.plans():
            planned = plan_for(self._store, person_id)
            if planned is not None and planned.reminder_cue:
                begin = wall + timedelta(seconds=1)
                pending = self._pending.get(person_id, begin)
                begin = pending if wall - LATE_WITHIN <= pending <= wall else begin
                at = next(iter(plan.occurrences(planned, begin, wall + LOOK_AHEAD)), None)
                if at is not None:
                    found[person_id] = at
        self._pending = dict(found)
        return found

    def take(self, person_id: str, wall: datetime) -> bool:
        """Whether this person's pending reminder is due; if so, it is removed."""
        at = self._pending.get(person_id)
        if at is None or at > wall:
            return False
        del self._pending[person_id]
        return True

    def is_due(self, person_id: str, wall: datetime) -> bool:
        """Whether the person's routine is due at their reminder time and not done yet."""
        planned = plan_for(self._store, person_id)
        if planned is None:
            return False
        done = done_of(self._store, person_id, wall, ZoneInfo(planned.zone))
        return plan.due(planned, done, wall).occurrence is not None


class ReminderAlarms:
    """Keeps the alarm clock set to the next reminders, once the wall clock is right. Only the loop calls it."""

    def __init__(self, reminders: Reminders, clock: Clock, view: BoardView, on_alarm: Callable[[str], None]) -> None:
        """`on_alarm` is called with a person's id from the scheduler's thread."""
        self._reminders = reminders
        self._clock = clock
        self._view = view
        self._on_alarm = on_alarm
        self._alarms: AlarmClock | None = None
        self._is_wall_clock_set = False

    def attach(self, alarms: AlarmClock | None) -> None:
        """Use this alarm clock from now on."""
        self._alarms = alarms

    def on_wall_clock_set(self) -> None:
        """The wall clock is right, or was set."""
        self._is_wall_clock_set = True
        self.schedule()

    def schedule(self) -> None:
        """Set the alarm for each person's next reminder."""
        if self._alarms is None or not self._is_wall_clock_set:
            return
        try:
            self._alarms.set_reminders(self._reminders.next_times(self._clock.utc_now()), self._on_alarm)
        except StoreError as error:
            self._view.set_fault("history", str(error))

    def take(self, person_id: str) -> bool:
        """Whether this person's reminder is due; if so, schedule their next one."""
        has_come = self._reminders.take(person_id, self._clock.utc_now())
        self.schedule()
        return has_come

    def is_due(self, person_id: str) -> bool:
        """Whether the person's routine is due now and not done yet. Raises StoreError."""
        return self._reminders.is_due(person_id, self._clock.utc_now())
