"""What leaks of a person to browsers that may not see them: request every address, and search every response.

The person's name, results and identifiers occur nowhere else, so any that reaches another browser is found, on any
route, in any header, error, stream event or log line.
"""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from station.app.access import api_tokens
from station.app.access.api_tokens import Scope
from station.app.access.roles import ACCESS_COOKIE, Role, hash_of, new_token
from station.app.snapshot import UnfinishedView
from station.app.starting.start_gate import StartDecision
from station.clock import SystemClock
from station.core.events import SECOND_US, Side
from station.store import Store
from tests.paired_browsers import pair_browser
from tests.web.api_world import NO_LIMIT
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import add_test
from tests.web.live_states import STATES
from web.api.problems import PREFIX
from web.app import create_app
from web.context import DECLINED_COOKIE, PERSON_COOKIE
from web.server.stream import Stream

NAME = "Zaphira Quillon"
RESULT_MM = 137.32
ROUTINE_NAME = "Quillon's mornings"
WORDS = ("Zaphira", "Quillon", "137.3", "13.7 cm", "5.4 in")
"""The person's name, and their result in every unit."""
UNKNOWN = "a4b8c1d2"
NEVER_ASKED = {"static"}
"""Files that are the same for everybody."""
FIELDS = ("person", "session", "test", "routine", "from", "id", "viewer", "device")
"""Fields that name something stored; every address is requested with all of them."""
MOMENTS = ("/", "/live", "/board", "/end-card", "/status", f"{PREFIX}state", f"{PREFIX}status")
"""The addresses that show the board."""
EVENT_WITHIN_S = 10.0
"""A bound: the stream sends at most 50 states a second."""


@dataclass(frozen=True, slots=True)
class Private:
    """A person whose data nobody else may see, and the words that give them away."""

    person_id: str
    session_id: str
    ids: Mapping[str, str]
    """The identifiers of their data, by their names in addresses."""

    @property
    def words(self) -> tuple[str, ...]:
        return (*WORDS, *dict.fromkeys(self.ids.values()))


@dataclass(frozen=True, slots=True)
class Leak:
    """A word of the private person in a response: the request, and where in the response."""

    method: str
    address: str
    where: str
    word: str


def add_private_person(store: Store) -> Private:
    """A person with a test, a hold, an own routine, a plan and answers; the session is three days old."""
    person = store.add_person(NAME)
    began = datetime.now(UTC) - timedelta(days=3)
    session_id = store.begin_session(person.id, began, simulated=False)
    add_test(store, session_id, began, right_mm=RESULT_MM)
    run_id = store.begin_run(session_id, {"do": "hold", "side": "left"}, began + timedelta(minutes=2))
    hold_id = store.begin_hold(run_id, side=Side.LEFT, repetition=1, target_us=30 * SECOND_US, started_us=0)
    store.end_session(session_id, began + timedelta(minutes=5), "stepped off")
    store.add_answer(person.id, "pain", {"value": 3})
    store.save_routine(None, person.id, ROUTINE_NAME, ({"exercise": "3a"},))
    detail = store.session(session_id)
    assert detail is not None
    ids = {
        "person_id": person.id,
        "session_id": session_id,
        "run_id": detail.run_ids[0],
        "test_id": detail.tests[0].id,
        "hold_id": hold_id,
    }
    return Private(person.id, session_id, ids)


@dataclass(frozen=True, slots=True)
class Asker:
    """A browser or program that may not see the private person: its cookies, and its headers."""

    cookies: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    asks_api_only: bool = False


@dataclass(frozen=True, slots=True)
class House:
    """A station of several people, one of them private, whose session runs on the board."""

    app: Flask
    station: StationDouble
    store: Store
    private: Private
    askers: Mapping[str, Asker]
    own: Asker
    """The private person's own browser."""

    def show(self, **state: Any) -> None:
        """Run the private person's session in this state, with everything that names them."""
        person_id = self.private.person_id
        named = {
            "person_id": person_id,
            "person_name": NAME,
            "session_id": self.private.session_id,
            "routine_title": ROUTINE_NAME,
            "unfinished": UnfinishedView(ROUTINE_NAME, 700, person_id),
            "note": f"{NAME}, your routine is ready.",
            "note_about": person_id,
            "decision": StartDecision(title=ROUTINE_NAME, notice=f"{NAME}: nothing is due."),
            "decided_for": person_id,
        }
        self.station.show_only(**{**state, **named})

    def show_result(self) -> None:
        """End the private person's test."""
        self.show(activity="test", phase="result", result_left_mm=RESULT_MM, result_right_mm=RESULT_MM)


