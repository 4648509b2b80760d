"""Switches the page on the home network on and off: systemd's socket at port 80, and Avahi's announcement.

All of it belongs to the system: units that systemd starts, and a file that Avahi reads. So it needs root, and none of
it runs inside the station.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct, field

from station.network import HTTP_PORT, HTTPS_PORT, OFF, ON, Machine

PAGE_SERVICE = "station-page.service"
PLAIN_SOCKET = "station-page.socket"
ENCRYPTED_SOCKET = "station-page-https.socket"
LOCAL_SOCKET = "station-page-local.socket"
"""Serves only this machine; the page's service always includes it."""
UNIT_DIRECTORIES = tuple(f"{place}/systemd/system" for place in ("etc", "usr/local/lib", "usr/lib", "lib"))
AVAHI_FILE = Path("etc/avahi/services/station.service")
MAX_REQUEST_BYTES = 8

Systemctl = Callable[[Sequence[str]], str]
"""Runs systemctl with these arguments and returns its output. Raises NetworkError."""


class NetworkError(Exception):
    """The network cannot be switched; the text is one sentence with the cause and the remedy."""


class NetworkStatus(Struct, frozen=True):
    """Whether the page is on the network, where, and what keeps other devices from finding it."""

    is_on: bool
    is_https: bool
    addresses: tuple[str, ...]
    faults: tuple[str, ...]


