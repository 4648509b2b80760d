"""Reads lists page by page: each page begins after the last entry of the previous one, even while rows are added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, literal, or_, tuple_

from station.store.reading import loading
from station.store.reading.transactions import ReadTransactions
from station.store.records import Hold, RepSet, Session, Test
from station.store.schema import holds, rep_sets, runs, sessions, tests

ONLY_BLOCKS = "only blocks"
"""The end reason of a session in which the board was only calibrated or checked."""
IS_MORE_THAN_BLOCKS = or_(sessions.c.end_reason.is_(None), sessions.c.end_reason != ONLY_BLOCKS)
_SESSION_ORDER = (sessions.c.started_at, sessions.c.id)

Found = TypeVar("Found")


class CursorError(LookupError):
    """The entry that a page should begin after is not in the list."""


class PageReader(ReadTransactions):
    """One person's lists (`None`: unclaimed), newest first: `limit` entries after the one with the id `after`.

    Raises `CursorError` if the list has no such entry, `StoreError` if the file cannot be read.
    """

    def sessions_page(self, person_id: str | None, limit: int, after: str | None = None) -> tuple[Session, ...]:
        """Sessions, without those in which the board was only calibrated or checked."""

        def load(connection: Connection, query: Select[Any]) -> tuple[Session, ...]:
            return tuple(loading.session_from_row(row) for row in connection.execute(query))

        return self._page(loading.SELECT_SESSIONS.where(IS_MORE_THAN_BLOCKS), sessions, load, person_id, limit, after)

    def tests_page(self, person_id: str | None, limit: int, after: str | None = None) -> tuple[Test, ...]:
        """Tests with trials and attempts."""
        return self._page(loading.SELECT_TESTS, tests, loading.load_tests, person_id, limit, after)

    def holds_page(self, person_id: str | None, limit: int, after: str | None = None) -> tuple[Hold, ...]:
        """Holds with their heel lifts."""
        return self._page(loading.SELECT_HOLDS, holds, loading.load_holds, person_id, limit, after)

    def rep_sets_page(self, person_id: str | None, limit: int, after: str | None = None) -> tuple[RepSet, ...]:
        """Sets of repetitions."""
        return self._page(loading.SELECT_REP_SETS, rep_sets, loading.load_rep_sets, person_id, limit, after)

    def _page(
        self,
        query: Select[Any],
        table: Table,
        load: Callable[[Connection, Select[Any]], tuple[Found, ...]],
        person_id: str | None,
        limit: int,
        after: str | None,
    ) -> tuple[Found, ...]:
        in_session = () if table is sessions else (runs.c.started_at, runs.c.id, table.c.started_us, table.c.id)
        order = (*_SESSION_ORDER, *in_session)
        of_person = query.where(sessions.c.person_id == person_id)
        with self.read_transaction() as connection:
            page = (
                of_person if after is None else of_person.where(_is_after(connection, of_person, table, order, after))
            )
            return load(connection, page.order_by(*(column.desc() for column in order)).limit(limit))


def _is_after(
    connection: Connection, query: Select[Any], table: Table, order: tuple[ColumnElement[Any], ...], after: str
) -> ColumnElement[bool]:
    key = connection.execute(query.with_only_columns(*order).where(table.c.id == after)).one_or_none()
    if key is None:
        raise CursorError
    return tuple_(*order) < tuple_(*(literal(value, column.type) for value, column in zip(key, order, strict=True)))
