"""From rows of the tables to records, with what belongs to them: two or three questions, however many rows."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, Table, func, select

from station.core.events import BOTH_LEGS, Legs, Side
from station.core.facts import Contact
from station.core.measurement.calibration import Curve, Fit, Point
from station.core.measurement.uncertainty import Budget
from station.store.records import (
    Answer,
    Attempt,
    Calibration,
    Check,
    Circumstances,
    Counted,
    HeelLift,
    Held,
    Hold,
    OwnRoutine,
    Repetition,
    Reps,
    Score,
    Scores,
    Session,
    SessionDetail,
    SittingSummary,
    Test,
    Trial,
)
from station.store.schema import (
    attempts,
    calibrations,
    corrections,
    holds,
    lifts,
    people,
    repetitions,
    reps,
    runs,
    sittings,
    tests,
    trials,
)

AnyRow = Row[*tuple[Any, ...]]

SITTINGS = select(sittings, people.c.name.label("person_name")).select_from(sittings.outerjoin(people))


def _done_test_filter(table: Table) -> Select[Any]:
    whose = (runs.c.sitting_id, runs.c.began_at, sittings.c.person_id, sittings.c.simulated)
    return select(table, *whose).select_from(sittings.join(runs).join(table, table.c.run_id == runs.c.id))


SCORES_OF = (
    *("left_mm", "right_mm", "left_uncertainty_mm", "right_uncertainty_mm"),
    *("left_budget_json", "right_budget_json", "calibration_id"),
)
"""The columns that a test and its corrections have in common: what the sides came to under one calibration."""
_OF_THE_DAY = attrgetter(*SCORES_OF)
_CORRECTED = attrgetter(*(f"new_{name}" for name in SCORES_OF))


def with_newest_correction(joined: FromClause) -> FromClause:
    """Tests, each beside its newest correction where it has one."""
    newest = (
        select(func.max(corrections.c.number)).where(corrections.c.test_id == tests.c.id).correlate(tests)
    ).scalar_subquery()
    return joined.outerjoin(corrections, (corrections.c.test_id == tests.c.id) & (corrections.c.number == newest))


def _calibration_number(calibration_id: ColumnElement[Any]) -> ColumnElement[Any]:
    of_it = select(calibrations.c.number).where(calibrations.c.id == calibration_id).correlate(tests, corrections)
    return func.coalesce(of_it.scalar_subquery(), 0)


_DOUBTED = tests.c.doubted & (
    _calibration_number(corrections.c.calibration_id) <= _calibration_number(tests.c.calibration_id)
)
"""A doubt is of the calibration of the day: what a newer one has made of the test is not in it."""
_TESTED = with_newest_correction(sittings.join(runs).join(tests, tests.c.run_id == runs.c.id))
TESTS = select(
    tests,
    *(runs.c.sitting_id, runs.c.began_at, sittings.c.person_id, sittings.c.simulated),
    *(corrections.c[name].label(f"new_{name}") for name in SCORES_OF),
    _DOUBTED.label("still_doubted"),
).select_from(_TESTED)
HOLDS = _done_test_filter(holds)
REPS = _done_test_filter(reps)

_COUNTS = func.coalesce(corrections.c.calibration_id, tests.c.calibration_id)
_NUMBER = select(calibrations.c.number).where(calibrations.c.id == _COUNTS).correlate(tests, corrections)
SCORES = select(
    *(tests.c.id, runs.c.sitting_id, runs.c.began_at, tests.c.started_us, tests.c.full, tests.c.contact),
    *(tests.c.state, _NUMBER.scalar_subquery(), tests.c.pain, tests.c.limit_felt, _DOUBTED, tests.c.imported),
    sittings.c.simulated,
    *(tests.c[name] for name in SCORES_OF[:4]),
    corrections.c.id,
    *(corrections.c[name] for name in SCORES_OF[:4]),
).select_from(_TESTED)
"""Few and plain columns, in the order that `score` takes them: a chart asks for years of them."""

_CONTACTS = {str(contact): contact for contact in Contact}


def session_from_row(row: AnyRow) -> Session:
    """The session in a row."""
    return Session(row.id, row.person_id, row.person_name, row.started_at, row.ended_at, row.ended_why, row.simulated)


def calibration_from_row(row: AnyRow) -> Calibration:
    """The calibration in a row, with its curve and fit."""
    curve = Curve(row.gain, row.offset_mm, row.bend_per_mm)
    return Calibration(row.id, row.number, row.made_at, curve, _fit_from_json(row, curve), row.temperature_c)


def _fit_from_json(row: AnyRow, curve: Curve) -> Fit | None:
    if row.points_json is None:
        return None
    oo, og, ob, gg, gb, bb = json.loads(row.covariance_json)
    return Fit(
        curve=curve,
        points=tuple(Point(**point) for point in json.loads(row.points_json)),
        residuals_mm=tuple(json.loads(row.residuals_json)),
        covariance=(oo, og, ob, gg, gb, bb),
    )


def check_from_row(row: AnyRow) -> Check:
    """The calibration check in a row."""
    return Check(
        id=row.id,
        made_at=row.made_at,
        calibration_id=row.calibration_id,
        kind=row.kind,
        block_mm=row.block_mm,
        off_mm=row.off_mm,
        uncertainty_mm=row.uncertainty_mm,
        temperature_c=row.temperature_c,
        passed=row.passed,
    )


def score_from_row(row: AnyRow) -> Score:
    """From a row of `SCORES`."""
    test_id, sitting_id, began_at, started_us, full, contact, state = row[:7]
    number, pain, limit_felt, doubted, imported, simulated = row[7:13]
    of_the_day, correction_id, corrected = row[13:17], row[17], row[18:22]
    left_mm, right_mm, left_uncertainty_mm, right_uncertainty_mm = of_the_day if correction_id is None else corrected
    left_day_mm, right_day_mm = of_the_day[:2]
    return Score(
        test_id=test_id,
        session_id=sitting_id,
        started_at=began_at + timedelta(microseconds=started_us),
        full=full,
        contact=_CONTACTS[contact],
        state=state,
        left_mm=left_mm,
        right_mm=right_mm,
        left_uncertainty_mm=left_uncertainty_mm,
        right_uncertainty_mm=right_uncertainty_mm,
        left_original_mm=None if left_day_mm == left_mm else left_day_mm,
        right_original_mm=None if right_day_mm == right_mm else right_day_mm,
        calibration=number,
        pain=pain,
        limit_felt=limit_felt,
        is_suspect=doubted,
        imported=imported,
        simulated=simulated,
    )


def detail_of(now: Connection, one: Session) -> SessionDetail:
    """A session with everything in it, in the order in which it was done."""
    of_it = runs.c.sitting_id == one.id
    in_order = (runs.c.began_at, runs.c.id)
    return SessionDetail(
        session=one,
        tests=load_tests(now, TESTS.where(of_it).order_by(*in_order, tests.c.started_us)),
        holds=load_holds(now, HOLDS.where(of_it).order_by(*in_order, holds.c.started_us)),
        reps=load_reps(now, REPS.where(of_it).order_by(*in_order, reps.c.started_us)),
        runs=tuple(now.execute(select(runs.c.id).where(of_it).order_by(*in_order)).scalars()),
    )


def summaries_of(now: Connection, these: Sequence[Session]) -> tuple[SittingSummary, ...]:
    """What was done in these sessions: three statements, however many."""
    of_them = runs.c.sitting_id.in_([one.id for one in these])
    in_order = (runs.c.began_at, runs.c.id, tests.c.started_us)
    tested: dict[str, list[Test]] = defaultdict(list)
    for row in now.execute(TESTS.where(of_them).order_by(*in_order)):
        tested[row.sitting_id].append(load_test(row))
    held: dict[str, list[Held]] = defaultdict(list)
    for sitting_id, legs, verified, credited_us in now.execute(_sums(holds, of_them, holds.c.credited_us)):
        held[sitting_id].append(Held(_parse_legs(legs), verified, credited_us))
    counted: dict[str, list[Counted]] = defaultdict(list)
    for sitting_id, legs, verified, *sums in now.execute(_sums(reps, of_them, reps.c["count"], reps.c.target_count)):
        counted[sitting_id].append(Counted(_parse_legs(legs), verified, *sums))
    return tuple(
        SittingSummary(one, tuple(tested[one.id]), tuple(held[one.id]), tuple(counted[one.id])) for one in these
    )


def _sums(table: Table, of_them: ColumnElement[bool], *columns: ColumnElement[int]) -> Select[Any]:
    """The sums of these columns, by session, legs and whether the board watched."""
    by = (runs.c.sitting_id, table.c.side, table.c.verified)
    chosen = select(*by, *(func.sum(column) for column in columns)).select_from(runs.join(table))
    return chosen.where(of_them).group_by(*by)


def load_tests(now: Connection, chosen: Select[Any]) -> tuple[Test, ...]:
    """The selected tests with their trials and attempts."""
    rows = now.execute(chosen).all()
    tried = _rows_by_parent(now, rows, trials, trials.c.test_id, (trials.c.ended_us, trials.c.id))
    lunged = _rows_by_parent(now, rows, attempts, attempts.c.test_id, (attempts.c.started_us, attempts.c.id))
    return tuple(load_test(row, tried[row.id], lunged[row.id]) for row in rows)


def load_test(row: AnyRow, tried: Sequence[AnyRow] = (), lunged: Sequence[AnyRow] = ()) -> Test:
    """From a row of `TESTS`, with the rows of its trials and attempts."""
    of_the_day = _scores_from_row(_OF_THE_DAY(row))
    counts = of_the_day if row.new_calibration_id is None else _scores_from_row(_CORRECTED(row))
    return Test(
        id=row.id,
        session_id=row.sitting_id,
        run_id=row.run_id,
        person_id=row.person_id,
        started_at=row.began_at + timedelta(microseconds=row.started_us),
        full=row.full,
        contact=Contact(row.contact),
        state=row.state,
        left_mm=counts.left_mm,
        right_mm=counts.right_mm,
        left_uncertainty_mm=counts.left_uncertainty_mm,
        right_uncertainty_mm=counts.right_uncertainty_mm,
        left_budget=counts.left_budget,
        right_budget=counts.right_budget,
        calibration_id=counts.calibration_id,
        original=None if counts == of_the_day else of_the_day,
        temperature_c=row.temperature_c,
        skirting_mm=row.skirting_mm,
        doubted=row.still_doubted,
        imported=row.imported,
        simulated=row.simulated,
        rule_version=row.rule_version,
        circumstances=Circumstances(row.shod, row.back_foot, row.board_deg, row.warmed_up, row.pain, row.limit_felt),
        trials=tuple(_trial_from_row(child) for child in tried),
        attempts=tuple(_attempt_from_row(child) for child in lunged),
    )


def _scores_from_row(columns: tuple[Any, ...]) -> Scores:
    """From the columns `SCORES_OF` in their order."""
    left_mm, right_mm, left_sure, right_sure, left, right, calibration_id = columns
    return Scores(
        left_mm, right_mm, left_sure, right_sure, budget_from_json(left), budget_from_json(right), calibration_id
    )


def budget_from_json(text: str | None) -> Budget | None:
    """A budget as a column of JSON keeps it."""
    return None if text is None else Budget.from_json(json.loads(text))


def budget_to_json(parts: Budget | None) -> str | None:
    """The column for a budget."""
    return None if parts is None else json.dumps(parts.as_json())


def load_holds(now: Connection, chosen: Select[Any]) -> tuple[Hold, ...]:
    """The selected holds with their heel lifts."""
    rows = now.execute(chosen).all()
    lifted = _rows_by_parent(now, rows, lifts, lifts.c.hold_id, (lifts.c.since_us,))
    return tuple(
        Hold(
            id=row.id,
            session_id=row.sitting_id,
            run_id=row.run_id,
            person_id=row.person_id,
            started_at=row.began_at + timedelta(microseconds=row.started_us),
            side=_parse_legs(row.side),
            repetition=row.repetition,
            target_us=row.target_us,
            credited_us=row.credited_us,
            lifted_us=row.lifted_us,
            lifts=row.lifts,
            micro_lifts=row.micro_lifts,
            state=row.state,
            started_us=row.started_us,
            ended_us=row.ended_us,
            lift_spans=tuple(HeelLift(child.since_us, child.until_us) for child in lifted[row.id]),
            simulated=row.simulated,
            step=row.step,
            exercise=row.exercise,
            verified=row.verified,
        )
        for row in rows
    )


def load_reps(now: Connection, chosen: Select[Any]) -> tuple[Reps, ...]:
    """The selected sets with their repetitions."""
    rows = now.execute(chosen).all()
    done = _rows_by_parent(now, rows, repetitions, repetitions.c.reps_id, (repetitions.c.number,))
    return tuple(
        Reps(
            id=row.id,
            session_id=row.sitting_id,
            run_id=row.run_id,
            person_id=row.person_id,
            started_at=row.began_at + timedelta(microseconds=row.started_us),
            side=_parse_legs(row.side),
            target_count=row.target_count,
            count=row._mapping["count"],
            too_quick=row.too_quick,
            state=row.state,
            simulated=row.simulated,
            step=row.step,
            exercise=row.exercise,
            verified=row.verified,
            repetitions=tuple(
                Repetition(child.number, child.at_us, child.took_us, child.too_quick) for child in done[row.id]
            ),
        )
        for row in rows
    )


_LEGS: dict[str, Legs] = {BOTH_LEGS: BOTH_LEGS, **{str(side): side for side in Side}}


def _parse_legs(text: str) -> Legs:
    return _LEGS[text]


def parse_json(text: str) -> Any:
    """What the text says as JSON; `None` where it is damaged, because one such row must not hide all others."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def own_routine_from_row(row: AnyRow) -> OwnRoutine:
    """The person's own routine in a row."""
    items = parse_json(row.items_json)
    return OwnRoutine(row.id, row.person_id, row.name, tuple(items if isinstance(items, list) else ()), row.changed_at)


def answer_from_row(row: AnyRow) -> Answer:
    """The answer in a row."""
    return Answer(row.id, row.person_id, row.at, row.question, row.about, parse_json(row.answer_json))


def _rows_by_parent(
    now: Connection, parents: Sequence[AnyRow], table: Table, parent_id: Any, order: Iterable[Any]
) -> dict[str, list[AnyRow]]:
    children: dict[str, list[AnyRow]] = defaultdict(list)
    if parents:
        for child in now.execute(select(table).where(parent_id.in_([row.id for row in parents])).order_by(*order)):
            children[child._mapping[parent_id]].append(child)
    return children


def _trial_from_row(row: AnyRow) -> Trial:
    return Trial(
        side=Side(row.side),
        number=row.number,
        toe_mm=row.toe_mm,
        below_range=row.below_range,
        uncertainty_mm=row.uncertainty_mm,
        ended_us=row.ended_us,
        budget=budget_from_json(row.budget_json),
    )


def _attempt_from_row(row: AnyRow) -> Attempt:
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
        budget=budget_from_json(row.budget_json),
    )
