"""The next reminder of each person whose plan has reminders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from station.advice import plan
from station.app.situation import done_of, plan_for
from station.store import Reader

LOOK_AHEAD = timedelta(days=8)
"""Every plan has an occurrence within a week."""
LATE_WITHIN = timedelta(hours=6)
"""If setting the wall clock skips a reminder, it still plays once within this time."""


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
