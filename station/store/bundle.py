"""One session as a zip file to attach to a question: its results, and a trace file for each run."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

import msgspec

from station.core.untrusted import MAX_TRACE_BYTES, MAX_TRACE_MB
from station.store.errors import StoreError
from station.store.files import atomic_write
from station.store.read import Reader
from station.store.records import SessionDetail
from station.store.traces import trace_head

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
    with atomic_write(path) as unfinished, unfinished.open("wb") as file:
        write_bundle(reader, detail, file)


def write_bundle(reader: Reader, detail: SessionDetail, file: IO[bytes]) -> None:
    """Write a session's bundle to a file, part by part, so that it takes little memory however long the session was."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(RESULTS_FILE, msgspec.json.format(msgspec.json.encode(detail), indent=2))
        for number, run_id in enumerate(detail.run_ids, 1):
            with reader.trace_parts(run_id) as found:
                if found is None:
                    continue
                header, parts = found
                with archive.open(f"{number}-{header.get('do', 'run')}{TRACE_SUFFIX}", "w") as trace:
                    trace.write(trace_head(header, reader.exchanged_at(run_id)).encode())
                    for part in parts:
                        trace.write(part)


ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, LookupError, OSError, OverflowError, RuntimeError, ValueError),
)
"""What `zipfile` raises for an archive that is damaged, encrypted or packed by an unknown method."""


def read_bundle(path: Path, content: bytes) -> tuple[tuple[str, str], ...]:
    """The names and texts of the trace files in the bundle that `path` contains, in order.

    Raises `StoreError` if it is not a bundle, or its traces take more than `MAX_TRACE_BYTES` when unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = [entry for entry in archive.infolist() if entry.filename.endswith(TRACE_SUFFIX)]
            if sum(entry.file_size for entry in found) > MAX_TRACE_BYTES:
                raise StoreError(
                    f"The traces in {path} take more than {MAX_TRACE_MB} MB: unpack it, and replay one by one."
                )
            return tuple((entry.filename, archive.read(entry).decode()) for entry in found)
    except ZIP_ERRORS as error:
        raise StoreError(
            f"The file {path} is not a bundle of a session, or it is damaged: name one that `station export` wrote."
        ) from error
