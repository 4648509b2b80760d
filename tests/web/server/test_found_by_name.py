"""A phone asks for the station's name by mDNS, and a real Avahi with our file answers: that name, and nothing more."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.system.home_network import service_file
from tests import two_hosts
from tests.station.process import wait_until
from tests.two_hosts import OPEN_PAGE, PHONE_ADDRESS, STATION_ADDRESS, Host, running
from tests.two_hosts import two_hosts as pair

REASON = two_hosts.reason_not_possible() or ("" if shutil.which("avahi-daemon") else "this machine has no Avahi")
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)

CONFIGURATION = "[server]\nhost-name=station\nenable-dbus=no\nuse-ipv6=no\n[wide-area]\nenable-wide-area=no\n"
ASK = """
import json, socket, struct, sys
name, kind, source = sys.argv[1], int(sys.argv[2]), sys.argv[3]
labels = b"".join(bytes([len(one)]) + one.encode() for one in name.split("."))
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
asking.bind((source, 0))
asking.settimeout(1)
asking.sendto(struct.pack(">6H", 7, 0, 1, 0, 0, 0) + labels + struct.pack(">B2H", 0, kind, 1), ("224.0.0.251", 5353))
try:
    print(asking.recv(9000).hex())
except TimeoutError:
    print("")
"""
ADDRESS_RECORD, POINTER_RECORD = 1, 12


def ask(phone: Host, name: str, kind: int) -> bytes:
    """The answer to an mDNS question of the phone; empty if none comes within a second."""
    return bytes.fromhex(phone.run(sys.executable, "-c", ASK, name, str(kind), PHONE_ADDRESS).strip())


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, Host]]:
    """Two hosts; on the station's, Avahi runs with the file of `station network on`."""
    directory = tmp_path_factory.mktemp("avahi")
    (directory / "services").mkdir()
    (directory / "services" / "station.service").write_text(service_file(is_https=False), encoding="utf-8")
    configuration = directory / "avahi-daemon.conf"
    configuration.write_text(CONFIGURATION, encoding="ascii")
    Path("/run/avahi-daemon").mkdir(exist_ok=True)
    # `ip netns exec` has its own mounts: the machine's Avahi, if it has one, is left alone.
    script = (
        f"mount --bind {directory} /etc/avahi && mount -t tmpfs none /run/avahi-daemon && "
        f"exec avahi-daemon --no-drop-root --no-rlimits --no-chroot -f {configuration}"
    )
    with pair() as (station, phone):
        avahi = station.start("sh", "-c", script)
        try:
            wait_until(lambda: bool(ask(phone, "station.local", ADDRESS_RECORD)), "Avahi answers for station.local")
            yield station, phone
        finally:
            avahi.terminate()
            avahi.communicate(timeout=20)


def test_name_leads_to_the_page(found: tuple[Host, Host], tmp_path: Path) -> None:
    station, phone = found
    octets = bytes(map(int, STATION_ADDRESS.split(".")))
    assert octets in ask(phone, "station.local", ADDRESS_RECORD)
    named = {"Host": "station.local"}
    with running(station, tmp_path, 'allowed_hosts = ["station.local"]', ("http", "0.0.0.0", 80)):
        assert phone.request(STATION_ADDRESS, OPEN_PAGE, headers=named).status == 200


def test_web_page_is_announced_under_the_machine_s_name_alone(found: tuple[Host, Host]) -> None:
    """Nothing in the record tells whose station it is, or what it knows."""
    _, phone = found
    instance = "Slant board station (station)"
    wait_until(lambda: instance.encode() in ask(phone, "_http._tcp.local", POINTER_RECORD), "the page is announced")
    answer = ask(phone, "_http._tcp.local", POINTER_RECORD)
    words = {one.decode().strip() for one in re.findall(rb"[ -~]{4,}", answer)}
    assert words <= {"_http", "_tcp", "local", instance, "station"}
