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
        """Whether systemd has started this process, and would start it again."""
        return self._path is not None

    def allow(self, us: int) -> str:
        """The line that lets the next feed of the watchdog take so long, until `allow_as_usual`; empty without one."""
        return "" if self._watchdog_us is None else f"\nWATCHDOG_USEC={us}"

    def allow_as_usual(self) -> str:
        """The line that asks for a feed as often as the unit does."""
        return "" if self._watchdog_us is None else f"\nWATCHDOG_USEC={self._watchdog_us}"

    def notify(self, message: str) -> None:
        """Send one message, such as `READY=1`."""
        if self._path is None:
            return
        address = "\0" + self._path[1:] if self._path.startswith("@") else self._path
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as talk:
            talk.setblocking(False)  # a service manager that does not read must not stop the loop
            talk.connect(address)
            talk.send(message.encode())
