"""A page that is served on a port of its own, with short deadlines, and what asks it over real sockets."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from station.config import Config, PageConfig
from station.store import Store
from tests.web.double import StationDouble
from web.server.http import DeadlineProtocol, Server, open_page

BOUND_S = 5.0
SOON_S = 0.3
LOCAL = "127.0.0.1"


class QuickProtocol(DeadlineProtocol):
    """The protocol with short deadlines and few connections, so that tests need not wait."""

    header_timeout_s = SOON_S
    read_timeout_s = SOON_S
    max_connections = 100


@pytest.fixture
def server(station: StationDouble, store: Store) -> Iterator[Server]:
    config = Config(page=PageConfig(port=0, allowed_hosts=("station.local",)))
    served = open_page(station, store, config, body_s=SOON_S, protocol=QuickProtocol)
    served.start()
    yield served
    served.stop()
    assert not served.alive


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    with closing(socket.create_connection((LOCAL, server.port), BOUND_S)) as connection:
        yield connection


def request(
    server: Server, address: str = "/about", method: str = "GET", body: str | None = None, **headers: str
) -> tuple[int, str]:
    """Send one request with a browser's headers, some of them replaced (`Host="…"`); returns status and body."""
    with closing(http.client.HTTPConnection(LOCAL, server.port, timeout=BOUND_S)) as connection:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            given.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection.request(method, address, body, given)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def raw(server: Server, request: str) -> str:
    """Send these bytes and return everything that comes back until the server closes."""
    with connected(server) as connection:
        connection.sendall(request.encode())
        return received(connection)


def received(connection: socket.socket) -> str:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts).decode()


def is_closed(connection: socket.socket) -> bool:
    """Read until the server closes; a timeout is an error."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        return True
    return True


def wait_until(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.01)
