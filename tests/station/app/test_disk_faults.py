"""A memory card that is full or fails, and a reader that never ends (faults D1, D2, D3 and D12)."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text

from station.clock import SystemClock
from station.config import parse
from station.core.facts import CueName
from station.store import Store, StoreError
from station.store.connect import log_files
from station.store.reading.following import FollowingReader
from station.system.service import Service
from station.system.simulate import simulated
from station.system.store_opening import WAITS_FOR_ROOM
from tests.loop_disk import LoopDisk, loop_disk
from tests.station.process import BOUND_S
from tests.station.rig import Rig

GROWN_BYTES = 8 << 20


@pytest.fixture
def disk() -> Iterator[LoopDisk]:
    with loop_disk(32 << 20) as found:
        if found is None:
            pytest.skip("this machine mounts no loop device (it needs root)")
        yield found


def test_d1_power_cut_on_a_full_card_that_left_no_index_of_the_log(disk: LoopDisk) -> None:
    """Without room the log cannot be moved nor its index created: the board measures, and the page shows what was
    stored, at two starts; once there is room, everything is there."""
    database = disk.directory / "rig.db"
    cut = (database, log_files(database)[0])
    with Rig(disk.directory) as rig:
        with rig.store.write_transaction() as now:
            now.execute(text("CREATE TABLE filling AS SELECT zeroblob(1000000)"))
        rig.add_person("Robin")
        left = {path: path.read_bytes() for path in cut}
    for path in cut:
        path.write_bytes(left[path])
    filling = disk.fill()
    for _ in range(2):
        with Rig(disk.directory) as rig, FollowingReader(database) as reader:
            assert [person.name for person in reader.people()] == ["Robin"]
            rig.step_on()
            rig.hold(8)
            rig.until_phase("done")
            rig.live(5.0)
            assert "The disk is full" in rig.faults["store"]
            assert CueName.COMPLETE not in rig.recognised_cues()
            assert rig.store.is_read_only
    with Rig(disk.directory) as rig:
        filling.unlink()
        rig.until(lambda: not rig.faults, 5.0)
        assert [person.name for person in rig.store.people()] == ["Robin"]


def test_d1_start_waits_for_room_where_none_was_kept(disk: LoopDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reports ready and alive to systemd, so that the page starts and says why it shows nothing."""
    database, notify = disk.directory / "live.db", disk.directory / "notify"
    with Store.open(database, clock=SystemClock()) as store:
        store.add_person("Robin")
        left = {path: path.read_bytes() for path in (database, log_files(database)[0])}
    for path, content in left.items():
        path.write_bytes(content)
    database.with_name("live.db.room").unlink()
    monkeypatch.setattr("station.system.store_opening.RETRY_S", 1)
    notified: list[str] = []
    shown: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, FollowingReader(database) as reader:
        systemd.bind(str(notify))
        systemd.settimeout(BOUND_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(notify))
        filling = disk.fill()

        def free_when_asked() -> None:
            try:
                notified.extend(systemd.recv(1024).decode() for _ in range(2))
                reader.people()
            except StoreError as error:
                shown.append(str(error))
            finally:
                filling.unlink()

        person = Thread(target=free_when_asked)
        person.start()
        text = f'[board]\nheels = "comparator"\n[store]\npath = "{database}"\n'
        service = Service(simulated(parse(text, "live.toml")))
        service.open(page=False)
        with closing(service):
            person.join()
            assert [one.name for one in service.store.people()] == ["Robin"]
    full = f"The disk is full, so nothing can be stored in {database}: free some space on it."
    assert notified == [f"READY=1\nSTATUS={full} {WAITS_FOR_ROOM}", "WATCHDOG=1"]
    assert shown == [full]


def test_start_that_waits_for_room_can_be_stopped(disk: LoopDisk) -> None:
    """As by Ctrl-C or systemd, for a station without a database yet."""
    disk.fill()
    path = disk.directory / "live.db"
    service = Service(simulated(parse(f'[store]\npath = "{path}"\n', "live.toml")))
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        service.obey_signals()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(StoreError, match="The disk is full"):
            service.open(page=False)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_d2_card_that_fails_during_a_hold(disk: LoopDisk, caplog: pytest.LogCaptureFixture) -> None:
    """The hold is finished and shown, nothing is reported as saved, and earlier results can be read."""
    with Rig(disk.directory) as rig:
        rig.step_on()
        rig.hold(8)
        rig.live(5.0)
        saved = rig.last_session().holds[0].id
        disk.fail()
        rig.until_phase("done")
        rig.live(5.0)
        assert "kept in memory" in rig.faults["store"]
        assert CueName.COMPLETE not in rig.recognised_cues()
        assert CueName.ERROR in rig.recognised_cues()
        assert [hold.id for hold in rig.last_session().holds] == [saved]
    assert "entries are lost" in caplog.text


def test_d3_card_that_can_only_be_read_at_the_start(disk: LoopDisk) -> None:
    """The page shows the history and says what to do, the board measures, and nothing is reported as saved."""
    with Rig(disk.directory) as rig:
        rig.step_on()
        rig.hold(6)
        rig.live(5.0)
        saved = rig.last_session().holds[0].id
    disk.fail()
    with Rig(disk.directory) as rig, FollowingReader(disk.directory / "rig.db") as reader:
        with pytest.raises(StoreError, match=r"rig\.db can only be read, .* Restart the Pi"):
            rig.store.add_person("Ann")
        rig.step_on()
        rig.hold(8)
        rig.until_phase("done")
        rig.live(5.0)
        assert "kept in memory" in rig.faults["store"]
        assert CueName.COMPLETE not in rig.recognised_cues()
        assert [hold.id for hold in reader.holds(None, limit=9)] == [saved]


def test_d12_log_that_a_long_reader_lets_grow(tmp_path: Path) -> None:
    """While a page reads for a long time, writes continue; after it has ended, the log stops growing."""
    path = tmp_path / "station.db"
    log = path.with_name("station.db-wal")
    with Store.open(path, clock=SystemClock()) as store, FollowingReader(path) as reader:
        store.add_person("Robin")
        with reader.read_transaction() as reading:
            reading.execute(text("SELECT * FROM people")).all()
            while log.stat().st_size < GROWN_BYTES:
                _write(store)
        _write(store)
        grown = log.stat().st_size
        for _ in range(grown // (1 << 20)):
            _write(store)
        assert log.stat().st_size <= grown + (1 << 20), "the log goes on growing"
        assert [person.name for person in store.people()] == ["Robin"]


def _write(store: Store) -> None:
    """Write a megabyte to the log, and nothing that stays."""
    with store.write_transaction() as now:
        now.execute(text("CREATE TABLE filling (bytes BLOB)"))
        now.execute(text("INSERT INTO filling VALUES (zeroblob(1000000))"))
        now.execute(text("DROP TABLE filling"))
