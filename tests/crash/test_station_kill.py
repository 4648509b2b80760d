"""SIGKILL at random moments for the whole station: loop, threads, drivers and store in a real process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from station.app.recording.holds import MAX_LOSS_US
from station.clock import SystemClock
from station.store import Store
from tests.crash.station_spawner import HOLD_US, LONG_US, ROOT

KILLS = 200
LONG_KILLS = 8
AT_ONCE = 8
HOLDS_SHOWN = (0, 0, 1, 2)
"""Holds completed before the kill: a busy machine takes longer, but loses no more."""
MOST_S = 0.3
"""The longest time from then to the kill: a little more than a short hold."""
LATE_US = 300_000
"""The delay of a busy machine in writing a finished second."""


def has_completed(line: str, holds: int) -> bool:
    """Whether the station that printed this line has completed this many holds, or is dead."""
    repetition = None if line == "gone\n" else json.loads(line)[2]
    return line == "gone\n" or holds == 0 or (isinstance(repetition, int) and repetition > holds)


class Spawner:
    """A process that starts one station after another."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.crash.station_spawner"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def close(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)

    def run_until_killed(self, path: Path, hold_us: int, life_s: float, holds: int = 0) -> list[list[object]]:
        """Run a station until it has shown this many completed holds, and then this much longer; returns what it
        showed.

        With a negative time it dies before it is ready.
        """
        give, take = self._process.stdin, self._process.stdout
        assert give is not None
        assert take is not None
        give.write(f"{hold_us} {path}\n")
        give.flush()
        pid = int(take.readline().removeprefix("pid "))
        shown = [take.readline()] if life_s > 0 else []
        while shown and not has_completed(shown[-1], holds):
            shown.append(take.readline())
        time.sleep(abs(life_s))
        os.kill(pid, signal.SIGKILL)
        shown += iter(take.readline, "gone\n")
        return [json.loads(line) for line in shown if line != "gone\n"]


@pytest.fixture
def spawners() -> Iterator[list[Spawner]]:
    with ExitStack() as undo:
        made = [Spawner() for _ in range(AT_ONCE)]
        for spawner in made:
            undo.callback(spawner.close)
        yield made


def run_lives(spawner: Spawner, path: Path, seed: int, kills: int) -> int:
    """Kill `kills` stations on one database; returns how many finished holds were acknowledged and found."""
    random, found, sessions = Random(seed), 0, set[str]()
    for _ in range(kills):
        life_s = random.uniform(-MOST_S / 3, MOST_S)
        shown = spawner.run_until_killed(path, HOLD_US, life_s, random.choice(HOLDS_SHOWN))
        with Store.open(path, clock=SystemClock()) as store:
            with store.write_transaction() as now:
                assert now.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
            for session_id, _, repetition, *_ in shown:
                if isinstance(session_id, str) and isinstance(repetition, int):
                    sessions.add(session_id)
            for session_id in sessions:
                assert store.session(session_id) is not None, "a session that was shown is gone"
            if shown and isinstance(shown[-1][0], str):
                done, repetition = store.session(shown[-1][0]), shown[-1][2]
                assert done is not None
                assert isinstance(repetition, int)
                finished = [hold for hold in done.holds if hold.state == "finished"]
                assert [hold.repetition for hold in finished][: repetition - 1] == list(range(1, repetition))
                assert all(hold.credited_us == HOLD_US for hold in finished)
                assert [hold.state for hold in done.holds[len(finished) :]] in ([], ["unfinished"])
                found += repetition - 1
    return found


def test_station_kill_loses_no_hold_that_was_shown(spawners: list[Spawner], tmp_path: Path) -> None:
    """After 200 kills every hold shown as done is stored exactly, and every database is intact."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = [
            pool.submit(run_lives, spawner, tmp_path / f"{number}.db", number, KILLS // AT_ONCE)
            for number, spawner in enumerate(spawners)
        ]
        assert sum(one.result() for one in begun) > KILLS // 2, "the stations held too little before the kill"


def test_station_kill_costs_at_most_five_seconds_of_a_hold(spawners: list[Spawner], tmp_path: Path) -> None:
    """A running hold is stored as unfinished, with everything shown except its last seconds."""

    def kill_once(number: int) -> None:
        path = tmp_path / f"{number}.db"
        shown = spawners[number % AT_ONCE].run_until_killed(path, LONG_US, 6.0 + number / 4)
        session_id, _, _, counted_us, _ = shown[-1]
        assert isinstance(session_id, str)
        assert isinstance(counted_us, int)
        with Store.open(path, clock=SystemClock()) as store:
            detail = store.session(session_id)
            assert detail is not None
            (hold,) = detail.holds
            assert hold.state == "unfinished"
            assert counted_us - MAX_LOSS_US - LATE_US <= hold.credited_us <= counted_us + LATE_US
            assert detail.session.end_reason == "cut off"

    for begin in range(0, LONG_KILLS, AT_ONCE):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(kill_once, range(begin, begin + AT_ONCE)))
