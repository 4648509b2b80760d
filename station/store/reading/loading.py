"""Turns rows of the tables into records with their children, in two or three statements for any number of rows."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, Table, case, func, select

from station.core.events import BOTH_LEGS, Legs, Side
from station.core.facts import Contact
from station.core.measurement.calibration import Fit
from station.core.measurement.curve import Curve
from station.core.measurement.curve_fit import Point
from station.core.measurement.uncertainty import Budget
from station.core.progress.records import Circumstances
from station.store.records import (
    Answer,
    Attempt,
    Calibration,
    Check,
    HeelLift,
    Hold,
    HoldTotal,
    OwnRoutine,
    Repetition,
    RepSet,
    RepTotal,
    ResultSummary,
    Session,
    SessionDetail,
    SessionSummary,
    SideResults,
    Test,
    TestAnswers,
    Trial,
)
from station.store.schema import (
    attempts,
    calibrations,
    corrections,
    heel_lifts,
    holds,
    people,
    rep_sets,
    repetitions,
    runs,
    sessions,
    tests,
    trials,
)

AnyRow = Row[*tuple[Any, ...]]

SELECT_SESSIONS = select(sessions, people.c.name.label("person_name")).select_from(sessions.outerjoin(people))


def _select_with_session(table: Table) -> Select[Any]:
    run_columns = (
        runs.c.session_id,
        runs.c.started_at.label("run_started_at"),
        sessions.c.person_id,
        sessions.c.simulated,
    )
    return select(table, *run_columns).select_from(sessions.join(runs).join(table, table.c.run_id == runs.c.id))


RESULT_COLUMNS = (
    *("left_mm", "right_mm", "left_uncertainty_mm", "right_uncertainty_mm"),
    *("left_budget_json", "right_budget_json", "calibration_id"),
)
"""The columns that a test and its corrections share: the results of both sides under one calibration."""
CIRCUMSTANCE_COLUMNS = ("shod", "back_foot", "board_angle_deg", "warmed_up")
"""The columns of a test that are fields of `Circumstances`; its other fields follow from other rows."""
IS_TIME_KNOWN = "is_time_known"
"""The entry in the header of an imported test's run that says whether its time of day is known."""
_original_columns = attrgetter(*RESULT_COLUMNS)
_corrected_columns = attrgetter(*(f"new_{name}" for name in RESULT_COLUMNS))


def with_newest_correction(joined: FromClause) -> FromClause:
    """Tests, each joined with its newest correction, if any."""
    newest = (
        select(func.max(corrections.c.number)).where(corrections.c.test_id == tests.c.id).correlate(tests)
    ).scalar_subquery()
    return joined.outerjoin(corrections, (corrections.c.test_id == tests.c.id) & (corrections.c.number == newest))


def _calibration_number(calibration_id: ColumnElement[Any]) -> ColumnElement[Any]:
    is_included = select(calibrations.c.number).where(calibrations.c.id == calibration_id).correlate(tests, corrections)
    return func.coalesce(is_included.scalar_subquery(), 0)


_is_original = _calibration_number(corrections.c.calibration_id) <= _calibration_number(tests.c.calibration_id)
_IS_SUSPECT = case((tests.c.is_suspect, _is_original), else_=False)
"""Only the original calibration is suspect; a correction by a newer one is not. Most tests need no look at either."""
_TESTS_JOIN = with_newest_correction(sessions.join(runs).join(tests, tests.c.run_id == runs.c.id))
SELECT_TESTS = select(
    tests,
    *(runs.c.session_id, runs.c.started_at.label("run_started_at"), sessions.c.person_id, sessions.c.simulated),
    *(corrections.c[name].label(f"new_{name}") for name in RESULT_COLUMNS),
    _IS_SUSPECT.label("still_suspect"),
).select_from(_TESTS_JOIN)
SELECT_HOLDS = _select_with_session(holds)
SELECT_REP_SETS = _select_with_session(rep_sets)

