"""A station as a process of its own on a simulated board: controlled through its page, and watched as systemd would."""

from __future__ import annotations

import http.client
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
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


class Running:
    """A running `station run`. `notifications` are the datagrams for systemd."""

    def __init__(self, config: Path) -> None:
        self.notifications: list[str] = []
        address = str(config.with_name("notify"))
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(address)
        self._process = station("run", "--config", str(config), NOTIFY_SOCKET=address)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://localhost:(\d+)", line)
        assert found, line + self._read_rest()
        self.port = int(found[1])
        self._cookies: dict[str, str] = {}

    def _read_rest(self) -> str:
        self._process.kill()
        return "".join(self._process.communicate(timeout=BOUND_S))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate(timeout=BOUND_S)
        self._notify.close()

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
            assert answer.status == 303, answer.read()

    def receive_notifications(self, count: int, seconds: float) -> None:
        """Collect the notifications for systemd until there are so many, for no longer than this time."""
        until = time.monotonic() + seconds
        while len(self.notifications) < count:
            if not select.select([self._notify], [], [], max(0.0, until - time.monotonic()))[0]:
                return
            self.notifications.append(self._notify.recv(1024).decode())

    def send_signal(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal and wait for the end; returns the exit status and standard error."""
        self._process.send_signal(number)
        return self.wait_for_exit()

    def wait_for_exit(self) -> tuple[int, str]:
        """Wait for the end; returns the exit status and standard error."""
        _, error = self._process.communicate(timeout=BOUND_S)
        self.receive_notifications(sys.maxsize, 0.0)  # all that it has sent
        return self._process.returncode, error
