"""How a phone finds the page, who may switch the network, and the page that installs the authority."""

from __future__ import annotations

import hashlib
import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from station.app.access.roles import PRESENCE, Role, hash_of
from station.network import AUTHORITY_FILE, AVAHI_SOCKET, NETWORK_FILES, NETWORK_REQUEST, PAGE_FILE, Machine
from station.store import Store
from station.system.authority import CERTIFICATE_LIFE, Authority, Names
from tests.paired_browsers import client_with, pair_browser
from tests.tree import sources
from tests.web.double import StationDouble
from tests.web.page_text import text_of
from web.app import create_app
from web.served import Served

HTTPS = {"wsgi.url_scheme": "https"}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine called `station` with one address, announced by Avahi."""
    root = tmp_path / "machine"
    (root / NETWORK_FILES).mkdir(parents=True)
    (root / NETWORK_FILES / "fib_trie").write_text("|-- 192.168.1.5\n/32 host LOCAL\n", encoding="ascii")
    (root / AVAHI_SOCKET).parent.mkdir(parents=True)
    (root / AVAHI_SOCKET).touch()
    return Machine(root, "station")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "tls")
    made.create("station", (), datetime.now(UTC))
    made.issue(Names(("station.local",), (ip_address("192.168.1.5"),)), datetime.now(UTC))
    return made


def page(station: StationDouble, store: Store, machine: Machine, certificate: Path | None = None) -> Flask:
    """The pages as they are on the network."""
    port = 443 if certificate else 80
    return create_app(station, store, served=Served("0.0.0.0", port, (), certificate, machine))


def visitor(app: Flask, store: Store, role: Role, *, is_present: bool = False) -> FlaskClient:
    """A client of this role; the owner's is paired first."""
    tokens = {Role.OWNER: pair_browser(store)}
    person_id = None if role is Role.GUEST else store.add_person(f"Robin {len(store.people())}").id
    token = tokens.get(role) or pair_browser(store, role, person_id)
    if is_present:
        found = store.device_with(hash_of(token))
        assert found is not None
        store.note_presence(found.device.id, datetime.now(UTC) + PRESENCE)
    return client_with(app, token)


def test_page_on_the_network_shows_where_a_phone_finds_it(
    station: StationDouble, store: Store, machine: Machine
) -> None:
    """The name first, with its QR code; the numeric address for a phone that cannot resolve the name."""
    shown = text_of(visitor(page(station, store, machine), store, Role.MEMBER), "/settings/network")
    assert shown.index("http://station.local<") < shown.index("http://192.168.1.5<")
    assert "Code to scan: http://station.local<" in shown
    assert "not encrypted" in shown
    (machine.root / AVAHI_SOCKET).unlink()
    shown = text_of(visitor(page(station, store, machine), store, Role.MEMBER), "/settings/network")
    assert "http://station.local<" not in shown
    assert "apt-get install avahi-daemon" in shown


def test_page_on_its_own_machine_says_how_to_open_it(station: StationDouble, store: Store) -> None:
    shown = text_of(visitor(create_app(station, store), store, Role.OWNER), "/settings/network")
    assert "Only this machine can open" in shown
    assert "sudo station network on" in shown
    assert 'class="code"' not in shown


