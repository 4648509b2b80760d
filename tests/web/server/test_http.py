"""The page's HTTP server over real sockets: limits, deadlines, allowed hosts and the event stream."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import pytest

from station.app.access.roles import ACCESS_COOKIE, Role, hash_of
from station.app.snapshot import Snapshot
from station.config import Config, PageConfig
from station.core.events import CommandName
from station.network import Machine, web_address
from station.store import Store
from tests.let_in import let_in
from tests.web.double import StationDouble
from web.server.http import DeadlineProtocol, PageError, Server, open_page
from web.server.stream import MAX_STREAMS

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


class StreamClient:
    """An open live page, as far as its event stream goes."""

    def __init__(self, server: Server, token: str | None = None) -> None:
        self._connection = http.client.HTTPConnection(LOCAL, server.port, timeout=BOUND_S)
        headers = {} if token is None else {"Cookie": f"theme=dark; {ACCESS_COOKIE}={token}"}
        self._connection.request("GET", "/events", headers=headers)
        self.answer = self._connection.getresponse()

    def next(self, kind: str) -> dict[str, Any]:
        """The data of the next event of this kind."""
        while (line := self.answer.readline()) != f"event: {kind}\n".encode():
            assert line
        return dict(json.loads(self.answer.readline().removeprefix(b"data: ")))

    def close(self) -> None:
        self.answer.close()
        self._connection.close()


def test_page_is_served_without_server_header(server: Server) -> None:
    """The page answers at its address and does not reveal its server software."""
    status, page = request(server)
    assert status == 200
    assert "Not a medical device" in page
    assert "server:" not in raw(server, "GET /about HTTP/1.0\r\nHost: localhost\r\n\r\n").lower().split("\r\n\r\n")[0]


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
    cookie = f"{ACCESS_COOKIE}={let_in(store)}"
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
    assert " 413 " in raw(server, head + 5 * chunk).split("\r\n")[0]
    assert station.commands == []


def test_slow_body_is_refused(server: Server, station: StationDouble) -> None:
    """408 with a sentence when the body misses its deadline."""
    head = "POST /command HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 10\r\n\r\nword"
    answer = raw(server, head)
    assert " 408 " in answer.split("\r\n")[0]
    assert "Send it again" in answer
    assert station.commands == []


def test_slow_bodies_do_not_block_other_requests(server: Server) -> None:
    """With 60 unfinished bodies, far more than threads, other requests are answered at once."""
    head = "POST /command HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 10\r\n\r\nword"
    with ExitStack() as slow:
        for _ in range(60):
            slow.enter_context(connected(server)).sendall(head.encode())
        began = time.monotonic()
        assert [request(server)[0] for _ in range(5)] == [200] * 5
        assert time.monotonic() - began < BOUND_S


@pytest.mark.parametrize("sent", ["", "GET / HTTP/1.1\r\nHost: loc"])
def test_slow_head_is_dropped(server: Server, sent: str) -> None:
    """A connection that sends no complete head in time is closed."""
    with connected(server) as connection:
        connection.sendall(sent.encode())
        assert is_closed(connection)


def test_trickled_head_is_dropped(server: Server) -> None:
    """A byte now and then does not extend the deadline."""
    with connected(server) as connection:

        def is_dropped() -> bool:
            try:
                connection.sendall(b"G")
            except OSError:
                return True
            return False

        wait_until(is_dropped, "the trickling connection is closed")


def test_second_request_on_connection_has_same_deadline(server: Server) -> None:
    """A kept-alive connection may idle between requests, but an unfinished second head is dropped too."""
    with connected(server) as connection:
        connection.sendall(b"GET /about HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in connection.recv(20)
        connection.sendall(b"GET /about HTT")
        assert is_closed(connection)


def test_idle_connections_are_evicted(server: Server) -> None:
    """Beyond the limit, idle connections give way to one that sends a request."""
    with ExitStack() as idle:
        for _ in range(QuickProtocol.max_connections + 20):
            idle.enter_context(connected(server))
        assert request(server)[0] == 200


def test_large_head_is_refused(server: Server) -> None:
    """Neither a header of 60 KB, nor an endless megabyte, nor a hundred headers are accepted."""
    assert " 431 " in raw(server, f"GET / HTTP/1.1\r\nHost: localhost\r\nX: {'x' * 60_000}\r\n\r\n").split("\r\n")[0]
    with connected(server) as connection:
        with suppress(ConnectionError):
            connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 1_000_000)
        assert is_closed(connection)
    many = "".join(f"X-{n}: 1\r\n" for n in range(100))
    assert " 431 " in raw(server, f"GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n").split("\r\n")[0]


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
    assert " 400 " in raw(server, head).split("\r\n")[0]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(server: Server, method: str) -> None:
    """Only pages are read and forms are sent."""
    assert request(server, "/about", method)[0] == 405


def test_stream_starts_with_full_state(server: Server, station: StationDouble) -> None:
    """A late subscriber gets everything at once, and later changes within a moment."""
    station.show(activity="hold", phase="hold", counting="hold", counted_us=5_000_000, target_us=30_000_000, rate=1)
    with closing(StreamClient(server)) as page:
        first = page.next("state")
        assert first["view"]["word"] == "HOLD"
        assert first["view"]["counted_us"] == 5_000_000
        assert 0 <= first["age_us"] < 5_000_000
        station.show(phase="lifted", rate=0)
        assert page.next("state")["view"]["word"] == "HEEL DOWN"


def test_revoked_browser_is_out_of_its_open_stream_within_a_second(
    server: Server, station: StationDouble, store: Store
) -> None:
    """The stream says so and ends at once, and the one that the page opens again is a visitor's."""
    ada = store.add_person("Ada").id
    let_in(store, Role.OWNER)
    token = let_in(store, Role.MEMBER, ada)
    station.show(activity="hold", phase="hold", person_id=ada, person_name="Ada", session_id="s")
    access = store.device_with(hash_of(token))
    assert access is not None
    with closing(StreamClient(server, token)) as page:
        assert page.next("state")["view"]["person"] == "Ada"
        begun = time.monotonic()
        station.revoke_device(access.device.id).result()
        assert b"event: revoked" in page.answer.read()
        assert time.monotonic() - begun < 1.0
    with closing(StreamClient(server, token)) as page:
        view = page.next("state")["view"]
    assert (view["word"], view["person"], view["session"]) == ("HOLD", None, None)


