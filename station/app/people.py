"""Who is on the board: the person chosen, remembered, or the only one known."""

from __future__ import annotations

from station.app.running.event_time import EventTime
from station.core.events import SECOND_US
from station.profile import Profile
from station.store import Reader
from station.store.records import Person

PERSON_REMEMBERED_US = 600 * SECOND_US
"""For ten minutes, a step on is attributed to the person chosen on a page or last on the board."""


class People:
    """The people known to the station, and who was last on the board. Only the loop calls it."""

    def __init__(self, store: Reader, time: EventTime) -> None:
        self._store = store
        self._time = time
        self._known: dict[str, Person] = {}
        self._seen_at_us = 0
        self.last_id: str | None = None
        """The person last on the board or chosen on a page; `None` for nobody."""

    def refresh(self) -> None:
        """Reload all people. Raises StoreError and then keeps the last known ones."""
        self._known = {person.id: person for person in self._store.people()}

    def name_of(self, person_id: str | None) -> str | None:
        """The person's name; `None` if there is no such person."""
        person = None if person_id is None else self._known.get(person_id)
        return None if person is None else person.name

    def profile_of(self, person_id: str | None) -> Profile | None:
        """The person's profile; `None` if there is no such person."""
        person = None if person_id is None else self._known.get(person_id)
        return None if person is None else person.profile

    def remember(self, person_id: str | None) -> None:
        """Note that this person, or nobody, is on the board or was chosen."""
        self.last_id, self._seen_at_us = person_id, self._time.now_us

    def on_moved(self, person_id: str, into_id: str | None) -> None:
        """A person is gone, replaced by another one if `into_id` is given."""
        if self.last_id == person_id:
            self.last_id = into_id

    @property
    def recent_id(self) -> str | None:
        """The person last on the board or chosen, for ten minutes."""
        return self.last_id if self._time.now_us - self._seen_at_us <= PERSON_REMEMBERED_US else None

    @property
    def only_id(self) -> str | None:
        """The only person who is not archived; `None` if there are none or several."""
        in_use = [person.id for person in self._known.values() if not person.is_archived]
        return in_use[0] if len(in_use) == 1 else None
