"""The board's process restores a backup that a page requests, and restarts with it."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import Future
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from station.config import parse
from station.store import Reader, Store
from station.store.exchange.export_read import ImportRefusedError
from station.store.swap import restore_report
from station.system.page_process import _connect
from station.system.service import Service
from station.system.simulate import simulated
from station.wire.page_side import RemoteStation
from tests.crash.damage import make_database
from tests.station.process import ServiceManager, configured, station, wait_until
from tests.station.store.histories import FIT, HandClock

WAIT_S = 60


def service_on(path: Path) -> Service:
    text = f'[board]\nheels = "comparator"\n[store]\npath = "{path}"\n'
    return Service(simulated(parse(text, "live.toml")))


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    (tmp_path / "other").mkdir()
    make_database(tmp_path / "other" / "station.db")
    return tmp_path / "other" / "station.db"


def test_a_restore_ends_the_loop_and_the_next_one_has_the_backup(tmp_path: Path, backup: Path) -> None:
    """The page gets its answer before the loop ends; the former database stays."""
    path = tmp_path / "live.db"
    with Store.open(path, clock=HandClock()) as store:
        store.add_person("Cleo")
    service = service_on(path)
    running = service.open(page=False)
    loop = threading.Thread(target=service.run)
    loop.start()
    with Store.open(backup, clock=HandClock()) as store:
        calibration = store.add_calibration(FIT)
    running.restore_backup(str(backup), "Mon 30 Nov 2026, on the stick", same_board=True).result(WAIT_S)
    loop.join(WAIT_S)
    assert not loop.is_alive()
    service.close()
    assert service.restore()
    again = service_on(path)
    again.open(page=False)
    report = restore_report(path, datetime.now(UTC))
    assert report is not None
    assert "the owner's browser replaced the database with a backup: Mon 30 Nov 2026, on the stick." in report
    try:
        assert [one.name for one in again.store.people()] == ["Ann", "Bea"]
        assert again.store.current_calibration().id == calibration
        again.close()
        assert not again.restore()
    finally:
        again.close()
    with Store.open(path.with_name("live.db.before-restore"), clock=HandClock()) as store:
        assert [one.name for one in store.people()] == ["Cleo"]


def test_a_bad_backup_changes_nothing(tmp_path: Path, backup: Path) -> None:
    """It is refused with a sentence, and the station keeps running."""
    backup.write_bytes(backup.read_bytes()[:50_000])
    service = service_on(tmp_path / "live.db")
    running = service.open(page=False)
    loop = threading.Thread(target=service.run)
    loop.start()
    try:
        with pytest.raises(ImportRefusedError, match="is damaged"):
            running.restore_backup(str(backup), "Mon 30 Nov 2026, on the stick").result(WAIT_S)
        assert loop.is_alive()
        assert running.restoring.staged is None
    finally:
        running.stop()
        loop.join(WAIT_S)
        service.close()
    assert not service.restore()


def test_the_process_starts_again_on_the_backup_and_the_page_finds_it(tmp_path: Path, backup: Path) -> None:
    """A page on the board's socket requests it; systemd gets no stop, and the page reconnects automatically.

    Between the two loops the watchdog has the hour of a start.
    """
    revisions: list[int | None] = []
    with closing(ServiceManager(tmp_path)) as systemd:
        config = configured(tmp_path)
        environment = {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "10000000"}
        board = station("run", "--no-page", "--config", str(config), **environment)
        page = RemoteStation(partial(_connect, tmp_path / "page.sock"), revisions.append, lambda: None)
        try:
            wait_until(lambda: (tmp_path / "page.sock").exists(), "the board listens")
            page.start()
            assert page.arrived.wait(WAIT_S)
            restoring: Future[None] = page.api.restore_backup(str(backup), "Mon 30 Nov 2026, on the stick")
            restoring.result(WAIT_S)
            wait_until(lambda: len(revisions) > 1 and revisions.count(None) > 2, "the page is connected again", WAIT_S)
            with Reader.open(tmp_path / "station.db") as reader:
                assert [one.name for one in reader.people()] == ["Ann", "Bea"]
        finally:
            page.close()
            board.send_signal(signal.SIGTERM)
            _, complaints = board.communicate(timeout=WAIT_S)
        assert (board.returncode, complaints) == (0, "")
    alive = "WATCHDOG=1"
    assert [word for word in systemd.notifications if word != alive] == [
        "READY=1\nWATCHDOG_USEC=10000000",
        f"{alive}\nWATCHDOG_USEC=3600000000",
        "READY=1\nWATCHDOG_USEC=10000000",
        "STOPPING=1",
    ]
    assert systemd.notifications[-1] == "STOPPING=1"
