"""The page's HTTP server over real sockets: limits, deadlines and allowed hosts."""

from __future__ import annotations

import http.client
import socket
from contextlib import ExitStack, suppress

import pytest

from station.app.access.roles import ACCESS_COOKIE
from station.app.snapshot import Snapshot
from station.config import Config, PageConfig
from station.core.events import CommandName
from station.network import Machine, web_address
from station.store import Store
from tests.paired_browsers import pair_browser
from tests.station.process import wait_until
from tests.web.double import StationDouble
from tests.web.server.served import (
    BOUND_S,
    LOCAL,
    SOON_S,
    SmallProtocol,
    connected,
    read_to_end,
    request,
    send_raw,
    server,
    serving,
    wait_for_close,
)
from web.server.http import PageError, Server, open_page
from web.server.request_guard import BODY_TIMEOUT_S

__all__ = ["server"]


def test_page_is_served_without_server_header(server: Server) -> None:
    """The page answers at its address and does not reveal its server software."""
    status, page = request(server)
    assert status == 200
    assert "Not a medical device" in page
    assert (
        "server:" not in send_raw(server, "GET /about HTTP/1.0\r\nHost: localhost\r\n\r\n").lower().split("\r\n\r\n")[0]
    )


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "station.local", "station.local."])
def test_allowed_hosts_are_answered(server: Server, host: str) -> None:
    """By address, by localhost and by a configured name, on any port, as through a tunnel."""
    assert request(server, Host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "192.168.1.5", "[::1", "", "a@b.example"])
def test_unknown_host_is_refused(server: Server, host: str) -> None:
    """DNS rebinding is refused with a sentence, for pages and for the stream."""
    for address in ("/about", "/events"):
        status, sentence = request(server, address, Host=host)
        assert status == 421
        assert "allowed_hosts" in sentence


def test_server_on_all_interfaces_answers_own_addresses_and_hostname(station: StationDouble, store: Store) -> None:
    """Bound to every interface, it answers its own addresses and the machine's own name, and no others."""
    served = open_page(station, store, Config(page=PageConfig(host="0.0.0.0", port=0)))
    served.start()
    try:
        for address in Machine().addresses():
            assert request(served, Host=web_address(str(address), 8080).partition("//")[2])[0] == 200
        assert request(served, Host="192.168.213.5:8080")[0] == 421
        assert request(served, Host=f"{socket.gethostname()}.local")[0] == 200
        assert request(served, Host="evil.example")[0] == 421
    finally:
        served.stop()


SAME_ORIGIN = {"Host": "station.local:80", "Origin": "http://station.local:80"}


@pytest.mark.parametrize(
    "headers", [SAME_ORIGIN, {**SAME_ORIGIN, "Sec_Fetch_Site": "same-origin"}, {"Sec_Fetch_Site": "same-origin"}]
)
def test_same_origin_write_is_accepted(
    server: Server, station: StationDouble, store: Store, headers: dict[str, str]
) -> None:
    cookie = f"{ACCESS_COOKIE}={pair_browser(store)}"
    assert request(server, "/command", "POST", "command=pause", Cookie=cookie, **headers)[0] == 303
    assert station.commands == [(CommandName.PAUSE, None)]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://station.local:81", "Host": "station.local:80"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {**SAME_ORIGIN, "Sec_Fetch_Site": "cross-site"},
    ],
)
def test_cross_origin_write_is_refused(server: Server, station: StationDouble, headers: dict[str, str]) -> None:
    """A write must prove its origin; otherwise no command reaches the board."""
    status, sentence = request(server, "/command", "POST", "command=pause", **headers)
    assert status == 403
    assert "another site" in sentence or "own page" in sentence
    assert station.commands == []


def test_cross_origin_read_is_refused(server: Server) -> None:
    assert request(server, "/history", Origin="http://evil.example")[0] == 403


