"""Flask's threads below the event loop."""

from __future__ import annotations

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import Receive, Scope, SendEvent
from a2wsgi.asgi_typing import Send as SendMessage
from a2wsgi.wsgi import WSGIResponder
from flask import Flask

from station.clock import Clock
from web.server.workers import Workers

THREADS = 4


class Threads(WSGIMiddleware):
    """A WSGI application in a few threads, as an ASGI application; `workers` are the threads."""

    def __init__(self, app: Flask, clock: Clock) -> None:
        super().__init__(app)  # type: ignore[arg-type]  # Flask names the same type otherwise
        self.executor = self.workers = Workers(THREADS, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: SendMessage) -> None:
        assert scope["type"] == "http"  # the request guard lets nothing else pass
        await _Responder(self.app, self.executor, self.send_queue_size)(scope, receive, send)

    def stop(self) -> None:
        """Start nothing more; each thread ends after its current page."""
        self.executor.shutdown(wait=False, cancel_futures=True)


class _Responder(WSGIResponder):
    def send(self, message: SendEvent | None) -> None:
        """Hand a part of the response to the event loop.

        The page may have stopped meanwhile: a2wsgi would then make a coroutine that nothing awaits, and Python warns of
        it.
        """
        if self.loop.is_closed():
            raise RuntimeError("The page has stopped: nobody waits for this answer.")
        super().send(message)
