"""Reading what guides a person: their own routines, their answers, their plan, and what is left of a routine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, or_, select, union_all

from station.store import loading
from station.store.read_transactions import DEFAULT_LIMIT, ReadTransactions
from station.store.records import Answer, OwnRoutine, UnfinishedRun
from station.store.schema import answers, plans, routines, runs, sessions

IMPORTED = "imported"
"""Why a session ended that never was on the board, and what was done in it."""

_NOT_RESUMABLE = frozenset({"calibrate", "check", "lesson", IMPORTED})
"""What a run's header may say was done that alone is nobody's routine."""

_NEWEST_RUN_FIRST = (sessions.c.started_at.desc(), sessions.c.id.desc(), runs.c.started_at.desc(), runs.c.id.desc())


class TrainingReader(ReadTransactions):
    """What the guide may ask."""

    def own_routines(self, person_id: str | None) -> tuple[OwnRoutine, ...]:
        """A person's own and everybody's, by name; without a person everybody's alone."""
        theirs = or_(routines.c.person_id == person_id, routines.c.person_id.is_(None))
        with self.read_transaction() as connection:
            rows = connection.execute(select(routines).where(theirs)).all()
        found = (loading.own_routine_from_row(row) for row in rows)
        return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))

    def own_routine(self, routine_id: str) -> OwnRoutine | None:
        with self.read_transaction() as connection:
            row = connection.execute(select(routines).where(routines.c.id == routine_id)).one_or_none()
            return None if row is None else loading.own_routine_from_row(row)

    def answers(self, person_id: str, question: str | None = None, *, limit: int = DEFAULT_LIMIT) -> tuple[Answer, ...]:
        """What a person said, the newest first; to one question where it is named."""
        chosen = select(answers).where(answers.c.person_id == person_id).order_by(answers.c.number.desc())
        if question is not None:
            chosen = chosen.where(answers.c.question == question)
        with self.read_transaction() as connection:
            return tuple(loading.answer_from_row(row) for row in connection.execute(chosen.limit(limit)))

    def newest_answers(self, person_id: str, limits: Mapping[str, int]) -> dict[str, tuple[Answer, ...]]:
        """What a person said to each of these questions, the newest first, at most as many as its limit: at once."""
        found: dict[str, list[Answer]] = {question: [] for question in limits}
        with self.read_transaction() as now:
            rows = now.execute(_newest_answers(tuple(limits.items())), {"person_id": person_id}).all()
        for row in sorted(rows, key=lambda row: row.number, reverse=True):
            found[row.question].append(loading.answer_from_row(row))
        return {question: tuple(said) for question, said in found.items()}

    def plan(self, person_id: str) -> dict[str, Any] | None:
        """What a person has planned, `None` where they have not."""
        return self.plans().get(person_id)

    def plans(self) -> dict[str, dict[str, Any]]:
        """Everybody's plan, by person; one that is damaged is none."""
        with self.read_transaction() as connection:
            rows = connection.execute(select(plans.c.person_id, plans.c.plan_json))
            found = {row.person_id: loading.parse_json(row.plan_json) for row in rows}
        return {person_id: plan for person_id, plan in found.items() if isinstance(plan, dict)}

    def unfinished_run(self, person_id: str | None) -> UnfinishedRun | None:
        """What is left of the last routine of a person (`None`: of nobody yet); `None` where it is complete.

        A newer routine, complete or not, ends the older; calibrations, checks, lessons and imported results do not.
        """
        chosen = (
            select(runs.c.id, runs.c.header_json, runs.c.title, runs.c.remaining_json, runs.c.remaining_saved_at)
            .select_from(sessions.join(runs))
            .where(sessions.c.person_id == person_id)
            .order_by(*_NEWEST_RUN_FIRST)
        )
        with self.read_transaction() as connection:
            for row in connection.execute(chosen):
                if _is_resumable_header(loading.parse_json(row.header_json)):
                    remaining = None if row.remaining_json is None else loading.parse_json(row.remaining_json)
                    if not isinstance(remaining, dict):
                        return None
                    return UnfinishedRun(row.id, person_id, row.title, row.remaining_saved_at, remaining)
        return None


@lru_cache
def _newest_answers(limits: tuple[tuple[str, int], ...]) -> CompoundSelect[Any]:
    whose = answers.c.person_id == bindparam("person_id")
    each = (
        select(answers).where(whose, answers.c.question == question).order_by(answers.c.number.desc()).limit(limit)
        for question, limit in limits
    )
    return union_all(*(select(one.subquery()) for one in each))


def _is_resumable_header(header: Any) -> bool:
    """Whether a run's header says what may be left: what remains of a routine, a rest even, is one too."""
    if not isinstance(header, dict):
        return False
    steps = header.get("steps", (header,))
    return not all(isinstance(step, dict) and step.get("do") in _NOT_RESUMABLE for step in steps)
