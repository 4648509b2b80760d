"""Writes the facts of sessions and runs to the store, in order and without loss (`station.app.recording`)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from station.app.recording.calibrations import CalibrationRecorder
from station.app.recording.queue import QueuedRow, WriteQueue
from station.app.recording.run import RunRecorder
from station.app.results.budgets import MeasurementContext
from station.app.running.run import Run
from station.clock import RunUs
from station.core.facts import (
    Answered,
    Calibrated,
    CheckDone,
    Fact,
    HoldEnd,
    RepsFinished,
    TestFinished,
    TrialFinished,
)
from station.core.steps import Routine, uses_blocks
from station.store import PermanentStoreError, Store
from station.store.reading.pages import ONLY_BLOCKS
from station.store.writing.dates import RowMarks

log = logging.getLogger(__name__)

RESULTS = (
    HoldEnd,
    RepsFinished,
    Answered,
    TrialFinished,
    TestFinished,
    Calibrated,
    CheckDone,
)
"""Facts that must be stored before their cue plays."""


def is_result(fact: Fact) -> bool:
    """Whether the fact is a result, which is stored before its cue plays."""
    return isinstance(fact, RESULTS)


class Recorder:
    """Records sessions and their runs, one at a time. Only the loop calls it."""

    def __init__(self, store: Store, report: Callable[[str | None], None]) -> None:
        """`report` is called with a sentence when the store cannot write, and with `None` when it can again."""
        self._store = store
        self._queue = WriteQueue(report, store.write_transaction)
        self._calibrations = CalibrationRecorder(self._queue, store)
        self.temperature_c: float | None = None
        """Current temperature beside the distance sensor; `None` if unknown."""
        self._session: QueuedRow | None = None
        self._has_only_blocks = True
        self._run: RunRecorder | None = None

    @property
    def has_pending_writes(self) -> bool:
        """Whether writes are waiting because the store could not write."""
        return self._queue.has_pending_writes

    @property
    def pending_count(self) -> int:
        """How many writes are still waiting."""
        return self._queue.pending_count

    @property
    def fault(self) -> str | None:
        """Why writes are waiting, in a sentence; `None` while the store works."""
        return self._queue.fault

    @property
    def in_session(self) -> bool:
        """Whether a session has begun and not ended, even if it is not stored yet."""
        return self._session is not None

    @property
    def has_only_blocks(self) -> bool:
        """Whether the current session consists only of calibrations and checks."""
        return self.in_session and self._has_only_blocks

    @property
    def session_id(self) -> str | None:
        """The current session's id, once it is stored."""
        return None if self._session is None else self._session.stored_id

    def gathered(self) -> AbstractContextManager[None]:
        """Gather the writes inside the block and do them at its end, in one transaction."""
        return self._queue.gathered()

    def write(self, act: Callable[[], None]) -> None:
        """Write now, or after the pending writes as soon as the store works."""
        self._queue.write(act)

    def correct_dates(self, marks: RowMarks, since: datetime, until: datetime, by: timedelta) -> None:
        """Correct dates after the pending writes, because those have wrong dates too; see `Store.correct_dates`."""

        def correct() -> None:
            try:
                self._store.correct_dates(marks, since, until, by)
            except PermanentStoreError as error:  # it must not block the writes behind it
                log.warning("What was stored before the clock was set keeps its wrong date: %s", error)

        self._queue.write(correct)

    def flush(self, now_us: int) -> None:
        """Do the writes that have waited long enough or are due for a retry (`now_us` of 0: all, at once)."""
        self._queue.flush(now_us)

    def write_waiting(self) -> None:
        """Do all waiting writes, with the attempts and the trace of the run so far, unless the store cannot write."""
        if self._run is not None:
            self._run.store_details()
        self._queue.write_waiting()

    def begin_session(self, person_id: str | None, at: datetime, *, simulated: bool) -> None:
        self._has_only_blocks = True
        self._session = self._queue.insert(lambda: self._store.begin_session(person_id, at, simulated=simulated))

    def end_session(self, at: datetime, why: str) -> None:
        session, reason = self._session, ONLY_BLOCKS if self._has_only_blocks else why
        assert session is not None
        self._session = None
        self._queue.write(lambda: self._store.end_session(session.id, at, reason))

    def begin_run(self, run: Run, at: datetime, context: MeasurementContext, title: str | None = None) -> None:
        """`context` is the calibration and the conditions of the run's measurements."""
        assert self._session is not None
        self._has_only_blocks = self._has_only_blocks and uses_blocks(run.routine)
        self._run = RunRecorder(self._queue, self._store, self._session, run, at, context, title)

    def record_unfinished(self, remaining: Routine, at: datetime) -> None:
        """Store the steps that remain of the run's routine at `at`; empty when it is complete."""
        self._require_run().record_unfinished(remaining, at)

    def end_run(self) -> None:
        """End the run, and store what is not stored yet."""
        self.write_waiting()
        self._run = None

    def stop_run(self, at_us: RunUs) -> None:
        """Store the run's progress when the station stops during it."""
        self._require_run().stop(at_us)
        self._run = None

    def _require_run(self) -> RunRecorder:
        assert self._run is not None
        return self._run

    def tick(self, at_us: RunUs) -> None:
        """At `at_us` of the run, store a hold's progress, or the attempts and the trace so far, if due."""
        self._require_run().tick(at_us)

    def record(self, fact: Fact) -> None:
        """Store one fact, if facts of its kind are stored."""
        run = self._require_run()
        run.record(fact)
        match fact:
            case Calibrated():
                self._calibrations.record_calibration(fact.fit, self.temperature_c)
            case CheckDone():
                self._calibrations.record_block_check(fact, run.calibration_id, self.temperature_c)
            case _:
                pass

    def record_check(
        self,
        calibration_id: str,
        kind: str,
        block_mm: float | None,
        off_mm: float,
        uncertainty_mm: float,
        *,
        passed: bool,
    ) -> None:
        """Store a check; `calibration_id` is the calibration that was in use: a newer one may be queued."""
        self._calibrations.record_check(
            calibration_id, kind, block_mm, off_mm, uncertainty_mm, self.temperature_c, passed=passed
        )
