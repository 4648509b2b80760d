"""The cost of the page: memory of both processes after a session, and bytes of the first load.

`station run` has its own process here, on a simulated board, so its memory includes the emulated sensor and the
simulated person; a Raspberry Pi has the pin backend instead.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.memory import memory_mb
from tests.bench.start import first_answer_s, free_port, start
from tests.browser import PHONE, Browser, open_browser
from tests.visitors import Visitor

END_S = 10.0
SESSION_S = 90.0
"""A deadline for both sides of one short stretch."""
LOADED_S = 10.0
SHORT = "hold_s=5&repetitions=1&rest_s=0&prepare_s=3&volume=normal&quiet_from=00:00&quiet_to=00:00"
CHANGE = "return fetch('/settings', {method: 'POST', body: new URLSearchParams(arguments[0])}).then(one => one.ok)"
PAGES = ("/", "/history", "/settings", "/sounds", "/status", "/about", "/board", "/api/v1/status")
FETCH = "return fetch(arguments[0]).then(one => one.ok)"
KB = 1_000


@contextmanager
def running() -> Iterator[tuple[int, str]]:
    """A station as a process: its process id and its address."""
    with TemporaryDirectory() as scratch:
        port = free_port()
        process = start(Path(scratch), port)
        try:
            first_answer_s(port, time.monotonic())
            yield process.pid, f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(END_S)


def load_bytes(browser: Browser) -> int:
    """Bytes over the wire since the last call, open streams included."""
    return sum(_bytes(json.loads(line["message"])["message"]) for line in browser.log("performance"))


def _bytes(event: dict[str, Any]) -> int:
    """The headers come with the response, the body in `dataReceived`."""
    given = event["params"]
    if event["method"] == "Network.responseReceived":
        return int(given["response"]["encodedDataLength"])
    if event["method"] == "Network.dataReceived":
        return int(given["encodedDataLength"])
    return 0


def first_load_bytes(browser: Browser, address: str) -> int:
    """The bytes of the live page with everything it loads, and the first states of its stream."""
    browser.open(f"{address}/live")
    is_loaded = (
        "return document.getElementById('stage').dataset.digits && performance.getEntriesByType('resource').length"
    )
    browser.wait_until(lambda: browser.run(is_loaded), "the stream arrives", LOADED_S)
    browser.wait_until(
        lambda: browser.run("return performance.getEntriesByName(location.origin + '/api/v1/sounds').length"),
        "the sounds are loaded",
        LOADED_S,
    )
    return load_bytes(browser)


def run_session(browser: Browser, address: str) -> None:
    """Have the simulated person do one short stretch of both sides, shown on the page, and load every page."""
    visitor = Visitor(browser, address)
    visitor.open("/live")
    browser.run(CHANGE, SHORT)
    visitor.click_button("Stretch for me")
    visitor.wait_for("DONE", bound_s=SESSION_S)
    for page in PAGES:
        assert browser.run(FETCH, page), page
    visitor.open("/history")
    browser.click("main .link-list a")
    visitor.open("/live")


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    with running() as (process, address), open_browser(network=True) as browser:
        browser.emulate(PHONE)
        loaded = first_load_bytes(browser, address)
        run_session(browser, address)
        board_mb, *page_mb = memory_mb(process)
    return {
        "memory_mb": {"value": round(board_mb, 1), "unit": "MB"},
        "page_memory_mb": {"value": round(sum(page_mb), 1), "unit": "MB"},
        "first_load_kb": {"value": round(loaded / KB, 1), "unit": "kB"},
    }
