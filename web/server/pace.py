"""A reader that downloads too slowly loses its turn to those waiting."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from web.server.stream import Send

SLOWEST_BYTES_S = 32 * 1024
"""A phone at the far end of the house downloads a hundred times as fast."""
GRACE_S = 15.0
"""How far a reader may fall behind that rate, at the start or later."""


class Paced:
    """An ASGI `send` that gives up on a reader slower than `SLOWEST_BYTES_S`, and drops the rest.

    It drops rather than raises, because the thread that produces the response waits until the rest is taken. The server
    closes the connection of an incomplete response. Only the reader's time counts, not the disk's; whatever the kernel
    buffers at once earns no more than the grace.
    """

    def __init__(self, send: Send, grace_s: float = GRACE_S) -> None:
        self._send = send
        self._grace_s = self._left_s = grace_s
        self._has_given_up = False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send a message, or drop it."""
        if self._has_given_up:
            return
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            async with asyncio.timeout(max(0.0, self._left_s)):
                await self._send(message)
        except TimeoutError:
            self._has_given_up = True
        earned_s = len(message.get("body", b"")) / SLOWEST_BYTES_S
        self._left_s = min(self._grace_s, self._left_s - (loop.time() - began_s) + earned_s)
