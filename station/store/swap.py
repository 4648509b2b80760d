"""Replaces the station's database by a new one; the former stays beside it under another name, with its log."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from station.store.connect import has_log, log_files
from station.store.errors import StoreError
from station.store.files import atomic_write, sync_directory

ASIDE = ".damaged-"
"""Follows the database's name in that of a damaged file; the time at which it was moved aside comes next."""
REPORT_SUFFIX = ".txt"
"""The report of a salvage or a restore has the former database's name with this suffix."""
KEPT_FOR = timedelta(days=30)
"""How long a former database is kept, and its report shown on the page."""
BEFORE_SUFFIX = ".before-restore"
"""The suffix of a database that a backup has replaced."""


def swap_database(database: Path, target: Path, former: Path, report: Sequence[str]) -> None:
    """Replace the database, which must not be in use, by `target`, which has no log; the old one becomes `former`.

    The log is moved first, because SQLite would apply it to any file with the database's name. A swap that is cut off
    leaves the new database with its report, or the old one under both names; then `undo_unfinished_swap` restores its
    log. Raises `StoreError` before anything is changed if there was no room to empty the log of `target`.
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
    """The databases that were replaced by a restore or a salvage."""
    names = (*database.parent.glob(database.name + BEFORE_SUFFIX), *database.parent.glob(f"{database.name}{ASIDE}*"))
    beside = {file for former in names for file in (*log_files(former), report_of(former))}
    return tuple(former for former in names if former not in beside)


def replaced_at(former: Path) -> datetime:
    """When this database was replaced: its report was written then."""
    report = report_of(former)
    return _written_at(report if report.exists() else former)


def remove_former(former: Path) -> None:
    """Remove a former database with its log and its report."""
    for file in (former, *log_files(former), report_of(former)):
        file.unlink(missing_ok=True)  # another backup at the same time may have removed it


def _written_at(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def report_of(former: Path) -> Path:
    """The file beside a former database that says in words why it was replaced."""
    return former.with_name(former.name + REPORT_SUFFIX)


def _write_report(former: Path, report: Sequence[str]) -> None:
    with atomic_write(report_of(former)) as unfinished:
        unfinished.write_text("\n".join(report) + "\n", encoding="utf-8")


def salvage_report(database: Path, now: datetime) -> str | None:
    """The report of the newest salvage of this database while the page shows it; `None` without one."""
    reports = sorted(database.parent.glob(f"{database.name}{ASIDE}*{REPORT_SUFFIX}"))
    return _shown(reports[-1], now) if reports else None


def restore_report(database: Path, now: datetime) -> str | None:
    """The report of the last restore of this database while the page shows it; `None` without one."""
    return _shown(report_of(database.with_name(database.name + BEFORE_SUFFIX)), now)


def _shown(report: Path, now: datetime) -> str | None:
    try:
        if now - _written_at(report) < KEPT_FOR:
            return " ".join(report.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError):  # there is none, or the memory card fails
        return None
    return None


def undo_unfinished_swap(database: Path) -> None:
    """Undo a swap that was cut off. The database must not be in use."""
    for former in former_databases(database):
        if database.exists() and former.samefile(database):
            move_log(former, database)
            report_of(former).unlink(missing_ok=True)
            sync_directory(database.parent)
            former.unlink()


def move_log(path: Path, name: Path) -> None:
    """Move the log of the database at `path` to the database at `name`."""
    for file, new_name in zip(log_files(path), log_files(name), strict=True):
        if file.exists():
            file.replace(new_name)
