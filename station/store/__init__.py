"""The database: what one station keeps, in SQLite, durable the moment a method returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from station.store.errors import DamagedDatabaseError, DiskFullError, PermanentStoreError, StoreError
from station.store.ids import seeded_ids, uuid7
from station.store.reading.reader import Reader

if TYPE_CHECKING:
    from station.store.writing.store import Store

__all__ = [
    "DamagedDatabaseError",
    "DiskFullError",
    "PermanentStoreError",
    "Reader",
    "Store",
    "StoreError",
    "seeded_ids",
    "uuid7",
]


def __getattr__(name: str) -> type[Store]:
    """Load what writes for those that write: the page does not."""
    if name != "Store":
        raise AttributeError(f"module {__name__} has no {name}")
    from station.store.writing.store import Store

    return Store
