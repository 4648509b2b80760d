"""One session as a zip file to attach to a bug report: its results, and a trace file for each run.

It also reads the traces in an export's bundle (`station.store.exchange.export`).
"""

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
from station.store.reading.reader import Reader
from station.store.records import SessionDetail
from station.store.traces import TraceTooLongError, trace_head, unpack_next

RESULTS_FILE = "session.json"
TRACE_SUFFIX = ".csv"


def export_bundle(reader: Reader, session_id: str, path: Path) -> None:
    """Write the session to `path`, with trace files named `1-test.csv`, `2-hold.csv` … in the order of the runs.

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
    """Write a session's bundle to a file, part by part, so that even a long session takes little memory."""
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
"""The errors of `zipfile` for an archive that is damaged, encrypted or compressed by an unknown method."""


HEAD_FILE, PACKED_SUFFIX = "export.json", ".trace"
"""The file that makes a zip an export, and the suffix of its trace files."""
OLDER_PACKED_SUFFIX = ".csv.bz2"


def read_bundle(path: Path, content: bytes) -> tuple[tuple[str, str], ...]:
    """The names and texts of the trace files in the bundle that `path` contains, in order.

    Raises `StoreError` if it is not a bundle, or its traces take more than `MAX_TRACE_BYTES` when unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            suffixes = (PACKED_SUFFIX, OLDER_PACKED_SUFFIX) if HEAD_FILE in names else (TRACE_SUFFIX,)
            found = [entry for entry in archive.infolist() if entry.filename.endswith(suffixes)]
            if not found and HEAD_FILE in names:
                raise StoreError(f"The file {path} has no traces: replay a bundle, or a single trace.")
            texts, left = [], MAX_TRACE_BYTES
            for entry in found:
                if entry.file_size > left:
                    raise _too_much(path)
                text = archive.read(entry)
                if HEAD_FILE in names:
                    text = _unpacked(text, left)
                left -= len(text)
                if left < 0:
                    raise _too_much(path)
                texts.append((entry.filename, text.decode()))
            return tuple(texts)
    except TraceTooLongError:
        raise _too_much(path) from None
    except ZIP_ERRORS as error:
        raise StoreError(
            f"The file {path} is not a bundle, or it is damaged: choose one that a station exported."
        ) from error


def _too_much(path: Path) -> StoreError:
    return StoreError(f"The traces in {path} take more than {MAX_TRACE_MB} MB: unpack it, and replay one by one.")


def _unpacked(packed: bytes, most: int) -> bytes:
    """The content of consecutive compressed texts and chunks, at most `most` bytes of it."""
    texts, left = [], most
    while packed:
        text, packed = unpack_next(packed, max(left, 0))
        texts.append(text.encode())
        left -= len(texts[-1])
    return b"".join(texts)
