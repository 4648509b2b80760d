"""The time from starting the process to a page with a first reading, and to the first page.

The ratio compares the station's first page with that of a minimal Flask application on the same server, both measured
here.
"""

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
    """Start `station run` on a simulated board, as a separate process."""
    config = directory / "station.toml"
    config.write_text(
        f'[board]\nsimulated = true\n[page]\nport = {port}\n[store]\npath = "{directory / "station.db"}"\n'
    )
    program = Path(sys.executable).with_name("station")
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installation has compiled modules after its first run
    return subprocess.Popen([program, "run", "--config", config], env=environment, stdout=subprocess.DEVNULL)


def first_answer_s(port: int, began: float) -> float:
    """Seconds from `began` until the page shows a toe distance, which it does to everybody."""
    while time.monotonic() - began < BOUND_S:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/events", timeout=BOUND_S) as stream:
                for line in stream:
                    if line.startswith(b"data: ") and json.loads(line[6:]).get("view", {}).get("toe_mm") is not None:
                        return time.monotonic() - began
        except OSError:
            time.sleep(0.005)
    raise TimeoutError(f"no reading on the page within {BOUND_S:g} s")


MINIMAL = """
import sys
import uvicorn
from a2wsgi import WSGIMiddleware
from flask import Flask

app = Flask(__name__)
app.get("/")(lambda: "<!doctype html><title>minimal</title>")
uvicorn.run(WSGIMiddleware(app), host="127.0.0.1", port=int(sys.argv[1]), log_level="critical", lifespan="off")
"""
"""The smallest application with the same libraries."""


def first_page_s(port: int, began: float) -> float:
    """Seconds from `began` until the address answers with a page."""
    while time.monotonic() - began < BOUND_S:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                answer.read()
                return time.monotonic() - began
        except OSError:
            time.sleep(0.002)
    raise TimeoutError(f"no page within {BOUND_S:g} s")


def station_page_s() -> float:
    """Seconds from the start of the station to its first page."""
    with TemporaryDirectory() as scratch:
        port = free_port()
        began = time.monotonic()
        process = start(Path(scratch), port)
        try:
            return first_page_s(port, began)
        finally:
            process.terminate()
            process.wait(BOUND_S)


def minimal_page_s() -> float:
    """Seconds from the start of the minimal application to its first page."""
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", MINIMAL, str(port)], stdout=subprocess.DEVNULL)
    try:
        return first_page_s(port, began)
    finally:
        process.terminate()
        process.wait(BOUND_S)


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
    """The figures of this module."""
    once(), minimal_page_s()
    pairs = [(station_page_s(), minimal_page_s()) for _ in range(RUNS)]
    ratio = median(station_s / minimal_s for station_s, minimal_s in pairs)
    return {
        "cold_start_s": {"value": round(median(once() for _ in range(RUNS)), 2), "unit": "s"},
        "cold_start_ratio": {"value": round(ratio, 2), "unit": "x"},
    }
