"""Reads what guides a person's training: own routines, answers, the plan and the unfinished routine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, Connection, bindparam, func, or_, select, union_all

from station.core.events import BACK_FOOT_PLACES, Side
from station.store.names import unique_name
from station.store.reading import loading
from station.store.reading.transactions import DEFAULT_LIMIT, ReadTransactions
from station.store.records import Answer, OwnRoutine, UnfinishedRun
from station.store.schema import answers, holds, plans, rep_sets, repetitions, routines, runs, sessions, tests, trials

IMPORTED = "imported"
"""The end reason and the activity of a session that did not happen on the board."""

OWN_CIRCUMSTANCES = ("shod", "back_foot")
"""The circumstances that a person answers once for all their tests; each is also the name of the question."""
LEGS = "legs"
"""The question which legs a person tests and trains: `left`, `right` or `both`."""
_OWN_QUESTIONS = tuple((question, 1) for question in OWN_CIRCUMSTANCES)

_NOT_RESUMABLE = frozenset({"calibrate", "check", "lesson", IMPORTED})
"""Activities that do not make a routine worth resuming."""

_NEWEST_RUN_FIRST = (sessions.c.started_at.desc(), sessions.c.id.desc(), runs.c.started_at.desc(), runs.c.id.desc())

_SELECT_LAST_WORK = select(
    runs.c.started_at,
    select(func.max(func.coalesce(holds.c.ended_us, holds.c.started_us + holds.c.credited_us)))
    .where(holds.c.run_id == runs.c.id)
    .scalar_subquery(),
    select(func.max(repetitions.c.at_us))
    .select_from(rep_sets.join(repetitions))
    .where(rep_sets.c.run_id == runs.c.id)
    .scalar_subquery(),
    select(func.max(trials.c.ended_us))
    .select_from(tests.join(trials))
    .where(tests.c.run_id == runs.c.id)
    .scalar_subquery(),
).where(runs.c.id == bindparam("run_id"))


class TrainingReader(ReadTransactions):
    """The queries about routines, answers and plans."""

    def own_routines(self, person_id: str | None) -> tuple[OwnRoutine, ...]:
        """A person's own routines and everyone's, by name; without a person, only everyone's."""
        theirs = or_(routines.c.person_id == person_id, routines.c.person_id.is_(None))
        with self.read_transaction() as connection:
            rows = connection.execute(select(routines).where(theirs)).all()
        found = (loading.own_routine_from_row(row) for row in rows)
        return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))

    def own_routine(self, routine_id: str) -> OwnRoutine | None:
        with self.read_transaction() as connection:
            row = connection.execute(select(routines).where(routines.c.id == routine_id)).one_or_none()
            return None if row is None else loading.own_routine_from_row(row)

    def check_routine_name(self, name: str, routine_id: str | None, person_id: str | None) -> None:
        """Raise `ValueError` with a sentence if `Store.save_routine` would refuse this name."""
        with self.read_transaction() as connection:
            routine_name(connection, name, routine_id, person_id)

    def answers(self, person_id: str, question: str | None = None, *, limit: int = DEFAULT_LIMIT) -> tuple[Answer, ...]:
        """A person's answers, newest first; with `question`, only those to it."""
        query = select(answers).where(answers.c.person_id == person_id).order_by(answers.c.number.desc())
        if question is not None:
            query = query.where(answers.c.question == question)
        with self.read_transaction() as connection:
            return tuple(loading.answer_from_row(row) for row in connection.execute(query.limit(limit)))

    def newest_answers(self, person_id: str, limits: Mapping[str, int]) -> dict[str, tuple[Answer, ...]]:
        """A person's answers to each of these questions, newest first, up to its limit, in one statement."""
        found: dict[str, list[Answer]] = {question: [] for question in limits}
        with self.read_transaction() as connection:
            rows = connection.execute(_newest_answers(tuple(limits.items())), {"person_id": person_id}).all()
        for row in sorted(rows, key=lambda row: row.number, reverse=True):
            found[row.question].append(loading.answer_from_row(row))
        return {question: tuple(said) for question, said in found.items()}

    def own_circumstances(self, person_id: str) -> dict[str, bool | str | None]:
        """How a person tests, by question; see `own_circumstances`."""
        with self.read_transaction() as connection:
            return own_circumstances(connection, person_id)

    def sides_of(self, person_id: str | None) -> tuple[Side, ...]:
        """The legs that a person tests and trains; see `sides_chosen`."""
        return sides_chosen(self.newest_answers(person_id, {LEGS: 1})[LEGS] if person_id is not None else ())

    def plan(self, person_id: str) -> dict[str, Any] | None:
        """The person's plan; `None` without one."""
        return self.plans().get(person_id)

    def plans(self) -> dict[str, dict[str, Any]]:
        """Everyone's plan, by person, without damaged ones."""
        with self.read_transaction() as connection:
            rows = connection.execute(select(plans.c.person_id, plans.c.plan_json))
            found = {row.person_id: loading.parse_json(row.plan_json) for row in rows}
        return {person_id: plan for person_id, plan in found.items() if isinstance(plan, dict)}

    def unfinished_run(self, person_id: str | None) -> UnfinishedRun | None:
        """A person's unfinished routine (`None`: the unclaimed one); `None` if their last routine is complete.

        A newer routine, complete or not, replaces the older; calibrations, checks, lessons and imported results do not.
        """
        query = (
            select(runs.c.id, runs.c.header_json, runs.c.title, runs.c.remaining_json, runs.c.remaining_saved_at)
            .select_from(sessions.join(runs))
            .where(sessions.c.person_id == person_id)
            .order_by(*_NEWEST_RUN_FIRST)
        )
        with self.read_transaction() as connection:
            for row in connection.execute(query):
                if _is_resumable_header(loading.parse_json(row.header_json)):
                    remaining = None if row.remaining_json is None else loading.parse_json(row.remaining_json)
                    if not isinstance(remaining, dict):
                        return None
                    return UnfinishedRun(row.id, person_id, row.title, row.remaining_saved_at, remaining)
        return None

    def last_work_at(self, run_id: str) -> datetime | None:
        """When the last hold, repetition or trial stored of a run was on the board, by the clock of the run's start.

        A hold in progress counts up to its stored credit. `None` if nothing is stored.
        """
        with self.read_transaction() as connection:
            row = connection.execute(_SELECT_LAST_WORK, {"run_id": run_id}).one_or_none()
        if row is None:
            return None
        started_at, *ends_us = row
        last_us = max((us for us in ends_us if us is not None), default=None)
        return None if last_us is None else started_at + timedelta(microseconds=last_us)


