"""Security advisories of a similar page, OctoPrint: the lesson of each, tested by real requests.

Like this page, OctoPrint is a Flask application on a Pi in a home network that controls hardware.
"""

from __future__ import annotations

import asyncio
import hmac
import io
import json
import re
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from station.app.access.roles import ABSOLUTE_END, IDLE_END, Role, hash_of, visitor_with
from station.app.snapshot import Fault
from station.clock import SystemClock
from station.config import PageConfig
from station.store import Store, StoreError
from station.store.exchange.bundle import read_bundle
from station.store.exchange.merge import import_export
from tests.paired_browsers import client_with, pair_browser
from tests.tree import sources
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import add_session
from tests.web.hostile_names import HOSTILE_NAMES
from web.access.rules import RULES
from web.app import create_app
from web.live.view_model import live_view
from web.server.hosts import AllowedHosts
from web.server.request_guard import RequestGuard
from web.server.stream import Stream

NAME, MARK = "Ada Canary", "zqxjkv"
LOCAL = {"Origin": "http://localhost"}
EVIL = ("https://evil.example/", "/\\evil.example", "javascript:alert(1)")
FORWARDED = {
    "X-Forwarded-For": "127.0.0.1",
    "X-Real-IP": "127.0.0.1",
    "X-Forwarded-Host": "localhost",
    "Forwarded": "for=127.0.0.1",
}


class Home(NamedTuple):
    """A station whose owner has results."""

    app: Flask
    station: StationDouble
    store: Store
    token: str
    ids: Mapping[str, str]

    def client(self, token: str | None) -> FlaskClient:
        return client_with(self.app, token)

    @property
    def owner(self) -> FlaskClient:
        return self.client(self.token)

    def addresses(self, method: str) -> Iterator[tuple[str, str]]:
        """The endpoint and an address of each route that takes this method."""
        for rule in self.app.url_map.iter_rules():
            if method in (rule.methods or ()):
                address = re.sub(r"<(?:[^:>]*:)?([^>]+)>", lambda match: self.ids.get(match[1], "x"), rule.rule)
                yield rule.endpoint, address

    def pages(self) -> Iterator[tuple[str, TestResponse]]:
        """Every page that the owner may open, by its address."""
        client = self.owner
        for _, address in self.addresses("GET"):
            answer = client.get(address, buffered=True)
            if answer.mimetype == "text/html":
                yield address, answer


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Store.open(tmp_path / "home.db", clock=SystemClock()) as store:
        station = StationDouble(store, RecordedBoard(("step_on",)))
        person, session = add_session(store, name=NAME)
        token = pair_browser(store, Role.OWNER, person.id)
        routine = store.save_routine(None, person.id, "Mine", [{"exercise": "3a"}])
        detail, found = store.session(session), store.device_with(hash_of(token))
        assert detail is not None
        assert found is not None
        ids = {
            "person_id": person.id,
            "session_id": session,
            "run_id": detail.run_ids[0],
            "test_id": detail.tests[0].id,
            "device_id": found.device.id,
            "routine_id": routine,
            "key": "3a",
            "filename": "page.css",
        }
        yield Home(create_app(station, store), station, store, token, ids)


def guarded(home: Home, path: str, client: str, **headers: str) -> int:
    """The guard's status for a request from this address; 200 if it lets the request through."""
    sent: list[MutableMapping[str, Any]] = []

    async def passed(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"status": 200})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    hosts = AllowedHosts(frozenset({"localhost"}), loopback_only=True)
    guard = RequestGuard(hosts, Stream(home.station, home.store, SystemClock()), passed)
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "client": (client, 40_000),
        "headers": [
            (b"host", b"localhost"),
            *((key.lower().encode(), value.encode()) for key, value in headers.items()),
        ],
    }
    asyncio.run(guard(scope, receive, send))
    return int(sent[0]["status"])


def test_open_stations_are_not_found_by_search_engines(home: Home) -> None:
    """CVE-2018-16710: addresses outside private networks get no page, so no crawler reads a history."""
    assert guarded(home, "/events", "8.8.8.8") == 403
    for path in ("/", "/history", "/api/v1/state", "/static/page.css"):
        assert [guarded(home, path, one) for one in ("8.8.8.8", "2001:db8::1", "192.168.1.9")] == [403, 403, 200]


