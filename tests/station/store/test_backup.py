"""The nightly copy: complete, checked, and never at the expense of older ones."""

from __future__ import annotations

import os
import shutil
import threading
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from station.clock import SystemClock
from station.store import Store, StoreError
from station.store.backups.backup import (
    DAYS_KEPT,
    MONTHS_KEPT,
    WEEKS_KEPT,
    NightlyCopies,
    back_up,
    kept_days,
    list_backups,
)
from station.store.files import atomic_write
from tests.station.store.histories import HandClock, weeks

DAY = date(2026, 3, 5)


def test_a_backup_is_a_database_like_the_first(store: Store, clock: HandClock, tmp_path: Path, path: Path) -> None:
    """The copy opens as a station's database with the same content, while the station keeps running."""
    weeks(store, clock, days=2)
    made = back_up(path, tmp_path / "backups", DAY)
    store.add_person("Cleo")
    assert made.path == tmp_path / "backups" / "station-2026-03-05.db"
    assert made.size_bytes > 0
    assert os.listdir(tmp_path / "backups") == [made.path.name]
    with Store.open(made.path, clock=clock) as copy:
        assert copy.sessions() == store.sessions()
        assert len(store.people()) == len(copy.people()) + 1


def test_the_newest_of_days_weeks_and_months_are_kept() -> None:
    """Two years of nights: seven days, eight weeks and twelve months, each by its newest copy."""
    nights = [DAY - timedelta(days=number) for number in range(730)]
    kept = sorted(kept_days(nights), reverse=True)
    assert kept[:DAYS_KEPT] == nights[:DAYS_KEPT]
    assert {(day.year, day.month) for day in kept} == {(2025, month) for month in range(4, 13)} | {
        (2026, month) for month in range(1, 4)
    }
    weeks = {day.isocalendar()[:2] for day in kept}
    assert {(DAY - timedelta(weeks=number)).isocalendar()[:2] for number in range(WEEKS_KEPT)} <= weeks
    assert len(kept) <= DAYS_KEPT + WEEKS_KEPT + MONTHS_KEPT
    assert date(2025, 4, 30) in kept
    assert kept_days([]) == frozenset()


def test_old_copies_make_room(store: Store, tmp_path: Path, path: Path) -> None:
    """A second copy of a day replaces the first; one that no rule keeps is removed, other files stay."""
    assert store.people() == ()
    (tmp_path / "station-20xx-01-01.db").write_bytes(b"mine")
    for number in range(DAYS_KEPT + 2):
        made = back_up(path, tmp_path, DAY + timedelta(days=number))
    assert back_up(path, tmp_path, DAY + timedelta(days=DAYS_KEPT + 1)).path == made.path
    assert [one.name for one in made.removed] == ["station-2026-03-06.db"]
    assert (tmp_path / "station-20xx-01-01.db").exists()


def test_copy_with_a_date_of_the_past_stays(store: Store, tmp_path: Path, path: Path) -> None:
    """A machine with a wrong date makes copies too; the newest of all is the one just made."""
    assert store.people() == ()
    for number in range(DAYS_KEPT):
        back_up(path, tmp_path, DAY + timedelta(days=number))
    made = back_up(path, tmp_path, DAY - timedelta(days=3_000))
    assert made.path in list_backups(tmp_path)
    assert made.removed == ()


def test_damaged_database_is_reported_and_older_copies_stay(tmp_path: Path, path: Path, clock: HandClock) -> None:
    """Damage is found by reading every page, traces too, and the older copies stay as they are."""
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=3)
    good = back_up(path, tmp_path / "backups", DAY)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(os.urandom(4 * 4096))
    with pytest.raises(StoreError, match=r"is damaged .*older ones are as they were"):
        back_up(path, tmp_path / "backups", DAY + timedelta(days=1))
    assert os.listdir(tmp_path / "backups") == [good.path.name]


