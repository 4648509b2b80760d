"""A hold while eight clients load the heaviest pages and downloads without a pause, with ten years of daily data
stored.

Each client gets the history, the progress, a long session's bundle and the table of results in turn. Before that, one
client gets only the history, for the figure of requests a second, and then only bundles, for the memory they retain.
`python -m tests.bench.heavy` prints everything.
"""

from __future__ import annotations

import json
import sys
import time
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from sqlalchemy import insert

from station.clock import SystemClock
from station.store import Store
from station.store.schema import trace_chunks
from station.store.traces import compress_rows
from station.system.simulate import answer_no_to_all
from station.version import APP_VERSION, RULE_VERSION
from tests.bench.cues import percentile
from tests.bench.held_station import held
from tests.bench.load import Clients
from tests.bench.unit import unit_s
from tests.web.years import add_years_of_tests

DAYS, HOLDS_A_DAY = 3_650, 6
SAMPLES_A_SECOND, SESSION_S, CHUNK_S = 200, 900, 10
"""A long session with both heels' force sensors."""
ALONE_S, FLOOD_S, BUNDLES_S, LOADED_S, WARM_S = 15.0, 10.0, 10.0, 60.0, 2.0
SETTLED_S = 2.0


class Loaded(NamedTuple):
    """The edges' delays in µs, without and under load; answers a second to a flood of `/history`; the memory in MB
    before and after bundles; what the clients did.
    """

    alone_us: list[int]
    loaded_us: list[int]
    history_per_s: float
    before_mb: float
    after_mb: float
    clients: dict[str, Any]


def add_trace(store: Store, run_id: str) -> None:
    """Give a run the trace of a long session."""
    random, at_us = Random(1), 0
    versions = {"app_version": APP_VERSION, "rule_version": RULE_VERSION}
    with store.write_transaction() as now:
        for number in range(SESSION_S // CHUNK_S):
            lines = []
            for _ in range(SAMPLES_A_SECOND * CHUNK_S):
                at_us += 1_000_000 // SAMPLES_A_SECOND
                lines.append(f"{at_us},load,left,{random.random():.5f},,\n")
            row = {"run_id": run_id, "number": number, "rows": compress_rows("".join(lines))}
            now.execute(insert(trace_chunks), row | versions)


@cache
def run() -> Loaded:
    """Fill a database, and play holds without load, then under each load."""
    with TemporaryDirectory() as scratch:
        with Store.open(Path(scratch) / "station.db", clock=SystemClock()) as store:
            person = add_years_of_tests(store, DAYS, holds_a_day=HOLDS_A_DAY)
            answer_no_to_all(store, person.id)
            newest = store.sessions(person.id, limit=1)[0].id
            add_trace(store, newest)
        bundle = f"/sessions/{newest}/bundle.zip"
        with held(Path(scratch)) as station:
            cookie = station.pair_browser()
            time.sleep(ALONE_S)
            alone_us = station.jitter_us()
            for address in ("/history", "/progress", "/history.csv"):
                Clients("probe", station.port, WARM_S, (address,), cookie).result()
            flood = Clients("heavy", station.port, FLOOD_S, ("/history",), cookie).result()
            before_mb = sum(station.memory_mb())
            bundles = Clients("heavy", station.port, BUNDLES_S, (bundle,), cookie).result()
            time.sleep(SETTLED_S)
            after_mb = sum(station.memory_mb())
            addresses = ("/history", "/progress?range=all", bundle, "/history.csv")
            heavy = Clients("heavy", station.port, LOADED_S, addresses, cookie)
            time.sleep(WARM_S)
            station.jitter_us()
            time.sleep(LOADED_S - WARM_S - 1)
            loaded_us = station.jitter_us()
            clients = {"history": flood["counts"], "bundles": bundles["counts"], "heavy": heavy.result()["counts"]}
    per_s = flood["counts"].get("200 /history", 0) / FLOOD_S
    return Loaded(alone_us, loaded_us, per_s, before_mb, after_mb, clients)


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    found = run()
    return {
        "heavy_8_jitter_p99_ms": {"value": round(percentile(found.loaded_us, 0.99) / 1000, 2), "unit": "ms"},
        "history_per_unit": {"value": round(found.history_per_s * unit_s(), 2), "unit": "answers a unit"},
        "bundle_left_mb": {"value": round(found.after_mb - found.before_mb, 1), "unit": "MB"},
    }


def report() -> None:
    """Print everything that was measured."""
    found = run()
    for name, edges_us in (("alone", found.alone_us), ("under load", found.loaded_us)):
        late = ", ".join(f"p{share * 100:g} {percentile(edges_us, share) / 1000:.2f} ms" for share in (0.5, 0.9, 0.99))
        sys.stdout.write(f"{name}: {len(edges_us)} edges, {late}, worst {edges_us[-1] / 1000:.2f} ms\n")
    sys.stdout.write(f"/history: {found.history_per_s:.1f} a second\n")
    sys.stdout.write(f"memory: {found.before_mb:.1f} MB, after bundles {found.after_mb:.1f} MB\n")
    for kind, counts in found.clients.items():
        sys.stdout.write(f"{kind}: {json.dumps(counts)}\n")


if __name__ == "__main__":
    report()
