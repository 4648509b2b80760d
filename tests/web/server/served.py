"""The page's server on a port of its own, and clients that ask it over real sockets."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from station.config import Config, PageConfig
from station.store import Store
from tests.web.double import StationDouble
from web.server.http import DeadlineProtocol, Server, open_page
from web.server.request_guard import BODY_TIMEOUT_S

BOUND_S = 5.0
SOON_S = 0.3
"""A deadline that passes while a test waits for it."""
NEVER_S = 3600.0
"""A deadline that no test reaches."""
LOCAL = "127.0.0.1"


class SmallProtocol(DeadlineProtocol):
    """The server's protocol with a low limit of connections.

    A test of one deadline shortens that one alone: on a busy machine the others must not end the test.
    """

    max_connections = 100


@contextmanager
def serving(station: StationDouble, store: Store, body_s: float = BODY_TIMEOUT_S) -> Iterator[Server]:
    """Serve the page inside the block."""
    config = Config(page=PageConfig(port=0, allowed_hosts=("station.local",)))
    served = open_page(station, store, config, body_s=body_s, protocol=SmallProtocol)
    served.start()
    yield served
    served.stop()
    assert not served.alive


@pytest.fixture
def server(station: StationDouble, store: Store) -> Iterator[Server]:
    with serving(station, store) as served:
        yield served


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    """A connection to the server, which the block closes."""
    with closing(socket.create_connection((LOCAL, server.port), BOUND_S)) as connection:
        yield connection


def request(
    server: Server, address: str = "/about", method: str = "GET", body: str | None = None, **headers: str
) -> tuple[int, str]:
    """Send one request with these headers (`Content_Type="…"`); returns status and body."""
    with closing(http.client.HTTPConnection(LOCAL, server.port, timeout=BOUND_S)) as connection:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            given.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection.request(method, address, body, given)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def send_raw(server: Server, request: str) -> str:
    """Send this text and return everything that the server answers until it closes the connection."""
    with connected(server) as connection:
        connection.sendall(request.encode())
        return read_to_end(connection)


def read_to_end(connection: socket.socket) -> str:
    """Everything that the server sends until it closes the connection."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts).decode()


def wait_for_close(connection: socket.socket) -> None:
    """Wait until the server closes or resets the connection. Raises TimeoutError."""
    with suppress(ConnectionResetError):
        while connection.recv(65536):
            pass
