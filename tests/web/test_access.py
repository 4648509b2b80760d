"""Who may open what: roles by routes, tokens, PINs and consents, each by real requests."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace
from sqlalchemy import update
from werkzeug.test import TestResponse

from station.app.access import api_tokens, roles
from station.app.access.api_tokens import Scope
from station.app.access.roles import ACCESS_COOKIE, Role, hash_of, visitor_with
from station.app.snapshot import UnfinishedView
from station.clock import SystemClock
from station.store import Store
from station.store.schema import devices
from tests.let_in import client_with, let_in
from tests.tree import ROOT
from tests.web.double import StationDouble
from tests.web.history import add_session
from web.access.pin import hash_of_pin, is_right
from web.access.rules import DEMO_DEVICE, OWN_PAGES, PRESENCE_ADDRESS, RULES, Whose
from web.app import create_app
from web.live.seen import snapshot_for

ROLES: tuple[Role | None, ...] = (None, *Role)
NAMES = ("Ada Canary", "Bea Canary")
NEED_A_TOKEN = ("api.start", "api.command", "api.routines")
"""What a browser may not do in the API by its cookie alone; a guest's makes no token."""
LOCAL = {"Origin": "http://localhost"}


class House(NamedTuple):
    """A station with two people who have results, and a session of nobody; who has which token."""

    app: Flask
    station: StationDouble
    store: Store
    tokens: dict[Role | None, str | None]
    ada: str
    bea: str
    sessions: dict[str, str]
    """The session of each person, and of nobody as an empty name."""

    def client(self, role: Role | None) -> FlaskClient:
        return client_with(self.app, self.tokens[role])

    def device_id(self, role: Role) -> str:
        found = self.store.device_with(hash_of(self.tokens[role] or ""))
        assert found is not None
        return found.device.id


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with Store.open(tmp_path / "house.db", clock=SystemClock()) as store:
        station = StationDouble(store)
        ada, ada_session = add_session(store, name=NAMES[0])
        bea, bea_session = add_session(store, name=NAMES[1])
        owner = let_in(store, Role.OWNER, ada.id)
        given: dict[Role | None, str | None] = {None: None, Role.OWNER: owner}
        given[Role.GUEST] = let_in(store, Role.GUEST)
        given[Role.MEMBER] = let_in(store, Role.MEMBER, bea.id)
        given[Role.PRACTITIONER] = let_in(store, Role.PRACTITIONER, store.add_person("Dr Cem").id)
        sessions = {ada.id: ada_session, bea.id: bea_session}
        yield House(create_app(station, store), station, store, given, ada.id, bea.id, sessions)


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


def token_of_program(house: House, role: Role) -> str:
    """A token that may all that this role's browser may."""
    token = roles.new_token()
    api_tokens.add(house.store, house.device_id(role), hash_of(token), "program", list(Scope))
    return token


def ask(client: FlaskClient, method: str, address: str, **data: str) -> TestResponse:
    return client.open(address, method=method, data=data or None, headers=LOCAL, buffered=True)


def test_every_endpoint_has_a_rule(house: House) -> None:
    """And no rule is left of an endpoint that is gone."""
    assert {rule.endpoint for rule in house.app.url_map.iter_rules()} == set(RULES)
    assert {rule.presence_for for rule in RULES.values()} - {None} <= set(OWN_PAGES)
    assert set(OWN_PAGES.values()) <= set(RULES)


def test_endpoint_without_a_rule_is_refused(house: House) -> None:
    """To everybody, the owner too."""
    app = create_app(house.station, house.store)
    app.add_url_rule("/forgotten", "forgotten", lambda: "canary")
    answer = client_with(app, house.tokens[Role.OWNER]).get("/forgotten")
    assert (answer.status_code, b"canary" in answer.data) == (403, False)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_what_its_rule_says(house: House, role: Role | None) -> None:
    """By a real request to every route: 403 where the role is too little, and otherwise any other answer."""
    faults = []
    for endpoint, (method, address) in addresses(house, house.bea).items():
        if endpoint in ("browsers.revoke", "browsers.leave", "browsers.share"):
            continue  # they change who may ask; below
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
def test_ids_of_others_answer_as_ids_of_nothing(house: House, role: Role) -> None:
    """A session, trace, test or person of somebody who did not agree is 404, with the same words as no such one."""
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
        status = 303 if RULES[endpoint].presence_for else 404  # a proof of presence leads back to the same address
        texts = {without_ids(one.get_data(as_text=True)) for one in answers}
        if [one.status_code for one in answers] != [status, status] or len(texts) > 1:
            faults.append((endpoint, [one.status_code for one in answers]))
    assert faults == []


