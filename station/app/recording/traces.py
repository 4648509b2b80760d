"""Stores the trace of a run: each minute, after each trial, and at the end.

Every write costs a memory card some blocks more than its bytes, so the pieces of ten seconds are written together.
"""

from __future__ import annotations

from functools import partial

from station.app.recording.current_run import CurrentRun
from station.app.recording.queue import WriteQueue
from station.clock import RunUs
from station.core.events import SECOND_US
from station.store import Store
from station.store.traces import compress_rows

PIECE_US = 10 * SECOND_US
"""How much is compressed at once, which takes the loop ten milliseconds."""
TRACE_US = 60 * SECOND_US
"""The most of a trace that a power cut may lose."""


class TraceRecorder:
    """Stores the trace of one run."""

    def __init__(self, queue: WriteQueue, store: Store, current: CurrentRun) -> None:
        self._queue = queue
        self._store = store
        self._current = current
        self._pieces: list[bytes] = []
        self._packed_us = 0
        self._stored_us = 0

    def on_trial(self, at_us: RunUs) -> None:
        """Store the trace that led to a trial's result with the next tick, after the result's cue has played."""
        self._stored_us = at_us - TRACE_US

    def tick(self, at_us: RunUs) -> None:
        """At `at_us` of the run, pack or store the trace so far if it is due."""
        if at_us - self._stored_us >= TRACE_US:
            self._stored_us = self._packed_us = at_us
            self.append()
        elif at_us - self._packed_us >= PIECE_US:
            self._packed_us = at_us
            self._pack()

    def append(self) -> None:
        """Store the rows since the last time."""
        self._pack()
        pieces, self._pieces = self._pieces, []
        if pieces:
            self._queue.write(partial(self._append_to_row, pieces), can_wait=True)

    def _append_to_row(self, pieces: list[bytes]) -> None:
        self._store.append_packed_trace(self._current.row.id, pieces)

    def _pack(self) -> None:
        if rows := self._current.run.take_rows():
            self._pieces.append(compress_rows(rows))
