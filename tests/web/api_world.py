"""A station with several people, for tests of the API: paired browsers, consents, and each person's results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from flask import Flask
from flask.testing import FlaskClient

from station.app.access import api_tokens
from station.app.access.api_tokens import Scope
from station.app.access.roles import Role, hash_of
from station.clock import Clock, SystemClock
from station.core.events import Side
from station.store import Store
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import add_session
from web.api.limits import Limit
from web.app import create_app

ADA, BEN, CAN, PIA = "Ada", "Ben", "Canary", "Pia"
"""The owner; a member who agreed that Pia sees their results; a member who agreed to nothing; a practitioner."""
NO_LIMIT = Limit(1_000_000, 1_000_000)
CALLERS: dict[str, tuple[str, tuple[Scope, ...]]] = {
    "nobody": ("", ()),
    "owner": (ADA, (Scope.READ_ALL, Scope.CONTROL)),
    "member": (BEN, (Scope.READ,)),
    "practitioner": (PIA, (Scope.READ_ALL,)),
    "practitioner, own": (PIA, (Scope.READ,)),
    "control": (CAN, (Scope.CONTROL,)),
}
"""Whose token a caller has, and its scopes; `nobody` has none."""


@dataclass(frozen=True, slots=True)
class World:
    """The station, with the ids of its people by name, their devices and the callers' tokens."""

    app: Flask
    store: Store
    station: StationDouble
    people: dict[str, str]
    devices: dict[str, str]
    tokens: dict[str, str]
    sessions: dict[str, str]

    def headers(self, caller: str) -> dict[str, str]:
        """The headers of this caller."""
        token = self.tokens.get(caller)
        return {} if token is None else {"Authorization": f"Bearer {token}"}

    def client(self) -> FlaskClient:
        """A client without cookies."""
        return self.app.test_client(use_cookies=False)


class Filled(NamedTuple):
    """The database of a filled station, and its ids by name."""

    database: bytes
    people: dict[str, str]
    devices: dict[str, str]
    tokens: dict[str, str]
    sessions: dict[str, str]


@cache
def filled() -> Filled:
    """The station of all tests, filled once."""
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "station.db"
        with Store.open(path, clock=SystemClock()) as store:
            people, sessions = {}, {}
            for name in (ADA, BEN, CAN, PIA):
                person, sessions[name] = add_session(store, days_ago=2.0, name=name)
                people[name] = person.id
            store.agree_consent(people[PIA], people[BEN])
            sessions["nobody"] = _add_unclaimed_session(store)
            roles = {ADA: Role.OWNER, BEN: Role.MEMBER, CAN: Role.MEMBER, PIA: Role.PRACTITIONER}
            devices = {name: add_device(store, name, role, people[name]) for name, role in roles.items()}
            tokens = {
                caller: add_token(store, devices[name], caller, scopes)
                for caller, (name, scopes) in CALLERS.items()
                if scopes
            }
        return Filled(path.read_bytes(), people, devices, tokens, sessions)


def _add_unclaimed_session(store: Store) -> str:
    began = datetime.now(UTC) - timedelta(days=1)
    session = store.begin_session(None, began, simulated=True)
    run = store.begin_run(session, {"do": "reps", "side": "left"}, began)
    reps = store.begin_rep_set(run, side=Side.LEFT, target_count=10, started_us=1_000_000)
    store.finish_rep_set(reps, count=9, too_quick_count=1)
    store.end_session(session, began + timedelta(minutes=1), "stepped off")
    return session


@contextmanager
def open_world(
    directory: Path, *, token_limit: Limit = NO_LIMIT, address_limit: Limit = NO_LIMIT, clock: Clock | None = None
) -> Iterator[World]:
    """A separate station in this directory."""
    given = filled()
    path = directory / "station.db"
    path.write_bytes(given.database)
    with Store.open(path, clock=SystemClock()) as store:
        station = StationDouble(store, RecordedBoard(()))
        app = create_app(station, store, api_limits=(token_limit, address_limit), clock=clock)
        yield World(app, store, station, given.people, given.devices, given.tokens, given.sessions)


def add_device(store: Store, name: str, role: Role, person_id: str | None, *, is_shared: bool = False) -> str:
    """A browser with the cookie `cookie-of-NAME`."""
    return store.add_device(
        token_hash=hash_of(f"cookie-of-{name}"),
        name=f"{name}\u2019s phone",
        role=role,
        person_id=person_id,
        expires_at=datetime.now(UTC) + timedelta(days=300),
        is_shared=is_shared,
    )


def add_token(store: Store, device_id: str, name: str, scopes: Sequence[Scope]) -> str:
    """Add a token, and return its text."""
    token = f"token of {name}".replace(" ", "-").replace(",", "")
    api_tokens.add(store, device_id, hash_of(token), name, scopes)
    return token