def test_a_nearly_full_disk_is_left_to_the_results(
    store: Store, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup that would fill the disk is not started: new results need the room."""
    assert store.people() == ()
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=10_000_000))
    with pytest.raises(StoreError, match="needs 50 MB free and finds 10 MB: free some space"):
        back_up(path, tmp_path / "backups", DAY)
    assert os.listdir(tmp_path / "backups") == []


def test_two_backups_at_once_both_end_well(store: Store, path: Path, tmp_path: Path) -> None:
    """The command and the nightly job write the same copy; the second starts and ends while the first writes."""
    store.add_person("Ann")
    copy = tmp_path / f"station-{DAY}.db"
    with atomic_write(copy) as first:
        back_up(path, tmp_path, DAY)
        assert copy.exists()
        shutil.copy(copy, first)
    with Store.open(copy, clock=SystemClock()) as opened:
        assert [person.name for person in opened.people()] == ["Ann"]


def test_missing_database_is_reported(tmp_path: Path, path: Path) -> None:
    """Nothing to copy is an error, not an empty copy."""
    with pytest.raises(StoreError, match=r"no database at .* to back up"):
        back_up(path, tmp_path / "backups", DAY)


def test_the_station_writes_while_a_backup_runs(store: Store, clock: HandClock, path: Path, tmp_path: Path) -> None:
    """A copy shows one moment, and the writer is not blocked by it."""
    weeks(store, clock, days=2)
    copies: list[Path] = []

    def copy() -> None:
        copies.extend(back_up(path, tmp_path, DAY + timedelta(days=number)).path for number in range(5))

    thread = threading.Thread(target=copy)
    thread.start()
    for number in range(60):
        store.add_person(f"Person {number}")
    thread.join()
    assert len(copies) == 5
    for one in copies:
        with Store.open(one, clock=clock) as opened:
            names = {person.name for person in opened.people()} - {"Ann", "Bea"}
            assert names == {f"Person {number}" for number in range(len(names))}


def test_night_without_a_write_makes_no_second_file(store: Store, tmp_path: Path, path: Path) -> None:
    """The last copy gets a second name, and its old name is removed; after a write a new copy is made."""
    store.add_person("Robin")
    nights, directory = NightlyCopies(path), tmp_path / "backups"
    first = nights.copy(directory, DAY).path
    second = nights.copy(directory, DAY + timedelta(days=1)).path
    assert second != first
    assert second.samefile(first)
    store.add_person("Cleo")
    third = nights.copy(directory, DAY + timedelta(days=2)).path
    assert not third.samefile(second)
    inode = third.stat().st_ino
    for number in range(3, DAYS_KEPT + 3):
        newest = nights.copy(directory, DAY + timedelta(days=number)).path
    assert newest.stat().st_ino == inode
    assert not second.exists(), "a night without a write moves the older copies on as well"


def test_night_without_a_write_still_finds_damage(store: Store, tmp_path: Path, path: Path) -> None:
    """A damaged database gives no copy, although nothing was written to it."""
    store.add_person("Robin")
    store.empty_log()
    nights, directory = NightlyCopies(path), tmp_path / "backups"
    good = nights.copy(directory, DAY).path
    written = path.stat()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(os.urandom(4 * 4096))
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
    with pytest.raises(StoreError, match="is damaged"):
        nights.copy(directory, DAY + timedelta(days=1))
    assert list_backups(directory) == (good,)


def test_lost_copy_is_made_again(store: Store, tmp_path: Path, path: Path) -> None:
    """After the newest copy was deleted, or another stick plugged in, a real copy is made."""
    assert store.people() == ()
    nights, directory = NightlyCopies(path), tmp_path / "backups"
    nights.copy(directory, DAY).path.unlink()
    assert nights.copy(directory, DAY + timedelta(days=1)).size_bytes > 0


def test_copy_that_the_card_has_damaged_is_made_again(store: Store, tmp_path: Path, path: Path) -> None:
    """A second name for it would be an unreadable backup."""
    store.add_person("Robin")
    nights, directory = NightlyCopies(path), tmp_path / "backups"
    damaged = nights.copy(directory, DAY).path
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    second = nights.copy(directory, DAY + timedelta(days=1)).path
    assert second.read_bytes() != damaged.read_bytes()
    assert nights.copy(directory, DAY + timedelta(days=2)).path.samefile(second)


def test_a_power_cut_in_a_night_without_a_write_spares_the_older_copy(store: Store, tmp_path: Path, path: Path) -> None:
    """It leaves a second name of that copy, and the next attempt must not overwrite it through that name."""
    store.add_person("Robin")
    nights, directory = NightlyCopies(path), tmp_path / "backups"
    first = nights.copy(directory, DAY).path
    content = first.read_bytes()
    (directory / f".station-{DAY + timedelta(days=1)}.db.unfinished").hardlink_to(first)
    store.add_person("Cleo")
    nights.copy(directory, DAY + timedelta(days=1))
    assert first.read_bytes() == content


def test_leftover_of_a_power_cut_is_removed(store: Store, tmp_path: Path, path: Path) -> None:
    """Otherwise it takes room forever, and keeps deleted people; a copy in progress stays."""
    assert store.people() == ()
    directory = tmp_path / "backups"
    directory.mkdir()
    station, merge = ".station-2026-03-01.db.unfinished", ".before-merging-2026-03-01-120000.db.unfinished"
    names = (station, f"{station}-journal", merge)
    old = [*(directory / name for name in names), path.with_name(f".{path.name}.0006.unfinished")]
    for one in old:
        one.touch()
        os.utime(one, (0, 0))
    being_written = directory / ".before-merging-2026-03-05-033000.db.unfinished"
    being_written.touch()
    made = back_up(path, directory, DAY)
    assert not any(one.exists() for one in old)
    assert being_written.exists()
    assert set(old) <= set(made.removed)
