"""Two hosts on one cable: two network namespaces on this machine, joined by a pair of virtual interfaces.

The station runs on one, browsers and attackers on the other. Needs root and iproute2; `reason_not_possible` says why a
machine does not allow it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path

from station.system.home_network import service_file
from tests.station.process import wait_until

ROOT = Path(__file__).resolve().parents[1]
STATION_ADDRESS, PHONE_ADDRESS = "10.77.0.1", "10.77.0.2"
PUBLIC_STATION_ADDRESS, PUBLIC_ADDRESS = "203.0.113.1", "203.0.113.2"
"""Documentation addresses (RFC 5737), which nobody has; for the station they are public."""
ULA_STATION_ADDRESS, ULA_ADDRESS = "fd77::1", "fd77::2"
OPEN_PAGE = "/help"
"""A page that everybody may open."""
NUMBERS = count()
"""Numbers for the pairs that this process makes."""
REQUESTS = """
import http.client, json, ssl, sys
answers = []
for one in json.load(sys.stdin):
    context = ssl.create_default_context(cafile=one["authority"]) if one["authority"] else None
    kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
    more = {"context": context} if context else {}
    source = (one["source"], 0) if one["source"] else None
    connection = kind(one["host"], one["port"], timeout=10, source_address=source, **more)
    try:
        connection.request(one["method"], one["address"], one["body"], one["headers"])
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        headers = {name.lower(): value for name, value in answer.getheaders()}
        answers.append({"status": answer.status, "headers": headers, "text": text})
    except (OSError, http.client.HTTPException) as error:
        answers.append({"status": 0, "headers": {}, "text": repr(error)})
    finally:
        connection.close()
