"""Switches https on and off: the authority's certificate, and how systemd hands it to the page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field

from station.network import AUTHORITY_FILE, PAGE_FILE, Machine
from station.system.authority import Authority, AuthorityError, Names, PageCertificate
from station.system.home_network import PAGE_SERVICE, HomeNetwork, NetworkError
from station.system.wall_clock import EARLIEST_DATE

DIRECTORY = Path("etc/station/tls")
DROP_IN = Path(f"etc/systemd/system/{PAGE_SERVICE}.d/tls.conf")
TIMER = "station-tls.timer"


class Encryption(Struct, frozen=True):
    """The https of one machine's page."""

    network: HomeNetwork = field(default_factory=HomeNetwork)

    @property
    def machine(self) -> Machine:
        return self.network.machine

    @property
    def authority(self) -> Authority:
        return Authority(self.machine.root / DIRECTORY)

    @property
    def is_on(self) -> bool:
        """Whether systemd hands a certificate to the page."""
        return (self.machine.root / DROP_IN).exists()

    def names(self, configured: Sequence[str]) -> Names:
        """The page's current names: the machine's name, the configured ones, its addresses.

        The name without `.local` is included only if the authority vouches for it: for a renamed machine it does not,
        and phones should not need another authority for that.
        """
        own = self.machine.name
        bare = (own,) if not self.authority.exists or self.authority.vouches_for(own) else ()
        hosts = dict.fromkeys((self.machine.local_name, *bare, *(one.lower() for one in configured)))
        return Names(tuple(hosts), tuple(self.machine.home_addresses()))

    def switch_on(self, configured: Sequence[str], now: datetime, *, new_authority: bool = False) -> PageCertificate:
        """Make what is missing, and serve the page over https. Raises AuthorityError or NetworkError."""
        if now < EARLIEST_DATE:
            raise AuthorityError(
                f"The clock shows {now:%Y-%m-%d}: set it first, because a certificate is valid between two dates."
            )
        if new_authority or not self.authority.exists:
            self.authority.create(self.machine.name, [one.lower() for one in configured], now)
        self.authority.issue(self.names(configured), now)
        self._hand_over()
        if not self.network.switch_https(is_on=True):
            self._restart()
        self.network.systemctl(("enable", "--now", TIMER))
        return self.certificate()

    def switch_off(self) -> None:
        """Serve the page over plain http again; the authority stays, so that phones need not install another one."""
        drop_in = self.machine.root / DROP_IN
        drop_in.unlink(missing_ok=True)
        with suppress(OSError):
            drop_in.parent.rmdir()
        self.network.systemctl(("daemon-reload",))
        if not self.network.switch_https(is_on=False):
            self._restart()
        self.network.systemctl(("disable", "--now", TIMER))

    def renew(self, configured: Sequence[str], now: datetime) -> str:
        """Make a new certificate if one is due, and return why; empty if none was."""
        reason = self.certificate().renewal_reason(self.names(configured), now)
        if reason:
            self.authority.issue(self.names(configured), now)
            self._restart()
        return reason

    def certificate(self) -> PageCertificate:
        """The current certificate. Raises AuthorityError if there is none."""
        found = self.authority.page_certificate()
        if found is None:
            raise AuthorityError("There is no certificate yet: type sudo station tls on.")
        return found

    def _hand_over(self) -> None:
        drop_in, directory = self.machine.root / DROP_IN, self.machine.root / DIRECTORY
        lines = ["# Written by `station tls on`, removed by `station tls off`.", "[Service]"]
        lines += [f"LoadCredential={name}:{directory / name}" for name in (PAGE_FILE, AUTHORITY_FILE)]
        try:
            drop_in.parent.mkdir(parents=True, exist_ok=True)
            drop_in.write_text("\n".join(lines) + "\n", encoding="utf-8")
        except OSError as error:
            raise NetworkError(f"{drop_in} cannot be written ({error.strerror}): use sudo.") from error
        self.network.systemctl(("daemon-reload",))

    def _restart(self) -> None:
        """Restart the page, because systemd passes on the certificate at its start; the board keeps running."""
        self.network.systemctl(("try-restart", PAGE_SERVICE))
