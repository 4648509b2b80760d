"""Switching the page on the network on and off: systemd's sockets, Avahi's file, and the page's requests."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest

from station.network import AVAHI_SOCKET, NETWORK_FILES, Machine
from station.system.home_network import (
    AVAHI_FILE,
    ENCRYPTED_SOCKET,
    LOCAL_SOCKET,
    PAGE_SERVICE,
    PLAIN_SOCKET,
    HomeNetwork,
    NetworkError,
    service_file,
    systemctl,
)

CLOSE = [f"stop {LOCAL_SOCKET} {PLAIN_SOCKET} {ENCRYPTED_SOCKET}", f"stop {PAGE_SERVICE}"]
WANTS = Path("etc/systemd/system/sockets.target.wants")


class Host:
    """A machine called `station` with systemd, Avahi and one address; `calls` are systemctl's."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls: list[str] = []
        self.failing = ""
        self.switch = HomeNetwork(Machine(root, "station"), self._systemctl)
        for directory in (WANTS, AVAHI_FILE.parent, AVAHI_SOCKET.parent, NETWORK_FILES):
            (root / directory).mkdir(parents=True)
        for unit in (PLAIN_SOCKET, ENCRYPTED_SOCKET):
            (root / "etc/systemd/system" / unit).touch()
        (root / AVAHI_SOCKET).touch()
        (root / NETWORK_FILES / "fib_trie").write_text("|-- 192.168.1.5\n/32 host LOCAL\n", encoding="ascii")

    def _systemctl(self, arguments: Sequence[str]) -> str:
        """What systemctl does to the links, in the order of the calls."""
        self.calls.append(" ".join(arguments))
        if self.failing and self.failing in self.calls[-1]:
            self._link(arguments)
            raise NetworkError(f"systemctl {self.calls[-1]} has failed: no reason")
        self._link(arguments)
        return ""

    def _link(self, arguments: Sequence[str]) -> None:
        """The links change even if the unit then does not start."""
        for unit in (one for one in arguments if one.endswith(".socket")):
            link = self.root / WANTS / unit
            if arguments[0] == "enable" and not link.is_symlink():
                link.symlink_to(f"/etc/systemd/system/{unit}")
            elif arguments[0] == "disable":
                link.unlink(missing_ok=True)

    def announced(self) -> str:
        file = self.root / AVAHI_FILE
        return file.read_text(encoding="utf-8") if file.exists() else ""


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_network_on_opens_the_socket_and_announces_the_name(host: Host) -> None:
    """Everything is closed first: systemd opens no socket for a running service, and a visitor would start it."""
    assert not host.switch.status().is_on
    host.switch.switch_on()
    assert host.calls == [*CLOSE, f"enable --now {PLAIN_SOCKET}", f"start {PLAIN_SOCKET} {PAGE_SERVICE}"]
    assert host.announced() == service_file(is_https=False)
    found = host.switch.status(("board.example.org",))
    assert (found.is_on, found.is_https, found.faults) == (True, False, ())
    assert found.addresses == ("http://board.example.org", "http://station.local", "http://192.168.1.5")


def test_network_off_closes_everything_and_leaves_no_announcement(host: Host) -> None:
    host.switch.switch_on()
    host.switch.switch_off()
    assert host.calls[4:] == [
        *CLOSE,
        f"disable --now {PLAIN_SOCKET} {ENCRYPTED_SOCKET}",
        f"start {PAGE_SERVICE}",
    ]
    assert host.announced() == ""
    assert host.switch.status().addresses == ()


def test_switching_twice_changes_nothing(host: Host) -> None:
    for _ in range(2):
        host.switch.switch_on()
        assert host.switch.status().is_on
    for _ in range(2):
        host.switch.switch_off()
        assert not host.switch.status().is_on


def test_https_joins_the_network_and_leaves_it(host: Host) -> None:
    host.switch.switch_https(is_on=True)
    assert host.calls == []
    host.switch.switch_on()
    host.switch.switch_https(is_on=True)
    assert host.switch.status().addresses[0] == "https://station.local"
    assert "_https._tcp" in host.announced()
    host.switch.switch_https(is_on=False)
    assert host.switch.status().addresses[0] == "http://station.local"
    assert "_https._tcp" not in host.announced()


