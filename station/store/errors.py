"""One clear sentence for each error of the database: what happened, where, what to do."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from sqlalchemy.exc import StatementError


class StoreError(Exception):
    """The database cannot do what was requested; the message is a sentence for the person who set the station up."""


class CannotWriteError(StoreError):
    """The database can be read but not written. The request can be repeated once that is fixed."""


class DiskFullError(CannotWriteError):
    """The disk is full."""


class OlderSchemaError(StoreError):
    """An older program wrote the database, and it has not been upgraded yet."""


class PermanentStoreError(StoreError):
    """A retry does not help: a person must do something first."""


class DamagedDatabaseError(PermanentStoreError):
    """The database is damaged: `station.store.backups.salvage` saves what can be read."""


SALVAGE = "stop the station and type station salvage, which keeps the file and saves what can be read."
_SQLITE_SENTENCES = {
    sqlite3.SQLITE_FULL: "The disk is full, so nothing can be stored in {path}: free some space on it.",
    sqlite3.SQLITE_READONLY: "The database {path} can only be read: its file or its file system is write-protected; "
    "make it writable for the user that runs the station, for example with "
    "sudo chown --reference={path.parent} {path}",
    sqlite3.SQLITE_CORRUPT: f"The database {{path}} is damaged: {SALVAGE}",
    sqlite3.SQLITE_NOTADB: "The file {path} is not a database of the station: move it away, or name another path; if "
    f"it was one, {SALVAGE}",
    sqlite3.SQLITE_CANTOPEN: "The database {path} cannot be opened, or not for writing: check that its directory can "
    "be written by the user that runs the station.",
    sqlite3.SQLITE_PERM: "The database {path} may not be opened by this user: change its owner or its permissions.",
    sqlite3.SQLITE_BUSY: "The database {path} is held by another program: close that program.",
    sqlite3.SQLITE_IOERR: "Reading or writing {path} failed: check the disk or memory card, and that it is not full.",
}
_FILE_SYSTEM_READ_ONLY = (
    "The database {path} can only be read, because its whole file system can: a system does so after an error of the "
    "memory card. Restart the Pi; if that does not help, or it comes back, copy the card and replace it."
)
_NOT_ALLOWED = "No permission to use {path}: change its owner or its permissions for the user that runs the station."
_THROUGH_FILE = "The path {path} leads through a file that is not a directory: name another path."
_OS_SENTENCES = {
    errno.ENOSPC: _SQLITE_SENTENCES[sqlite3.SQLITE_FULL],
    errno.EDQUOT: _SQLITE_SENTENCES[sqlite3.SQLITE_FULL],
    errno.EFBIG: _SQLITE_SENTENCES[sqlite3.SQLITE_FULL],
    errno.EROFS: _FILE_SYSTEM_READ_ONLY,
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.ENOTDIR: _THROUGH_FILE,
    errno.EEXIST: _THROUGH_FILE,
    errno.EISDIR: "The path {path} is a directory: name a file in it.",
}
_READ_ONLY_ERRNOS = (errno.EROFS, errno.EACCES, errno.EPERM)
_CANNOT_WRITE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
"""The second is SQLite's code if it cannot create its log."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SQLITE_IOERR_SHMSIZE = 4874
"""No room for the index of the log: a full disk, which SQLite reports as an I/O error."""
PRIMARY_CODE = 0xFF  # an extended code of SQLite has the primary one in its low byte


def error_sentence(error: BaseException, path: Path) -> str:
    """The sentence for an error of SQLite or of the operating system at `path`."""
    if isinstance(error, OSError):
        known = _OS_SENTENCES.get(error.errno or 0, f"The file {{path}} cannot be used ({error.strerror}).")
        return known.format(path=path)
    code = sqlite3.SQLITE_FULL if is_disk_full(error) else getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE
    if str(error).endswith("because it is a view"):
        code = sqlite3.SQLITE_READONLY
    if "malformed" in str(error):
        code = sqlite3.SQLITE_CORRUPT
    if code in _CANNOT_WRITE and _is_file_system_read_only(path):
        return _FILE_SYSTEM_READ_ONLY.format(path=path)
    return _SQLITE_SENTENCES.get(code, f"The database {{path}} could not do what was asked ({error}).").format(
        path=path
    )


def _is_file_system_read_only(path: Path) -> bool:
    """Tries it: a file system that became read-only after an error may still be listed as writable."""
    try:
        with TemporaryFile(dir=path.parent):
            return False
    except OSError as error:
        return error.errno == errno.EROFS


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of SQLite or of the operating system means that the disk is full."""
    if isinstance(error, OSError):
        return error.errno in _FULL_ERRNOS
    code = getattr(error, "sqlite_errorcode", 0)
    return code == SQLITE_IOERR_SHMSIZE or code & PRIMARY_CODE == sqlite3.SQLITE_FULL


def is_not_writable(error: BaseException) -> bool:
    """Whether an error of SQLite or of the operating system means that something cannot be written."""
    if isinstance(error, OSError):
        return error.errno in _READ_ONLY_ERRNOS
    return getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE in _CANNOT_WRITE


def _store_error(error: BaseException, path: Path) -> StoreError:
    """The error with its sentence, in the class that says whether waiting helps."""
    if is_disk_full(error):
        return DiskFullError(error_sentence(error, path))
    if is_not_writable(error):
        return CannotWriteError(error_sentence(error, path))
    code = getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE
    kind = DamagedDatabaseError if code in _DAMAGED else StoreError
    return kind(error_sentence(error, path))


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the operating system into a `StoreError` with its sentence.

    A `ValueError` for a value that a table does not accept passes unchanged.
    """
    try:
        yield
    except StatementError as error:
        if isinstance(error.orig, ValueError):
            raise error.orig from None
        raise _store_error(error.orig or error, path) from error
    except (sqlite3.Error, OSError) as error:
        raise _store_error(error, path) from error
    except UnicodeDecodeError as error:  # from SQLite's message, which quotes the damaged text
        raise DamagedDatabaseError(_SQLITE_SENTENCES[sqlite3.SQLITE_CORRUPT].format(path=path)) from error
