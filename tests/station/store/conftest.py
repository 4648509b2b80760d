"""A store in a new directory, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from station.store import Store, seeded_ids
from tests.empty_store import with_tables
from tests.station.store.histories import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "station.db"


@pytest.fixture
def store(path: Path, clock: HandClock) -> Iterator[Store]:
    with Store.open(with_tables(path), clock=clock, new_id=seeded_ids(clock, 1)) as made:
        yield made
