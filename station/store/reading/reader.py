"""Reads the store: sessions, tests, holds, repetitions, calibrations, traces and settings."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    union_all,
)

from station.core.events import BOTH_LEGS, Side
from station.profile import PersonSettings, settings_for
from station.settings import Settings
from station.store.access_records import Seen
from station.store.reading import loading
from station.store.reading.access import AccessReader
from station.store.reading.pages import IS_MORE_THAN_BLOCKS, PageReader
from station.store.reading.people import PeopleReader
from station.store.reading.tokens import TokenReader
from station.store.reading.training import TrainingReader
from station.store.reading.transactions import DEFAULT_LIMIT
from station.store.records import (
    Calibration,
    Check,
    ExercisesBegun,
    Hold,
    RepSet,
    ResultSummary,
    Session,
    SessionDetail,
    SessionSummary,
    Test,
    WeekCredit,
)
from station.store.schema import (
    calibration_checks,
    calibrations,
    heel_sensors,
    holds,
    rep_sets,
    runs,
    sessions,
    settings,
    tests,
    trials,
)
from station.store.traces import chunks_of_rows, read_trace_rows

RECENT_RUNS = 100
"""How many of a person's newest runs count for what is due."""
CALIBRATIONS_NEWEST_FIRST = select(calibrations).order_by(calibrations.c.number.desc())
NEWEST_CALIBRATION = CALIBRATIONS_NEWEST_FIRST.limit(1)
CHECKS_NEWEST_FIRST = select(calibration_checks).order_by(calibration_checks.c.number.desc())


