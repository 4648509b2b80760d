"""The machine's board from outside: the wall's distance, the heels' loads, the cables."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any


class BoardError(Exception):
    """The board refused a command, or does not answer."""


class Board:
    """A client of the board's line protocol: one command a line, answered with `ok {json}` or `error text`.

    `where` is a TCP port on 127.0.0.1, a file that contains one, or a Unix socket. It connects on demand, so the
    machine may disappear and return.
    """

    def __init__(self, where: str, timeout_s: float = 5.0) -> None:
        self._where = where
        self._timeout_s = timeout_s
        self._talk: socket.socket | None = None

    def __call__(self, *words: object) -> dict[str, Any]:
        """Send one command and return its answer. Raises BoardError."""
        line = " ".join(map(str, words))
        try:
            answer = self._ask(line)
        except OSError:
            self.close()
            try:
                answer = self._ask(line)
            except OSError as error:
                self.close()
                raise BoardError(f"The board does not answer at {self._where} ({error}).") from error
        kind, _, rest = answer.partition(" ")
        if kind != "ok":
            raise BoardError(f"The board refused {line!r}: {rest}")
        found: dict[str, Any] = json.loads(rest)
        return found

    def _ask(self, line: str) -> str:
        talk = self._talk or self._connect()
        self._talk = talk
        talk.sendall(line.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            got = talk.recv(65_536)
            if not got:
                raise ConnectionResetError("the machine is gone")
            answer += got
        return answer.decode().rstrip("\n")

    def _connect(self) -> socket.socket:
        path = Path(self._where)
        if self._where.isdecimal() or path.is_file():
            port = int(self._where if self._where.isdecimal() else path.read_text())
            return socket.create_connection(("127.0.0.1", port), self._timeout_s)
        talk = socket.socket(socket.AF_UNIX)
        talk.settimeout(self._timeout_s)
        talk.connect(self._where)
        return talk

    def close(self) -> None:
        if self._talk is not None:
            self._talk.close()
            self._talk = None

    def wait(self, limit_s: float) -> None:
        """Wait until the board answers. Raises BoardError after `limit_s`."""
        until = time.monotonic() + limit_s
        while True:
            try:
                self("time")
                return
            except BoardError:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.2)
