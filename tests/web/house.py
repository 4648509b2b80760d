"""A household for tests of who may see what: its people, their browsers and tokens."""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from station.app.access.roles import Role, hash_of
from station.store import Store
from tests.paired_browsers import client_with
from tests.web.double import StationDouble

ROLES: tuple[Role | None, ...] = (None, *Role)
NAMES = ("Ada Canary", "Bea Canary")
LOCAL = {"Origin": "http://localhost"}


class House(NamedTuple):
    """A station with two people who have results, an unclaimed session, and each browser's token."""

    app: Flask
    station: StationDouble
    store: Store
    tokens: dict[Role | None, str | None]
    ada: str
    bea: str
    sessions: dict[str, str]
    """The session of each person by name; the unclaimed one has an empty name."""

    def client(self, role: Role | None) -> FlaskClient:
        return client_with(self.app, self.tokens[role])

    def device_id(self, role: Role) -> str:
        found = self.store.device_with(hash_of(self.tokens[role] or ""))
        assert found is not None
        return found.device.id


def addresses(house: House, owner_id: str) -> dict[str, tuple[str, str]]:
    """A method and an address for each endpoint, with ids of this person's."""
    session = house.store.session(house.sessions[owner_id])
    assert session is not None
    ids = {
        "session_id": session.session.id,
        "run_id": session.run_ids[0],
        "test_id": session.tests[0].id,
        "person_id": owner_id,
        "routine_id": "daily",
        "key": "3a",
        "token": "unknown",
        "filename": "page.css",
        "device_id": house.device_id(Role.GUEST),
        "token_id": "unknown",
    }
    found = {}
    for rule in house.app.url_map.iter_rules():
        method = "POST" if "POST" in (rule.methods or set()) else "GET"
        with house.app.test_request_context():
            address = house.app.url_map.bind("localhost").build(
                rule.endpoint, {name: ids[name] for name in rule.arguments}, method=method
            )
        found[rule.endpoint] = (method, address)
    return found


def ask(client: FlaskClient, method: str, address: str, **data: str) -> TestResponse:
    return client.open(address, method=method, data=data or None, headers=LOCAL, buffered=True)
