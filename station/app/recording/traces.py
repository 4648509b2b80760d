"""Stores the trace of a run: each minute, after each trial, and at the end.

Every write costs a memory card some blocks more than its bytes, and a long chunk packs better than short ones.
"""

from __future__ import annotations

from functools import partial

from station.app.recording.current_run import CurrentRun
from station.app.recording.queue import WriteQueue
from station.clock import RunUs
from station.core.events import SECOND_US
from station.store import Store
from station.store.traces import TraceColumns

PIECE_US = 10 * SECOND_US
"""How much joins the columns at once, which takes the loop some milliseconds; so does packing a minute of them."""
TRACE_US = 60 * SECOND_US
"""The most of a trace that a power cut may lose, but for the wait of its write."""


class TraceRecorder:
    """Stores the trace of one run."""

    def __init__(self, queue: WriteQueue, store: Store, current: CurrentRun) -> None:
        self._queue = queue
        self._store = store
        self._current = current
        self._columns = TraceColumns()
        self._added_us = 0
        self._stored_us = 0

    def on_trial(self, at_us: RunUs) -> None:
        """Store the trace that led to a trial's result with the next tick, after the result's cue has played."""
        self._stored_us = at_us - TRACE_US

    def tick(self, at_us: RunUs) -> None:
        """At `at_us` of the run, add to the columns or store the trace so far if it is due."""
        if at_us - self._stored_us >= TRACE_US:
            self._stored_us = self._added_us = at_us
            self.append()
        elif at_us - self._added_us >= PIECE_US:
            self._added_us = at_us
            self._columns.add(self._current.run.take_rows())

    def append(self) -> None:
        """Store the rows since the last time."""
        self._columns.add(self._current.run.take_rows())
        if self._columns:
            packed, self._columns = self._columns.pack(), TraceColumns()
            self._queue.write(partial(self._append_to_row, packed), can_wait=True)

    def _append_to_row(self, packed: bytes) -> None:
        self._store.append_packed_trace(self._current.row.id, packed)
