"""Notices threads that die and threads that hang, so that the watchdog is fed only while every one does its work."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import Thread
from typing import Protocol

from msgspec import Struct

from station.clock import Clock
from station.core.events import SECOND_US

HANG_US = 5 * SECOND_US
"""A thread that is so late hangs. The slowest thing that one does at once, starting the distance sensor, takes two."""
ASK_US = 10 * SECOND_US
"""How often a thread that has no deadlines is asked whether it still works; the answer of the scheduler costs most."""
SIGNS = 2
"""How many checks in a row must find a thread late: after a pause of the whole machine all are late for a moment."""


class ThreadEndedError(Exception):
    """A thread that the station needs has ended; a restart of the process brings it back."""


class Watched(Protocol):
    """A thread as the supervisor sees it."""

    @property
    def name(self) -> str: ...

    @property
    def is_alive(self) -> bool: ...

    @property
    def due_us(self) -> int | None:
        """By when it has, or had, to do the next thing; `None` while it has nothing to do."""


class ForeignThread(Struct, frozen=True):
    """A library's thread: it is seen to end, and nobody can ask it whether it hangs."""

    name: str
    thread: Thread
    due_us: None = None

    @property
    def is_alive(self) -> bool:
        return self.thread.is_alive()


class AskedThread:
    """A thread without deadlines, asked every `ASK_US` by a call that `post` hands to it."""

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
        """When the question was put that is still open; puts the next one where none is."""
        now_us = self._clock.now_us()
        if self._is_answered and now_us - self._asked_us >= ASK_US and self._is_alive():
            self._asked_us, self._is_answered = now_us, False
            self._post(self._answer)
        return None if self._is_answered else self._asked_us

    def forget(self) -> None:
        """The thread has been replaced: what the former one was asked stays open for ever."""
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
    """Checks threads. A dead one that can be replaced is, twice; any other ends the process.

    One that hangs cannot be ended by Python: `check` reports it and says so, and the caller no longer feeds the
    watchdog, whose owner ends and restarts the process.
    """

    def __init__(self, clock: Clock, report_fault: Callable[[str, str | None], None]) -> None:
        self._clock = clock
        self._report_fault = report_fault
        self._rows: list[_Row] = []

    def watch(self, thread: Watched, revive: Callable[[], None] | None = None) -> None:
        """Watch a thread from now on; `revive` replaces it after its death, up to twice."""
        self._rows.append(_Row(thread, revive, 0 if revive is None else 2))

    def release(self, threads: Collection[Watched]) -> None:
        """Watch these no longer, before they are ended; from any thread."""
        released = [row for row in self._rows if row.thread in threads]
        self._rows = [row for row in self._rows if row not in released]
        for row in released:
            if row.is_reported:
                self._report_fault(f"{row.thread.name} thread", None)

    def check(self) -> bool:
        """Whether every thread does its work; call it about once a second. Raises ThreadEndedError."""
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
