"""The page over https in a real browser: the certificate, cookies, the app that works offline, and the screen."""

from __future__ import annotations

import base64
import hashlib
import http.client
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from station.config import Config, PageConfig
from station.store import Store
from station.system.authority import AUTHORITY_FILE, PAGE_FILE, Authority, Names
from tests import browser
from tests.browser import PHONE, Browser
from tests.web.double import StationDouble
from web.server.http import Server, open_page

LOCAL = "127.0.0.1"


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
    """A browser that trusts the page's certificate: Chromium takes it by the hash of its key."""
    certificate = x509.load_pem_x509_certificate((authority.directory / PAGE_FILE).read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    trusted = base64.b64encode(hashlib.sha256(key).digest()).decode()
    with browser.open_browser(flags=(f"--ignore-certificate-errors-spki-list={trusted}",)) as opened:
        opened.emulate(PHONE)
        yield opened


def test_address_names_https(server: Server) -> None:
    assert server.addresses == (f"https://localhost:{server.port}",)


def test_plain_http_to_the_encrypted_port_gets_no_page(server: Server) -> None:
    with (
        closing(http.client.HTTPConnection(LOCAL, server.port, timeout=5)) as connection,
        pytest.raises((http.client.HTTPException, ConnectionError)),
    ):
        connection.request("GET", "/help")
        connection.getresponse()


def test_old_versions_of_tls_are_refused(server: Server, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.directory / AUTHORITY_FILE))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        closing(http.client.HTTPSConnection(LOCAL, server.port, timeout=5, context=context)) as connection,
        pytest.raises(ssl.SSLError),
    ):
        connection.request("GET", "/help")


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
