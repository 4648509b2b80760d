"""Browsers and their tokens: new with each pairing, stored as hashes, and expiring."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from sqlalchemy import update

from station.app.access import roles
from station.app.access.roles import ACCESS_COOKIE, Role, hash_of, visitor_with
from station.store.schema import devices
from tests.paired_browsers import client_with, pair_browser
from tests.web.house import NAMES, House, ask
from tests.web.page_text import text_of
from web.access.pin import hash_of_pin
from web.access.rules import PRESENCE_ADDRESS
from web.app import create_app


def test_cookie_set_before_pairing_is_never_adopted(house: House) -> None:
    """Session fixation: a token that somebody else put into the browser lets nobody in, even after pairing."""
    planted = roles.new_token()
    with create_app(house.station, house.store).test_request_context(headers={"Cookie": f"{ACCESS_COOKIE}={planted}"}):
        from web.access.rules import pair_browser as let_browser_in
        from web.context import Site

        site = Site(house.station, house.store, (), True)
        assert not site.visitor().is_paired
        token = let_browser_in(site, "Phone", Role.MEMBER, house.bea)
        assert site.visitor().person_id == house.bea
    assert token != planted
    assert house.store.device_with(hash_of(planted)) is None
    assert client_with(house.app, planted).get("/history").status_code == 403
    assert client_with(house.app, token).get("/history").status_code == 200


def test_pairing_again_ends_the_pairing_before(house: House) -> None:
    """Each pairing makes a new token, and the previous one is worthless."""
    from web.access.rules import pair_browser as let_browser_in
    from web.context import Site

    before = house.tokens[Role.MEMBER]
    with create_app(house.station, house.store).test_request_context(headers={"Cookie": f"{ACCESS_COOKIE}={before}"}):
        token = let_browser_in(Site(house.station, house.store, (), True), "Phone", Role.MEMBER, house.bea)
    assert client_with(house.app, before).get("/history").status_code == 403
    assert client_with(house.app, token).get("/history").status_code == 200


def test_stored_tokens_are_hashes(house: House) -> None:
    """A stolen database lets nobody in: it has no token, and a hash does not work as one."""
    for role in Role:
        token = house.tokens[role]
        assert token is not None
        assert len(token) >= 43
        assert token.encode() not in house.store.path.read_bytes()
        assert client_with(house.app, hash_of(token)).get("/history").status_code == 403


def test_tokens_are_compared_in_constant_time(house: House) -> None:
    """A token found by index is compared again, by a function that does not stop at the first difference."""
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
    """Empty, shortened, lengthened, twice, the stored hash, or another name: the answer for strangers, and no error."""
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


def test_use_is_recorded_once_an_hour(house: House) -> None:
    """Often enough to end a pairing after ninety idle days, without wearing out the memory card."""
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
    """HttpOnly, SameSite=Strict, for every path; Secure if the page came over https."""
    app = create_app(house.station, house.store)
    token = pair_browser(house.store, Role.MEMBER, is_shared=True)
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


def test_browser_is_renamed_and_ended_by_its_person_and_the_owner(house: House) -> None:
    member, owner = house.client(Role.MEMBER), house.client(Role.OWNER)
    own, guests = house.device_id(Role.MEMBER), house.device_id(Role.GUEST)
    assert ask(member, "POST", f"/browsers/{own}/name", name="Kitchen phone").status_code == 303
    assert "Kitchen phone" in text_of(member, "/browsers")
    assert ask(member, "POST", f"/browsers/{own}/name", name="").status_code == 400
    for change in ("name", "revoke"):
        assert ask(member, "POST", f"/browsers/{guests}/{change}", name="Mine").status_code == 404
    assert ask(owner, "POST", f"/browsers/{guests}/revoke").status_code == 303
    assert house.client(Role.GUEST).get("/history").status_code == 403
    assert ask(member, "POST", f"/browsers/{own}/revoke").status_code == 303
    assert member.get("/history").status_code == 403
    answer = ask(owner, "POST", f"/browsers/{house.device_id(Role.OWNER)}/revoke")
    assert (answer.status_code, b"only browser: make another one" in answer.data) == (400, True)


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
