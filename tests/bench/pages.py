"""The time to the first byte of every page with ten years of daily use, relative to a minimal Flask page.

The station's own server serves both in one run on one machine, so the ratio does not depend on the machine. The figure
is the slowest page's; each is requested several times as by a browser, and its median counts.
"""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import cast

from flask import Flask

from station.app.access.roles import ACCESS_COOKIE
from station.clock import SystemClock
from station.config import Config, PageConfig
from station.store import Store
from station.store.records import Person
from tests.paired_browsers import pair_browser
from tests.web.double import StationDouble
from tests.web.years import add_years_of_tests
from web.api.problems import PREFIX
from web.app import create_app
from web.server.hosts import AllowedHosts
from web.server.http import DeadlineProtocol, Server, open_page
from web.server.listeners import Listener, listen
from web.server.request_guard import Application, RequestGuard
from web.server.stream import Stream
from web.server.threads import Threads

DAYS = 3_650
HOLDS_A_DAY = 6
TIMES = 15
BOUND_S = 30.0
DOWNLOADS = (".csv", ".json", ".zip", ".ics")
"""Files to download, not pages."""
ALL_RANGE = "/progress?range=all"
"""The range with the most to draw."""
REPORT = "/report"
ROSTER, ROSTER_PEOPLE = "/people?q=client", 500
"""The search that finds everybody of a clinic."""


def addresses(store: Store, person: Person) -> list[str]:
    """Every page with an address of its own, and the newest session."""
    rules = create_app(StationDouble(store), store).url_map.iter_rules()
    found = {rule.rule for rule in rules if "GET" in (rule.methods or ()) and not rule.arguments}
    newest = store.sessions(person.id, limit=1)[0]
    pages = sorted(one for one in found if not one.endswith(DOWNLOADS) and not one.startswith(PREFIX))
    return [*pages, ALL_RANGE, f"/sessions/{newest.id}"]


def minimal() -> Flask:
    """A minimal Flask application."""
    app = Flask("minimal")

    @app.get("/")
    def page() -> str:
        return "<!doctype html><title>Minimal</title><p>Hello"

    return app


@contextmanager
def served(server: Server) -> Iterator[int]:
    """Run a server; yields its port."""
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def minimal_server(store: Store) -> Server:
    """The minimal page behind the station's own server."""
    station, threads = StationDouble(), Threads(minimal(), SystemClock())
    stream, names = Stream(station, store, SystemClock()), AllowedHosts(frozenset({"localhost"}), loopback_only=True)
    front = RequestGuard(names, stream, cast(Application, threads))
    return Server(front, stream, threads, [Listener(listen(PageConfig(port=0)))], DeadlineProtocol)


def first_byte_s(port: int, address: str, token: str) -> float:
    """Seconds from the connection to the first line of the answer."""
    headers = {"Accept-Encoding": "gzip", "Cookie": f"{ACCESS_COOKIE}={token}"}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND_S)) as page:
        begun = time.perf_counter()
        page.request("GET", address, headers=headers)
        answer = page.getresponse()
        took_s = time.perf_counter() - begun
        answer.read()
    assert answer.status in (200, 404), (address, answer.status)
    return took_s


def measure(scratch: Path) -> tuple[float, dict[str, float]]:
    """Seconds to the first byte of the minimal page, and of each page of the station once it is warm."""
    with Store.open(scratch / "station.db", clock=SystemClock()) as store:
        person = add_years_of_tests(store, DAYS, holds_a_day=HOLDS_A_DAY)
        config, token = Config(page=PageConfig(port=0)), pair_browser(store, person_id=person.id)
        with served(minimal_server(store)) as plain, served(open_page(StationDouble(store), store, config)) as ours:
            took_s: dict[str, list[float]] = {address: [] for address in addresses(store, person)}
            plain_s: list[float] = []
            for turn in range(TIMES + 1):
                for address, each in took_s.items():
                    plain_s.append(first_byte_s(plain, "/", token))
                    one_s = first_byte_s(ours, address, token)
                    each.extend([one_s] if turn else [])
    return median(plain_s), {address: median(each) for address, each in took_s.items()}


def roster_ratio(scratch: Path) -> float:
    """The time to the first byte of a clinic's roster, over that of the minimal page; everybody has consented."""
    with Store.open(scratch / "roster.db", clock=SystemClock()) as store:
        people = [store.add_person(f"Client {number:03}") for number in range(ROSTER_PEOPLE)]
        for person in people[1:]:
            store.agree_consent(people[0].id, person.id)
        config, token = Config(page=PageConfig(port=0)), pair_browser(store, person_id=people[0].id)
        with served(minimal_server(store)) as plain, served(open_page(StationDouble(store), store, config)) as ours:
            plain_s, ours_s = [], []
            for turn in range(TIMES + 1):
                plain_s.append(first_byte_s(plain, "/", token))
                one_s = first_byte_s(ours, ROSTER, token)
                ours_s.extend([one_s] if turn else [])
    return median(ours_s) / median(plain_s)


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    with TemporaryDirectory() as scratch:
        plain_s, ours_s = measure(Path(scratch))
        roster = roster_ratio(Path(scratch))
    address, slowest_s = max(ours_s.items(), key=lambda one: one[1])
    return {
        "slowest_page_ratio": {"value": round(slowest_s / plain_s, 1), "unit": f"x ({address})"},
        "roster_500_ratio": {"value": round(roster, 1), "unit": "x"},
        "report_ms": {"value": round(1000 * (ours_s[REPORT] - plain_s), 1), "unit": "ms"},
    }


if __name__ == "__main__":
    with TemporaryDirectory() as directory:
        plain, ours = measure(Path(directory))
    sys.stdout.write(f"{'minimal Flask':24} {plain * 1000:7.2f} ms\n")
    for where, seconds in sorted(ours.items(), key=lambda one: one[1]):
        sys.stdout.write(f"{where:24} {seconds * 1000:7.2f} ms {seconds / plain:6.1f}\n")
