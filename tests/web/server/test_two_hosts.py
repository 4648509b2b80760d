"""The station on one host, a phone and strangers on another: who reaches the page, on which address and name."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from station.network import AUTHORITY_FILE, PAGE_FILE
from station.system.authority import Authority, Names
from tests import two_hosts
from tests.station.process import wait_until
from tests.two_hosts import (
    OPEN_PAGE,
    PHONE_ADDRESS,
    PUBLIC_ADDRESS,
    PUBLIC_STATION_ADDRESS,
    STATION_ADDRESS,
    ULA_STATION_ADDRESS,
    Host,
    running,
)
from web.server.clients import FOREIGN

pytestmark = pytest.mark.skipif(bool(two_hosts.reason_not_possible()), reason=two_hosts.reason_not_possible())

PLAIN_PORT = 8083
PLAIN_FILES = {
    "/trust": "text/html",
    "/trust/station.crt": "application/x-x509-ca-cert",
    "/static/page.css": "text/css",
}
"""What plain http still serves beside https."""


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    with two_hosts.two_hosts() as made:
        yield made


@pytest.fixture(scope="module")
def plain(hosts: tuple[Host, Host], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A station with port 80 from systemd, in IPv4 and IPv6."""
    sockets = ("http", "0.0.0.0", 80), ("http", ULA_STATION_ADDRESS, 80)
    with running(hosts[0], tmp_path_factory.mktemp("plain"), 'allowed_hosts = ["board.example.org"]', *sockets) as line:
        yield line


def test_phone_in_the_same_network_opens_the_page(hosts: tuple[Host, Host], plain: str) -> None:
    """At the address that the station printed at its start, which needs no port."""
    station, phone = hosts
    printed = plain.split("Open ")[1].split(" in a browser")[0].split(" or ")
    assert f"http://{STATION_ADDRESS}" in printed
    for host in (STATION_ADDRESS, ULA_STATION_ADDRESS):
        assert phone.request(host, OPEN_PAGE).status == 200
    assert phone.request(STATION_ADDRESS, OPEN_PAGE, headers={"Host": "board.example.org"}).status == 200
    assert station.request("127.0.0.1", OPEN_PAGE).status == 200


@pytest.mark.parametrize("address", [OPEN_PAGE, "/live", "/events", "/static/page.css", "/", "/nothing"])
def test_stranger_with_a_public_address_gets_one_sentence(hosts: tuple[Host, Host], plain: str, address: str) -> None:
    """Whatever the request, name or header, and before any of it is read."""
    _, phone = hosts
    for headers in ({}, {"Host": STATION_ADDRESS, "X-Forwarded-For": "127.0.0.1"}, {"Host": "evil.example"}):
        answer = phone.request(PUBLIC_STATION_ADDRESS, address, source=PUBLIC_ADDRESS, headers=headers)
        assert (answer.status, answer.text) == (403, f"{FOREIGN}\n")


def test_home_device_at_the_public_address_of_the_station_is_refused(hosts: tuple[Host, Host], plain: str) -> None:
    _, phone = hosts
    answer = phone.request(PUBLIC_STATION_ADDRESS, OPEN_PAGE, source=PHONE_ADDRESS, headers={"Host": STATION_ADDRESS})
    assert (answer.status, answer.text) == (403, f"{FOREIGN}\n")


def test_rebound_name_and_foreign_address_are_refused(hosts: tuple[Host, Host], plain: str) -> None:
    """A web page whose name now resolves to this station reads nothing; nor does another host's address."""
    _, phone = hosts
    for host in ("evil.example", f"{STATION_ADDRESS}.nip.io", PHONE_ADDRESS, "10.77.0.3", PUBLIC_STATION_ADDRESS + "9"):
        assert phone.request(STATION_ADDRESS, OPEN_PAGE, headers={"Host": host}).status == 421


