"""Copies of the database, each checked before it counts. Any thread may make them while the station runs."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Collection
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from station.store.connect import log_files, sqlite_driver
from station.store.errors import PRIMARY_CODE, SALVAGE, DamagedDatabaseError, DiskFullError, StoreError
from station.store.files import UNFINISHED_SUFFIX, atomic_write
from station.store.swap import KEPT_FOR, former_databases, remove_former, replaced_at

DAYS_KEPT, WEEKS_KEPT, MONTHS_KEPT = 7, 8, 12
"""How many days, weeks and months keep their newest copy: long enough to notice that something is missing, and a year
if nobody did."""

STICK_DIRECTORY = "station-backups"
"""The directory on a USB stick that holds the copies."""
BEFORE_MERGING = "before-merging-"
OTHERS_KEPT_DAYS = 14
"""How long copies made before a merge or an upgrade are kept."""
UNFINISHED_KEPT_DAYS = 1
"""A younger copy may still be in progress; an older one was left by a power cut."""

RESERVE_BYTES = 50_000_000
"""The free space that a backup leaves on the disk: enough for about three months of sessions with their traces."""


class Backup(Struct, frozen=True):
    """A checked copy, and the older copies and former databases removed after it."""

    path: Path
    size_bytes: int
    removed: tuple[Path, ...]


def list_backups(directory: Path) -> tuple[Path, ...]:
    """The copies in the directory, newest first."""
    return tuple(sorted(directory.glob("station-????-??-??.db"), reverse=True))


def kept_days(days: Collection[date]) -> frozenset[date]:
    """The days whose copies are kept: the newest days, and the newest of each of the last weeks and months."""
    newest_first = sorted(days, reverse=True)
    weeks = {(day.isocalendar().year, day.isocalendar().week): day for day in reversed(newest_first)}
    months = {(day.year, day.month): day for day in reversed(newest_first)}
    return frozenset(
        [
            *newest_first[:DAYS_KEPT],
            *(weeks[week] for week in sorted(weeks, reverse=True)[:WEEKS_KEPT]),
            *(months[month] for month in sorted(months, reverse=True)[:MONTHS_KEPT]),
        ]
    )


class NightlyCopies:
    """Makes one backup a night. If nothing was written since the last one and that still has its digest, the new one
    is a second name for it: both files are read, so damage is found, and the memory card is not written."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._made: dict[Path, tuple[object, Path, str | None]] = {}
        """For each directory: the state of the database before its newest copy, that copy, and its digest."""

    def copy(self, directory: Path, day: date) -> Backup:
        """See `back_up`."""
        state = _state_of(self._database)
        known, newest, digest = self._made.get(directory, (None, None, None))
        is_same = newest is not None and known == state and digest is not None and _digest(newest) == digest
        made = back_up(self._database, directory, day, same_as=newest if is_same else None)
        self._made[directory] = (state, made.path, digest if is_same else _digest(made.path))
        return made


def _digest(copy: Path) -> str | None:
    """The digest of a copy; `None` if it cannot be read."""
    try:
        with copy.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _state_of(database: Path) -> object:
    """A value that changes with every write to the database or its log."""
    found = [file.stat() if file.exists() else None for file in (database, log_files(database)[0])]
    return [one and (one.st_ino, one.st_size, one.st_mtime_ns) for one in found]


def back_up(database: Path, directory: Path, day: date, *, same_as: Path | None = None) -> Backup:
    """Copy the database as it is now, check every page of the copy, and remove the copies that `kept_days` leaves out
    and expired former databases.

    `same_as` is an existing copy of the same content: the database is then checked, but not copied again.

    Raises `StoreError` with a sentence and keeps the older copies if there is no database, too little room, or damage.
    """
    if not database.exists():
        raise StoreError(f"There is no database at {database} to back up: name the one the station uses.")
    path = directory / f"station-{day.isoformat()}.db"
    copy_database(database, path, same_as=same_as)
    copies = {found: copy for copy in list_backups(directory) if (found := day_of(copy)) is not None}
    kept = kept_days(copies)
    old = tuple(copy for found, copy in copies.items() if found not in kept and copy != path)
    old += tuple(
        copy
        for copy in _other_copies(database, directory)
        if _written_on(copy) < day - timedelta(days=OTHERS_KEPT_DAYS)
    )
    old += tuple(
        copy
        for copy in _unfinished_copies(database, directory)
        if _written_on(copy) < day - timedelta(days=UNFINISHED_KEPT_DAYS)
    )
    for copy_path in old:
        copy_path.unlink(missing_ok=True)  # another backup at the same time may have removed it
    former = tuple(one for one in former_databases(database) if replaced_at(one).date() < day - KEPT_FOR)
    for one in former:
        remove_former(one)
    return Backup(path, path.stat().st_size, old + former)


def day_of(copy: Path) -> date | None:
    """The day in the name of a copy; `None` for a file with another kind of name."""
    try:
        return date.fromisoformat(copy.stem.removeprefix("station-"))
    except ValueError:
        return None


