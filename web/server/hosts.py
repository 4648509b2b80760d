"""The host names and addresses that the page answers to, refreshed while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from station.network import Address, Machine, parse_address

REFRESH_S = 5.0
"""How long the list of the machine's own names and addresses is cached: a flood of wrong names reads it no more often.
"""


class AllowedHosts:
    """The host names that the page answers to: the configured `names`, and the machine's own.

    On a network these are its host names and the addresses of its interfaces, which change with the router. A page that
    listens only on the loopback interface answers to loopback addresses only.
    """

    def __init__(
        self,
        names: frozenset[str],
        *,
        loopback_only: bool,
        machine: Machine = Machine(),  # noqa: B008  immutable
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._names = names | {"localhost"}
        self._loopback_only = loopback_only
        self._machine = machine
        self._now_s = now_s
        self._own: frozenset[str | Address] = frozenset()
        self._read_at_s: float | None = None

    def is_allowed(self, host: str) -> bool:
        """Whether a `Host` header's value (with or without a port) is this station."""
        name = host_name(host)
        if name is None:
            return False
        if name in self._names:
            return True
        address = parse_address(name)
        if address is not None and address.is_loopback:
            return True
        return not self._loopback_only and (name if address is None else address) in self._own_now()

    def _own_now(self) -> frozenset[str | Address]:
        now_s = self._now_s()
        if self._read_at_s is None or now_s - self._read_at_s >= REFRESH_S:
            self._own = frozenset({self._machine.name, self._machine.local_name, *self._machine.addresses()})
            self._read_at_s = now_s
        return self._own


def host_name(host: str) -> str | None:
    """The name in a `Host` header in lower case, without port, brackets and trailing dot; `None` if it is invalid."""
    try:
        parts = urlsplit(f"//{host}")
        is_whole = parts.netloc == host and "@" not in host and (parts.port is None or parts.port > 0)
        return ((parts.hostname or "").rstrip(".") or None) if is_whole else None
    except ValueError:
        return None
