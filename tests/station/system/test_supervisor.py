"""A thread that dies ends the process or is replaced; one that hangs is no longer covered by the watchdog.

The threads are those of a real service on a simulated board; the test moves the supervisor's clock.
"""

from __future__ import annotations

import ctypes
import http.client
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from apscheduler.events import EVENT_JOB_SUBMITTED

from station.app.page_error import PageError
from station.clock import SystemClock
from station.config import parse
from station.core.events import SECOND_US
from station.devices.edge_thread import EdgeThread
from station.devices.pacer import DeadlineThread
from station.store.reading.following import FollowingReader
from station.system.page_process import _connect, _serve_until, open_page, supervisor_of
from station.system.scheduler import Scheduler
from station.system.service import Service
from station.system.simulate import simulated
from station.system.supervisor import ASK_US, HANG_US, ThreadEndedError
from station.wire.page_side import RemoteStation
from tests.station.process import BOUND_S, ROOT, configured, wait_until
from web.server.threads import THREADS as THREADS_OF_PAGES
from web.server.workers import LONGEST_US

PACED = ["buzzer", "LED", "heel sensors", "distance sensor", "thermometer", "simulated board"]
"""The threads with deadlines, on a board with every part."""
EDGES = "edges of the pins"
"""A thread that a Raspberry Pi's own pins have."""
THREADS = [*PACED, "wire", EDGES, "APScheduler"]
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)  # threads are ended here

BOARD = "[board]\nled = true\nbutton = true\nknee_pad = true\n"


class AheadClock:
    """The machine's clock, plus the time that the test has added."""

    def __init__(self) -> None:
        self.ahead_us = 0

    def now_us(self) -> int:
        return SystemClock().now_us() + self.ahead_us

    def utc_now(self) -> datetime:
        return SystemClock().utc_now()


class Watch:
    """A service whose loop the test runs; `fed` is what a service manager has received."""

    def __init__(self, tmp_path: Path, manager: socket.socket) -> None:
        self._manager = manager
        self.clock = AheadClock()
        self.others = set(threading.enumerate())
        """What was there before: another test's that is just ending, perhaps."""
        self.edges = EdgeThread()
        self.edges.start()
        warm = tmp_path / "temperature"
        warm.write_text("21500\n")
        text = f'{BOARD}[range_sensor]\nthermometer = "{warm}"\n[store]\npath = "{tmp_path / "watch.db"}"\n'
        self.service = Service(simulated(parse(text, "watch.toml")), self.clock)
        self.service.open(page=False, socket_path=tmp_path / "page.sock")
        assert self.service.devices is not None
        self.tasks = dict(self.service.devices.tasks)
        self.scheduler: Scheduler = self.service._alarms

    def late(self) -> set[str]:
        """The threads that have not caught up with the clock."""
        threads = [row.thread for row in self.service._supervisor._rows if row.thread.is_alive]
        now_us = self.clock.now_us()
        return {one.name for one in threads if (due_us := one.due_us) is not None and now_us - due_us > SECOND_US}

    def turn(self, passed_us: int = SECOND_US, *, hanging: set[str] | None = None) -> None:
        """One turn of the loop after this time, in which all threads have worked except those that hang."""
        self.clock.ahead_us += passed_us
        for row in self.service._supervisor._rows:
            if isinstance(row.thread, DeadlineThread):
                row.thread.wake()  # it waits by the machine's clock
        wait_until(lambda: self.late() <= (hanging or set()), "a thread does not catch up")
        self.service._watch_threads()
        self.service.station.drain()

    def is_fed(self, hanging: set[str] | None = None) -> bool:
        """Whether a turn of the loop feeds the watchdog."""
        self.receive()
        self.turn(hanging=hanging)
        return "WATCHDOG=1" in self.receive()

    def receive(self) -> list[str]:
        found = []
        with suppress(BlockingIOError):
            while True:
                found.append(self._manager.recv(1024).decode())
        return found

    def said_to_hang(self) -> list[str]:
        """The threads that the page names."""
        faults = self.service.station.snapshot().faults
        return [one.part.removesuffix(" thread") for one in faults if "hangs: the station is restarted" in one.sentence]


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        made = Watch(tmp_path, manager)
        yield made
        made.service.close()
        made.edges.close()


def thread_named(name: str) -> threading.Thread:
    return next(one for one in threading.enumerate() if one.name == name)


def raise_exit(thread: threading.Thread) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))


