"""The controls of the simulated board."""

from __future__ import annotations

from flask.testing import FlaskClient

from station.store import Store
from tests.paired_browsers import paired_client
from tests.web.double import RecordedBoard, StationDouble
from tests.web.page_text import text_of
from tests.web.test_pages import PAGES
from web.app import create_app


def test_real_board_has_no_simulator_page(store: Store) -> None:
    """Neither the page, nor its buttons, nor the word appear."""
    client = paired_client(create_app(StationDouble(store), store), store)
    text_of(client, "/board", 404)
    assert client.post("/board/act", data={"command": "step_on"}).status_code == 404
    assert all("imulated" not in text_of(client, address) for address in PAGES if address != "/board")


def test_every_board_command_has_a_button(client: FlaskClient, board: RecordedBoard) -> None:
    """Known commands have their place, unknown ones a plain button."""
    page = text_of(client, "/board")
    assert "SIMULATED" in page
    assert all(f'value="{word}"' in page for word in board.commands())
    assert "Sneeze" in page


def test_simulated_board_executes_commands(client: FlaskClient, board: RecordedBoard) -> None:
    """A button sends its command and argument; an unknown command gets the board's own sentence."""
    assert client.post("/board/act", data={"command": "step_on", "argument": "left"}).headers["Location"] == "/live"
    assert client.post("/board/act", data={"command": "sneeze", "return_to": "board"}).headers["Location"] == "/board"
    assert board.acts == [("step_on", "left"), ("sneeze", None)]
    answer = client.post("/board/act", data={"command": "fly"})
    assert answer.status_code == 400
    assert "does not know the word" in answer.get_data(as_text=True)
