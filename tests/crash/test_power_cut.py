"""Power cuts on a disk that loses, tears and garbles unsynced writes."""

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
    """Start a station, check its database, and run until the power is cut."""
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
    """Faults that the last cut caused in the database."""
    damage = [line for line in now.execute(text("PRAGMA integrity_check")).scalars() if line != "ok"]
    found = found_in(now)
    lost = ledger.find_losses(found)
    ledger.resolve_pending(found)
    return damage + lost


def run_lives(disk: Disk, path: Path, seed: int, driver: Driver, *pragmas: str) -> tuple[list[str], int]:
    """Run several lives on one disk; returns the faults and the number of acknowledged rows."""
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


def test_power_cut_loses_no_acknowledged_row(disk: Disk, tmp_path: Path) -> None:
    """After 2,000 cuts at random moments every acknowledged row exists and every database is intact."""
    rows = 0
    for seed in range(DISKS):
        wrong, known = run_lives(disk, tmp_path / "station.db", seed, driver(after=[CHECKPOINT]))
        assert not wrong, f"disk {seed}: {wrong[:3]}"
        rows += known
    assert rows > 2 * DISKS * CUTS_A_DISK, "the stations wrote too little before the cut"


@pytest.mark.parametrize(
    ("options", "pragmas", "lies"),
    [
        pytest.param("psow=0", ["synchronous=NORMAL"], False, id="the log is synced only at checkpoints"),
        pytest.param("psow=1", [], False, id="sectors beside a write are assumed safe"),
        pytest.param("psow=0", [], True, id="the disk acknowledges syncs without doing them"),
    ],
)
def test_power_cut_harness_finds_losses(
    disk: Disk, tmp_path: Path, options: str, pragmas: list[str], lies: bool
) -> None:
    """Without any one of the precautions nine disks in ten lose rows, so the test above can fail."""
    disk.lies = lies
    hurt = 0
    for seed in range(30):
        wrong, _ = run_lives(disk, tmp_path / "station.db", seed, driver(options, [CHECKPOINT]), *pragmas)
        hurt += bool(wrong)
    assert hurt >= 27