def end(watch: Watch, name: str) -> None:
    """Raise an exception that no thread catches, in the thread of this name."""
    thread = thread_named(name)
    raise_exit(thread)
    for pacer in watch.service.devices.threads if watch.service.devices else ():
        pacer.wake()
    watch.scheduler.reschedule()
    if name == "wire":
        watch.service._wire.post(lambda: None)
    watch.edges.post(lambda: None)
    thread.join(BOUND_S)
    assert not thread.is_alive()


def test_every_thread_is_watched(watch: Watch) -> None:
    """The service starts no thread that these tests leave out."""
    started = {one.name for one in threading.enumerate() if one not in watch.others}
    assert {name for name in started if not name.startswith("ThreadPoolExecutor")} == set(THREADS)


@pytest.mark.parametrize("name", [one for one in THREADS if one != "APScheduler"])
def test_thread_that_dies_ends_the_loop(watch: Watch, name: str) -> None:
    """With a sentence that names it."""
    watch.turn()
    end(watch, name)
    with pytest.raises(ThreadEndedError, match=f"“{name}” has ended, so the station ends too"):
        watch.turn()


def test_reopened_parts_are_watched_again(watch: Watch) -> None:
    """The bring-up ends the parts' threads, which does not count as a death; reopened ones are watched."""
    watch.turn()
    parts = watch.service._parts
    assert parts is not None
    parts.bring_up(None, lambda result: None)
    watch.service._watch_threads()
    watch.service.station.attach(parts.reopen(), watch.scheduler)
    watch.service._watch_threads()
    end(watch, "heel sensors")
    with pytest.raises(ThreadEndedError, match="“heel sensors” has ended"):
        watch.turn()


def test_parts_that_are_not_reopened_end_the_loop(watch: Watch) -> None:
    """Otherwise the station would report a running check forever, and keep feeding the watchdog."""
    watch.turn()
    parts: Any = watch.service._parts
    config, parts._config = parts._config, None
    watch.service.station.start_bring_up(asks=False, is_empty=True)
    watch.service.station.drain()
    for one in threading.enumerate():  # it may have ended by now
        if one.name == "bring-up":
            one.join(BOUND_S)
    parts._config = config
    with pytest.raises(ThreadEndedError, match="“bring-up” has ended"):
        watch.turn()


def leave(_result: object) -> None:
    """End the thread."""
    raise SystemExit


def test_thread_that_hangs_is_found_when_the_bring_up_has_to_end_it(watch: Watch) -> None:
    """The bring-up waits for it, and the watchdog for the bring-up."""
    is_hanging, over = Event(), Event()
    watch.turn()
    parts = watch.service._parts
    assert parts is not None
    lent = threading.Thread(target=parts.bring_up, args=(None, leave), name="bring-up")
    try:
        hang_task(watch, "heel sensors", is_hanging, over)
        assert is_hanging.wait(BOUND_S)
        lent.start()
        for _ in range(3):
            watch.turn(HANG_US, hanging={"heel sensors"})
        assert watch.said_to_hang() == ["heel sensors"]
        assert not watch.is_fed({"heel sensors"})
    finally:
        over.set()
        lent.join(BOUND_S)


def test_scheduler_that_dies_is_replaced_twice(watch: Watch) -> None:
    """A hold does not need it, so the process ends only when the third one has died."""
    for _ in range(2):
        end(watch, "APScheduler")
        watch.turn()
        assert watch.scheduler.is_alive
        watch.turn(ASK_US + HANG_US)
        assert watch.is_fed(), "the question to the dead one counts no more"
    end(watch, "APScheduler")
    with pytest.raises(ThreadEndedError, match="scheduler"):
        watch.turn()


DIES = """
import ctypes, sys, threading
from station.cli import main

def end(thread):
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))

class Watch(threading.Thread):
    def run(self):
        moment = threading.Event()
        while not (found := [one for one in threading.enumerate() if one.name == "heel sensors" and one.ident]):
            moment.wait(0.01)
        end(found[0])

Watch(daemon=True).start()
main(["run", "--no-page", "--config", sys.argv[1]])
"""
"""A station whose heels are read no more, as soon as they were. A thread that is only about to start has no `ident`."""


