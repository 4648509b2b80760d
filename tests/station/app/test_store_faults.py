"""A store that cannot write: results wait in memory, none is reported as stored, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from station.core.events import Side
from station.core.facts import CueName
from station.settings import Settings
from tests.station.rig import Rig, hold_of

PLENTY = 1 << 30


@contextmanager
def full_disk(rig: Rig) -> Iterator[None]:
    """Keep SQLite from allocating another page, which raises its error of a full disk."""
    _limit(rig, 1)
    try:
        yield
    finally:
        _limit(rig, PLENTY)


def _limit(rig: Rig, pages: int) -> None:
    with rig.store.write_transaction() as now:
        now.execute(text(f"PRAGMA max_page_count={pages}")).all()


def test_full_disk_loses_no_result(tmp_path: Path) -> None:
    """A sentence reports it and COMPLETE stays silent; once there is space, everything is stored in order."""
    with Rig(tmp_path) as rig:
        rig.step_on()
        rig.station.start(hold_of(5, repetitions=40), None)
        rig.until_phase("hold")
        with full_disk(rig):
            rig.until(lambda: "store" in rig.faults, 1200.0)
            rig.until_phase("done", limit_s=1200.0)
            rig.live(8.0)
            sentence = rig.faults["store"]
            wanted = ("disk is full", "rig.db", "free some space", "kept in memory")
            assert [word for word in wanted if word not in sentence] == []
            assert CueName.COMPLETE not in rig.recognised_cues()
            assert CueName.ERROR in rig.recognised_cues()
            kept = len(rig.last_session().holds)
            assert kept < 40
        rig.until(lambda: not rig.faults, 3.0)
        holds = rig.last_session().holds
        assert [(hold.state, hold.credited_us) for hold in holds] == [("finished", 5_000_000)] * 40
        assert [hold.repetition for hold in holds] == list(range(1, 41))


def test_dates_are_corrected_after_the_writes_that_wait(tmp_path: Path) -> None:
    """The network sets the clock while the disk is full: waiting writes have the old date, and get the right one."""
    years = timedelta(days=365 * 56)
    with Rig(tmp_path) as rig:
        marks, since = rig.store.row_marks(), rig.clock.utc_now()
        write_protect(rig, True)
        rig.step_on()
        rig.hold(5)
        rig.until_phase("done")
        rig.station.correct_dates(marks, since, rig.clock.utc_now(), years)
        rig.live(3.0)
        write_protect(rig, False)
        rig.until(lambda: not rig.faults, 3.0)
        assert rig.last_session().session.started_at >= since + years


def test_whole_sessions_wait_for_a_writable_disk(tmp_path: Path) -> None:
    """Two sessions pass while nothing can be written; afterwards both are stored completely."""
    with Rig(tmp_path) as rig:
        write_protect(rig, True)
        for seconds in (5, 6):
            rig.step_on()
            rig.hold(seconds)
            rig.until_phase("done")
            rig.live(3.0)
            rig.hold(seconds)
            rig.until_phase("done")
            rig.board.act("step_off")
            rig.live(25.0)
            assert rig.station.snapshot().activity == "idle"
        assert rig.store.sessions() == ()
        write_protect(rig, False)
        rig.until(lambda: len(rig.store.sessions()) == 2, 3.0)
        second, first = (rig.store.session(session.id) for session in rig.store.sessions())
        assert first is not None
        assert second is not None
        assert [hold.credited_us for hold in first.holds] == [5_000_000] * 2
        assert [hold.credited_us for hold in second.holds] == [6_000_000] * 2
        assert [one.session.end_reason for one in (first, second)] == ["stepped off", "stepped off"]
        assert first.session.ended_at is not None
        assert first.session.ended_at < second.session.started_at


def write_protect(rig: Rig, on: bool) -> None:
    """Make the write connection read-only, which raises SQLite's error of a read-only file system."""
    writer = rig.store._write_connection
    assert writer is not None
    connection = writer.connection.driver_connection
    assert connection is not None
    connection.execute(f"PRAGMA query_only={int(on)}")


def test_unwritable_settings_are_stored_later(tmp_path: Path) -> None:
    with Rig(tmp_path) as rig:
        write_protect(rig, True)
        saved = rig.station.change_settings({"goal_mm": "123"})
        rig.live(1.0)
        sentence = str(saved.exception(0))
        wanted = ("can only be read", "rig.db", "make it writable", "in use, but not stored")
        assert [word for word in wanted if word not in sentence] == []
        assert "store" in rig.faults
        assert rig.store.settings().goal_mm == Settings().goal_mm
        write_protect(rig, False)
        rig.until(lambda: not rig.faults, 3.0)
        assert rig.store.settings().goal_mm == 123.0


def test_read_only_database_is_reported(tmp_path: Path) -> None:
    """The sentence names the file; results wait in memory and are stored later."""
    with Rig(tmp_path) as rig:
        rig.step_on()
        rig.hold(6)
        write_protect(rig, True)
        rig.until_phase("done")
        rig.live(5.0)
        sentence = rig.faults["store"]
        assert [w for w in ("can only be read", "rig.db", "make it writable") if w not in sentence] == []
        assert CueName.COMPLETE not in rig.recognised_cues()
        write_protect(rig, False)
        rig.until(lambda: not rig.faults, 3.0)
        assert [(hold.state, hold.credited_us) for hold in rig.last_session().holds] == [("finished", 6_000_000)]


def test_closing_station_writes_pending_results(tmp_path: Path) -> None:
    """The disk has space again right before the station stops."""
    rig = Rig(tmp_path)
    rig.step_on()
    rig.hold(6)
    write_protect(rig, True)
    rig.until_phase("done")
    write_protect(rig, False)
    rig.station.close()
    assert [(hold.state, hold.credited_us) for hold in rig.last_session().holds] == [("finished", 6_000_000)]
    assert rig.last_session().session.end_reason == "the station was stopped"
    rig.close()


def test_closing_station_logs_what_is_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(tmp_path)
    rig.step_on()
    rig.hold(6)
    write_protect(rig, True)
    rig.until_phase("done")
    with caplog.at_level("WARNING"):
        rig.station.close()
    (line,) = [record.getMessage() for record in caplog.records if "lost" in record.getMessage()]
    assert line.startswith(f"The database {rig.store.path} can only be read")
    assert line.endswith("entries are lost.")
    write_protect(rig, False)
    rig.close()


@pytest.mark.parametrize("side", list(Side))
def test_unreadable_store_does_not_stop_holds(tmp_path: Path, side: Side) -> None:
    """Without the file holds work as always; the fault is cleared once it is back."""
    with Rig(tmp_path) as rig:
        rig.step_on(side)
        rig.hold(5, side)
        rig.until_phase("done")
        path = rig.store.path
        away = path.with_suffix(".away")
        rig.store._read_engine.dispose()
        path.rename(away)
        rig.hold(5, side)
        rig.until_phase("done")
        assert "rig.db" in rig.faults["history"]
        away.rename(path)
        rig.hold(5, side)
        rig.until_phase("done")
        assert rig.faults == {}
        assert [hold.credited_us for hold in rig.last_session().holds] == [5_000_000] * 3
