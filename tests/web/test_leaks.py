"""Nothing of a person reaches a browser or program that may not see them, nor the log, nor the network."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import msgspec
import pytest

from station.app.access.roles import ACCESS_COOKIE, NOBODY_YET, Role, visitor_with
from station.clock import SystemClock
from station.core.events import Side
from station.network import AUTHORITY_FILE, PAGE_FILE
from station.store import StoreError
from station.system.authority import Authority, Names
from station.system.home_network import service_file
from station.units import MM_PER_UNIT
from tests.paired_browsers import client_with
from tests.station.rig import Rig, hold_of
from tests.web.leaks import (
    NAME,
    WORDS,
    House,
    addresses,
    leaked_bytes,
    leaks_at_moments,
    leaks_in,
    leaks_of_stream,
    leaks_to,
    open_house,
    words_in,
)
from web.live.seen import snapshot_for
from web.live.view_model import live_view
from web.server.hosts import AllowedHosts
from web.server.request_guard import RequestGuard
from web.server.stream import Receive, Scope, Send, Stream

ASKERS = (
    *("new", "forged", "hash as a token", "old cookies", "revoked", "expired", "guest", "member"),
    *("consent withdrawn", "shared", "program of another", "revoked program", "program with a cookie's token"),
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("asker", ASKERS)
def test_nobody_else_gets_a_byte_of_a_person(house: House, asker: str, caplog: pytest.LogCaptureFixture) -> None:
    """No name, result or identifier, by any route or method, in a header, an error or a log line.

    Nor do the requests change anything of the person.
    """
    before, role = stored(house), role_of(house, asker)
    with caplog.at_level(logging.DEBUG):
        assert list(leaks_to(house, house.askers[asker])) == []
        assert list(leaks_at_moments(house, house.askers[asker])) == []
    assert list(words_in(caplog.text.encode(), house.private.words)) == []
    assert stored(house) == before
    assert role_of(house, asker) == role, "asked to the end as who they are"


def role_of(house: House, asker: str) -> Role | None:
    """The role of this asker."""
    token = house.askers[asker].cookies.get(ACCESS_COOKIE)
    return visitor_with(house.store, token, datetime.now(UTC)).role


def stored(house: House) -> object:
    """Everything stored of the private person."""
    person_id = house.private.person_id
    return (
        house.store.person(person_id),
        house.store.session(house.private.session_id),
        house.store.answers(person_id),
        house.store.own_routines(person_id),
        [one for one in house.store.devices() if one.person_id == person_id],
    )


def test_every_asker_is_tested(house: House) -> None:
    assert set(ASKERS) == set(house.askers)


def test_live_stream_shows_nobody_else_a_byte_of_a_person(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert leaks_of_stream(house, house.askers) == []
    assert list(words_in(caplog.text.encode(), house.private.words)) == []


def test_own_browser_gets_every_searched_word(house: House) -> None:
    """The search finds each word where it is allowed: in pages, files, the API's responses and the stream."""
    found = leaks_of_stream(house, {"own": house.own})
    for method, address in addresses(house.app, house.private):
        if method == "GET":
            house.show_result()
            found += leaks_in(house, house.own, method, address)
    shown = {word for word in house.private.words if word in {leak.word for leak in found}}
    assert {"Zaphira", "Quillon", "137.3", "13.7 cm", *house.private.ids.values()} <= shown
    assert {leak.address for leak in found} >= {"/progress", "/history.csv", "/api/v1/people", "/events"}
    assert leaked_bytes(found) > len(NAME)


def test_running_session_hides_its_person_from_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The whole station runs a hold for the person: a visitor sees nothing of them, and nor does the log."""
    with caplog.at_level(logging.DEBUG), Rig(tmp_path) as rig:
        person_id = rig.add_person(NAME)
        rig.station.start(hold_of(5.0, Side.LEFT), person_id, f"{NAME}'s hold")
        rig.step_on()
        seen = set()
        for _ in range(60):
            rig.live(0.5)
            now = rig.station.snapshot()
            seen.add(now.person_name)
            words = (*WORDS, person_id, *([now.session_id] if now.session_id else []))
            for units in MM_PER_UNIT:
                shown = msgspec.json.encode(live_view(snapshot_for(NOBODY_YET, now), units))
                assert list(words_in(shown, words)) == []
    assert NAME in seen
    assert list(words_in(caplog.text.encode(), (*WORDS, person_id))) == []


@pytest.mark.parametrize("is_https", [False, True])
def test_announcement_and_certificate_name_only_the_machine(house: House, tmp_path: Path, is_https: bool) -> None:
    """Everybody in the network reads both without asking the page."""
    authority = Authority(tmp_path / "tls")
    authority.create("station", (), datetime.now(UTC))
    authority.issue(Names(("station.local",), (ip_address("192.168.1.5"),)), datetime.now(UTC))
    public = [service_file(is_https=is_https).encode()]
    for file in (AUTHORITY_FILE, PAGE_FILE):
        text = (authority.directory / file).read_text(encoding="ascii")
        begin, end = text.index("-----BEGIN CERTIFICATE"), text.index("-----END CERTIFICATE-----")
        public.append(ssl.PEM_cert_to_DER_cert(f"{text[begin:end]}-----END CERTIFICATE-----\n"))
    assert [list(words_in(one, house.private.words)) for one in public] == [[], [], []]


def test_log_of_a_database_error_has_no_value_that_was_to_be_stored(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says which statement failed, and not for whom."""
    with house.store.write_transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE routines RENAME COLUMN items_json TO gone")
    with pytest.raises(StoreError) as raised:
        house.store.save_routine(None, house.private.person_id, f"{NAME} again", ())
    logging.getLogger("station").error("the board carries on", exc_info=raised.value)
    assert "INSERT INTO routines" in caplog.text
    assert list(words_in(caplog.text.encode(), house.private.words)) == []


def test_log_of_a_failing_page_has_no_id(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """An address may contain a person, a session or the calendar's token: the log has only the page's name."""
    shown = client_with(house.app, house.own.cookies[ACCESS_COOKIE])

    def broken(session_id: str) -> str:
        raise RuntimeError("no picture")

    house.app.view_functions["history.session"] = broken
    assert shown.get(f"/sessions/{house.private.session_id}").status_code == 500
    assert "GET history.session" in caplog.text
    assert list(words_in(caplog.text.encode(), house.private.words)) == []


def test_guard_logs_no_id_of_an_address(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Even if the application does not answer."""

    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("no answer")

    async def receive() -> dict[str, str]:
        return {"type": "http.request"}

    async def send(_message: object) -> None:
        raise AssertionError("nothing is answered")

    hosts = AllowedHosts(frozenset(), loopback_only=True)
    guard = RequestGuard(hosts, Stream(house.station, house.store, SystemClock()), broken)
    path = "/plan/secret-token.ics"
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    with pytest.raises(RuntimeError):
        asyncio.run(guard(scope, receive, send))
    assert "'/plan'" in caplog.text
    assert "secret-token" not in caplog.text
