"""Notices threads that die or hang, so that the watchdog is fed only while all of them work."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import Thread
from typing import Protocol

from msgspec import Struct

from station.clock import Clock
from station.core.events import SECOND_US

HANG_US = 5 * SECOND_US
"""A thread that is this late hangs. The slowest single action, starting the distance sensor, takes two seconds."""
ASK_US = 10 * SECOND_US
"""How often a thread without deadlines is asked whether it still works; the scheduler's answer costs most."""
SIGNS = 2
"""How many consecutive checks must find a thread late: after the whole machine paused, all are late for a moment."""


class ThreadEndedError(Exception):
    """A thread that the station needs has ended; only a restart of the process replaces it."""


class Watched(Protocol):
    """A thread as the supervisor sees it."""

    @property
    def name(self) -> str: ...

    @property
    def is_alive(self) -> bool: ...

    @property
    def due_us(self) -> int | None:
        """Its next deadline, even if missed; `None` while it has nothing to do."""


class ForeignThread(Struct, frozen=True):
    """A library's thread: only its end is noticed; it cannot be asked whether it hangs."""

    name: str
    thread: Thread
    due_us: None = None

    @property
    def is_alive(self) -> bool:
        return self.thread.is_alive()


class AskedThread:
    """A thread without deadlines, asked every `ASK_US` by a call handed to it by `post`."""

    def __init__(
        self, name: str, clock: Clock, is_alive: Callable[[], bool], post: Callable[[Callable[[], None]], object]
    ) -> None:
        self.name = name
        self._clock = clock
        self._is_alive = is_alive
        self._post = post
        self._asked_us = 0
        self._is_answered = True

    @property
    def is_alive(self) -> bool:
        return self._is_alive()

    @property
    def due_us(self) -> int | None:
        """When the open question was asked; if none is open, ask the next one once it is due."""
        now_us = self._clock.now_us()
        if self._is_answered and now_us - self._asked_us >= ASK_US and self._is_alive():
            self._asked_us, self._is_answered = now_us, False
            self._post(self._answer)
        return None if self._is_answered else self._asked_us

    def forget(self) -> None:
        """The thread has been replaced: drop the open question, which the former one will never answer."""
        self._is_answered = True

    def _answer(self) -> None:
        self._is_answered = True


@dataclass(slots=True, eq=False)
class _Row:
    thread: Watched
    revive: Callable[[], None] | None
    revivals: int
    """How often the thread may still be replaced."""
    signs: int = 0
    is_reported: bool = False


class Supervisor:
    """Checks threads. A dead one is replaced if possible, up to twice; otherwise the process ends.

    Python cannot end a hanging thread: `check` reports it and returns false, and the caller stops feeding the watchdog,
    so that the process is killed and restarted.
    """

    def __init__(self, clock: Clock, report_fault: Callable[[str, str | None], None]) -> None:
        self._clock = clock
        self._report_fault = report_fault
        self._rows: list[_Row] = []

    def watch(self, thread: Watched, revive: Callable[[], None] | None = None) -> None:
        """Watch a thread from now on; `revive` replaces it after its death, up to twice."""
        self._rows.append(_Row(thread, revive, 0 if revive is None else 2))

    def release(self, threads: Collection[Watched]) -> None:
        """Stop watching these threads, before they are ended. May be called from any thread."""
        released = [row for row in self._rows if row.thread in threads]
        self._rows = [row for row in self._rows if row not in released]
        for row in released:
            if row.is_reported:
                self._report_fault(f"{row.thread.name} thread", None)

    def check(self) -> bool:
        """Whether every thread works; call it about once a second. Raises ThreadEndedError."""
        now_us = self._clock.now_us()
        for row in self._rows:
            if not row.thread.is_alive and row in self._rows:
                self._revive(row)
            due_us = row.thread.due_us
            is_late = due_us is not None and now_us - due_us > HANG_US
            row.signs = row.signs + 1 if is_late else 0
            hangs = row.signs >= SIGNS
            if hangs is not row.is_reported:
                row.is_reported = hangs
                self._report_fault(f"{row.thread.name} thread", _sentence(row.thread.name) if hangs else None)
        return not any(row.is_reported for row in self._rows)

    @staticmethod
    def _revive(row: _Row) -> None:
        if row.revive is None or row.revivals == 0:
            raise ThreadEndedError(
                f"The station's thread “{row.thread.name}” has ended, so the station ends too; systemd starts it "
                "again. If it happens again, report it with the log."
            )
        row.revivals -= 1
        row.revive()


def _sentence(name: str) -> str:
    return f"The station's thread “{name}” hangs: the station is restarted. If it hangs again, pull the plug once."
