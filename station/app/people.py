"""Who is on the board: chosen, remembered or the only person known."""

from __future__ import annotations

from station.app.event_time import EventTime
from station.core.events import SECOND_US
from station.store import Reader

PERSON_REMEMBERED_US = 600 * SECOND_US
"""For ten minutes, a step on is attributed to the person chosen on a page or last on the board."""


class People:
    """The people known to the station, and who was last on the board. Only the loop calls it."""

    def __init__(self, store: Reader, time: EventTime) -> None:
        self._store = store
        self._time = time
        self._names: dict[str, str] = {}
        self._seen_at_us = 0
        self.last_id: str | None = None
        """The person last on the board or chosen on a page; `None` for nobody."""

    def refresh(self) -> None:
        """Reload the names. Raises StoreError and then keeps the last known ones."""
        self._names = {person.id: person.name for person in self._store.people()}

    def name_of(self, person_id: str | None) -> str | None:
        """The person's name; `None` if there is no such person."""
        return None if person_id is None else self._names.get(person_id)

    def remember(self, person_id: str | None) -> None:
        """This person, or nobody, is on the board or was chosen."""
        self.last_id, self._seen_at_us = person_id, self._time.now_us

    @property
    def recent_id(self) -> str | None:
        """The person last on the board, for ten minutes."""
        return self.last_id if self._time.now_us - self._seen_at_us <= PERSON_REMEMBERED_US else None

    @property
    def only_id(self) -> str | None:
        """The only person known; `None` if there are none or several."""
        return next(iter(self._names)) if len(self._names) == 1 else None
