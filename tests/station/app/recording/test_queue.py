"""The queue keeps writes in order while the store cannot write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from station.app.recording.queue import MAX_WAIT_US, RETRY_US, WriteQueue
from station.store import StoreError


class Disk:
    """Stores notes while it has room for them."""

    def __init__(self) -> None:
        self.room = 0
        self.notes: list[str] = []
        self.commits = 0

    def note(self, text: str) -> str:
        if len(self.notes) == self.room:
            raise StoreError("The disk is full.")
        self.notes.append(text)
        return f"id of {text}"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All notes or none."""
        before = self.notes.copy()
        try:
            yield
        except StoreError:
            self.notes = before
            raise
        self.commits += self.notes != before


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def faults() -> list[str | None]:
    return []


@pytest.fixture
def queue(disk: Disk, faults: list[str | None]) -> WriteQueue:
    return WriteQueue(faults.append, disk.transaction)


def test_failed_writes_wait_in_order(disk: Disk, queue: WriteQueue, faults: list[str | None]) -> None:
    session = queue.insert(lambda: disk.note("session"))
    queue.write(lambda: disk.note(f"run of {session.id}"))
    assert queue.has_pending_writes
    assert session.stored_id is None
    assert faults == ["The disk is full. What you do is kept in memory and stored as soon as possible."]
    disk.room = 9
    queue.write(lambda: disk.note("hold"))
    assert disk.notes == []
    queue.flush(0)
    assert disk.notes == ["session", "run of id of session", "hold"]
    assert session.id == "id of session"
    assert faults[1:] == [None]
    assert not queue.has_pending_writes


def test_failed_write_is_retried_every_two_seconds(disk: Disk, queue: WriteQueue, faults: list[str | None]) -> None:
    queue.write(lambda: disk.note("hold"))
    queue.flush(10 * RETRY_US)
    assert len(faults) == 2
    queue.flush(11 * RETRY_US - 1)
    assert len(faults) == 2
    queue.flush(11 * RETRY_US)
    assert len(faults) == 3
    disk.room = 9
    queue.flush(12 * RETRY_US)
    assert disk.notes == ["hold"]
    assert faults[-1] is None


def test_successful_writes_are_not_repeated(disk: Disk, queue: WriteQueue, faults: list[str | None]) -> None:
    for text in ("hold", "lift", "end"):
        queue.write(partial(disk.note, text))
    disk.room = 2
    queue.flush(0)
    assert disk.notes == ["hold", "lift"]
    assert faults[-1] is not None
    disk.room = 9
    queue.flush(0)
    assert disk.notes == ["hold", "lift", "end"]


def test_waiting_write_is_done_with_the_next_one(disk: Disk, queue: WriteQueue) -> None:
    disk.room = 9
    lift = queue.insert(lambda: disk.note("lift"), can_wait=True)
    assert disk.notes == []
    assert not queue.has_pending_writes
    queue.write(lambda: disk.note(f"end after {lift.id}"))
    assert disk.notes == ["lift", "end after id of lift"]
    assert disk.commits == 1


def test_waiting_write_is_done_in_time(disk: Disk, queue: WriteQueue) -> None:
    disk.room = 9
    queue.write(lambda: disk.note("lift"), can_wait=True)
    queue.flush(1_000)
    queue.flush(1_000 + MAX_WAIT_US - 1)
    assert disk.notes == []
    queue.flush(1_000 + MAX_WAIT_US)
    assert disk.notes == ["lift"]


def test_gathered_writes_are_one_transaction(disk: Disk, queue: WriteQueue) -> None:
    disk.room = 9
    with queue.gathered():
        session = queue.insert(lambda: disk.note("session"))
        queue.write(lambda: disk.note(f"run of {session.id}"))
        assert disk.notes == []
    assert disk.notes == ["session", "run of id of session"]
    assert disk.commits == 1


def test_undone_row_has_no_id(disk: Disk, queue: WriteQueue) -> None:
    with queue.gathered():
        queue.write(lambda: disk.note("one too many"))
        row = queue.insert(lambda: disk.note("row"))
    assert row.stored_id is None
    disk.room = 1
    queue.flush(0)
    assert disk.notes == ["one too many"]
    assert row.stored_id is None
