"""Board and page as two processes: each outlives the other, regardless of what started them."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from station.config import load
from station.store import Reader
from station.system.page_child import PageChild
from station.system.page_process import SOCKET_NAME
from station.wire.page_side import AWAY
from tests.station.process import BOUND_S, ROOT, Running, configured, free_port, wait_until


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command of the program, killed at the end."""
    command = (sys.executable, "-m", "station.cli", *arguments)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


COOKIES: dict[int, dict[str, str]] = {}
"""The cookie of each port's browser."""


def pair_browser(port: int) -> dict[str, str]:
    """The first visit of a simulated board lets its browser in."""
    if port not in COOKIES:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND_S)) as page:
            page.request("GET", "/more")
            answer = page.getresponse()
            answer.read()
        if answer.headers["Set-Cookie"] is None:
            return {}
        COOKIES[port] = {"Cookie": str(answer.headers["Set-Cookie"]).partition(";")[0]}
    return COOKIES[port]


def page_text(port: int) -> str | None:
    """The first page; `None` without an answer."""
    with suppress(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND_S)) as page:
        page.request("GET", "/")
        return page.getresponse().read().decode()
    return None


def status(port: int) -> dict[str, Any] | None:
    """The API's status of the station; `None` without an answer or a status."""
    unanswered = suppress(OSError, http.client.HTTPException, json.JSONDecodeError)
    with unanswered, closing(http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND_S)) as page:
        page.request("GET", "/api/v1/status", headers=pair_browser(port))
        found: dict[str, Any] = json.loads(page.getresponse().read())
        return found
    return None


def post(port: int, address: str, **form: str) -> tuple[int, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND_S)) as page:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{port}"}
        page.request("POST", address, urlencode(form), headers | pair_browser(port))
        answer = page.getresponse()
        return answer.status, answer.read().decode()


def sentences(port: int) -> list[str]:
    """The faults that the page reports."""
    found = status(port)
    return [] if found is None else [one["sentence"] for one in found.get("faults", [])]


def is_well(port: int) -> bool:
    """Whether the page shows a board that works."""
    found = status(port)
    details: Any = (found or {}).get("details")  # a refusal has none
    return found is not None and bool(details) and details["snapshot_age_s"] < 2 and found["ok"]


def test_page_outlives_the_board_and_the_board_its_page(tmp_path: Path) -> None:
    """As systemd runs them. The board is killed: the page says so, refuses a write with a sentence, and connects to
    the next board. The page is killed: the board keeps running, and the next page shows the stored data."""
    port = free_port()
    config = str(configured(tmp_path, port=port))
    with started("page", "--config", config) as page:
        wait_until(lambda: page_text(port) is not None, "no page")
        assert "<h1" in (page_text(port) or "")
        with started("run", "--no-page", "--config", config) as board:
            wait_until(lambda: is_well(port), "the page has not connected")
            assert post(port, "/settings", hold_s="41")[0] == 303
            board.send_signal(signal.SIGKILL)
            board.wait()
        wait_until(lambda: sentences(port) == [AWAY], "the page says nothing")
        code, text = post(port, "/settings", hold_s="42")
        assert (code, "does not respond" in text) == (503, True)
        with started("run", "--no-page", "--config", config) as board:
            wait_until(lambda: is_well(port), "the page has not connected again")
            page.send_signal(signal.SIGKILL)
            page.wait()
            with started("page", "--config", config):
                wait_until(lambda: is_well(port), "the next page has not connected")
                assert post(port, "/settings", hold_s="43")[0] == 303
                assert board.poll() is None
    with Reader.open(tmp_path / "station.db") as reader:
        assert reader.settings().hold_s == 43


def test_board_without_a_page_has_no_address(tmp_path: Path) -> None:
    """With --no-page the board's process opens no network socket; the page's socket is its group's alone."""
    with started("run", "--no-page", "--config", str(configured(tmp_path, port=free_port()))) as board:
        wait_until(lambda: is_connectable(tmp_path / SOCKET_NAME), "no socket")
        inodes = {
            found[1]
            for link in Path(f"/proc/{board.pid}/fd").iterdir()
            if (found := re.fullmatch(r"socket:\[(\d+)\]", target_of(link)))
        }
        listed = (Path(f"/proc/{board.pid}/net/{kind}").read_text() for kind in ("tcp", "tcp6", "udp", "udp6"))
        assert not [line for text in listed for line in text.splitlines()[1:] if line.split()[9] in inodes]
        assert (tmp_path / SOCKET_NAME).stat().st_mode & 0o777 == 0o660
        board.send_signal(signal.SIGTERM)
        assert board.wait(BOUND_S) == 0
    assert not (tmp_path / SOCKET_NAME).exists()


def is_connectable(path: Path) -> bool:
    """Whether the board accepts pages there: then the socket has its mode, too."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as page:
        return page.connect_ex(str(path)) == 0


def target_of(link: Path) -> str:
    """What an open file of a process that runs is; empty if it has just been closed."""
    with suppress(FileNotFoundError):
        return os.readlink(link)
    return ""


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def test_a_page_that_crashes_is_started_again(tmp_path: Path) -> None:
    """The board that started it keeps running, says so, and starts another one at the same address."""
    with Running(configured(tmp_path)) as running:
        pid = running._process.pid
        (page,) = children(pid)
        os.kill(page, signal.SIGKILL)
        wait_until(lambda: page not in children(pid), "the board has not noticed")
        wait_until(lambda: is_well(running.port), "there is no other page", 2 * BOUND_S)


def test_a_page_ends_with_its_board(tmp_path: Path) -> None:
    """A killed board leaves no page behind that keeps the address."""
    with Running(configured(tmp_path)) as running:
        running.send_signal(signal.SIGKILL)
        wait_until(lambda: status(running.port) is None, "the page is left")


def test_page_loads_nothing_from_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory in which a person types the command may have files named as the page's libraries are."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    for name in ("flask", "json", "station"):
        Path(f"{name}.py").write_text(f"open('loaded-{name}', 'w').close()", encoding="ascii")
    child = PageChild()
    try:
        child.configure(load(configured(tmp_path)))
        assert child.wait_until_ready()
    finally:
        child.stop()
    assert list(tmp_path.glob("loaded-*")) == []


def test_page_refuses_a_taken_port(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        done = subprocess.run(
            (sys.executable, "-m", "station.cli", "page", "--config", str(configured(tmp_path, port=port))),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=BOUND_S,
            check=False,
        )
    assert done.returncode == 1
    assert f"port {port}: another program uses it" in done.stderr
    assert len(done.stderr.splitlines()) == 1