def test_large_body_is_refused(server: Server, station: StationDouble) -> None:
    """413, whether the length is declared or the chunks never end."""
    assert request(server, "/command", "POST", "command=pause&x=" + "x" * 70_000, **SAME_ORIGIN)[0] == 413
    chunk = "4000\r\n" + "x" * 0x4000 + "\r\n"
    head = (
        "POST /command HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert " 413 " in send_raw(server, head + 5 * chunk).split("\r\n")[0]
    assert station.commands == []


def test_slow_body_is_refused(station: StationDouble, store: Store) -> None:
    """408 with a sentence when the body misses its deadline."""
    head = "POST /command HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 10\r\n\r\nword"
    with serving(station, store, body_s=SOON_S) as server:
        answer = send_raw(server, head)
    assert " 408 " in answer.split("\r\n")[0]
    assert "Send it again" in answer
    assert station.commands == []


def test_slow_bodies_do_not_block_other_requests(server: Server) -> None:
    """With 60 unfinished bodies, far more than threads, other requests are answered before those are given up."""
    assert BODY_TIMEOUT_S > BOUND_S
    head = "POST /command HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 10\r\n\r\nword"
    with ExitStack() as slow:
        for _ in range(60):
            slow.enter_context(connected(server)).sendall(head.encode())
        assert [request(server)[0] for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("sent", ["", "GET / HTTP/1.1\r\nHost: loc"])
def test_slow_head_is_dropped(server: Server, monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    """A connection that sends no complete head in time is closed."""
    monkeypatch.setattr(SmallProtocol, "header_timeout_s", SOON_S)
    with connected(server) as connection:
        with suppress(ConnectionError):  # it may be closed before
            connection.sendall(sent.encode())
        wait_for_close(connection)


def test_trickled_head_is_dropped(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not extend the deadline."""
    monkeypatch.setattr(SmallProtocol, "header_timeout_s", SOON_S)
    with connected(server) as connection:

        def is_dropped() -> bool:
            try:
                connection.sendall(b"G")
            except OSError:
                return True
            return False

        wait_until(is_dropped, "the trickling connection is closed")


def test_second_request_on_connection_has_same_deadline(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kept-alive connection may idle between requests, but an unfinished second head is dropped too."""
    with connected(server) as connection:
        connection.sendall(b"GET /about HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in connection.recv(20)
        monkeypatch.setattr(SmallProtocol, "header_timeout_s", SOON_S)
        connection.sendall(b"GET /about HTT")
        wait_for_close(connection)


def test_idle_connections_are_evicted(server: Server) -> None:
    """Beyond the limit, idle connections give way to one that sends a request."""
    with ExitStack() as idle:
        for _ in range(SmallProtocol.max_connections + 20):
            idle.enter_context(connected(server))
        assert request(server)[0] == 200


def test_large_head_is_refused(server: Server) -> None:
    """Neither a header of 60 KB, nor an endless megabyte, nor a hundred headers are accepted."""
    assert (
        " 431 " in send_raw(server, f"GET / HTTP/1.1\r\nHost: localhost\r\nX: {'x' * 60_000}\r\n\r\n").split("\r\n")[0]
    )
    with connected(server) as connection:
        with suppress(ConnectionError):
            connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 1_000_000)
        wait_for_close(connection)
    many = "".join(f"X-{n}: 1\r\n" for n in range(100))
    assert " 431 " in send_raw(server, f"GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n").split("\r\n")[0]


@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: 10\r\nContent-Length: 12",
        "Content-Length: 10\r\nTransfer-Encoding: chunked",
        "Content-Length: -1",
        "Content-Length: 1e3",
    ],
)
def test_ambiguous_length_is_refused(server: Server, lines: str) -> None:
    """Ambiguous framing, the means of request smuggling, is refused."""
    head = f"POST /command HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n{lines}\r\n\r\n0\r\n\r\n"
    assert " 400 " in send_raw(server, head).split("\r\n")[0]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(server: Server, method: str) -> None:
    """Only pages are read and forms are sent."""
    assert request(server, "/about", method)[0] == 405


def test_taken_port_raises_one_sentence(server: Server, station: StationDouble, store: Store) -> None:
    """The error names the port and what to do."""
    with pytest.raises(PageError, match=rf"{server.port}: another program uses it.*choose another"):
        open_page(station, store, Config(page=PageConfig(port=server.port)))


def test_foreign_address_raises_one_sentence(station: StationDouble, store: Store) -> None:
    """The error names the address and what to do."""
    with pytest.raises(PageError, match=r"192\.0\.2\.1 port 8099.*Choose another"):
        open_page(station, store, Config(page=PageConfig(host="192.0.2.1", port=8099)))


def test_already_bound_socket_is_used(station: StationDouble, store: Store) -> None:
    """On the station systemd binds the socket and hands it over."""
    listener = socket.create_server((LOCAL, 0))
    served = open_page(station, store, Config(), listener)
    served.start()
    try:
        assert served.port == listener.getsockname()[1]
        assert request(served)[0] == 200
    finally:
        served.stop()


def test_page_error_is_logged_and_isolated(
    server: Server, station: StationDouble, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken stream ends alone, the log names its address, and what does not ask the station still answers."""

    def broken() -> Snapshot:
        raise RuntimeError("no picture")

    station.snapshot = broken  # type: ignore[method-assign]  # a station that breaks
    with connected(server) as connection:
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for_close(connection)
    assert "the page failed to answer '/events'" in caplog.text
    assert station.watchers == 0
    assert request(server, "/exercises/3a.svg")[0] == 200
    status, page = request(server, "/live")
    assert status == 500
    assert "the station keeps running" in page


def test_no_request_writes_a_line_of_the_log(
    server: Server, station: StationDouble, caplog: pytest.LogCaptureFixture
) -> None:
    """While every page breaks: a path with a line end makes none in the log, and neither token nor query is in it."""

    def broken() -> Snapshot:
        raise RuntimeError("no picture")

    station.snapshot = broken  # type: ignore[method-assign]  # a station that breaks
    for address in (
        "/exercises/%0Aforged%20line",
        "/sessions/%0D%0Aforged",
        "/plan/secret-token.ics?word=secret-token",
    ):
        for place in (address, f"/events?x={address}", f"/live?x={address}"):
            with suppress(http.client.IncompleteRead):  # a stream that breaks
                request(server, place, Cookie="station=secret-token", X_Any="secret-token")
    assert caplog.records
    for record in caplog.records:
        assert [one for one in ("\n", "\r", "secret-token") if one in record.getMessage()] == []


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /about HTTP/1.0\r\n", 421),
        ("GET /about HTTP/1.0\r\nHost: localhost\r\n", 200),
        ("GET /about HTTP/0.9\r\nHost: localhost\r\n", 200),
        ("GET /about HTTP/2.0\r\nHost: localhost\r\n", 200),
        ("GET /about\r\nHost: localhost\r\n", 400),
        ("GET /about HTTP/1.1\r\nHost: localhost\r\n" + "X: 1\r\n" * 1_000, 431),
        ("GET /about HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n", 400),
        ("GET /about HTTP/1.1\r\nHost : localhost\r\n", 400),
        ("GET /about HTTP/1.1\r\nHost: localhost\r\n folded: 1\r\n", 421),
        ("G\0T /about HTTP/1.1\r\nHost: localhost\r\n", 400),
    ],
)
def test_odd_head_gets_its_status_and_costs_nobody_else(server: Server, head: str, status: int) -> None:
    """Old and future versions, which are answered as 1.1; too many and malformed headers. The next visitor is
    answered."""
    with connected(server) as connection:
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        assert f" {status} " in read_to_end(connection).split("\r\n")[0]
    assert request(server, "/about")[0] == 200


def test_a_page_that_never_started_stops(store: Store, station: StationDouble) -> None:
    """As when the board's process ends at once, because another station has the database."""
    page = open_page(station, store, Config(page=PageConfig(port=0)))
    page.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", page.port), timeout=1)
