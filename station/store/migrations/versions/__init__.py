"""One module a change: `0001_…`, `0002_…`. After adding one, set `station.store.schema.HEAD` to its number."""
