"""Shared browsers and the PINs of their people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from station.app.access.roles import ACCESS_COOKIE, Role, visitor_with
from station.clock import SystemClock
from station.store import Store
from tests.paired_browsers import client_with, pair_browser
from tests.web.double import StationDouble
from tests.web.house import NAMES, House, ask
from tests.web.page_text import text_of
from web.access.pin import hash_of_pin, is_right
from web.app import create_app


def shared_client(house: House) -> FlaskClient:
    return client_with(house.app, pair_browser(house.store, Role.MEMBER, is_shared=True))


def test_pin_makes_shared_browser_a_persons(house: House) -> None:
    """Until they leave; before and afterwards it shows no name."""
    client, member = shared_client(house), house.client(Role.MEMBER)
    assert ask(member, "POST", "/browsers/pin", pin="271828").status_code == 303
    page = text_of(client, "/")
    assert "Type your name and your PIN" in page
    assert not any(name in page for name in NAMES)
    before = client.get_cookie(ACCESS_COOKIE)
    assert ask(client, "POST", "/browsers/choose", name=NAMES[1].upper(), pin="271828").status_code == 303
    after = client.get_cookie(ACCESS_COOKIE)
    assert before is not None
    assert after is not None
    assert before.value != after.value, "a new token at each login"
    assert client_with(house.app, before.value).get("/history").status_code == 403
    assert f"Person: {NAMES[1]}" in text_of(client, "/")
    assert ask(client, "POST", "/browsers/leave").status_code == 303
    assert "Type your name and your PIN" in text_of(client, "/")
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
    assert (later.is_paired, later.person_id, later.person_ids) == (True, None, frozenset())


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


def test_guesses_are_counted_in_total_and_across_restarts(tmp_path: Path) -> None:
    """Twelve wrong tries an hour, across all names and browsers; after that even the right PIN has to wait."""
    path = tmp_path / "house.db"
    with Store.open(path, clock=SystemClock()) as store:
        for name in NAMES:
            store.set_pin(store.add_person(name).id, hash_of_pin("271828"))
        shared = [pair_browser(store, Role.MEMBER, is_shared=True) for _ in range(2)]
    answers = []
    for number in range(13):
        with Store.open(path, clock=SystemClock()) as store:
            client = client_with(create_app(StationDouble(store), store), shared[number % 2])
            name = (*NAMES, "Nobody")[number % 3]
            answers.append(ask(client, "POST", "/browsers/choose", name=name, pin=f"{900_000 + number}"))
    texts = [one.get_data(as_text=True) for one in answers]
    assert all("do not match" in text for text in texts[:12])
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
    assert "Type your name and your PIN" in text_of(member, "/")
