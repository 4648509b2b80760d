"""A station as a process of its own on a simulated board: controlled through its page, and watched as systemd would."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
BOUND_S = 20.0


def wait_until(condition: Callable[[], bool], what: str, seconds: float = BOUND_S) -> None:
    """Wait until the condition is true; fail with `what` after the deadline."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.01)


def delays(measure: Callable[[], int], limit_us: int) -> list[int]:
    """Up to three measurements of a delay in µs, until one is within the limit.

    Another program can only add to a delay: a part that is late by itself is late each time.
    """
    found: list[int] = []
    while len(found) < 3 and min(found, default=limit_us + 1) > limit_us:
        found.append(measure())
    return found


def free_port() -> int:
    """A port that is free, and that the kernel gives nobody who takes any: a server finds it so when it starts."""
    first_of_any = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    while True:
        port = SystemRandom().randrange(first_of_any - 8_000, first_of_any)
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def configured(directory: Path, wiring: str = "", *, port: int = 0, database: Path | None = None) -> Path:
    """Write a configuration for a simulated board with comparators to this directory."""
    path = directory / "station.toml"
    path.write_text(
        f'[board]\nsimulated = true\nheels = "comparator"\n{wiring}\n[page]\nport = {port}\n'
        f'[store]\npath = "{database or directory / "station.db"}"\n',
        encoding="utf-8",
    )
    return path


def station(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start the program."""
    return subprocess.Popen(
        [sys.executable, "-m", "station.cli", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


END = b""
"""No notification: a manager's own last datagram."""


class ServiceManager:
    """A systemd, as far as it is notified: `notifications` are the datagrams at its socket, whose `address` it is.

    A thread reads them as they come: the socket holds ten, and the station drops what it cannot send.
    """

    def __init__(self, directory: Path) -> None:
        self.notifications: list[str] = []
        self.address = str(directory / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while (message := self._socket.recv(1024)) != END:
            self.notifications.append(message.decode())

    def close(self) -> None:
        """Read what has been sent, and end; may be called again."""
        if self._reader.is_alive():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
                own.sendto(END, self.address)
            self._reader.join()
            self._socket.close()
            Path(self.address).unlink()


class Running:
    """A running `station run`. `notifications` are what systemd gets of it."""

    def __init__(self, config: Path) -> None:
        self._manager = ServiceManager(config.parent)
        self.notifications = self._manager.notifications
        self._process = station("run", "--config", str(config), NOTIFY_SOCKET=self._manager.address)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://localhost:(\d+)", line)
        assert found, line + self._read_rest()
        self.port = int(found[1])
        self._cookies: dict[str, str] = {}

    def _read_rest(self) -> str:
        self._process.kill()
        self._manager.close()
        return "".join(self._process.communicate(timeout=BOUND_S))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate(timeout=BOUND_S)
        self._manager.close()

    def post(self, address: str, **form: str) -> None:
        """Press a button of the page."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=BOUND_S)) as page:
            if not self._cookies:  # the first visit of a simulated board lets its browser in
                page.request("GET", "/more")
                answer = page.getresponse()
                answer.read()
                self._cookies = {"Cookie": str(answer.headers["Set-Cookie"]).partition(";")[0]}
            headers = self._cookies | {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://127.0.0.1:{self.port}",
            }
            page.request("POST", address, urlencode(form), headers)
            answer = page.getresponse()
            assert answer.status == 303, (answer.status, answer.read())

    def send_signal(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal and wait for the end; returns the exit status and standard error."""
        self._process.send_signal(number)
        return self.wait_for_exit()

    def wait_for_exit(self) -> tuple[int, str]:
        """Wait for the end; returns the exit status and standard error."""
        _, error = self._process.communicate(timeout=BOUND_S)
        self._manager.close()
        return self._process.returncode, error
