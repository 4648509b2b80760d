"""Who may open what: roles and routes, consents, and what the board shows, tested by real requests."""

from __future__ import annotations

import re
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from msgspec.structs import replace

from station.app.access import api_tokens, roles
from station.app.access.api_tokens import Scope
from station.app.access.roles import ACCESS_COOKIE, Role, hash_of, visitor_with
from station.app.snapshot import UnfinishedView
from station.store import Store, StoreError
from tests.paired_browsers import client_with
from tests.tree import ROOT
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import add_session
from tests.web.house import NAMES, ROLES, House, addresses, ask
from tests.web.page_text import text_of
from web.access.rules import DEMO_DEVICE, OWN_PAGES, RULES, Whose
from web.app import create_app
from web.context import BUSY
from web.live.seen import snapshot_for

NEED_A_TOKEN = ("api.start", "api.command", "api.routines")
"""API operations for which a cookie does not suffice; a guest's browser makes no token."""


def token_of_program(house: House, role: Role) -> str:
    """A token with every permission of this role's browser."""
    token = roles.new_token()
    api_tokens.add(house.store, house.device_id(role), hash_of(token), "program", list(Scope))
    return token


def test_every_endpoint_has_a_rule(house: House) -> None:
    """And no rule is left for a removed endpoint."""
    assert {rule.endpoint for rule in house.app.url_map.iter_rules()} == set(RULES)
    assert {rule.presence_for for rule in RULES.values()} - {None} <= set(OWN_PAGES)
    assert set(OWN_PAGES.values()) <= set(RULES)


def test_endpoint_without_a_rule_is_refused(house: House) -> None:
    """Even to the owner."""
    app = create_app(house.station, house.store)
    app.add_url_rule("/forgotten", "forgotten", lambda: "canary")
    answer = client_with(app, house.tokens[Role.OWNER]).get("/forgotten")
    assert (answer.status_code, b"canary" in answer.data) == (403, False)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_only_permitted_routes(house: House, role: Role | None) -> None:
    """By a real request to every route: 403 if the role does not suffice, else any other status."""
    faults = []
    for endpoint, (method, address) in addresses(house, house.bea).items():
        if endpoint in ("browsers.revoke", "browsers.leave", "browsers.share"):
            continue  # these change the visitor; tested below
        client, is_api = house.client(role), endpoint.startswith("api.")
        if is_api and role is not None and role is not Role.GUEST:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token_of_program(house, role)}"
        status = ask(client, method, address).status_code
        least = RULES[endpoint].least
        may = least is None or (role is not None and list(Role).index(role) >= list(Role).index(least))
        may = may and not (role is Role.GUEST and endpoint in NEED_A_TOKEN)
        if (status in ((401, 403) if is_api else (403,))) is may or status >= 500:
            faults.append((endpoint, status))
    assert faults == []


@pytest.mark.parametrize("role", [Role.GUEST, Role.MEMBER, Role.PRACTITIONER, Role.OWNER])
def test_ids_of_others_look_nonexistent(house: House, role: Role) -> None:
    """A session, trace, test or person without consent is a 404 with the same text as one that does not exist."""
    others = house.ada if role is Role.MEMBER else house.bea
    faults = []
    for endpoint, (method, address) in addresses(house, others).items():
        rule = next(one for one in house.app.url_map.iter_rules() if one.endpoint == endpoint)
        if RULES[endpoint].whose is not Whose.SEEN or not rule.arguments & {
            *("session_id", "run_id", "test_id", "person_id"),
        }:
            continue
        if not RULES[endpoint].lets_in(visitor_with(house.store, house.tokens[role], datetime.now(UTC))):
            continue
        if role is Role.OWNER and endpoint.partition(".")[0] in MANAGED_BY_OWNER:
            continue
        answers = [ask(house.client(role), method, one) for one in (address, without_ids(address))]
        status = 303 if RULES[endpoint].presence_for else 404  # a proof of presence returns to the same address
        texts = {without_ids(one.get_data(as_text=True)) for one in answers}
        if [one.status_code for one in answers] != [status, status] or len(texts) > 1:
            faults.append((endpoint, [one.status_code for one in answers]))
    assert faults == []


def without_ids(text: str) -> str:
    """The same address or page with its ids replaced."""
    return re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "01234567-unknown", text)


MANAGED_BY_OWNER = ("people", "profile", "removal", "browsers")
"""The pages on which the owner manages people by name, even those whose results they may not see."""


