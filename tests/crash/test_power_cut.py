"""Power cuts on a disk that loses, tears and garbles unsynced writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from itertools import count
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
"""The most writes and syncs between two cuts: from a cut during a start to one after twenty results."""

CREATION_STEPS = 300
"""The writes and syncs that create the tables: a database without results gets this many more before the cut."""

FATES = 20
"""How often each moment of a start is cut, each time with a different loss."""

CHECKPOINT = "wal_autocheckpoint=20"
"""In pages; with SQLite's default of 1,000, histories as short as these would have no checkpoints."""


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.unregister()


def run_until_cut(disk: Disk, path: Path, ledger: Ledger, random: Random, driver: Driver, *pragmas: str) -> list[str]:
    """Start a station, check its database, and run until the power is cut."""
    wrong: list[str] = []
    store = None
    disk.cut_in(random.randrange(MOST_STEPS if ledger.known else CREATION_STEPS + MOST_STEPS))
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


def run_lives(
    disk: Disk, path: Path, seed: int, driver: Driver, *pragmas: str, cuts: int = CUTS_A_DISK
) -> tuple[list[str], int]:
    """Run several lives on one disk; returns the faults and the number of acknowledged rows."""
    random, ledger = Random(seed), Ledger()
    disk.files.clear()
    wrong: list[str] = []
    for _ in range(cuts):
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


def test_start_cut_at_any_moment_loses_no_acknowledged_row(disk: Disk, tmp_path: Path) -> None:
    """A start checkpoints a log of many transactions, and the power is cut before each of its writes and syncs.

    The disk may have truncated the log's file: a shorter log would overwrite newer pages with older ones.
    """
    path, ledger = tmp_path / "station.db", Ledger()
    Store.open(path, clock=SystemClock(), driver=driver()).close()
    store = Store.open(path, clock=SystemClock(), driver=driver())
    Sessions(store, ledger, Random(1)).write_session()
    disk.cut_in(0)
    store.close()
    left = deepcopy(disk.files)
    for moment in count():
        started = False
        for fate in range(FATES):
            disk.files = deepcopy(left)
            disk.cut_in(moment)
            with suppress(PowerCutError):
                store = Store.open(path, clock=SystemClock(), driver=driver())
                started = True
                store.close()
            disk.cut(Random(fate))
            with Store.open(path, clock=SystemClock(), driver=driver()) as store, store.write_transaction() as now:
                wrong = verify(now, ledger)
            assert not wrong, f"cut before step {moment}, fate {fate}: {wrong[:3]}"
        if started:
            break
    assert moment > 10, "the start had nothing to empty"


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
    """Without any one of the precautions, nine disks in ten lose rows in forty cuts, so the tests above can fail."""
    disk.lies = lies
    hurt = 0
    for seed in range(30):
        made = driver(options, [CHECKPOINT])
        wrong, _ = run_lives(disk, tmp_path / "station.db", seed, made, *pragmas, cuts=2 * CUTS_A_DISK)
        hurt += bool(wrong)
    assert hurt >= 27
