"""How much faster than real time a simulated session runs on one core, with drivers, loop, rules, store and person.

One whole session with the defaults: two analogue heels at 100 Hz, about 30 readings a second, a quick test of both
sides and three stretches per side. Processor time counts from stepping on to leaving, without the jumps between
sessions. `python -m tests.bench.simulate` prints the figure.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from station.app.starting.routines import routine_called
from station.config import Config
from station.core.events import SECOND_US
from station.system.simulate import EMPTY_S, MIDNIGHT, VirtualStation, simulated
from tests.bench.unit import unit_s

RUNS = 2


def session(database: Path) -> tuple[float, float]:
    """Simulated seconds, and processor seconds, of one session."""
    with VirtualStation(simulated(Config()), database) as station:
        station.station.change_settings({"quiet_from": MIDNIGHT, "quiet_to": MIDNIGHT})
        station.live(EMPTY_S)
        routine = routine_called("test_and_stretch", station.store.settings())
        began_us, began_s = station.clock.now_us(), time.process_time()
        station.run_session(routine, None)
        return (station.clock.now_us() - began_us) / SECOND_US, time.process_time() - began_s


def figures() -> dict[str, dict[str, Any]]:
    """Simulated seconds per second and per unit of work, the better of two runs."""
    with tempfile.TemporaryDirectory(prefix="station-bench-") as scratch:
        lived = [session(Path(scratch) / f"{run}.db") for run in range(RUNS)]
    speed = max(life_s / took_s for life_s, took_s in lived)
    return {
        "simulate_speed": {"value": round(speed, 1), "unit": "s/s"},
        "simulate_speed_in_units": {"value": round(speed * unit_s(), 2), "unit": "s/unit"},
    }


if __name__ == "__main__":
    sys.stdout.write(f"{figures()}\n")