_CURRENT_CALIBRATION_ID = func.coalesce(corrections.c.calibration_id, tests.c.calibration_id)
_CURRENT_CALIBRATION = (
    select(calibrations.c.number).where(calibrations.c.id == _CURRENT_CALIBRATION_ID).correlate(tests, corrections)
)
SELECT_RESULT_SUMMARIES = select(
    *(tests.c.id, runs.c.session_id, runs.c.started_at, tests.c.started_us, tests.c.full, tests.c.contact),
    *(
        tests.c.state,
        _CURRENT_CALIBRATION.scalar_subquery(),
        tests.c.pain,
        tests.c.felt_place,
        _IS_SUSPECT,
        tests.c.imported,
    ),
    sessions.c.simulated,
    *(tests.c[name] for name in RESULT_COLUMNS[:4]),
    corrections.c.id,
    *(corrections.c[name] for name in RESULT_COLUMNS[:4]),
    *(tests.c[name] for name in CIRCUMSTANCE_COLUMNS),
    case((tests.c.imported, runs.c.header_json)),
).select_from(_TESTS_JOIN)
"""Few, plain columns in the order of `result_summary_from_row`, because a chart reads years of them."""

_CONTACTS = {str(contact): contact for contact in Contact}


def session_from_row(row: AnyRow) -> Session:
    """The session in a row."""
    return Session(row.id, row.person_id, row.person_name, row.started_at, row.ended_at, row.end_reason, row.simulated)


def calibration_from_row(row: AnyRow) -> Calibration:
    """The calibration in a row, with its curve and fit."""
    curve = Curve(row.gain, row.offset_mm, row.bend_per_mm, row.cubic_per_mm2)
    return Calibration(row.id, row.number, row.created_at, curve, _fit_from_json(row, curve), row.temperature_c)


def _fit_from_json(row: AnyRow, curve: Curve) -> Fit | None:
    if row.points_json is None:
        return None
    oo, og, ob, oc, gg, gb, gc, bb, bc, cc = json.loads(row.covariance_json)
    return Fit(
        curve=curve,
        points=tuple(Point(**point) for point in json.loads(row.points_json)),
        residuals_mm=tuple(json.loads(row.residuals_json)),
        covariance=(oo, og, ob, oc, gg, gb, gc, bb, bc, cc),
    )


def check_from_row(row: AnyRow) -> Check:
    """The calibration check in a row."""
    return Check(
        id=row.id,
        created_at=row.created_at,
        calibration_id=row.calibration_id,
        kind=row.kind,
        block_mm=row.block_mm,
        off_mm=row.off_mm,
        uncertainty_mm=row.uncertainty_mm,
        temperature_c=row.temperature_c,
        passed=row.passed,
    )


def result_summary_from_row(row: AnyRow) -> ResultSummary:
    """From a row of `SELECT_RESULT_SUMMARIES`."""
    test_id, session_id, run_started_at, started_us, full, contact, state = row[:7]
    number, pain, felt_places, doubted, imported, simulated = row[7:13]
    original, correction_id, corrected = row[13:17], row[17], row[18:22]
    circumstances, import_header = row[22:26], row[26]
    left_mm, right_mm, left_uncertainty_mm, right_uncertainty_mm = original if correction_id is None else corrected
    left_day_mm, right_day_mm = original[:2]
    return ResultSummary(
        test_id=test_id,
        session_id=session_id,
        started_at=run_started_at + timedelta(microseconds=started_us),
        full=full,
        contact=_CONTACTS[contact],
        state=state,
        left_mm=left_mm,
        right_mm=right_mm,
        left_uncertainty_mm=left_uncertainty_mm,
        right_uncertainty_mm=right_uncertainty_mm,
        left_original_mm=None if left_day_mm == left_mm else left_day_mm,
        right_original_mm=None if right_day_mm == right_mm else right_day_mm,
        circumstances=_circumstances(*circumstances),
        calibration=number,
        is_time_known=import_header is None or _is_time_known(import_header),
        pain=pain,
        felt_places=_felt_places(felt_places),
        is_suspect=doubted,
        imported=imported,
        simulated=simulated,
    )


def _is_time_known(import_header: str) -> bool:
    header = parse_json(import_header)
    return isinstance(header, dict) and header.get(IS_TIME_KNOWN) is True


@lru_cache(maxsize=256)
def _circumstances(
    shod: bool | None,
    back_foot: str | None,
    board_angle_deg: float | None,
    warmed_up: bool | None,
) -> Circumstances:
    """Equal records are shared, because years of tests differ in little."""
    return Circumstances(shod=shod, back_foot=back_foot, board_angle_deg=board_angle_deg, warmed_up=warmed_up)


