"""The live page's event stream: the whole state on opening, then each newer state.

It runs on the event loop, so an open page costs no thread. States are limited to fifty a second; a heartbeat every two
seconds carries the age of the newest snapshot, so that a page can tell a stalled station from an unchanged state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import msgspec

from station.app.api import StationApi
from station.app.snapshot import Snapshot
from station.clock import Clock
from station.units import CM, MM_PER_UNIT
from web.live.view_model import live_view

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MIN_INTERVAL_S = 0.02
"""The station publishes ten snapshots a second while values move, and one immediately on a change, which must not wait
long behind the previous one. At most fifty a second are sent."""
HEARTBEAT_S = 2.0
"""Twice within the four seconds after which a page reports missing updates."""
MAX_STREAMS = 64
"""Open pages at once: more than any household has."""

RESPONSE_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class StreamClient:
    """One open page: whether there is something newer for it, and whether it has gone."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True
        self.changed.set()

    async def wait_for_disconnect(self, receive: Receive) -> None:
        """Until the page is closed."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.close()


class Stream:
    """The ASGI application behind `/events`."""

    def __init__(self, api: StationApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._clients: set[StreamClient] = set()
        self._cached_view: tuple[Snapshot, str, bytes] | None = None

    @property
    def is_full(self) -> bool:
        """No further page can be served."""
        return len(self._clients) >= MAX_STREAMS

    def close(self) -> None:
        """Let every open page go; to be called on the event loop."""
        for visitor in self._clients:
            visitor.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        units = parse_qs(scope["query_string"].decode("latin-1")).get("units", [CM])[0]
        loop = asyncio.get_running_loop()
        client = StreamClient()

        def wake() -> None:
            with suppress(RuntimeError):  # the page's server has stopped; the station goes on
                loop.call_soon_threadsafe(client.changed.set)

        self._clients.add(client)
        watching = loop.create_task(client.wait_for_disconnect(receive))
        cancel = self._api.subscribe(wake)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": RESPONSE_HEADERS})
            await self._send_events(client, units if units in MM_PER_UNIT else CM, send)
        finally:
            cancel()
            watching.cancel()
            self._clients.remove(client)

    async def _send_events(self, client: StreamClient, units: str, send: Send) -> None:
        last_sent: Snapshot | None = None
        while not client.is_closed:
            client.changed.clear()
            snapshot = self._api.snapshot()
            event = self._heartbeat_event(snapshot) if snapshot is last_sent else self._state_event(snapshot, units)
            last_sent = snapshot
            await send({"type": "http.response.body", "body": event, "more_body": True})
            await asyncio.sleep(MIN_INTERVAL_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(client.changed.wait(), HEARTBEAT_S - MIN_INTERVAL_S)

    def _state_event(self, snapshot: Snapshot, units: str) -> bytes:
        if self._cached_view is None or self._cached_view[0] is not snapshot or self._cached_view[1] != units:
            self._cached_view = (snapshot, units, msgspec.json.encode(live_view(snapshot, units)))
        return b'event: state\ndata: {"age_us":%d,"view":%b}\n\n' % (self._age_us(snapshot), self._cached_view[2])

    def _heartbeat_event(self, snapshot: Snapshot) -> bytes:
        return b'event: heartbeat\ndata: {"age_us":%d}\n\n' % self._age_us(snapshot)

    def _age_us(self, now: Snapshot) -> int:
        return max(0, self._clock.now_us() - now.at_us)
