"""Rows stored while the date may have been wrong, whose dates are corrected when the clock is set."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from msgspec import Struct

from station.app.loop import Station
from station.clock import Clock
from station.store import Store, StoreError
from station.store.writing.dates import RowMarks


class WrongDates(Struct, frozen=True):
    """The time since which dates are uncertain, by the current clock, and the newest rows from before it."""

    marks: RowMarks
    since: datetime

    @classmethod
    def since_now(cls, store: Store, clock: Clock) -> Self | None:
        """From now on; `None` if the database cannot be read: then no date is corrected."""
        try:
            return cls(store.row_marks(), clock.utc_now())
        except StoreError:
            return None

    def corrected(self, station: Station, now: datetime, step: timedelta) -> Self:
        """Let the loop correct the rows stored since, because the clock was set by `step`; return a copy by it."""
        station.correct_dates(self.marks, self.since, now - step, step)
        return type(self)(self.marks, self.since + step)
