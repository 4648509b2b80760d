"""Every error is a page with a heading and a sentence in people's words."""

from __future__ import annotations

import re
from concurrent.futures import Future

import pytest
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException, default_exceptions

from station.app.api import BoardAwayError
from station.store import Store
from tests.web.double import StationDouble
from web.app import create_app
from web.pages.errors import heading_and_sentence

AWAY = "The board does not answer: nothing was saved."


@pytest.mark.parametrize("kind", default_exceptions.values(), ids=str)
def test_no_error_page_is_headed_by_its_http_reason(kind: type[HTTPException]) -> None:
    """Nor explained in the web server's words."""
    title, sentence = heading_and_sentence(kind())
    assert title.casefold() not in {kind().name.casefold(), "", "error"}
    assert sentence not in {kind.description, ""}


@pytest.mark.parametrize("kind", default_exceptions.values(), ids=str)
def test_a_sentence_of_the_page_is_shown_whatever_the_status(kind: type[HTTPException]) -> None:
    error = kind()
    error.description = "This session is running."
    assert heading_and_sentence(error)[1] == "This session is running."


class AwayBoard(StationDouble):
    """A station whose board's process has gone."""

    def add_person(self, name: str, viewer_id: str | None = None, *, device_id: str | None = None) -> Future[str]:
        gone: Future[str] = Future()
        gone.set_exception(BoardAwayError(AWAY))
        return gone


def test_a_write_while_the_board_is_away_says_so(store: Store, client: FlaskClient) -> None:
    """The heading is the same as on a page that cannot reach the board."""
    away = create_app(AwayBoard(store), store).test_client()
    cookie = client.get_cookie("access")
    assert cookie is not None
    away.set_cookie("access", cookie.value)
    answer = away.post("/people", data={"name": "Ben"})
    assert answer.status_code == 503
    assert re.search(r"<h1>The board does not respond</h1>\s*<p[^>]*>The board does not answer", answer.text)
    assert "http-equiv" not in answer.text, "a form that is sent again may do something twice"