def without_ids(text: str) -> str:
    """The same address or page with ids that do not exist."""
    return re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "01234567-unknown", text)


MANAGED_BY_OWNER = ("people", "profile", "removal", "browsers")
"""The pages on which the owner manages people by name, also those whose results they do not see."""


@pytest.mark.parametrize("role", ROLES)
def test_no_name_reaches_a_browser_that_may_not_see_it(house: House, role: Role | None) -> None:
    """On every page that it opens, while somebody else is on the board."""
    hidden = [NAMES[0]] if role is Role.MEMBER else [NAMES[1]] if role is Role.OWNER else [*NAMES]
    hidden_id = house.ada if role is Role.MEMBER else house.bea
    name = NAMES[0] if role is Role.MEMBER else NAMES[1]
    house.station.show(
        person_id=hidden_id,
        person_name=name,
        session_id=house.sessions[hidden_id],
        note=f"{name}, your routine is ready.",
        note_about=hidden_id,
        called=f"{name}'s routine",
        rest=UnfinishedView(f"{name}'s routine", 60, hidden_id),
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
    """The list of browsers says whose each is; a member sees their own alone."""
    assert NAMES[1] in house.client(Role.OWNER).get("/browsers").get_data(as_text=True)
    page = house.client(Role.MEMBER).get("/browsers").get_data(as_text=True)
    assert NAMES[1] in page
    assert NAMES[0] not in page
    assert house.client(Role.OWNER).get(f"/sessions/{house.sessions[house.bea]}").status_code == 404


def test_visitor_learns_how_to_pair(house: House) -> None:
    """Today says how; other pages answer 403 with the same."""
    client = house.client(None)
    for address, status in (("/", 200), ("/history", 403), ("/people", 403)):
        answer = client.get(address)
        assert (answer.status_code, b"Pair this browser" in answer.data) == (status, True)
    assert b"may not do this" in house.client(Role.GUEST).get("/people").data
    assert client.get("/api/v1/status").get_json()["details"] is None


def test_pages_offer_only_what_their_visitor_may_do(house: House) -> None:
    """No menu, form or link of a page leads a visitor, guest or member to a refusal by its first tap."""
    house.store.claim_session(house.sessions[house.bea], None)
    guest, member, visitor = (house.client(role) for role in (Role.GUEST, Role.MEMBER, None))
    assert 'action="/people"' not in guest.get("/").get_data(as_text=True)
    assert "/claim" not in guest.get("/").get_data(as_text=True)
    assert "/claim" in member.get("/").get_data(as_text=True)
    assert "owner of the station changes" in member.get("/settings").get_data(as_text=True)
    assert [is_dock_hidden(client.get("/live").get_data(as_text=True)) for client in (visitor, guest)] == [True, False]
    for client, role in ((visitor, None), (guest, Role.GUEST), (member, Role.MEMBER)):
        for address in ("/", "/more"):
            nav = (
                client.get(address).get_data(as_text=True).partition('<nav class="places"')[2].partition("</header>")[0]
            )
            targets = {part.partition('"')[0] for part in nav.split('href="')[1:]}
            assert targets
            assert {target: status for target in targets if (status := client.get(target).status_code) != 200} == {}, (
                role
            )


def is_dock_hidden(page: str) -> bool:
    return page.partition('<div class="dock"')[0].rstrip().endswith("<div hidden>")


def test_consent_lets_see_until_it_is_withdrawn(house: House) -> None:
    """From the next request on, in both directions of the answer."""
    practitioner = visitor_with(house.store, house.tokens[Role.PRACTITIONER], datetime.now(UTC)).person_id
    assert practitioner is not None
    client, address = house.client(Role.PRACTITIONER), f"/sessions/{house.sessions[house.bea]}"
    assert client.get(address).status_code == 404
    house.store.agree_consent(practitioner, house.bea)
    assert client.get(address).status_code == 200
    member = house.client(Role.MEMBER)
    assert "Dr Cem" in member.get("/consents").get_data(as_text=True)
    assert ask(member, "POST", "/consents/withdraw", person=practitioner, which="mine").status_code == 303
    assert client.get(address).status_code == 404
    assert NAMES[1] not in client.get("/people").get_data(as_text=True)


def test_person_added_in_a_browser_is_seen_there(house: House) -> None:
    assert ask(house.client(Role.MEMBER), "POST", "/people", name="Kid").status_code == 303
    assert "Kid" in house.client(Role.MEMBER).get("/people").get_data(as_text=True)
    kid = next(one.id for one in house.store.people() if one.name == "Kid")
    assert f'value="{kid}"' in house.client(Role.MEMBER).get("/people").get_data(as_text=True)
    assert f'value="{kid}"' not in house.client(Role.OWNER).get("/people").get_data(as_text=True)


def test_guest_sees_nobodys_sessions_since_the_pairing(house: House) -> None:
    """And nothing of before, nor of anybody."""
    before = house.store.begin_session(None, datetime.now(UTC) - timedelta(minutes=5), simulated=True)
    since = house.store.begin_session(None, datetime.now(UTC), simulated=True)
    client = house.client(Role.GUEST)
    assert [client.get(f"/sessions/{one}").status_code for one in (before, since)] == [404, 200]
    page = client.get("/history?person=everyone").get_data(as_text=True)
    assert (before in page, since in page) == (False, True)
    assert client.get("/history.csv").status_code == 200


def test_guests_today_has_results_of_today_alone(house: House) -> None:
    """Nobody's results of before the pairing are somebody's whom the guest does not know."""
    _, session = add_session(house.store, days_ago=1.0)
    house.store.claim_session(session, None)
    assert "8.4 cm" not in house.client(Role.GUEST).get("/").get_data(as_text=True)
    member = house.client(Role.MEMBER)
    ask(member, "POST", "/person", person="nobody")
    assert "8.4 cm" in member.get("/").get_data(as_text=True)


@pytest.mark.parametrize("name", ["calibrate", "check"])
def test_guest_does_not_calibrate(house: House, name: str) -> None:
    assert ask(house.client(Role.GUEST), "POST", "/start", routine=name).status_code == 403
    assert house.station.started == []
    assert ask(house.client(Role.MEMBER), "POST", "/start", routine=name).status_code == 303


def test_guest_starts_for_nobody(house: House) -> None:
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


# Tokens.


def test_cookie_that_was_set_before_pairing_is_never_adopted(house: House) -> None:
    """Session fixation: a token that somebody else put into the browser lets nobody in, also after a pairing."""
    planted = roles.new_token()
    with create_app(house.station, house.store).test_request_context(headers={"Cookie": f"{ACCESS_COOKIE}={planted}"}):
        from web.access.rules import let_in as let_browser_in
        from web.context import Site

        site = Site(house.station, house.store, (), True)
        assert not site.visitor().is_let_in
        token = let_browser_in(site, "Phone", Role.MEMBER, house.bea)
        assert site.visitor().person_id == house.bea
    assert token != planted
    assert house.store.device_with(hash_of(planted)) is None
    assert client_with(house.app, planted).get("/history").status_code == 403
    assert client_with(house.app, token).get("/history").status_code == 200


def test_pairing_again_ends_the_pairing_before(house: House) -> None:
    """A token is new at each login, and the former one is worthless."""
    from web.access.rules import let_in as let_browser_in
    from web.context import Site

    before = house.tokens[Role.MEMBER]
    with create_app(house.station, house.store).test_request_context(headers={"Cookie": f"{ACCESS_COOKIE}={before}"}):
        token = let_browser_in(Site(house.station, house.store, (), True), "Phone", Role.MEMBER, house.bea)
    assert client_with(house.app, before).get("/history").status_code == 403
    assert client_with(house.app, token).get("/history").status_code == 200


def test_stored_tokens_are_hashes(house: House) -> None:
    """The database is worth nothing to who reads it: no token is in it, and a hash is none."""
    for role in Role:
        token = house.tokens[role]
        assert token is not None
        assert len(token) >= 43
        assert token.encode() not in house.store.path.read_bytes()
        assert client_with(house.app, hash_of(token)).get("/history").status_code == 403


def test_tokens_are_compared_in_constant_time(house: House) -> None:
    """What an index found is compared once more, by the function that does not stop at the first difference."""
    with mock.patch("hmac.compare_digest", wraps=hmac.compare_digest) as compared:
        assert house.client(Role.MEMBER).get("/history").status_code == 200
    assert compared.call_args.args == (hash_of(house.tokens[Role.MEMBER] or ""),) * 2


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": timedelta(seconds=-1)},
        {"last_seen_at": timedelta(days=-90)},
        {"revoked_at": timedelta(seconds=-1)},
    ],
)
def test_expired_idle_and_revoked_tokens_let_nobody_in(house: House, changes: dict[str, timedelta]) -> None:
    values = {name: datetime.now(UTC) + span for name, span in changes.items()}
    with house.store.write_transaction() as connection:
        connection.execute(update(devices).where(devices.c.role == Role.MEMBER).values(values))
    assert house.client(Role.MEMBER).get("/history").status_code == 403
    assert house.client(Role.OWNER).get("/history").status_code == 200


