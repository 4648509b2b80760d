"""From rows of the tables to records, with what belongs to them: two or three questions, however many rows."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select

from station.core.records import Contact, Side
from station.store.rows import Attempt, Calibration, Circumstances, Hold, Lift, Reps, Score, Sitting, Test, Trial
from station.store.schema import attempts, holds, lifts, people, reps, runs, sittings, tests, trials

AnyRow = Row[*tuple[Any, ...]]

SITTINGS = select(sittings, people.c.name.label("person_name")).select_from(sittings.outerjoin(people))


def _done_in(table: Table) -> Select[Any]:
    whose = (runs.c.sitting_id, runs.c.began_at, sittings.c.person_id, sittings.c.simulated)
    return select(table, *whose).select_from(sittings.join(runs).join(table, table.c.run_id == runs.c.id))


TESTS = _done_in(tests)
HOLDS = _done_in(holds)
REPS = _done_in(reps)
_SCORE = ("id", "started_us", "full", "contact", "state", "left_mm", "right_mm")
_SCORE_SURENESS = ("left_uncertainty_mm", "right_uncertainty_mm")
SCORES = TESTS.with_only_columns(
    *(tests.c[name] for name in _SCORE + _SCORE_SURENESS), runs.c.sitting_id, runs.c.began_at, sittings.c.simulated
)


def sitting(row: AnyRow) -> Sitting:
    return Sitting(row.id, row.person_id, row.person_name, row.started_at, row.ended_at, row.ended_why, row.simulated)


def calibration(row: AnyRow) -> Calibration:
    points = None if row.points_json is None else tuple((x, y) for x, y in json.loads(row.points_json))
    return Calibration(row.id, row.made_at, row.gain, row.offset_mm, points)


def score(row: AnyRow) -> Score:
    return Score(
        test_id=row.id,
        sitting_id=row.sitting_id,
        started_at=row.began_at + timedelta(microseconds=row.started_us),
        full=row.full,
        contact=Contact(row.contact),
        state=row.state,
        left_mm=row.left_mm,
        right_mm=row.right_mm,
        left_uncertainty_mm=row.left_uncertainty_mm,
        right_uncertainty_mm=row.right_uncertainty_mm,
        simulated=row.simulated,
    )


def tests_of(now: Connection, chosen: Select[Any]) -> tuple[Test, ...]:
    rows = now.execute(chosen).all()
    tried = _children(now, rows, trials, trials.c.test_id, (trials.c.ended_us, trials.c.id))
    lunged = _children(now, rows, attempts, attempts.c.test_id, (attempts.c.started_us, attempts.c.id))
    return tuple(
        Test(
            id=row.id,
            sitting_id=row.sitting_id,
            run_id=row.run_id,
            person_id=row.person_id,
            started_at=row.began_at + timedelta(microseconds=row.started_us),
            full=row.full,
            contact=Contact(row.contact),
            state=row.state,
            left_mm=row.left_mm,
            right_mm=row.right_mm,
            left_uncertainty_mm=row.left_uncertainty_mm,
            right_uncertainty_mm=row.right_uncertainty_mm,
            calibration_id=row.calibration_id,
            simulated=row.simulated,
            circumstances=Circumstances(
                row.shod, row.back_foot, row.board_deg, row.warmed_up, row.pain, row.limit_felt
            ),
            trials=tuple(_trial(child) for child in tried[row.id]),
            attempts=tuple(_attempt(child) for child in lunged[row.id]),
        )
        for row in rows
    )


def holds_of(now: Connection, chosen: Select[Any]) -> tuple[Hold, ...]:
    rows = now.execute(chosen).all()
    lifted = _children(now, rows, lifts, lifts.c.hold_id, (lifts.c.since_us,))
    return tuple(
        Hold(
            id=row.id,
            sitting_id=row.sitting_id,
            run_id=row.run_id,
            person_id=row.person_id,
            started_at=row.began_at + timedelta(microseconds=row.started_us),
            side=Side(row.side),
            repetition=row.repetition,
            target_us=row.target_us,
            credited_us=row.credited_us,
            lifted_us=row.lifted_us,
            lifts=row.lifts,
            micro_lifts=row.micro_lifts,
            state=row.state,
            started_us=row.started_us,
            ended_us=row.ended_us,
            lift_spans=tuple(Lift(child.since_us, child.until_us) for child in lifted[row.id]),
            simulated=row.simulated,
        )
        for row in rows
    )


def reps_of(now: Connection, chosen: Select[Any]) -> tuple[Reps, ...]:
    return tuple(
        Reps(
            id=row.id,
            sitting_id=row.sitting_id,
            run_id=row.run_id,
            person_id=row.person_id,
            started_at=row.began_at + timedelta(microseconds=row.started_us),
            side=Side(row.side),
            target_count=row.target_count,
            count=row._mapping["count"],
            too_quick=row.too_quick,
            state=row.state,
            simulated=row.simulated,
        )
        for row in now.execute(chosen)
    )


def _children(
    now: Connection, parents: Sequence[AnyRow], table: Table, parent_id: Any, order: Iterable[Any]
) -> dict[str, list[AnyRow]]:
    children: dict[str, list[AnyRow]] = defaultdict(list)
    if parents:
        for child in now.execute(select(table).where(parent_id.in_([row.id for row in parents])).order_by(*order)):
            children[child._mapping[parent_id]].append(child)
    return children


def _trial(row: AnyRow) -> Trial:
    return Trial(Side(row.side), row.number, row.toe_mm, row.below_range, row.uncertainty_mm, row.ended_us)


def _attempt(row: AnyRow) -> Attempt:
    return Attempt(
        side=Side(row.side),
        trial=row.trial,
        number=row.number,
        outcome=row.outcome,
        started_us=row.started_us,
        ended_us=row.ended_us,
        toe_mm=row.toe_mm,
        uncertainty_mm=row.uncertainty_mm,
        contact=None if row.contact is None else Contact(row.contact),
        window_us=None if row.window_from_us is None else (row.window_from_us, row.window_to_us),
    )