@contextmanager
def open_house(directory: Path) -> Iterator[House]:
    """A station with an owner, a private person, and every kind of visitor who may not see that person."""
    with Store.open(directory / "house.db", clock=SystemClock()) as store:
        private = add_private_person(store)
        own = pair_browser(store, Role.OWNER, store.add_person("Olga").id)
        store.rename_device(_device_id(store, own), "owner's phone")
        private_token = pair_browser(store, Role.MEMBER, private.person_id, name=f"{NAME}'s phone")
        store.set_pin(private.person_id, "$argon2id$")
        station = StationDouble(store, RecordedBoard(("step_on",)))
        app = create_app(station, store, api_limits=(NO_LIMIT, NO_LIMIT))
        private = Private(
            private.person_id, private.session_id, {**private.ids, "device_id": _device_id(store, private_token)}
        )
        yield House(app, station, store, private, _askers(store, private, private_token), _browser(private_token))


def _askers(store: Store, private: Private, private_token: str) -> dict[str, Asker]:
    """Everybody who may see nothing of the private person, with their credentials."""
    revoked = pair_browser(store, Role.MEMBER, private.person_id, name="lost phone")
    store.revoke_device(_device_id(store, revoked))
    expired = new_token()
    store.add_device(
        token_hash=hash_of(expired),
        name="old phone",
        role=Role.MEMBER,
        person_id=private.person_id,
        expires_at=datetime.now(UTC) - timedelta(seconds=1),
    )
    member, viewer = store.add_person("Mia"), store.add_person("Dr Cem")
    member_token = pair_browser(store, Role.MEMBER, member.id)
    store.agree_consent(viewer.id, private.person_id)
    store.withdraw_consent(viewer.id, private.person_id)
    guest, shared = pair_browser(store, Role.GUEST), pair_browser(store, Role.MEMBER, is_shared=True)
    practitioner = pair_browser(store, Role.PRACTITIONER, viewer.id)
    for token in (guest, shared, practitioner, member_token):
        store.note_presence(_device_id(store, token), datetime.now(UTC) + timedelta(hours=1))
    # What they once saw is still named in their browser.
    chosen = {PERSON_COOKIE: private.person_id, DECLINED_COOKIE: private.session_id}
    return {
        "new": Asker(),
        "forged": _browser("x" * 43),
        "hash as a token": _browser(hash_of(private_token)),
        "old cookies": Asker(chosen),
        "revoked": _browser(revoked, chosen),
        "expired": _browser(expired, chosen),
        "guest": _browser(guest, chosen),
        "member": _browser(member_token, chosen),
        "consent withdrawn": _browser(practitioner, chosen),
        "shared": _browser(shared, chosen),
        "program of another": _program(_api_token(store, member_token)),
        "revoked program": _program(_api_token(store, private_token, is_revoked=True)),
        "program with a cookie's token": _program(private_token),
    }


def _browser(token: str, others: Mapping[str, str] | None = None) -> Asker:
    return Asker({**(others or {}), ACCESS_COOKIE: token})


def _program(token: str) -> Asker:
    return Asker(headers={"Authorization": f"Bearer {token}"}, asks_api_only=True)


def _device_id(store: Store, token: str) -> str:
    found = store.device_with(hash_of(token))
    assert found is not None
    return found.device.id


def _api_token(store: Store, browser_token: str, *, is_revoked: bool = False) -> str:
    token = new_token()
    token_id = api_tokens.add(store, _device_id(store, browser_token), hash_of(token), "program", list(Scope))
    if is_revoked:
        store.revoke_api_token(token_id)
    return token


def addresses(app: Flask, private: Private) -> Iterator[tuple[str, str]]:
    """Every method and address of the application, with the private person's identifiers filled in."""
    query = urlencode(_fields(private))
    for rule in app.url_map.iter_rules():
        if rule.endpoint in NEVER_ASKED:
            continue
        for address in _filled(rule, private):
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                yield method, address
            yield "DELETE", address
            yield "GET", f"{address}?{query}"
            yield "GET", f"{address}?person=everyone"


def _fields(private: Private) -> dict[str, str]:
    return {name: private.ids.get(f"{name}_id", private.person_id) for name in FIELDS}


