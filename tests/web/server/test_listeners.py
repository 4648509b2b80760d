"""Sockets passed by a service manager, in real processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from station.app.api import PageError
from tests.tree import ROOT
from web.server.listeners import Listener, inherited_sockets

TAKE = """
import json, os, sys
os.environ["LISTEN_PID"] = sys.argv[1] if len(sys.argv) > 1 else str(os.getpid())
from station.app.api import PageError
from web.server.listeners import inherited_sockets
try:
    found = inherited_sockets()
except PageError as error:
    sys.exit(str(error))
left = [name for name in os.environ if name.startswith("LISTEN")]
again = inherited_sockets()
print(json.dumps([{name: [one.getsockname()[1] for one in given] for name, given in found.items()}, left, len(again)]))
"""


def take(sockets: list[socket.socket], names: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start a process with these sockets as descriptors from 3 on, as systemd does, and let it take them."""
    first = 3
    numbers = [one.fileno() for one in sockets]

    def place() -> None:
        copies = [os.dup(number) for number in numbers]
        for index, copy in enumerate(copies):
            os.dup2(copy, first + index)

    environment = {**os.environ, "LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": names, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        (sys.executable, "-c", TAKE, *arguments),
        env=environment,
        preexec_fn=place,
        close_fds=False,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def test_sockets_are_taken_once_by_their_names() -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain, socket.create_server(("127.0.0.1", 0)) as encrypted:
        done = take([plain, encrypted], "http:https")
        ports = {"http": [plain.getsockname()[1]], "https": [encrypted.getsockname()[1]]}
    assert json.loads(done.stdout) == [ports, [], 0], done.stderr


def test_sockets_for_another_process_are_not_taken() -> None:
    """A child of a socket-activated service inherits its environment, not its sockets."""
    with socket.create_server(("127.0.0.1", 0)) as plain:
        assert json.loads(take([plain], "http", "1").stdout) == [{}, [], 0]


def test_socket_that_does_not_listen_is_refused_with_a_sentence() -> None:
    with socket.socket() as idle:
        done = take([idle], "http")
    assert done.returncode == 1
    assert "systemd's socket 'http' is not for the page" in done.stderr


def test_missing_descriptor_is_refused_with_a_sentence() -> None:
    """No values of the two variables make the station fail with a traceback."""
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "one"}
    assert inherited_sockets(environment) == {}
    assert environment == {}
    with pytest.raises(PageError, match="cannot be used"):
        inherited_sockets({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "900", "LISTEN_FDNAMES": "x"})


def test_listener_knows_whether_it_is_loopback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as here, socket.create_server(("0.0.0.0", 0)) as everywhere:
        assert Listener(here).is_loopback
        assert not Listener(everywhere).is_loopback
    with socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "page"))
        assert (Listener(local).is_loopback, Listener(local).port) == (True, 0)
