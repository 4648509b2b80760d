"""The page over https in a real browser: the certificate, cookies, the app that works offline, and the screen."""

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

from station.app.api import PageError
from station.config import Config, PageConfig
from station.store import Store
from station.system.authority import AUTHORITY_FILE, PAGE_FILE, Authority, Names
from tests import browser
from tests.browser import PHONE, Browser
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
    with closing(http.client.HTTPConnection(LOCAL, server.port, timeout=5)) as connection:
        connection.request("GET", "/help")
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            connection.getresponse()


def test_handshake_with_an_old_version_of_tls_is_refused(server: Server, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.directory / AUTHORITY_FILE))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection((LOCAL, server.port), 5) as connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection, server_hostname="localhost")


def test_handshake_that_never_comes_is_ended(station: StationDouble, store: Store, authority: Authority) -> None:
    """Such a connection is in no list yet, so that only its deadline ends it."""
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
