"""SIGKILL at random moments for a real process that writes to a real file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from station.clock import SystemClock
from station.store import Store
from tests.crash.ledger import Ledger, found_in

ROOT = Path(__file__).resolve().parents[2]
KILLS = 200
KILLS_A_DATABASE = 10
MOST_LINES = 120
MOST_WAIT_S = 0.005


@pytest.fixture
def spawner() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.crash.store_spawner"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=10)


def run_until_killed(spawner: subprocess.Popen[str], path: Path, ledger: Ledger, random: Random) -> None:
    """Let a process write until it is killed, and give the ledger every line it printed."""
    assert spawner.stdin is not None
    assert spawner.stdout is not None
    spawner.stdin.write(f"{random.randrange(1 << 30)} {path}\n")
    spawner.stdin.flush()
    pid = int(spawner.stdout.readline().removeprefix("pid "))
    for _ in range(random.randrange(MOST_LINES)):
        ledger.receive(spawner.stdout.readline())
    time.sleep(random.random() * MOST_WAIT_S)
    os.kill(pid, signal.SIGKILL)
    for line in iter(spawner.stdout.readline, "gone\n"):
        ledger.receive(line)


def test_kill_loses_no_acknowledged_row(spawner: subprocess.Popen[str], tmp_path: Path) -> None:
    """After 200 kills at random moments every acknowledged row exists and every database is intact."""
    random = Random(7)
    rows = 0
    for number in range(KILLS // KILLS_A_DATABASE):
        path, ledger = tmp_path / f"station {number}.db", Ledger()
        for _ in range(KILLS_A_DATABASE):
            run_until_killed(spawner, path, ledger, random)
            with Store.open(path, clock=SystemClock()) as store, store.write_transaction() as now:
                assert now.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
                found = found_in(now)
            assert ledger.find_losses(found) == []
            ledger.resolve_pending(found)
        rows += len(ledger.known)
    assert rows > 5 * KILLS, "the processes wrote too little before the kill"


def test_ledger_reports_changed_and_missing_rows(tmp_path: Path) -> None:
    """So the crash tests can fail."""
    ledger = Ledger()
    with Store.open(tmp_path / "station.db", clock=SystemClock()) as store:
        person = store.add_person("Ann")
        ledger.acknowledge("people", person.id, name="Ann")
        with store.write_transaction() as now:
            assert ledger.find_losses(found_in(now)) == []
        store.rename_person(person.id, "Bea")
        with store.write_transaction() as now:
            assert len(ledger.find_losses(found_in(now))) == 1
            now.execute(text("DELETE FROM people"))
            assert ledger.find_losses(found_in(now)) == [f"('people', '{person.id}') is gone"]
