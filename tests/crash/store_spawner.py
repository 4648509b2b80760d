"""A process with everything imported that forks children, each writing sessions until it is killed.

For each line `SEED PATH` on its input it forks a child, which prints `pid N` and then its ledger: a line for each
announced and each acknowledged write. When the child is dead, the spawner prints `gone`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from random import Random

from station.clock import SystemClock
from station.store import Store
from tests.crash.ledger import Ledger
from tests.crash.sessions import Sessions


def write_line(line: str) -> None:
    """Print in one unbuffered write, so that the line arrives even if the process is killed next."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def child(seed: int, path: Path) -> None:
    write_line(f"pid {os.getpid()}")
    store = Store.open(path, clock=SystemClock())
    sessions = Sessions(store, Ledger(write_line), Random(seed))
    while True:
        sessions.write_session()


def main() -> None:
    for line in sys.stdin:
        seed, path = line.split(maxsplit=1)
        pid = os.fork()
        if pid == 0:
            child(int(seed), Path(path.strip()))
        os.waitpid(pid, 0)
        write_line("gone")


if __name__ == "__main__":
    main()
