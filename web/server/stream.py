"""The live page's event stream: the whole state at first, then each newer state.

It runs on the event loop, so an open page costs no thread. States are limited to fifty a second; a heartbeat every two
seconds carries the age of the newest snapshot, so that a page can tell a stalled station from an unchanged state.

Each state shows only what its visitor may see (`web.live.seen`). The visitor is read again whenever the station reports
that access has changed, so a revoked browser is out at once: its stream ends, and the page that reconnects is one for a
unpaired browser.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec
from werkzeug.http import parse_cookie

from station.app.access.roles import ACCESS_COOKIE, Visitor, visitor_with
from station.app.api import StationApi
from station.app.snapshot import Snapshot
from station.clock import Clock
from station.store import Reader
from station.units import CM, MM_PER_UNIT
from web.live.seen import snapshot_for
from web.live.view_model import live_view

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MIN_INTERVAL_S = 0.02
"""The station publishes ten snapshots a second while values move, and one immediately on a change, which must not wait
long behind the previous one. At most fifty a second are sent.
"""
RECHECK_S = 20.0
"""How often a visitor is read again without a change, to notice what has expired."""
HEARTBEAT_S = 2.0
"""Twice within the four seconds after which a page reports missing updates."""
MAX_STREAMS = 64
"""The most open pages: more than any household has."""

REVOKED_EVENT = b"event: revoked\ndata: {}\n\n"
"""The last event for a browser whose pairing has ended: its page reloads."""
RESPONSE_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class StreamClient:
    """One open page: its token and units, whether a newer state is pending for it, and whether it has disconnected."""

    def __init__(self, token: str | None, units: str) -> None:
        self.token = token
        self.units = units
        self.changed = asyncio.Event()
        self.is_closed = False

    def close(self) -> None:
        """End this stream; call it on the event loop."""
        self.is_closed = True
        self.changed.set()

    async def wait_for_disconnect(self, receive: Receive) -> None:
        """Wait until the page is closed."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.close()


class Stream:
    """The ASGI application behind `/events`."""

    def __init__(self, api: StationApi, store: Reader, clock: Clock) -> None:
        self._api = api
        self._store = store
        self._clock = clock
        self._clients: set[StreamClient] = set()
        self._cached_snapshot: Snapshot | None = None
        self._cached_views: list[tuple[Snapshot, tuple[str, bool], bytes]] = []

    @property
    def is_full(self) -> bool:
        """Whether no further page can be served."""
        return len(self._clients) >= MAX_STREAMS

    def close(self) -> None:
        """Close every stream; must be called on the event loop."""
        for visitor in self._clients:
            visitor.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        units = parse_qs(scope["query_string"].decode("latin-1")).get("units", [CM])[0]
        loop = asyncio.get_running_loop()
        client = StreamClient(token_of(scope), units if units in MM_PER_UNIT else CM)

        def wake() -> None:
            with suppress(RuntimeError):  # the server has stopped; the station keeps running
                loop.call_soon_threadsafe(client.changed.set)

        self._clients.add(client)
        watching = loop.create_task(client.wait_for_disconnect(receive))
        cancel = self._api.subscribe(wake)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": RESPONSE_HEADERS})
            await self._send_events(client, send)
        finally:
            cancel()
            watching.cancel()
            self._clients.remove(client)

    async def _send_events(self, client: StreamClient, send: Send) -> None:
        last_sent: Snapshot | None = None
        visitor, checked_at = Visitor(), -RECHECK_S
        loop = asyncio.get_running_loop()
        while not client.is_closed:
            client.changed.clear()
            snapshot = self._api.snapshot()
            is_changed = last_sent is None or snapshot.access_number != last_sent.access_number
            if is_changed or loop.time() - checked_at >= RECHECK_S:
                before, checked_at = visitor, loop.time()
                visitor = visitor_with(self._store, client.token, datetime.now(UTC))
                if before.is_paired and not visitor.is_paired:
                    await send({"type": "http.response.body", "body": REVOKED_EVENT, "more_body": False})
                    return
            event = (
                self._heartbeat_event(snapshot)
                if snapshot is last_sent
                else self._state_event(snapshot, visitor, client.units)
            )
            last_sent = snapshot
            await send({"type": "http.response.body", "body": event, "more_body": True})
            await asyncio.sleep(MIN_INTERVAL_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(client.changed.wait(), HEARTBEAT_S - MIN_INTERVAL_S)

    def _state_event(self, snapshot: Snapshot, visitor: Visitor, units: str) -> bytes:
        return b'event: state\ndata: {"age_us":%d,"view":%b}\n\n' % (
            self._age_us(snapshot),
            self._view(snapshot, visitor, units),
        )

    def _view(self, snapshot: Snapshot, visitor: Visitor, units: str) -> bytes:
        """The view as JSON; visitors who see the same share one."""
        if self._cached_snapshot is not snapshot:
            self._cached_snapshot, self._cached_views = snapshot, []
        shown = snapshot_for(visitor, snapshot)
        kind = (units, visitor.is_paired)
        for cached, cached_kind, view in self._cached_views:
            if cached_kind == kind and cached == shown:
                return view
        view = msgspec.json.encode(live_view(shown, units, has_buttons=visitor.is_paired))
        self._cached_views.append((shown, kind, view))
        return view

    def _heartbeat_event(self, snapshot: Snapshot) -> bytes:
        return b'event: heartbeat\ndata: {"age_us":%d}\n\n' % self._age_us(snapshot)

    def _age_us(self, now: Snapshot) -> int:
        return max(0, self._clock.now_us() - now.at_us)


def token_of(scope: Scope) -> str | None:
    """The token in the cookies of a request, as Flask would read it."""
    header = "; ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie")
    return parse_cookie(header).get(ACCESS_COOKIE)
