"""Databases damaged by a memory card: what the station still shows of them, and whether it is true.

Each copy of a database gets flipped bits, pages of zeros or pages of garbage. A start may refuse it with a sentence.
Otherwise every page must answer without an error, and every row read must be one that was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from station.clock import SystemClock
from station.store import Store, StoreError
from station.store.schema import metadata
from tests.paired_browsers import agree_all, client_with, pair_browser
from tests.station.store.histories import FIT, HandClock, guided_routine, weeks
from tests.web.double import RecordedBoard, StationDouble
from web.app import create_app

PAGE_BYTES = 4_096
PAGES = ("/", "/history", "/progress", "/report", "/plan", "/people", "/calibration", "/status", "/settings", "/why")
DOWNLOADS = ("/history.csv",)
SERVER_ERROR, UNAVAILABLE = 500, 503


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one damaged copy: refused at the start, addresses that failed, rows that were never written."""

    is_refused: bool
    failed: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()


def make_database(path: Path) -> str:
    """Make a closed database with some days of everything; returns the token of the owner's browser."""
    clock = HandClock()
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=4)
        store.add_calibration(FIT)
        guided_routine(store, clock, store.people()[0].id)
        token = pair_browser(store)
        agree_all(store, token)
        return token


def damaged(content: bytes, random: Random) -> bytes:
    """The bytes of a file with one kind of damage."""
    data = bytearray(content)
    kind = random.choice(("bit", "bit", "bits", "zeros", "garbage"))
    if kind in ("bit", "bits"):
        for _ in range(1 if kind == "bit" else random.randrange(2, 64)):
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    else:
        at = random.randrange(len(data) // PAGE_BYTES) * PAGE_BYTES
        data[at : at + PAGE_BYTES] = bytes(PAGE_BYTES) if kind == "zeros" else random.randbytes(PAGE_BYTES)
    return bytes(data)


def rows_read(store: Store) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Every row of every table, as the station reads it, until a table cannot be read."""
    for table in metadata.sorted_tables:
        try:
            with store.read_transaction() as connection:
                yield from [(str(table.name), tuple(row)) for row in connection.execute(select(table))]
        except StoreError:
            continue


def outcome(path: Path, written: frozenset[tuple[str, tuple[Any, ...]]], token: str) -> Outcome:
    """Open a damaged copy and read everything in it; `written` are the rows that were written."""
    try:
        store = Store.open(path, clock=SystemClock())
    except StoreError:
        return Outcome(is_refused=True)
    with closing(store):
        invented = tuple(f"{table} {row[0]}" for table, row in rows_read(store) if (table, row) not in written)
        client = client_with(create_app(StationDouble(store, RecordedBoard(())), store), token)
        people: tuple[str, ...] = ()
        try:
            people = tuple(one.id for one in store.people())
            sessions = tuple(f"/sessions/{one.id}" for one in store.sessions(limit=3))
        except StoreError:
            sessions = ()
        failed = []
        for person_id in (*people[:1], None):
            if person_id is not None:
                client.set_cookie("person", person_id)
            for address in (*PAGES, *DOWNLOADS, *sessions):
                status = client.get(address).status_code
                if status >= SERVER_ERROR and status != UNAVAILABLE:
                    failed.append(address)
        return Outcome(False, tuple(failed), invented)


def outcomes(scratch: Path, count: int, seed: int = 1) -> Iterator[Outcome]:
    """The outcome of `count` damaged copies of one database."""
    random, source, copy = Random(seed), scratch / "whole.db", scratch / "damaged.db"
    token = make_database(source)
    whole = source.read_bytes()
    with Store.open(source, clock=SystemClock()) as store:
        written = frozenset(rows_read(store))
    for _ in range(count):
        for old in scratch.glob("damaged.db*"):
            old.unlink()
        copy.write_bytes(damaged(whole, random))
        yield outcome(copy, written, token)
