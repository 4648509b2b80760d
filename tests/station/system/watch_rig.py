"""A real service on a simulated board, whose supervisor's clock a test moves."""

from __future__ import annotations

import ctypes
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from gpiozero import GPIOPinInUse

from station.clock import SystemClock
from station.config import parse
from station.core.events import SECOND_US
from station.devices.edge_thread import EdgeThread
from station.devices.pacer import DeadlineThread
from station.simulator.board import SimulatedBoard
from station.system.scheduler import Scheduler
from station.system.service import Service
from station.system.simulate import simulated
from tests.station.process import BOUND_S, wait_until

PACED = ["buzzer", "LED", "heel sensors", "distance sensor", "thermometer", "simulated board"]
"""The threads with deadlines, on a board with every part."""
EDGES = "edges of the pins"
"""A thread that a Raspberry Pi's own pins have."""
THREADS = [*PACED, "wire", EDGES, "APScheduler"]
THREADS_END = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
"""For tests that end threads by an exception."""
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
    """A service whose loop the test runs, and what its service manager receives."""

    def __init__(self, tmp_path: Path, manager: socket.socket, board: str = BOARD, taken: Sequence[int] = ()) -> None:
        """Another program has the pins `taken`."""
        self._manager = manager
        self.clock = AheadClock()
        self.others = set(threading.enumerate())
        """What was there before: another test's that is just ending, perhaps."""
        self.edges = EdgeThread()
        self.edges.start()
        warm = tmp_path / "temperature"
        warm.write_text("21500\n")
        text = f'{board}[range_sensor]\nthermometer = "{warm}"\n[store]\npath = "{tmp_path / "watch.db"}"\n'

        class Taken(Service):
            def _simulated_board(self) -> SimulatedBoard:
                made = super()._simulated_board()
                for pin in taken:
                    made.pin_factory.refuse_opening(pin, GPIOPinInUse(f"pin {pin} is already in use"))
                return made

        self.service = Taken(simulated(parse(text, "watch.toml")), self.clock)
        self.service.open(page=False, socket_path=tmp_path / "page.sock")
        assert self.service.devices is not None
        self.tasks = dict(self.service.devices.tasks)
        self.scheduler: Scheduler = self.service._alarms

    @property
    def board(self) -> SimulatedBoard:
        board = self.service.station.board
        assert isinstance(board, SimulatedBoard)
        return board

    def close(self) -> None:
        self.service.close()
        self.edges.close()

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
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify"))
        made.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield made


@pytest.fixture
def watch(tmp_path: Path, manager: socket.socket) -> Iterator[Watch]:
    with closing(Watch(tmp_path, manager)) as made:
        yield made


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
