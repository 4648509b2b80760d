"""One module per change: `0001_…`, `0002_…`. `station.store.schema.HEAD_REVISION` is the number of the last one."""
