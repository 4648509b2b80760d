"""The page's server: an event loop in a thread of its own, the stream on it, Flask behind a small pool of threads.

Nothing here can stop the station: the loop hands over snapshots and takes commands, and does not wait for a page.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
from contextlib import suppress
from typing import Any, cast

import h11
import uvicorn
from a2wsgi import WSGIMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from station.app.api import PageError, Panel
from station.clock import SystemClock
from station.config import Config, Page
from station.store import Reader
from web.app import create_app
from web.server.request_guard import BODY_S, HEADER_BYTES, Application, Front, Names
from web.server.stream import Stream

HEADER_S = 5.0
"""From connecting, or from the first byte of a further request, to the end of its headers."""
KEEP_ALIVE_S = 15
READ_S = 15.0
"""A reader that takes nothing for this long is gone; what waits for it is not the station's to keep."""
CONNECTIONS = 240
"""A process has 1,024 files by default, and the station needs some of them for the board and the store."""
THREADS = 4
BACKLOG = 128
START_S = 10.0
STOP_S = 5.0

log = logging.getLogger(__name__)

__all__ = ["PageError", "Server", "open_page"]


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with deadlines for headers and for readers and a cap on connections, none of which it has."""

    header_s = HEADER_S
    read_s = READ_S
    connections_at_most = CONNECTIONS
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > self.connections_at_most:
            self._make_room()
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self.read_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._now_read()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._now_read()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """While headers are owed a deadline runs; it is not moved by bytes that trickle in."""
        owed = self.conn.their_state is h11.IDLE and (self.cycle is None or bool(self.conn.trailing_data[0]))
        if not owed:
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.header_s, self.transport.abort)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _now_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _make_room(self) -> None:
        """The connection that asked for nothing gives way to the new one; when all are at work, the new one leaves."""
        idle = (other for other in self.connections if other is not self and _is_idle(other))
        victim = next(idle, self)
        self.connections.discard(victim)
        victim.transport.abort()


def _is_idle(connection: Any) -> bool:
    return connection.cycle is None or bool(connection.cycle.response_complete)


class Server:
    """The page, served. `port` is the one it got (a configured 0 takes any free one)."""

    def __init__(
        self,
        front: Front,
        stream: Stream,
        threads: WSGIMiddleware,
        listener: socket.socket,
        protocol: type[PatientProtocol],
    ) -> None:
        self._stream = stream
        self._listener = listener
        self._threads = threads
        self.port: int = listener.getsockname()[1] if listener.family != socket.AF_UNIX else 0
        config = uvicorn.Config(
            front,
            http=protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",  # a visitor who leaves in the middle is no news; what is, the front logs
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=HEADER_BYTES,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="page", daemon=True)
        self._up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Answer from now on; returns when it does. Raises PageError when it cannot."""
        self._thread.start()
        if not self._up.wait(START_S) or not self._thread.is_alive():
            raise PageError("The page's server did not start; its log says why. The station goes on without a page.")

    def stop(self) -> None:
        """Close every connection and end the thread; open live pages say that there is no news."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._end)
        self._thread.join(STOP_S)
        self._threads.executor.shutdown(wait=False, cancel_futures=True)
        self._listener.close()

    def _end(self) -> None:
        self._stream.end()
        self._server.should_exit = True

    @property
    def alive(self) -> bool:
        """Whether the server's thread still runs."""
        return self._thread.is_alive()

    def _serve(self) -> None:
        asyncio.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        self._loop = asyncio.get_running_loop()
        watch = asyncio.create_task(self._tell_when_up())
        try:
            await self._server.serve(sockets=[self._listener])
        except Exception:
            log.exception("the page's server ended")
            raise
        finally:
            watch.cancel()
            self._up.set()

    async def _tell_when_up(self) -> None:
        while not self._server.started:
            await asyncio.sleep(0.005)
        self._up.set()


def open_page(
    panel: Panel,
    store: Reader,
    config: Config,
    listener: socket.socket | None = None,
    *,
    body_s: float = BODY_S,
    protocol: type[PatientProtocol] = PatientProtocol,
) -> Server:
    """A server for the page, bound and not yet started. `listener` is a socket that somebody (systemd) bound already.

    Raises PageError with one sentence when the address cannot be had.
    """
    listener = listener or _listen(config.page)
    app = create_app(panel, store, config.range_sensor.blocks_mm, analogue=config.board.heels == "analogue")
    threads = WSGIMiddleware(app, workers=THREADS)  # type: ignore[arg-type]  # Flask names the same type otherwise
    names = _names(config.page)
    pages = cast(Application, threads)
    stream = Stream(panel, SystemClock())
    return Server(Front(names, stream, pages, body_s), stream, threads, listener, protocol)


def _names(page: Page) -> Names:
    """What the page answers to: the loopback's names, the configured ones, and in a network the machine's own."""
    loopback = page.host in ("127.0.0.1", "::1", "localhost")
    names = {"localhost", page.host.lower(), *(name.lower() for name in page.allowed_hosts)}
    if not loopback:
        machine = socket.gethostname().lower()
        names |= {machine, f"{machine}.local"}
    return Names(frozenset(names), loopback)


def _listen(page: Page) -> socket.socket:
    family = socket.AF_INET6 if ":" in page.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((page.host, page.port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise PageError(_why_not(page, error)) from error
    listener.setblocking(False)
    return listener


def _why_not(page: Page, error: Exception) -> str:
    where = f"{page.host} port {page.port}"
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return f"The page cannot use {where}: another program has it. Stop that program or choose another [page] port."
    if number == errno.EACCES:
        return f"The page may not use {where}: choose a [page] port of 1024 or more."
    return f"The page cannot use {where}: {error}. Choose another [page] host or port."
