"""One thread that does what is due when it is due, by absolute deadlines."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread
from typing import Protocol

from station.clock import Clock
from station.core.events import SECOND_US

AFTER_FAULT_US = 100_000
"""The pause after an error, so that a part that fails at once does not take a core."""


class Timed(Protocol):
    """Something with a next deadline. It has no thread: in virtual time whoever owns the time calls it."""

    def next_us(self) -> int | None:
        """When it wants to be called, or `None`."""

    def settle(self, now_us: int) -> None:
        """Do everything that is due by now; calling too early or too often is harmless."""


class Pacer:
    """Calls `settle` of one timed thing in real time. It sleeps until the deadline itself, never for a span, so
    that no lateness adds up; an error goes to `fail`, and the next deadline is kept all the same."""

    def __init__(self, timed: Timed, clock: Clock, fail: Callable[[Exception], None], *, name: str) -> None:
        self._timed = timed
        self._clock = clock
        self._fail = fail
        self._changed = Condition()
        self._woken = False
        self._closing = False
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There may be an earlier deadline now. May be called from any thread."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def close(self) -> None:
        """End the thread and wait for it; may be called more than once."""
        self._closing = True
        self.wake()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._closing:
            try:
                self._wait_until(self._timed.next_us())
                self._timed.settle(self._clock.now_us())
            except Exception as error:  # noqa: BLE001  whatever fails is told, and the thread lives on
                self._fail(error)
                self._wait_until(self._clock.now_us() + AFTER_FAULT_US)

    def _wait_until(self, due_us: int | None) -> None:
        with self._changed:
            if not self._woken and not self._closing:
                self._changed.wait(None if due_us is None else max(0, due_us - self._clock.now_us()) / SECOND_US)
            self._woken = False