def test_new_address_of_the_station_is_answered_while_it_runs(hosts: tuple[Host, Host], plain: str) -> None:
    """When the router assigns another address, it is answered within seconds, and the old one is not."""
    station, phone = hosts
    interface = station.run("ip", "-o", "link", "show", "type", "veth").split()[1].partition("@")[0]
    station.run("ip", "address", "add", "10.77.0.9/24", "dev", interface)
    try:
        wait_until(lambda: phone.request("10.77.0.9", OPEN_PAGE).status == 200, "the new address is answered")
    finally:
        station.run("ip", "address", "delete", "10.77.0.9/24", "dev", interface)
    wait_until(
        lambda: phone.request(STATION_ADDRESS, OPEN_PAGE, headers={"Host": "10.77.0.9"}).status == 421,
        "the old one is forgotten",
    )


def test_page_without_the_network_is_only_on_its_own_machine(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    station, phone = hosts
    with running(station, tmp_path, "port = 8081") as line:
        assert "http://localhost:8081 in a browser" in line
        assert station.request("127.0.0.1", OPEN_PAGE, port=8081).status == 200
        for host in (STATION_ADDRESS, PUBLIC_STATION_ADDRESS, ULA_STATION_ADDRESS):
            assert "refused" in phone.request(host, OPEN_PAGE, port=8081).text


def test_public_page_answers_everybody(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    """Only if configured, and through the web server in front, which has https."""
    station, phone = hosts
    with running(station, tmp_path, 'host = "0.0.0.0"\nport = 8082\npublic = true\nproxy = "127.0.0.1"'):
        brought = {"X-Forwarded-For": PUBLIC_ADDRESS, "X-Forwarded-Proto": "https"}
        assert station.request("127.0.0.1", OPEN_PAGE, port=8082, headers=brought).status == 200
        answer = phone.request(PUBLIC_STATION_ADDRESS, OPEN_PAGE, port=8082, source=PUBLIC_ADDRESS)
        assert (answer.status, answer.text) == (403, f"{FOREIGN}\n")


def test_encrypted_page_is_verified_and_plain_http_leads_to_it(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    """Python's ssl trusts the authority; only the page that installs it, and its style, are served in plain http."""
    station, phone = hosts
    authority = Authority(tmp_path / "tls")
    authority.create("station", (), datetime.now(UTC))
    authority.issue(Names(("station.local",), (ip_address(STATION_ADDRESS),)), datetime.now(UTC))
    trusted = authority.directory / AUTHORITY_FILE
    page = f'certificate = "{authority.directory / PAGE_FILE}"'
    with running(station, tmp_path, page, ("http", "0.0.0.0", PLAIN_PORT), ("https", "0.0.0.0", 443)) as line:
        assert f"Open https://{STATION_ADDRESS} in a browser" in line
        encrypted = phone.request(STATION_ADDRESS, OPEN_PAGE, port=443, authority=trusted)
        assert encrypted.status == 200
        assert encrypted.headers["strict-transport-security"] == "max-age=2592000"

        moved = phone.request(STATION_ADDRESS, "/help?q=a%20b", port=PLAIN_PORT)
        assert (moved.status, moved.headers["location"]) == (307, f"https://{STATION_ADDRESS}/help?q=a%20b")
        assert "strict-transport-security" not in moved.headers
        origin = {"Origin": f"http://{STATION_ADDRESS}:{PLAIN_PORT}"}
        written = phone.request(STATION_ADDRESS, "/command", port=PLAIN_PORT, body="command=stop", headers=origin)
        assert (written.status, "over https only" in written.text) == (403, True)
        for address, kind in PLAIN_FILES.items():
            answer = phone.request(STATION_ADDRESS, address, port=PLAIN_PORT)
            assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, kind)
        assert station.request("127.0.0.1", OPEN_PAGE, port=PLAIN_PORT).status == 200

        foreign = phone.request(
            STATION_ADDRESS,
            "/command",
            port=443,
            body="command=stop",
            authority=trusted,
            headers={"Origin": f"http://{STATION_ADDRESS}"},
        )
        assert (foreign.status, "another site" in foreign.text) == (403, True)
        stranger = phone.request(PUBLIC_STATION_ADDRESS, "/trust", port=PLAIN_PORT, source=PUBLIC_ADDRESS)
        assert stranger.text == f"{FOREIGN}\n"


def test_two_hosts_leave_nothing_behind() -> None:
    with two_hosts.two_hosts() as made:
        names = [one.namespace for one in made]
    listed = subprocess.run(("ip", "netns", "list"), capture_output=True, text=True, check=True).stdout
    assert not [name for name in names if name in listed.split()]
