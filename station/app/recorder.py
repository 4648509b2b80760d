"""Writes the facts of a run to the store, in order.

If the store cannot write (a full disk), nothing is lost: pending writes stay queued, are retried in order, and a fault
is reported until they succeed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from station.app.budgets import AttemptBudgets, MeasurementContext, total_mm
from station.app.run import Run
from station.core.activities.questions import FELT_QUESTION, PAIN_QUESTION
from station.core.events import SECOND_US, Legs, Side
from station.core.facts import (
    Answered,
    AttemptFailed,
    AttemptPassed,
    AttemptStarted,
    AttemptVoid,
    Calibrated,
    CheckDone,
    Fact,
    HeelLifted,
    HeelReturned,
    HoldEnd,
    HoldPartial,
    HoldStarted,
    RepCounted,
    RepsFinished,
    RepsPartial,
    RepTimed,
    RepTooQuick,
    StepBegun,
    TapsUndone,
    TestFinished,
    TrialFinished,
)
from station.core.steps import HoldStep, RepsStep, Routine, TestStep, is_verified, to_json, uses_blocks
from station.store import Store, StoreError
from station.store.read import ONLY_BLOCKS
from station.store.records import Attempt, HeelLift, Repetition, Trial

TRACE_US = 10 * SECOND_US
"""The most of a trace that a power cut may lose."""
PROGRESS_US = SECOND_US // 2
"""The most of a hold that a power cut may lose; half of the promised second, as a margin."""
RETRY_US = 2 * SECOND_US

RESULTS = (
    HoldEnd,
    RepsFinished,
    Answered,
    AttemptPassed,
    AttemptFailed,
    AttemptVoid,
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
    """Records one session after another. Only the loop calls it."""

    def __init__(self, store: Store, tell: Callable[[str | None], None]) -> None:
        """`tell` is called with a sentence when the store cannot write, and with `None` when it can again."""
        self._store = store
        self._report_fault = tell
        self._pending_writes: deque[Callable[[], None]] = deque()
        self._retry_us = 0
        self.in_session = False
        """Whether a session has begun and not ended, stored or not."""
        self.temperature_c: float | None = None
        """Current temperature beside the distance sensor; `None` if unknown."""
        self._has_only_blocks = True
        self._session_id: str | None = None
        self._run: Run | None = None
        self._context: MeasurementContext | None = None
        self._run_id: str | None = None
        self._test_id: str | None = None
        self._tested = False
        """Whether the current run has begun a test."""
        self._hold_id: str | None = None
        self._reps_id: str | None = None
        self._ended_reps: tuple[Legs, int] | None = None
        self._traced_us = 0
        self._reset_step(0)

    def _reset_step(self, step: int) -> None:
        """Reset the state of the current step. The ids stay, because pending writes may still need them."""
        self._step = step
        self._is_hold_open = False
        self._progress_us = 0
        self._attempt: AttemptStarted | None = None
        self._attempts = 0
        self._lifted_at_us: int | None = None
        self._reset_reps()
        self._budgets: AttemptBudgets | None = None

    def _reset_reps(self) -> None:
        self._is_reps_open = False
        self._repetitions = self._too_quick = 0
        self._resumed_reps: tuple[Legs, int] | None = None
        """Legs and count of the repetitions that an undone command had ended."""

    @property
    def has_pending_writes(self) -> bool:
        """Whether writes are still waiting."""
        return bool(self._pending_writes)

    @property
    def has_only_blocks(self) -> bool:
        """Whether the current session consists only of calibrations and checks."""
        return self.in_session and self._has_only_blocks

    @property
    def session_id(self) -> str | None:
        """The current session's id, once it is stored."""
        return self._session_id if self.in_session else None

    def write(self, act: Callable[[], None]) -> None:
        """Write now, or after the pending writes as soon as the store works."""
        self._pending_writes.append(act)
        if len(self._pending_writes) == 1:
            self.flush(0)

    def flush(self, now_us: int) -> None:
        """Try the pending writes if a retry is due (`now_us` of 0: at once)."""
        if not self._pending_writes or 0 < now_us < self._retry_us:
            return
        failed = False
        while self._pending_writes and not failed:
            try:
                self._pending_writes[0]()
            except StoreError as error:
                failed = True
                self._report_fault(
                    f"{str(error).rstrip('.')}. What you do is kept in memory and stored as soon as that works."
                )
            else:
                self._pending_writes.popleft()
        self._retry_us = now_us + RETRY_US
        if not failed:
            self._report_fault(None)

    def begin_session(self, person_id: str | None, at: datetime, *, simulated: bool) -> None:
        def act() -> None:
            self._session_id = self._store.begin_session(person_id, at, simulated=simulated)

        self.in_session = self._has_only_blocks = True
        self.write(act)

    def end_session(self, at: datetime, why: str) -> None:
        only_blocks = self._has_only_blocks

        def act() -> None:
            self._store.end_session(self._require(self._session_id), at, ONLY_BLOCKS if only_blocks else why)
            self._session_id = None

        self.in_session = False
        self.write(act)

    def begin_run(self, run: Run, at: datetime, using: MeasurementContext, called: str | None = None) -> None:
        """`using` is the calibration and the conditions that the run measures with; `called` is the run's title."""

        def act() -> None:
            self._run_id = self._store.begin_run(self._require(self._session_id), run.header, at, title=called)

        self._run, self._context, self._traced_us, self._tested = run, using, 0, False
        self._has_only_blocks = self._has_only_blocks and uses_blocks(run.routine)
        self._reset_step(0)
        self.write(act)

    def record_unfinished(self, rest: Routine, at: datetime) -> None:
        """Store the steps that remain of the run's routine at `at`; empty when it is complete."""
        left = to_json(rest) if rest else None
        self.write(lambda: self._store.save_unfinished(self._require(self._run_id), left, at))

    def end_run(self) -> None:
        """End the run and store the last of its trace."""
        self._append_trace()
        self._run = None

    def stop_run(self, at_us: int) -> None:
        """Store the run's progress when the station stops in the middle of it."""
        self._progress_us = min(self._progress_us, at_us - PROGRESS_US)
        self.tick(at_us)
        self.end_run()

    def _append_trace(self) -> None:
        run = self._run
        rows = "" if run is None else run.take_rows()
        if rows:
            self.write(lambda: self._store.append_trace(self._require(self._run_id), rows))

    @staticmethod
    def _require(row_id: str | None) -> str:
        assert row_id is not None
        return row_id

    def tick(self, at_us: int) -> None:
        """At `at_us` of the run, store a hold's progress and the trace so far, where due."""
        if self._is_hold_open and at_us - self._progress_us >= PROGRESS_US:
            self._record_progress(at_us)
        if at_us - self._traced_us >= TRACE_US:
            self._traced_us = at_us
            self._append_trace()

    def _record_progress(self, at_us: int) -> None:
        assert self._run is not None
        clock = self._run.state_at(at_us).clock
        if clock is not None and clock.what == "hold":
            self._progress_us = at_us
            credited_us = clock.counted_us
            self.write(lambda: self._store.save_hold_progress(self._require(self._hold_id), credited_us=credited_us))

    def record(self, fact: Fact) -> None:
        """Store one fact, if it is of a kind that is stored. The trace that led to a result follows with the next tick,
        after its cue has played."""
        if is_result(fact):
            self._traced_us = fact.at_us - TRACE_US
        match fact:
            case StepBegun():
                self._reset_step(fact.step)
            case HoldStarted():
                self._begin_hold(fact)
            case HeelLifted():
                self._lifted_at_us = fact.since_us
                self._record_heel_lift(fact.since_us, None)
            case HeelReturned():
                if self._lifted_at_us is not None:
                    self._record_heel_lift(self._lifted_at_us, fact.since_us)
            case HoldEnd():
                self._end_hold(fact)
            case RepTimed():
                self._record_repetition(fact)
            case RepCounted():
                self._count(fact)
            case RepTooQuick():
                self._too_quick = fact.count
            case TapsUndone():
                self._is_hold_open = True
                self._resumed_reps = self._ended_reps
            case RepsFinished():
                self._end_reps(fact)
            case Answered() if self._tested:
                self._record_answer(fact)
            case AttemptStarted():
                self._begin_attempt(fact)
            case AttemptPassed() | AttemptFailed() | AttemptVoid():
                self._end_attempt(fact)
            case TrialFinished():
                self._record_trial(fact)
            case TestFinished():
                self._end_test(fact)
            case Calibrated():
                self._record_calibration(fact)
            case CheckDone():
                assert self._context is not None
                calibration_id = self._context.calibration.id
                off_mm, sure_mm = fact.off_mm, fact.uncertainty_mm
                self.record_check(calibration_id, "block", fact.block_mm, off_mm, sure_mm, passed=not fact.out)
            case _:
                pass

    def _routine(self) -> Routine:
        assert self._run is not None
        return self._run.routine

    def _begin_hold(self, fact: HoldStarted) -> None:
        step, number = self._routine()[self._step], self._step
        assert isinstance(step, HoldStep)

        def act() -> None:
            self._hold_id = self._store.begin_hold(
                self._require(self._run_id),
                side=fact.side,
                repetition=fact.repetition,
                target_us=step.hold_us,
                started_us=fact.at_us,
                step_index=number,
                exercise=step.exercise,
                verified=is_verified(step),
            )

        self._is_hold_open, self._progress_us, self._lifted_at_us = True, fact.at_us, None
        self.write(act)

    def _record_heel_lift(self, since_us: int, until_us: int | None) -> None:
        self.write(lambda: self._store.add_heel_lift(self._require(self._hold_id), HeelLift(since_us, until_us)))

    def _end_hold(self, fact: HoldEnd) -> None:
        self._is_hold_open = False
        self.write(
            lambda: self._store.finish_hold(
                self._require(self._hold_id),
                credited_us=fact.credited_us,
                lifted_us=fact.lifted_us,
                lift_count=fact.lifts,
                micro_lift_count=fact.micro_lifts,
                ended_us=fact.at_us,
                partial=isinstance(fact, HoldPartial),
            )
        )

    def _begin_reps(self, side: Legs, at_us: int) -> None:
        if self._is_reps_open:
            return
        self._is_reps_open = True
        if self._resumed_reps is not None and self._resumed_reps[0] is side:
            self._repetitions = self._resumed_reps[1]
            return
        step, number = self._routine()[self._step], self._step
        assert isinstance(step, RepsStep)

        def act() -> None:
            self._reps_id = self._store.begin_rep_set(
                self._require(self._run_id),
                side=side,
                target_count=step.count,
                started_us=at_us,
                step_index=number,
                exercise=step.exercise,
                verified=is_verified(step),
            )

        self.write(act)

    def _record_repetition(self, fact: RepTimed) -> None:
        self._begin_reps(fact.side, fact.at_us)
        one = Repetition(self._repetitions, fact.at_us, fact.took_us, fact.too_quick)
        self._repetitions += 1
        self.write(lambda: self._add_repetition(one))

    def _add_repetition(self, one: Repetition) -> None:
        self._store.add_repetition(self._require(self._reps_id), one)

    def _count(self, fact: RepCounted) -> None:
        self._begin_reps(fact.side, fact.at_us)
        too_quick = self._too_quick
        self.write(
            lambda: self._store.save_rep_set_progress(
                self._require(self._reps_id), count=fact.count, too_quick_count=too_quick
            )
        )

    def _end_reps(self, fact: RepsFinished) -> None:
        self._begin_reps(fact.side, fact.at_us)
        self.write(
            lambda: self._store.finish_rep_set(
                self._require(self._reps_id),
                count=fact.count,
                too_quick_count=fact.too_quick,
                partial=isinstance(fact, RepsPartial),
            )
        )
        ended = (fact.side, self._repetitions)
        self._reset_reps()
        self._ended_reps = ended

    def _record_answer(self, fact: Answered) -> None:
        felt = fact.answer if fact.question == FELT_QUESTION else None
        pain = int(fact.answer) if fact.question == PAIN_QUESTION else None
        self.write(lambda: self._store.answer_test(self._require(self._test_id), pain=pain, felt_place=felt))

    def _begin_attempt(self, fact: AttemptStarted) -> None:
        if self._attempts == 0:
            self._begin_test(fact.at_us)
        self._attempts += 1
        self._attempt = fact

    def _begin_test(self, at_us: int) -> None:
        run, using = self._run, self._context
        assert run is not None
        assert using is not None
        step = run.routine[self._step]
        assert isinstance(step, TestStep)
        self._budgets, self._tested = AttemptBudgets(using), True

        def act() -> None:
            self._test_id = self._store.begin_test(
                self._require(self._run_id),
                full=step.full,
                contact=run.wiring.contact,
                calibration_id=using.calibration.id,
                temperature_c=using.temperature_c,
                started_us=at_us,
            )

        self.write(act)

    def _end_attempt(self, fact: AttemptPassed | AttemptFailed | AttemptVoid) -> None:
        begun, budgets = self._attempt, self._budgets
        assert begun is not None
        assert budgets is not None
        passed = fact if isinstance(fact, AttemptPassed) else None
        outcome = "passed" if passed else fact.why if isinstance(fact, AttemptFailed) else "void"
        toe_mm = begun.toe_mm if passed is None else passed.toe_mm
        budget = None if passed is None else budgets.on_attempt_passed(passed)
        attempt = Attempt(
            side=fact.side,
            trial=begun.trial,
            number=begun.attempt,
            outcome=outcome,
            started_us=begun.at_us,
            ended_us=fact.at_us,
            toe_mm=toe_mm,
            uncertainty_mm=total_mm(budget),
            contact=None if passed is None else passed.contact,
            window_us=None if passed is None else passed.window_us,
            budget=budget,
        )
        self.write(lambda: self._add_attempt(attempt))

    def _add_attempt(self, attempt: Attempt) -> None:
        self._store.add_attempt(self._require(self._test_id), attempt)

    def _record_trial(self, fact: TrialFinished) -> None:
        assert self._budgets is not None
        budget = self._budgets.on_trial_finished(fact)
        trial = Trial(fact.side, fact.trial, fact.toe_mm, fact.below_range, total_mm(budget), fact.at_us, budget)
        self.write(lambda: self._add_trial(trial))

    def _add_trial(self, trial: Trial) -> None:
        self._store.add_trial(self._require(self._test_id), trial)

    def _end_test(self, fact: TestFinished) -> None:
        assert self._budgets is not None
        left, right = (self._budgets.of_side(side) for side in Side)
        self.write(
            lambda: self._store.finish_test(
                self._require(self._test_id),
                left_mm=fact.left_mm,
                right_mm=fact.right_mm,
                left_uncertainty_mm=total_mm(left),
                right_uncertainty_mm=total_mm(right),
                left_budget=left,
                right_budget=right,
                partial=fact.partial,
            )
        )

    def _record_calibration(self, fact: Calibrated) -> None:
        temperature_c = self.temperature_c

        def act() -> None:
            self._store.add_calibration(fact.fit, temperature_c)

        self.write(act)

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
        """What a look at a calibration has found. It names the one it was made with: another may wait to be stored."""
        temperature_c = self.temperature_c

        def act() -> None:
            self._store.add_check(
                calibration_id=calibration_id,
                kind=kind,
                block_mm=block_mm,
                off_mm=off_mm,
                uncertainty_mm=uncertainty_mm,
                passed=passed,
                temperature_c=temperature_c,
            )

        self.write(act)
