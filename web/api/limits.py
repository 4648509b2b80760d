"""Rate limits for each token and each address: a burst of requests, then a steady rate."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from math import ceil
from threading import Lock

from msgspec import Struct

from station.clock import Clock
from station.core.events import SECOND_US

MAX_KEYS = 512
"""How many tokens and addresses are remembered; the least recently used is forgotten first."""
IPV6_NETWORK_BITS = 64
"""One machine has all addresses of such a network."""


class Limit(Struct, frozen=True):
    """`burst` requests at once, then `per_s` a second."""

    burst: float
    per_s: float


TOKEN_LIMIT = Limit(60, 2)
"""A program that asks once a second never reaches it; ten years of results in pages of 100 take some 40 requests."""
ADDRESS_LIMIT = Limit(120, 4)
"""A home may have several programs and browsers behind one address."""


class RateLimiter:
    """Limits requests by key. Thread-safe; its memory is bounded by `MAX_KEYS`."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._limit, self._clock = limit, clock
        self._left: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._left)

    def take(self, key: str) -> int:
        """Count a request. Returns 0 if it is allowed, else the seconds to wait."""
        now_us = self._clock.now_us()
        with self._lock:
            left, at_us = self._left.pop(key, (self._limit.burst, now_us))
            left = min(self._limit.burst, left + (now_us - at_us) / SECOND_US * self._limit.per_s)
            is_allowed = left >= 1
            self._left[key] = (left - 1 if is_allowed else left, now_us)
            if len(self._left) > MAX_KEYS:
                self._left.popitem(last=False)
        return 0 if is_allowed else ceil((1 - left) / self._limit.per_s)


def address_key(address: str | None) -> str:
    """The key of a source address: itself, or the network of an IPv6 address."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, IPV6_NETWORK_BITS), strict=False))
