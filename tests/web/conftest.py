"""Fixtures: the pages over a real store in a temporary directory, and a station double that the test controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from station.app.access.roles import ACCESS_COOKIE
from station.clock import SystemClock
from station.config import Config, PageConfig
from station.store import Store
from tests import browser
from tests.browser import PHONE, Browser
from tests.empty_store import with_tables
from tests.paired_browsers import agree_all, pair_browser, paired_client
from tests.web.double import RecordedBoard, StationDouble
from web.app import create_app
from web.pages.simulated_board import CONTROL_GROUPS
from web.server.http import Server, open_page

WORDS = (*dict.fromkeys(control.command for _, known in CONTROL_GROUPS for control in known), "lower_heel", "sneeze")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(with_tables(tmp_path / "station.db"), clock=SystemClock()) as opened:
        yield opened


@pytest.fixture
def board() -> RecordedBoard:
    return RecordedBoard(WORDS)


@pytest.fixture
def station(store: Store, board: RecordedBoard) -> StationDouble:
    return StationDouble(store, board)


@pytest.fixture
def client(station: StationDouble, store: Store) -> FlaskClient:
    return paired_client(create_app(station, store), store)


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser.open_browser() as opened:
        yield opened


@pytest.fixture
def server(station: StationDouble, store: Store) -> Iterator[Server]:
    served = open_page(station, store, Config(page=PageConfig(port=0)))
    served.start()
    yield served
    served.stop()


@pytest.fixture
def visit(window: Browser, server: Server, store: Store) -> Iterator[Callable[[str], Browser]]:
    """Open a page of the test's server in a paired browser; any console error fails the test."""
    token = pair_browser(store)

    def visit(address: str) -> Browser:
        agree_all(store, token)
        window.set_cookie(f"http://127.0.0.1:{server.port}", ACCESS_COOKIE, token)
        window.open(f"http://127.0.0.1:{server.port}{address}")
        return window

    window.emulate(PHONE)
    yield visit
    window.open("about:blank")
    window.clear_cookies()
    # A page left at once requests its icon from the blank page, which may not load it.
    harmless = ("404", "/static/icon.svg")
    assert [line for line in window.console_errors() if not any(part in line for part in harmless)] == []