@pytest.mark.parametrize(
    "cookie",
    [
        "{name}=",
        "{name}={token}x",
        "{name}={short}",
        "{name}={upper}",
        "{name}={token}%00",
        "{name}=; {name}={token}x",
        "{name}={hash}",
        "{upper_name}={token}",
        "{name}[]={token}",
        "{name}",
        "=;;{token}",
    ],
)
def test_cookie_that_is_not_the_token_lets_nobody_in(house: House, cookie: str) -> None:
    """Empty, shortened, lengthened, twice, the stored hash, or by another name: a stranger's answer, and no error."""
    token = house.tokens[Role.OWNER] or ""
    sent = cookie.format(
        name=ACCESS_COOKIE,
        upper_name=ACCESS_COOKIE.upper(),
        token=token,
        short=token[:-1],
        upper=token.swapcase(),
        hash=hash_of(token),
    )
    stranger = house.app.test_client(use_cookies=False)
    assert stranger.get("/history", headers={"Cookie": sent}).status_code == 403
    assert stranger.get("/history", headers={"Cookie": f"{ACCESS_COOKIE}={token}"}).status_code == 200


def test_pairings_end_after_a_year_and_a_guests_with_the_day() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert roles.expires_at(Role.MEMBER, now) - now == timedelta(days=365)
    end = roles.expires_at(Role.GUEST, now).astimezone()
    assert (end.hour, end.minute) == (0, 0)
    assert timedelta() < end - now <= timedelta(hours=25)


