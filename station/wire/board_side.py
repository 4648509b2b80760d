"""The board's side of the wire: a thread with an event loop, and one task for each connected page.

Nothing here waits for a page or makes the station's loop wait. A page gets the newest snapshot that it does not have
yet; a page that does not read, calls too often or sends invalid data is disconnected.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from station.app.api import StationApi
from station.app.snapshot import Snapshot
from station.store.errors import PermanentStoreError, StoreError
from station.wire.messages import HEAD_BYTES, MAX_TO_BOARD_BYTES, Answer, Hello, Method, Refusal, WireError, wire

MAX_PAGES = 4
"""One page and its successor leave room; more connections would not be the page's."""
MAX_OPEN_CALLS = 64
"""Ample for a page with four threads for requests."""
SLOW_S = 5.0
"""A page that reads nothing for this long, or takes this long to send a message, is treated as dead."""
MIN_INTERVAL_S = 0.005
"""The shortest interval between two snapshots; the second has all changes in between."""
MAX_PATH_BYTES = 107
"""The longest path of a socket that the kernel accepts."""
REFUSALS: dict[str, type[Exception]] = {"value": ValueError, "lookup": LookupError, "store": StoreError}
"""The errors that the page can handle, by their name on the wire; all others are `broken`."""

log = logging.getLogger(__name__)


