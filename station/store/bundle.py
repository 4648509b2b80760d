"""One session as a zip file to attach to a question: its results, and a trace file for each run."""

from __future__ import annotations

import zipfile
from pathlib import Path

import msgspec

from station.store.errors import StoreError, translate_errors
from station.store.files import atomic_write
from station.store.read import Reader
from station.store.traces import trace_text

RESULTS_FILE = "session.json"
TRACE_SUFFIX = ".csv"


def export_bundle(reader: Reader, session_id: str, path: Path) -> None:
    """Write the session to `path`. Its trace files are named `1-test.csv`, `2-hold.csv` … in the order of the runs.

    Raises `StoreError` if there is no such session.
    """
    detail = reader.session(session_id)
    if detail is None:
        raise StoreError(
            f"There is no session {session_id} in {reader.path}: take its id from the page or from an export."
        )
    with atomic_write(path) as unfinished, zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(RESULTS_FILE, msgspec.json.format(msgspec.json.encode(detail), indent=2))
        for number, run_id in enumerate(detail.run_ids, 1):
            found = reader.trace(run_id)
            if found is not None:
                header, rows = found
                archive.writestr(f"{number}-{header.get('do', 'run')}{TRACE_SUFFIX}", trace_text(header, rows))


def read_bundle(path: Path) -> tuple[tuple[str, str], ...]:
    """The names and texts of the trace files in a bundle, in order. Raises `StoreError` if it is not a bundle."""
    try:
        with translate_errors(path), zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(TRACE_SUFFIX)]
            return tuple((name, archive.read(name).decode()) for name in names)
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise StoreError(
            f"The file {path} is not a bundle of a session: name one that `station export` wrote."
        ) from error
