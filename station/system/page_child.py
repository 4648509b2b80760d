"""The page's process, started by the board's process if systemd does not start it."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from station.app.page_error import PageError

if TYPE_CHECKING:
    from station.config import Config  # loaded later, while the child loads too

ANSWER_S = 20.0
"""From its start until the page serves; a busy Pi Zero needs eight seconds."""
STOP_S = 5.0
NOT_FOR_CHILDREN = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}
"""Else each of the page's threads keeps its own freed memory."""
NO_ANSWER = "The page's process did not start; see the log above. The board carries on."


class PageChild:
    """A process that serves the page."""

    def __init__(self) -> None:
        """Start the process: it loads its program and waits for its configuration. Raises PageError."""
        self._config: Config | None = None
        self._connection: socket.socket | None
        self._connection, theirs = socket.socketpair()
        environment = {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHILDREN}
        with theirs:
            try:
                self._process = subprocess.Popen(  # -P: nothing is imported from the current directory
                    (sys.executable, "-P", "-m", "station.system", str(theirs.fileno())),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    pass_fds=(theirs.fileno(),),
                    env=FEW_ARENAS | environment,
                    start_new_session=True,  # Ctrl-C goes to the board, which then ends its page
                )
            except OSError as error:
                self._connection.close()
                raise PageError(f"The page's process cannot be started: {error}.") from error
        self.port = 0
        self.addresses: tuple[str, ...] = ()

    def configure(self, config: Config) -> None:
        """Let it open its page, and wait for the board on its own connection. Call it once."""
        import msgspec

        self._config = config
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has already ended, and its answer says why
            self._process.stdin.write(msgspec.json.encode(config) + b"\n")
            self._process.stdin.flush()

    def take_connection(self) -> socket.socket:
        """The board's end of the connection, which the caller now owns. Call it once."""
        connection, self._connection = self._connection, None
        assert connection is not None
        return connection

    def has_answered(self, within_s: float) -> bool:
        """Whether within this time it serves or has said why not."""
        assert self._process.stdout is not None
        return bool(select.select((self._process.stdout,), (), (), within_s)[0])

    def wait_until_ready(self) -> bool:
        """Wait until the page serves; false if no page is installed. Raises PageError."""
        stdout = self._process.stdout
        assert stdout is not None
        is_here = self.has_answered(ANSWER_S)
        line = stdout.readline() if is_here else b""
        found: dict[str, Any] = json.loads(line) if line else {"error": NO_ANSWER}
        if "error" in found:
            self.stop()
            raise PageError(found["error"])
        self.port, self.addresses = found["port"] or 0, tuple(found["addresses"])
        return self.port != 0

    @property
    def successor_config(self) -> Config:
        """The configuration for a successor at the same address, so that open browsers find it."""
        from msgspec.structs import replace

        assert self._config is not None
        return replace(self._config, page=replace(self._config.page, port=self.port))

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process; may be called again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
