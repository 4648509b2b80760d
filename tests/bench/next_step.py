"""How soon the page shows the next instruction after the heel event that causes it, in real time.

A heel is moved in the simulated world, below every driver, so its true times are known; they are compared with the
first state of the page's stream that has the next instruction. Three instructions follow a heel at once: READY for a
person who steps on, READY for a person who returns from a pause, and READY on the new side. 80 ms of each are
debouncing. `python -m tests.bench.next_step` prints all three.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, cast

from station.core.events import SECOND_US, CommandName, Side
from station.core.steps import HoldStep
from station.simulator.board import SimulatedBoard
from station.system.service import Service
from tests.bench.cues import percentile
from tests.bench.live_station import STANDING_N, STILL_S, now_us, running
from tests.bench.station import BOUND_S, POLL_S

ROUNDS = 12
LEARN_S = 6.0
"""How long the person stands first, so that both heels have their standing load."""
EMPTY_S = 0.4
"""An empty board is settled after 80 ms, and shown soon afterwards."""
OFF_S = 1.2
"""A heel up for this long counts as a change of sides."""
STEPS = (HoldStep(hold_us=SECOND_US, repetitions=1, prepare_us=3 * SECOND_US),)
Seen = list[tuple[int, dict[str, Any]]]
"""The states of the stream with their arrival times."""


@contextmanager
def streamed(port: int) -> Iterator[Seen]:
    """The states that the stream delivers to an open page, without a browser."""
    seen: Seen = []
    answer = urllib.request.urlopen(f"http://localhost:{port}/events")

    def read() -> None:
        for line in answer:
            if line.startswith(b"data: ") and b'"view":' in line:
                seen.append((now_us(), json.loads(line[6:])["view"]))

    thread = Thread(target=read, name="page")
    thread.start()
    try:
        yield seen
    finally:
        while not answer.closed and thread.is_alive():
            cast(Any, answer).fp.raw._sock.shutdown(2)
            thread.join(1.0)
        answer.close()


class Steps:
    """A person whose heels the bench moves, and the states that the page showed."""

    def __init__(self, service: Service, seen: Seen) -> None:
        self.station = service.station
        self._world = cast(SimulatedBoard, service.station.board).world
        self._seen = seen

    def press(self, side: Side, down: bool) -> int:
        """Lower or lift a heel now, and return the time in µs."""
        at_us = now_us()
        self._world.press(side, STANDING_N if down else 0.0, at_us, 0)
        return at_us

    def step_off(self) -> None:
        """Step off for a moment."""
        for side in Side:
            self.press(side, down=False)
        time.sleep(EMPTY_S)

    def until(self, condition: Callable[[dict[str, Any]], bool], from_us: int = 0) -> int:
        """Wait for the first matching state since `from_us`, and return its time."""
        end_s = time.monotonic() + BOUND_S
        while time.monotonic() < end_s:
            for at_us, now in self._seen:
                if at_us > from_us and condition(now):
                    return at_us
            time.sleep(POLL_S)
        raise TimeoutError(f"the page has not shown it within {BOUND_S:g} s: {self._seen[-1]}")

    def until_ready(self, side: Side, from_us: int) -> int:
        """The time from `from_us` until READY for this side."""
        return self.until(lambda now: (now["phase"], now["side"]) == ("prepare", side), from_us) - from_us

    def stepping_on(self) -> int:
        """A routine waits, and the person steps on."""
        self.station.start(STEPS, None)
        self.until(lambda now: now["phase"] == "wait", now_us())
        return self.until_ready(Side.LEFT, self.press(Side.LEFT, down=True))

    def coming_back(self) -> int:
        """A person who paused and stepped off steps on again."""
        self.station.command(CommandName.PAUSE)
        self.step_off()
        return self.until_ready(Side.LEFT, self.press(Side.LEFT, down=True))

    def changing_sides(self) -> int:
        """After the left hold the left heel rises, and the right one comes down."""
        self.station.command(CommandName.NEXT)
        self.until(lambda now: now["phase"] == "switch", now_us())
        self.press(Side.LEFT, down=False)
        time.sleep(OFF_S)
        return self.until_ready(Side.RIGHT, self.press(Side.RIGHT, down=True))


def run() -> dict[str, list[int]]:
    """All measured times, in µs, smallest first."""
    found: dict[str, list[int]] = {"stepping on": [], "coming back": [], "changing sides": []}
    with TemporaryDirectory() as scratch, running(Path(scratch)) as service:
        assert service.page is not None
        with streamed(service.page.port) as seen:
            steps = Steps(service, seen)
            time.sleep(STILL_S)
            for side in Side:
                steps.press(side, down=True)
            time.sleep(LEARN_S)
            for number in range(1, ROUNDS + 1):
                steps.step_off()
                found["stepping on"].append(steps.stepping_on())
                found["coming back"].append(steps.coming_back())
                found["changing sides"].append(steps.changing_sides())
                steps.station.command(CommandName.STOP)
                sys.stderr.write(f"\r  round {number} of {ROUNDS}")
                sys.stderr.flush()
            sys.stderr.write("\r")
    return {name: sorted(values) for name, values in found.items()}


def figures() -> dict[str, dict[str, float | str]]:
    """The figure of this module, over all three."""
    late_us = sorted(value for values in run().values() for value in values)
    return {"next_step_ms": {"value": round(percentile(late_us, 0.99) / 1000, 1), "unit": "ms"}}


def report() -> None:
    """Print the whole distribution of each."""
    for name, values in run().items():
        late = ", ".join(f"p{share * 100:g} {percentile(values, share) / 1000:.1f}" for share in (0.5, 0.9, 0.99))
        sys.stdout.write(f"{name}: {len(values)} values, {late} ms\n")


if __name__ == "__main__":
    report()
