"""The page over https in a real browser: the certificate, cookies, the offline app, and the wake lock."""

from __future__ import annotations

import base64
import hashlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from station.app.access.roles import ACCESS_COOKIE, Role
from station.app.api import PageError
from station.app.page_error import PermanentPageError
from station.config import Config, PageConfig
from station.network import AUTHORITY_FILE, PAGE_FILE
from station.store import Store
from station.system.authority import Authority, Names
from tests import browser
from tests.browser import PHONE, Browser
from tests.paired_browsers import pair_browser
from tests.web.double import StationDouble
from web.server.http import DeadlineProtocol, Server, open_page

LOCAL = "127.0.0.1"


class QuickProtocol(DeadlineProtocol):
    """The protocol with a short deadline."""

    header_timeout_s = 0.3


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("tls"))
    made.create("localhost", (), datetime.now(UTC))
    made.issue(Names(("localhost",), (ip_address(LOCAL),)), datetime.now(UTC))
    return made


@pytest.fixture
def server(station: StationDouble, store: Store, authority: Authority) -> Iterator[Server]:
    page = PageConfig(port=0, certificate=str(authority.directory / PAGE_FILE))
    served = open_page(station, store, Config(page=page))
    served.start()
    yield served
    served.stop()


@pytest.fixture(scope="module")
def window(authority: Authority) -> Iterator[Browser]:
    """A browser that trusts the page's certificate: Chromium is given the hash of its key."""
    certificate = x509.load_pem_x509_certificate((authority.directory / PAGE_FILE).read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    trusted = base64.b64encode(hashlib.sha256(key).digest()).decode()
    with browser.open_browser(flags=(f"--ignore-certificate-errors-spki-list={trusted}",)) as opened:
        opened.emulate(PHONE)
        yield opened


def test_address_names_https(server: Server) -> None:
    assert server.addresses == (f"https://localhost:{server.port}",)


def test_plain_http_to_the_encrypted_port_gets_no_page(server: Server) -> None:
    with closing(http.client.HTTPConnection(LOCAL, server.port, timeout=5)) as connection:
        connection.request("GET", "/help")
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            connection.getresponse()


def test_old_tls_version_is_refused(server: Server, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.directory / AUTHORITY_FILE))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection((LOCAL, server.port), 5) as connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection, server_hostname="localhost")


def test_missing_handshake_ends_the_connection(station: StationDouble, store: Store, authority: Authority) -> None:
    """Such a connection is in no list yet, so only its deadline ends it."""
    page = PageConfig(port=0, certificate=str(authority.directory / PAGE_FILE))
    served = open_page(station, store, Config(page=page), protocol=QuickProtocol)
    served.start()
    try:
        with socket.create_connection((LOCAL, served.port), 5) as connection:
            assert connection.recv(1) == b""
    finally:
        served.stop()


@pytest.mark.parametrize("content", [b"", b"no certificate", "key of another"])
def test_useless_certificate_is_refused_with_a_sentence(
    station: StationDouble, store: Store, authority: Authority, tmp_path: Path, content: bytes | str
) -> None:
    file = tmp_path / PAGE_FILE
    if isinstance(content, str):
        other = Authority(tmp_path / "other")
        other.create("localhost", (), datetime.now(UTC))
        other.issue(Names(("localhost",), ()), datetime.now(UTC))
        ours, theirs = ((one.directory / PAGE_FILE).read_bytes() for one in (authority, other))
        content = ours.partition(b"-----BEGIN PRIVATE")[0] + b"".join(theirs.partition(b"-----BEGIN PRIVATE")[1:])
    file.write_bytes(content)
    with pytest.raises(PageError, match=r"page\.pem cannot be used"):
        open_page(station, store, Config(page=PageConfig(port=0, certificate=str(file))))
    file.unlink()
    with pytest.raises(PageError, match=r"page\.pem cannot be read"):
        open_page(station, store, Config(page=PageConfig(port=0, certificate=str(file))))


def test_public_page_without_https_is_refused_for_good(
    station: StationDouble, store: Store, authority: Authority
) -> None:
    """Unless a web server in front provides https; systemd does not retry."""
    with pytest.raises(PermanentPageError, match=r"page\.public = true without https"):
        open_page(station, store, Config(page=PageConfig(port=0, public=True)))
    certificate = str(authority.directory / PAGE_FILE)
    for page in (
        PageConfig(port=0, public=True, proxy="127.0.0.1"),
        PageConfig(port=0, public=True, certificate=certificate),
    ):
        open_page(station, store, Config(page=page)).stop()


def test_browser_keeps_the_screen_on_while_something_runs(
    window: Browser, server: Server, station: StationDouble
) -> None:
    window.open(f"https://localhost:{server.port}/live")
    assert not window.run("return document.documentElement.hasAttribute('data-awake')")
    station.show(activity="hold", phase="hold", counting="hold", target_us=30_000_000)
    awake = "return document.documentElement.hasAttribute('data-awake')"
    window.wait_until(lambda: window.run(awake), "the screen is kept on")
    station.show(activity="idle", phase="idle", counting=None)
    window.wait_until(lambda: not window.run(awake), "the screen may go dark")


def offline_note(window: Browser) -> str:
    return window.text(".offline")


