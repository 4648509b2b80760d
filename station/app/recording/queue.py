"""Writes to the store, in order and without loss.

If the store cannot write (a full disk), the writes stay in the queue and are retried in order, and a fault is reported
until they succeed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from station.core.events import SECOND_US
from station.store import StoreError

RETRY_US = 2 * SECOND_US


class QueuedRow:
    """A row whose insertion is queued."""

    def __init__(self) -> None:
        self.stored_id: str | None = None
        """The row's id; `None` until it is stored."""

    @property
    def id(self) -> str:
        """The id of the stored row, for the writes behind its insertion: they run later than it does."""
        assert self.stored_id is not None
        return self.stored_id


class WriteQueue:
    """Writes at once while the store works, and keeps the order when it does not."""

    def __init__(self, report_fault: Callable[[str | None], None]) -> None:
        """`report_fault` is called with a sentence when the store cannot write, and with `None` when it can again."""
        self._report_fault = report_fault
        self._pending: deque[Callable[[], object]] = deque()
        self._retry_us = 0
        self.fault: str | None = None
        """Why writes are waiting, in a sentence."""

    @property
    def has_pending_writes(self) -> bool:
        """Whether writes are still waiting."""
        return bool(self._pending)

    @property
    def pending_count(self) -> int:
        """How many writes are still waiting."""
        return len(self._pending)

    def write(self, act: Callable[[], object]) -> None:
        """Write now, or after the pending writes as soon as the store works."""
        self._pending.append(act)
        if len(self._pending) == 1:
            self.flush(0)

    def insert(self, act: Callable[[], str]) -> QueuedRow:
        """Insert a row like `write`; `act` returns its id."""
        row = QueuedRow()

        def insert_row() -> None:
            row.stored_id = act()

        self.write(insert_row)
        return row

    def flush(self, now_us: int) -> None:
        """Try the pending writes if a retry is due (`now_us` of 0: at once)."""
        if not self._pending or 0 < now_us < self._retry_us:
            return
        self.fault = None
        while self._pending and self.fault is None:
            try:
                self._pending[0]()
            except StoreError as error:
                self.fault = f"{str(error).rstrip('.')}."
            else:
                self._pending.popleft()
        self._retry_us = now_us + RETRY_US
        self._report_fault(
            None
            if self.fault is None
            else f"{self.fault} What you do is kept in memory and stored as soon as that works."
        )
