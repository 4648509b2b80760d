"""Writes to the store, in order, without loss, and as many as possible in one transaction.

A memory card writes whole blocks, so a transaction wears it more than the rows in it. If the store cannot write (a full
disk), the writes stay in the queue and are retried in order, and a fault is reported until they succeed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from station.core.events import SECOND_US
from station.store import StoreError

RETRY_US = 2 * SECOND_US
MAX_WAIT_US = 600 * SECOND_US
"""How long what no cue confirms may wait, and so how much of it a power cut may lose."""


class QueuedRow:
    """A row whose insertion is queued."""

    def __init__(self) -> None:
        self.stored_id: str | None = None
        """The row's id; `None` until it is stored."""

    @property
    def id(self) -> str:
        """The id of the stored row, for writes queued after its insertion."""
        assert self.stored_id is not None
        return self.stored_id


class WriteQueue:
    """Writes at once while the store works, and keeps the order when it does not."""

    def __init__(
        self,
        report_fault: Callable[[str | None], None],
        transaction: Callable[[], AbstractContextManager[object]],
    ) -> None:
        """`report_fault` is called with a sentence when the store cannot write, and with `None` when it can again.

        Writes inside `transaction` are stored together or not at all.
        """
        self._report_fault = report_fault
        self._transaction = transaction
        self._pending: deque[Callable[[], object]] = deque()
        self._in_transaction: list[QueuedRow] = []
        self._is_gathering = self._is_due = False
        self._retry_us = 0
        self._waits_since_us: int | None = None
        self.fault: str | None = None
        """Why writes are waiting, in a sentence."""

    @property
    def has_pending_writes(self) -> bool:
        """Whether writes are waiting because the store could not write."""
        return self.fault is not None

    @property
    def pending_count(self) -> int:
        """How many writes are still waiting."""
        return len(self._pending)

    def write(self, act: Callable[[], object], *, can_wait: bool = False) -> None:
        """Write now, with all waiting writes; after a failure, as soon as the store works.

        A write that no cue confirms `can_wait` for the next one, for `MAX_WAIT_US` at most.
        """
        self._pending.append(act)
        self._is_due |= not can_wait
        self._flush_due()

    def insert(self, act: Callable[[], str], *, can_wait: bool = False) -> QueuedRow:
        """Insert a row like `write`; `act` returns its id."""
        row = QueuedRow()

        def insert_row() -> None:
            row.stored_id = act()
            self._in_transaction.append(row)

        self.write(insert_row, can_wait=can_wait)
        return row

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Gather the writes inside the block and do them at its end, in one transaction."""
        was_gathering, self._is_gathering = self._is_gathering, True
        try:
            yield
        finally:
            self._is_gathering = was_gathering
        self._flush_due()

    def write_waiting(self) -> None:
        """Do all waiting writes, unless the store cannot write."""
        self._is_due |= bool(self._pending)
        self._flush_due()

    def flush(self, now_us: int) -> None:
        """Do the writes that have waited long enough or are due for a retry (`now_us` of 0: all, at once)."""
        if not self._pending:
            self._waits_since_us = None
        elif now_us == 0:
            self._flush(now_us)
        elif self.fault is not None:
            if now_us >= self._retry_us:
                self._flush(now_us)
        elif self._waits_since_us is None:
            self._waits_since_us = now_us
        elif now_us - self._waits_since_us >= MAX_WAIT_US:
            self._flush(now_us)

    def _flush_due(self) -> None:
        if self._is_due and not self._is_gathering and self.fault is None:
            self._flush(0)

    def _flush(self, now_us: int) -> None:
        self._is_due, self._waits_since_us, self.fault = False, None, None
        if not self._is_written_together():
            self._write_singly()
        self._retry_us = now_us + RETRY_US
        self._report_fault(
            None
            if self.fault is None
            else f"{self.fault} What you do is kept in memory and stored as soon as possible."
        )

    def _is_written_together(self) -> bool:
        self._in_transaction.clear()
        try:
            with self._transaction():
                for act in self._pending:
                    act()
        except StoreError:
            for row in self._in_transaction:
                row.stored_id = None
            return False
        self._pending.clear()
        return True

    def _write_singly(self) -> None:
        """Write one by one, until the store refuses."""
        while self._pending and self.fault is None:
            try:
                self._pending[0]()
            except StoreError as error:
                self.fault = f"{str(error).rstrip('.')}."
            else:
                self._pending.popleft()
