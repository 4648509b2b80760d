"""A new database takes the place of the station's, which stays beside it under another name, with its log."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from station.store.connect import has_log, log_files
from station.store.errors import StoreError
from station.store.files import atomic_write, sync_directory

ASIDE = ".damaged-"
"""What follows the database's name in that of a damaged file, before the time at which it was moved aside."""
REPORT_SUFFIX = ".txt"
"""How the name of the report of a salvage or a restore ends, after that of the former database."""
KEPT_FOR = timedelta(days=30)
"""How long a former database is kept, and the page shows the report of it."""
BEFORE_SUFFIX = ".before-restore"
"""What is added to the name of the database that a backup has replaced."""


def swap_database(database: Path, target: Path, former: Path, report: Sequence[str]) -> None:
    """Put `target`, which has no log, in the place of the database, which must not be in use and stays as `former`.

    The log goes first, because SQLite would apply it to whatever has the database's name. Cut off, the swap leaves the
    new database with its report, or the old one under both names: `undo_unfinished_swap` gives that its log back.
    Raises `StoreError` before anything is changed where there was no room to empty the log of `target`.
    """
    if has_log(target):
        raise StoreError(f"There is too little room for a new database in the place of {database}: free some space.")
    if was_there := database.exists():
        os.link(database, former)
        try:
            _write_report(former, report)
        except BaseException:
            former.unlink()
            raise
    move_log(database, former)
    sync_directory(database.parent)
    target.replace(database)
    sync_directory(database.parent)
    if not was_there:
        _write_report(former, report)


def former_databases(database: Path) -> tuple[Path, ...]:
    """The files that another database has replaced, by a restore or a salvage."""
    names = (*database.parent.glob(database.name + BEFORE_SUFFIX), *database.parent.glob(f"{database.name}{ASIDE}*"))
    beside = {file for former in names for file in (*log_files(former), report_of(former))}
    return tuple(former for former in names if former not in beside)


def replaced_at(former: Path) -> datetime:
    """When another database took the place of this one: its report was written then."""
    report = report_of(former)
    return _written_at(report if report.exists() else former)


def remove_former(former: Path) -> None:
    """Remove a former database with its log and its report."""
    for file in (former, *log_files(former), report_of(former)):
        file.unlink(missing_ok=True)  # another backup at the same time may have removed it


def _written_at(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def report_of(former: Path) -> Path:
    """The file beside a former database that says in words why another one has its place."""
    return former.with_name(former.name + REPORT_SUFFIX)


def _write_report(former: Path, report: Sequence[str]) -> None:
    with atomic_write(report_of(former)) as unfinished:
        unfinished.write_text("\n".join(report) + "\n", encoding="utf-8")


def salvage_report(database: Path, now: datetime) -> str | None:
    """The report of the newest salvage of this database, as long as the page shows it; `None` without one."""
    reports = sorted(database.parent.glob(f"{database.name}{ASIDE}*{REPORT_SUFFIX}"))
    return _shown(reports[-1], now) if reports else None


def restore_report(database: Path, now: datetime) -> str | None:
    """The report of the last restore of this database, as long as the page shows it; `None` without one."""
    return _shown(report_of(database.with_name(database.name + BEFORE_SUFFIX)), now)


def _shown(report: Path, now: datetime) -> str | None:
    try:
        if now - _written_at(report) < KEPT_FOR:
            return " ".join(report.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError):  # there is none, or a failing card has it
        return None
    return None


def undo_unfinished_swap(database: Path) -> None:
    """Let a database be as it was before a swap that was cut off. It must not be in use."""
    for former in former_databases(database):
        if database.exists() and former.samefile(database):
            move_log(former, database)
            report_of(former).unlink(missing_ok=True)
            sync_directory(database.parent)
            former.unlink()


def move_log(path: Path, name: Path) -> None:
    """Let the log of the database at `path` be that of the database at `name`."""
    for file, new_name in zip(log_files(path), log_files(name), strict=True):
        if file.exists():
            file.replace(new_name)
