"""`station tls` on a machine: what it makes, passes to systemd, renews and removes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from station.network import AUTHORITY_FILE, NETWORK_FILES, PAGE_FILE, Machine
from station.system.authority import CERTIFICATE_LIFE, AuthorityError
from station.system.encryption import DIRECTORY, DROP_IN, Encryption
from tests.station.system.test_home_network import Host

NOW = datetime.now(UTC)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def encryption(host: Host) -> Encryption:
    return Encryption(host.switch)


def test_on_makes_authority_and_certificate_and_hands_them_over(host: Host, encryption: Encryption) -> None:
    host.switch.switch_on()
    found = encryption.switch_on(("board.example.org",), NOW)
    assert found.names == {"station.local", "station", "board.example.org", "192.168.1.5"}
    text = (host.root / DROP_IN).read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if "=" in line] == [
        f"LoadCredential={name}:{host.root / DIRECTORY / name}" for name in (PAGE_FILE, AUTHORITY_FILE)
    ]
    assert host.switch.status().is_https
    assert host.calls[-1] == "enable --now station-tls.timer"


def test_on_again_keeps_the_authority_that_phones_have(encryption: Encryption) -> None:
    first = encryption.switch_on((), NOW)
    assert encryption.switch_on((), NOW).fingerprint == first.fingerprint
    assert encryption.switch_on((), NOW, new_authority=True).fingerprint != first.fingerprint


def test_off_goes_back_to_plain_http_and_keeps_the_authority(host: Host, encryption: Encryption) -> None:
    host.switch.switch_on()
    first = encryption.switch_on((), NOW)
    encryption.switch_off()
    assert not encryption.is_on
    assert host.switch.status().addresses[0] == "http://station.local"
    assert encryption.switch_on((), NOW).fingerprint == first.fingerprint


def test_renewal_does_nothing_until_it_is_due(host: Host, encryption: Encryption) -> None:
    encryption.switch_on((), NOW)
    calls = len(host.calls)
    assert encryption.renew((), NOW + timedelta(days=100)) == ""
    assert len(host.calls) == calls
    assert encryption.renew((), NOW + CERTIFICATE_LIFE - timedelta(days=59)).startswith("it ends on")
    assert host.calls[calls:] == ["try-restart station-page.service"]


def test_new_address_renews_the_certificate(host: Host, encryption: Encryption) -> None:
    """The router has assigned another one."""
    encryption.switch_on((), NOW)
    (host.root / NETWORK_FILES / "fib_trie").write_text("|-- 192.168.1.77\n/32 host LOCAL\n", encoding="ascii")
    assert encryption.renew((), NOW) == "it lacks 192.168.1.77"
    assert encryption.renew((), NOW) == ""


def test_new_name_renews_the_certificate_under_the_same_authority(host: Host, encryption: Encryption) -> None:
    """Phones trust the authority for every name that ends in `.local`, and need no other one."""
    first = encryption.switch_on((), NOW)
    renamed = Encryption(replace(host.switch, machine=Machine(host.root, "kitchen")))
    assert renamed.renew((), NOW) == "it lacks kitchen.local"
    assert renamed.certificate().names == {"kitchen.local", "192.168.1.5"}
    assert renamed.certificate().fingerprint == first.fingerprint
    assert renamed.switch_on((), NOW, new_authority=True).names == {"kitchen.local", "kitchen", "192.168.1.5"}


def test_clock_that_was_never_set_makes_no_certificate(host: Host, encryption: Encryption) -> None:
    with pytest.raises(AuthorityError, match="The clock shows 1970-01-01: set it first"):
        encryption.switch_on((), datetime(1970, 1, 1, tzinfo=UTC))
    assert not (host.root / DIRECTORY).exists()


def test_renewal_without_a_certificate_says_what_to_type(encryption: Encryption) -> None:
    with pytest.raises(AuthorityError, match="sudo station tls on"):
        encryption.renew((), NOW)
