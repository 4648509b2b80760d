"""The queue of writes keeps their order through a store that cannot write."""

from __future__ import annotations

from functools import partial

import pytest

from station.app.recording.queue import RETRY_US, WriteQueue
from station.store import StoreError


class Disk:
    """Takes notes while it has room for them."""

    def __init__(self) -> None:
        self.room = 0
        self.notes: list[str] = []

    def note(self, text: str) -> str:
        if len(self.notes) == self.room:
            raise StoreError("The disk is full.")
        self.notes.append(text)
        return f"id of {text}"


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def faults() -> list[str | None]:
    return []


@pytest.fixture
def queue(faults: list[str | None]) -> WriteQueue:
    return WriteQueue(faults.append)


def test_what_cannot_be_written_waits_and_keeps_its_order(
    disk: Disk, queue: WriteQueue, faults: list[str | None]
) -> None:
    session = queue.insert(lambda: disk.note("session"))
    queue.write(lambda: disk.note(f"run of {session.id}"))
    assert queue.has_pending_writes
    assert session.stored_id is None
    assert faults == ["The disk is full. What you do is kept in memory and stored as soon as that works."]
    disk.room = 9
    queue.write(lambda: disk.note("hold"))
    assert disk.notes == []
    queue.flush(0)
    assert disk.notes == ["session", "run of id of session", "hold"]
    assert session.id == "id of session"
    assert faults[1:] == [None]
    assert not queue.has_pending_writes


def test_it_is_tried_again_every_two_seconds(disk: Disk, queue: WriteQueue, faults: list[str | None]) -> None:
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


def test_the_writes_that_found_room_are_not_repeated(disk: Disk, queue: WriteQueue, faults: list[str | None]) -> None:
    for text in ("hold", "lift", "end"):
        queue.write(partial(disk.note, text))
    disk.room = 2
    queue.flush(0)
    assert disk.notes == ["hold", "lift"]
    assert faults[-1] is not None
    disk.room = 9
    queue.flush(0)
    assert disk.notes == ["hold", "lift", "end"]
