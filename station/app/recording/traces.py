"""Stores the trace of a run in chunks, all at once: every write costs a memory card some blocks beyond its bytes."""

from __future__ import annotations

from functools import partial

from station.app.recording.current_run import CurrentRun
from station.app.recording.queue import WriteQueue
from station.clock import RunUs
from station.core.events import SECOND_US
from station.store import Store
from station.store.traces import TraceColumns

PIECE_US = 10 * SECOND_US
"""How much is added to the columns at a time: that takes the loop some milliseconds, as does packing a chunk."""
CHUNK_US = 120 * SECOND_US
"""How much is packed into a chunk: ten minutes would be a tenth smaller, and delay the loop four times as long."""


class TraceRecorder:
    """Stores the trace of one run."""

    def __init__(self, queue: WriteQueue, store: Store, current: CurrentRun) -> None:
        self._queue = queue
        self._store = store
        self._current = current
        self._columns = TraceColumns()
        self._chunks: list[bytes] = []
        self._added_us = self._packed_us = 0

    def tick(self, at_us: RunUs) -> None:
        """At `at_us` of the run, add to the columns, or pack a chunk if it is due."""
        if at_us - self._packed_us >= CHUNK_US:
            self._packed_us = self._added_us = at_us
            self._pack()
        elif at_us - self._added_us >= PIECE_US:
            self._added_us = at_us
            self._columns.add(self._current.run.take_rows())

    def store(self) -> None:
        """Store the trace so far with the next write."""
        self._pack()
        for packed in self._chunks:
            self._queue.write(partial(self._append_to_row, packed), can_wait=True)
        self._chunks.clear()

    def _pack(self) -> None:
        self._columns.add(self._current.run.take_rows())
        if self._columns:
            self._chunks.append(self._columns.pack())
            self._columns = TraceColumns()

    def _append_to_row(self, packed: bytes) -> None:
        self._store.append_packed_trace(self._current.row.id, packed)
