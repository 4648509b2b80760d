"""What every page of the station has in hand: the panel, the store, and who is looking."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from typing import TypeVar

from flask import abort, request

from station.panel import Panel
from station.store import Reader, StoreError
from station.store.rows import Person

PERSON_COOKIE = "person"
NOBODY = "nobody"

KEPT_S = 5.0
"""So long a page waits for what it wants kept; the loop does it within milliseconds, or the disk is in trouble."""
BUSY = "The station was too busy to keep this. Try it again in a moment; if that does not help, look at Health."
NAV = (
    ("today.today", "Today"),
    ("live.live", "Live"),
    ("progress.progress", "Progress"),
    ("history.history", "History"),
    ("exercises.exercises", "Exercises"),
    ("routines.routines", "Routines"),
    ("plan.plan", "Plan"),
    ("sounds.sounds", "Sounds"),
    ("help.help", "Help"),
    ("settings.settings", "Settings"),
)
"""The pages at the head of every page, in this order."""
FOOT = (("health.health", "Health"), ("calibration.calibration", "Calibration"), ("about.about", "About"))
"""Those at its foot: for whoever set it up."""

Kept = TypeVar("Kept")

ROUTINES = {
    "test_and_stretch": "Test and stretch",
    "test": "Quick test",
    "full_test": "Full test",
    "stretch": "Stretch",
}


def kept(future: Future[Kept]) -> Kept:
    """Wait until the station has kept something, and give what came of it.

    Raises ValueError with a sentence for what cannot be; a disk that refuses, or a station that does not answer, is an
    error page with its sentence.
    """
    try:
        return future.result(KEPT_S)
    except StoreError as error:
        abort(503, str(error))
    except TooLate:
        abort(503, BUSY)


@dataclass(frozen=True, slots=True)
class Site:
    """The station behind the pages."""

    panel: Panel
    store: Reader
    blocks_mm: tuple[float, ...]

    def person(self) -> Person | None:
        """Who was chosen on this browser; the only person there is; else nobody yet."""
        people = self.store.people()
        chosen = request.cookies.get(PERSON_COOKIE)
        if chosen == NOBODY:
            return None
        for person in people:
            if person.id == chosen:
                return person
        return people[0] if len(people) == 1 else None
