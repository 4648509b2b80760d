"""How punctual the buzzer is: the player's thread in real time, on the emulated pin.

The figure is the delay of each edge, from its planned to its actual pin change. A cue's plan starts at the time of its
fact, so the delay includes the way from the fact to the player's thread. `jitter_of` compares any station's buzzer pin
with the record of its player, so the bench of the whole station uses the same arithmetic.

`python -m tests.bench.cues` prints the percentiles, with and without other busy threads.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from threading import Event, Thread

from station.clock import SystemClock
from station.core.events import SECOND_US
from station.core.facts import Cue, CueEnded, CueName
from station.core.sound.cues import Volume
from station.devices.buzzer import PiezoBuzzer
from station.devices.cue_player import CuePlayer, PlayedEdge
from station.devices.pacer import DeadlineThread
from station.simulator.pins import SimulatedPinFactory

PIN = 18
RESONANCE_HZ = 2_300
PART_US = SECOND_US
"""One cue a second, as in the busiest parts of a hold."""

CUES_PLAYED = (CueName.COUNT, CueName.GO, CueName.NO, CueName.YES, CueName.HEEL_UP, CueName.HOLD_DONE)


def jitter_of(edges: Iterable[PlayedEdge]) -> list[int]:
    """How late each edge was, in µs, smallest first."""
    return sorted(edge.actual_us - edge.planned_us for edge in edges)


def percentile(sorted_us: list[int], share: float) -> int:
    """The quantile of this share."""
    return sorted_us[min(len(sorted_us) - 1, int(share * len(sorted_us)))]


def play_for(seconds: int, *, busy_threads: int = 0) -> list[PlayedEdge]:
    """Play a cue each second through thread, driver and pin, beside this many busy threads."""
    clock = SystemClock()
    faults: list[Exception] = []
    buzzer = PiezoBuzzer(PIN, RESONANCE_HZ, pin_factory=SimulatedPinFactory(clock))
    player = CuePlayer(buzzer, clock, faults.append, resonance_hz=RESONANCE_HZ)
    player.set_volume(Volume.NORMAL)
    pacer = DeadlineThread(player, clock, faults.append, name="buzzer")
    player.wake = pacer.wake
    with ExitStack() as stack:
        stack.callback(player.close)
        stack.callback(pacer.close)
        for _ in range(busy_threads):
            stack.enter_context(_Busy())
        pacer.start()
        _ask_for_cues(clock, player, seconds)
    if faults:
        raise faults[0]
    return player.played_edges()


def _ask_for_cues(clock: SystemClock, player: CuePlayer, seconds: int) -> None:
    begun_us = clock.now_us()
    for number in range(seconds):
        name = CUES_PLAYED[number % len(CUES_PLAYED)]
        _sleep_until(clock, begun_us + number * PART_US)
        player.play([Cue(clock.now_us(), name)])
        _sleep_until(clock, begun_us + number * PART_US + PART_US * 9 // 10)
        player.play([CueEnded(clock.now_us(), name)])
    _sleep_until(clock, begun_us + (seconds + 1) * PART_US)


def _sleep_until(clock: SystemClock, due_us: int) -> None:
    time.sleep(max(0, due_us - clock.now_us()) / SECOND_US)


class _Busy:
    """A busy thread, as when a page renders."""

    def __init__(self) -> None:
        self._over = Event()
        self._thread = Thread(target=self._compute)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _compute(self) -> None:
        while not self._over.is_set():
            sum(range(1_000))


def figures(seconds: int = 12) -> dict[str, dict[str, float | str]]:
    """The figure of the player on its own; the bench of the whole station measures it with the page open."""
    jitter_us = jitter_of(play_for(seconds))
    return {"cue_jitter_p99_ms": {"value": round(percentile(jitter_us, 0.99) / 1_000, 3), "unit": "ms"}}


def report() -> None:
    """Print how late edges are, with and without busy threads."""
    for busy_threads in (0, 2):
        jitter_us = jitter_of(play_for(12, busy_threads=busy_threads))
        late_us = {f"p{share * 100:g}": percentile(jitter_us, share) for share in (0.5, 0.9, 0.99)}
        late_us["worst"] = jitter_us[-1]
        figures_ms = ", ".join(f"{name} {us / 1_000:.2f} ms" for name, us in late_us.items())
        sys.stdout.write(f"{busy_threads} busy threads: {len(jitter_us)} edges, {figures_ms}\n")


if __name__ == "__main__":
    report()
