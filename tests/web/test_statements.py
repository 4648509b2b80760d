"""Every page reads its data in a few SQL statements, however long the history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from station.store import Store
from station.store.records import Person
from tests.bench.pages import addresses
from tests.paired_browsers import agree_all, client_with, pair_browser
from tests.station.store.histories import HandClock, guided_routine, weeks
from tests.web.double import StationDouble
from web.app import create_app
from web.context import NOBODY, PERSON_COOKIE

AT_MOST = 20
"""The most statements of any page, with a cold cache."""
WARM_AT_MOST = 13


NEEDS_TOKEN = ("/api/v1/routines",)
"""Only a token with the scope *control* may read these."""


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect every SQL statement except BEGIN."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def store_with_sessions(path: Path, days: int) -> tuple[Store, Person]:
    """A store with daily sessions by two people, and a plan and answers for the first."""
    clock = HandClock()
    store = Store.open(path, clock=clock)
    weeks(store, clock, days=days)
    person = store.people()[0]
    guided_routine(store, clock, person.id)
    return store, person


def counts(store: Store, person_id: str, person: Person) -> dict[str, tuple[int, int]]:
    """The number of statements of each page, with a cold and with a warm cache."""
    agree_all(store, token := pair_browser(store))
    client = client_with(create_app(StationDouble(store), store), token)
    client.set_cookie(PERSON_COOKIE, person_id)
    found = {}
    for address in addresses(store, person):
        client.get(address, buffered=True)
        store.cache.clear()
        with statements() as first:
            client.get(address, buffered=True)
        with statements() as next_time:
            may_be = (200, 404, 403) if address in NEEDS_TOKEN else (200, 404)
            assert client.get(address, buffered=True).status_code in may_be, address
        found[address.partition("/sessions/")[0] or "one session"] = len(first), len(next_time)
    return found


@pytest.mark.parametrize("known", [True, False], ids=["person", "no-person"])
def test_statement_count_is_small_and_independent_of_history(tmp_path: Path, known: bool) -> None:
    """Fifty sessions take as many statements as five."""
    found = []
    for days in (5, 50):
        store, person = store_with_sessions(tmp_path / f"{days}.db", days)
        with store:
            found.append(counts(store, person.id if known else NOBODY, person))
    assert found[0] == found[1]
    assert {page: few for page, few in found[1].items() if few[0] > AT_MOST or few[1] > WARM_AT_MOST} == {}