def test_use_is_noted_once_an_hour(house: House) -> None:
    """So that ninety idle days end a pairing, and pages do not wear the memory card."""
    device_id = house.device_id(Role.MEMBER)
    just_now = datetime.now(UTC) - timedelta(minutes=59)
    for last_seen, is_noted in ((just_now, False), (just_now - timedelta(minutes=2), True)):
        with house.store.write_transaction() as connection:
            connection.execute(update(devices).where(devices.c.id == device_id).values(last_seen_at=last_seen))
        house.client(Role.MEMBER).get("/history")
        device = house.store.device(device_id)
        assert device is not None
        assert (device.last_seen_at > last_seen) is is_noted


def test_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House) -> None:
    """HttpOnly, SameSite=Strict, for every path; Secure where the page came by https."""
    app = create_app(house.station, house.store)
    token = let_in(house.store, Role.MEMBER, is_shared=True)
    house.store.set_pin(house.bea, hash_of_pin("271828"))
    for scheme in ("http", "https"):
        client = client_with(app, token)
        answer = client.post(
            "/browsers/choose",
            base_url=f"{scheme}://localhost",
            data={"name": NAMES[1], "pin": "271828"},
            headers={"Cookie": f"{ACCESS_COOKIE}={token}"},
        )
        cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith(f"{ACCESS_COOKIE}="))
        parts = {part.strip() for part in cookie.split(";")}
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= parts
        assert ("Secure" in parts) is (scheme == "https")
        token = cookie.partition("=")[2].partition(";")[0]


# Browsers.


def test_browser_is_renamed_and_ended_by_its_person_and_the_owner(house: House) -> None:
    member, owner = house.client(Role.MEMBER), house.client(Role.OWNER)
    own, guests = house.device_id(Role.MEMBER), house.device_id(Role.GUEST)
    assert ask(member, "POST", f"/browsers/{own}/name", name="Kitchen phone").status_code == 303
    assert "Kitchen phone" in member.get("/browsers").get_data(as_text=True)
    assert ask(member, "POST", f"/browsers/{own}/name", name="").status_code == 400
    for change in ("name", "revoke"):
        assert ask(member, "POST", f"/browsers/{guests}/{change}", name="Mine").status_code == 404
    assert ask(owner, "POST", f"/browsers/{guests}/revoke").status_code == 303
    assert house.client(Role.GUEST).get("/history").status_code == 403
    assert ask(member, "POST", f"/browsers/{own}/revoke").status_code == 303
    assert member.get("/history").status_code == 403
    answer = ask(owner, "POST", f"/browsers/{house.device_id(Role.OWNER)}/revoke")
    assert (answer.status_code, b"only browser of the owner" in answer.data) == (400, True)


