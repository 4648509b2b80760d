"""Pairs a test's browser as the station does, but without the board: a device with a token in its store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from station.app.access.roles import ACCESS_COOKIE, Role, hash_of, new_token, pair
from station.store import Store
from station.store.schema import devices


def pair_browser(
    store: Store,
    role: Role = Role.OWNER,
    person_id: str | None = None,
    *,
    name: str = "Test",
    is_shared: bool = False,
) -> str:
    """Pair a browser as the station does after a match, and return its token; the first is the owner's."""
    token, now = new_token(), datetime.now(UTC)
    device_id = pair(store, now, hash_of(token), name, role, person_id, is_shared=is_shared)
    with store.write_transaction() as connection:  # the clock of a test's store may differ from the page's
        seen_now = update(devices).where(devices.c.id == device_id).values(paired_at=now, last_seen_at=now)
        connection.execute(seen_now)
    return token


def agree_all(store: Store, token: str) -> None:
    """Let this browser see everybody: make it the first person's, with the consent of all others."""
    access = store.device_with(hash_of(token))
    people = sorted(person.id for person in store.people())
    if access is None or access.device.is_shared or not people or access.device.role is Role.GUEST:
        return
    own = access.device.person_id
    if own is None:
        own = people[0]
        store.assign_device(access.device.id, own)
    for person_id in people:
        if person_id not in access.agreed_ids:
            store.agree_consent(own, person_id)


class PairedClient(FlaskClient):
    """A client paired as the owner's, with everybody's consent."""

    store: Store | None = None
    token = ""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if self.store is not None:
            agree_all(self.store, self.token)
        return super().open(*args, **kwargs)


def paired_client(app: Flask, store: Store) -> FlaskClient:
    """A paired client of this app."""
    app.test_client_class = PairedClient
    client = app.test_client()
    assert isinstance(client, PairedClient)
    client.store, client.token = store, pair_browser(store)
    client.set_cookie(ACCESS_COOKIE, client.token)
    return client


def client_with(app: Flask, token: str | None) -> FlaskClient:
    """A client with this token, or an unpaired one."""
    app.test_client_class = FlaskClient
    client = app.test_client()
    if token is not None:
        client.set_cookie(ACCESS_COOKIE, token)
    return client