@pytest.mark.parametrize("role", ROLES)
def test_no_name_reaches_a_browser_that_may_not_see_it(house: House, role: Role | None) -> None:
    """On every page that it may open, while somebody else is on the board."""
    hidden = [NAMES[0]] if role is Role.MEMBER else [NAMES[1]] if role is Role.OWNER else [*NAMES]
    hidden_id = house.ada if role is Role.MEMBER else house.bea
    name = NAMES[0] if role is Role.MEMBER else NAMES[1]
    house.station.show(
        person_id=hidden_id,
        person_name=name,
        session_id=house.sessions[hidden_id],
        note=f"{name}, your routine is ready.",
        note_about=hidden_id,
        routine_title=f"{name}'s routine",
        unfinished=UnfinishedView(f"{name}'s routine", 60, hidden_id),
    )
    leaks = []
    for endpoint, (method, address) in addresses(house, hidden_id).items():
        is_of_names = role is Role.OWNER and endpoint.partition(".")[0] in MANAGED_BY_OWNER
        if method == "GET" and endpoint != "static" and not is_of_names:
            text = ask(house.client(role), method, address).get_data(as_text=True)
            leaks += [(endpoint, word) for word in (*hidden, house.sessions[hidden_id]) if word in text]
    for query in ("/history?person=everyone", f"/history?person={hidden_id}", "/live?started=daily", "/api/v1/state"):
        text = ask(house.client(role), "GET", query).get_data(as_text=True)
        leaks += [(query, word) for word in hidden if word in text]
    assert [one for one in leaks if one[1] not in one[0]] == []


def test_owner_sees_names_of_browsers_but_no_results(house: House) -> None:
    """The list of browsers says whose each is; a member sees only their own."""
    assert NAMES[1] in text_of(house.client(Role.OWNER), "/browsers")
    page = text_of(house.client(Role.MEMBER), "/browsers")
    assert NAMES[1] in page
    assert NAMES[0] not in page
    assert house.client(Role.OWNER).get(f"/sessions/{house.sessions[house.bea]}").status_code == 404


def test_visitor_learns_how_to_pair(house: House) -> None:
    """Today says how; other pages answer 403 with the same text."""
    client = house.client(None)
    for address, status in (("/", 200), ("/history", 403), ("/people", 403)):
        answer = client.get(address)
        assert (answer.status_code, b"Pair this browser" in answer.data) == (status, True)
    assert b"does not allow this" in house.client(Role.GUEST).get("/people").data
    assert client.get("/api/v1/status").get_json()["details"] is None


def test_pages_offer_only_permitted_actions(house: House) -> None:
    """No menu, form or link leads a visitor, guest or member straight to a refusal."""
    house.store.claim_session(house.sessions[house.bea], None)
    guest, member, visitor = (house.client(role) for role in (Role.GUEST, Role.MEMBER, None))
    assert 'action="/people"' not in text_of(guest, "/")
    assert "/claim" not in text_of(guest, "/")
    assert "/claim" in text_of(member, "/")
    assert "station\u2019s owner can change" in text_of(member, "/settings")
    assert [is_dock_hidden(text_of(client, "/live")) for client in (visitor, guest)] == [True, False]
    for client, role in ((visitor, None), (guest, Role.GUEST), (member, Role.MEMBER)):
        for address in ("/", "/more"):
            nav = text_of(client, address).partition('<nav class="places"')[2].partition("</header>")[0]
            targets = {part.partition('"')[0] for part in nav.split('href="')[1:]}
            assert targets
            assert {target: status for target in targets if (status := client.get(target).status_code) != 200} == {}, (
                role
            )


def is_dock_hidden(page: str) -> bool:
    return page.partition('<div class="dock"')[0].rstrip().endswith("<div hidden>")


def test_consent_gives_access_until_withdrawn(house: House) -> None:
    """Consent and withdrawal both count from the next request on."""
    practitioner = visitor_with(house.store, house.tokens[Role.PRACTITIONER], datetime.now(UTC)).person_id
    assert practitioner is not None
    client, address = house.client(Role.PRACTITIONER), f"/sessions/{house.sessions[house.bea]}"
    assert client.get(address).status_code == 404
    house.store.agree_consent(practitioner, house.bea)
    assert client.get(address).status_code == 200
    member = house.client(Role.MEMBER)
    assert "Dr Cem" in text_of(member, "/consents")
    assert ask(member, "POST", "/consents/withdraw", person=practitioner, which="mine").status_code == 303
    assert client.get(address).status_code == 404
    assert NAMES[1] not in text_of(client, "/people")