def test_station_is_handed_over_with_presence(house: House) -> None:
    """The other browser becomes the owner first; then the first one may become a member."""
    client = house.client(Role.OWNER)
    own, other = house.device_id(Role.OWNER), house.device_id(Role.MEMBER)
    answer = ask(client, "POST", f"/browsers/{other}/role", role="owner")
    assert answer.headers["Location"] == f"{PRESENCE_ADDRESS}?next=browsers"
    house.station.note_presence(own)
    assert ask(client, "POST", f"/browsers/{own}/role", role="member").status_code == 400
    assert ask(client, "POST", f"/browsers/{other}/role", role="king").status_code == 400
    assert ask(client, "POST", f"/browsers/{other}/role", role="owner").status_code == 303
    assert ask(client, "POST", f"/browsers/{own}/role", role="member").status_code == 303
    assert ask(client, "POST", f"/browsers/{other}/role", role="member").status_code == 403
    assert house.client(Role.MEMBER).get("/settings").status_code == 200


def test_presence_is_over_after_ten_minutes(house: House) -> None:
    own = house.device_id(Role.OWNER)
    house.station.note_presence(own)
    token, now = house.tokens[Role.OWNER], datetime.now(UTC)
    assert visitor_with(house.store, token, now + timedelta(minutes=9)).is_present
    assert not visitor_with(house.store, token, now + timedelta(minutes=11)).is_present


# PINs.


def shared_client(house: House) -> FlaskClient:
    return client_with(house.app, let_in(house.store, Role.MEMBER, is_shared=True))


def test_shared_browser_is_a_persons_by_pin(house: House) -> None:
    """Until they leave it; before and afterwards it shows no name."""
    client, member = shared_client(house), house.client(Role.MEMBER)
    assert ask(member, "POST", "/browsers/pin", pin="271828").status_code == 303
    page = client.get("/").get_data(as_text=True)
    assert "Type your name and your PIN" in page
    assert not any(name in page for name in NAMES)
    before = client.get_cookie(ACCESS_COOKIE)
    assert ask(client, "POST", "/browsers/choose", name=NAMES[1].upper(), pin="271828").status_code == 303
    after = client.get_cookie(ACCESS_COOKIE)
    assert before is not None
    assert after is not None
    assert before.value != after.value, "a new token at each login"
    assert client_with(house.app, before.value).get("/history").status_code == 403
    assert f"Person: {NAMES[1]}" in client.get("/").get_data(as_text=True)
    assert ask(client, "POST", "/browsers/leave").status_code == 303
    assert "Type your name and your PIN" in client.get("/").get_data(as_text=True)
    assert client.get(f"/sessions/{house.sessions[house.bea]}").status_code == 404


def test_shared_browser_forgets_its_person_after_a_while(house: House) -> None:
    client = shared_client(house)
    house.store.set_pin(house.bea, hash_of_pin("271828"))
    ask(client, "POST", "/browsers/choose", name=NAMES[1], pin="271828")
    cookie = client.get_cookie(ACCESS_COOKIE)
    assert cookie is not None
    now = datetime.now(UTC)
    assert visitor_with(house.store, cookie.value, now + timedelta(minutes=14)).person_id == house.bea
    later = visitor_with(house.store, cookie.value, now + timedelta(minutes=16))
    assert (later.is_let_in, later.person_id, later.person_ids) == (True, None, frozenset())


@pytest.mark.parametrize(
    "pin", ["", "12345", "1234567", "abcdef", "111111", "123456", "876543", "\u0661\u0662\u0663\u0664\u0665\u0667"]
)
def test_easy_and_bad_pins_are_refused(house: House, pin: str) -> None:
    answer = ask(house.client(Role.MEMBER), "POST", "/browsers/pin", pin=pin)
    assert (answer.status_code, b"six digits" in answer.data or b"6 digits" in answer.data) == (400, True)