class BoardServer:
    """Serves the station API to pages. `revision` returns the revision of the store's cached tables."""

    def __init__(self, api: StationApi, revision: Callable[[], int]) -> None:
        self._api = api
        self._revision = revision
        self._connections: set[socket.socket] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: socket.socket | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._path: Path | None = None
        self._thread.start()

    def listen(self, path: Path) -> None:
        """Accept pages at this path, which only the station's user and group may use.

        Raises StoreError, `PermanentStoreError` for a path that is too long.
        """
        if len(os.fsencode(path)) > MAX_PATH_BYTES:
            raise PermanentStoreError(
                f"The path {path} is too long for a socket: put the database into a directory nearer to /."
            )
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            path.unlink(missing_ok=True)  # left by a killed station; the database's lock keeps a second one out
            listener.bind(str(path))
            path.chmod(0o660)
            listener.listen(MAX_PAGES)
        except OSError as error:
            listener.close()
            raise StoreError(
                f"The socket {path} cannot be made ({error.strerror}): "
                "let the user that runs the station write to its directory."
            ) from error
        listener.setblocking(False)
        self._path, self._listener = path, listener
        self._loop.call_soon_threadsafe(self._loop.add_reader, listener, self._accept, listener)

    def adopt(self, connection: socket.socket) -> None:
        """Serve a page on a connection that is already there, and that now belongs to the server.

        Raises RuntimeError when the server has been closed.
        """
        self._connections.add(connection)  # closed with the others, also if the thread ends before it gets there
        try:
            self._loop.call_soon_threadsafe(self._serve, connection)
        except RuntimeError:
            connection.close()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()

    def post(self, call: Callable[[], None]) -> None:
        """Have the thread call a function that does not block."""
        self._loop.call_soon_threadsafe(call)

    def close(self) -> None:
        """End every connection and the thread; may be called again."""
        if self._loop.is_closed():
            return
        if self.is_alive:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(SLOW_S)
            self.post(self._loop.stop)
        self._thread.join()
        self._loop.close()
        for connection in self._connections:
            connection.close()
        if self._listener is not None:
            self._listener.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def _end(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError as error:
            log.warning("A page could not be accepted: %s.", error)
            return
        if len(self._connections) < MAX_PAGES:
            self._serve(connection)
        else:
            connection.close()

    def _serve(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._connections.add(connection)
        task = self._loop.create_task(self._serve_until_gone(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve_until_gone(self, connection: socket.socket) -> None:
        try:
            await _Page(self._api, self._revision, connection).serve()
        except (WireError, TimeoutError) as error:
            log.warning("A page is disconnected: %s.", error or "it does not read, or sends half a message")
        except (OSError, EOFError):
            pass  # it has disconnected
        except Exception:
            log.exception("A page is disconnected; the board carries on.")
        finally:
            connection.close()
            self._connections.discard(connection)


class _Page:
    """One connected page."""

    def __init__(
        self,
        api: StationApi,
        revision: Callable[[], int],
        connection: socket.socket,
    ) -> None:
        self._api = api
        self._revision = revision
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._open_calls = 0
        self._answers: list[bytes] = []

    async def serve(self) -> None:
        """Serve the page until it disconnects or is disconnected."""
        cancel = self._api.subscribe(partial(self._from_any_thread, self._changed.set))
        sending = self._loop.create_task(self._send())
        receiving = self._loop.create_task(self._receive())
        try:
            done, _ = await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            cancel()
            sending.cancel()
            receiving.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)

    def _from_any_thread(self, act: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # the wire is closed; the station keeps running
            self._loop.call_soon_threadsafe(act)

    async def _send(self) -> None:
        board = self._api.board
        frames = [wire().encode(Hello(wire().version, None if board is None else board.commands()))]
        sent: Snapshot | None = None
        while True:
            self._changed.clear()
            snapshot, revision = self._api.snapshot(), self._revision()
            answers, self._answers = self._answers, []
            if snapshot is not sent:
                frames.append(wire().state(snapshot, revision))
                sent = snapshot
            frames += answers
            async with asyncio.timeout(SLOW_S):
                await self._loop.sock_sendall(self._connection, b"".join(frames))
            frames = []
            sent_s = self._loop.time()
            await self._changed.wait()
            if (early_s := sent_s + MIN_INTERVAL_S - self._loop.time()) > 0:
                await asyncio.sleep(early_s)

    async def _receive(self) -> None:
        async with asyncio.timeout(SLOW_S):
            hello = wire().to_board(await self._frame())
        if not isinstance(hello, Hello) or hello.shape != wire().version:
            raise WireError("it is of another version; restart it")
        while True:
            call = wire().to_board(await self._frame())
            if isinstance(call, Hello):
                raise WireError("it says hello twice")
            if self._open_calls >= MAX_OPEN_CALLS:
                raise WireError("it calls faster than the board can answer")
            self._call(call.number, wire().methods[type(call.arguments).__struct_config__.tag], call.arguments)

    async def _frame(self) -> bytes:
        length = int.from_bytes(await self._exactly(HEAD_BYTES), "big")
        if length > MAX_TO_BOARD_BYTES:
            raise WireError(f"it sends a message of {length} bytes")
        async with asyncio.timeout(SLOW_S):
            return await self._exactly(length)

    async def _exactly(self, length: int) -> bytes:
        found = bytearray()
        while len(found) < length:
            part = await self._loop.sock_recv(self._connection, length - len(found))
            if not part:
                raise EOFError
            found += part
        return bytes(found)

    def _call(self, number: int, method: Method, arguments: Any) -> None:
        target = self._api if method.name != "act" else self._api.board
        try:
            if target is None:
                raise ValueError("This is a real board: it cannot be moved from here.")
            result = method.call(target, arguments)
        except (ValueError, LookupError, StoreError) as error:
            self._answer(Refusal(number, _kind(error), str(error)))
            return
        if isinstance(result, Future):
            self._open_calls += 1
            result.add_done_callback(lambda done: self._from_any_thread(partial(self._finish, number, method, done)))
        elif method.result is not None:
            self._answer(Answer(number, self._revision(), wire().raw(method.result.encode(result))))

    def _finish(self, number: int, method: Method, done: Future[Any]) -> None:
        self._open_calls -= 1
        error = done.exception()
        if error is not None:
            self._answer(Refusal(number, _kind(error), str(error)))
        elif method.result is not None:
            result = wire().raw(method.result.encode(done.result()))
            self._answer(Answer(number, self._revision(), result))

    def _answer(self, message: Answer | Refusal) -> None:
        self._answers.append(wire().encode(message))
        self._changed.set()


def _kind(error: BaseException) -> str:
    return next((name for name, kind in REFUSALS.items() if isinstance(error, kind)), "broken")
