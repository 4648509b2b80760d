"""The sockets on which the page listens: its own, or those that systemd opened for it on ports below 1024."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import MutableMapping

from msgspec import Struct

from station.app.page_error import PageError, PermanentPageError
from station.config import PageConfig
from station.network import EVERYWHERE, is_loopback_host

BACKLOG = 128
FIRST_INHERITED = 3
"""The first file descriptor of the sockets that systemd passes (sd_listen_fds(3))."""
PLAIN_NAME = "http"
"""The `FileDescriptorName` of a socket that stays plain http beside https."""


class Listener(Struct, frozen=True):
    """A listening socket, and whether it speaks https."""

    socket: socket.socket
    is_https: bool = False

    @property
    def host(self) -> str:
        """The address it listens on; a Unix socket counts as this machine's."""
        return str(self.socket.getsockname()[0]) if self.socket.family != socket.AF_UNIX else "localhost"

    @property
    def port(self) -> int:
        """Its port, 0 for a Unix socket."""
        return int(self.socket.getsockname()[1]) if self.socket.family != socket.AF_UNIX else 0

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host not in EVERYWHERE and is_loopback_host(self.host)


def listen(page: PageConfig) -> socket.socket:
    """A socket that listens as configured.

    Raises PageError if the address is not available, PermanentPageError if this process may not open it.
    """
    family = socket.AF_INET6 if ":" in page.host else socket.AF_INET
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise PermanentPageError(_bind_error_text(page, error)) from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((page.host, page.port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise PageError(_bind_error_text(page, error)) from error
    listener.setblocking(False)
    return listener


def inherited_sockets(environment: MutableMapping[str, str] = os.environ) -> dict[str, list[socket.socket]]:
    """The listening sockets that systemd passed to this process, by name; empty if none.

    They are taken once: the environment variables are removed, so that no child takes the sockets for its own. Raises
    PageError if one is not a listening socket.
    """
    process, count = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "0")
    names = environment.pop("LISTEN_FDNAMES", "").split(":")
    if process != str(os.getpid()) or not count.isdecimal():
        return {}
    found: dict[str, list[socket.socket]] = {}
    for index in range(int(count)):
        name = names[index] if index < len(names) else ""
        found.setdefault(name, []).append(_listening_socket(FIRST_INHERITED + index, name))
    return found


def _listening_socket(descriptor: int, name: str) -> socket.socket:
    try:
        given = socket.socket(fileno=descriptor)
        if given.type != socket.SOCK_STREAM or not given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise PageError(f"systemd's socket {name!r} is not for the page: it needs ListenStream= and Accept=no.")
    except OSError as error:
        raise PageError(f"systemd's socket {name!r} cannot be used ({error.strerror}).") from error
    given.set_inheritable(False)
    given.setblocking(False)
    return given


def _bind_error_text(page: PageConfig, error: Exception) -> str:
    where = f"{page.host} port {page.port}"
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return (
            f"The page cannot use {where}: another program uses it. Stop that program or choose another port "
            "([page] port in the configuration, --port of a demonstration)."
        )
    if number == errno.EAFNOSUPPORT:
        return (
            f"The page cannot use {where}: this machine has no such network, or systemd's unit of the page handed over "
            "no socket (station-page-local.socket)."
        )
    if number == errno.EACCES:
        return f"The page may not use {where}: choose a [page] port of 1024 or more."
    return f"The page cannot use {where}: {error}. Choose another [page] host or port."
