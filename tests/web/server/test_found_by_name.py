"""A phone looks up the station's name by mDNS: a real Avahi with our file answers with that name, nothing more."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import two_hosts
from tests.station.process import wait_until
from tests.two_hosts import (
    ADDRESS_RECORD,
    OPEN_PAGE,
    POINTER_RECORD,
    STATION_ADDRESS,
    Host,
    announced,
    ask_mdns,
    running,
)
from tests.two_hosts import two_hosts as pair

REASON = two_hosts.reason_not_possible() or ("" if shutil.which("avahi-daemon") else "this machine has no Avahi")
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, Host]]:
    """Two hosts; on the station's, Avahi runs with the file of `station network on`."""
    with pair() as (station, phone), announced(station, phone, tmp_path_factory.mktemp("avahi")):
        yield station, phone


def test_name_leads_to_the_page(found: tuple[Host, Host], tmp_path: Path) -> None:
    station, phone = found
    octets = bytes(map(int, STATION_ADDRESS.split(".")))
    assert octets in ask_mdns(phone, "station.local", ADDRESS_RECORD)
    named = {"Host": "station.local"}
    with running(station, tmp_path, 'allowed_hosts = ["station.local"]', ("http", "0.0.0.0", 80)):
        assert phone.request(STATION_ADDRESS, OPEN_PAGE, headers=named).status == 200


def test_web_page_is_announced_only_by_machine_name(found: tuple[Host, Host]) -> None:
    """Nothing in the record says whose station it is, or what it stores."""
    _, phone = found
    instance = "Slant board station (station)"
    wait_until(
        lambda: instance.encode() in ask_mdns(phone, "_http._tcp.local", POINTER_RECORD), "the page is announced"
    )
    answer = ask_mdns(phone, "_http._tcp.local", POINTER_RECORD)
    words = {one.decode().strip() for one in re.findall(rb"[ -~]{4,}", answer)}
    assert words <= {"_http", "_tcp", "local", instance, "station"}
