"""The live page's stream: the whole state at once on opening, then whenever there is a newer picture.

It lives on the event loop, so that an open page costs no thread. Pictures are coalesced to fifty a second; a beat
every two seconds says how old the newest picture is, so that a page can tell a silent station from a still one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import msgspec

from station.app.api import Panel
from station.app.snapshot import Snapshot
from station.clock import Clock
from station.units import CM, MM_IN_ONE
from web.live.view_model import picture

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

GAP_S = 0.02
"""The station makes ten pictures a second of what only moves, and one at once of what changes: that one may not wait
long for the one before. At most fifty a second are sent, whatever happens."""
BEAT_S = 2.0
"""Twice within the four seconds after which a page says that there is no news."""
STREAMS = 64
"""Open pages at once; more would be no household."""

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Visitor:
    """One open page: whether there is something newer for it, and whether it has gone."""

    def __init__(self) -> None:
        self.newer = asyncio.Event()
        self.gone = False

    def leave(self) -> None:
        self.gone = True
        self.newer.set()

    async def watch(self, receive: Receive) -> None:
        """Until the page is closed."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.leave()


class Stream:
    """The ASGI application behind `/events`."""

    def __init__(self, panel: Panel, clock: Clock) -> None:
        self._panel = panel
        self._clock = clock
        self._visitors: set[Visitor] = set()
        self._made: tuple[Snapshot, str, bytes] | None = None

    @property
    def full(self) -> bool:
        """No further page can be served."""
        return len(self._visitors) >= STREAMS

    def end(self) -> None:
        """Let every open page go; to be called on the event loop."""
        for visitor in self._visitors:
            visitor.leave()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        units = parse_qs(scope["query_string"].decode("latin-1")).get("units", [CM])[0]
        loop = asyncio.get_running_loop()
        visitor = Visitor()

        def wake() -> None:
            with suppress(RuntimeError):  # the page's server has stopped; the station goes on
                loop.call_soon_threadsafe(visitor.newer.set)

        self._visitors.add(visitor)
        watching = loop.create_task(visitor.watch(receive))
        cancel = self._panel.subscribe(wake)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._tell(visitor, units if units in MM_IN_ONE else CM, send)
        finally:
            cancel()
            watching.cancel()
            self._visitors.remove(visitor)

    async def _tell(self, visitor: Visitor, units: str, send: Send) -> None:
        shown: Snapshot | None = None
        while not visitor.gone:
            visitor.newer.clear()
            now = self._panel.snapshot()
            event = self._beat(now) if now is shown else self._state(now, units)
            shown = now
            await send({"type": "http.response.body", "body": event, "more_body": True})
            await asyncio.sleep(GAP_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(visitor.newer.wait(), BEAT_S - GAP_S)

    def _state(self, now: Snapshot, units: str) -> bytes:
        if self._made is None or self._made[0] is not now or self._made[1] != units:
            self._made = (now, units, msgspec.json.encode(picture(now, units)))
        return b'event: state\ndata: {"age_us":%d,"now":%b}\n\n' % (self._age_us(now), self._made[2])

    def _beat(self, now: Snapshot) -> bytes:
        return b'event: beat\ndata: {"age_us":%d}\n\n' % self._age_us(now)

    def _age_us(self, now: Snapshot) -> int:
        return max(0, self._clock.now_us() - now.at_us)
