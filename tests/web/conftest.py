"""The page over a real store in a temporary directory and a panel that the test sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from station.clock import SystemClock
from station.store import Store
from tests.web.double import RecordedBoard, SetPanel
from web import create_app
from web.pages.board import LAYOUT

WORDS = (*dict.fromkeys(control.word for _, known in LAYOUT for control in known), "lower_heel", "sneeze")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "station.db", clock=SystemClock()) as opened:
        yield opened


@pytest.fixture
def board() -> RecordedBoard:
    return RecordedBoard(WORDS)


@pytest.fixture
def panel(store: Store, board: RecordedBoard) -> SetPanel:
    return SetPanel(store, board)


@pytest.fixture
def client(panel: SetPanel, store: Store) -> FlaskClient:
    return create_app(panel, store).test_client()