@pytest.fixture
def own_page(window: Browser, store: Store, server: Server) -> Iterator[str]:
    """The station's address in a browser paired as Robin's, whose worker controls the page."""
    person = store.add_person("Robin Canary")
    pair_browser(store)  # the first one is the owner's
    origin = f"https://localhost:{server.port}"
    window.set_cookie(origin, ACCESS_COOKIE, pair_browser(store, Role.MEMBER, person.id))
    window.open(f"{origin}/")
    window.wait_until(lambda: window.run("return navigator.serviceWorker.controller !== null"), "the worker controls")
    window.open(f"{origin}/")
    window.open(f"{origin}/progress")
    yield origin
    window.clear_cookies()


def is_kept(window: Browser, path: str) -> bool:
    """Whether the worker has cached this page."""
    script = "const [path, done] = arguments; caches.match(path, {cacheName: 'pages'}).then(one => done(Boolean(one)))"
    return bool(window.driver.execute_async_script(script, path))


def test_offline_page_shows_marked_last_results(window: Browser, own_page: str, server: Server) -> None:
    """Today and Progress have the time at which they were last seen; every other page says that nothing answers."""
    window.wait_until(lambda: is_kept(window, "/") and is_kept(window, "/progress"), "both pages are kept")
    server.stop()
    for path in ("/", "/progress"):
        window.open(f"{own_page}{path}")
        assert offline_note(window).startswith("Offline. The station does not answer. This is what it showed on ")
        assert "Robin Canary" in window.run("return document.body.innerText")
        assert window.run("return getComputedStyle(document.querySelector('.note')).borderLeftStyle") == "solid"
    for path in ("/settings", "/live", "/history"):
        window.open(f"{own_page}{path}")
        assert window.text("h1") == "The station does not answer"
        assert "Robin" not in window.run("return document.documentElement.outerHTML")


def test_answering_station_never_shows_a_cached_page(window: Browser, own_page: str, store: Store) -> None:
    """While the station answers, its current page is shown, without a mark."""
    store.rename_person(store.people()[0].id, "Robin Renamed")
    window.open(f"{own_page}/")
    assert "Robin Renamed" in window.run("return document.body.innerText")
    assert offline_note(window) == ""


def test_revoking_a_browser_clears_its_cache(window: Browser, own_page: str, store: Store, server: Server) -> None:
    """From the first response after its pairing has ended."""
    window.wait_until(lambda: is_kept(window, "/"), "Today is kept")
    for device in store.devices():
        if device.role is Role.MEMBER:
            store.revoke_device(device.id)
    window.open(f"{own_page}/help")
    window.wait_until(lambda: not is_kept(window, "/") and not is_kept(window, "/progress"), "both are gone")
    server.stop()
    window.open(f"{own_page}/")
    assert window.text("h1") == "The station does not answer"


def test_another_person_clears_the_browsers_cache(window: Browser, own_page: str, store: Store) -> None:
    window.wait_until(lambda: is_kept(window, "/progress"), "Progress is kept")
    other = store.add_person("Sam")
    window.set_cookie(own_page, ACCESS_COOKIE, pair_browser(store, Role.MEMBER, other.id))
    window.open(f"{own_page}/")
    window.wait_until(lambda: is_kept(window, "/") and not is_kept(window, "/progress"), "only Sam's page is kept")


@pytest.mark.parametrize("kind", ["guest", "shared", "unpaired"])
def test_results_of_others_are_not_cached(window: Browser, store: Store, server: Server, kind: str) -> None:
    """A guest's browser, a shared one, and an unpaired one cache nothing."""
    person = store.add_person("Robin")
    pair_browser(store)
    origin = f"https://localhost:{server.port}"
    if kind == "guest":
        window.set_cookie(origin, ACCESS_COOKIE, pair_browser(store, Role.GUEST))
    elif kind == "shared":
        window.set_cookie(origin, ACCESS_COOKIE, pair_browser(store, Role.MEMBER, person.id, is_shared=True))
    window.open(f"{origin}/")
    window.wait_until(lambda: window.run("return navigator.serviceWorker.controller !== null"), "the worker controls")
    window.open(f"{origin}/")
    window.open(f"{origin}/help")
    assert not is_kept(window, "/")
    window.clear_cookies()


def test_browser_may_install_the_page_as_an_app(window: Browser, own_page: str) -> None:
    """Chromium reports no installability error."""
    window.open(f"{own_page}/")
    manifest = window.driver.execute_cdp_cmd("Page.getAppManifest", {})
    assert (manifest["errors"], manifest["url"]) == ([], f"{own_page}/static/manifest.webmanifest")
    assert window.driver.execute_cdp_cmd("Page.getInstallabilityErrors", {})["installabilityErrors"] == []


def test_cookie_of_an_encrypted_page_never_travels_plain(server: Server, store: Store, authority: Authority) -> None:
    """This browser's cookie is `Secure`; over plain http it is not, because the browser would drop it."""
    person = store.add_person("Robin")
    token = pair_browser(store, Role.MEMBER, person.id)
    context = ssl.create_default_context(cafile=str(authority.directory / AUTHORITY_FILE))
    with closing(http.client.HTTPSConnection("localhost", server.port, timeout=5, context=context)) as connection:
        headers = {
            "Cookie": f"{ACCESS_COOKIE}={token}",
            "Origin": f"https://localhost:{server.port}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request("POST", "/person", f"person={person.id}", headers)
        answer = connection.getresponse()
        answer.read()
    cookies = answer.headers.get_all("Set-Cookie") or []
    assert cookies
    for one in cookies:
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(one.split("; "))
