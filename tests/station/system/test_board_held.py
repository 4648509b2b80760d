"""A board that another process holds: the service runs without it, says so, and opens it once it is free."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.devices import _devices_shutdown
from msgspec.structs import replace

from station.app.snapshot import Snapshot
from station.config import Config, load
from station.devices import board_lock
from station.devices.board_lock import BoardHeldError
from station.devices.pins import edge_thread
from station.system.page_process import _connect
from station.system.self_check import STOP_SERVICE, checks
from station.system.service import WAITS_FOR_BOARD, Service
from station.wire.page_side import AWAY, RemoteStation
from tests.station.devices.kernel_rig import chip
from tests.station.process import BOUND_S, ServiceManager, configured, wait_until

__all__ = ["chip"]
HOLD = "import fcntl, sys; bus = open(sys.argv[1]); fcntl.flock(bus, fcntl.LOCK_EX); print(flush=True); input()"


@pytest.fixture
def holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the board."""
    monkeypatch.setattr(board_lock, "DEVICE", str(tmp_path / "i2c-{}"))
    bus = tmp_path / "i2c-1"
    bus.touch()
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(bus)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert held.stdout is not None
    assert held.stdout.readline() == "\n"
    yield held
    held.kill()
    held.communicate(timeout=BOUND_S)


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServiceManager]:
    with closing(ServiceManager(tmp_path)) as made:
        monkeypatch.setenv("NOTIFY_SOCKET", made.address)
        monkeypatch.setenv("WATCHDOG_USEC", "10000000")
        yield made


def config_of_pins(tmp_path: Path) -> Config:
    """The machine's own pins, and a bus without a sensor."""
    config = load(configured(tmp_path))
    return replace(config, board=replace(config.board, simulated=False))


def close_pins() -> None:
    """As at the end of a process."""
    if (edges := edge_thread()) is not None:
        Device.pin_factory = None
        _devices_shutdown()
        edges.close()


def has_parts(service: Service) -> bool:
    return service.devices is not None


def board_fault(now: Snapshot) -> str | None:
    return next((fault.sentence for fault in now.faults if fault.part == "board"), None)


@pytest.mark.usefixtures("chip")
def test_service_runs_while_another_process_holds_the_board(
    tmp_path: Path, holder: subprocess.Popen[str], systemd: ServiceManager
) -> None:
    """A page is served and says which process it is; nothing starts. Once the process has ended, the board opens."""
    service = Service(config_of_pins(tmp_path))
    station = service.open(page=False, socket_path=tmp_path / "page.sock")
    page = RemoteStation(partial(_connect, tmp_path / "page.sock"), lambda _revision: None, lambda: None)
    loop = threading.Thread(target=service.run)
    loop.start()
    try:
        page.start()
        wait_until(lambda: board_fault(page.snapshot()) != AWAY, "the page does not reach the board")
        wait_until(lambda: board_fault(page.snapshot()) is not None, "the board's fault is not shown")
        sentence = board_fault(page.snapshot()) or ""
        assert sentence.startswith("The program python")
        assert f"(process {holder.pid}) is using the board ({tmp_path / 'i2c-1'}): end it first." in sentence
        assert sentence.endswith(WAITS_FOR_BOARD)
        wait_until(lambda: systemd.notifications.count("WATCHDOG=1") >= 2, "the watchdog is not fed")
        assert systemd.notifications[:2] == [f"STATUS={sentence}", "READY=1\nWATCHDOG_USEC=10000000"]
        for request in (station.request_start("test", None), station.request_presence()):
            assert str(request.exception(BOUND_S)) == sentence
        assert str(station.start_bring_up(asks=False, is_empty=True).exception(BOUND_S)) == sentence
        assert not has_parts(service)
        holder.communicate("\n", timeout=BOUND_S)
        wait_until(lambda: board_fault(page.snapshot()) is None, "the board is not opened")
        assert has_parts(service)
        wait_until(lambda: {one.down for one in page.snapshot().heels} == {False}, "the heels are not read")
        assert station.request_start("stretch", None).result(BOUND_S).routine
        wait_until(lambda: "STATUS=" in systemd.notifications, "systemd still shows who has the board")
        with pytest.raises(BoardHeldError):
            board_lock.lock_board(1)
    finally:
        page.close()
        station.stop()
        loop.join(BOUND_S)
        service.close()
        close_pins()
    board_lock.lock_board(1)()


def test_station_in_a_terminal_does_not_wait_for_a_held_board(
    tmp_path: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person reads the sentence there."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    with pytest.raises(BoardHeldError, match=rf"\(process {holder.pid}\) is using the board"):
        Service(config_of_pins(tmp_path)).open(page=False)


def test_check_says_how_to_end_the_service(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    """Usually it is the station's service that has the board."""
    (found,) = [one for one in checks(config_of_pins(tmp_path)) if one.part == "board"]
    assert f"(process {holder.pid})" in found.sentence
    assert found.sentence.endswith(STOP_SERVICE)
