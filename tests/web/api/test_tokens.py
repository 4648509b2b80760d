"""API tokens: who makes them, what ends them, and that only their hash is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from station.app.access import api_tokens
from station.app.access.api_tokens import MAX_TOKENS, Scope
from station.app.access.roles import Role, hash_of
from tests.web.api_world import ADA, BEN, CAN, PIA, World, add_device, add_token, open_world
from web.api.problems import PREFIX


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        yield opened


def browser(world: World, name: str) -> FlaskClient:
    """The browser of this person."""
    client = world.app.test_client()
    client.set_cookie("access", f"cookie-of-{name}")
    return client


def make(client: FlaskClient, name: str, *scopes: str) -> str:
    """Make a token on the page, and read it there."""
    page = client.post("/api/tokens", data={"name": name, "scope": list(scopes)})
    assert page.status_code == 200, page.text
    found = re.search(r'class="token">([\w-]{43})<', page.text)
    assert found is not None
    return found[1]


def status_of(world: World, token: str, address: str = "tests") -> int:
    return world.client().get(PREFIX + address, headers={"Authorization": f"Bearer {token}"}).status_code


def test_token_is_shown_once_and_only_its_hash_is_kept(world: World) -> None:
    client = browser(world, BEN)
    token = make(client, "kitchen display", "read", "control")
    assert status_of(world, token) == 200
    page = client.get("/api/tokens").text
    assert "kitchen display" in page
    assert "may read own results, and start sessions and control the board" in page
    assert token not in page
    world.store.close()
    files = [path.read_bytes() for path in world.store.path.parent.glob("station.db*")]
    assert not [file for file in files if token.encode() in file]
    assert [file for file in files if hash_of(token).encode() in file]


def test_refused_token_keeps_the_name_that_was_typed(world: World) -> None:
    answer = browser(world, BEN).post("/api/tokens", data={"name": "kitchen display"})
    assert answer.status_code == 400
    assert "Choose what the token may do." in answer.text
    assert 'value="kitchen display"' in answer.text


def test_two_tokens_differ(world: World) -> None:
    client = browser(world, BEN)
    assert make(client, "one", "read") != make(client, "one", "read")


def test_revoked_token_ends_at_once(world: World) -> None:
    """Revoked by its person in any of their browsers, or by the owner; for others it does not exist."""
    client = browser(world, BEN)
    token = make(client, "kitchen display", "read")
    token_id = next(one.id for one in world.store.api_tokens() if one.name == "kitchen display")
    assert status_of(world, token) == 200
    other, unknown = (browser(world, CAN).post(f"/api/tokens/{one}/revoke") for one in (token_id, "x"))
    assert other.status_code == unknown.status_code == 404
    assert other.data == unknown.data
    assert "kitchen display" not in browser(world, CAN).get("/api/tokens").text
    assert "kitchen display" in browser(world, ADA).get("/api/tokens").text
    assert status_of(world, token) == 200
    add_device(world.store, "tablet", Role.MEMBER, world.people[BEN])
    assert browser(world, "tablet").post(f"/api/tokens/{token_id}/revoke").status_code == 303
    assert status_of(world, token) == 401
    assert "kitchen display" not in client.get("/api/tokens").text


def test_token_ends_with_its_browser(world: World) -> None:
    assert status_of(world, world.tokens["member"]) == 200
    world.store.revoke_device(world.devices[BEN])
    assert status_of(world, world.tokens["member"]) == 401


def test_deleting_a_person_deletes_their_tokens(world: World) -> None:
    """With their names."""
    world.store.delete_person(world.people[BEN])
    assert status_of(world, world.tokens["member"]) == 401
    assert "member" not in {one.name for one in world.store.api_tokens()}


def test_token_follows_the_consents_of_its_person(world: World) -> None:
    """It loses access at the same moment as its person."""
    address = f"tests?person_id={world.people[BEN]}"
    assert status_of(world, world.tokens["practitioner"], address) == 200
    world.store.withdraw_consent(world.people[PIA], world.people[BEN])
    assert status_of(world, world.tokens["practitioner"], address) == 404


@pytest.mark.parametrize(("idle_days", "expires_in_days", "is_live"), [(89, 1, True), (91, 1, False), (0, -1, False)])
def test_token_ends_when_idle_or_expired(world: World, idle_days: int, expires_in_days: int, is_live: bool) -> None:
    now = datetime.now(UTC)
    device = world.store.add_device(
        token_hash="hash",
        name="phone",
        role=Role.MEMBER,
        person_id=world.people[BEN],
        expires_at=now + timedelta(days=idle_days + expires_in_days),
    )
    token = add_token(world.store, device, "sleeper", [Scope.READ])
    found = api_tokens.access_with(world.store, token, now + timedelta(days=idle_days))
    assert (found is not None) is is_live


def test_use_is_recorded_once_an_hour(world: World) -> None:
    """Each note wears the memory card."""
    assert status_of(world, world.tokens["member"]) == 200
    first = next(one for one in world.store.api_tokens() if one.name == "member").last_used_at
    assert first is not None
    assert status_of(world, world.tokens["member"]) == 200
    assert next(one for one in world.store.api_tokens() if one.name == "member").last_used_at == first


@pytest.mark.parametrize(
    ("name", "scopes", "sentence"),
    [
        ("", ["read"], "Enter a name of 1 to 60 letters"),
        ("x" * 61, ["read"], "Enter a name of 1 to 60 letters"),
        ("\u202e", ["read"], "only visible letters"),
        ("x", [], "Choose what the token may do"),
        ("x", [""], "Choose what the token may do"),
        ("x", ["owner"], "Choose what the token may do"),
    ],
)
def test_invalid_form_makes_no_token(world: World, name: str, scopes: list[str], sentence: str) -> None:
    before = len(world.store.api_tokens())
    page = browser(world, BEN).post("/api/tokens", data={"name": name, "scope": scopes})
    assert page.status_code == 400
    assert sentence in page.text
    assert len(world.store.api_tokens()) == before


def test_guest_and_shared_browser_make_no_tokens(world: World) -> None:
    """Not even with a forged form."""
    add_device(world.store, "guest", Role.GUEST, None)
    add_device(world.store, "kiosk", Role.MEMBER, None, is_shared=True)
    for name in ("guest", "kiosk"):
        client = browser(world, name)
        page = client.post("/api/tokens", data={"name": "x", "scope": ["read"]})
        assert page.status_code in (400, 403)
        assert 'value="read"' not in client.get("/api/tokens").text
    assert "x" not in {one.name for one in world.store.api_tokens()}


def test_unpaired_browser_makes_no_tokens(world: World) -> None:
    assert world.client().post("/api/tokens", data={"name": "x", "scope": ["read"]}).status_code == 403
    assert "member" not in world.client().get("/api/tokens").text


def test_tokens_are_bounded(world: World) -> None:
    """Revoked ones do not count, and are deleted."""
    for number in range(MAX_TOKENS - 1):
        add_token(world.store, world.devices[BEN], f"n{number}", [Scope.READ])
    with pytest.raises(ValueError, match="20 tokens"):
        add_token(world.store, world.devices[BEN], "more", [Scope.READ])
    first = next(one for one in world.store.api_tokens(world.devices[BEN]) if one.name == "n0")
    world.store.revoke_api_token(first.id)
    add_token(world.store, world.devices[BEN], "more", [Scope.READ])
    assert first.id not in {one.id for one in world.store.api_tokens()}


def test_page_describes_every_operation_record_and_problem(world: World) -> None:
    """Every link within the page has a target, and nothing is loaded from elsewhere."""
    page = world.client().get("/api").text
    anchors, links = set(re.findall(r' id="([^"]+)"', page)), set(re.findall(r'href="#([^"]+)"', page))
    assert links <= anchors
    assert {"progress", "Progress", "rate-limited"} <= anchors
    assert not re.findall(r'(?:src|href)="https?://(?!localhost)', page)
