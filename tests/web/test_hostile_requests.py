"""Requests that no browser sends: no route answers with an error of its own, or sends back what it was given as markup.

Each route is asked with the fields that it reads: a form that remembers which fields were looked up finds them, so a
new route is tried without a line here.
"""

from __future__ import annotations

import asyncio
import io
from collections import defaultdict
from collections.abc import Iterator, MutableMapping, Sequence
from random import Random
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import pytest
from flask import Flask, Request, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import BuildError
from werkzeug.wsgi import ClosingIterator

from station.app.access import ACCESS_COOKIE
from station.clock import SystemClock
from station.store import Store
from tests.let_in import agree_all, let_in
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import add_session
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
BAD_ORIGINS = ("http://a]b", "http://[", "http://[::1", "null", "", MANY_DIGITS, "http://a:99999999", "\xff", CANARY)
ROUNDS = 4_000


class ReadFields(ImmutableMultiDict[str, str]):
    """A form or query that notes which fields the route looks up."""

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
        self._cookie = f"{ACCESS_COOKIE}={(token := let_in(store))}"
        agree_all(store, token)
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

    def ask(self, method: str, path: str, headers: list[tuple[str, str]], body: str = "") -> tuple[int, str]:
        """Send a request of a browser that was let in past the guard; return the status and the text of the answer."""
        address, _, query = path.partition("?")
        cookies = [self._cookie, *(value for name, value in headers if name == "Cookie")]
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


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with Store.open(tmp_path_factory.mktemp("hostile") / "station.db", clock=SystemClock()) as store:
        person, session = add_session(store)
        detail = store.session(session)
        assert detail is not None
        ids = (person.id, session, *detail.run_ids, *(one.id for one in detail.tests))
        station = StationDouble(store, RecordedBoard(("step_on",)))
        yield Page(create_app(station, store), station, store, ids)


OWN = [("Host", "localhost"), ("Origin", "http://localhost"), ("Sec-Fetch-Site", "same-origin")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]


def test_no_request_breaks_a_route(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    chance = Random(20261129)
    app = page.app
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule != "/events"]
    ids = page.ids
    for _ in range(ROUNDS):
        rule = chance.choice(rules)
        known = sorted(ReadFields.of_route[rule.endpoint])
        method = "POST" if "POST" in (rule.methods or ()) else chance.choice(("GET", "HEAD"))
        address = _address(app, rule.endpoint, {name: chance.choice((*VALUES, *ids)) for name in rule.arguments})
        fields = [
            (chance.choice(known) if known and chance.random() < 0.9 else chance.choice(VALUES), chance.choice(VALUES))
            for _ in range(chance.randint(0, 9))
        ]
        headers = [*OWN, ("Cookie", f"person={quote(chance.choice((*VALUES, *ids)))}")]
        if chance.random() < 0.2:
            headers.append((chance.choice(HEADERS), chance.choice(VALUES)))
        form = urlencode(fields, errors="replace")
        status, text = (
            page.ask(method, address, headers + FORM, form)
            if method == "POST"
            else page.ask(method, f"{address}?{form}"[:8000], headers)
        )
        what = f"{method} {address[:200]} with {[(name[:40], value[:60]) for name, value in fields]}: {status}"
        assert status < 500, f"{what}: {caplog.text[-1500:]}"
        assert CANARY not in text, what
        assert "Traceback" not in text, what


def _address(app: Flask, endpoint: str, values: dict[str, str]) -> str:
    try:
        return app.url_map.bind("localhost").build(endpoint, values)
    except BuildError:
        return "/nowhere"


@pytest.mark.parametrize(
    ("address", "field", "value", "sentence"),
    [
        ("/history", "before", "9999-12-31T23:59:59-14:00", "must be a time"),
        ("/history", "before", "2026-11-23T21:16:00", "must be a time"),
        ("/plan", "minutes", MANY_DIGITS, "from 1 to"),
        ("/plan", "minutes", "\u0663", "from 1 to"),
        ("/dismiss-missed", "occurrence", "0001-01-01T00:00:00+14:00", "no time of your plan"),
        ("/settings", "hold_s", MANY_DIGITS, "whole number from 5 to 300"),
    ],
)
def test_number_or_time_out_of_bounds_gets_a_short_sentence(
    page: Page, address: str, field: str, value: str, sentence: str
) -> None:
    """Too many digits for Python's own conversion, digits of another script, a time beyond the calendar."""
    typed = urlencode({field: value})
    headers = [*OWN, ("Cookie", f"person={page.ids[0]}")]
    is_query = address == "/history"
    status, text = (
        page.ask("GET", f"{address}?{typed}", headers) if is_query else page.ask("POST", address, headers + FORM, typed)
    )
    assert status == 400
    assert sentence in text
    assert len(text) < 20_000 + 2 * len(value)


@pytest.mark.parametrize("origin", BAD_ORIGINS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_origin_that_is_no_address_is_another_site(page: Page, origin: str, method: str) -> None:
    status, text = page.ask(method, "/people", [("Host", "localhost"), ("Origin", origin)])
    assert status == 403
    assert "another site" in text


@pytest.mark.parametrize("length", [MANY_DIGITS, "-1", "1e3", "\u0663", "65537"])
def test_length_that_is_no_number_is_refused(page: Page, length: str) -> None:
    status, text = page.ask("POST", "/people", [*OWN, *FORM, ("Content-Length", length)], "name=Eve")
    assert status == 413
    assert "64 KB" in text


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_host_and_origin_get_an_answer(page: Page, host: str, origin: str) -> None:
    status, _ = page.ask("POST", "/people", [("Host", host), ("Origin", origin)])
    assert 400 <= status < 500
