"""A station in its own process, on which an emulated person holds endlessly while others load its page.

`python -m tests.bench.held_station DIRECTORY` opens the station on the database there, starts holds, and answers each
input line with a line of JSON: how late each edge of the buzzer has been since the last line, in µs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from station.core.events import SECOND_US, Side
from station.core.steps import HoldStep
from station.simulator.board import SimulatedBoard
from station.system.page_child import FEW_ARENAS
from tests.bench.cues import jitter_of
from tests.bench.live_station import STANDING_N, STILL_S, now_us, running
from tests.bench.memory import memory_mb

HOLD_US, REST_US, PREPARE_US = 4 * SECOND_US, SECOND_US, 2 * SECOND_US
ENDLESS = 50
SETTLE_S = 2.0


class HeldStation:
    """The station's process, as controlled by the bench."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.port: int = self._read()["port"]

    def _read(self) -> dict[str, int]:
        assert self._process.stdout is not None
        found: dict[str, int] = json.loads(self._process.stdout.readline())
        return found

    def pair_browser(self) -> str:
        """Visit the page, and return the cookie: on a simulated board the first browser is let in."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/more") as answer:
            return str(answer.headers["Set-Cookie"]).partition(";")[0]

    def jitter_us(self) -> list[int]:
        """How late each edge since the last call was, in µs, smallest first."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: list[int] = json.loads(self._process.stdout.readline())
        return found

    def memory_mb(self) -> list[float]:
        """The memory in MB of the board's process, then of each process that it has started."""
        return memory_mb(self._process.pid)


@contextmanager
def held(directory: Path) -> Iterator[HeldStation]:
    """A station in a hold until the end of the block."""
    command = (sys.executable, "-m", "tests.bench.held_station", str(directory))
    environment = FEW_ARENAS | os.environ  # as in the unit of the board's service
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield HeldStation(process)
        assert process.stdin is not None
        process.stdin.close()


def main() -> None:
    with running(Path(sys.argv[1])) as service:
        assert service.page is not None
        assert service.devices is not None
        assert service.devices.player is not None
        world = cast(SimulatedBoard, service.station.board).world
        time.sleep(STILL_S)
        world.press(Side.LEFT, STANDING_N, now_us(), 0)
        steps = HoldStep((Side.LEFT,), hold_us=HOLD_US, repetitions=ENDLESS, rest_us=REST_US, prepare_us=PREPARE_US)
        service.station.start((steps,), None)
        time.sleep(SETTLE_S)
        begun_us = now_us()
        sys.stdout.write(json.dumps({"port": service.page.port}) + "\n")
        sys.stdout.flush()
        for _line in sys.stdin:
            edges = [edge for edge in service.devices.player.played_edges() if edge.planned_us >= begun_us]
            begun_us = now_us()
            sys.stdout.write(json.dumps(jitter_of(edges)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
