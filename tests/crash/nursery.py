"""A process that has everything imported and makes children that write sittings until they are killed.

For each line `SEED PATH` on its input it forks a child, which prints `pid N`, then its ledger, a line for each write
that comes and each that the store acknowledged; when the child is dead the nursery prints `gone`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from random import Random

from station.clock import SystemClock
from station.store import Store
from tests.crash.ledger import Ledger
from tests.crash.sittings import Sittings


def say(line: str) -> None:
    """In one write, past any buffer: what was said is said, whatever happens next."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def child(seed: int, path: Path) -> None:
    say(f"pid {os.getpid()}")
    store = Store.open(path, clock=SystemClock())
    sittings = Sittings(store, Ledger(say), Random(seed))
    while True:
        sittings.one()


def main() -> None:
    for line in sys.stdin:
        seed, path = line.split(maxsplit=1)
        pid = os.fork()
        if pid == 0:
            child(int(seed), Path(path.strip()))
        os.waitpid(pid, 0)
        say("gone")


if __name__ == "__main__":
    main()
