"""The page's server: an event loop in its own thread with the stream on it, and Flask behind a small thread pool.

Nothing here can stop the station: its loop publishes snapshots and takes commands, and never waits for a page.
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

from station.app.api import PageError, StationApi
from station.clock import SystemClock
from station.config import Config, PageConfig
from station.store import Reader
from web.app import create_app
from web.server.request_guard import BODY_TIMEOUT_S, MAX_HEADER_BYTES, AllowedHosts, Application, RequestGuard
from web.server.stream import Stream

HEADER_TIMEOUT_S = 5.0
"""From the connection, or the first byte of a further request, to the end of its headers."""
KEEP_ALIVE_S = 15
READ_TIMEOUT_S = 15.0
"""A client that reads nothing for this long is dropped, with everything pending for it."""
MAX_CONNECTIONS = 240
"""A process has 1,024 files by default, and the station needs some of them for the board and the store."""
THREADS = 4
BACKLOG = 128
DATE_S = 1.0
"""The refresh interval of the `Date` header."""
START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0

log = logging.getLogger(__name__)

__all__ = ["PageError", "Server", "open_page"]


class DeadlineProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol with what it lacks: deadlines for headers and readers, and a connection limit."""

    header_timeout_s = HEADER_TIMEOUT_S
    read_timeout_s = READ_TIMEOUT_S
    max_connections = MAX_CONNECTIONS
    _header_deadline: asyncio.TimerHandle | None = None
    _read_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self._make_room()
        self._update_header_deadline()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._update_header_deadline()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._update_header_deadline()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._read_deadline = self.loop.call_later(self.read_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_read_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_header_deadline()
        self._cancel_read_deadline()
        super().connection_lost(exc)

    def _update_header_deadline(self) -> None:
        """A deadline runs while headers are incomplete; trickled bytes do not extend it."""
        owed = self.conn.their_state is h11.IDLE and (self.cycle is None or bool(self.conn.trailing_data[0]))
        if not owed:
            self._cancel_header_deadline()
        elif self._header_deadline is None:
            self._header_deadline = self.loop.call_later(self.header_timeout_s, self.transport.abort)

    def _cancel_header_deadline(self) -> None:
        if self._header_deadline is not None:
            self._header_deadline.cancel()
            self._header_deadline = None

    def _cancel_read_deadline(self) -> None:
        if self._read_deadline is not None:
            self._read_deadline.cancel()
            self._read_deadline = None

    def _make_room(self) -> None:
        """Close an idle connection in favour of the new one; if all are busy, close the new one."""
        idle = (other for other in self.connections if other is not self and _is_idle(other))
        victim = next(idle, self)
        self.connections.discard(victim)
        victim.transport.abort()


def _is_idle(connection: Any) -> bool:
    return connection.cycle is None or bool(connection.cycle.response_complete)


class QuietServer(uvicorn.Server):
    """uvicorn's server polls ten times a second for its end; this one waits for `end`, and wakes once a second for the
    `Date` header.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        """End `serve`; call it on the event loop."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), DATE_S)


class Server:
    """The running server of the page. `port` is the actual one (a configured 0 takes any free one)."""

    def __init__(
        self,
        guard: RequestGuard,
        stream: Stream,
        threads: WSGIMiddleware,
        listener: socket.socket,
        protocol: type[DeadlineProtocol],
    ) -> None:
        self._stream = stream
        self._listener = listener
        self._threads = threads
        self.port: int = listener.getsockname()[1] if listener.family != socket.AF_UNIX else 0
        config = uvicorn.Config(
            guard,
            http=protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",  # an early disconnect is normal; the request guard logs real errors
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        )
        self._server = QuietServer(config)
        self._thread = threading.Thread(target=self._serve, name="page", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Start answering, and return once it does. Raises PageError on failure."""
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT_S) or not self._thread.is_alive():
            raise PageError("The page's server did not start; see its log. The station runs on without a page.")

    def stop(self) -> None:
        """Close every connection and end the thread; open live pages then report missing updates."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has already ended
                self._loop.call_soon_threadsafe(self._request_stop)
        self._thread.join(STOP_TIMEOUT_S)
        self._threads.executor.shutdown(wait=False, cancel_futures=True)
        self._listener.close()

    def _request_stop(self) -> None:
        self._stream.close()
        self._server.end()

    @property
    def alive(self) -> bool:
        """Whether the server's thread is running."""
        return self._thread.is_alive()

    def _serve(self) -> None:
        asyncio.run(self._serve_until_stopped())

    async def _serve_until_stopped(self) -> None:
        self._loop = asyncio.get_running_loop()
        watch = asyncio.create_task(self._set_ready_when_started())
        try:
            await self._server.serve(sockets=[self._listener])
        except Exception:
            log.exception("the page's server ended")
            raise
        finally:
            watch.cancel()
            self._ready.set()

    async def _set_ready_when_started(self) -> None:
        while not self._server.started:
            await asyncio.sleep(0.005)
        self._ready.set()


def open_page(
    api: StationApi,
    store: Reader,
    config: Config,
    listener: socket.socket | None = None,
    *,
    body_s: float = BODY_TIMEOUT_S,
    protocol: type[DeadlineProtocol] = DeadlineProtocol,
) -> Server:
    """A server for the page, bound but not started. `listener` is an already bound socket, for example from systemd.

    Raises PageError with one sentence when the address is not available.
    """
    listener = listener or listen(config.page)
    app = create_app(api, store, config.range_sensor.blocks_mm, analogue=config.board.heels == "analogue")
    threads = WSGIMiddleware(app, workers=THREADS)  # type: ignore[arg-type]  # Flask names the same type otherwise
    allowed_hosts = _allowed_hosts(config.page)
    pages = cast(Application, threads)
    stream = Stream(api, store, SystemClock())
    return Server(RequestGuard(allowed_hosts, stream, pages, body_s), stream, threads, listener, protocol)


def _allowed_hosts(page: PageConfig) -> AllowedHosts:
    """The host names of the page: the loopback's, the configured ones, and on a network the machine's own."""
    loopback = page.host in ("127.0.0.1", "::1", "localhost")
    names = {"localhost", page.host.lower(), *(name.lower() for name in page.allowed_hosts)}
    if not loopback:
        machine = socket.gethostname().lower()
        names |= {machine, f"{machine}.local"}
    return AllowedHosts(frozenset(names), loopback)


def listen(page: PageConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in page.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((page.host, page.port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise PageError(_bind_error_text(page, error)) from error
    listener.setblocking(False)
    return listener


def _bind_error_text(page: PageConfig, error: Exception) -> str:
    where = f"{page.host} port {page.port}"
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return f"The page cannot use {where}: another program has it. Stop that program or choose another [page] port."
    if number == errno.EACCES:
        return f"The page may not use {where}: choose a [page] port of 1024 or more."
    return f"The page cannot use {where}: {error}. Choose another [page] host or port."