def _felt_places(stored: str | None) -> tuple[str, ...] | None:
    """The places in a column that has one, or several separated by commas."""
    return None if stored is None else tuple(stored.split(","))


def load_session_detail(connection: Connection, session: Session) -> SessionDetail:
    """A session with all its contents, in the order done."""
    is_included = runs.c.session_id == session.id
    order = (runs.c.started_at, runs.c.id)
    return SessionDetail(
        session=session,
        tests=load_tests(connection, SELECT_TESTS.where(is_included).order_by(*order, tests.c.started_us)),
        holds=load_holds(connection, SELECT_HOLDS.where(is_included).order_by(*order, holds.c.started_us)),
        rep_sets=load_rep_sets(connection, SELECT_REP_SETS.where(is_included).order_by(*order, rep_sets.c.started_us)),
        run_ids=tuple(connection.execute(select(runs.c.id).where(is_included).order_by(*order)).scalars()),
    )


def load_session_summaries(connection: Connection, sessions_read: Sequence[Session]) -> tuple[SessionSummary, ...]:
    """The sessions with the totals of what was done, in three statements for any number of sessions."""
    is_included = runs.c.session_id.in_([session.id for session in sessions_read])
    order = (runs.c.started_at, runs.c.id, tests.c.started_us)
    tested: dict[str, list[Test]] = defaultdict(list)
    for row in connection.execute(SELECT_TESTS.where(is_included).order_by(*order)):
        tested[row.session_id].append(stored_test_from_row(row))
    held: dict[str, list[HoldTotal]] = defaultdict(list)
    for session_id, legs, verified, credited_us in connection.execute(
        _select_totals(holds, is_included, holds.c.credited_us)
    ):
        held[session_id].append(HoldTotal(_parse_legs(legs), verified, credited_us))
    counted: dict[str, list[RepTotal]] = defaultdict(list)
    for session_id, legs, verified, *sums in connection.execute(
        _select_totals(rep_sets, is_included, rep_sets.c["count"], rep_sets.c.target_count)
    ):
        counted[session_id].append(RepTotal(_parse_legs(legs), verified, *sums))
    return tuple(
        SessionSummary(session, tuple(tested[session.id]), tuple(held[session.id]), tuple(counted[session.id]))
        for session in sessions_read
    )


def _select_totals(table: Table, is_included: ColumnElement[bool], *columns: ColumnElement[int]) -> Select[Any]:
    """The sums of these columns by session, legs and whether the board verified them."""
    by = (runs.c.session_id, table.c.side, table.c.verified)
    query = select(*by, *(func.sum(column) for column in columns)).select_from(runs.join(table))
    return query.where(is_included).group_by(*by)


def load_tests(connection: Connection, query: Select[Any]) -> tuple[Test, ...]:
    """The selected tests with their trials and attempts."""
    rows = connection.execute(query).all()
    trial_rows = _rows_by_parent(connection, rows, trials, trials.c.test_id, (trials.c.ended_us, trials.c.id))
    attempt_rows = _rows_by_parent(
        connection, rows, attempts, attempts.c.test_id, (attempts.c.started_us, attempts.c.id)
    )
    return tuple(stored_test_from_row(row, trial_rows[row.id], attempt_rows[row.id]) for row in rows)


def stored_test_from_row(row: AnyRow, trial_rows: Sequence[AnyRow] = (), attempt_rows: Sequence[AnyRow] = ()) -> Test:
    """From a row of `SELECT_TESTS`, with the rows of its trials and attempts."""
    original = _side_results_from_row(_original_columns(row))
    current = original if row.new_calibration_id is None else _side_results_from_row(_corrected_columns(row))
    return Test(
        id=row.id,
        session_id=row.session_id,
        run_id=row.run_id,
        person_id=row.person_id,
        started_at=row.run_started_at + timedelta(microseconds=row.started_us),
        started_us=row.started_us,
        full=row.full,
        contact=Contact(row.contact),
        state=row.state,
        left_mm=current.left_mm,
        right_mm=current.right_mm,
        left_uncertainty_mm=current.left_uncertainty_mm,
        right_uncertainty_mm=current.right_uncertainty_mm,
        left_budget=current.left_budget,
        right_budget=current.right_budget,
        calibration_id=current.calibration_id,
        original=None if current == original else original,
        temperature_c=row.temperature_c,
        skirting_mm=row.skirting_mm,
        is_suspect=row.still_suspect,
        imported=row.imported,
        simulated=row.simulated,
        rule_version=row.rule_version,
        circumstances=_circumstances(row.shod, row.back_foot, row.board_angle_deg, row.warmed_up),
        answers=TestAnswers(row.pain, _felt_places(row.felt_place)),
        trials=tuple(_trial_from_row(child) for child in trial_rows),
        attempts=tuple(_attempt_from_row(child) for child in attempt_rows),
    )


