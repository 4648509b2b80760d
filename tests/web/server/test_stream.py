"""The event stream over real sockets: what each open page gets to see, and when its stream ends."""

from __future__ import annotations

import http.client
import json
import socket
import time
from contextlib import ExitStack, closing
from typing import Any

import pytest

from station.app.access.roles import ACCESS_COOKIE, Role, hash_of
from station.config import Config, PageConfig
from station.store import Store
from tests.paired_browsers import pair_browser
from tests.station.process import wait_until
from tests.web.double import StationDouble
from tests.web.server.served import (
    BOUND_S,
    LOCAL,
    NEVER_S,
    SOON_S,
    SmallProtocol,
    connected,
    request,
    server,
)
from web.server.http import Server, open_page
from web.server.stream import MAX_STREAMS, MIN_INTERVAL_S, REVOKED_EVENT

__all__ = ["server"]


class StreamClient:
    """The event stream of an open live page."""

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


def test_revoking_a_browser_ends_its_open_stream_at_once(
    server: Server, station: StationDouble, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the pairing itself wakes the stream: no periodic check is due. The stream says so and ends, and the
    next one shows what an unpaired browser may see.
    """
    monkeypatch.setattr("web.server.stream.HEARTBEAT_S", NEVER_S)
    monkeypatch.setattr("web.server.stream.RECHECK_S", NEVER_S)
    ada = store.add_person("Ada").id
    pair_browser(store, Role.OWNER)
    token = pair_browser(store, Role.MEMBER, ada)
    station.show(activity="hold", phase="hold", person_id=ada, person_name="Ada", session_id="s")
    access = store.device_with(hash_of(token))
    assert access is not None
    with closing(StreamClient(server, token)) as page:
        assert page.next("state")["view"]["person"] == "Ada"
        station.revoke_device(access.device.id).result()
        assert page.answer.read().lstrip() == REVOKED_EVENT
    with closing(StreamClient(server, token)) as page:
        view = page.next("state")["view"]
    assert (view["word"], view["person"], view["session"]) == ("HOLD", None, None)


def test_stream_shows_each_visitor_their_own_view(server: Server, station: StationDouble, store: Store) -> None:
    """At the same time: the person on the board, another one who gets their consent meanwhile, an unpaired browser."""
    ada, bea = store.add_person("Ada").id, store.add_person("Bea").id
    given = [pair_browser(store, Role.OWNER, ada), pair_browser(store, Role.MEMBER, bea), None]
    station.show(activity="hold", phase="hold", person_id=ada, person_name="Ada", session_id="s", note="Well done.")
    with ExitStack() as tabs:
        pages = [tabs.enter_context(closing(StreamClient(server, token))) for token in given]
        assert [page.next("state")["view"]["person"] for page in pages] == ["Ada", None, None]
        station.agree_consent(bea, ada).result()
        views = [page.next("state")["view"] for page in pages]
    assert [view["person"] for view in views] == ["Ada", "Ada", None]
    assert [view["note"] for view in views] == ["Well done.", "Well done.", None]


def test_rapid_changes_are_coalesced(server: Server, station: StationDouble) -> None:
    """A hundred changes make no more events than the interval between two allows, and the last one is the newest."""
    with closing(StreamClient(server)) as page:
        page.next("state")
        began_s = time.monotonic()
        for number in range(100):
            station.show(activity="reps", count=number)
        seen: list[str] = []
        while not seen or seen[-1] != "99 of 99":
            station.show(activity="reps", count=99, target_count=99)
            state = page.next("state")["view"]
            seen.append(f"{state['number']} {state['unit']}")
        for count in range(10):
            station.show(activity="reps", count=count)
            seen.append(page.next("state")["view"]["number"])
        assert len(seen) <= 1 + (time.monotonic() - began_s) / MIN_INTERVAL_S


def test_heartbeat_carries_the_age_of_the_newest_state(server: Server, station: StationDouble) -> None:
    """So a page can tell a board on which nothing changes from one that does not respond."""
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
    """The one beyond the limit gets 503, and a place once another has closed."""
    with ExitStack() as tabs:
        pages = [tabs.enter_context(closing(StreamClient(server))) for _ in range(MAX_STREAMS)]
        assert request(server, "/events")[0] == 503
        pages[0].close()

        def has_free_place() -> bool:
            watcher = StreamClient(server)
            watcher.close()
            return watcher.answer.status == 200

        wait_until(has_free_place, "a place is free again")


def test_client_that_never_reads_is_dropped(
    server: Server, station: StationDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its subscription ends, and its pending events are discarded."""
    monkeypatch.setattr(SmallProtocol, "read_timeout_s", SOON_S)
    with connected(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: station.watchers == 1, "the page is subscribed")

        def is_dropped() -> bool:
            station.show(activity="hold", next_step="x" * 200_000)
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
