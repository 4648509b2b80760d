"""Notifies systemd: ready, alive, stopping. Without systemd it does nothing."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


class Notifier:
    """Sends sd_notify's datagrams to `$NOTIFY_SOCKET`."""

    def __init__(self) -> None:
        self._path = os.environ.get("NOTIFY_SOCKET")
        self._watchdog_us = os.environ.get("WATCHDOG_USEC")

    @property
    def is_heard(self) -> bool:
        """Whether systemd has started this process, and would restart it."""
        return self._path is not None

    def allow(self, us: int) -> str:
        """A line that allows this much time between watchdog feeds, until `allow_as_usual`; empty without one."""
        return "" if self._watchdog_us is None else f"\nWATCHDOG_USEC={us}"

    def allow_as_usual(self) -> str:
        """A line that restores the unit's own watchdog interval."""
        return "" if self._watchdog_us is None else f"\nWATCHDOG_USEC={self._watchdog_us}"

    def notify(self, message: str) -> None:
        """Send one message, such as `READY=1`."""
        if self._path is None:
            return
        address = "\0" + self._path[1:] if self._path.startswith("@") else self._path
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as talk:
            talk.setblocking(False)  # a service manager that does not read must not block the loop
            talk.connect(address)
            talk.send(message.encode())
