"""Several writes in one transaction: on disk together, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.clock import SystemClock
from station.store import Reader, Store, StoreError


def names(reader: Reader) -> list[str]:
    return sorted(person.name for person in reader.people())


def add_and_fail(store: Store, name: str) -> None:
    with store.write_transaction():
        store.add_person(name)
        raise StoreError("The disk is full.")


def test_writes_inside_a_transaction_are_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "station.db"
    with Store.open(path, clock=SystemClock()) as store, Reader.open(path) as reader:
        with store.write_transaction():
            store.add_person("Robin")
            store.add_person("Kim")
            assert names(reader) == []
        assert names(reader) == ["Kim", "Robin"]
        with pytest.raises(StoreError):
            add_and_fail(store, "Sam")
        assert names(reader) == ["Kim", "Robin"]


def test_failed_inner_write_is_undone_without_the_outer_one(tmp_path: Path) -> None:
    with Store.open(tmp_path / "station.db", clock=SystemClock()) as store:
        with store.write_transaction():
            store.add_person("Robin")
            with pytest.raises(StoreError):
                add_and_fail(store, "Kim")
        assert names(store) == ["Robin"]


def test_log_is_emptied_after_the_transaction(tmp_path: Path) -> None:
    path = tmp_path / "station.db"
    log = path.with_name("station.db-wal")
    with Store.open(path, clock=SystemClock()) as store:
        with store.write_transaction():
            store.add_person("Robin")
            store.empty_log()
        assert log.stat().st_size == 0
