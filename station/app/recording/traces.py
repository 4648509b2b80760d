"""Stores the trace of a run: after each trial, every two minutes, and at the end.

Every write costs a memory card some blocks beyond its bytes, and one long chunk compresses better than several short
ones.
"""

from __future__ import annotations

from functools import partial

from station.app.recording.current_run import CurrentRun
from station.app.recording.queue import MAX_WAIT_US, WriteQueue
from station.clock import RunUs
from station.core.events import SECOND_US
from station.store import Store
from station.store.traces import TraceColumns

PIECE_US = 10 * SECOND_US
"""How much is added to the columns at a time: that takes the loop some milliseconds, as does packing two minutes."""


class TraceRecorder:
    """Stores the trace of one run."""

    def __init__(self, queue: WriteQueue, store: Store, current: CurrentRun) -> None:
        self._queue = queue
        self._store = store
        self._current = current
        self._columns = TraceColumns()
        self._added_us = self._stored_us = 0

    def tick(self, at_us: RunUs) -> None:
        """At `at_us` of the run, add to the columns, or store the trace so far if it is due."""
        if at_us - self._stored_us >= MAX_WAIT_US:
            self._stored_us = self._added_us = at_us
            self.append()
        elif at_us - self._added_us >= PIECE_US:
            self._added_us = at_us
            self._columns.add(self._current.run.take_rows())

    def on_trial(self, at_us: RunUs) -> None:
        """Store the trace behind a trial's result with the result."""
        self._stored_us = self._added_us = at_us
        self.append(can_wait=True)

    def append(self, *, can_wait: bool = False) -> None:
        """Store the rows since the last time."""
        self._columns.add(self._current.run.take_rows())
        if self._columns:
            packed, self._columns = self._columns.pack(), TraceColumns()
            self._queue.write(partial(self._append_to_row, packed), can_wait=can_wait)

    def _append_to_row(self, packed: bytes) -> None:
        self._store.append_packed_trace(self._current.row.id, packed)
