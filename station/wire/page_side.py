"""The page's side of the wire: the station API of another process, and what the page shows while that is away."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from typing import Any, cast

from msgspec.structs import replace

from station.app.api import BoardAwayError, SimulatedBoard, StationApi
from station.app.snapshot import Fault, Snapshot
from station.clock import Clock, SystemClock
from station.core.state import ENDED_PHASES, ActivityState
from station.store.errors import StoreError
from station.wire.board_side import REFUSALS
from station.wire.messages import (
    HEAD_BYTES,
    MAX_TO_PAGE_BYTES,
    Answer,
    Hello,
    Method,
    Refusal,
    State,
    WireError,
    wire,
)

AWAY = "The board does not respond. This page reconnects by itself; if that takes over a minute, restart the board."
BROKEN = "The board made a mistake with this; it keeps running. See its log for details."
RETRY_S = 0.5
CALL_S = 5.0
"""How long a command to the simulated board may take."""
SEND_S = 5.0
LONG_AGO = Snapshot(at_us=0, faults=(Fault("board", AWAY),))

log = logging.getLogger(__name__)


class OtherVersionError(Exception):
    """The board's process runs another version than the page's."""


class RemoteStation:
    """The station API over the wire; its calls are derived from the annotations of `StationApi`.

    `connect` opens a connection. `on_revision` gets each revision of the store before anything that depends on it.
    `on_end` is called when the first connection has ended and `reconnects` is false, or when the board runs another
    version.
    """

    name = "board"

    def __init__(
        self,
        connect: Callable[[], socket.socket],
        on_revision: Callable[[int | None], None],
        on_end: Callable[[], None],
        *,
        reconnects: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._connect = connect
        self._on_revision = on_revision
        self._on_end = on_end
        self._reconnects = reconnects
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._calls: dict[int, tuple[Method, Future[Any]]] = {}
        self._subscribers: frozenset[Callable[[], None]] = frozenset()
        self._connection: socket.socket | None = None
        self._snapshot = LONG_AGO
        self._commands: tuple[str, ...] | None = None
        self._is_closing = threading.Event()
        self.arrived = threading.Event()
        """Set once there is a first snapshot."""
        self._has_ended = False
        self.is_other_version = False
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self.due_us: int | None = None
        """Since when the thread has been handling a message; `None` while it waits for one."""

    def start(self) -> None:
        """Start connecting."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread is running, or has ended because it should not reconnect."""
        return self._has_ended or self._thread.is_alive()

    def close(self) -> None:
        """End the connection and the thread."""
        self._is_closing.set()
        with self._lock:
            if self._connection is not None:
                with suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)
        if self._thread.ident is not None:
            self._thread.join(CALL_S)

    @property
    def api(self) -> StationApi:
        """This station, typed as the pages use it."""
        return cast(StationApi, self)

    # The API.

    def snapshot(self) -> Snapshot:
        """The newest snapshot; while the board is away, the last one with that fault."""
        return self._snapshot

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """See `StationApi`; here the connection's thread calls `wake`."""
        with self._lock:
            self._subscribers |= {wake}

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers -= {wake}

        return unsubscribe

    @property
    def board(self) -> SimulatedBoard | None:
        """The simulated board, if the other process has one."""
        return None if self._commands is None else _RemoteBoard(self._commands, self._call)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = wire().methods.get(name)
        if method is None or name == "act":
            raise AttributeError(f"the station API has no {name}")
        return lambda *args, **kwargs: self._call(method, args, kwargs)

    def _call(self, method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Future[Any] | None:
        number, done = next(self._numbers), Future[Any]()
        frame = wire().call(number, method, args, kwargs)
        error: BoardAwayError | None = None
        with self._lock:
            if self._connection is None:
                error = BoardAwayError(AWAY)
            else:
                if method.result is not None:
                    self._calls[number] = (method, done)
                try:
                    self._connection.sendall(frame)
                except OSError:
                    self._calls.pop(number, None)
                    error = BoardAwayError(AWAY)
                    with suppress(OSError):  # half a frame breaks the connection; the thread opens another
                        self._connection.shutdown(socket.SHUT_RDWR)
        if method.result is None:
            if error is not None:
                raise error
            return None
        if error is not None:
            done.set_exception(error)
        return done

    # The connection's thread.

    def _run(self) -> None:
        while not self._is_closing.is_set():
            try:
                self._serve_one_connection()
            except OtherVersionError:
                self.is_other_version = True
                break
            except (OSError, WireError) as error:
                log.debug("The board does not respond: %s.", error)
            finally:
                self.due_us = None
                self._lose()
            if not self._reconnects:
                break
            self._is_closing.wait(RETRY_S)
        self._has_ended = True
        self._on_end()

    def _serve_one_connection(self) -> None:
        with self._connect() as connection:
            connection.settimeout(SEND_S)
            connection.sendall(wire().encode(Hello(wire().version)))
            hello = wire().to_page(self._frame(connection))
            if not isinstance(hello, Hello) or hello.shape != wire().version:
                raise OtherVersionError
            self._commands = hello.commands
            with self._lock:
                self._connection = connection
            self._on_revision(None)
            while not self._is_closing.is_set():
                frame = self._frame(connection)
                self.due_us = self._clock.now_us()
                self._handle(wire().to_page(frame))
                self.due_us = None

    def _frame(self, connection: socket.socket) -> bytes:
        length = int.from_bytes(self._exactly(connection, HEAD_BYTES), "big")
        if length > MAX_TO_PAGE_BYTES:
            raise WireError(f"a message of {length} bytes")
        return self._exactly(connection, length)

    def _exactly(self, connection: socket.socket, length: int) -> bytes:
        found = bytearray()
        while len(found) < length:
            try:
                part = connection.recv(length - len(found))
            except TimeoutError:
                if self._is_closing.is_set():
                    raise
                continue  # the board is silent; its last snapshot shows how long
            if not part:
                raise ConnectionResetError("the board has closed the connection")
            found += part
        return bytes(found)

    def _handle(self, message: Hello | State | Answer | Refusal) -> None:
        match message:
            case State():
                self._on_revision(message.revision)
                self._show(wire().snapshot_from(message))
                self.arrived.set()
            case Answer():
                self._on_revision(message.revision)
                with self._lock:
                    found = self._calls.pop(message.number, None)
                if found is not None:
                    found[1].set_result(wire().result_from(found[0], message))
            case Refusal():
                with self._lock:
                    found = self._calls.pop(message.number, None)
                if found is not None:
                    kind = REFUSALS.get(message.kind)
                    found[1].set_exception(StoreError(BROKEN) if kind is None else kind(message.sentence))
            case Hello():
                raise WireError("hello twice")

    def _show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        for wake in self._subscribers:
            try:
                wake()
            except Exception:
                log.exception("A subscriber has failed; the page goes on.")

    def _lose(self) -> None:
        """Show that the board is away, and fail all pending calls."""
        with self._lock:
            self._connection = None
            waiting, self._calls = self._calls, {}
        for _, done in waiting.values():
            done.set_exception(BoardAwayError(AWAY))
        self._on_revision(None)
        last = self._snapshot
        if last is not LONG_AGO and all(fault.sentence != AWAY for fault in last.faults):
            self._show(replace(last, state=_without_board(last), faults=(Fault("board", AWAY), *last.faults)))


def _without_board(last: Snapshot) -> ActivityState:
    """The last state as a fault with a stopped clock: the page must not count seconds that nobody credits."""
    if last.state.phase in ENDED_PHASES:
        return last.state
    clock = last.state.clock
    return replace(last.state, phase="fault", clock=None if clock is None else replace(clock, rate=0))


class _RemoteBoard:
    """The simulated board of the other process."""

    def __init__(self, commands: tuple[str, ...], call: Callable[..., Future[Any] | None]) -> None:
        self._commands = commands
        self._call = call

    def act(self, command: str, argument: str | None = None) -> None:
        """See `SimulatedBoard`."""
        done = self._call(wire().methods["act"], (command, argument), {})
        assert done is not None
        done.result(CALL_S)

    def commands(self) -> tuple[str, ...]:
        """See `SimulatedBoard`."""
        return self._commands
