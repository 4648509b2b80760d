"""Reads people: their profiles, how much is stored about each, and swapped sides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from station.profile import NOTHING_SAID, PROFILE_FIELDS, profile_from_values
from station.store.reading.loading import AnyRow
from station.store.reading.transactions import ReadTransactions
from station.store.records import Person, PersonContents, SideSwap
from station.store.schema import (
    answers,
    consents,
    devices,
    holds,
    people,
    plans,
    rep_sets,
    routines,
    runs,
    sessions,
    side_swaps,
    tests,
    trace_chunks,
)

_SELECT_PEOPLE = select(people.c.id, people.c.name, people.c.archived_at, *(people.c[name] for name in PROFILE_FIELDS))


class PeopleReader(ReadTransactions):
    """The queries about people."""

    def people(self) -> tuple[Person, ...]:
        """All people by name, archived ones too."""
        return self.cache.get("people", self._people)

    def _people(self) -> tuple[Person, ...]:
        with self.read_transaction() as connection:
            found = (_person_from_row(row) for row in connection.execute(_SELECT_PEOPLE))
            return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))

    def person(self, person_id: str | None) -> Person | None:
        """One person; `None` if there is no such person. Without a cache, only their row is read."""
        if self.cache.is_on:
            return next((one for one in self.people() if one.id == person_id), None)
        with self.read_transaction() as connection:
            row = connection.execute(_SELECT_PEOPLE.where(people.c.id == person_id)).one_or_none()
            return None if row is None else _person_from_row(row)

    def person_contents(self, person_id: str) -> PersonContents:
        """How much is stored about this person."""
        with self.read_transaction() as connection:
            return contents_of(connection, person_id)

    def side_swaps(self, session_id: str) -> tuple[SideSwap, ...]:
        """The swaps of left and right in this session, oldest first, undone ones too."""
        query = select(side_swaps).where(side_swaps.c.session_id == session_id).order_by(side_swaps.c.number)
        with self.read_transaction() as connection:
            return tuple(SideSwap(row.session_id, row.test_id, row.created_at) for row in connection.execute(query))

    def exchanged_at(self, run_id: str) -> datetime | None:
        """When left and right of this run, or of a test in it, were exchanged; `None` if all are as recorded."""
        in_run = or_(side_swaps.c.test_id.is_(None), tests.c.run_id == run_id)
        with_run = side_swaps.join(runs, runs.c.session_id == side_swaps.c.session_id)
        with_test = with_run.outerjoin(tests, tests.c.id == side_swaps.c.test_id)
        query = select(side_swaps).select_from(with_test).where(runs.c.id == run_id, in_run)
        query = query.order_by(side_swaps.c.number)
        with self.read_transaction() as connection:
            found = [SideSwap(row.session_id, row.test_id, row.created_at) for row in connection.execute(query)]
        times = (swapped_at(found, test_id) for test_id in {one.test_id for one in found})
        return max((at for at in times if at is not None), default=None)


def swapped_at(swaps: Sequence[SideSwap], test_id: str | None) -> datetime | None:
    """When the sides of a test, or of the whole session (`None`), were exchanged; `None` if they are as recorded."""
    of_it = [one for one in swaps if one.test_id == test_id]
    return of_it[-1].created_at if len(of_it) % 2 else None


def contents_of(connection: Connection, person_id: str) -> PersonContents:
    """See `PeopleReader.person_contents`."""
    theirs = sessions.c.person_id == person_id
    in_runs = sessions.join(runs)

    def count(query: Select[Any]) -> int:
        return int(connection.execute(query).scalar_one())

    def rows_of(table: Any) -> int:
        return count(select(func.count()).select_from(table).where(table.c.person_id == person_id))

    return PersonContents(
        sessions=rows_of(sessions),
        tests=count(select(func.count()).select_from(in_runs.join(tests, tests.c.run_id == runs.c.id)).where(theirs)),
        holds=count(select(func.count()).select_from(in_runs.join(holds)).where(theirs)),
        rep_sets=count(select(func.count()).select_from(in_runs.join(rep_sets)).where(theirs)),
        traces=count(
            select(func.count(trace_chunks.c.run_id.distinct())).select_from(in_runs.join(trace_chunks)).where(theirs)
        ),
        answers=rows_of(answers),
        routines=rows_of(routines),
        plans=rows_of(plans),
        devices=rows_of(devices),
        consents=count(
            select(func.count())
            .select_from(consents)
            .where(or_(consents.c.person_id == person_id, consents.c.viewer_id == person_id))
        ),
    )


def _person_from_row(row: AnyRow) -> Person:
    person_id, name, archived_at, *said = row
    has_profile = any(value is not None for value in said)
    profile = profile_from_values(dict(zip(PROFILE_FIELDS, said, strict=True))) if has_profile else NOTHING_SAID
    return Person(person_id, name, profile, archived_at)
