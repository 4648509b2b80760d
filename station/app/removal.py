"""Deletes a person, with a receipt."""

from __future__ import annotations

from datetime import datetime

from station.store import Store
from station.store.backups.backup import held_until
from station.store.records import Deletion


def delete_person(store: Store, person_id: str, now: datetime) -> Deletion:
    """Delete a person and all their data. Raises as `Store.delete_person` does."""
    deleted = store.delete_person(person_id)
    return Deletion(deleted, now, held_until(store.path, now.astimezone().date()))