def test_page_starts_again_when_the_socket_cannot_be_opened(host: Host) -> None:
    """For example because another web server uses port 80: the page keeps its old address."""
    host.failing = "enable --now"
    with pytest.raises(NetworkError, match=r"enable --now station-page\.socket has failed"):
        host.switch.switch_on()
    assert host.calls[-2:] == [f"disable {PLAIN_SOCKET}", f"start {PAGE_SERVICE}"]
    assert host.announced() == ""
    assert not host.switch.status().is_on


def test_missing_unit_is_refused_before_anything_changes(host: Host) -> None:
    (host.root / "etc/systemd/system" / PLAIN_SOCKET).unlink()
    for act in (host.switch.switch_on, host.switch.switch_off):
        with pytest.raises(NetworkError, match=r"station-page\.socket is not installed"):
            act()
    assert (host.calls, host.announced()) == ([], "")


def test_status_says_what_keeps_others_from_finding_the_page(host: Host) -> None:
    """Without Avahi only the numeric address works, so it comes first."""
    host.switch.switch_on()
    (host.root / AVAHI_FILE).unlink()
    assert host.switch.status().faults == ("Avahi does not announce the page: type `sudo station network on` again.",)
    (host.root / AVAHI_SOCKET).unlink()
    found = host.switch.status()
    assert found.addresses == ("http://192.168.1.5",)
    assert "apt-get install avahi-daemon" in found.faults[0]
    (host.root / NETWORK_FILES / "fib_trie").unlink()
    assert "not on a network" in host.switch.status().faults[0]


def test_machine_without_avahi_is_on_the_network_by_its_address(host: Host) -> None:
    (host.root / AVAHI_FILE.parent).rmdir()
    host.switch.switch_on()
    assert host.switch.status().is_on


@pytest.mark.parametrize("is_https", [False, True])
def test_announcement_is_xml_that_names_the_machine_alone(is_https: bool) -> None:
    found = ET.fromstring(service_file(is_https=is_https))
    assert [one.text for one in found.iter("name")] == ["Slant board station (%h)"]
    assert [one.text for one in found.iter("port")] == ["80", *(["443"] if is_https else [])]
    assert {one.tag for one in found.iter()} == {"service-group", "name", "service", "type", "port"}


def test_request_of_the_page_is_done_once(host: Host, tmp_path: Path) -> None:
    request = tmp_path / "network-request"
    request.write_text("on\n", encoding="ascii")
    assert host.switch.switch_as_requested(request) is True
    assert host.switch.status().is_on
    assert not request.exists()
    assert host.switch.switch_as_requested(request) is None
    request.write_text("off", encoding="ascii")
    assert host.switch.switch_as_requested(request) is False
    assert not host.switch.status().is_on


@pytest.mark.parametrize("content", [b"", b"ON", b"on; reboot", b"\xff\xfe", b"off" + b"x" * 10_000, b"on\0"])
def test_other_content_is_no_request(host: Host, tmp_path: Path, content: bytes) -> None:
    request = tmp_path / "network-request"
    request.write_bytes(content)
    assert host.switch.switch_as_requested(request) is None
    assert (host.calls, request.exists()) == ([], False)


def test_link_or_pipe_is_no_request_and_reads_nothing(host: Host, tmp_path: Path) -> None:
    """Root would follow a link to a file that the service may not read, and wait for a pipe."""
    secret, request = tmp_path / "secret", tmp_path / "network-request"
    secret.write_text("on", encoding="ascii")
    request.symlink_to(secret)
    assert host.switch.switch_as_requested(request) is None
    os.mkfifo(request)
    assert host.switch.switch_as_requested(request) is None
    request.mkdir()
    with pytest.raises(NetworkError, match="cannot be removed"):
        host.switch.switch_as_requested(request)
    assert (host.calls, secret.exists()) == ([], True)


def test_failing_systemctl_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit status and first words, or that there is no systemctl."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NetworkError, match="has no systemd"):
        systemctl(("start", "x.service"))
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\necho 'Unit x.service\nnot found.' >&2\nexit 5\n", encoding="ascii")
    program.chmod(0o755)
    with pytest.raises(NetworkError, match=r"^systemctl start x.service has failed: Unit x.service not found\.$"):
        systemctl(("start", "x.service"))
