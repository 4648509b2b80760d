"""Lists page by page: every entry once, newest first, even while entries are added."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from station.core.events import SECOND_US, Side
from station.core.facts import Contact
from station.store import Store
from station.store.reading.pages import CursorError

BEGAN = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
KINDS: dict[str, Callable[[Store], Callable[..., tuple[Any, ...]]]] = {
    "sessions": lambda store: store.sessions_page,
    "tests": lambda store: store.tests_page,
    "holds": lambda store: store.holds_page,
    "rep sets": lambda store: store.rep_sets_page,
}


def add_day(store: Store, person_id: str | None, began: datetime) -> str:
    """Two simultaneous sessions, each with two simultaneous runs of two simultaneous tests, holds and sets."""
    for _ in range(2):
        session = store.begin_session(person_id, began, simulated=True)
        for _ in range(2):
            run = store.begin_run(session, {"do": "test"}, began)
            for _ in range(2):
                store.begin_test(run, full=False, contact=Contact.PAD, calibration_id=None)
                store.begin_hold(run, side=Side.LEFT, repetition=1, target_us=SECOND_US, started_us=SECOND_US)
                store.begin_rep_set(run, side=Side.LEFT, target_count=3, started_us=SECOND_US)
    return session


def all_pages(read: Callable[..., tuple[Any, ...]], person_id: str | None, limit: int) -> list[str]:
    found: list[str] = []
    page = read(person_id, limit)
    while page:
        found += [one.id for one in page]
        page = read(person_id, limit, found[-1])
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_pages_have_each_entry_once(store: Store, kind: str, limit: int) -> None:
    """Even if many began at the same time."""
    person = store.add_person("Ada").id
    for day in range(3):
        add_day(store, person, BEGAN + timedelta(days=day))
        add_day(store, None, BEGAN + timedelta(days=day))
    read = KINDS[kind](store)
    for whose in (person, None):
        found = all_pages(read, whose, limit)
        assert len(found) == len(set(found)) == (6 if kind == "sessions" else 24)
        assert found == [one.id for one in read(whose, 1_000)]
        times = [one.started_at for one in read(whose, 1_000)]
        assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("kind", KINDS)
def test_page_after_an_entry_of_another_person_is_refused(store: Store, kind: str) -> None:
    """A cursor reveals nothing about other lists."""
    ada, eve = store.add_person("Ada").id, store.add_person("Eve").id
    add_day(store, ada, BEGAN)
    add_day(store, eve, BEGAN)
    read = KINDS[kind](store)
    for wrong in (read(eve, 1)[0].id, "nothing", ""):
        with pytest.raises(CursorError):
            read(ada, 10, wrong)


def test_newer_session_does_not_move_the_next_page(store: Store) -> None:
    person = store.add_person("Ada").id
    for day in range(4):
        add_day(store, person, BEGAN + timedelta(days=day))
    first = store.sessions_page(person, 3)
    expected = store.sessions_page(person, 100)[3:]
    add_day(store, person, BEGAN + timedelta(days=9))
    assert store.sessions_page(person, 100, first[-1].id) == expected