def test_there_is_no_mode_without_a_login(tmp_path: Path) -> None:
    """CVE-2018-16710: a new station shows and changes nothing of people before a browser is paired, and no setting
    changes that. Until then only the first start and the board check, which lead to pairing, are open.
    """
    opened = {name for name, rule in RULES.items() if rule.is_for_first_start}
    assert {name.partition(".")[0] for name in opened} == {"first_start", "bring_up"}
    with Store.open(tmp_path / "new.db", clock=SystemClock()) as store:
        add_session(store, name=NAME)
        app = create_app(StationDouble(store), store)
        for rule in app.url_map.iter_rules():
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                address = re.sub(r"<[^>]+>", "x", rule.rule)
                answer = client_with(app, None).open(address, method=method, headers=LOCAL, buffered=True)
                assert NAME.encode() not in answer.data
                is_open = RULES[rule.endpoint].least is None or rule.endpoint in opened
                assert is_open or answer.status_code in (401, 403), address
    assert [name for name in PageConfig.__struct_fields__ if re.search("access|auth|login|guest", name)] == []


@pytest.mark.parametrize(
    "path", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "..\\app.py", "/etc/passwd", "a/../../app.py"]
)
def test_file_names_come_only_from_the_server(home: Home, path: str) -> None:
    """CVE-2021-32560: no address reaches a file that the server does not list itself."""
    for address in ("/static/", "/exercises/", "/runs/", "/sessions/", "/plan/", "/routines/"):
        for end in ("", ".svg", "/trace.csv", "/bundle.zip", "/sheet"):
            answer = home.owner.get(f"{address}{path}{end}", buffered=True)
            assert answer.status_code in (404, 308), address
            assert b"import" not in answer.data
            assert b"root:" not in answer.data
    given = home.owner.get(f"/sessions/{home.ids['session_id']}/bundle.zip?filename={path}", buffered=True)
    assert f"=session-{home.ids['session_id']}.zip" in given.headers["Content-Disposition"].replace('"', "")


def test_errors_never_echo_what_was_sent(home: Home) -> None:
    """CVE-2021-32561: an error has only its own code and words."""
    mark = f"<b>{MARK}"
    for method in ("GET", "POST", "DELETE"):
        for address in (
            f"/{mark}",
            f"/sessions/{mark}",
            f"/exercises/{mark}",
            f"/api/v1/{mark}",
            f"/api/v1/sessions/{mark}",
        ):
            answer = home.owner.open(address, method=method, headers={**LOCAL, "X-Any": mark})
            assert (400 <= answer.status_code < 500, MARK.encode() in answer.data) == (True, False), address
    for address, field in (("/start", "routine"), ("/command", "command"), ("/person", "person"), ("/board", "word")):
        answer = home.owner.post(address, data={field: mark}, headers=LOCAL)
        assert answer.status_code >= 400, address
        assert mark.encode() not in answer.data, address
    answer = home.owner.post("/api/v1/command", json={"command": mark, mark: mark}, headers=LOCAL)
    assert MARK.encode() not in answer.data


def test_nothing_leads_to_another_site(home: Home) -> None:
    """CVE-2022-1430, CVE-2022-1432: `next` names a page of the station, so neither a redirect nor a link leaves it."""
    for evil in EVIL:
        places = dict.fromkeys(("next", "return_to", "from", "back", "url", "redirect"), evil)
        for _, address in home.addresses("POST"):
            client = home.client(pair_browser(home.store, Role.OWNER, home.ids["person_id"]))
            answer = client.post(address, data=places, headers=LOCAL, buffered=True)
            assert_own(answer.headers.get("Location", "/"))
            assert_own(answer.headers.get("X-Redirect-To", "/"))
        for _, address in home.addresses("GET"):
            answer = home.owner.get(address, query_string=places, buffered=True)
            assert_own(answer.headers.get("Location", "/"))
            assert f'="{evil}'.encode() not in answer.data, address
            assert_own(home.owner.get(f"//evil.example{address}", buffered=True).headers.get("Location", "/"))


def assert_own(location: str) -> None:
    assert re.match(r"(http://localhost)?/(?![/\\])", location), location


