"""A store that cannot write: results wait in memory, nothing says that they are stored, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
    """SQLite may take no further page: what it says is what it says when the disk is full."""
    _limit(rig, 1)
    try:
        yield
    finally:
        _limit(rig, PLENTY)


def _limit(rig: Rig, pages: int) -> None:
    with rig.store.write_transaction() as now:
        now.execute(text(f"PRAGMA max_page_count={pages}")).all()


def test_a_full_disk_in_a_session_loses_nothing(tmp_path: Path) -> None:
    """Told in a sentence, not sounded as complete; when there is room again all is stored as it was, in order."""
    with Rig(tmp_path) as rig:
        rig.step_on()
        rig.station.start(hold_of(5, repetitions=40), None)
        rig.until_phase("hold")
        with full_disk(rig):
            rig.until(lambda: "store" in rig.troubles, 1200.0)
            rig.until_phase("done", limit_s=1200.0)
            rig.live(8.0)
            sentence = rig.troubles["store"]
            wanted = ("disk is full", "rig.db", "free some space", "kept in memory")
            assert [word for word in wanted if word not in sentence] == []
            assert CueName.COMPLETE not in rig.heard()
            assert CueName.ERROR in rig.heard()
            kept = len(rig.sat().holds)
            assert kept < 40
        rig.until(lambda: not rig.troubles, 3.0)
        holds = rig.sat().holds
        assert [(hold.state, hold.credited_us) for hold in holds] == [("finished", 5_000_000)] * 40
        assert [hold.repetition for hold in holds] == list(range(1, 41))


def test_whole_sessions_wait_for_the_disk(tmp_path: Path) -> None:
    """Begun, ended and begun again while nothing can be written: afterwards there are two sessions, each complete."""
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
    """The writing connection may only read: SQLite then says what it says on a file system mounted to read only."""
    writer = rig.store._write_connection
    assert writer is not None
    connection = writer.connection.driver_connection
    assert connection is not None
    connection.execute(f"PRAGMA query_only={int(on)}")


def test_settings_that_cannot_be_written_count_and_are_kept_later(tmp_path: Path) -> None:
    """They hold at once; when there is room they are in the store."""
    with Rig(tmp_path) as rig:
        write_protect(rig, True)
        rig.station.change_settings({"goal_mm": "123"})
        rig.live(1.0)
        assert "store" in rig.troubles
        assert rig.store.settings().goal_mm == Settings().goal_mm
        write_protect(rig, False)
        rig.until(lambda: not rig.troubles, 3.0)
        assert rig.store.settings().goal_mm == 123.0


def test_a_database_that_turns_read_only_is_told(tmp_path: Path) -> None:
    """A file system that was remounted to read only is named; what is done waits in memory and is stored later."""
    with Rig(tmp_path) as rig:
        rig.step_on()
        rig.hold(6)
        write_protect(rig, True)
        rig.until_phase("done")
        rig.live(5.0)
        sentence = rig.troubles["store"]
        assert [w for w in ("can only be read", "rig.db", "make it writable") if w not in sentence] == []
        assert CueName.COMPLETE not in rig.heard()
        write_protect(rig, False)
        rig.until(lambda: not rig.troubles, 3.0)
        assert [(hold.state, hold.credited_us) for hold in rig.sat().holds] == [("finished", 6_000_000)]


def test_what_waits_is_written_at_the_end_if_it_can(tmp_path: Path) -> None:
    """A station that is stopped right after there is room again writes everything before it goes."""
    rig = Rig(tmp_path)
    rig.step_on()
    rig.hold(6)
    write_protect(rig, True)
    rig.until_phase("done")
    write_protect(rig, False)
    rig.station.close()
    assert [(hold.state, hold.credited_us) for hold in rig.sat().holds] == [("finished", 6_000_000)]
    assert rig.sat().session.end_reason == "the station was stopped"
    rig.close()


@pytest.mark.parametrize("side", list(Side))
def test_a_store_that_cannot_be_read_stops_nobody(tmp_path: Path, side: Side) -> None:
    """With the file out of reach a hold begins and ends as always; the trouble goes when it is back."""
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
        assert "rig.db" in rig.troubles["history"]
        away.rename(path)
        rig.hold(5, side)
        rig.until_phase("done")
        assert rig.troubles == {}
        assert [hold.credited_us for hold in rig.sat().holds] == [5_000_000] * 3
