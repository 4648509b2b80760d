"""The page's server: an event loop in its own thread with the stream on it, and Flask behind a small thread pool.

Nothing here can stall the station: its loop publishes snapshots and takes commands, and never waits for a page.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from station.app.access.roles import Role, visitor_with
from station.app.api import PageError, StationApi
from station.app.page_error import PermanentPageError
from station.clock import SystemClock
from station.config import Config, PageConfig
from station.network import parse_address
from station.store import Reader, StoreError
from web.app import create_app
from web.served import Served
from web.server.clients import Clients
from web.server.encryption import certificate_file, server_context
from web.server.hosts import AllowedHosts
from web.server.listeners import BACKLOG, PLAIN_NAME, Listener, inherited_sockets, listen
from web.server.request_guard import BODY_TIMEOUT_S, MAX_HEADER_BYTES, Application, RequestGuard
from web.server.stream import Scope, Stream, token_of
from web.server.threads import Threads

HEADER_TIMEOUT_S = 5.0
"""From the connection, or the first byte of a further request, to the end of its headers."""
KEEP_ALIVE_S = 15
READ_TIMEOUT_S = 15.0
"""A client that reads nothing for this long is dropped, with everything pending for it."""
MAX_CONNECTIONS = 240
"""A process may open 1,024 files by default, and the station needs some for the board and the store."""
DATE_S = 1.0
"""The refresh interval of the `Date` header."""
START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0

log = logging.getLogger(__name__)

PUBLIC_IN_PLAIN = (
    "The configuration has page.public = true without https, so that anyone on the way could read and use what "
    "browsers send: type sudo station tls on, set page.certificate, or name the web server in front in page.proxy."
)

__all__ = ["PageError", "Server", "open_page"]


class DeadlineProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol with deadlines for headers and slow readers, and a connection limit."""

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
        """Run a deadline while headers are incomplete; trickled bytes do not extend it."""
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
    """uvicorn's server, which polls for shutdown ten times a second; this one waits for `end`, and wakes once a second
    for the `Date` header. It speaks http on some sockets and https on others, with a deadline for the handshake.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        listeners: Sequence[Listener],
        encryption: ssl.SSLContext | None,
        handshake_timeout_s: float,
    ) -> None:
        super().__init__(config)
        self._handshake_timeout_s = handshake_timeout_s
        self._listeners = listeners
        self._encryption = encryption
        self._ending = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections."""
        loop = asyncio.get_running_loop()

        def connection() -> asyncio.Protocol:
            return self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn has it
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )

        self.servers = [
            await loop.create_server(
                connection,
                sock=one.socket,
                backlog=BACKLOG,
                ssl=self._encryption if one.is_https else None,
                ssl_handshake_timeout=self._handshake_timeout_s if one.is_https else None,
            )
            for one in self._listeners
        ]
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down as uvicorn does, but without waiting for the TLS close, which a phone that has left never sends."""
        open_ones = [one.transport for one in self.server_state.connections]
        await super().shutdown(sockets)
        for transport in open_ones:
            with suppress(AttributeError):  # TLS in Python 3.11 raises it if the connection has already closed
                transport.abort()
        await asyncio.sleep(0)

    def end(self) -> None:
        """End `serve`; must be called on the event loop."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), DATE_S)


