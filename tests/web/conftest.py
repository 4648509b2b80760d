"""The page over a real store in a temporary directory and a panel that the test sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from station.clock import SystemClock
from station.config import Config, PageConfig
from station.store import Store
from tests import browser
from tests.browser import PHONE, Browser
from tests.web.double import RecordedBoard, StationDouble
from web.app import create_app
from web.pages.simulated_board import CONTROL_GROUPS
from web.server.http import Server, open_page

WORDS = (*dict.fromkeys(control.command for _, known in CONTROL_GROUPS for control in known), "lower_heel", "sneeze")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "station.db", clock=SystemClock()) as opened:
        yield opened


@pytest.fixture
def board() -> RecordedBoard:
    return RecordedBoard(WORDS)


@pytest.fixture
def panel(store: Store, board: RecordedBoard) -> StationDouble:
    return StationDouble(store, board)


@pytest.fixture
def client(panel: StationDouble, store: Store) -> FlaskClient:
    return create_app(panel, store).test_client()


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser.opened() as opened:
        yield opened


@pytest.fixture
def server(panel: StationDouble, store: Store) -> Iterator[Server]:
    served = open_page(panel, store, Config(page=PageConfig(port=0)))
    served.start()
    yield served
    served.stop()


@pytest.fixture
def see(window: Browser, server: Server) -> Iterator[Callable[[str], Browser]]:
    """Open a page of this test's server; whatever the console complained about fails the test."""

    def see(address: str) -> Browser:
        window.open(f"http://127.0.0.1:{server.port}{address}")
        return window

    window.look(PHONE)
    yield see
    window.open("about:blank")
    window.forget()
    assert [line for line in window.errors() if "404" not in line] == []