def test_pin_is_hashed_and_can_be_removed(house: House) -> None:
    client = house.client(Role.MEMBER)
    ask(client, "POST", "/browsers/pin", pin="271828")
    stored = house.store.pin_hash(house.bea)
    assert stored is not None
    assert stored.startswith("$argon2id$")
    assert is_right(stored, "271828")
    assert not is_right(stored, "271829")
    assert not is_right(None, "271828")
    ask(client, "POST", "/browsers/pin", remove="yes")
    assert house.store.pin_hash(house.bea) is None


def test_guesses_are_counted_in_all_and_across_restarts(tmp_path: Path) -> None:
    """Twelve wrong tries an hour, for whatever name and from whatever browser; then the right PIN waits as well."""
    path = tmp_path / "house.db"
    with Store.open(path, clock=SystemClock()) as store:
        for name in NAMES:
            store.set_pin(store.add_person(name).id, hash_of_pin("271828"))
        shared = [let_in(store, Role.MEMBER, is_shared=True) for _ in range(2)]
    answers = []
    for number in range(13):
        with Store.open(path, clock=SystemClock()) as store:
            client = client_with(create_app(StationDouble(store), store), shared[number % 2])
            name = (*NAMES, "Nobody")[number % 3]
            answers.append(ask(client, "POST", "/browsers/choose", name=name, pin=f"{900_000 + number}"))
    texts = [one.get_data(as_text=True) for one in answers]
    assert all("do not belong together" in text for text in texts[:12])
    assert "12 wrong PINs within an hour" in texts[12]
    with Store.open(path, clock=SystemClock()) as store:
        client = client_with(create_app(StationDouble(store), store), shared[0])
        assert ask(client, "POST", "/browsers/choose", name=NAMES[0], pin="271828").status_code == 400
        with store.write_transaction() as connection:
            connection.exec_driver_sql("UPDATE access_attempts SET at = datetime(at, '-61 minutes')")
        assert ask(client, "POST", "/browsers/choose", name=NAMES[0], pin="271828").status_code == 303


def test_right_pins_do_not_use_up_tries(house: House) -> None:
    client = shared_client(house)
    house.store.set_pin(house.bea, hash_of_pin("271828"))
    for _ in range(14):
        assert ask(client, "POST", "/browsers/choose", name=NAMES[1], pin="271828").status_code == 303


def test_owners_browser_is_not_shared(house: House) -> None:
    assert ask(house.client(Role.OWNER), "POST", "/browsers/share", shared="yes").status_code == 400
    member = house.client(Role.MEMBER)
    assert ask(member, "POST", "/browsers/choose", name=NAMES[1], pin="271828").status_code == 400
    assert ask(member, "POST", "/browsers/share", shared="yes").status_code == 303
    assert "Type your name and your PIN" in member.get("/").get_data(as_text=True)


# The demonstration.


def test_demonstration_lets_its_first_browser_in_on_this_machine(store: Store, station: StationDouble) -> None:
    """As the owner's, with everybody's consent, and says so; the second one pairs, and one from elsewhere too."""
    people = [store.add_person(name) for name in NAMES]
    app = create_app(station, store)
    elsewhere = client_with(app, None).get("/", environ_base={"REMOTE_ADDR": "192.168.1.7"})
    assert elsewhere.location == "/first-start"
    client_with(app, None).get("/api/v1/status")
    first = client_with(app, None)
    page = first.get("/").get_data(as_text=True)
    assert "This is a demonstration" in page
    assert f"Person: {NAMES[0]}" in page
    cookie = first.get_cookie(ACCESS_COOKIE)
    assert cookie is not None
    assert visitor_with(store, cookie.value, datetime.now(UTC)).person_ids == {one.id for one in people}
    assert [(one.name, one.role) for one in store.devices()] == [(DEMO_DEVICE, Role.OWNER)]
    assert b"Pair this browser" in client_with(app, None).get("/").data


def test_real_board_lets_nobody_in_by_itself(store: Store) -> None:
    """It leads whoever comes first through the first start."""
    assert client_with(create_app(StationDouble(store), store), None).get("/").location == "/first-start"
    assert store.devices() == ()


# What the board shows.


def test_board_of_others_has_no_name_id_result_or_decision(house: House) -> None:
    """A guest may control a running session and sees its clock; a visitor sees the board, and no fault's details."""
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


def test_readme_has_who_may_open_what(house: House) -> None:
    """The table of the README is that of the rules."""
    text = (ROOT / "web" / "README.md").read_text(encoding="utf-8")
    for row in table_of_rules(house.app):
        assert row in text, row


def table_of_rules(app: Flask) -> list[str]:
    """A row for each role with what it may open beyond those above it."""
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
