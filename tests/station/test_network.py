"""The station's own names and addresses, and which addresses belong to a home."""

from __future__ import annotations

import socket
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

from station.network import AVAHI_SOCKET, NETWORK_FILES, SHOWN_NETWORK_FILES, Machine, is_home, parse_address

ORDER = -1 if sys.byteorder == "little" else 1
"""The kernel writes a route's numbers in the machine's byte order."""
FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.168.178.0/24 2 0 2
        |-- 192.168.178.0
           /24 link UNICAST
        |-- 192.168.178.23
           /32 host LOCAL
        |-- 192.168.178.255
           /32 link BROADCAST
Local:
  +-- 127.0.0.0/8 2 0 2
     |-- 127.0.0.0
        /8 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
"""
ROUTE = """\
Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 {router} 0003 0 0 100 00000000 0 0 0
wlan0 00000000 0100000A 0003 0 0 600 00000000 0 0 0
eth0 {network} 00000000 0001 0 0 100 {mask} 0 0 0
"""
IF_INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000dea632fffe123456 02 40 20 80     eth0
fd00000000000000dea632fffe123456 02 40 00 00     eth0
20010db8000000000000000000000005 02 40 00 00     eth0
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine called `station` with these interfaces, on which no Avahi runs."""
    files = tmp_path / NETWORK_FILES
    files.mkdir(parents=True)
    (files / "fib_trie").write_text(FIB_TRIE, encoding="ascii")
    (files / "if_inet6").write_text(IF_INET6, encoding="ascii")
    return Machine(tmp_path, "Station.fritz.box")


def announce(machine: Machine) -> None:
    """Let Avahi run there."""
    (machine.root / AVAHI_SOCKET).parent.mkdir(parents=True)
    (machine.root / AVAHI_SOCKET).touch()


@pytest.mark.parametrize(
    "home",
    [
        *("10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.5", "169.254.7.7", "127.0.0.1", "127.255.0.1"),
        *("::1", "fe80::1%eth0", "fd12:3456::1", "fc00::1", "::ffff:192.168.1.5"),
    ],
)
def test_private_and_link_local_addresses_are_of_a_home(home: str) -> None:
    address = parse_address(home)
    assert address is not None
    assert is_home(address)


@pytest.mark.parametrize(
    "foreign",
    [
        *(
            "8.8.8.8",
            "172.15.255.255",
            "172.32.0.0",
            "192.169.0.1",
            "100.64.0.1",
            "192.0.2.1",
            "0.0.0.0",
            "224.0.0.251",
        ),
        *("2001:db8::1", "2a00::1", "::", "::ffff:8.8.8.8", "ff02::fb", "64:ff9b::808:808"),
    ],
)
def test_every_other_address_is_foreign(foreign: str) -> None:
    """Addresses of the internet, of a provider's own network (100.64.0.0/10), and those that nobody can have."""
    address = parse_address(foreign)
    assert address is not None
    assert not is_home(address)


@pytest.mark.parametrize("text", ["", "station.local", "192.168.1", "192.168.1.5:80", "[::1]", "%eth0"])
def test_name_is_no_address(text: str) -> None:
    assert parse_address(text) is None


def test_own_addresses_are_those_of_the_interfaces(machine: Machine) -> None:
    """The network and its broadcast address are nobody's own."""
    assert {str(one) for one in machine.addresses()} == {
        *("192.168.178.23", "127.0.0.1"),
        *("::1", "fe80::dea6:32ff:fe12:3456", "fd00::dea6:32ff:fe12:3456", "2001:db8::5"),
    }


def test_service_without_a_network_sees_the_addresses_that_it_is_shown(machine: Machine) -> None:
    shown = machine.root / SHOWN_NETWORK_FILES
    shown.mkdir(parents=True)
    (shown / "fib_trie").write_text("|-- 192.168.1.5\n/32 host LOCAL\n", encoding="ascii")
    assert machine.addresses() == {ip_address("192.168.1.5")}
    assert machine.home_addresses() == [ip_address("192.168.1.5")]


def test_damaged_or_missing_files_have_no_addresses(tmp_path: Path) -> None:
    machine, files = Machine(tmp_path), tmp_path / NETWORK_FILES
    assert machine.addresses() == frozenset()
    files.mkdir(parents=True)
    (files / "fib_trie").write_bytes(b"\xff\n|--\n   /32 host LOCAL\n")
    (files / "if_inet6").write_bytes(b"\nzz\n\xff")
    assert machine.addresses() == frozenset()


def test_this_machine_has_its_loopback_address() -> None:
    assert ip_address("127.0.0.1") in Machine().addresses()


def test_home_addresses_can_be_opened_by_a_browser(machine: Machine) -> None:
    """No loopback, no public address, none that needs a zone; IPv4 first."""
    assert [str(one) for one in machine.home_addresses()] == ["192.168.178.23", "fd00::dea6:32ff:fe12:3456"]


def test_address_that_leads_to_the_router_comes_first(machine: Machine) -> None:
    """A container's or a second network's address is one that no phone reaches."""
    files = machine.root / NETWORK_FILES
    (files / "fib_trie").write_text(FIB_TRIE + "|-- 10.0.3.1\n/32 host LOCAL\n", encoding="ascii")
    assert str(machine.home_addresses()[0]) == "10.0.3.1"
    numbers = {"router": "192.168.178.1", "network": "192.168.178.0", "mask": "255.255.255.0"}
    text = ROUTE.format(**{name: socket.inet_aton(one)[::ORDER].hex() for name, one in numbers.items()})
    (files / "route").write_text(text, encoding="ascii")
    assert str(machine.home_addresses()[0]) == "192.168.178.23"
    (files / "route").write_bytes(b"Iface\nzz 1\n\xff")
    assert str(machine.home_addresses()[0]) == "10.0.3.1"


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        ("127.0.0.1", 8080, "http://localhost:8080"),
        ("::1", 8080, "http://localhost:8080"),
        ("192.168.1.5", 80, "http://192.168.1.5"),
        ("fd00::5", 8080, "http://[fd00::5]:8080"),
    ],
)
def test_page_at_one_address_is_named_by_it(machine: Machine, host: str, port: int, address: str) -> None:
    announce(machine)
    assert machine.page_addresses(host, port, ("station.local",)) == [address]


def test_page_on_every_network_is_named_by_what_works(machine: Machine) -> None:
    """A `.local` name counts only while Avahi answers for it; a number always works."""
    named = ("board.example.org",)
    assert machine.page_addresses("0.0.0.0", 80) == ["http://192.168.178.23"]
    assert machine.page_addresses("0.0.0.0", 80, named) == ["http://board.example.org", "http://192.168.178.23"]
    assert machine.page_addresses("::", 8080)[1] == "http://[fd00::dea6:32ff:fe12:3456]:8080"
    announce(machine)
    found = machine.page_addresses("0.0.0.0", 443, is_https=True)
    assert found == ["https://station.local", "https://192.168.178.23"]


def test_page_without_any_network_is_at_this_machine(tmp_path: Path) -> None:
    assert Machine(tmp_path).page_addresses("0.0.0.0", 8080) == ["http://localhost:8080"]
