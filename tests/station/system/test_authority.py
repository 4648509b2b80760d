"""The station's own authority: what Python's ssl (OpenSSL) accepts from it and what it refuses."""

from __future__ import annotations

import socket
import ssl
import stat
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from station.network import AUTHORITY_FILE, PAGE_FILE
from station.system.authority import (
    AUTHORITY_KEY_FILE,
    CERTIFICATE_LIFE,
    RENEW_BEFORE,
    Authority,
    AuthorityError,
    Names,
)

NOW = datetime.now(UTC)
NAMES = Names(("station.local", "station"), (ip_address("192.168.1.5"), ip_address("fd00::5")))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "tls")
    made.create("station", (), NOW)
    made.issue(NAMES, NOW)
    return made


def handshake(authority: Authority, host: str, trusted: Path | None = None) -> str:
    """Connect to `host`, a server with the page's certificate, trusting only the authority; return the TLS version."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(authority.directory / PAGE_FILE)
    client = ssl.create_default_context(cafile=str(trusted or authority.directory / AUTHORITY_FILE))
    ours, theirs = socket.socketpair()

    def answer() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except ssl.SSLError:
            theirs.close()

    answering = threading.Thread(target=answer)
    answering.start()
    try:
        with client.wrap_socket(ours, server_hostname=host) as encrypted:
            return str(encrypted.version())
    finally:
        ours.close()
        answering.join()


@pytest.mark.parametrize("host", ["station.local", "station", "192.168.1.5", "fd00::5"])
def test_certificate_is_verified_for_each_name_and_address(authority: Authority, host: str) -> None:
    assert handshake(authority, host) == "TLSv1.3"


@pytest.mark.parametrize("host", ["printer.local", "192.168.1.6", "evil.example"])
def test_certificate_is_refused_for_any_other_name(authority: Authority, host: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(authority, host)


def test_another_authority_does_not_vouch_for_it(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.create("station", (), NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority, "station.local", other.directory / AUTHORITY_FILE)


@pytest.mark.parametrize(("host", "extra"), [("bank.example", "DNS:bank.example"), ("8.8.8.8", "IP:8.8.8.8")])
def test_stolen_key_opens_no_site_of_the_internet(authority: Authority, tmp_path: Path, host: str, extra: str) -> None:
    """A certificate for such a name, made by openssl with the authority's key, fails its name constraints."""
    key, request, signed = tmp_path / "key", tmp_path / "request", tmp_path / "signed"
    extension = tmp_path / "extension"
    extension.write_text(f"subjectAltName={extra}\n", encoding="ascii")
    for line in (
        f"req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {key} -out {request} -subj /CN=x",
        f"x509 -req -in {request} -CA {authority.directory / AUTHORITY_FILE} -out {signed} -days 9 "
        f"-CAkey {authority.directory / AUTHORITY_KEY_FILE} -set_serial 7 -extfile {extension}",
    ):
        subprocess.run(("openssl", *line.split()), check=True, capture_output=True)
    (authority.directory / PAGE_FILE).write_bytes(signed.read_bytes() + key.read_bytes())
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        handshake(authority, host)


def test_name_outside_local_needs_an_authority_for_it(authority: Authority) -> None:
    """A configured name is in the constraints from the beginning; otherwise the command says what to do."""
    named = Names(("board.clinic.example", "station.local"), ())
    with pytest.raises(AuthorityError, match=r"does not vouch for board\.clinic\.example: .*--new-authority"):
        authority.issue(named, NOW)
    authority.create("station", ("board.clinic.example",), NOW)
    authority.issue(named, NOW)
    assert handshake(authority, "board.clinic.example") == "TLSv1.3"


def test_keys_are_readable_to_their_owner_alone(authority: Authority) -> None:
    modes = {
        name: stat.S_IMODE((authority.directory / name).stat().st_mode) for name in (AUTHORITY_KEY_FILE, PAGE_FILE)
    }
    assert set(modes.values()) == {0o600}
    assert b"PRIVATE" not in (authority.directory / AUTHORITY_FILE).read_bytes()
    assert {one.name for one in authority.directory.iterdir()} == {AUTHORITY_FILE, AUTHORITY_KEY_FILE, PAGE_FILE}


def test_renewal_is_due_before_the_end_and_for_a_new_name_or_address(authority: Authority) -> None:
    found = authority.page_certificate()
    assert found is not None
    assert found.renewal_reason(NAMES, NOW) == ""
    assert found.renewal_reason(Names(("station.local",), ()), NOW) == ""
    moved = Names(NAMES.hosts, (ip_address("192.168.1.99"),))
    assert found.renewal_reason(moved, NOW) == "it lacks 192.168.1.99"
    late = NOW + CERTIFICATE_LIFE - RENEW_BEFORE
    assert found.renewal_reason(NAMES, late).startswith("it ends on ")


def test_renewed_certificate_holds_longer_under_the_same_authority(authority: Authority) -> None:
    before = authority.page_certificate()
    authority.issue(NAMES, NOW + timedelta(days=340))
    after = authority.page_certificate()
    assert before is not None
    assert after is not None
    assert after.ends_at - before.ends_at == timedelta(days=340)
    assert after.fingerprint == before.fingerprint
    assert len(after.fingerprint.split(":")) == 32


def test_certificate_does_not_outlive_its_authority(authority: Authority) -> None:
    authority.issue(NAMES, NOW + timedelta(days=3_600))
    found = authority.page_certificate()
    assert found is not None
    assert found.ends_at <= found.authority_ends_at
    with pytest.raises(AuthorityError, match="The authority ended on"):
        authority.issue(NAMES, NOW + timedelta(days=3_660))


@pytest.mark.parametrize("name", [AUTHORITY_FILE, AUTHORITY_KEY_FILE, PAGE_FILE])
@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_damaged_file_is_one_sentence(authority: Authority, name: str, content: bytes) -> None:
    (authority.directory / name).write_bytes(content)
    with pytest.raises(AuthorityError, match="cannot be read"):
        authority.page_certificate()


def test_key_of_another_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.create("station", (), NOW)
    (authority.directory / AUTHORITY_KEY_FILE).write_bytes((other.directory / AUTHORITY_KEY_FILE).read_bytes())
    with pytest.raises(AuthorityError, match="do not match"):
        authority.issue(NAMES, NOW)
