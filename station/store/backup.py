"""The nightly backup of the database, checked before it counts. It runs beside the station, in any thread."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from station.store.connect import sqlite_driver
from station.store.errors import PRIMARY_CODE, StoreError
from station.store.files import atomic_write

BACKUPS_KEPT = 14
"""Two weeks: long enough to notice that something is missing."""

BEFORE_MERGING = "before-merging-"

RESERVE_BYTES = 50_000_000
"""The free space that a backup leaves on the disk: about three months of sessions with their traces."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A checked copy, and the older ones removed for it."""

    path: Path
    size_bytes: int
    removed: tuple[Path, ...]


def list_backups(directory: Path) -> tuple[Path, ...]:
    """The copies in the directory, newest first."""
    return tuple(sorted(directory.glob("station-????-??-??.db"), reverse=True))


def back_up(database: Path, directory: Path, day: date, *, keep: int = BACKUPS_KEPT) -> Backup:
    """Copy the database as it is now, check every page of the copy, and remove copies beyond the newest `keep`.

    Raises `StoreError` with a sentence and keeps the older copies if there is no database, too little room, or damage.
    """
    if not database.exists():
        raise StoreError(f"There is no database at {database} to back up: name the one that the station uses.")
    path = directory / f"station-{day.isoformat()}.db"
    copy_database(database, path)
    old = tuple(copy for copy in list_backups(directory)[keep:] if copy != path)  # its date may be of the past
    old += tuple(copy for copy in _other_copies(database, directory) if _day_of(copy) < day - timedelta(days=keep))
    for copy_path in old:
        copy_path.unlink()
    return Backup(path, path.stat().st_size, old)


def backups_of(database: Path) -> Path:
    """The directory of the backups of this database."""
    return database.parent / "backups"


def back_up_before_merging(database: Path, at: datetime) -> Path:
    """Copy the database before two people are merged, which nothing undoes. Raises as `back_up` does."""
    path = backups_of(database) / f"{BEFORE_MERGING}{at.astimezone():%Y-%m-%d-%H%M%S}.db"
    copy_database(database, path)
    return path


def held_until(database: Path, day: date, *, keep: int = BACKUPS_KEPT) -> date | None:
    """The day on which the last copy goes that holds what the database held on `day`, if there is a copy every night;
    `None` without any copy."""
    directory = backups_of(database)
    has_copies = bool(list_backups(directory) or _other_copies(database, directory))
    return day + timedelta(days=keep + 1) if has_copies else None


def _other_copies(database: Path, directory: Path) -> tuple[Path, ...]:
    """The copies made before a merge or an upgrade; they go when the nightly ones of their day go."""
    return *directory.glob(f"{BEFORE_MERGING}*.db"), *database.parent.glob(f"{database.name}.[0-9][0-9][0-9][0-9]")


def _day_of(copy: Path) -> date:
    return datetime.fromtimestamp(copy.stat().st_mtime, UTC).date()


def copy_database(database: Path, path: Path) -> None:
    """Copy the database, also while it is written to; the file at `path` appears only if every page of it is sound.

    Raises `StoreError` with a sentence if there is too little room, or damage.
    """
    with atomic_write(path) as unfinished:
        _check_free_space(database, path.parent)
        verdict = _copy_and_check(database, unfinished)
        if verdict != "ok":
            raise StoreError(
                f"The database {database} is damaged ({verdict.splitlines()[-1]}): no backup was made, older ones "
                "are as they were; stop the station and put the newest of them in its place."
            )


def _copy_and_check(database: Path, path: Path) -> str:
    """Copy, and return the verdict of the check: `ok`, or the damage."""
    with closing(sqlite_driver(database, True)) as source, closing(sqlite3.connect(path)) as copy:
        try:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            return str(copy.execute("PRAGMA integrity_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & PRIMARY_CODE in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                return str(error)
            raise


def _check_free_space(database: Path, directory: Path) -> None:
    needed, free = database.stat().st_size + RESERVE_BYTES, shutil.disk_usage(directory).free
    if free < needed:
        raise StoreError(
            f"A backup in {directory} needs {needed // 1_000_000} MB free and finds {free // 1_000_000} MB: "
            "free some space, or name another directory for backups."
        )