def test_owner_with_presence_switches_the_network(
    station: StationDouble, store: Store, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The station writes the request beside its database, for the unit that watches the file."""
    monkeypatch.setenv("INVOCATION_ID", "a service")
    owner = visitor(page(station, store, machine), store, Role.OWNER, is_present=True)
    request = store.path.parent / NETWORK_REQUEST
    for wanted in ("off", "on"):
        assert owner.post("/settings/network", data={"network": wanted}).status_code == 202
        assert request.read_text(encoding="ascii") == f"{wanted}\n"
    assert stat.S_IMODE(request.parent.stat().st_mode) == 0o770  # the unit that removes it runs in the board's group
    for wrong in ("", "ON", "on; reboot"):
        assert owner.post("/settings/network", data={"network": wrong}).status_code == 400
    assert owner.post("/settings/network").status_code == 400
    assert request.read_text(encoding="ascii") == "on\n"


@pytest.mark.parametrize("role", [Role.GUEST, Role.MEMBER, Role.PRACTITIONER])
def test_nobody_else_may_switch_the_network(
    station: StationDouble, store: Store, machine: Machine, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    monkeypatch.setenv("INVOCATION_ID", "a service")
    other = visitor(page(station, store, machine), store, role, is_present=True)
    assert other.post("/settings/network", data={"network": "off"}).status_code == 403
    assert 'value="off"' not in text_of(other, "/settings/network")
    assert not (store.path.parent / NETWORK_REQUEST).exists()


def test_owner_without_presence_proves_it_first(station: StationDouble, store: Store, machine: Machine) -> None:
    owner = visitor(page(station, store, machine), store, Role.OWNER)
    answer = owner.post("/settings/network", data={"network": "off"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/presence?next=network")
    assert not (store.path.parent / NETWORK_REQUEST).exists()


def test_page_without_systemd_says_what_to_type(
    station: StationDouble, store: Store, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INVOCATION_ID", raising=False)
    owner = visitor(page(station, store, machine), store, Role.OWNER, is_present=True)
    answer = owner.post("/settings/network", data={"network": "off"})
    assert answer.status_code == 409
    assert "sudo station network off" in answer.get_data(as_text=True)


def test_request_that_cannot_be_written_is_a_sentence(
    station: StationDouble, store: Store, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVOCATION_ID", "a service")
    (store.path.parent / NETWORK_REQUEST).mkdir(parents=True)
    owner = visitor(page(station, store, machine), store, Role.OWNER, is_present=True)
    answer = owner.post("/settings/network", data={"network": "off"})
    assert answer.status_code == 503
    assert "cannot be written" in answer.get_data(as_text=True)


def test_live_page_shows_a_code_to_strangers(station: StationDouble, store: Store, machine: Machine) -> None:
    """It leads to pairing; a paired browser needs none, and a page that no phone can reach has none."""
    app = page(station, store, machine)
    pair_browser(store)
    for address in ("/live", "/live?kiosk"):
        assert "Code to scan: http://station.local/pair<" in text_of(client_with(app, None), address)
        assert 'class="code"' not in text_of(visitor(app, store, Role.MEMBER), address)
        assert 'class="code"' not in text_of(client_with(create_app(station, store), None), address)


def test_printed_sheets_have_the_code(station: StationDouble, store: Store, machine: Machine) -> None:
    app = page(station, store, machine)
    member = visitor(app, store, Role.MEMBER)
    for address in ("/routines/daily/sheet", "/sheets/position"):
        assert "Code to scan: http://station.local<" in text_of(member, address)
    alone = visitor(create_app(station, store), store, Role.MEMBER)
    assert 'class="code"' not in text_of(alone, "/routines/daily/sheet")


def test_authority_is_loaded_by_everybody_under_its_type(
    station: StationDouble, store: Store, machine: Machine, authority: Authority
) -> None:
    """The certificate without its key, and the fingerprint that the command shows."""
    app = page(station, store, machine, authority.directory / PAGE_FILE)
    phone = client_with(app, None)
    loaded = phone.get("/trust/station.crt")
    pem = (authority.directory / AUTHORITY_FILE).read_text(encoding="ascii")
    assert (loaded.mimetype, loaded.data) == ("application/x-x509-ca-cert", ssl.PEM_cert_to_DER_cert(pem))
    certificate = authority.page_certificate()
    assert certificate is not None
    shown = text_of(phone, "/trust")
    assert certificate.fingerprint in shown
    assert hashlib.sha256(loaded.data).digest().hex(":").upper() == certificate.fingerprint
    for system in ("iPhone", "Android", "Windows", "Mac", "Linux"):
        assert system in shown
    assert "https://station.local" in shown
    assert "station.key" not in shown
    assert b"PRIVATE" not in loaded.data


def test_station_without_an_authority_says_how_to_make_one(station: StationDouble, store: Store) -> None:
    phone = client_with(create_app(station, store), None)
    assert "sudo station tls on" in text_of(phone, "/trust")
    assert "sudo station tls on" in text_of(phone, "/trust/station.crt", 404)


def test_damaged_authority_is_ignored(
    station: StationDouble, store: Store, machine: Machine, authority: Authority
) -> None:
    (authority.directory / AUTHORITY_FILE).write_bytes(b"\xff no certificate")
    phone = client_with(page(station, store, machine, authority.directory / PAGE_FILE), None)
    assert phone.get("/trust/station.crt").status_code == 404


@pytest.mark.parametrize(
    ("left", "sentence", "is_ok"),
    [
        (timedelta(days=200), "and renews itself", True),
        (timedelta(days=44, hours=1), "ends in 44 days, and was not renewed: type sudo station tls renew", False),
        (-timedelta(days=3), "ended on", False),
    ],
)
def test_status_says_before_the_certificate_ends(
    station: StationDouble,
    store: Store,
    machine: Machine,
    authority: Authority,
    left: timedelta,
    sentence: str,
    is_ok: bool,
) -> None:
    """As long as the station renews it in time, no action is needed."""
    names = Names(("station.local",), ())
    authority.issue(names, datetime.now(UTC) + left + timedelta(days=1, minutes=1) - CERTIFICATE_LIFE)
    app = page(station, store, machine, authority.directory / PAGE_FILE)
    shown = text_of(visitor(app, store, Role.OWNER), "/status")
    assert sentence in shown
    assert ("Action needed" not in shown) is is_ok


def test_page_over_https_sends_hsts(
    station: StationDouble, store: Store, machine: Machine, authority: Authority
) -> None:
    """And has the manifest and the worker, which plain http does not offer."""
    app = page(station, store, machine, authority.directory / PAGE_FILE)
    plain, encrypted = client_with(app, None).get("/help"), client_with(app, None).get("/help", environ_overrides=HTTPS)
    assert encrypted.headers["Strict-Transport-Security"] == "max-age=2592000"
    assert "Strict-Transport-Security" not in plain.headers
    for part in ("manifest.webmanifest", "app.js"):
        assert part in encrypted.get_data(as_text=True)
        assert part not in plain.get_data(as_text=True)
    assert (encrypted.headers["X-Seen-By"], "X-Seen-By" in plain.headers) == ("nobody", False)


def test_only_one_function_sets_cookies() -> None:
    """Only that function knows whether the request came over https."""
    setting = [name for name, file in sources("web") if ".set_cookie(" in file.read_text(encoding="utf-8")]
    assert setting == ["web.served"]
