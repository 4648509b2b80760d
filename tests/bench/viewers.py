"""A hold while 64 people watch the live page and 1,200 hostile connections do their worst.

The cue jitter is the delay of the player's edges, as in `cues.py`; the station first plays its holds without load, to
reveal a machine that is itself late. `python -m tests.bench.viewers` prints both, and what the clients did.
"""

from __future__ import annotations

import json
import sys
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tests.bench.cues import percentile
from tests.bench.held_station import held
from tests.bench.load import Clients

ALONE_S, LOADED_S = 20.0, 60.0
WARM_S = 4.0
"""How long the clients connect before edges count."""


class Loaded(NamedTuple):
    """The station without and under load: the edges' delays in µs, its memory in MB, and what the clients did."""

    alone_us: list[int]
    loaded_us: list[int]
    memory_mb: list[float]
    clients: dict[str, dict[str, Any]]


@cache
def run() -> Loaded:
    """Play holds without load, then under it."""
    with TemporaryDirectory() as scratch, held(Path(scratch)) as station:
        time.sleep(ALONE_S)
        alone_us = station.jitter_us()
        cookie = station.pair_browser()
        kinds = {
            kind: Clients(kind, station.port, LOADED_S, cookie="" if kind == "hostile" else cookie)
            for kind in ("viewers", "hostile", "probe")
        }
        time.sleep(WARM_S)
        station.jitter_us()
        time.sleep(LOADED_S - WARM_S - 1)
        loaded_us, memory_mb = station.jitter_us(), station.memory_mb()
        return Loaded(alone_us, loaded_us, memory_mb, {kind: load.result() for kind, load in kinds.items()})


def p95_ms(seconds: list[float]) -> float:
    """The 95th percentile of these times, sorted, in ms."""
    return 1000 * seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    found = run()
    return {
        "viewers_64_jitter_p99_ms": {"value": round(percentile(found.loaded_us, 0.99) / 1000, 2), "unit": "ms"},
        "hostile_p95_ms": {"value": round(p95_ms(found.clients["probe"]["took_s"]), 1), "unit": "ms"},
        "hostile_memory_mb": {"value": round(sum(found.memory_mb), 1), "unit": "MB"},
    }


def report() -> None:
    """Print everything that was measured."""
    found = run()
    for name, edges_us in (("alone", found.alone_us), ("under load", found.loaded_us)):
        late = ", ".join(f"p{share * 100:g} {percentile(edges_us, share) / 1000:.2f} ms" for share in (0.5, 0.9, 0.99))
        sys.stdout.write(f"{name}: {len(edges_us)} edges, {late}, worst {edges_us[-1] / 1000:.2f} ms\n")
    sys.stdout.write(f"memory: {', '.join(f'{mb:.1f}' for mb in found.memory_mb)} MB\n")
    for kind, done in found.clients.items():
        sys.stdout.write(f"{kind}: {json.dumps(done['counts'])}\n")
    sys.stdout.write(f"GET /: p95 {p95_ms(found.clients['probe']['took_s']):.0f} ms\n")


if __name__ == "__main__":
    report()
