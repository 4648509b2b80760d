"""A house for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from station.app.access.roles import Role
from station.clock import SystemClock
from station.store import Store
from tests.empty_store import with_tables
from tests.paired_browsers import pair_browser
from tests.web.double import StationDouble
from tests.web.history import add_session
from tests.web.house import NAMES, House
from web.app import create_app


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with Store.open(with_tables(tmp_path / "house.db"), clock=SystemClock()) as store:
        station = StationDouble(store)
        ada, ada_session = add_session(store, name=NAMES[0])
        bea, bea_session = add_session(store, name=NAMES[1])
        owner = pair_browser(store, Role.OWNER, ada.id)
        given: dict[Role | None, str | None] = {None: None, Role.OWNER: owner}
        given[Role.GUEST] = pair_browser(store, Role.GUEST)
        given[Role.MEMBER] = pair_browser(store, Role.MEMBER, bea.id)
        given[Role.PRACTITIONER] = pair_browser(store, Role.PRACTITIONER, store.add_person("Dr Cem").id)
        sessions = {ada.id: ada_session, bea.id: bea_session}
        yield House(create_app(station, store), station, store, given, ada.id, bea.id, sessions)
