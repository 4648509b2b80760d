"""The database: all of one station's data, in SQLite, durable as soon as a method returns."""

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
    """Load `Store` only when it is used: the page never writes."""
    if name != "Store":
        raise AttributeError(f"module {__name__} has no {name}")
    from station.store.writing.store import Store

    return Store