def routine_name(connection: Connection, name: str, routine_id: str | None, person_id: str | None) -> str:
    """The name for a routine without needless spaces; without a routine, for a new one.

    Raises `ValueError` with a sentence if it is empty, overlong or taken by another routine of the same person.
    """
    same_person = select(routines.c.id, routines.c.name).where(routines.c.person_id == person_id)
    others = [row.name for row in connection.execute(same_person) if row.id != routine_id]
    return unique_name(name, others, "There is already a routine called {name}: give this one another name.")


def sides_chosen(answers_newest_first: Sequence[Answer]) -> tuple[Side, ...]:
    """The legs that a person tests and trains, by their newest answer to `LEGS`; both without one."""
    newest = answers_newest_first[0].answer if answers_newest_first else None
    return tuple(side for side in Side if newest != side.other)


def own_circumstances(connection: Connection, person_id: str | None) -> dict[str, bool | str | None]:
    """How a person tests: `shod` and `back_foot` from their newest answers; `None` if it varies.

    Unanswered questions are left out.
    """
    if person_id is None:
        return {}
    rows = connection.execute(_newest_answers(_OWN_QUESTIONS), {"person_id": person_id})
    found = {row.question: loading.parse_json(row.answer_json) for row in rows}
    return {question: answer for question, answer in found.items() if is_circumstance(question, answer)}


def is_circumstance(name: str, value: object) -> bool:
    """Whether this is a valid value of that circumstance of a test."""
    return value is None or (value in BACK_FOOT_PLACES if name == "back_foot" else isinstance(value, bool))


@lru_cache
def _newest_answers(limits: tuple[tuple[str, int], ...]) -> CompoundSelect[Any]:
    run_columns = answers.c.person_id == bindparam("person_id")
    each = (
        select(answers)
        .where(run_columns, answers.c.question == question)
        .order_by(answers.c.number.desc())
        .limit(limit)
        for question, limit in limits
    )
    return union_all(*(select(one.subquery()) for one in each))


def _is_resumable_header(header: Any) -> bool:
    """Whether a run with this header can be resumed."""
    if not isinstance(header, dict):
        return False
    steps = header.get("steps", (header,))
    return not all(isinstance(step, dict) and step.get("do") in _NOT_RESUMABLE for step in steps)
