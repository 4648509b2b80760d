"""A process with everything imported that forks stations, each running in real time until it is killed.

For each line `PATH` on its input it forks a child: the service with its loop, threads, drivers and the simulated board
with comparators, a person standing on it, and holds in quick succession. The child prints what a page shows as lines of
JSON: the phase, the repetition, the credited time and the newest cue with its number. When the child is dead, the
process prints `gone`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from station.config import parse
from station.core.events import SECOND_US, Side
from station.core.steps import HoldStep
from station.system.service import Service
from station.system.simulate import simulated
from tests.station.states import AnyState

ROOT = Path(__file__).resolve().parents[2]
HOLD_US = SECOND_US // 5
LONG_US = 30 * SECOND_US
MANY = 50
WIRING = '[board]\nheels = "comparator"\nled = false\n'


def write_line(line: str) -> None:
    """Print in one unbuffered write, so that the line arrives even if the process is killed next."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def child(path: Path, hold_us: int) -> None:
    config = simulated(parse(f'{WIRING}[store]\npath = "{path}"\n', "crash.toml"))
    service = Service(config)
    station = service.open(page=False)
    station.change_settings({"quiet_from": "00:00", "quiet_to": "00:00", "on_step": "nothing"})

    def shown() -> None:
        seen = station.snapshot()
        cue, state = None if seen.cue is None else seen.cue.cue, AnyState(seen.state)
        write_line(json.dumps([seen.session_id, state.phase, state.repetition, state.counted_us, cue]))

    station.subscribe(shown)
    station.start((HoldStep((Side.LEFT,), hold_us, repetitions=MANY, rest_us=0, prepare_us=SECOND_US // 20),), None)
    assert station.board is not None
    station.board.act("step_on", "left")
    service.run()


def main() -> None:
    for line in sys.stdin:
        hold_us, path = line.split(maxsplit=1)
        pid = os.fork()
        if pid == 0:
            child(Path(path.strip()), int(hold_us))
        write_line(f"pid {pid}")
        os.waitpid(pid, 0)
        write_line("gone")


if __name__ == "__main__":
    main()
