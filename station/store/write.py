"""Writing to the store: every method is one transaction, on disk when it returns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from station.core.events import Legs, Side
from station.core.facts import Contact
from station.core.measurement.calibration import Fit
from station.core.measurement.uncertainty import Budget
from station.settings import Settings
from station.store.loading import budget_to_json
from station.store.read import stored_settings, suspect_check
from station.store.records import (
    Attempt,
    Circumstances,
    Correction,
    HeelLift,
    Imported,
    Person,
    Repetition,
    Scores,
    Trial,
)
from station.store.schema import (
    attempts,
    checks,
    corrections,
    heels,
    holds,
    lifts,
    people,
    repetitions,
    reps,
    runs,
    settings,
    sittings,
    tests,
    trace_chunks,
    trials,
)
from station.store.traces import packed
from station.store.training_read import IMPORTED
from station.store.training_write import TrainingWriter, unique_name
from station.store.write_transactions import next_number

CHECK_KINDS = ("block", "wall", "lane")

TAKEN = "There is somebody called {name} already: add a letter to tell them apart."

UNFINISHED, PARTIAL, FINISHED = "unfinished", "partial", "finished"


class Store(TrainingWriter):
    """The database of one station. A method that raises `StoreError` (one sentence) has changed nothing.

    Rows in progress are `unfinished` until they are finished, and stay so if the power fails.
    """

    def add_person(self, name: str) -> Person:
        """Raises `ValueError` with a sentence when the name is empty, too long or taken."""
        with self.write_transaction() as now:
            name = unique_name(name, [row.name for row in now.execute(select(people.c.name))], TAKEN)
            return Person(self._insert(now, people, name=name, added_at=self._clock.wall()), name)

    def rename_person(self, person_id: str, name: str) -> None:
        """Raises as `add_person` does."""
        with self.write_transaction() as now:
            everybody = now.execute(select(people.c.id, people.c.name))
            name = unique_name(name, [row.name for row in everybody if row.id != person_id], TAKEN)
            self._update(now, people, person_id, name=name)

    def save_settings(self, wish: Settings) -> None:
        """Store the settings that changed; those never changed follow the program's defaults."""
        with self.write_transaction() as now:
            before = asdict(Settings(**stored_settings(now)))
            for name, value in asdict(wish).items():
                if value != before[name]:
                    now.execute(delete(settings).where(settings.c.name == name))
                    text = json.dumps(value)
                    self._insert(now, settings, name=name, value_json=text, changed_at=self._clock.wall())

    def add_calibration(self, fit: Fit, temperature_c: float | None = None) -> str:
        """From now on it counts; those before it are kept for ever. `temperature_c` is the sensor's, where known."""
        with self.write_transaction() as now:
            return self._insert_calibration(
                now,
                fit.curve,
                points_json=json.dumps([asdict(point) for point in fit.points]),
                residuals_json=json.dumps(fit.residuals_mm),
                covariance_json=json.dumps(fit.covariance),
                temperature_c=temperature_c,
            )

    def add_check(
        self,
        *,
        calibration_id: str,
        kind: str,
        block_mm: float | None,
        off_mm: float,
        uncertainty_mm: float,
        passed: bool,
        temperature_c: float | None = None,
    ) -> str:
        """What a look at the calibration found; see `station.store.records.Check`."""
        if kind not in CHECK_KINDS:
            raise ValueError(f"A check of the kind {kind!r}: there are {', '.join(CHECK_KINDS)}.")
        with self.write_transaction() as now:
            return self._insert_numbered(
                now,
                checks,
                calibration_id=calibration_id,
                kind=kind,
                block_mm=block_mm,
                off_mm=off_mm,
                uncertainty_mm=uncertainty_mm,
                temperature_c=temperature_c,
                passed=passed,
            )

    def save_empty_share(self, side: Side, share: float) -> None:
        """Store the empty load of this analogue heel, as a share of full scale."""
        with self.write_transaction() as now:
            now.execute(delete(heels).where(heels.c.side == side))
            self._insert(now, heels, side=side, empty_share=share, measured_at=self._clock.wall())

    def begin_session(self, person_id: str | None, started_at: datetime, *, simulated: bool) -> str:
        """Begin a session; without a person (`None`) it is unclaimed."""
        return self._add(sittings, person_id=person_id, started_at=started_at, simulated=simulated)

    def claim_session(self, session_id: str, person_id: str | None) -> None:
        """Assign a session to a person, or make it unclaimed."""
        self._change(sittings, session_id, person_id=person_id)

    def end_session(self, session_id: str, ended_at: datetime, why: str) -> None:
        self._change(sittings, session_id, ended_at=ended_at, ended_why=why)

    def begin_run(self, sitting_id: str, header: dict[str, Any], began_at: datetime, called: str | None = None) -> str:
        """One thing done in a session; `header` is what its trace begins with, `began_at` the moment 0 of its times.

        `called` is the routine's name, where it has one.
        """
        text = json.dumps(header, sort_keys=True)
        return self._add(runs, sitting_id=sitting_id, header_json=text, began_at=began_at, called=called)

    def append_trace(self, run_id: str, rows_text: str) -> None:
        """Add rows to the run's trace, whole lines without the line of column names; about every ten seconds."""
        number = func.coalesce(func.max(trace_chunks.c.number) + 1, 0)
        with self.write_transaction() as now:
            count = now.execute(select(number).where(trace_chunks.c.run_id == run_id)).scalar_one()
            self._insert(now, trace_chunks, run_id=run_id, number=count, rows=packed(rows_text))

    def save_trace(self, run_id: str, rows_text: str) -> None:
        """The run's whole trace, in place of what was there: one piece is smaller than its chunks."""
        with self.write_transaction() as now:
            now.execute(delete(trace_chunks).where(trace_chunks.c.run_id == run_id))
            self._insert(now, trace_chunks, run_id=run_id, number=0, rows=packed(rows_text))

    def begin_test(
        self,
        run_id: str,
        *,
        full: bool,
        contact: Contact,
        calibration_id: str | None,
        started_us: int = 0,
        temperature_c: float | None = None,
        skirting_mm: float = 0.0,
        circumstances: Circumstances | None = None,
    ) -> str:
        """It notes by itself whether its calibration is in doubt (`Reader.doubt`), also where there is a newer one."""
        values = asdict(circumstances or Circumstances())
        values |= {"full": full, "contact": contact, "calibration_id": calibration_id, "started_us": started_us}
        values |= {"temperature_c": temperature_c, "skirting_mm": skirting_mm, "imported": False}
        with self.write_transaction() as now:
            doubted = suspect_check(now, calibration_id) is not None
            return self._insert(now, tests, run_id=run_id, state=UNFINISHED, doubted=doubted, **values)

    def describe_test(self, test_id: str, circumstances: Circumstances) -> None:
        """Store the person's answers about the test."""
        self._change(tests, test_id, **asdict(circumstances))

    def add_attempt(self, test_id: str, attempt: Attempt) -> str:
        values = _column_values(attempt)
        values["window_from_us"], values["window_to_us"] = values.pop("window_us") or (None, None)
        return self._add(attempts, test_id=test_id, **values)

    def add_trial(self, test_id: str, trial: Trial) -> str:
        return self._add(trials, test_id=test_id, **_column_values(trial))

    def finish_test(
        self,
        test_id: str,
        *,
        left_mm: float | None,
        right_mm: float | None,
        left_uncertainty_mm: float | None = None,
        right_uncertainty_mm: float | None = None,
        left_budget: Budget | None = None,
        right_budget: Budget | None = None,
        partial: bool = False,
    ) -> None:
        """With a budget, the uncertainty is the budget's total."""
        self._change(
            tests,
            test_id,
            left_mm=left_mm,
            right_mm=right_mm,
            left_uncertainty_mm=left_uncertainty_mm,
            right_uncertainty_mm=right_uncertainty_mm,
            left_budget_json=budget_to_json(left_budget),
            right_budget_json=budget_to_json(right_budget),
            state=PARTIAL if partial else FINISHED,
        )

    def correct(self, made: Sequence[Correction]) -> None:
        """What tests come to under another calibration, all or none; from now on it counts, and the originals stay."""
        with self.write_transaction() as now:
            number, made_at = next_number(now, corrections), self._clock.wall()
            for one in made:
                values = _column_values(one.scores)
                self._insert(now, corrections, number=number, made_at=made_at, test_id=one.test_id, **values)

    def add_imported(self, person_id: str, results: Sequence[Imported]) -> None:
        """Past results of a tape, all or none, each as a session of its own."""
        with self.write_transaction() as now:
            for result in results:
                at, sides = result.at, {"left_mm": result.left_mm, "right_mm": result.right_mm}
                ended = {"started_at": at, "ended_at": at, "ended_why": IMPORTED}
                sitting_id = self._insert(now, sittings, person_id=person_id, simulated=False, **ended)
                header = json.dumps({"do": IMPORTED})
                run_id = self._insert(now, runs, sitting_id=sitting_id, began_at=at, header_json=header)
                kind = {"full": False, "contact": Contact.SELF, "doubted": False, "imported": True}
                self._insert(now, tests, run_id=run_id, started_us=0, state=FINISHED, **kind, **sides)

    def begin_hold(
        self,
        run_id: str,
        *,
        side: Legs,
        repetition: int,
        target_us: int,
        started_us: int,
        step: int | None = None,
        exercise: str | None = None,
        verified: bool = True,
    ) -> str:
        """What `step`, `exercise` and `verified` say is said by `station.store.records.Hold`."""
        nothing = dict.fromkeys(("credited_us", "lifted_us", "lifts", "micro_lifts"), 0)
        of_routine = {"step": step, "exercise": exercise, "verified": verified}
        values = {"side": side, "repetition": repetition, "target_us": target_us, "started_us": started_us}
        return self._add(holds, run_id=run_id, state=UNFINISHED, **values, **of_routine, **nothing)

    def progress_hold(
        self, hold_id: str, *, credited_us: int, lifted_us: int = 0, lifts: int = 0, micro_lifts: int = 0
    ) -> None:
        """Store a hold's credit so far; called every second, so that a power cut loses at most one."""
        self._change(holds, hold_id, credited_us=credited_us, lifted_us=lifted_us, lifts=lifts, micro_lifts=micro_lifts)

    def add_heel_lift(self, hold_id: str, lift: HeelLift) -> None:
        """A lift when it begins, and once more, with the same `since_us`, when the heel has come back."""
        with self.write_transaction() as now:
            same = (lifts.c.hold_id == hold_id, lifts.c.since_us == lift.since_us)
            now.execute(delete(lifts).where(*same))
            self._insert(now, lifts, hold_id=hold_id, since_us=lift.since_us, until_us=lift.until_us)

    def finish_hold(
        self,
        hold_id: str,
        *,
        credited_us: int,
        lifted_us: int,
        lifts: int,
        micro_lifts: int,
        ended_us: int,
        partial: bool = False,
    ) -> None:
        self._change(
            holds,
            hold_id,
            credited_us=credited_us,
            lifted_us=lifted_us,
            lifts=lifts,
            micro_lifts=micro_lifts,
            ended_us=ended_us,
            state=PARTIAL if partial else FINISHED,
        )

    def begin_reps(
        self,
        run_id: str,
        *,
        side: Legs,
        target_count: int,
        started_us: int,
        step: int | None = None,
        exercise: str | None = None,
        verified: bool = True,
    ) -> str:
        """As `begin_hold`."""
        of_routine = {"step": step, "exercise": exercise, "verified": verified}
        values = {"side": side, "target_count": target_count, "started_us": started_us, "count": 0, "too_quick": 0}
        return self._add(reps, run_id=run_id, state=UNFINISHED, **values, **of_routine)

    def add_repetition(self, reps_id: str, repetition: Repetition) -> None:
        """One of the repetitions, when it is done."""
        self._add(repetitions, reps_id=reps_id, **asdict(repetition))

    def progress_reps(self, reps_id: str, *, count: int, too_quick: int) -> None:
        self._change(reps, reps_id, count=count, too_quick=too_quick)

    def finish_reps(self, reps_id: str, *, count: int, too_quick: int, partial: bool = False) -> None:
        self._change(reps, reps_id, count=count, too_quick=too_quick, state=PARTIAL if partial else FINISHED)


def _column_values(record: Attempt | Trial | Scores) -> dict[str, Any]:
    """The columns of a record with budgets."""
    values = {name: getattr(record, name) for name in record.__dataclass_fields__}
    for name in [name for name in values if name.endswith("budget")]:
        values[f"{name}_json"] = budget_to_json(values.pop(name))
    return values
