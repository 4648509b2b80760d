"""Requests that no browser sends: generating and sending them, and the corpus of kept ones.

Each route gets the fields that it reads: a form that records lookups finds them, so a new route is tested without a
line here. `python -m tests.web.hostile` writes the corpus.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections import defaultdict
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import msgspec
from flask import Flask, Request, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import BuildError, Rule
from werkzeug.wsgi import ClosingIterator

from station.app.access import api_tokens
from station.app.access.api_tokens import Scope
from station.app.access.roles import ACCESS_COOKIE, Role, hash_of, new_token
from station.clock import SystemClock
from station.store import Store
from tests.paired_browsers import agree_all, pair_browser
from tests.web.api_world import NO_LIMIT
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import add_session
from web.access.rules import RULES
from web.api.problems import PREFIX
from web.app import create_app
from web.server.hosts import AllowedHosts
from web.server.request_guard import RequestGuard
from web.server.stream import Stream

CANARY = '<canary a=\'"b">'
MANY_DIGITS = "9" * 5000
VALUES = (
    *("", " ", "0", "1", "2", "5", "10", "30", "-1", "+1", " 1 ", "1_000", "0x10", "3.5", "1e999", "nan", "inf"),
    *(MANY_DIGITS, f"-{MANY_DIGITS}", "99999999999999999999", "\u0663", "\u00b2"),
    *("9999-12-31", "2026-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-23T21:16:00"),
    *("23:59", "24:00", "07:30", "UTC", "Europe/Berlin", "../../etc/passwd", "/etc/localtime"),
    *("\x00", "a\x00b", "\u202e", "\ufffd", "\u00e9" * 300, "a" * 3000, CANARY, "'; DROP TABLE people; --"),
    *("//evil.example/", "https://evil.example", "/\\evil", "a\r\nSet-Cookie: a=b", "[]", "{}", "null", "true"),
    *("yes", "no", "on", "off", "left", "right", "both", "nobody", "today", "test", "full_test", "stretch", "daily"),
    *("front", "calf", "low", "save", "add", "up-1", "remove-1", "add-3a", "3a", "5b", "10c", "cm", "inch", "Ada"),
    *("other", "mon-wed-fri", "proposed", "felt", "pain", "start", "live", "recorded", "speech"),
)
HEADERS = ("If-None-Match", "If-Modified-Since", "Range", "Accept-Encoding", "Accept-Language", "Cookie", "Referer")
CALLERS = {"owner": 4_000, "member": 1_500, "guest": 1_500, "unpaired": 1_500, "program": 1_000, "present": 500}
"""Who sends, and how many: ten thousand in all. `present` is an owner at the board, who may delete and hand over."""
OWN = [("Host", "localhost"), ("Origin", "http://localhost"), ("Sec-Fetch-Site", "same-origin")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
JSON = [("Content-Type", "application/json")]
CORPUS = Path(__file__).with_name("hostile_requests.jsonl")


class ReadFields(ImmutableMultiDict[str, str]):
    """A form or query that records which fields the route looks up."""

    of_route: ClassVar[defaultdict[str, set[str]]] = defaultdict(set)

    def _note(self, name: object) -> None:
        if isinstance(name, str) and request.endpoint:
            self.of_route[request.endpoint].add(name)

    def __getitem__(self, name: str) -> str:
        self._note(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._note(name)
        return super().__contains__(name)

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:  # type: ignore[override]  # its overloads
        self._note(key)
        return super().get(key, default, type)

    def getlist(self, key: str, type: Any = None) -> Any:
        self._note(key)
        return super().getlist(key, type)


class NotingRequest(Request):
    parameter_storage_class = ReadFields


class Page:
    """The pages behind their request guard, without a socket."""

    def __init__(self, app: Flask, station: StationDouble, store: Store, ids: Sequence[str]) -> None:
        self.cookies, self.program = _let_all_in(store)
        app.request_class = NotingRequest
        self.app, self.ids = app, ids
        self.guard = RequestGuard(
            AllowedHosts(frozenset({"localhost"}), loopback_only=True),
            Stream(station, store, SystemClock()),
            self._flask,
        )

    async def _flask(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        environ = {
            "REQUEST_METHOD": scope["method"],
            "SCRIPT_NAME": "",
            "PATH_INFO": scope["path"].encode().decode("latin-1"),
            "QUERY_STRING": scope["query_string"].decode("latin-1"),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }
        for key, value in scope["headers"]:
            name = key.decode().upper().replace("-", "_")
            environ[name if name == "CONTENT_TYPE" else f"HTTP_{name}"] = value.decode("latin-1")
        status = ""

        def start_response(given: str, headers: Any, error: Any = None) -> Any:
            nonlocal status
            status = given

        answered = ClosingIterator(self.app.wsgi_app(environ, start_response))
        content = b"".join(answered)
        answered.close()
        await send({"type": "http.response.start", "status": int(status[:3]), "headers": []})
        await send({"type": "http.response.body", "body": content})

    def ask(
        self, method: str, path: str, headers: list[tuple[str, str]], body: str = "", caller: str = "owner"
    ) -> tuple[int, str]:
        """Send a request of this caller past the guard; return the status and the text of the answer."""
        address, _, query = path.partition("?")
        if caller == "program":
            headers = [*headers, ("Authorization", f"Bearer {self.program}")]
        cookies = [self.cookies.get(caller, ""), *(value for name, value in headers if name == "Cookie")]
        others = [(name, value) for name, value in headers if name != "Cookie"]
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body.encode("utf-8", "replace"), "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": address,
            "raw_path": address.encode("utf-8", "replace"),
            "query_string": query.encode("latin-1", "replace"),
            "headers": [
                *((name.lower().encode(), value.encode("utf-8", "replace")) for name, value in others),
                (b"cookie", "; ".join(cookies).encode("utf-8", "replace")),
            ],
        }
        asyncio.run(self.guard(scope, receive, send))
        return sent[0]["status"], b"".join(message["body"] for message in sent[1:]).decode("utf-8", "replace")


def _let_all_in(store: Store) -> tuple[dict[str, str], str]:
    """The cookie of each caller that has one, and an API token."""
    cookies = {}
    for caller, role in (
        ("owner", Role.OWNER),
        ("member", Role.MEMBER),
        ("guest", Role.GUEST),
        ("present", Role.OWNER),
    ):
        token = pair_browser(store, role)
        agree_all(store, token)
        cookies[caller] = f"{ACCESS_COOKIE}={token}"
        found = store.device_with(hash_of(token))
        assert found is not None
        if caller == "present":
            store.note_presence(found.device.id, datetime.now(UTC) + timedelta(hours=1))
        if caller == "owner":
            program = new_token()
            api_tokens.add(store, found.device.id, hash_of(program), "program", list(Scope))
    return cookies, program


@contextmanager
def open_page(directory: Path) -> Iterator[Page]:
    """The pages of a station with a session, a test, and somebody of each role."""
    with Store.open(directory / "station.db", clock=SystemClock()) as store:
        person, session = add_session(store)
        detail = store.session(session)
        assert detail is not None
        ids = (person.id, session, *detail.run_ids, *(one.id for one in detail.tests))
        station = StationDouble(store, RecordedBoard(("step_on",)))
        yield Page(create_app(station, store, api_limits=(NO_LIMIT, NO_LIMIT)), station, store, ids)


class Hostile(msgspec.Struct, frozen=True):
    """A request that no browser sends. Words in braces are replaced as in `_shorts`."""

    caller: str
    endpoint: str
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: str
    status: int = 0
    """The status it got when it was kept."""

    def with_ids(self, ids: Sequence[str]) -> Hostile:
        """The request to a station with these identifiers."""
        return self._replaced({short: word for word, short in _shorts(ids).items()})

    def without_ids(self, ids: Sequence[str]) -> Hostile:
        """The request to any station."""
        return self._replaced(_shorts(ids))

    def _replaced(self, words: dict[str, str]) -> Hostile:
        def replaced(text: str) -> str:
            for word, other in words.items():
                text = text.replace(quote(word), quote(other)).replace(word, other)
            return text

        headers = [(name, replaced(value)) for name, value in self.headers]
        return msgspec.structs.replace(self, path=replaced(self.path), headers=headers, body=replaced(self.body))


def _shorts(ids: Sequence[str]) -> dict[str, str]:
    """The corpus's placeholders for the station's identifiers and for long texts."""
    return {
        **{one: f"{{{number}}}" for number, one in enumerate(ids)},
        MANY_DIGITS: "{digits}",
        "a" * 3000: "{letters}",
    }


def requests_of(page: Page, caller: str, rounds: int) -> Iterator[Hostile]:
    """This many requests of this caller, always the same."""
    chance = Random(f"20261129 {caller}")
    rules = [rule for rule in page.app.url_map.iter_rules() if _asks(caller, rule)]
    for _ in range(rounds):
        rule = chance.choice(rules)
        known = sorted(ReadFields.of_route[rule.endpoint])
        method = "POST" if "POST" in (rule.methods or ()) else chance.choice(("GET", "HEAD"))
        address = _address(
            page.app, rule.endpoint, {name: chance.choice((*VALUES, *page.ids)) for name in rule.arguments}, method
        )
        fields = [
            (chance.choice(known) if known and chance.random() < 0.9 else chance.choice(VALUES), chance.choice(VALUES))
            for _ in range(chance.randint(0, 9))
        ]
        headers = [*OWN, ("Cookie", f"person={quote(chance.choice((*VALUES, *page.ids)))}")]
        if chance.random() < 0.2:
            headers.append((chance.choice(HEADERS), chance.choice(VALUES)))
        body, kind = urlencode(fields, errors="replace"), FORM
        if rule.rule.startswith(PREFIX) and chance.random() < 0.8:
            body, kind = _json(chance, page.ids), JSON
        if method == "POST":
            yield Hostile(caller, rule.endpoint, method, address, headers + kind, body)
        else:
            yield Hostile(
                caller, rule.endpoint, method, f"{address}?{urlencode(fields, errors='replace')}"[:8000], headers, ""
            )


def _asks(caller: str, rule: Rule) -> bool:
    if caller == "present":
        return RULES[rule.endpoint].presence_for is not None
    return caller != "program" or rule.rule.startswith(PREFIX)


def _json(chance: Random, ids: Sequence[str]) -> str:
    """A body for the API: known fields with values of any kind, or no JSON at all."""

    def value(depth: int) -> Any:
        kinds = [*VALUES, *ids, None, True, -1, 10**30, 1.5]
        if depth < 3 and chance.random() < 0.2:
            return [value(depth + 1)] if chance.random() < 0.5 else {chance.choice(VALUES): value(depth + 1)}
        return chance.choice(kinds)

    if chance.random() < 0.1:
        return chance.choice(("{", "[" * 5000, CANARY, '{"routine": 1e999}', '{"routine": NaN}', "\ud800", '"'))
    names = ("routine", "person", "command", "side", "answer", *VALUES[:3])
    return json.dumps({chance.choice(names): value(0) for _ in range(chance.randint(0, 4))})


def _address(app: Flask, endpoint: str, values: dict[str, str], method: str) -> str:
    try:
        return app.url_map.bind("localhost").build(endpoint, values, method=method)
    except BuildError:
        return "/nowhere"


def fault_of(page: Page, hostile: Hostile) -> tuple[int, str | None]:
    """The status of the response, and what is wrong with it."""
    status, text = page.ask(hostile.method, hostile.path, hostile.headers, hostile.body, hostile.caller)
    if status >= 500:
        return status, "the page broke"
    if "Traceback" in text:
        return status, "a traceback"
    in_json = json.dumps(CANARY)[1:-1]
    if CANARY in text or (hostile.path.startswith(PREFIX) and status >= 400 and in_json in text):
        return status, "what was sent comes back"
    return status, None


def corpus() -> list[Hostile]:
    """The kept requests: one for each route and status that hostile requests have reached."""
    return [msgspec.json.decode(line, type=Hostile) for line in CORPUS.read_bytes().splitlines()]


def keep() -> None:
    """Write the corpus: the shortest request for each route and status."""
    found: dict[tuple[str, str, int], Hostile] = {}
    for caller, rounds in CALLERS.items():
        with TemporaryDirectory() as scratch, open_page(Path(scratch)) as page:
            for hostile in requests_of(page, caller, rounds):
                status, _ = fault_of(page, hostile)
                key = (hostile.endpoint, hostile.method, status)
                kept = msgspec.structs.replace(hostile.without_ids(page.ids), status=status)
                if key not in found or _length(kept) < _length(found[key]):
                    found[key] = kept
    CORPUS.write_bytes(b"".join(msgspec.json.encode(found[key]) + b"\n" for key in sorted(found)))


def _length(hostile: Hostile) -> int:
    return len(hostile.path) + len(hostile.body) + sum(len(value) for _, value in hostile.headers)


if __name__ == "__main__":
    keep()
