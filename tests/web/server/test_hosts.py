"""The names and addresses that the page answers to follow the machine's."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from station.network import AVAHI_SOCKET, NETWORK_FILES, Machine
from web.served import Served
from web.server.hosts import REFRESH_S, AllowedHosts


class Interfaces:
    """A machine called `station` whose addresses and clock the test sets."""

    def __init__(self, root: Path) -> None:
        self.now_s = 0.0
        self.machine = Machine(root, "station")
        self._file = root / NETWORK_FILES / "fib_trie"
        self._file.parent.mkdir(parents=True)
        self.set("192.168.1.5")

    def set(self, *addresses: str) -> None:
        self._file.write_text("".join(f"|-- {one}\n/32 host LOCAL\n" for one in addresses), encoding="ascii")

    def hosts(self, *names: str, loopback_only: bool = False) -> AllowedHosts:
        return AllowedHosts(
            frozenset(names), loopback_only=loopback_only, machine=self.machine, now_s=lambda: self.now_s
        )


@pytest.fixture
def interfaces(tmp_path: Path) -> Interfaces:
    return Interfaces(tmp_path)


def test_own_names_and_addresses_are_allowed(interfaces: Interfaces) -> None:
    hosts = interfaces.hosts("board.example.org")
    for host in ("192.168.1.5", "192.168.1.5:80", "localhost", "127.0.0.2", "[::1]"):
        assert hosts.is_allowed(host), host
    for host in ("board.example.org", "BOARD.example.org:443", "station", "station.local", "STATION.local."):
        assert hosts.is_allowed(host), host


@pytest.mark.parametrize(
    "host",
    [
        *("192.168.1.6", "8.8.8.8", "[fd00::6]", "evil.example", "station.local.evil.example", "192.168.1.5.nip.io"),
        *("", ":80", "[::1", "a@b", "a@localhost", "localhost/", "localhost?", "localhost:0", "192.168.1.5:port"),
        *("3232235781", "0xc0a80105", "192.168.001.005", "0.0.0.0", "[::ffff:192.168.1.6]"),
    ],
)
def test_rebound_names_and_foreign_addresses_are_refused(interfaces: Interfaces, host: str) -> None:
    """A name that an attacker's name server points here, another machine's address, other spellings of a number."""
    assert not interfaces.hosts().is_allowed(host)


def test_a_new_address_is_allowed_and_an_old_one_refused_after_the_refresh(interfaces: Interfaces) -> None:
    hosts = interfaces.hosts()
    assert hosts.is_allowed("192.168.1.5")
    interfaces.set("192.168.1.77")
    assert hosts.is_allowed("192.168.1.5")
    interfaces.now_s = REFRESH_S
    assert hosts.is_allowed("192.168.1.77")
    assert not hosts.is_allowed("192.168.1.5")


def test_a_new_name_of_the_machine_is_allowed_after_the_refresh(
    tmp_path: Path, interfaces: Interfaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`hostnamectl` renames it while the page runs: the page answers to the new name and shows it as its address."""
    interfaces.machine = Machine(tmp_path)
    (tmp_path / AVAHI_SOCKET).parent.mkdir(parents=True)
    (tmp_path / AVAHI_SOCKET).touch()
    hosts, served = interfaces.hosts(), Served("0.0.0.0", 80, machine=interfaces.machine)
    monkeypatch.setattr(socket, "gethostname", lambda: "station")
    assert hosts.is_allowed("station.local")
    assert served.address_to_scan() == "http://station.local"
    monkeypatch.setattr(socket, "gethostname", lambda: "Kitchen")
    interfaces.now_s = REFRESH_S
    assert hosts.is_allowed("kitchen.local")
    assert not hosts.is_allowed("station.local")
    assert served.address_to_scan() == "http://kitchen.local"


def test_a_flood_of_wrong_hosts_reads_the_addresses_once(interfaces: Interfaces) -> None:
    """An address that the machine gets meanwhile is refused until the next refresh."""
    hosts = interfaces.hosts()
    assert not hosts.is_allowed("10.0.0.1")
    interfaces.set("10.0.0.1")
    assert not any(hosts.is_allowed("10.0.0.1") for _ in range(200))


def test_local_page_answers_only_to_loopback(interfaces: Interfaces) -> None:
    hosts = interfaces.hosts("board.local", loopback_only=True)
    assert hosts.is_allowed("board.local")
    assert hosts.is_allowed("127.0.0.1:8080")
    assert not hosts.is_allowed("192.168.1.5")
    assert not hosts.is_allowed("station.local")
