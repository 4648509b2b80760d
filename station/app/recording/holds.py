"""Stores the holds of a run, with their heel lifts and their running credit."""

from __future__ import annotations

from station.app.recording.current_run import CurrentRun
from station.app.recording.queue import QueuedRow, WriteQueue
from station.clock import RunUs
from station.core.events import SECOND_US
from station.core.facts import Fact, HeelLifted, HeelReturned, HoldEnd, HoldPartial, HoldStarted, StepBegun, TapsUndone
from station.core.steps import HoldStep, is_verified
from station.store import Store
from station.store.records import HeelLift

MAX_LOSS_US = 5 * SECOND_US
"""The most credit of a hold in progress that a power cut may lose."""
PROGRESS_US = MAX_LOSS_US - 200_000
"""How often its credit is stored: shorter by the time that a tick of the loop may be late."""


class HoldRecorder:
    """Stores each hold of one run."""

    def __init__(self, queue: WriteQueue, store: Store, current: CurrentRun) -> None:
        self._queue = queue
        self._store = store
        self._current = current
        self._hold: QueuedRow | None = None
        """The last hold; it stays after its end, because the command that ended it may be undone."""
        self._is_open = False
        self._progress_us = 0
        self._lifted_at_us: int | None = None

    def record(self, fact: Fact) -> None:
        """Store what the fact says about a hold, if anything."""
        match fact:
            case StepBegun():
                self._is_open, self._progress_us, self._lifted_at_us = False, 0, None
            case HoldStarted():
                self._begin(fact)
            case HeelLifted():
                self._lifted_at_us = fact.since_us
                self._record_lift(HeelLift(fact.since_us, None))
            case HeelReturned() if self._lifted_at_us is not None:
                self._record_lift(HeelLift(self._lifted_at_us, fact.since_us))
            case HoldEnd():
                self._end(fact)
            case TapsUndone():
                self._is_open = self._hold is not None
            case _:
                pass

    def tick(self, at_us: RunUs) -> None:
        """At `at_us` of the run, store the hold's credit if due."""
        if at_us - self._progress_us >= PROGRESS_US:
            self.record_progress(at_us)

    def record_progress(self, at_us: RunUs) -> None:
        """Store the hold's credit at `at_us` of the run."""
        if not self._is_open:
            return
        clock = self._current.run.state_at(at_us).clock
        if clock is not None and clock.what == "hold":
            self._progress_us = at_us
            hold, credited_us = self._row, clock.counted_us
            self._queue.write(lambda: self._store.save_hold_progress(hold.id, credited_us=credited_us))

    @property
    def _row(self) -> QueuedRow:
        assert self._hold is not None
        return self._hold

    def _begin(self, fact: HoldStarted) -> None:
        run, step, number = self._current.row, self._current.step, self._current.step_number
        assert isinstance(step, HoldStep)
        self._is_open, self._progress_us, self._lifted_at_us = True, fact.at_us, None
        self._hold = self._queue.insert(
            lambda: self._store.begin_hold(
                run.id,
                side=fact.side,
                repetition=fact.repetition,
                target_us=step.hold_us,
                started_us=fact.at_us,
                step_index=number,
                exercise=step.exercise,
                verified=is_verified(step),
            ),
            can_wait=True,
        )

    def _record_lift(self, lift: HeelLift) -> None:
        hold = self._row
        self._queue.write(lambda: self._store.add_heel_lift(hold.id, lift), can_wait=True)

    def _end(self, fact: HoldEnd) -> None:
        hold = self._row
        self._is_open = False
        self._queue.write(
            lambda: self._store.finish_hold(
                hold.id,
                credited_us=fact.credited_us,
                lifted_us=fact.lifted_us,
                lift_count=fact.lifts,
                micro_lift_count=fact.micro_lifts,
                ended_us=fact.at_us,
                partial=isinstance(fact, HoldPartial),
            )
        )
