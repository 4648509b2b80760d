"""How much of one core the station uses with an empty board: the board's and the page's process together.

The simulated board is part of the process here; a real one costs less.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from station.app.loop import REST_US
from station.core.events import SECOND_US
from tests.bench.memory import processes
from tests.bench.start import BOUND_S, first_answer_s, free_port, start

SETTLE_S = 2 * REST_US / SECOND_US
"""After half of it the board rests, and everything loaded after the first page is loaded."""
SPAN_S = 20.0


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def figures() -> dict[str, dict[str, float | str]]:
    """The figure of this module."""
    with TemporaryDirectory() as scratch:
        port = free_port()
        process = start(Path(scratch), port)
        try:
            first_answer_s(port, time.monotonic())
            time.sleep(SETTLE_S)
            both = processes(process.pid)
            began_s, began_cpu_s = time.monotonic(), sum(map(cpu_s, both))
            time.sleep(SPAN_S)
            share = (sum(map(cpu_s, both)) - began_cpu_s) / (time.monotonic() - began_s)
        finally:
            process.terminate()
            process.wait(BOUND_S)
    return {"idle_cpu_percent": {"value": round(100 * share, 2), "unit": "% of a core"}}
