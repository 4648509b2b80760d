"""From the start of the process to a page that answers and a first reading."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

RUNS = 5
BOUND_S = 30.0


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(directory: Path, port: int) -> subprocess.Popen[bytes]:
    """`station run` on a simulated board, as a process of its own."""
    config = directory / "station.toml"
    config.write_text(
        f'[board]\nsimulated = true\n[page]\nport = {port}\n[store]\npath = "{directory / "station.db"}"\n'
    )
    program = Path(sys.executable).with_name("station")
    return subprocess.Popen(
        [program, "run", "--config", config], env=os.environ | {"PYTHONUNBUFFERED": "1"}, stdout=subprocess.DEVNULL
    )


def first_answer_s(port: int, began: float) -> float:
    """Seconds from `began` until the page answers with a toe distance."""
    while time.monotonic() - began < BOUND_S:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/status.json", timeout=1) as answer:
                if "from the toes" in json.load(answer)["parts"]["distance"]:
                    return time.monotonic() - began
        except OSError:
            pass
        time.sleep(0.005)
    raise TimeoutError(f"no reading on the page within {BOUND_S:g} s")


def once() -> float:
    with TemporaryDirectory() as scratch:
        port = free_port()
        began = time.monotonic()
        process = start(Path(scratch), port)
        try:
            return first_answer_s(port, began)
        finally:
            process.terminate()
            process.wait(BOUND_S)


def figures() -> dict[str, dict[str, float | str]]:
    """The figure of this module."""
    once()
    return {"cold_start_s": {"value": round(median(once() for _ in range(RUNS)), 2), "unit": "s"}}