def _side_results_from_row(columns: tuple[Any, ...]) -> SideResults:
    """From the columns `RESULT_COLUMNS`, in their order."""
    left_mm, right_mm, left_sure, right_sure, left, right, calibration_id = columns
    return SideResults(
        left_mm, right_mm, left_sure, right_sure, budget_from_json(left), budget_from_json(right), calibration_id
    )


def budget_from_json(text: str | None) -> Budget | None:
    """The budget in a JSON column."""
    return None if text is None else Budget.from_json(json.loads(text))


def budget_to_json(budget: Budget | None) -> str | None:
    """The JSON column of a budget."""
    return None if budget is None else json.dumps(budget.as_json())


def load_holds(connection: Connection, query: Select[Any]) -> tuple[Hold, ...]:
    """The selected holds with their heel lifts."""
    rows = connection.execute(query).all()
    lift_rows = _rows_by_parent(connection, rows, heel_lifts, heel_lifts.c.hold_id, (heel_lifts.c.started_us,))
    return tuple(
        Hold(
            **_of_a_run(row),
            repetition=row.repetition,
            target_us=row.target_us,
            credited_us=row.credited_us,
            lifted_us=row.lifted_us,
            lift_count=row.lift_count,
            micro_lift_count=row.micro_lift_count,
            started_us=row.started_us,
            ended_us=row.ended_us,
            heel_lifts=tuple(HeelLift(child.started_us, child.ended_us) for child in lift_rows[row.id]),
        )
        for row in rows
    )


def load_rep_sets(connection: Connection, query: Select[Any]) -> tuple[RepSet, ...]:
    """The selected sets with their repetitions."""
    rows = connection.execute(query).all()
    repetition_rows = _rows_by_parent(connection, rows, repetitions, repetitions.c.rep_set_id, (repetitions.c.number,))
    return tuple(
        RepSet(
            **_of_a_run(row),
            target_count=row.target_count,
            count=row._mapping["count"],
            too_quick_count=row.too_quick_count,
            repetitions=tuple(
                Repetition(child.number, child.at_us, child.took_us, child.too_quick)
                for child in repetition_rows[row.id]
            ),
        )
        for row in rows
    )


def _of_a_run(row: AnyRow) -> dict[str, Any]:
    """What holds and sets have in common: run, person, step and end."""
    return {
        "id": row.id,
        "session_id": row.session_id,
        "run_id": row.run_id,
        "person_id": row.person_id,
        "started_at": row.run_started_at + timedelta(microseconds=row.started_us),
        "side": _parse_legs(row.side),
        "state": row.state,
        "simulated": row.simulated,
        "step_index": row.step_index,
        "exercise": row.exercise,
        "verified": row.verified,
    }


_LEGS: dict[str, Legs] = {BOTH_LEGS: BOTH_LEGS, **{str(side): side for side in Side}}


def _parse_legs(text: str) -> Legs:
    return _LEGS[text]


def parse_json(text: str) -> Any:
    """The text parsed as JSON; `None` if it is damaged, because one such row must not hide all others."""
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
    return Answer(row.id, row.person_id, row.answered_at, row.question, row.about, parse_json(row.answer_json))


def _rows_by_parent(
    connection: Connection, parents: Sequence[AnyRow], table: Table, parent_id: Any, order: Iterable[Any]
) -> dict[str, list[AnyRow]]:
    children: dict[str, list[AnyRow]] = defaultdict(list)
    if parents:
        for child in connection.execute(
            select(table).where(parent_id.in_([row.id for row in parents])).order_by(*order)
        ):
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
        window_us=None if row.window_start_us is None else (row.window_start_us, row.window_end_us),
        budget=budget_from_json(row.budget_json),
    )
