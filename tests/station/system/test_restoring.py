"""The board's process puts a backup in place when a page asks for it, and starts again on it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from station.config import parse
from station.store import Store
from station.store.export_read import ImportRefusedError
from station.system.service import Service
from station.system.simulate import simulated
from tests.crash.damage import make_database
from tests.station.store.histories import HandClock

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
    """The page has its answer before the loop ends; the former database stays."""
    path = tmp_path / "live.db"
    with Store.open(path, clock=HandClock()) as store:
        store.add_person("Cleo")
    service = service_on(path)
    station = service.open(page=False)
    loop = threading.Thread(target=service.run)
    loop.start()
    station.restore_backup(str(backup)).result(WAIT_S)
    loop.join(WAIT_S)
    assert not loop.is_alive()
    service.close()
    assert service.restore()
    again = service_on(path)
    again.open(page=False)
    try:
        assert [one.name for one in again.store.people()] == ["Ann", "Bea"]
        again.close()
        assert not again.restore()
    finally:
        again.close()
    with Store.open(path.with_name("live.db.before-restore"), clock=HandClock()) as store:
        assert [one.name for one in store.people()] == ["Cleo"]


def test_a_bad_backup_changes_nothing(tmp_path: Path, backup: Path) -> None:
    """It is refused with a sentence, and the station goes on."""
    backup.write_bytes(backup.read_bytes()[:50_000])
    service = service_on(tmp_path / "live.db")
    station = service.open(page=False)
    loop = threading.Thread(target=service.run)
    loop.start()
    try:
        with pytest.raises(ImportRefusedError, match="is damaged"):
            station.restore_backup(str(backup)).result(WAIT_S)
        assert loop.is_alive()
        assert station.restoring.staged is None
    finally:
        station.stop()
        loop.join(WAIT_S)
        service.close()
    assert not service.restore()