def _filled(rule: Rule, private: Private) -> tuple[str, ...]:
    """The rule's address with the person's identifiers; other arguments get a word that names nothing."""

    def filled(known: Mapping[str, str]) -> str:
        return re.sub(r"<(?:[^:>]*:)?([^>]+)>", lambda match: known.get(match[1], UNKNOWN), rule.rule)

    return tuple({filled(private.ids), filled(dict.fromkeys(rule.arguments, private.person_id))})


def leaks_to(house: House, asker: Asker) -> Iterator[Leak]:
    """Request every address as the private person's test ends; yield each private word in a response."""
    for method, address in addresses(house.app, house.private):
        if not asker.asks_api_only or address.startswith(PREFIX):
            house.show_result()
            yield from leaks_in(house, asker, method, address)


def leaks_at_moments(house: House, asker: Asker) -> Iterator[Leak]:
    """Request the addresses that show the board, at the moments of a session that reveal most of a person."""
    for state in (STATES[name] for name in ("hold", "felt", "fault", "ended", "unfinished")):
        for address in (f"{PREFIX}state",) if asker.asks_api_only else MOMENTS:
            house.show(**state)
            yield from leaks_in(house, asker, "GET", address)


def leaks_in(house: House, asker: Asker, method: str, address: str) -> Iterator[Leak]:
    """Request one address, and yield each private word in the response.

    An identifier that was sent does not count if a redirect's address repeats it.
    """
    client = FlaskClient(house.app, house.app.response_class, use_cookies=True)
    for name, value in asker.cookies.items():
        client.set_cookie(name, value)
    form = _fields(house.private) if method == "POST" else None
    answer = client.open(address, method=method, headers=dict(asker.headers), data=form, buffered=True)
    words, sent = house.private.words, set(house.private.ids.values())
    for word in words:
        if any(word in value for name, value in answer.headers if not (name == "Location" and word in sent)):
            yield Leak(method, address, "header", word)
    for word in words_in(answer.get_data(), words):
        yield Leak(method, address, f"body of a {answer.status_code}", word)


def leaks_of_stream(house: House, askers: Mapping[str, Asker]) -> list[Leak]:
    """Open the live stream for each asker, and search everything that arrives at each moment of a session."""
    received = dict.fromkeys(askers, b"")

    async def watch() -> None:
        stream = Stream(house.station, house.store, SystemClock())
        is_over, news = asyncio.Event(), {name: asyncio.Event() for name in askers}

        async def receive() -> dict[str, Any]:
            await is_over.wait()
            return {"type": "http.disconnect"}

        async def follow(name: str, asker: Asker) -> None:
            async def send(message: MutableMapping[str, Any]) -> None:
                received[name] += message.get("body", b"")
                if b"event: state" in message.get("body", b""):
                    news[name].set()

            cookie = "; ".join(f"{key}={value}" for key, value in asker.cookies.items())
            given = {"cookie": cookie, **asker.headers}
            headers = [(key.lower().encode(), value.encode()) for key, value in given.items()]
            await stream({"query_string": b"units=cm", "headers": headers}, receive, send)

        house.show_result()
        async with asyncio.TaskGroup() as streams:
            for name, asker in askers.items():
                streams.create_task(follow(name, asker))
            for state in STATES.values():
                await asyncio.wait_for(asyncio.gather(*(one.wait() for one in news.values())), EVENT_WITHIN_S)
                for one in news.values():
                    one.clear()
                house.show(**state)
            is_over.set()

    asyncio.run(watch())
    return [
        Leak("GET", "/events", f"stream of {name}", word)
        for name, content in received.items()
        for word in words_in(content, house.private.words)
    ]


def words_in(content: bytes, words: tuple[str, ...]) -> Iterator[str]:
    """The private words in a response, as written and without markup; also in the files of a zip."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"\n".join(name.encode() + archive.read(name) for name in archive.namelist())
    text = content.decode("utf-8", "replace")
    read = " ".join(unescape(re.sub(r"<[^>]*>", "", text)).split())
    spaced = " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())
    yield from (word for word in words if word in text or word in read or word in spaced)


def leaked_bytes(leaks: Iterator[Leak] | list[Leak]) -> int:
    """How many bytes of the private person these leaks contain."""
    return sum(len(leak.word.encode()) for leak in leaks)