class Reader(PageReader, TrainingReader, AccessReader, PeopleReader, TokenReader):
    """Queries for the pages and the export. Raises `StoreError` with a sentence if the file cannot be read."""

    def settings_of(self, person_id: str | None) -> PersonSettings:
        """The settings for this person, or without one (`None`); see `station.profile.settings_for`."""
        person = self.person(person_id)
        return settings_for(self.settings(), None if person is None else person.profile)

    def settings(self) -> Settings:
        return self.cache.get("settings", self._read_settings)

    def _read_settings(self) -> Settings:
        with self.read_transaction() as connection:
            return Settings(**stored_settings(connection))

    def current_calibration(self) -> Calibration:
        """The newest calibration."""
        with self.read_transaction() as connection:
            return loading.calibration_from_row(connection.execute(NEWEST_CALIBRATION).one())

    def calibration(self, calibration_id: str) -> Calibration | None:
        with self.read_transaction() as connection:
            row = connection.execute(select(calibrations).where(calibrations.c.id == calibration_id)).one_or_none()
            return None if row is None else loading.calibration_from_row(row)

    def calibrations(self) -> tuple[Calibration, ...]:
        """All calibrations, newest first."""
        return self.cache.get("calibrations", self._calibrations)

    def _calibrations(self) -> tuple[Calibration, ...]:
        with self.read_transaction() as connection:
            return tuple(loading.calibration_from_row(row) for row in connection.execute(CALIBRATIONS_NEWEST_FIRST))

    def checks(self, *, limit: int = DEFAULT_LIMIT) -> tuple[Check, ...]:
        """The checks of all calibrations, newest first."""
        return self.cache.get("checks", self._checks)[:limit]

    def _checks(self) -> tuple[Check, ...]:
        with self.read_transaction() as connection:
            return tuple(loading.check_from_row(row) for row in connection.execute(CHECKS_NEWEST_FIRST))

    def failed_check(self) -> Check | None:
        """The last check of the newest calibration, if it failed; `None` if a later one passed or none failed.

        While there is one, results are uncertain, and each new test is stored as suspect.
        """
        with self.read_transaction() as connection:
            return failed_check_of(connection, None)

    def empty_shares(self) -> dict[Side, float]:
        """The empty load of each analogue heel, if known, as a share of full scale."""
        with self.read_transaction() as connection:
            return {
                Side(row.side): row.empty_share
                for row in connection.execute(select(heel_sensors.c.side, heel_sensors.c.empty_share))
            }

    def sessions(
        self,
        person_id: str | None = None,
        *,
        limit: int = DEFAULT_LIMIT,
        before: datetime | None = None,
        seen: Seen | None = None,
    ) -> tuple[Session, ...]:
        """Sessions, newest first; without a person, everyone's. `before` is the start of the last one read.

        `seen`, here and in the other lists, limits them to what a visitor may read. Sessions in which the board was
        only calibrated or checked are left out.
        """
        with self.read_transaction() as connection:
            return _sessions_in(connection, person_id, limit, before, seen)

    def session(self, session_id: str) -> SessionDetail | None:
        """A session with all its contents, in the order done."""
        with self.read_transaction() as connection:
            row = connection.execute(loading.SELECT_SESSIONS.where(sessions.c.id == session_id)).one_or_none()
            return None if row is None else loading.load_session_detail(connection, loading.session_from_row(row))

    def session_of_run(self, run_id: str) -> Session | None:
        """The session of a run; `None` without such a run."""
        query = loading.SELECT_SESSIONS.where(
            sessions.c.id == select(runs.c.session_id).where(runs.c.id == run_id).scalar_subquery()
        )
        with self.read_transaction() as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else loading.session_from_row(row)

    def unclaimed_sessions(self, since: datetime) -> tuple[SessionSummary, ...]:
        """The unclaimed sessions from `since` on in which something was measured or done, newest first."""
        with self.read_transaction() as connection:
            query = loading.SELECT_SESSIONS.where(
                sessions.c.person_id.is_(None), sessions.c.started_at >= since, IS_MORE_THAN_BLOCKS
            ).order_by(*_NEWEST_SESSION_FIRST)
            found = tuple(loading.session_from_row(row) for row in connection.execute(query))
            summaries = loading.load_session_summaries(connection, found) if found else ()
            return tuple(one for one in summaries if one.has_results)

    def unclaimed_count(self) -> int:
        """How many unclaimed sessions have ended with results."""
        return self.cache.get("unclaimed", self._unclaimed_count)

    def _unclaimed_count(self) -> int:
        of_session = runs.c.session_id == sessions.c.id
        measured = or_(tests.c.left_mm.is_not(None), tests.c.right_mm.is_not(None))
        has_results = or_(
            *(
                exists().where(of_session, table.c.run_id == runs.c.id, condition)
                for table, condition in (
                    (tests, measured),
                    (holds, holds.c.credited_us > 0),
                    (rep_sets, rep_sets.c["count"] > 0),
                )
            )
        )
        query = select(func.count()).select_from(sessions)
        with self.read_transaction() as connection:
            of_nobody = query.where(
                sessions.c.person_id.is_(None), IS_MORE_THAN_BLOCKS, sessions.c.end_reason.is_not(None), has_results
            )
            return int(connection.execute(of_nobody).scalar_one())

    def session_summaries(
        self,
        person_id: str | None = None,
        *,
        limit: int = DEFAULT_LIMIT,
        before: datetime | None = None,
        seen: Seen | None = None,
    ) -> tuple[SessionSummary, ...]:
        """Like `sessions`, each with the totals of what was done."""
        with self.read_transaction() as connection:
            return loading.load_session_summaries(connection, _sessions_in(connection, person_id, limit, before, seen))

    def tests(
        self,
        person_id: str | None = None,
        *,
        limit: int = DEFAULT_LIMIT,
        seen: Seen | None = None,
    ) -> tuple[Test, ...]:
        """Tests, newest first, with trials and attempts; without a person, everyone's."""
        with self.read_transaction() as connection:
            query = _person_filter(loading.SELECT_TESTS, person_id, seen).order_by(
                *_NEWEST_RUN_FIRST, tests.c.started_us.desc()
            )
            return loading.load_tests(connection, query.limit(limit))

    def test(self, test_id: str) -> Test | None:
        """One test with its trials and attempts."""
        return self.tests_with((test_id,)).get(test_id)

    def tests_with(self, ids: Collection[str]) -> dict[str, Test]:
        """The tests with these ids, with trials and attempts."""
        with self.read_transaction() as connection:
            return {
                test.id: test
                for test in loading.load_tests(connection, loading.SELECT_TESTS.where(tests.c.id.in_(ids)))
            }

    def test_ids_since(self, since: datetime) -> tuple[str, ...]:
        """The ids of everyone's tests from `since` on with a result of this board, oldest first."""
        done = (tests.c.state != "unfinished", tests.c.imported.is_(False), runs.c.started_at >= since)
        with self.read_transaction() as connection:
            query = select(tests.c.id).select_from(tests.join(runs)).where(*done)
            return tuple(connection.execute(query.order_by(runs.c.started_at, tests.c.started_us)).scalars())

    def result_summaries(self, person_id: str | None, *, since: datetime | None = None) -> tuple[ResultSummary, ...]:
        """All tests of one person (`None`: unclaimed) with a result, oldest first, for a chart.

        Ten years of them take some 50 ms.
        """
        query = loading.SELECT_RESULT_SUMMARIES.where(sessions.c.person_id == person_id, tests.c.state != "unfinished")
        if since is not None:
            query = query.where(sessions.c.started_at >= since)
        with self.read_transaction() as connection:
            order = (sessions.c.started_at, sessions.c.id, runs.c.started_at, tests.c.started_us)
            rows = connection.execute(query.order_by(*order))
            return tuple(loading.result_summary_from_row(row) for row in rows)

    def trial_distances_mm(self, test_ids: Collection[str]) -> dict[tuple[str, Side], list[float]]:
        """The trials in mm of these tests, by test and side, in order; none below range."""
        query = (
            select(trials.c.test_id, trials.c.side, trials.c.toe_mm)
            .where(trials.c.test_id.in_(test_ids), trials.c.below_range.is_(False))
            .order_by(trials.c.number)
        )
        found: dict[tuple[str, Side], list[float]] = defaultdict(list)
        sides = {str(side): side for side in Side}
        with self.read_transaction() as connection:
            for test_id, side, toe_mm in connection.execute(query):
                found[test_id, sides[side]].append(toe_mm)
        return found

    def holds(
        self,
        person_id: str | None = None,
        *,
        limit: int = DEFAULT_LIMIT,
        seen: Seen | None = None,
    ) -> tuple[Hold, ...]:
        """Holds, newest first, with their heel lifts; without a person, everyone's."""
        with self.read_transaction() as connection:
            order = (*_NEWEST_RUN_FIRST, holds.c.started_us.desc())
            return loading.load_holds(
                connection, _person_filter(loading.SELECT_HOLDS, person_id, seen).order_by(*order).limit(limit)
            )

    def rep_sets(
        self,
        person_id: str | None = None,
        *,
        limit: int = DEFAULT_LIMIT,
        seen: Seen | None = None,
    ) -> tuple[RepSet, ...]:
        """Sets of repetitions, newest first; without a person, everyone's."""
        with self.read_transaction() as connection:
            order = (*_NEWEST_RUN_FIRST, rep_sets.c.started_us.desc())
            return loading.load_rep_sets(
                connection,
                _person_filter(loading.SELECT_REP_SETS, person_id, seen).order_by(*order).limit(limit),
            )

    def training_session_times(self, person_id: str, since: datetime) -> tuple[tuple[datetime, bool], ...]:
        """The start of each session from `since` on with an exercise, oldest first, and whether a hold was credited."""
        found: dict[datetime, bool] = {}
        with self.read_transaction() as connection:
            for row in connection.execute(_SELECT_TRAINING_SESSIONS, {"person_id": person_id, "since": since}):
                if row.is_credited is not None:
                    found[row.started_at] = found.get(row.started_at, False) or bool(row.is_credited)
        return tuple(sorted(found.items()))

    def exercises_begun(self, person_id: str | None, warm_ups: Collection[str]) -> tuple[ExercisesBegun, ...]:
        """When the first credited exercises of each run of one person (`None`: unclaimed) began, in any order.

        `warm_ups` are the keys of the warm-up exercises.
        """
        first: dict[tuple[str, str, datetime], dict[bool, datetime]] = defaultdict(dict)
        own = (
            select(runs.c.session_id, runs.c.id, runs.c.started_at)
            .select_from(sessions.join(runs))
            .where(sessions.c.person_id == person_id)
            .cte("own")
        )
        each = (
            select(own, done.c.exercise, func.min(done.c.started_us))
            .select_from(own.join(done, done.c.run_id == own.c.id))
            .where(credited > 0)
            .group_by(own.c.id, done.c.exercise.in_(warm_ups))
            for done, credited in ((holds, holds.c.credited_us), (rep_sets, rep_sets.c["count"]))
        )
        with self.read_transaction() as connection:
            for session_id, run_id, started_at, exercise, started_us in connection.execute(union_all(*each)):
                began = first[session_id, run_id, started_at]
                is_warm_up, at = exercise in warm_ups, started_at + timedelta(microseconds=started_us)
                began[is_warm_up] = min(at, began.get(is_warm_up, at))
        return tuple(ExercisesBegun(key[0], began.get(True), began.get(False)) for key, began in first.items())

    def week_credits(
        self,
        person_id: str,
        *,
        since: datetime | None = None,
        zone: tzinfo = UTC,
        exercises: Collection[str] | None = None,
    ) -> tuple[WeekCredit, ...]:
        """Credited time per side and week, oldest first, without empty weeks; a session counts in the week it began.

        A hold of both legs counts for each; unverified holds never count. With `exercises`, only holds of these count,
        and of the built-in stretch, which has no exercise.
        """
        credit = func.sum(holds.c.credited_us).label("credited_us")
        query = (
            select(sessions.c.started_at, holds.c.side, credit)
            .select_from(sessions.join(runs).join(holds))
            .where(sessions.c.person_id == person_id, holds.c.verified)
            .group_by(sessions.c.id, holds.c.side)
        )
        if exercises is not None:
            query = query.where(or_(holds.c.exercise.is_(None), holds.c.exercise.in_(exercises)))
        if since is not None:
            query = query.where(sessions.c.started_at >= since)
        weeks: dict[date, dict[str, int]] = defaultdict(lambda: dict.fromkeys(Side, 0))
        with self.read_transaction() as connection:
            for row in connection.execute(query):
                day = row.started_at.astimezone(zone).date()
                week = weeks[day - timedelta(days=day.weekday())]
                for side in Side if row.side == BOTH_LEGS else (row.side,):
                    week[side] += row.credited_us
        return tuple(WeekCredit(monday, week[Side.LEFT], week[Side.RIGHT]) for monday, week in sorted(weeks.items()))

    def trace(self, run_id: str) -> tuple[dict[str, Any], str] | None:
        """The header of a run, and the rows of its trace without the line of column names; `None` for no run."""
        return self.traces((run_id,)).get(run_id)

    def traces(self, run_ids: Collection[str]) -> dict[str, tuple[dict[str, Any], str]]:
        """The result of `trace` for each of these runs that exists."""
        query = select(runs.c.id, runs.c.header_json).where(runs.c.id.in_(run_ids))
        with self.read_transaction() as connection:
            headers = {row.id: json.loads(row.header_json) for row in connection.execute(query)}
            rows = read_trace_rows(connection, tuple(headers))
            return {run_id: (header, rows[run_id]) for run_id, header in headers.items()}

    @contextmanager
    def trace_parts(self, run_id: str) -> Iterator[tuple[dict[str, Any], Iterator[bytes]] | None]:
        """The result of `trace` with the rows in parts, to be read inside the block."""
        query = select(runs.c.header_json).where(runs.c.id == run_id)
        with self.read_transaction() as connection:
            header = connection.execute(query).scalar_one_or_none()
            yield None if header is None else (json.loads(header), chunks_of_rows(connection, run_id))

    def last_exercise_times(
        self, person_id: str, *, unfinished_run_id: str | None
    ) -> tuple[datetime | None, datetime | None]:
        """When a person's last credited hold began, and when the last session with an exercise ended, in `RECENT_RUNS`.

        The unfinished run does not count for the second; a session without an end counts from its last exercise.
        """
        stretched_at = completed_at = None
        with self.read_transaction() as connection:
            for row in connection.execute(_SELECT_LAST_EXERCISES, {"person_id": person_id}):
                if stretched_at is None and row.credited_us is not None:
                    stretched_at = row.run_started_at + timedelta(microseconds=row.credited_us)
                last_us = max((us for us in (row.hold_us, row.set_us) if us is not None), default=None)
                if completed_at is None and last_us is not None and row.id != unfinished_run_id:
                    completed_at = row.ended_at or row.run_started_at + timedelta(microseconds=last_us)
                if stretched_at is not None and completed_at is not None:
                    break
        return stretched_at, completed_at


