"""Stores the sets of repetitions of a run, and each repetition in them."""

from __future__ import annotations

from station.app.recording.current_run import CurrentRun
from station.app.recording.queue import QueuedRow, WriteQueue
from station.core.events import Legs
from station.core.facts import Fact, RepCounted, RepsFinished, RepsPartial, RepTimed, RepTooQuick, StepBegun, TapsUndone
from station.core.steps import RepsStep, is_verified
from station.store import Store
from station.store.records import Repetition


class RepsRecorder:
    """Stores each set of repetitions of one run."""

    def __init__(self, queue: WriteQueue, store: Store, current: CurrentRun) -> None:
        self._queue = queue
        self._store = store
        self._current = current
        self._reps: QueuedRow | None = None
        """The last set; it stays after its end, because the command that ended it may be undone."""
        self._last_ended: tuple[Legs, int] | None = None
        """Legs and repetitions of the last set that ended."""
        self._reset()

    def _reset(self) -> None:
        self._is_open = False
        self._repetitions = self._too_quick = 0
        self._reopened: tuple[Legs, int] | None = None
        """Legs and repetitions of a set whose end was undone."""

    def record(self, fact: Fact) -> None:
        """Store what the fact says about repetitions, if anything."""
        match fact:
            case StepBegun():
                self._reset()
            case RepTimed():
                self._record_repetition(fact)
            case RepCounted():
                self._record_count(fact)
            case RepTooQuick():
                self._too_quick = fact.count
            case RepsFinished():
                self._end(fact)
            case TapsUndone():
                self._reopened = self._last_ended
            case _:
                pass

    def _open(self, side: Legs, at_us: int) -> QueuedRow:
        """The set of these legs: begun at `at_us` if there is none, continued if its end was undone."""
        if self._is_open and self._reps is not None:
            return self._reps
        self._is_open = True
        if self._reps is not None and self._reopened is not None and self._reopened[0] is side:
            self._repetitions = self._reopened[1]
            return self._reps
        run, step, number = self._current.row, self._current.step, self._current.step_number
        assert isinstance(step, RepsStep)
        self._reps = self._queue.insert(
            lambda: self._store.begin_rep_set(
                run.id,
                side=side,
                target_count=step.count,
                started_us=at_us,
                step_index=number,
                exercise=step.exercise,
                verified=is_verified(step),
            )
        )
        return self._reps

    def _record_repetition(self, fact: RepTimed) -> None:
        reps = self._open(fact.side, fact.at_us)
        repetition = Repetition(self._repetitions, fact.at_us, fact.took_us, fact.too_quick)
        self._repetitions += 1
        self._queue.write(lambda: self._store.add_repetition(reps.id, repetition))

    def _record_count(self, fact: RepCounted) -> None:
        reps, too_quick = self._open(fact.side, fact.at_us), self._too_quick
        self._queue.write(
            lambda: self._store.save_rep_set_progress(reps.id, count=fact.count, too_quick_count=too_quick)
        )

    def _end(self, fact: RepsFinished) -> None:
        reps = self._open(fact.side, fact.at_us)
        self._queue.write(
            lambda: self._store.finish_rep_set(
                reps.id, count=fact.count, too_quick_count=fact.too_quick, partial=isinstance(fact, RepsPartial)
            )
        )
        self._last_ended = (fact.side, self._repetitions)
        self._reset()