json.dump(answers, sys.stdout)
"""

AVAHI_CONFIGURATION = "[server]\nhost-name=station\nenable-dbus=no\nuse-ipv6=no\n[wide-area]\nenable-wide-area=no\n"
MDNS_QUESTION = """
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


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, with headers by lower-case name; status 0 and the error if there was none."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Host:
    """One of the two hosts."""

    namespace: str
    mounts_of: int | None = None
    """A process of this host whose view of the files its later commands share, if it differs from this machine's."""

    def command(self, *words: str) -> list[str]:
        """A command line that runs on this host."""
        if self.mounts_of is not None:
            return ["nsenter", "--target", str(self.mounts_of), "--mount", "--net", *words]
        return ["ip", "netns", "exec", self.namespace, *words]

    def run(self, *words: str, given: str = "") -> str:
        """Run a command on this host to its end and return its output."""
        done = subprocess.run(
            self.command(*words), input=given, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command on this host."""
        return subprocess.Popen(
            self.command(*words),
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def request(
        self,
        host: str,
        address: str,
        *,
        port: int = 80,
        body: str | None = None,
        source: str = "",
        authority: Path | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request from this host, from one of its addresses (`source`); over https with an `authority`."""
        one = {
            "host": host,
            "address": address,
            "port": port,
            "method": "GET" if body is None else "POST",
            "body": body,
            "source": source,
            "authority": str(authority) if authority else "",
            "headers": dict(headers or {}),
        }
        (found,) = json.loads(self.run(sys.executable, "-c", REQUESTS, given=json.dumps([one])))
        return Answer(**found)


@cache
def reason_not_possible() -> str:
    """Why this machine cannot have two hosts; empty if it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "this machine has no iproute2"
    try:
        with two_hosts():
            return ""
    except subprocess.CalledProcessError as error:
        return f"no network namespaces here: {error.stderr.strip()}"


@contextmanager
def two_hosts() -> Iterator[tuple[Host, Host]]:
    """The station's host and the phone's, both up, with private, public and unique local addresses."""
    number = f"{os.getpid()}-{next(NUMBERS)}"
    station, phone = (Host(f"{name}-{number}") for name in ("station", "phone"))
    ends = f"s{number}", f"p{number}"
    addresses = (
        (f"{STATION_ADDRESS}/24", f"{PUBLIC_STATION_ADDRESS}/24", f"{ULA_STATION_ADDRESS}/64"),
        (f"{PHONE_ADDRESS}/24", f"{PUBLIC_ADDRESS}/24", f"{ULA_ADDRESS}/64"),
    )
    try:
        for host in (station, phone):
            _ip("netns", "add", host.namespace)
        _ip("link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
        for host, end, own in zip((station, phone), ends, addresses, strict=True):
            _ip("link", "set", end, "netns", host.namespace)
            _ip("-n", host.namespace, "link", "set", "lo", "up")
            for address in own:
                _ip("-n", host.namespace, "address", "add", address, "dev", end, *(["nodad"] if ":" in address else []))
            _ip("-n", host.namespace, "link", "set", end, "up")
            _ip("-n", host.namespace, "route", "add", "224.0.0.0/4", "dev", end)
        yield station, phone
    finally:
        for host in (station, phone):
            subprocess.run(("ip", "netns", "delete", host.namespace), capture_output=True, check=False)


def _ip(*words: str) -> None:
    subprocess.run(("ip", *words), capture_output=True, text=True, check=True)


@contextmanager
def announced(station: Host, phone: Host, directory: Path) -> Iterator[Host]:
    """Run Avahi on the station's host with the file of `station network on`, as `station.local`, until the block ends.

    Yields that host with Avahi's view of the files, so that a station there finds its socket.
    """
    (directory / "services").mkdir()
    (directory / "services" / "station.service").write_text(service_file(is_https=False), encoding="utf-8")
    configuration = directory / "avahi-daemon.conf"
    configuration.write_text(AVAHI_CONFIGURATION, encoding="ascii")
    Path("/run/avahi-daemon").mkdir(exist_ok=True)
    # `ip netns exec` has its own mounts, so the machine's own Avahi is not affected.
    script = (
        f"mount --bind {directory} /etc/avahi && mount -t tmpfs none /run/avahi-daemon && "
        f"exec avahi-daemon --no-drop-root --no-rlimits --no-chroot -f {configuration}"
    )
    avahi = station.start("sh", "-c", script)
    try:
        wait_until(lambda: bool(ask_mdns(phone, "station.local", ADDRESS_RECORD)), "Avahi answers for station.local")
        yield replace(station, mounts_of=avahi.pid)
    finally:
        avahi.terminate()
        avahi.communicate(timeout=20)


def ask_mdns(phone: Host, name: str, kind: int) -> bytes:
    """The answer to an mDNS question of the phone; empty if none comes within a second."""
    return bytes.fromhex(phone.run(sys.executable, "-c", MDNS_QUESTION, name, str(kind), PHONE_ADDRESS).strip())


def hand_over(sockets: Sequence[tuple[str, str, int]], command: Sequence[str]) -> list[str]:
    """A command line that opens these sockets (name, address, port) and passes them to a command, as systemd does."""
    script = f"""
import os, socket, sys
opened = [socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
          for _, host, port in {list(sockets)!r}]
copies = [os.dup(one.fileno()) for one in opened]
os.closerange(3, min(copies))
for index, copy in enumerate(copies):
    os.dup2(copy, 3 + index)
names = ":".join(name for name, _, _ in {list(sockets)!r})
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(opened)), LISTEN_FDNAMES=names)
os.execv({command[0]!r}, {list(command)!r})
"""
    return [sys.executable, "-c", script]


@contextmanager
def running(host: Host, directory: Path, page: str, *sockets: tuple[str, str, int]) -> Iterator[str]:
    """Run a station on this host until the block ends; yields its first line of output, which names an address."""
    config = directory / "station.toml"
    config.write_text(
        f'[board]\nsimulated = true\nheels = "comparator"\n[page]\n{page}\n'
        f'[store]\npath = "{directory / "station.db"}"\n',
        encoding="utf-8",
    )
    program = [sys.executable, "-m", "station.cli"]
    with ExitStack() as undo:
        if sockets:
            undo.enter_context(_process(host, [*program, "run", "--no-page", "--config", str(config)]))
            wait_until(lambda: (directory / "page.sock").exists(), "the board waits for its page")
            command = hand_over(sockets, [*program, "page", "--config", str(config)])
        else:
            command = [*program, "run", "--config", str(config)]
        process = undo.enter_context(_process(host, command))
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "is running. Open " in line, line + process.stdout.read()
        yield line


@contextmanager
def _process(host: Host, command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A process on this host that ends with the block."""
    process = host.start(*command)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)
        assert process.stdout is not None
        process.stdout.close()