_NEWEST_SESSION_FIRST = (sessions.c.started_at.desc(), sessions.c.id.desc())
_NEWEST_RUN_FIRST = (*_NEWEST_SESSION_FIRST, runs.c.started_at.desc())
_WITH_A_HOLD = exists().where(runs.c.session_id == sessions.c.id, holds.c.run_id == runs.c.id)
_WITH_A_SET = exists().where(runs.c.session_id == sessions.c.id, rep_sets.c.run_id == runs.c.id)
_IS_CREDITED = case(
    (_WITH_A_HOLD.where(holds.c.verified, holds.c.credited_us > 0), True), (or_(_WITH_A_HOLD, _WITH_A_SET), False)
)
_SELECT_TRAINING_SESSIONS = select(sessions.c.started_at, _IS_CREDITED.label("is_credited")).where(
    sessions.c.person_id == bindparam("person_id"), sessions.c.started_at >= bindparam("since")
)
"""`exists` stops at the first hold, so that the others are neither read nor checked."""
_LAST_HOLD = select(func.max(holds.c.started_us)).where(holds.c.run_id == runs.c.id)
_LAST_SET = select(func.max(rep_sets.c.started_us)).where(rep_sets.c.run_id == runs.c.id)
_SELECT_LAST_EXERCISES = (
    select(
        runs.c.id,
        runs.c.started_at.label("run_started_at"),
        sessions.c.ended_at,
        _LAST_HOLD.where(holds.c.credited_us > 0).scalar_subquery().label("credited_us"),
        _LAST_HOLD.scalar_subquery().label("hold_us"),
        _LAST_SET.scalar_subquery().label("set_us"),
    )
    .select_from(sessions.join(runs))
    .where(sessions.c.person_id == bindparam("person_id"))
    .order_by(*_NEWEST_RUN_FIRST)
    .limit(RECENT_RUNS)
)
"""Read row by row, so that runs older than the last exercise are neither read nor checked."""


