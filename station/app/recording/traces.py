"""Stores the trace of a run, a piece every ten seconds and after each result."""

from __future__ import annotations

from station.app.recording.current_run import CurrentRun
from station.app.recording.queue import WriteQueue
from station.clock import RunUs
from station.core.events import SECOND_US
from station.store import Store

TRACE_US = 10 * SECOND_US
"""The most of a trace that a power cut may lose."""


class TraceRecorder:
    """Stores the trace of one run."""

    def __init__(self, queue: WriteQueue, store: Store, current: CurrentRun) -> None:
        self._queue = queue
        self._store = store
        self._current = current
        self._stored_us = 0

    def on_result(self, at_us: RunUs) -> None:
        """Store the trace that led to a result with the next tick, after the result's cue has played."""
        self._stored_us = at_us - TRACE_US

    def tick(self, at_us: RunUs) -> None:
        """At `at_us` of the run, store the trace so far if it is due."""
        if at_us - self._stored_us >= TRACE_US:
            self._stored_us = at_us
            self.append()

    def append(self) -> None:
        """Store the rows since the last time."""
        rows = self._current.run.take_rows()
        if rows:
            self._queue.write(lambda: self._store.append_trace(self._current.row.id, rows))