class Server:
    """The page's running server. `port` is the actual port (a configured 0 takes any free one); `addresses` open the
    page in a browser, best first.
    """

    def __init__(
        self,
        guard: RequestGuard,
        stream: Stream,
        threads: Threads,
        listeners: Sequence[Listener],
        protocol: type[DeadlineProtocol],
        *,
        encryption: ssl.SSLContext | None = None,
        addresses: Sequence[str] = (),
    ) -> None:
        self._stream = stream
        self._listeners = listeners
        self._threads = threads
        self.workers = threads.workers
        self.port: int = listeners[0].port
        self.addresses = tuple(addresses)
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
        self._server = QuietServer(config, listeners, encryption, protocol.header_timeout_s)
        self._thread = threading.Thread(target=self._serve, name="page", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Start the server, and return once it answers. Raises PageError on failure."""
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT_S) or not self._thread.is_alive():
            raise PageError("The page's server did not start; see its log. The station runs on without a page.")

    def stop(self) -> None:
        """Close every connection and end the thread; open live pages then say that updates are missing."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has already ended
                self._loop.call_soon_threadsafe(self._request_stop)
        if self._thread.ident is not None:  # it has been started
            self._thread.join(STOP_TIMEOUT_S)
        self._threads.stop()
        for one in self._listeners:
            one.socket.close()

    def _request_stop(self) -> None:
        self._stream.close()
        self._server.end()

    @property
    def alive(self) -> bool:
        """Whether the server's thread is running."""
        return self._thread.is_alive()

    def post(self, call: Callable[[], None]) -> None:
        """Have the server's thread call something that returns at once."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it has just ended
                self._loop.call_soon_threadsafe(call)

    def _serve(self) -> None:
        asyncio.run(self._serve_until_stopped())

    async def _serve_until_stopped(self) -> None:
        self._loop = asyncio.get_running_loop()
        watch = asyncio.create_task(self._set_ready_when_started())
        try:
            await self._server.serve(sockets=[one.socket for one in self._listeners])
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
    """A server for the page, bound but not started. `listener` is a socket already bound; without it, sockets from
    systemd are used if there are any.

    Raises PageError with one sentence if the address is not available or the certificate is unusable, and
    PermanentPageError if the configuration would send secrets over the internet in plain http.
    """
    page = config.page
    certificate = certificate_file(page)
    encryption = server_context(certificate) if certificate is not None else None
    if page.public and encryption is None and not page.proxy:
        raise PermanentPageError(PUBLIC_IN_PLAIN)
    listeners = _listeners(page, listener, has_certificate=encryption is not None)
    https = next((one for one in listeners if one.is_https), None)
    best = https or next((one for one in listeners if not one.is_loopback), listeners[0])
    served = Served(best.host, best.port, page.allowed_hosts, certificate if https else None)
    app = create_app(
        api,
        store,
        config.range_sensor.blocks_mm,
        analogue=config.board.heels == "analogue",
        served=served,
        stick=Path(config.store.stick) if config.store.stick else None,
    )
    clock = SystemClock()
    threads = Threads(app, clock)
    stream = Stream(api, store, clock)
    guard = RequestGuard(
        _allowed_hosts(page, listeners),
        stream,
        cast(Application, threads),
        body_s,
        clients=Clients(
            parse_address(page.proxy), public=page.public and https is not None, public_by_proxy=page.public
        ),
        https_port=https.port if https else None,
        may_upload=partial(_is_owner, store),
    )
    return Server(guard, stream, threads, listeners, protocol, encryption=encryption, addresses=served.addresses())


def _is_owner(store: Reader, scope: Scope) -> bool:
    """Whether a request is the owner's: nobody else may upload files."""
    try:
        return visitor_with(store, token_of(scope), datetime.now(UTC)).is_at_least(Role.OWNER)
    except StoreError:
        return False


def _allowed_hosts(page: PageConfig, listeners: Sequence[Listener]) -> AllowedHosts:
    """The page's host names: loopback, the configured ones, and on a network (or behind a proxy) the machine's own."""
    names = {page.host.lower(), *(name.lower() for name in page.allowed_hosts)}
    is_alone = all(one.is_loopback for one in listeners) and not page.proxy
    return AllowedHosts(frozenset(names), loopback_only=is_alone)


def _listeners(page: PageConfig, given: socket.socket | None, *, has_certificate: bool) -> list[Listener]:
    """What the page listens on: the socket that the caller gave, else systemd's, else the configured address.

    With a certificate each speaks https, except those that systemd names `http`.
    """
    if given is not None:
        return [Listener(given, has_certificate)]
    inherited = [
        Listener(one, has_certificate and name != PLAIN_NAME)
        for name, sockets in inherited_sockets().items()
        for one in sockets
    ]
    return inherited or [Listener(listen(page), has_certificate)]