def systemctl(arguments: Sequence[str]) -> str:
    """Run systemctl. Raises NetworkError with its message."""
    try:
        done = subprocess.run(("systemctl", *arguments), capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        raise NetworkError(
            "This machine has no systemd, which opens port 80: set [page] host in the configuration instead."
        ) from None
    except subprocess.TimeoutExpired:
        raise NetworkError(f"systemctl {' '.join(arguments)} did not end within 60 s.") from None
    if done.returncode:
        reason = " ".join(done.stderr.split()) or f"status {done.returncode}"
        raise NetworkError(f"systemctl {' '.join(arguments)} has failed: {reason}")
    return done.stdout


class HomeNetwork(Struct, frozen=True):
    """The switch of one machine."""

    machine: Machine = field(default_factory=Machine)
    systemctl: Systemctl = systemctl

    def switch_on(self) -> None:
        """Serve the page on the network now and after every boot, and announce its name. Raises NetworkError."""
        self._need_unit(PLAIN_SOCKET)
        self.use_sockets((PLAIN_SOCKET,), ())
        self._announce(is_https=self.is_enabled(ENCRYPTED_SOCKET))

    def switch_off(self) -> None:
        """Serve the page only on this machine again. Raises NetworkError."""
        self._need_unit(PLAIN_SOCKET)
        self._file.unlink(missing_ok=True)
        self.use_sockets((), (PLAIN_SOCKET, ENCRYPTED_SOCKET))

    def switch_https(self, *, is_on: bool) -> bool:
        """Add https at port 443 to a page on the network, or remove it. Returns whether the page is on the network, and
        so was restarted. Raises NetworkError.
        """
        self._need_unit(ENCRYPTED_SOCKET)
        if not self.is_enabled(PLAIN_SOCKET):
            return False
        self.use_sockets(*(((ENCRYPTED_SOCKET,), ()) if is_on else ((), (ENCRYPTED_SOCKET,))))
        self._announce(is_https=is_on)
        return True

    def use_sockets(self, wanted: Sequence[str], unwanted: Sequence[str]) -> None:
        """Enable and disable these sockets, then start the page with what is enabled.

        systemd passes sockets on when a service starts, and opens none for a running service. So all of them are closed
        first, even before the page stops: otherwise a visitor would start it again.
        """
        self.systemctl(("stop", LOCAL_SOCKET, PLAIN_SOCKET, ENCRYPTED_SOCKET))
        self.systemctl(("stop", PAGE_SERVICE))
        try:
            if unwanted:
                self.systemctl(("disable", "--now", *unwanted))
            if wanted:
                self.systemctl(("enable", "--now", *wanted))
        except NetworkError:
            if wanted:  # an enabled socket that fails to open would keep the page from starting at every boot
                self.systemctl(("disable", *wanted))
            raise
        finally:
            enabled = [one for one in (PLAIN_SOCKET, ENCRYPTED_SOCKET) if self.is_enabled(one)]
            self.systemctl(("start", *enabled, PAGE_SERVICE))

    def is_enabled(self, unit: str) -> bool:
        """Whether systemd starts this unit at boot."""
        links = self.machine.root / "etc/systemd/system/sockets.target.wants" / unit
        return links.is_symlink() or links.exists()

    def status(self, names: Sequence[str] = ()) -> NetworkStatus:
        """Where the page is now; `names` are the configured host names."""
        is_on, is_https = self.is_enabled(PLAIN_SOCKET), self.is_enabled(ENCRYPTED_SOCKET)
        port = HTTPS_PORT if is_https else HTTP_PORT
        addresses = self.machine.page_addresses("0.0.0.0", port, names, is_https=is_https) if is_on else []
        return NetworkStatus(is_on, is_https, tuple(addresses), tuple(self._faults()) if is_on else ())

    def switch_as_requested(self, request: Path) -> bool | None:
        """Do what the page has requested in this file, and remove it; `None` if it is not a request.

        A process that can write there can switch the network and nothing else: the file is `on` or `off`.
        """
        wanted = _read_request(request)
        try:
            request.unlink(missing_ok=True)
        except OSError as error:
            raise NetworkError(f"{request} cannot be removed ({error.strerror}): remove it by hand.") from error
        if wanted == ON:
            self.switch_on()
        elif wanted == OFF:
            self.switch_off()
        return {ON: True, OFF: False}.get(wanted)

    @property
    def _file(self) -> Path:
        return self.machine.root / AVAHI_FILE

    def _announce(self, *, is_https: bool) -> None:
        """Write Avahi's service file; without Avahi the page is only found by its address."""
        if not self._file.parent.is_dir():
            return
        try:
            self._file.write_text(service_file(is_https=is_https), encoding="utf-8")
            self._file.chmod(0o644)  # Avahi runs as another user, and the umask may be strict
        except OSError as error:
            raise NetworkError(f"{self._file} cannot be written ({error.strerror}): use sudo.") from error

    def _need_unit(self, unit: str) -> None:
        if not any((self.machine.root / directory / unit).exists() for directory in UNIT_DIRECTORIES):
            raise NetworkError(f"{unit} is not installed: systemd/README.md says how to install the station.")

    def _faults(self) -> list[str]:
        faults = []
        if not self.machine.home_addresses():
            faults.append("This machine is not on a network: connect its cable or its Wi-Fi.")
        if not self.machine.is_announced:
            faults.append(
                f"Nobody answers for {self.machine.local_name}: type `sudo apt-get install avahi-daemon`, or use the "
                "numeric address."
            )
        elif not self._file.exists():
            faults.append("Avahi does not announce the page: type `sudo station network on` again.")
        return faults


def service_file(*, is_https: bool) -> str:
    """Avahi's description of the page, for programs that list web pages. It names only the machine."""
    ports = [("_http._tcp", HTTP_PORT), *([("_https._tcp", HTTPS_PORT)] if is_https else [])]
    services = "".join(
        f'  <service protocol="ipv4">\n    <type>{kind}</type>\n    <port>{port}</port>\n  </service>\n'
        for kind, port in ports
    )
    return (
        '<?xml version="1.0" standalone="no"?>\n<!DOCTYPE service-group SYSTEM "avahi-service.dtd">\n'
        "<!-- Written by `station network on`, removed by `station network off`. -->\n"
        f'<service-group>\n  <name replace-wildcards="yes">Slant board station (%h)</name>\n{services}'
        "</service-group>\n"
    )


def _read_request(file: Path) -> str:
    """The text of a request; empty for a link, a folder or a long file."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        return os.read(descriptor, MAX_REQUEST_BYTES).decode("ascii", "replace").strip()
    except OSError:
        return ""
    finally:
        os.close(descriptor)
