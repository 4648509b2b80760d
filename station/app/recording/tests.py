"""Stores the tests of a run: attempts, trials, results and the answers about them."""

from __future__ import annotations

from collections.abc import Callable

from station.app.recording.current_run import CurrentRun
from station.app.recording.queue import QueuedRow, WriteQueue
from station.app.results.budgets import AttemptBudgets, total_mm
from station.core.activities.questions import FELT_QUESTION, PAIN_QUESTION
from station.core.events import BoardPosition, Side
from station.core.facts import (
    Answered,
    AttemptFailed,
    AttemptPassed,
    AttemptStarted,
    AttemptVoid,
    Fact,
    StepBegun,
    TestFinished,
    TrialFinished,
)
from station.core.progress.records import Circumstances
from station.core.steps import TestStep
from station.store import Store
from station.store.records import Attempt, Trial


class TestRecorder:
    """Stores each test of one run."""

    __test__ = False

    def __init__(self, queue: WriteQueue, store: Store, current: CurrentRun) -> None:
        self._queue = queue
        self._store = store
        self._current = current
        self._test: QueuedRow | None = None
        """The last test; it stays after its end, because the answers about it follow."""
        self._open_budgets: AttemptBudgets | None = None
        """The budgets of this step's test; `None` before its first attempt."""
        self._attempt: AttemptStarted | None = None
        self._attempts: list[Callable[[], str]] = []
        """Writes of attempts: they wait for the end of the test, because no cue confirms them."""

    def record(self, fact: Fact) -> None:
        """Store what the fact says about a test, if anything."""
        match fact:
            case StepBegun():
                self._open_budgets = self._attempt = None
            case AttemptStarted():
                if self._open_budgets is None:
                    self._begin(fact.at_us)
                self._attempt = fact
            case AttemptPassed() | AttemptFailed() | AttemptVoid():
                self._end_attempt(fact)
            case TrialFinished():
                self._record_trial(fact)
            case TestFinished():
                self._end(fact)
            case Answered() if self._test is not None:
                self._record_answer(fact)
            case _:
                pass

    def store_attempts(self) -> None:
        """Store the attempts so far with the next write."""
        for write_attempt in self._attempts:
            self._queue.write(write_attempt, can_wait=True)
        self._attempts.clear()

    @property
    def _row(self) -> QueuedRow:
        assert self._test is not None
        return self._test

    @property
    def _budgets(self) -> AttemptBudgets:
        assert self._open_budgets is not None
        return self._open_budgets

    def _begin(self, at_us: int) -> None:
        run, step, context = self._current.row, self._current.step, self._current.context
        assert isinstance(step, TestStep)
        contact = self._current.run.wiring.contact
        is_flat = self._current.board_lies is BoardPosition.FLAT
        circumstances = Circumstances(board_angle_deg=0.0 if is_flat else None)
        self._open_budgets = AttemptBudgets(context)
        self._test = self._queue.insert(
            lambda: self._store.begin_test(
                run.id,
                full=step.full,
                contact=contact,
                calibration_id=context.calibration.id,
                temperature_c=context.temperature_c,
                skirting_mm=context.skirting_mm,
                started_us=at_us,
                circumstances=circumstances,
            ),
            can_wait=True,
        )

    def _end_attempt(self, fact: AttemptPassed | AttemptFailed | AttemptVoid) -> None:
        test, begun = self._row, self._attempt
        assert begun is not None
        passed = fact if isinstance(fact, AttemptPassed) else None
        outcome = "passed" if passed else fact.why if isinstance(fact, AttemptFailed) else "void"
        budget = None if passed is None else self._budgets.on_attempt_passed(passed)
        attempt = Attempt(
            side=fact.side,
            trial=begun.trial,
            number=begun.attempt,
            outcome=outcome,
            started_us=begun.at_us,
            ended_us=fact.at_us,
            toe_mm=begun.toe_mm if passed is None else passed.toe_mm,
            uncertainty_mm=total_mm(budget),
            contact=None if passed is None else passed.contact,
            window_us=None if passed is None else passed.window_us,
            budget=budget,
        )
        self._attempts.append(lambda: self._store.add_attempt(test.id, attempt))

    def _record_trial(self, fact: TrialFinished) -> None:
        test, budget = self._row, self._budgets.on_trial_finished(fact)
        trial = Trial(fact.side, fact.trial, fact.toe_mm, fact.below_range, total_mm(budget), fact.at_us, budget)
        self._queue.write(lambda: self._store.add_trial(test.id, trial))

    def _end(self, fact: TestFinished) -> None:
        self.store_attempts()
        test = self._row
        left, right = (self._budgets.of_side(side) for side in Side)
        self._queue.write(
            lambda: self._store.finish_test(
                test.id,
                left_mm=fact.left_mm,
                right_mm=fact.right_mm,
                left_uncertainty_mm=total_mm(left),
                right_uncertainty_mm=total_mm(right),
                left_budget=left,
                right_budget=right,
                partial=fact.partial,
            )
        )

    def _record_answer(self, fact: Answered) -> None:
        test = self._row
        felt = (fact.answer,) if fact.question == FELT_QUESTION else None
        pain = int(fact.answer) if fact.question == PAIN_QUESTION else None
        self._queue.write(lambda: self._store.answer_test(test.id, pain=pain, felt_places=felt))