def test_an_import_is_known_by_its_content(home: Home, tmp_path: Path) -> None:
    """CVE-2022-2872: not by its name; and only two pages accept a file."""
    script = b"<script>alert(1)</script>"
    for name, content in (("page.zip", script), ("page.json.gz", b"GIF89a"), ("page.html", b"PK\3\4")):
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(StoreError), Store.open(tmp_path / f"{name}.db", clock=SystemClock()) as new:
            import_export(new, file)
        with pytest.raises(StoreError):
            read_bundle(file, content)
    before = sorted(path.name for path in tmp_path.iterdir())
    for _, address in home.addresses("POST"):
        form = {"file": (io.BytesIO(script), "../../page.html", "text/html")}
        home.client(None).post(address, data=form, headers=LOCAL, buffered=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert [name for name, file in sources("web") if "request.files" in file.read_text(encoding="utf-8")] == [
        "web.pages.uploads"
    ]
    assert [name for name, file in sources("web") if "uploads.received()" in file.read_text(encoding="utf-8")] == [
        "web.pages.data",
        "web.pages.restore",
    ]


def test_stolen_cookie_expires(home: Home) -> None:
    """CVE-2022-2888: it ends when it is revoked, idle, or a year old, and only the server decides."""
    now = datetime.now(UTC)
    assert visitor_with(home.store, home.token, now).is_paired
    assert not visitor_with(home.store, home.token, now + IDLE_END + timedelta(minutes=1)).is_paired
    assert not visitor_with(home.store, home.token, now + ABSOLUTE_END + timedelta(minutes=1)).is_paired
    other = pair_browser(home.store, Role.MEMBER, home.ids["person_id"])
    assert home.client(other).get("/history").status_code == 200
    found = home.store.device_with(hash_of(other))
    assert found is not None
    home.store.revoke_device(found.device.id)
    assert home.client(other).get("/history").status_code == 403


@pytest.mark.parametrize("role", [None, Role.GUEST, Role.MEMBER])
def test_no_role_exceeds_the_matrix(home: Home, role: Role | None) -> None:
    """CVE-2022-3068: each route that requires more refuses them."""
    order = [None, *Role]
    person = home.store.add_person("Bea").id
    token = None if role is None else pair_browser(home.store, role, None if role is Role.GUEST else person)
    for method in ("GET", "POST"):
        for endpoint, address in home.addresses(method):
            least = RULES[endpoint].least
            if least is not None and order.index(least) > order.index(role):
                answer = home.client(token).open(address, method=method, headers=LOCAL, buffered=True)
                assert answer.status_code in (401, 403), address


def test_text_of_people_is_never_a_template(home: Home) -> None:
    """CVE-2023-41047: what they type appears on the page as typed."""
    home.store.rename_person(home.ids["person_id"], "{{ 7 * 191 }}{% if 1 %}${7*191}")
    seen = 0
    for address, answer in home.pages():
        assert b"1337" not in answer.data, address
        seen += "{{ 7 * 191 }}" in unescape(answer.text)
    assert seen >= 5
    calls = ("render_template_string", ".from_string(")
    assert [
        name for name, file in sources("web") if any(one in file.read_text(encoding="utf-8") for one in calls)
    ] == []


def test_irreversible_actions_ask_for_presence_again(home: Home) -> None:
    """CVE-2024-23637, CVE-2024-51493: a browser that was left open deletes nobody, makes no owner, reads no token."""
    person, devices = home.ids["person_id"], home.store.devices()
    steps = {endpoint for endpoint, rule in RULES.items() if rule.presence_for is not None}
    assert steps >= {"removal.delete", "removal.merge", "browsers.change_role", "network.switch", "consents.allow"}
    for endpoint, address in home.addresses("POST"):
        if endpoint in steps:
            answer = home.owner.post(address, data={"role": "owner", "name": NAME}, headers=LOCAL, buffered=True)
            assert answer.headers.get("Location", "").startswith("/presence?next="), address
    assert home.store.devices() == devices
    assert home.store.person(person) is not None
    shown = home.owner.post("/api/tokens", data={"name": "lamp", "scope": "read"}, headers=LOCAL).text
    token = re.search(r'class="token">([\w-]{43})<', shown)
    assert token is not None
    assert token[1] not in home.owner.get("/api/tokens").text


class Scripts(HTMLParser):
    """Everything in a page that could run: scripts, handlers, styles and addresses with code."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("iframe", "object", "embed", "base") or (tag == "script" and "src" not in given):
            self.found.append(tag)
        for name, value in attrs:
            is_address = name in ("href", "src", "action", "formaction", "xlink:href")
            is_code = is_address and (value or "").strip().lower().startswith(("javascript:", "data:", "vbscript:"))
            if name.startswith("on") or name in ("style", "srcdoc") or is_code:
                self.found.append(f"{tag} {name}={value}")


def test_no_page_runs_inline_code(home: Home) -> None:
    """CVE-2024-28237: the content security policy allows no inline script, and no page needs one."""
    for address, answer in home.pages():
        policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'", address
        assert (policy["script-src"], policy["img-src"], policy["base-uri"]) == ("'self'", "'self'", "'none'"), address
        assert (policy["frame-ancestors"], policy["form-action"]) == ("'none'", "'self'"), address
        assert answer.headers["X-Content-Type-Options"] == "nosniff", address
        found = Scripts()
        found.feed(answer.text)
        assert found.found == [], address


def test_trust_never_comes_from_an_address(home: Home, tmp_path: Path) -> None:
    """CVE-2024-32977: forwarding headers let nobody in, not even in a demonstration."""
    for here in ("127.0.0.1", "192.168.1.9"):
        assert (
            home.client(None).get("/history", headers=FORWARDED, environ_base={"REMOTE_ADDR": here}).status_code == 403
        )
    assert guarded(home, "/history", "8.8.8.8", **FORWARDED) == 403
    with Store.open(tmp_path / "demo.db", clock=SystemClock()) as store:
        add_session(store, name=NAME)
        demo = create_app(StationDouble(store, RecordedBoard(())), store)
        client_with(demo, None).get("/", headers=FORWARDED, environ_base={"REMOTE_ADDR": "192.168.1.9"})
        assert store.devices() == ()


@pytest.mark.parametrize("name", HOSTILE_NAMES[::3])
def test_hostile_name_is_escaped_on_every_page(home: Home, name: str) -> None:
    """CVE-2024-49377: of a person, a browser, a routine or a program; another test uses a real browser."""
    home.store.rename_person(home.ids["person_id"], name)
    home.store.rename_device(home.ids["device_id"], name)
    home.store.save_routine(home.ids["routine_id"], home.ids["person_id"], name, [{"exercise": "3a"}])
    seen = 0
    for address, answer in home.pages():
        found = Scripts()
        found.feed(answer.text)
        assert found.found == [], address
        seen += name in unescape(answer.text)
    assert seen >= 5


def test_a_route_without_a_rule_fails_the_build(home: Home) -> None:
    """CVE-2025-62169: adding a route cannot switch protection off: it is refused until it has a rule."""
    assert {rule.endpoint for rule in home.app.url_map.iter_rules()} == set(RULES)
    app = create_app(home.station, home.store)
    app.add_url_rule("/plugin", "plugin", lambda: MARK)
    assert client_with(app, home.token).get("/plugin").status_code == 403


def test_no_form_field_reads_or_moves_a_file(home: Home, tmp_path: Path) -> None:
    """CVE-2025-48067, CVE-2026-54134: through every field of every form; findings stay in the corpus."""
    secret = tmp_path / "secret.txt"
    secret.write_text(MARK * 3, encoding="ascii")
    names = ("file", "path", "filename", "file.path", "file.name", "name", "routine", "from", "person", "key", "zone")
    form = dict.fromkeys(names, str(secret))
    for _, address in home.addresses("POST"):
        token = pair_browser(home.store, Role.OWNER, home.ids["person_id"])
        answer = home.client(token).post(address, data=form, headers=LOCAL, buffered=True)
        assert (MARK * 3).encode() not in answer.data, address
    for address, answer in home.pages():
        assert (MARK * 3).encode() not in answer.data, address
        assert (MARK * 3).encode() not in home.owner.get(address, query_string=form, buffered=True).data, address
    assert secret.read_text(encoding="ascii") == MARK * 3
    corpus = Path(__file__).with_name("hostile_requests.jsonl").read_bytes().splitlines()
    assert len({json.loads(line)["endpoint"] for line in corpus}) > len(RULES) / 2


def test_text_from_sensors_and_files_is_escaped(home: Home) -> None:
    """CVE-2025-64187, CVE-2026-35163: text from a part, trace or file is escaped on every page and in the stream."""
    hostile = HOSTILE_NAMES[0]
    home.station.show(
        phase="fault",
        faults=(Fault("toe", hostile),),
        toe_missing_reason=hostile,
        note=hostile,
        routine_title=hostile,
        next_step=hostile,
    )
    home.store.append_trace(home.ids["run_id"], f"95.0,toe,{hostile.replace(',', '')}\n")
    seen = 0
    for address, answer in home.pages():
        found = Scripts()
        found.feed(answer.text)
        assert found.found == [], address
        seen += hostile in unescape(answer.text)
    assert seen >= 1
    shown = msgspec.json.encode(live_view(home.station.snapshot(), "cm"))
    assert hostile in json.dumps(json.loads(shown), ensure_ascii=False).replace('\\"', '"')
    assert b"\n" not in shown, "an event of the stream cannot be ended by a text"


def test_time_gives_no_token_away(home: Home) -> None:
    """CVE-2026-23892: a token found by hash is compared in constant time, and only hashes are stored."""
    with mock.patch("hmac.compare_digest", wraps=hmac.compare_digest) as compared:
        assert home.owner.get("/history").status_code == 200
    assert compared.call_args.args == (hash_of(home.token),) * 2
    assert home.token.encode() not in b"".join(file.read_bytes() for file in home.store.path.parent.glob("home.db*"))
    assert home.client(hash_of(home.token)).get("/history").status_code == 403
    wrong = home.token[:-1] + ("A" if home.token[-1] != "A" else "B")
    assert home.client(wrong).get("/history").status_code == 403
