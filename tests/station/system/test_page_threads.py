"""A thread of the page's process that hangs or dies."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest

from station.app.page_error import PageError
from station.config import parse
from station.store.reading.following import FollowingReader
from station.system.page_process import _connect, _serve_until, open_page, supervisor_of
from station.system.supervisor import ASK_US, HANG_US
from station.wire.page_side import RemoteStation
from tests.station.process import BOUND_S, wait_until
from tests.station.system.watch_rig import THREADS_END, AheadClock, Watch, manager, raise_exit, thread_named, watch
from web.server.threads import THREADS as THREADS_OF_PAGES
from web.server.workers import LONGEST_US

__all__ = ["manager", "watch"]
pytestmark = THREADS_END
PAGE_THREADS = ["board", "page", "pages"]


class PageWatch:
    """The page of a board, in this process, and what watches its threads."""

    def __init__(self, watch: Watch, tmp_path: Path) -> None:
        config = parse("[page]\nport = 0\n", "page.toml")
        self.clock = AheadClock()
        self.reader = FollowingReader(tmp_path / "watch.db")
        connect = partial(_connect, tmp_path / "page.sock")
        self.station = RemoteStation(connect, self.reader.follow, lambda: None, clock=self.clock)
        self.station.start()
        assert self.station.arrived.wait(BOUND_S)
        page = open_page(self.station.api, self.reader, config)
        assert page is not None
        self.page: Any = page
        self.page.start()
        self.supervisor = supervisor_of(self.station, self.page, self.clock)
        self._board = watch

    def get(self, address: str) -> bytes:
        with closing(http.client.HTTPConnection("127.0.0.1", self.page.port, timeout=BOUND_S)) as browser:
            browser.request("GET", address)
            return browser.getresponse().read()

    def is_fed_after(self, passed_us: int) -> bool:
        self.clock.ahead_us += passed_us
        self.supervisor.check()
        return self.supervisor.check()

    def hang(self, name: str, is_hanging: Event, over: Event) -> None:
        def wait() -> None:
            is_hanging.set()
            over.wait()

        if name == "page":
            self.page.post(wait)
        elif name == "pages":
            all_at_it = Barrier(THREADS_OF_PAGES + 1)

            def work() -> None:
                all_at_it.wait(BOUND_S)
                over.wait()

            for _ in range(THREADS_OF_PAGES):
                self.page.workers.submit(work)
            all_at_it.wait(BOUND_S)
            is_hanging.set()
        else:
            self.station.subscribe(wait)
            self._board.service.station.report_fault("buzzer", "A fault, which makes a snapshot.")
            self._board.turn()

    def close(self) -> None:
        self.page.stop()
        self.station.close()
        self.reader.close()


@pytest.fixture
def page_watch(watch: Watch, tmp_path: Path) -> Iterator[PageWatch]:
    made = PageWatch(watch, tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("name", PAGE_THREADS)
def test_watchdog_is_not_fed_while_a_thread_of_the_page_hangs(page_watch: PageWatch, name: str) -> None:
    """One of the page's threads: the board's connection, the event loop, or all worker threads."""
    is_hanging, over = Event(), Event()
    assert page_watch.is_fed_after(0)
    try:
        page_watch.hang(name, is_hanging, over)
        assert is_hanging.wait(BOUND_S)
        page_watch.is_fed_after(ASK_US)
        assert not page_watch.is_fed_after(LONGEST_US + HANG_US)
    finally:
        over.set()
    wait_until(lambda: page_watch.is_fed_after(0), "it works again, and is not fed")
    assert page_watch.get("/static/none")


@pytest.mark.parametrize("name", ["board", "page"])
def test_thread_of_the_page_that_dies_ends_its_process(page_watch: PageWatch, watch: Watch, name: str) -> None:
    """With a sentence; the command then exits with 1."""
    thread = thread_named(name)
    raise_exit(thread)
    page_watch.page.post(lambda: None)
    watch.service.station.report_fault("buzzer", "A fault, which makes a snapshot.")
    watch.turn()
    thread.join(BOUND_S)
    with pytest.raises(PageError, match=f"“{name}” has ended"):
        _serve_until(Event(), page_watch.supervisor, None)