def is_plugged_in(stick: Path) -> bool:
    """Whether something is mounted at this directory."""
    return os.path.ismount(stick)  # unlike `Path.is_mount`, it does not raise for a failing stick


def backups_of(database: Path) -> Path:
    """The directory of the backups of this database."""
    return database.parent / "backups"


def newest_day(database: Path) -> date | None:
    """The day of the newest nightly copy; `None` without one."""
    days = (day_of(copy) for copy in list_backups(backups_of(database)))
    return next((day for day in days if day is not None), None)


def back_up_before_merging(database: Path, at: datetime) -> Path:
    """Copy the database before two people are merged, which cannot be undone. Raises as `back_up` does."""
    path = backups_of(database) / f"{BEFORE_MERGING}{at.astimezone():%Y-%m-%d-%H%M%S}.db"
    copy_database(database, path)
    return path


def held_until(database: Path, day: date) -> date | None:
    """The day on which the last copy or former database with the data of `day` is deleted, given a backup every night;
    `None` if there is none."""
    directory = backups_of(database)
    copies = {found for copy in list_backups(directory) if (found := day_of(copy)) is not None and found <= day}
    others = _other_copies(database, directory)
    former = former_databases(database)
    if not copies and not others and not former:
        return None
    until = max([day + timedelta(days=OTHERS_KEPT_DAYS + 1), *(_last_day(replaced_at(one)) for one in former)])
    if copies:
        night, kept = day, kept_days({*copies, day})
        while min(kept) <= day:
            night += timedelta(days=1)
            kept = kept_days({*kept, night})
        until = max(until, night)
    return until


def _last_day(at: datetime) -> date:
    """The day on which the nightly backup removes a database that was replaced then."""
    return at.date() + KEPT_FOR + timedelta(days=1)


def _other_copies(database: Path, directory: Path) -> tuple[Path, ...]:
    """The copies made before a merge or an upgrade."""
    return *directory.glob(f"{BEFORE_MERGING}*.db"), *database.parent.glob(f"{database.name}.[0-9][0-9][0-9][0-9]")


def _unfinished_copies(database: Path, directory: Path) -> tuple[Path, ...]:
    """Copies in progress or never finished, with their SQLite journals."""
    beside = database.parent.glob(f".{database.name}.[0-9][0-9][0-9][0-9]{UNFINISHED_SUFFIX}*")
    return *directory.glob(f".*.db{UNFINISHED_SUFFIX}*"), *beside


def _written_on(copy: Path) -> date:
    return datetime.fromtimestamp(copy.stat().st_mtime, UTC).date()


def copy_database(database: Path, path: Path, *, same_as: Path | None = None) -> None:
    """Copy the database, even while it is being written; the file at `path` appears only if all its pages are sound.

    `same_as`, a copy of the same content, only gets a second name if the file system has hard links (FAT does not).

    Raises `StoreError` with a sentence if there is too little room, or damage.
    """
    with atomic_write(path) as unfinished:
        if same_as is not None and _is_linked(same_as, unfinished):
            verdict = _check(database)
        else:
            _check_free_space(database, path.parent)
            verdict = _copy_and_check(database, unfinished)
        if verdict != "ok":
            raise DamagedDatabaseError(
                f"The database {database} is damaged ({verdict.splitlines()[-1]}): no backup was made, older ones "
                f"are as they were; {SALVAGE}"
            )


def _copy_and_check(database: Path, path: Path) -> str:
    """Copy, and return the verdict of the check: `ok`, or the damage."""
    with closing(sqlite_driver(database, True)) as source, closing(sqlite3.connect(path)) as copy:
        try:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.DatabaseError as error:
            return _damage(error)
        return _verdict(copy)


def _check(database: Path) -> str:
    with closing(sqlite_driver(database, True)) as source:
        return _verdict(source)


def _verdict(connection: sqlite3.Connection) -> str:
    """Check every page: `ok`, or the damage."""
    try:
        return str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return _damage(error)


def _damage(error: sqlite3.DatabaseError) -> str:
    """The text of an error that means damage; raises any other error."""
    if error.sqlite_errorcode & PRIMARY_CODE in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return str(error)
    raise error


def _is_linked(file: Path, name: Path) -> bool:
    """Try to give a file a second name; returns whether the file system can do that."""
    try:
        name.hardlink_to(file)
        os.utime(name)  # otherwise another backup would take it for a leftover of a power cut
    except OSError:
        return False
    return True


def _check_free_space(database: Path, directory: Path) -> None:
    needed, free = database.stat().st_size + RESERVE_BYTES, shutil.disk_usage(directory).free
    if free < needed:
        raise DiskFullError(
            f"A backup in {directory} needs {needed // 1_000_000} MB free and finds {free // 1_000_000} MB: "
            "free some space, or name another directory for backups."
        )
