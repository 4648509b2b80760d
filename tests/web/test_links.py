"""No page links to what its visitor may not open, nor names a button that they do not have."""

from __future__ import annotations

from contextlib import closing
from html.parser import HTMLParser

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from station.app.access.roles import Role, Visitor
from station.store import Store
from station.units import CM
from tests.paired_browsers import client_with, pair_browser
from tests.web.double import StationDouble
from tests.web.history import add_session
from tests.web.live_states import STATES
from tests.web.snapshots import snapshot
from web.access.rules import RULES
from web.app import create_app
from web.live.view_model import live_view

HTML = "text/html"


class Doors(HTMLParser):
    """The links and forms of a page, as (method, address), except hidden ones."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self._hidden_divs = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "div":
            self._hidden_divs += bool(self._hidden_divs or "hidden" in given)
        if self._hidden_divs or "hidden" in given:
            return
        if tag == "a" and "href" in given:
            self.found.add(("GET", given["href"]))
        elif tag == "form":
            self.found.add((given.get("method", "get").upper(), given.get("action", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self._hidden_divs:
            self._hidden_divs -= 1


def closed_doors(app: Flask, address: str, page: str, visitor: Visitor) -> set[tuple[str, str, str]]:
    """Links and forms that this visitor may not open, or that do not exist."""
    found = set()
    for method, to in Doors(page).found:
        path = to.partition("#")[0].partition("?")[0] or address
        if not path.startswith("/"):
            continue
        try:
            endpoint, _ = app.url_map.bind("").match(path, method=method)
        except HTTPException:
            found.add((address, method, to))
            continue
        if not RULES[endpoint].lets_in(visitor):
            found.add((address, method, to))
    return found


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "unpaired")
def test_no_page_links_to_a_forbidden_page(store: Store, role: Role | None) -> None:
    """Neither link nor form, on each page with an address of its own, with and without a person."""
    app, (ada, _) = create_app(StationDouble(store), store), add_session(store)
    pair_browser(store, Role.OWNER, ada.id, name="first")
    addresses = [
        one.rule
        for one in app.url_map.iter_rules()
        if "GET" in (one.methods or ()) and not one.arguments and one.endpoint != "static"
    ]
    closed: set[tuple[str, str, str]] = set()
    for person_id in {None} if role in (None, Role.GUEST) else {None, ada.id}:
        client = client_with(app, None if role is None else pair_browser(store, role, person_id))
        for address in addresses:
            with closing(client.get(address)) as answer:
                if answer.status_code == 200 and answer.mimetype == HTML:
                    closed |= closed_doors(app, address, answer.text, Visitor(role=role))
    assert closed == set()


@pytest.mark.parametrize("name", STATES)
def test_board_that_cannot_be_commanded_names_no_button_of_the_page(name: str) -> None:
    """An unpaired browser has no buttons, whatever happens on the board."""
    shown = live_view(snapshot(**STATES[name]), CM, has_buttons=False)
    for text in (shown["sentence"], shown["brief"] or ""):
        assert "below" not in text
        assert "\u201c" not in text
        assert "Press" not in text
    assert not shown["can_undo"]
    assert shown["question"] is None
