"""The database: what one station keeps, in SQLite, durable the moment a method returns."""

from station.store.errors import DamagedDatabaseError, PermanentStoreError, StoreError
from station.store.ids import seeded_ids, uuid7
from station.store.read import Reader
from station.store.write import Store

__all__ = ["DamagedDatabaseError", "PermanentStoreError", "Reader", "Store", "StoreError", "seeded_ids", "uuid7"]
