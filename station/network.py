"""The station on the home's network: its names and addresses, and which addresses belong to a home's network.

Everything here only reads a few small kernel files and asks no name server, so the page's event loop may call it.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

from msgspec import Struct

Address = IPv4Address | IPv6Address

HOME_NETWORKS: tuple[IPv4Network | IPv6Network, ...] = tuple(
    map(
        ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"),
            *("fc00::/7", "fe80::/10", "::1/128"),
        ),
    )
)
"""Private (RFC 1918), unique local (RFC 4193), link-local (RFC 3927, RFC 4291) and loopback addresses."""
EVERYWHERE = ("0.0.0.0", "::")
"""Hosts to listen on that stand for every network."""
NETWORK_FILES = Path("proc/self/net")
SHOWN_NETWORK_FILES = Path("run/station-machine-net")
"""Where systemd shows the machine's network files to a service without a network (`station-tls.service`)."""
AVAHI_SOCKET = Path("run/avahi-daemon/socket")
"""It exists while Avahi answers for the machine's `.local` name."""
HTTP_PORT, HTTPS_PORT = 80, 443
NETWORK_REQUEST = Path("requests/network")
"""The file beside the database by which the page asks systemd to switch the network; it contains `on` or `off`. The
unit that obeys removes it, so the directory belongs to the group."""
ON, OFF = "on", "off"
AUTHORITY_FILE, PAGE_FILE = "authority.crt", "page.pem"
"""The files of `station tls` that the page's service gets: the authority's certificate; the page's with its key."""
VALID_UNTIL = "Valid until "
"""How the first line of `PAGE_FILE` begins; the day follows."""


def parse_address(text: str) -> Address | None:
    """Parse an address as a socket reports it: drop a link-local one's zone, unwrap IPv4 in IPv6; `None` if invalid."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def is_home(address: Address) -> bool:
    """Whether an address belongs to a home's network or to this machine rather than to the internet."""
    return any(address in network for network in HOME_NETWORKS)


class Machine(Struct, frozen=True):
    """This machine as its network sees it. `root` is where its file system begins; `host_name` replaces its own."""

    root: Path = Path("/")
    host_name: str | None = None

    @property
    def name(self) -> str:
        """Its own name, without a domain and in lower case."""
        return (self.host_name or socket.gethostname()).partition(".")[0].lower()

    @property
    def local_name(self) -> str:
        """The name under which Avahi announces it."""
        return f"{self.name}.local"

    @property
    def is_announced(self) -> bool:
        """Whether Avahi runs, so that other devices find it by its `.local` name."""
        return (self.root / AVAHI_SOCKET).exists()

    @property
    def _network_files(self) -> Path:
        shown = self.root / SHOWN_NETWORK_FILES
        return shown if shown.is_dir() else self.root / NETWORK_FILES

    def addresses(self) -> frozenset[Address]:
        """The addresses of its interfaces, from the kernel's `fib_trie` (IPv4) and `if_inet6`.

        A file that cannot be read gives no address.
        """
        files = self._network_files
        return frozenset({*_ipv4_addresses(files / "fib_trie"), *_ipv6_addresses(files / "if_inet6")})

    def home_addresses(self) -> list[Address]:
        """Where other devices at home reach it, best first: the router's network, then IPv4.

        Excludes IPv6's link-local ones: no browser opens them.
        """
        reachable = [
            one
            for one in self.addresses()
            if is_home(one) and not one.is_loopback and not (one.version == 6 and one.is_link_local)
        ]
        of_router = _router_network(self._network_files / "route")
        return sorted(
            reachable,
            key=lambda one: (of_router is None or one not in of_router, one.version, one.is_link_local, int(one)),
        )

    def page_addresses(self, host: str, port: int, names: Iterable[str] = (), *, is_https: bool = False) -> list[str]:
        """Addresses that open a page that listens on this host and port, best first; `names` are the configured ones.

        A page on every network has its names and each of the machine's own addresses. A `.local` name counts only while
        Avahi answers for it.
        """
        if host not in EVERYWHERE:
            return [web_address("localhost" if is_loopback_host(host) else host, port, is_https=is_https)]
        known = dict.fromkeys((*(name.lower() for name in names), self.local_name))
        working = [name for name in known if self.is_announced or not name.endswith(".local")]
        reachable = [one for one in self.home_addresses() if one.version == 4 or host == "::"]
        hosts = [*working, *map(str, reachable)] or ["localhost"]
        return [web_address(one, port, is_https=is_https) for one in hosts]


def _ipv4_addresses(file: Path) -> Iterable[Address]:
    """A leaf `|-- ADDRESS` is the machine's own if a line `/32 host LOCAL` follows it."""
    leaf = ""
    with suppress(OSError):
        for line in file.read_text(encoding="ascii", errors="replace").splitlines():
            words = line.split()
            if words[:1] == ["|--"]:
                leaf = words[-1]
            elif words == ["/32", "host", "LOCAL"] and (address := parse_address(leaf)) is not None:
                yield address


def _ipv6_addresses(file: Path) -> Iterable[Address]:
    with suppress(OSError):
        for line in file.read_text(encoding="ascii", errors="replace").splitlines():
            with suppress(ValueError, IndexError):
                yield IPv6Address(int(line.split()[0], 16))


def _router_network(file: Path) -> IPv4Network | None:
    """The network of the router that leads to the internet; `None` if there is none.

    A line has interface, destination, gateway and, as number 7 and 8, metric and mask, each but the metric a
    hexadecimal number in this machine's byte order. The default route's destination and mask are 0.
    """
    routes: list[tuple[str, IPv4Address, IPv4Address, int, IPv4Address]] = []
    with suppress(OSError, ValueError, IndexError):
        for line in file.read_text(encoding="ascii", errors="replace").splitlines()[1:]:
            words = line.split()
            routes.append((words[0], _native(words[1]), _native(words[2]), int(words[6]), _native(words[7])))
    leading = sorted((metric, name, gateway) for name, to, gateway, metric, mask in routes if not int(to) | int(mask))
    for _, name, gateway in leading:
        for other, to, through, _, mask in routes:
            if other == name and not int(through) and int(mask) and int(gateway) & int(mask) == int(to):
                return IPv4Network((int(to), int(mask).bit_count()))
    return None


def _native(text: str) -> IPv4Address:
    return IPv4Address(struct.pack("=I", int(text, 16)))


def is_loopback_host(host: str) -> bool:
    """Whether a host to listen on is only this machine."""
    address = parse_address(host)
    return host == "localhost" if address is None else address.is_loopback


def web_address(host: str, port: int, *, is_https: bool = False) -> str:
    """An address as a browser takes it, such as `http://station.local` or `https://[fd00::5]:8443`."""
    scheme, usual = ("https", HTTPS_PORT) if is_https else ("http", HTTP_PORT)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}{'' if port == usual else f':{port}'}"