def test_stream_shows_each_visitor_their_own_view(server: Server, station: StationDouble, store: Store) -> None:
    """In one moment: the person on the board, somebody to whom they agree while both look, and a visitor."""
    ada, bea = store.add_person("Ada").id, store.add_person("Bea").id
    given = [let_in(store, Role.OWNER, ada), let_in(store, Role.MEMBER, bea), None]
    station.show(activity="hold", phase="hold", person_id=ada, person_name="Ada", session_id="s", note="Well done.")
    with ExitStack() as tabs:
        pages = [tabs.enter_context(closing(StreamClient(server, token))) for token in given]
        assert [page.next("state")["view"]["person"] for page in pages] == ["Ada", None, None]
        station.agree_consent(bea, ada).result()
        views = [page.next("state")["view"] for page in pages]
    assert [view["person"] for view in views] == ["Ada", "Ada", None]
    assert [view["note"] for view in views] == ["Well done.", "Well done.", None]


def test_rapid_changes_are_coalesced(server: Server, station: StationDouble) -> None:
    """A hundred changes at once become a few events, the last of them the newest."""
    with closing(StreamClient(server)) as page:
        page.next("state")
        for number in range(100):
            station.show(activity="reps", count=number)
        seen: list[str] = []
        while not seen or seen[-1] != "99 of 99":
            station.show(activity="reps", count=99, target_count=99)
            state = page.next("state")["view"]
            seen.append(f"{state['number']} {state['unit']}")
        assert len(seen) < 10


def test_heartbeat_distinguishes_still_from_stalled(server: Server, station: StationDouble) -> None:
    """Without changes a heartbeat carries the age of the newest state."""
    station.show()
    with closing(StreamClient(server)) as page:
        age_us = page.next("state")["age_us"]
        assert page.next("heartbeat")["age_us"] > age_us + 1_000_000


def test_ten_streams_get_the_same_state_and_use_no_thread(server: Server, station: StationDouble) -> None:
    """Ten open pages all get the newest state, while other requests are answered at once."""
    with ExitStack() as tabs:
        pages = [tabs.enter_context(closing(StreamClient(server))) for _ in range(10)]
        for page in pages:
            page.next("state")
        station.show(phase="rest")
        assert [page.next("state")["view"]["word"] for page in pages] == ["REST"] * 10
        assert request(server)[0] == 200


def test_closing_page_ends_its_subscription(server: Server, station: StationDouble) -> None:
    """The other pages and the station are unaffected."""
    with closing(StreamClient(server)) as staying:
        leaving = StreamClient(server)
        wait_until(lambda: station.watchers == 2, "both pages are subscribed")
        leaving.close()
        wait_until(lambda: station.watchers == 1, "the closed page is unsubscribed")
        staying.next("state")
        station.show(phase="rest")
        assert staying.next("state")["view"]["word"] == "REST"


def test_too_many_streams_are_refused(server: Server) -> None:
    """One stream beyond the limit gets 503, and a place once another one closes."""
    with ExitStack() as tabs:
        pages = [tabs.enter_context(closing(StreamClient(server))) for _ in range(MAX_STREAMS)]
        assert request(server, "/events")[0] == 503
        pages[0].close()

        def has_free_place() -> bool:
            watcher = StreamClient(server)
            watcher.close()
            return watcher.answer.status == 200

        wait_until(has_free_place, "a place is free again")


def test_client_that_never_reads_is_dropped(server: Server, station: StationDouble) -> None:
    """Its subscription ends, and its pending events are discarded."""
    with connected(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: station.watchers == 1, "the page is subscribed")

        def is_dropped() -> bool:
            station.show(next_step="x" * 200_000)
            return station.watchers == 0

        wait_until(is_dropped, "the page that never reads is dropped")


def test_stopping_server_ends_open_streams(station: StationDouble, store: Store) -> None:
    """The server stops at once with pages open, and the station continues without subscribers."""
    served = open_page(station, store, Config(page=PageConfig(port=0)))
    served.start()
    with closing(StreamClient(served)) as page:
        page.next("state")
        served.stop()
        assert not served.alive
        assert station.watchers == 0
        station.show(phase="rest")


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
        assert is_closed(connection)
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
        assert f" {status} " in received(connection).split("\r\n")[0]
    assert request(server, "/about")[0] == 200


def test_a_page_that_never_started_stops(store: Store, station: StationDouble) -> None:
    """As when the board's process ends at once, because another station has the database."""
    page = open_page(station, store, Config(page=PageConfig(port=0)))
    page.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", page.port), timeout=1)
