"""A thread that runs a task at its absolute deadlines."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread
from typing import Protocol

from station.clock import Clock
from station.core.events import SECOND_US

ERROR_PAUSE_US = 100_000
"""The pause after an error, so that a part that keeps failing does not use a whole core."""


class DeadlineTask(Protocol):
    """A task with a next deadline. It has no thread: in virtual time the owner of the time calls it."""

    def next_due_us(self) -> int | None:
        """When to call `run_due` next; `None` while nothing is due."""

    def run_due(self, now_us: int) -> None:
        """Do everything that is due by now; calling too early or too often is harmless."""


class DeadlineThread:
    """Calls one task's `run_due` in real time, at absolute deadlines, so that lateness does not add up.

    An error goes to `on_error`, and the task continues with its next deadline.
    """

    def __init__(self, task: DeadlineTask, clock: Clock, on_error: Callable[[Exception], None], *, name: str) -> None:
        self._task = task
        self._clock = clock
        self._on_error = on_error
        self._bell = Lock()
        """Held until `wake`. Waiting for a lock costs half as much as for a condition, a hundred times a second."""
        self._bell.acquire()
        self._is_closing = False
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self.name = name
        self.due_us: int | None = None
        """The thread's next deadline, even if missed; `None` while it only waits for `wake`, and once it has ended."""

    @property
    def is_alive(self) -> bool:
        """Whether the thread is running, or has been closed."""
        return self._is_closing or self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Check the deadline again, which may be earlier now. May be called from any thread."""
        with suppress(RuntimeError):  # already released
            self._bell.release()

    def close(self) -> None:
        """End the thread and wait for it; may be called more than once."""
        self._is_closing = True
        self.wake()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._is_closing:
            try:
                self._wait_until(self._task.next_due_us())
                self.due_us = now_us = self._clock.now_us()
                self._task.run_due(now_us)
            except Exception as error:  # noqa: BLE001  any error is reported, and the thread continues
                self._on_error(error)
                self._wait_until(self._clock.now_us() + ERROR_PAUSE_US)
        self.due_us = None

    def _wait_until(self, due_us: int | None) -> None:
        if self._is_closing:
            return
        if due_us is None:
            self.due_us = None
            self._bell.acquire()
        else:
            now_us = self._clock.now_us()
            self.due_us = max(due_us, now_us)
            self._bell.acquire(timeout=max(0, due_us - now_us) / SECOND_US)
