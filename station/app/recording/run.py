"""Stores what happens in one run: its holds, repetitions and tests, its trace, and the steps that remain."""

from __future__ import annotations

from datetime import datetime

from station.app.recording.current_run import CurrentRun
from station.app.recording.holds import HoldRecorder
from station.app.recording.queue import MAX_WAIT_US, QueuedRow, WriteQueue
from station.app.recording.reps import RepsRecorder
from station.app.recording.tests import TestRecorder
from station.app.recording.traces import TraceRecorder
from station.app.results.budgets import MeasurementContext
from station.app.running.run import Run
from station.clock import RunUs
from station.core.facts import BoardSet, Fact, StepBegun
from station.core.steps import Routine, to_json
from station.store import Store


class RunRecorder:
    """Stores one run; passes each fact to the recorders of holds, repetitions and tests."""

    def __init__(
        self,
        queue: WriteQueue,
        store: Store,
        session: QueuedRow,
        run: Run,
        at: datetime,
        context: MeasurementContext,
        title: str | None,
    ) -> None:
        self._queue = queue
        self._store = store
        row = queue.insert(lambda: store.begin_run(session.id, run.header, at, title=title))
        self._current = CurrentRun(run, row, context, context.board_lies)
        self._traces = TraceRecorder(queue, store, self._current)
        self._holds = HoldRecorder(queue, store, self._current)
        self._reps = RepsRecorder(queue, store, self._current)
        self._tests = TestRecorder(queue, store, self._current)
        self._stored_us = 0

    @property
    def calibration_id(self) -> str:
        """The calibration in use for the run."""
        return self._current.context.calibration.id

    def record(self, fact: Fact) -> None:
        """Store one fact, if facts of its kind are stored."""
        if isinstance(fact, StepBegun):
            self._current.step_number = fact.step
        if isinstance(fact, BoardSet):
            self._current.board_lies = fact.board
        self._holds.record(fact)
        self._reps.record(fact)
        self._tests.record(fact)

    def record_unfinished(self, remaining: Routine, at: datetime) -> None:
        """Store the steps that remain at `at`; empty when the routine is complete."""
        run, steps = self._current.row, to_json(remaining) if remaining else None
        self._queue.write(lambda: self._store.save_unfinished(run.id, steps, at))

    def tick(self, at_us: RunUs) -> None:
        """At `at_us` of the run, store a hold's credit, or the attempts and the trace so far, if due."""
        self._holds.tick(at_us)
        self._traces.tick(at_us)
        if at_us - self._stored_us >= MAX_WAIT_US:
            self._stored_us = at_us
            self.store_details()
            self._queue.write_waiting()

    def store_details(self) -> None:
        """Store the attempts and the trace so far with the next write."""
        self._tests.store_attempts()
        self._traces.store()

    def stop(self, at_us: RunUs) -> None:
        """The station stops at `at_us` of the run: store what there is so far."""
        self._holds.record_progress(at_us)
        self.store_details()
