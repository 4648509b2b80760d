"""UUIDv7 identifiers (RFC 9562, section 5.7): they sort by time and never clash between stations.

Those made by one process in the same millisecond sort in the order of their making (section 6.2, method 2).

Python has them since 3.14.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from random import Random
from threading import Lock

from station.clock import Clock

IdFactory = Callable[[], str]

_RANDOM_BITS = 74


class _Last:
    """The last identifier made in this process; its lock is held while the next one is made."""

    lock = Lock()
    unix_ms = random = 0


def uuid7() -> str:
    """A new identifier, from the machine's own clock and randomness."""
    with _Last.lock:
        unix_ms = time.time_ns() // 1_000_000
        if unix_ms == _Last.unix_ms:
            _Last.random += 1
        else:  # the highest bit stays free, so that additions never overflow
            _Last.unix_ms, _Last.random = unix_ms, secrets.randbits(_RANDOM_BITS - 1)
        return _uuid7(_Last.unix_ms, _Last.random)


def seeded_ids(clock: Clock, seed: int) -> IdFactory:
    """A factory that returns the same identifiers for the same clock and seed, for simulated histories."""
    random = Random(seed)

    def new_id() -> str:
        return _uuid7(int(clock.utc_now().timestamp() * 1000), random.getrandbits(_RANDOM_BITS))

    return new_id


def _uuid7(unix_ms: int, random: int) -> str:
    high, low = random >> 62, random & ((1 << 62) - 1)
    return str(uuid.UUID(int=unix_ms << 80 | 7 << 76 | high << 64 | 0b10 << 62 | low))
