"""The page's server, with real sockets: kind to slow people, short with hostile ones."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import pytest

from station.app.snapshot import Snapshot
from station.config import Config, PageConfig
from station.core.events import CommandName
from station.store import Store
from tests.web.double import StationDouble
from web.server.http import DeadlineProtocol, PageError, Server, open_page
from web.server.stream import MAX_STREAMS

BOUND_S = 5.0
SOON_S = 0.3
LOCAL = "127.0.0.1"


class QuickProtocol(DeadlineProtocol):
    """The same with short deadlines and few connections, so that tests need not wait."""

    header_timeout_s = SOON_S
    read_timeout_s = SOON_S
    max_connections = 100


@pytest.fixture
def server(panel: StationDouble, store: Store) -> Iterator[Server]:
    config = Config(page=PageConfig(port=0, allowed_hosts=("station.local",)))
    served = open_page(panel, store, config, body_s=SOON_S, protocol=QuickProtocol)
    served.start()
    yield served
    served.stop()
    assert not served.alive


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    with closing(socket.create_connection((LOCAL, server.port), BOUND_S)) as connection:
        yield connection


def ask(
    server: Server, address: str = "/about", method: str = "GET", body: str | None = None, **headers: str
) -> tuple[int, str]:
    """One request, with the headers that a browser would send, changed as said (`Host="…"`)."""
    with closing(http.client.HTTPConnection(LOCAL, server.port, timeout=BOUND_S)) as connection:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            given.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection.request(method, address, body, given)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def raw(server: Server, request: str) -> str:
    """What the server answers to these very bytes, until it closes."""
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


def settle(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.01)


class Watcher:
    """An open live page, as far as the stream goes."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection(LOCAL, server.port, timeout=BOUND_S)
        self._connection.request("GET", "/events")
        self.answer = self._connection.getresponse()

    def next(self, kind: str) -> dict[str, Any]:
        """The data of the next event of this kind."""
        while (line := self.answer.readline()) != f"event: {kind}\n".encode():
            assert line
        return dict(json.loads(self.answer.readline().removeprefix(b"data: ")))

    def close(self) -> None:
        self.answer.close()
        self._connection.close()


def test_a_page_is_served(server: Server) -> None:
    """The page answers at its address, and says nothing of what serves it."""
    status, page = ask(server)
    assert status == 200
    assert "not a medical device" in page
    assert "server:" not in raw(server, "GET /about HTTP/1.0\r\nHost: localhost\r\n\r\n").lower().split("\r\n\r\n")[0]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "station.local", "station.local."])
def test_its_own_names_are_answered(server: Server, host: str) -> None:
    """By its address, by localhost and by a configured name, whatever the port of a tunnel."""
    assert ask(server, Host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "192.168.1.5", "[::1", "", "a@b.example"])
def test_a_foreign_name_is_refused(server: Server, host: str) -> None:
    """A name that somebody else's name server points here is refused, in words, also for the stream."""
    for address in ("/about", "/events"):
        status, sentence = ask(server, address, Host=host)
        assert status == 421
        assert "allowed_hosts" in sentence


def test_in_a_network_addresses_and_the_machines_name_are_answered(panel: StationDouble, store: Store) -> None:
    """Bound to every address, the page is called by any address in digits and by the machine's own name."""
    served = open_page(panel, store, Config(page=PageConfig(host="0.0.0.0", port=0)))
    served.start()
    try:
        assert ask(served, Host="192.168.1.5:8080")[0] == 200
        assert ask(served, Host=f"{socket.gethostname()}.local")[0] == 200
        assert ask(served, Host="evil.example")[0] == 421
    finally:
        served.stop()


SAME = {"Host": "station.local:80", "Origin": "http://station.local:80"}


@pytest.mark.parametrize(
    "headers", [SAME, {**SAME, "Sec_Fetch_Site": "same-origin"}, {"Sec_Fetch_Site": "same-origin"}]
)
def test_a_write_from_the_page_itself_is_taken(server: Server, panel: StationDouble, headers: dict[str, str]) -> None:
    """A button of the page says a word to the board."""
    assert ask(server, "/command", "POST", "command=pause", **headers)[0] == 303
    assert panel.said == [(CommandName.PAUSE, None)]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://station.local:81", "Host": "station.local:80"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {**SAME, "Sec_Fetch_Site": "cross-site"},
    ],
)
def test_a_write_from_elsewhere_is_refused(server: Server, panel: StationDouble, headers: dict[str, str]) -> None:
    """A write must prove that it comes from this very page; else nothing is said to the board."""
    status, sentence = ask(server, "/command", "POST", "command=pause", **headers)
    assert status == 403
    assert "another site" in sentence or "own page" in sentence
    assert panel.said == []