def test_person_added_in_a_browser_is_seen_there(house: House) -> None:
    assert ask(house.client(Role.MEMBER), "POST", "/people", name="Kid").status_code == 303
    assert "Kid" in text_of(house.client(Role.MEMBER), "/people")
    kid = next(one.id for one in house.store.people() if one.name == "Kid")
    assert f'value="{kid}"' in text_of(house.client(Role.MEMBER), "/people")
    assert f'value="{kid}"' not in text_of(house.client(Role.OWNER), "/people")


def test_guest_sees_unclaimed_sessions_since_the_pairing(house: House) -> None:
    """And neither earlier ones nor anybody's."""
    before = house.store.begin_session(None, datetime.now(UTC) - timedelta(minutes=5), simulated=True)
    since = house.store.begin_session(None, datetime.now(UTC), simulated=True)
    client = house.client(Role.GUEST)
    assert [client.get(f"/sessions/{one}").status_code for one in (before, since)] == [404, 200]
    page = text_of(client, "/history?person=everyone")
    assert (before in page, since in page) == (False, True)
    assert client.get("/history.csv").status_code == 200


def test_guests_today_has_only_results_since_the_pairing(house: House) -> None:
    """Earlier unclaimed results belong to somebody whom the guest may not know."""
    _, session = add_session(house.store, days_ago=1.0)
    house.store.claim_session(session, None)
    assert "8.4 cm" not in text_of(house.client(Role.GUEST), "/")
    member = house.client(Role.MEMBER)
    ask(member, "POST", "/person", person="nobody")
    assert "8.4 cm" in text_of(member, "/")


@pytest.mark.parametrize("name", ["calibrate", "check"])
def test_guest_does_not_calibrate(house: House, name: str) -> None:
    assert ask(house.client(Role.GUEST), "POST", "/start", routine=name).status_code == 403
    assert house.station.started == []
    assert ask(house.client(Role.MEMBER), "POST", "/start", routine=name).status_code == 303


def test_guest_starts_routines_for_nobody(house: House) -> None:
    assert ask(house.client(Role.GUEST), "POST", "/start", routine="test").status_code == 303
    assert house.station.chosen == [True]
    assert house.station.started[-1][1] is None
    assert ask(house.client(Role.GUEST), "POST", "/start", routine="test", person=house.ada).status_code == 400


def test_own_routine_of_others_is_not_started(house: House) -> None:
    routine = house.store.save_routine(None, house.bea, "Bea's", [{"exercise": "3a"}])
    owner = house.client(Role.OWNER)
    assert ask(owner, "POST", "/start", routine=f"own:{routine}").status_code == 404
    answers = [owner.get(f"/routines/{one}/change") for one in (routine, "01234567-unknown")]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].data == answers[1].data
    assert house.station.started == []


def test_demonstration_lets_its_first_browser_in_on_this_machine(store: Store, station: StationDouble) -> None:
    """As the owner's, with everybody's consent, and says so; a second browser, or one elsewhere, must pair."""
    people = [store.add_person(name) for name in NAMES]
    app = create_app(station, store)
    elsewhere = client_with(app, None).get("/", environ_base={"REMOTE_ADDR": "192.168.1.7"})
    assert elsewhere.location == "/first-start"
    client_with(app, None).get("/api/v1/status")
    first = client_with(app, None)
    page = text_of(first, "/")
    assert "This is a demonstration" in page
    assert f"Person: {NAMES[0]}" in page
    cookie = first.get_cookie(ACCESS_COOKIE)
    assert cookie is not None
    assert visitor_with(store, cookie.value, datetime.now(UTC)).person_ids == {one.id for one in people}
    assert [(one.name, one.role) for one in store.devices()] == [(DEMO_DEVICE, Role.OWNER)]
    assert b"Pair this browser" in client_with(app, None).get("/").data


class Unwilling(StationDouble):
    """A simulated board that pairs no browser while there is an `error`."""

    def __init__(self, store: Store, error: Exception | None) -> None:
        super().__init__(store, RecordedBoard(()))
        self.error = error

    def add_device(self, *given: Any, **named: Any) -> Future[str]:
        if self.error is None:
            return super().add_device(*given, **named)
        refused: Future[str] = Future()
        refused.set_exception(self.error)
        return refused


