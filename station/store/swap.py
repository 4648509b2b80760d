"""A new database takes the place of the station's, which stays beside it under another name, with its log."""

from __future__ import annotations

import os
from pathlib import Path

from station.store.connect import has_log, log_files
from station.store.errors import StoreError
from station.store.files import sync_directory

ASIDE = ".damaged-"
"""What follows the database's name in that of a damaged file, before the time at which it was moved aside."""
REPORT_SUFFIX = ".txt"
"""How the name of a salvage's report ends, after that of the damaged file."""
BEFORE_SUFFIX = ".before-restore"
"""What is added to the name of the database that a backup has replaced."""


def swap_database(database: Path, target: Path, former: Path) -> None:
    """Put `target`, which has no log, in the place of the database, which must not be in use and stays as `former`.

    The log goes first, because SQLite would apply it to whatever has the database's name. Cut off, the swap leaves the
    new database, or the old one under both names: `undo_unfinished_swap` gives that its log back. Raises `StoreError`
    before anything is changed where there was no room to empty the log of `target`.
    """
    if has_log(target):
        raise StoreError(f"There is too little room for a new database in the place of {database}: free some space.")
    if database.exists():
        os.link(database, former)
    move_log(database, former)
    sync_directory(database.parent)
    target.replace(database)
    sync_directory(database.parent)


def undo_unfinished_swap(database: Path) -> None:
    """Let a database be as it was before a swap that was cut off. It must not be in use."""
    names = (database.with_name(database.name + BEFORE_SUFFIX), *database.parent.glob(f"{database.name}{ASIDE}*"))
    for former in names:
        if database.exists() and former.exists() and former.samefile(database):
            move_log(former, database)
            former.with_name(former.name + REPORT_SUFFIX).unlink(missing_ok=True)
            sync_directory(database.parent)
            former.unlink()


def move_log(path: Path, name: Path) -> None:
    """Let the log of the database at `path` be that of the database at `name`."""
    for file, new_name in zip(log_files(path), log_files(name), strict=True):
        if file.exists():
            file.replace(new_name)
