"""The nightly copy: whole, checked, and never at the price of the older ones."""

from __future__ import annotations

import os
import threading
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from station.store import Store, StoreError
from station.store.backup import BACKUPS_KEPT, back_up, list_backups
from tests.station.store.histories import HandClock, weeks

DAY = date(2026, 3, 5)


def test_a_backup_is_a_database_like_the_first(store: Store, clock: HandClock, tmp_path: Path, path: Path) -> None:
    """The copy opens as a station's database and holds the same, while the station goes on."""
    weeks(store, clock, days=2)
    made = back_up(path, tmp_path / "backups", DAY)
    store.add_person("Cleo")
    assert made.path == tmp_path / "backups" / "station-2026-03-05.db"
    assert made.size_bytes > 0
    assert os.listdir(tmp_path / "backups") == [made.path.name]
    with Store.open(made.path, clock=clock) as copy:
        assert copy.sessions() == store.sessions()
        assert len(store.people()) == len(copy.people()) + 1


def test_the_newest_copies_are_kept(store: Store, tmp_path: Path, path: Path) -> None:
    """Two weeks of days are kept; a second copy of one day takes the place of the first."""
    assert store.people() == ()
    for number in range(BACKUPS_KEPT + 3):
        made = back_up(path, tmp_path, DAY + timedelta(days=number))
    back_up(path, tmp_path, DAY + timedelta(days=BACKUPS_KEPT + 2))
    kept = list_backups(tmp_path)
    assert len(kept) == BACKUPS_KEPT
    assert kept[0] == made.path
    assert [old.name for old in made.removed] == ["station-2026-03-07.db"]


def test_copy_with_a_date_of_the_past_stays(store: Store, tmp_path: Path, path: Path) -> None:
    """A machine that has forgotten the date makes copies too; the newest of them all is the one just made."""
    assert store.people() == ()
    for number in range(BACKUPS_KEPT):
        back_up(path, tmp_path, DAY + timedelta(days=number))
    made = back_up(path, tmp_path, DAY - timedelta(days=30))
    assert made.path in list_backups(tmp_path)
    assert made.removed == ()


def test_damaged_database_is_reported_and_costs_no_older_copy(tmp_path: Path, path: Path, clock: HandClock) -> None:
    """Damage is found by reading every page, traces too, and the older copies stay as they are."""
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=3)
    good = back_up(path, tmp_path / "backups", DAY)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(os.urandom(4 * 4096))
    with pytest.raises(StoreError, match=r"is damaged .*older ones are as they were"):
        back_up(path, tmp_path / "backups", DAY + timedelta(days=1), keep=1)
    assert os.listdir(tmp_path / "backups") == [good.path.name]


def test_a_nearly_full_disk_is_left_to_the_results(
    store: Store, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup that would fill the disk is not begun: new results need the room."""
    assert store.people() == ()
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=10_000_000))
    with pytest.raises(StoreError, match="needs 50 MB free and finds 10 MB: free some space"):
        back_up(path, tmp_path / "backups", DAY)
    assert os.listdir(tmp_path / "backups") == []


def test_missing_database_is_reported(tmp_path: Path, path: Path) -> None:
    """Nothing to copy is an error, not an empty copy."""
    with pytest.raises(StoreError, match=r"no database at .* to back up"):
        back_up(path, tmp_path / "backups", DAY)


def test_the_station_writes_while_a_backup_runs(store: Store, clock: HandClock, path: Path, tmp_path: Path) -> None:
    """A copy is of one moment, and the writer does not wait for it in vain."""
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