def test_a_foreign_page_may_not_even_read(server: Server) -> None:
    """A request with a foreign origin is refused, whatever it asks for."""
    assert ask(server, "/history", Origin="http://evil.example")[0] == 403


def test_a_large_body_is_refused(server: Server, panel: StationDouble) -> None:
    """413, whether the length is told before or the bytes come in chunks without end."""
    assert ask(server, "/command", "POST", "command=pause&x=" + "x" * 70_000, **SAME)[0] == 413
    chunk = "4000\r\n" + "x" * 0x4000 + "\r\n"
    head = (
        "POST /command HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert " 413 " in raw(server, head + 5 * chunk).split("\r\n")[0]
    assert panel.said == []


def test_a_slow_body_is_refused(server: Server, panel: StationDouble) -> None:
    """408 when the body has not come within its time, in words."""
    head = "POST /command HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 10\r\n\r\nword"
    answer = raw(server, head)
    assert " 408 " in answer.split("\r\n")[0]
    assert "Send it again" in answer
    assert panel.said == []


def test_slow_bodies_do_not_stop_the_page(server: Server) -> None:
    """With 60 bodies that never end, far more than there are threads, the page answers everybody else at once."""
    head = "POST /command HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 10\r\n\r\nword"
    with ExitStack() as slow:
        for _ in range(60):
            slow.enter_context(connected(server)).sendall(head.encode())
        began = time.monotonic()
        assert [ask(server)[0] for _ in range(5)] == [200] * 5
        assert time.monotonic() - began < BOUND_S


@pytest.mark.parametrize("sent", ["", "GET / HTTP/1.1\r\nHost: loc"])
def test_a_slow_head_is_dropped(server: Server, sent: str) -> None:
    """A connection that does not say what it wants within its time is closed."""
    with connected(server) as connection:
        connection.sendall(sent.encode())
        assert is_closed(connection)


def test_a_trickled_head_is_dropped(server: Server) -> None:
    """A byte now and then does not move the deadline."""
    with connected(server) as connection:

        def is_dropped() -> bool:
            try:
                connection.sendall(b"G")
            except OSError:
                return True
            return False

        settle(is_dropped, "the trickling connection is closed")


def test_a_second_request_has_the_same_deadline(server: Server) -> None:
    """A kept connection may idle between requests, but a second head that never ends is dropped too."""
    with connected(server) as connection:
        connection.sendall(b"GET /about HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in connection.recv(20)
        connection.sendall(b"GET /about HTT")
        assert is_closed(connection)


def test_idle_connections_make_room(server: Server) -> None:
    """With more connections than are allowed, those that ask for nothing give way to the one that does."""
    with ExitStack() as idle:
        for _ in range(QuickProtocol.max_connections + 20):
            idle.enter_context(connected(server))
        assert ask(server)[0] == 200


def test_a_large_head_is_refused(server: Server) -> None:
    """Neither 60 KB of one header, nor a megabyte without an end, nor a hundred headers are taken."""
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
def test_an_unclear_length_is_refused(server: Server, lines: str) -> None:
    """What two programs could read in two ways is not read at all."""
    head = f"POST /command HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n{lines}\r\n\r\n0\r\n\r\n"
    assert " 400 " in raw(server, head).split("\r\n")[0]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(server: Server, method: str) -> None:
    """The page is read and its forms are sent; there is nothing else."""
    assert ask(server, "/about", method)[0] == 405


def test_the_stream_begins_with_the_whole_state(server: Server, panel: StationDouble) -> None:
    """A page that opens late gets everything at once, and what changes after that within a moment."""
    panel.show(activity="hold", phase="hold", counting="hold", counted_us=5_000_000, target_us=30_000_000, rate=1)
    with closing(Watcher(server)) as page:
        first = page.next("state")
        assert first["view"]["word"] == "HOLD"
        assert first["view"]["counted_us"] == 5_000_000
        assert 0 <= first["age_us"] < 5_000_000
        panel.show(phase="lifted", rate=0)
        assert page.next("state")["view"]["word"] == "HEEL DOWN"


def test_many_changes_are_one_picture(server: Server, panel: StationDouble) -> None:
    """A hundred changes within a moment are a few pictures, and the last of them is the newest."""
    with closing(Watcher(server)) as page:
        page.next("state")
        for number in range(100):
            panel.show(count=number)
        seen: list[str] = []
        while not seen or seen[-1] != "99 of 99":
            panel.show(activity="reps", count=99, target_count=99)
            state = page.next("state")["view"]
            seen.append(f"{state['number']} {state['unit']}")
        assert len(seen) < 10


def test_heartbeat_distinguishes_still_from_stalled(server: Server, panel: StationDouble) -> None:
    """Without changes a beat says how old the newest picture is."""
    panel.show()
    with closing(Watcher(server)) as page:
        age_us = page.next("state")["age_us"]
        assert page.next("heartbeat")["age_us"] > age_us + 1_000_000


def test_ten_tabs_see_the_same_and_cost_no_thread(server: Server, panel: StationDouble) -> None:
    """Ten open pages all get the newest picture, while the page itself answers at once."""
    with ExitStack() as tabs:
        pages = [tabs.enter_context(closing(Watcher(server))) for _ in range(10)]
        for page in pages:
            page.next("state")
        panel.show(phase="rest")
        assert [page.next("state")["view"]["word"] for page in pages] == ["REST"] * 10
        assert ask(server)[0] == 200


def test_a_page_closed_in_the_middle_is_forgotten(server: Server, panel: StationDouble) -> None:
    """Closing a page ends its subscription; the others and the station notice nothing."""
    with closing(Watcher(server)) as stays:
        leaves = Watcher(server)
        settle(lambda: panel.watchers == 2, "both pages are watched for")
        leaves.close()
        settle(lambda: panel.watchers == 1, "the closed page is forgotten")
        stays.next("state")
        panel.show(phase="rest")
        assert stays.next("state")["view"]["word"] == "REST"


def test_too_many_streams_are_refused(server: Server) -> None:
    """One page more than is held gets a sentence, and a place when another one closes."""
    with ExitStack() as tabs:
        pages = [tabs.enter_context(closing(Watcher(server))) for _ in range(MAX_STREAMS)]
        assert ask(server, "/events")[0] == 503
        pages[0].close()

        def has_place() -> bool:
            watcher = Watcher(server)
            watcher.close()
            return watcher.answer.status == 200

        settle(has_place, "there is a place again")


def test_client_that_never_reads_is_dropped(server: Server, panel: StationDouble) -> None:
    """A page that stops reading is forgotten, and what waits for it is not kept."""
    with connected(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        settle(lambda: panel.watchers == 1, "the page is watched for")

        def is_dropped() -> bool:
            panel.show(next_step="x" * 200_000)
            return panel.watchers == 0

        settle(is_dropped, "the page that does not read is forgotten")


def test_stopping_ends_open_pages(panel: StationDouble, store: Store) -> None:
    """The server stops at once with pages open, and the station can go on showing to nobody."""
    served = open_page(panel, store, Config(page=PageConfig(port=0)))
    served.start()
    with closing(Watcher(served)) as page:
        page.next("state")
        served.stop()
        assert not served.alive
        assert panel.watchers == 0
        panel.show(phase="rest")


def test_taken_port_raises_one_sentence(server: Server, panel: StationDouble, store: Store) -> None:
    """A port that another program has is an error with the port and what to do."""
    with pytest.raises(PageError, match=rf"{server.port}: another program has it.*choose another"):
        open_page(panel, store, Config(page=PageConfig(port=server.port)))


def test_an_address_that_is_not_ours_is_said_in_one_sentence(panel: StationDouble, store: Store) -> None:
    """An address that this machine does not have is an error with the address and what to do."""
    with pytest.raises(PageError, match=r"192\.0\.2\.1 port 8099.*Choose another"):
        open_page(panel, store, Config(page=PageConfig(host="192.0.2.1", port=8099)))


def test_already_bound_socket_is_used(panel: StationDouble, store: Store) -> None:
    """On the appliance systemd binds the socket and hands it over."""
    listener = socket.create_server((LOCAL, 0))
    served = open_page(panel, store, Config(), listener)
    served.start()
    try:
        assert served.port == listener.getsockname()[1]
        assert ask(served)[0] == 200
    finally:
        served.stop()


def test_a_fault_of_the_page_is_logged_and_stays_where_it_is(
    server: Server, panel: StationDouble, caplog: pytest.LogCaptureFixture
) -> None:
    """A stream that breaks ends alone, the log says which page it was, and the other pages go on."""

    def broken() -> Snapshot:
        raise RuntimeError("no picture")

    panel.snapshot = broken  # type: ignore[method-assign]  # a panel that breaks
    with connected(server) as connection:
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert is_closed(connection)
    assert "the page failed to answer '/events'" in caplog.text
    assert panel.watchers == 0
    assert ask(server)[0] == 200
    status, page = ask(server, "/live")
    assert status == 500
    assert "the station keeps running" in page
