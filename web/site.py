"""What every page of the station has in hand: the panel, the store, and who is looking."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from station.panel import Panel
from station.store import Reader
from station.store.rows import Person

PERSON_COOKIE = "person"
NOBODY = "nobody"

ROUTINES = {
    "test_and_stretch": "Test and stretch",
    "test": "Quick test",
    "full_test": "Full test",
    "stretch": "Stretch",
}


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
