"""Server time for the progress page of ten years of daily tests of both sides: 7,300 results.

As in a running station, the templates are compiled, since the page without tests is loaded first, and the objects from
startup are frozen for the garbage collector. None of the history is cached: the database is reopened and the
application rebuilt each time.
"""

from __future__ import annotations

import gc
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from station.clock import SystemClock
from station.store import Reader, Store
from tests.bench.unit import unit_s
from tests.paired_browsers import client_with, pair_browser
from tests.web.double import StationDouble
from tests.web.years import add_years_of_tests
from web.app import create_app
from web.context import NOBODY, PERSON_COOKIE

DAYS = 3_650
TIMES = 7
ADDRESS = "/progress?range=all"
"""The range with the most to draw."""


def page_s(path: Path, token: str) -> float:
    """Seconds from the request to the whole page, compressed."""
    with Reader.open(path) as reader:
        client = client_with(create_app(StationDouble(), reader), token)
        client.set_cookie(PERSON_COOKIE, NOBODY)
        assert client.get(ADDRESS).status_code == 200
        client.delete_cookie(PERSON_COOKIE)
        begun = time.perf_counter()
        answer = client.get(ADDRESS, headers={"Accept-Encoding": "gzip"})
        took_s = time.perf_counter() - begun
    assert answer.status_code == 200
    return took_s


def figures() -> dict[str, dict[str, float | str]]:
    """The figure of this module: the median of some loads."""
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "station.db"
        with Store.open(path, clock=SystemClock()) as store:
            token = pair_browser(store, person_id=add_years_of_tests(store, DAYS).id)
        gc.collect()
        gc.freeze()
        took_s = median(page_s(path, token) for _ in range(TIMES))
        gc.unfreeze()
    return {
        "progress_ten_years_ms": {"value": round(1000 * took_s, 1), "unit": "ms"},
        "progress_ten_years_in_units": {"value": round(took_s / unit_s(), 2), "unit": "units"},
    }
