"""The page's process: no devices, a read-only store, and the board at the other end of a socket."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from station.app.api import PageError, StationApi
from station.catalogue.checked import decode_to_record
from station.catalogue.read import built_in_routines
from station.clock import Clock, SystemClock
from station.config import Config
from station.store import Reader
from station.store.reading.following import FollowingReader
from station.system.log import start_log
from station.system.supervisor import AskedThread, Supervisor, ThreadEndedError, Watched
from station.system.systemd import Notifier
from station.version import entry_point
from station.wire.page_side import RemoteStation

log = logging.getLogger(__name__)

PAGE_GROUP = "station.page"
SOCKET_NAME = "page.sock"
"""In the database's directory, where both processes find it by their shared configuration."""
FIRST_S = 3.0
"""How long the page waits for the board before it tells visitors that the board does not respond."""
ALIVE_S = 1.0
YIELD = 5
"""The niceness of a page that is the board's child, in favour of the board; systemd's unit sets its own."""


class Page(Protocol):
    """The page's server."""

    port: int
    addresses: tuple[str, ...]
    """The addresses that open the page in a browser, best first."""

    @property
    def alive(self) -> bool: ...

    @property
    def workers(self) -> Watched: ...

    def post(self, call: Callable[[], None]) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


def socket_path(config: Config) -> Path:
    """The socket at which the board's process listens for the page's."""
    return Path(config.store.path).parent / SOCKET_NAME


def open_page(station: StationApi, store: Reader, config: Config) -> Page | None:
    """The installed page, bound to its address; `None` if there is none. Raises PageError."""
    found = entry_point(PAGE_GROUP)
    if found is None:
        return None
    page: Page = found.load()(station, store, config)
    return page


def run_page(config: Config, on_ready: Callable[[Page | None], None] = lambda _page: None) -> None:
    """Serve the page until SIGTERM or SIGINT; the board's process may come and go. `on_ready` gets the page.

    Raises PageError, also if the board's process runs another version.
    """
    _run(config, partial(_connect, socket_path(config)), on_ready, Notifier(), reconnects=True)


def run_page_as_child(descriptor: int) -> None:
    """Serve the page for the board's process that has started this one, until that process ends.

    The connection is already open. The first line of standard input is the configuration; one line on standard output
    has port and addresses, or says why there is no page.
    """
    os.nice(YIELD)
    line = sys.stdin.readline()
    if not line:
        return  # the board's process has ended
    config = decode_to_record(line, Config)
    connection = socket.socket(fileno=descriptor)
    os.set_inheritable(descriptor, False)

    def answer(**words: Any) -> None:
        with suppress(BrokenPipeError):  # the board's process has ended, so this one ends too
            os.write(sys.stdout.fileno(), json.dumps(words).encode() + b"\n")

    def report(page: Page | None) -> None:
        answer(port=None if page is None else page.port, addresses=[] if page is None else page.addresses)

    try:
        _run(config, lambda: connection, report, None, reconnects=False)
    except PageError as error:
        answer(error=str(error))


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except BaseException:
        connection.close()
        raise
    return connection


def _run(
    config: Config,
    connect: Callable[[], socket.socket],
    on_ready: Callable[[Page | None], None],
    notifier: Notifier | None,
    *,
    reconnects: bool,
) -> None:
    start_log("station page")
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with FollowingReader(Path(config.store.path)) as reader:
        station = RemoteStation(connect, reader.follow, over.set, reconnects=reconnects)
        station.start()
        page: Page | None = None
        try:
            page = open_page(station.api, reader, config)
            station.arrived.wait(FIRST_S)
            if page is not None and not over.is_set():
                page.start()
            gc.freeze()  # first: otherwise a collection goes through everything loaded before the first page is served
            gc.enable()
            on_ready(page)
            _serve_until(over, supervisor_of(station, page), notifier)
        finally:
            if page is not None:
                page.stop()
            station.close()
    if station.is_other_version:
        raise PageError("The board and the page run different versions: restart both.")


def supervisor_of(station: RemoteStation, page: Page | None, clock: Clock | None = None) -> Supervisor:
    """Watches the threads of the page's process."""
    clock = clock or SystemClock()
    supervisor = Supervisor(clock, lambda _part, sentence: log.warning("%s", sentence or "It works again."))
    supervisor.watch(station)
    if page is not None:
        supervisor.watch(AskedThread("page", clock, lambda: page.alive, page.post))
        supervisor.watch(page.workers)
    return supervisor


def _serve_until(over: threading.Event, supervisor: Supervisor, notifier: Notifier | None) -> None:
    word = "READY=1"
    while not over.is_set():
        try:
            is_working = supervisor.check()
        except ThreadEndedError as error:
            raise PageError(str(error)) from error
        if notifier is not None and is_working:
            notifier.notify(word)
        word = "WATCHDOG=1"
        over.wait(ALIVE_S)
        built_in_routines()  # reads the catalogue once, after the first page: that needs none of it, most others do
    if notifier is not None:
        notifier.notify("STOPPING=1")
