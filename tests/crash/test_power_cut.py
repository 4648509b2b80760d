"""Power cuts on a disk that forgets, tears and garbles what was not synced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import apsw
import pytest
from sqlalchemy import Connection, text

from station.clock import SystemClock
from station.store import Store, StoreError
from station.store.connect import Driver
from tests.crash.disk import Disk, PowerCutError
from tests.crash.driver import driver
from tests.crash.ledger import Ledger, found_in
from tests.crash.sessions import Sessions

DISKS = 100
CUTS_A_DISK = 20
MOST_STEPS = 250
"""Writes and syncs from one cut to the next: from a cut in the middle of a start to one after fifty results."""

CHECKPOINT = "wal_autocheckpoint=20"
"""Pages; SQLite's own 1,000 would keep checkpoints out of histories as short as these."""


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.unregister()


def run_until_cut(disk: Disk, path: Path, ledger: Ledger, random: Random, driver: Driver, *pragmas: str) -> list[str]:
    """A station starts, checks its database, and runs until its power is cut."""
    wrong: list[str] = []
    store = None
    disk.cut_in(random.randrange(MOST_STEPS))
    try:
        store = Store.open(path, clock=SystemClock(), driver=driver)
        with store.write_transaction() as now:
            wrong = verify(now, ledger)
        with store.write_transaction() as now:
            for pragma in pragmas:
                now.execute(text(f"PRAGMA {pragma}"))
        sessions = Sessions(store, ledger, random)
        while not wrong:
            sessions.write_session()
    except PowerCutError:
        pass
    finally:
        if store is not None:
            store.close()
        disk.cut(random)
    return wrong


def verify(now: Connection, ledger: Ledger) -> list[str]:
    """What the last cut did to the database."""
    damage = [line for line in now.execute(text("PRAGMA integrity_check")).scalars() if line != "ok"]
    found = found_in(now)
    lost = ledger.find_losses(found)
    ledger.resolve_pending(found)
    return damage + lost


def run_lives(disk: Disk, path: Path, seed: int, driver: Driver, *pragmas: str) -> tuple[list[str], int]:
    """What went wrong in the lives of one disk, and how many rows were acknowledged there."""
    random, ledger = Random(seed), Ledger()
    disk.files.clear()
    wrong: list[str] = []
    for _ in range(CUTS_A_DISK):
        try:
            wrong = run_until_cut(disk, path, ledger, random, driver, *pragmas)
        except (StoreError, apsw.Error) as error:
            wrong = [str(error)]
        if wrong:
            return wrong, len(ledger.known)
    with Store.open(path, clock=SystemClock(), driver=driver) as store, store.write_transaction() as now:
        return verify(now, ledger), len(ledger.known)


def test_a_power_cut_loses_nothing_that_was_acknowledged(disk: Disk, tmp_path: Path) -> None:
    """After 2,000 cuts at random moments every acknowledged row is there and every database is whole."""
    rows = 0
    for seed in range(DISKS):
        wrong, known = run_lives(disk, tmp_path / "station.db", seed, driver(after=[CHECKPOINT]))
        assert not wrong, f"disk {seed}: {wrong[:3]}"
        rows += known
    assert rows > 2 * DISKS * CUTS_A_DISK, "the stations were cut before they had much to lose"


@pytest.mark.parametrize(
    ("options", "pragmas", "lies"),
    [
        pytest.param("psow=0", ["synchronous=NORMAL"], False, id="the log is synced at checkpoints only"),
        pytest.param("psow=1", [], False, id="sectors are taken to be safe beside what is written"),
        pytest.param("psow=0", [], True, id="the disk says that it has synced when it has not"),
    ],
)
def test_the_harness_sees_losses(disk: Disk, tmp_path: Path, options: str, pragmas: list[str], lies: bool) -> None:
    """With any one of the precautions taken away, nine disks in ten lose rows: the test above could fail."""
    disk.lies = lies
    hurt = 0
    for seed in range(30):
        wrong, _ = run_lives(disk, tmp_path / "station.db", seed, driver(options, [CHECKPOINT]), *pragmas)
        hurt += bool(wrong)
    assert hurt >= 27
