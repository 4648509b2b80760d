"""Every page is in one of the four places, or belongs to the live page; More lists what no tab has."""

from __future__ import annotations

from flask.testing import FlaskClient

from web.places import MORE, PLACES, place_of

MODE = {"live", "board"}
"""The live page, a mode without the menu."""
NO_PAGE = {"api", "static", "downloads", "end_card"}
"""Files, and a part of the live page."""


def test_every_page_is_in_exactly_one_place(client: FlaskClient) -> None:
    for blueprint in client.application.blueprints.keys() - MODE - NO_PAGE:
        assert len([place for place in PLACES if place.has(blueprint)]) == 1, blueprint
    assert all(place_of(blueprint) is None for blueprint in MODE)


def test_every_place_and_entry_leads_to_a_page(client: FlaskClient) -> None:
    """Everything in the bar, the tabs and More exists and has its place marked."""
    endpoints = [one.endpoint for one in PLACES] + [endpoint for one in PLACES for endpoint, _ in one.tabs]
    endpoints += [endpoint for _, entries in MORE for endpoint, *_ in entries]
    with client.application.test_request_context():
        addresses = {endpoint: client.application.url_for(endpoint) for endpoint in endpoints}
    for endpoint, address in addresses.items():
        answer = client.get(address)
        assert answer.status_code == 200, endpoint
        is_mode = endpoint.partition(".")[0] in MODE
        assert ("aria-current" in answer.get_data(as_text=True)) is not is_mode, endpoint