def _sessions_in(
    connection: Connection, person_id: str | None, limit: int, before: datetime | None, seen: Seen | None
) -> tuple[Session, ...]:
    found = _person_filter(loading.SELECT_SESSIONS.where(IS_MORE_THAN_BLOCKS), person_id, seen)
    if before is not None:
        found = found.where(sessions.c.started_at < before)
    query = found.order_by(*_NEWEST_SESSION_FIRST).limit(limit)
    return tuple(loading.session_from_row(row) for row in connection.execute(query))


def _person_filter(rows: Select[Any], person_id: str | None, seen: Seen | None) -> Select[Any]:
    if seen is not None:
        own = sessions.c.person_id.in_(seen.person_ids)
        nobodys = sessions.c.person_id.is_(None)
        since = seen.nobody_since
        rows = rows.where(own if since is None else or_(own, nobodys & (sessions.c.started_at >= since)))
    return rows if person_id is None else rows.where(sessions.c.person_id == person_id)


def failed_check_of(connection: Connection, calibration_id: str | None) -> Check | None:
    """Like `Reader.failed_check`, for this calibration (`None`: the newest)."""
    newest = select(calibrations.c.id).order_by(calibrations.c.number.desc()).limit(1).scalar_subquery()
    is_included = calibration_checks.c.calibration_id == (newest if calibration_id is None else calibration_id)
    row = connection.execute(CHECKS_NEWEST_FIRST.where(is_included).limit(1)).one_or_none()
    return None if row is None or row.passed else loading.check_from_row(row)


def stored_settings(connection: Connection) -> dict[str, Any]:
    """The changed settings by name, without those that this version of the program does not have."""
    rows = connection.execute(
        select(settings.c.name, settings.c.value_json).where(settings.c.name.in_(Settings.__struct_fields__))
    )
    return {row.name: json.loads(row.value_json) for row in rows}
