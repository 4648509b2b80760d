"""Writes to the store: every method is one transaction, on disk when it returns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import structs
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from station.core.events import Legs, Side
from station.core.facts import Contact
from station.core.measurement.calibration import Fit
from station.core.measurement.uncertainty import Budget
from station.core.progress.records import Circumstances
from station.settings import Settings
from station.store.names import unique_name
from station.store.reading.loading import CIRCUMSTANCE_COLUMNS, IS_TIME_KNOWN, budget_to_json
from station.store.reading.reader import failed_check_of, stored_settings
from station.store.reading.training import IMPORTED, OWN_CIRCUMSTANCES, is_circumstance, own_circumstances
from station.store.records import Attempt, Correction, HeelLift, ImportedResult, Person, Repetition, SideResults, Trial
from station.store.schema import (
    attempts,
    calibration_checks,
    corrections,
    heel_lifts,
    heel_sensors,
    holds,
    people,
    rep_sets,
    repetitions,
    runs,
    sessions,
    settings,
    tests,
    trace_chunks,
    trials,
)
from station.store.traces import compress_rows
from station.store.writing.access import AccessWriter
from station.store.writing.dates import DateWriter
from station.store.writing.people import NAME_TAKEN, PeopleWriter
from station.store.writing.tokens import TokenWriter
from station.store.writing.training import TrainingWriter
from station.store.writing.transactions import next_number

CHECK_KINDS = ("block", "wall", "lane")

UNFINISHED, PARTIAL, FINISHED = "unfinished", "partial", "finished"


class Store(TrainingWriter, AccessWriter, PeopleWriter, TokenWriter, DateWriter):
    """The database of one station. A method that raises `StoreError` (one sentence) has changed nothing.

    Rows in progress are `unfinished` until they are finished, and stay so after a power cut.
    """

    def add_person(self, name: str, viewer_id: str | None = None) -> Person:
        """Add a person; `viewer_id`, if given, sees their results from now on.

        Raises `ValueError` with a sentence if the name is empty, overlong or taken.
        """
        with self.write_transaction() as connection:
            name = unique_name(name, [row.name for row in connection.execute(select(people.c.name))], NAME_TAKEN)
            person = Person(self._insert(connection, people, name=name, added_at=self._clock.utc_now()), name)
            if viewer_id is not None:
                self._agree(connection, viewer_id, person.id)
            return person

    def save_settings(self, new_settings: Settings) -> None:
        """Store the changed settings; those never changed follow the program's defaults."""
        with self.write_transaction() as connection:
            before = asdict(Settings(**stored_settings(connection)))
            for name, value in asdict(new_settings).items():
                if value != before[name]:
                    connection.execute(delete(settings).where(settings.c.name == name))
                    text = json.dumps(value)
                    self._insert(connection, settings, name=name, value_json=text, changed_at=self._clock.utc_now())

    def add_calibration(self, fit: Fit, temperature_c: float | None = None) -> str:
        """Use this calibration from now on; earlier ones are kept. `temperature_c` is the sensor's, if known."""
        with self.write_transaction() as connection:
            return self._insert_calibration(
                connection,
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
        """Store a check of a calibration; see `station.store.records.Check`."""
        if kind not in CHECK_KINDS:
            raise ValueError(f"A check of the kind {kind!r}: there are {', '.join(CHECK_KINDS)}.")
        with self.write_transaction() as connection:
            return self._insert_numbered(
                connection,
                calibration_checks,
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
        with self.write_transaction() as connection:
            connection.execute(delete(heel_sensors).where(heel_sensors.c.side == side))
            self._insert(connection, heel_sensors, side=side, empty_share=share, measured_at=self._clock.utc_now())

    def begin_session(self, person_id: str | None, started_at: datetime, *, simulated: bool) -> str:
        """Begin a session; without a person (`None`) it is unclaimed."""
        return self._insert_and_commit(sessions, person_id=person_id, started_at=started_at, simulated=simulated)

    def answer_own_circumstance(self, person_id: str, name: str, answer: bool | str | None) -> None:
        """Store how a person tests, `None` if it varies: the first answer applies to all tests, another to later ones.

        A test whose circumstance is known keeps it; imported tests stay unchanged. Raises `ValueError` with a sentence
        for an unknown name or answer.
        """
        if name not in OWN_CIRCUMSTANCES or not is_circumstance(name, answer):
            raise ValueError(f"The circumstance {name} of a test cannot be {answer!r}.")
        with self.write_transaction() as connection:
            if name not in own_circumstances(connection, person_id):
                _fill_unknown(connection, sessions.c.person_id == person_id, name, answer)
            self._insert_answer(connection, person_id, name, answer)

    def end_session(self, session_id: str, ended_at: datetime, end_reason: str) -> None:
        self._update_and_commit(sessions, session_id, ended_at=ended_at, end_reason=end_reason)

    def begin_run(self, session_id: str, header: dict[str, Any], started_at: datetime, title: str | None = None) -> str:
        """Begin a run in a session; `header` begins its trace, and its times count from `started_at`.

        `title` is the routine's name, if it has one.
        """
        text = json.dumps(header, sort_keys=True)
        return self._insert_and_commit(
            runs, session_id=session_id, header_json=text, started_at=started_at, title=title
        )

    def append_trace(self, run_id: str, rows_text: str) -> None:
        """Add rows to the run's trace: whole lines, without the line of column names."""
        self.append_packed_trace(run_id, compress_rows(rows_text))

    def append_packed_trace(self, run_id: str, chunk: bytes) -> None:
        """Add a chunk to the run's trace, packed by `compress_rows` or `TraceColumns`."""
        number = func.coalesce(func.max(trace_chunks.c.number) + 1, 0)
        with self.write_transaction() as connection:
            count = connection.execute(select(number).where(trace_chunks.c.run_id == run_id)).scalar_one()
            self._insert(connection, trace_chunks, run_id=run_id, number=count, rows=chunk)

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
        """Begin a test; it is stored as suspect if its calibration, even an old one, has a failed check.

        What `circumstances` leaves open comes from the person's answers for all their tests.
        """
        values: dict[str, Any] = _circumstance_values(circumstances or Circumstances())
        values |= {"full": full, "contact": contact, "calibration_id": calibration_id, "started_us": started_us}
        values |= {"temperature_c": temperature_c, "skirting_mm": skirting_mm, "imported": False}
        with self.write_transaction() as connection:
            is_suspect = failed_check_of(connection, calibration_id) is not None
            person = select(sessions.c.person_id).select_from(sessions.join(runs)).where(runs.c.id == run_id)
            own = own_circumstances(connection, connection.execute(person).scalar_one_or_none())
            values |= {name: answer for name, answer in own.items() if values[name] is None}
            return self._insert(connection, tests, run_id=run_id, state=UNFINISHED, is_suspect=is_suspect, **values)

    def add_attempt(self, test_id: str, attempt: Attempt) -> str:
        values = _column_values(attempt)
        values["window_start_us"], values["window_end_us"] = values.pop("window_us") or (None, None)
        return self._insert_and_commit(attempts, test_id=test_id, **values)

    def add_trial(self, test_id: str, trial: Trial) -> str:
        return self._insert_and_commit(trials, test_id=test_id, **_column_values(trial))

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
        """Store the results. With a budget, the uncertainty is the budget's total."""
        self._update_and_commit(
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

    def add_corrections(self, new_corrections: Sequence[Correction]) -> None:
        """Store results with another calibration, all or none. They count from now on; the originals stay."""
        with self.write_transaction() as connection:
            number, created_at = next_number(connection, corrections), self._clock.utc_now()
            for one in new_corrections:
                values = _column_values(one.results)
                self._insert(
                    connection, corrections, number=number, created_at=created_at, test_id=one.test_id, **values
                )

    def add_imported_results(self, person_id: str, results: Sequence[ImportedResult]) -> None:
        """Store past results measured with a tape, all or none, each as its own session."""
        with self.write_transaction() as connection:
            for result in results:
                at, sides = result.measured_at, {"left_mm": result.left_mm, "right_mm": result.right_mm}
                ended = {"started_at": at, "ended_at": at, "end_reason": IMPORTED}
                session_id = self._insert(connection, sessions, person_id=person_id, simulated=False, **ended)
                header = json.dumps({"do": IMPORTED} | ({IS_TIME_KNOWN: True} if result.is_time_known else {}))
                run_id = self._insert(connection, runs, session_id=session_id, started_at=at, header_json=header)
                kind = {"full": False, "contact": Contact.SELF, "is_suspect": False, "imported": True}
                known = _circumstance_values(result.circumstances)
                self._insert(connection, tests, run_id=run_id, started_us=0, state=FINISHED, **kind, **sides, **known)

    def begin_hold(
        self,
        run_id: str,
        *,
        side: Legs,
        repetition: int,
        target_us: int,
        started_us: int,
        step_index: int | None = None,
        exercise: str | None = None,
        verified: bool = True,
    ) -> str:
        """For `step_index`, `exercise` and `verified` see `station.store.records.Hold`."""
        nothing = dict.fromkeys(("credited_us", "lifted_us", "lift_count", "micro_lift_count"), 0)
        of_routine = {"step_index": step_index, "exercise": exercise, "verified": verified}
        values = {"side": side, "repetition": repetition, "target_us": target_us, "started_us": started_us}
        return self._insert_and_commit(holds, run_id=run_id, state=UNFINISHED, **values, **of_routine, **nothing)

    def save_hold_progress(
        self, hold_id: str, *, credited_us: int, lifted_us: int = 0, lift_count: int = 0, micro_lift_count: int = 0
    ) -> None:
        """Store a hold's credit so far; called about every five seconds, so that a power cut loses no more."""
        self._update_and_commit(
            holds,
            hold_id,
            credited_us=credited_us,
            lifted_us=lifted_us,
            lift_count=lift_count,
            micro_lift_count=micro_lift_count,
        )

    def add_heel_lift(self, hold_id: str, lift: HeelLift) -> None:
        """Store a heel lift when it begins, and again, with the same `started_us`, when the heel is down."""
        with self.write_transaction() as connection:
            same = (heel_lifts.c.hold_id == hold_id, heel_lifts.c.started_us == lift.started_us)
            connection.execute(delete(heel_lifts).where(*same))
            self._insert(connection, heel_lifts, hold_id=hold_id, started_us=lift.started_us, ended_us=lift.ended_us)

    def finish_hold(
        self,
        hold_id: str,
        *,
        credited_us: int,
        lifted_us: int,
        lift_count: int,
        micro_lift_count: int,
        ended_us: int,
        partial: bool = False,
    ) -> None:
        self._update_and_commit(
            holds,
            hold_id,
            credited_us=credited_us,
            lifted_us=lifted_us,
            lift_count=lift_count,
            micro_lift_count=micro_lift_count,
            ended_us=ended_us,
            state=PARTIAL if partial else FINISHED,
        )

    def begin_rep_set(
        self,
        run_id: str,
        *,
        side: Legs,
        target_count: int,
        started_us: int,
        step_index: int | None = None,
        exercise: str | None = None,
        verified: bool = True,
    ) -> str:
        """Like `begin_hold`."""
        of_routine = {"step_index": step_index, "exercise": exercise, "verified": verified}
        values = {
            "side": side,
            "target_count": target_count,
            "started_us": started_us,
            "count": 0,
            "too_quick_count": 0,
        }
        return self._insert_and_commit(rep_sets, run_id=run_id, state=UNFINISHED, **values, **of_routine)

    def add_repetition(self, rep_set_id: str, repetition: Repetition) -> None:
        """Store one repetition of the set."""
        self._insert_and_commit(repetitions, rep_set_id=rep_set_id, **structs.asdict(repetition))

    def save_rep_set_progress(self, rep_set_id: str, *, count: int, too_quick_count: int) -> None:
        self._update_and_commit(rep_sets, rep_set_id, count=count, too_quick_count=too_quick_count)

    def finish_rep_set(self, rep_set_id: str, *, count: int, too_quick_count: int, partial: bool = False) -> None:
        self._update_and_commit(
            rep_sets, rep_set_id, count=count, too_quick_count=too_quick_count, state=PARTIAL if partial else FINISHED
        )


def _fill_unknown(
    connection: Connection, is_included: ColumnElement[bool], name: str, value: bool | str | None
) -> None:
    """Set a circumstance in the tests of the included sessions in which it is unknown."""
    run_ids = select(runs.c.id).select_from(sessions.join(runs)).where(is_included)
    unknown = (tests.c.run_id.in_(run_ids), tests.c[name].is_(None), tests.c.imported.is_(False))
    connection.execute(update(tests).where(*unknown).values({name: value}))


def _circumstance_values(circumstances: Circumstances) -> dict[str, Any]:
    return {name: getattr(circumstances, name) for name in CIRCUMSTANCE_COLUMNS}


def _column_values(record: Attempt | Trial | SideResults) -> dict[str, Any]:
    """A record's columns, with budgets as JSON."""
    values = {name: getattr(record, name) for name in record.__struct_fields__}
    for name in [name for name in values if name.endswith("budget")]:
        values[f"{name}_json"] = budget_to_json(values.pop(name))
    return values