def test_demonstration_on_a_full_disk_shows_its_first_browser_the_board(store: Store) -> None:
    """Unpaired and with the reason, until there is room."""
    station = Unwilling(store, StoreError("The disk is full: free some space."))
    first = client_with(create_app(station, store), None)
    for address, status in (("/", 200), ("/live", 200), ("/help", 200), ("/progress", 403)):
        answer = first.get(address)
        assert (address, answer.status_code) == (address, status)
        assert "The disk is full: free some space." in answer.text
    assert "See the board" in first.get("/").text
    assert store.devices() == ()
    station.error = None
    assert "The disk is full" not in text_of(first, "/")
    assert [(one.name, one.role) for one in store.devices()] == [(DEMO_DEVICE, Role.OWNER)]


class WithoutConsents(StationDouble):
    """A simulated board whose disk is full once it has paired a browser."""

    def agree_consent(self, *given: Any, **named: Any) -> Future[None]:
        refused: Future[None] = Future()
        refused.set_exception(StoreError("The disk is full: free some space."))
        return refused


def test_demonstration_does_not_call_a_paired_browser_unpaired(store: Store) -> None:
    """The disk is full only at the consents: the browser has its token, and the error is shown as such."""
    store.add_person("Ann")
    first = client_with(create_app(WithoutConsents(store, RecordedBoard(())), store), None)
    answer = first.get("/")
    assert answer.status_code == 503
    assert "not paired yet" not in answer.text
    assert first.get_cookie(ACCESS_COOKIE) is not None
    assert first.get("/").status_code == 200


def test_demonstration_that_is_busy_asks_its_first_browser_to_come_again(store: Store) -> None:
    """It may be starting: nobody is asked to become its owner meanwhile."""
    answer = client_with(create_app(Unwilling(store, TimeoutError()), store), None).get("/")
    assert answer.status_code == 503
    assert BUSY in answer.text


def test_real_board_lets_nobody_in_automatically(store: Store) -> None:
    """The first visitor goes through the first start."""
    assert client_with(create_app(StationDouble(store), store), None).get("/").location == "/first-start"
    assert store.devices() == ()


def test_board_of_others_has_no_name_id_result_or_decision(house: House) -> None:
    """A guest may control a running session and sees its clock; a visitor sees the board, without details of faults."""
    shown = house.station
    shown.show(
        activity="test",
        phase="result",
        result_left_mm=84.0,
        person_id=house.ada,
        person_name=NAMES[0],
        session_id="s",
        decided_for=house.ada,
    )
    now = replace(shown.snapshot(), toe_mm=120.0)
    for role in (Role.OWNER, Role.GUEST, None):
        visitor = visitor_with(house.store, house.tokens[role], datetime.now(UTC))
        seen = snapshot_for(visitor, now)
        assert (seen is now) is (role is Role.OWNER)
        assert seen.toe_mm == 120.0
        if role is not Role.OWNER:
            assert (seen.person_id, seen.person_name, seen.session_id, seen.decision) == (None, None, None, None)
            assert seen.activity == "idle"


def test_readme_table_matches_access_rules(house: House) -> None:
    """The README's table matches the rules."""
    text = (ROOT / "web" / "README.md").read_text(encoding="utf-8")
    for row in table_of_rules(house.app):
        assert row in text, row


def table_of_rules(app: Flask) -> list[str]:
    """A row for each role: what it may open beyond the roles above it."""
    rows = []
    for least, who in (
        (None, "everybody"),
        (Role.GUEST, "guest"),
        (Role.MEMBER, "member, practitioner"),
        (Role.OWNER, "owner"),
    ):
        opened: dict[str, set[str]] = {}
        for rule in app.url_map.iter_rules():
            if RULES[rule.endpoint].least == least:
                presence = " (presence)" if RULES[rule.endpoint].presence_for else ""
                methods = (rule.methods or set()) & {"GET", "POST"}
                opened.setdefault(f"{rule.rule}{presence}", set()).update(methods)
        if least is None:
            opened["/events"] = {"GET"}
        cells = [
            f"`{'' if methods == {'GET'} else '/'.join(sorted(methods)) + ' '}{address.removesuffix(' (presence)')}`"
            + (" (presence)" if address.endswith("(presence)") else "")
            for address, methods in sorted(opened.items())
        ]
        rows.append(f"| {who} | {', '.join(cells)} |")
    return rows