def test_thread_that_dies_ends_the_process(tmp_path: Path) -> None:
    """With status 1, after which systemd restarts it, and with only the sentence."""
    config = configured(tmp_path)
    config.write_text(config.read_text().replace('heels = "comparator"', ""))
    command = [sys.executable, "-c", DIES, str(config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=BOUND_S)
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert "“heel sensors” has ended" in sentence


Hang = Callable[[Watch, str, Event, Event], None]
"""Makes a thread hang: sets the first event once it does, and waits for the second."""


def hang_task(watch: Watch, name: str, is_hanging: Event, over: Event) -> None:
    task: Any = watch.service.station.board if name == "simulated board" else watch.tasks[name]
    act = task.run_due

    def run_due(now_us: int) -> None:
        is_hanging.set()
        over.wait()
        act(now_us)

    task.run_due = run_due
    assert watch.service.devices is not None
    for pacer in watch.service.devices.threads:
        pacer.wake()


def hang_wire(watch: Watch, _name: str, is_hanging: Event, over: Event) -> None:
    def call() -> None:
        is_hanging.set()
        over.wait()

    watch.service._wire.post(call)


def hang_edges(watch: Watch, _name: str, is_hanging: Event, over: Event) -> None:
    """Like a callback that waits for something."""

    def call() -> None:
        is_hanging.set()
        over.wait()

    watch.edges.post(call)


def hang_scheduler(watch: Watch, _name: str, is_hanging: Event, over: Event) -> None:
    def listen(_event: object) -> None:
        is_hanging.set()
        over.wait()

    watch.scheduler._scheduler.add_listener(listen, EVENT_JOB_SUBMITTED)
    watch.scheduler._scheduler.add_job(lambda: None, id="any", misfire_grace_time=None)


def hang_workers(watch: Watch, _name: str, is_hanging: Event, over: Event) -> None:
    """Both workers that ring alarms."""
    both = Barrier(3)

    def work() -> None:
        both.wait(BOUND_S)
        over.wait()

    for number in range(2):
        watch.scheduler._scheduler.add_job(work, id=f"work {number}", misfire_grace_time=None)
    both.wait(BOUND_S)
    is_hanging.set()


HANGS: list[tuple[str, Hang]] = [
    *((name, hang_task) for name in PACED),
    ("wire", hang_wire),
    (EDGES, hang_edges),
    ("scheduler", hang_scheduler),
    ("scheduler", hang_workers),
]


@pytest.mark.parametrize(("name", "hang"), HANGS, ids=[*THREADS, "workers"])
def test_watchdog_is_not_fed_while_a_thread_hangs(watch: Watch, name: str, hang: Hang) -> None:
    """Not until it works again, and the page says which one hangs. All others continue."""
    assert watch.is_fed()
    is_hanging, over = Event(), Event()
    hanging = {name}
    try:
        hang(watch, name, is_hanging, over)
        assert is_hanging.wait(BOUND_S)
        watch.turn(ASK_US, hanging=hanging)
        watch.turn(HANG_US, hanging=hanging)
        assert not watch.is_fed(hanging)
        watch.turn(hanging=hanging)
        assert watch.said_to_hang() == [name]
    finally:
        over.set()
    assert watch.is_fed()
    watch.turn()
    assert watch.said_to_hang() == []


def test_pause_of_the_whole_machine_is_no_hang(watch: Watch) -> None:
    """All threads are late at once, and the loop runs first: it feeds the watchdog and reports none of them."""
    watch.clock.ahead_us += 10 * HANG_US
    watch.service._watch_threads()
    assert "WATCHDOG=1" in watch.receive()
    assert watch.is_fed()
    assert watch.said_to_hang() == []


def test_watchdog_is_not_fed_while_the_loop_hangs(watch: Watch, tmp_path: Path) -> None:
    """The loop feeds it, so while a write waits for the disk, nothing is sent, however long it takes."""
    is_hanging, over = Event(), Event()

    def wait(_store: object) -> str:
        is_hanging.set()
        over.wait()
        return ""

    station = watch.service.station
    running = threading.Thread(target=watch.service.run)
    try:
        done = station._request_store(wait)
        running.start()
        assert is_hanging.wait(BOUND_S)
        watch.receive()
        watch.clock.ahead_us += 10 * HANG_US
        wait_until(lambda: has_sampled(watch), "the heels are not read any more")
        assert watch.receive() == []
    finally:
        over.set()
        assert done.result(BOUND_S) == ""
        station.stop()
        running.join(BOUND_S)


def has_sampled(watch: Watch) -> bool:
    """Whether the heels' thread has read them since the clock was moved."""
    assert watch.service.devices is not None
    heels = next(one for one in watch.service.devices.threads if one.name == "heel sensors")
    return (heels.due_us or 0) > SystemClock().now_us() + 9 * HANG_US


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
