"""Traces in the database, in chunks of about ten seconds, so that a power cut loses little.

The text of a trace is its header as one `#` line of JSON, the line of column names, then the rows.
"""

from __future__ import annotations

import bz2
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from station.core.trace import EXCHANGED_AT, header_lines
from station.store.schema import trace_chunks

BZ2_LEVEL = 1
"""Blocks of 100 kB hold ten seconds of samples and need 1 MB of memory; a quarter smaller than zlib, and as fast."""


def compress_rows(rows_text: str) -> bytes:
    """The rows of a trace, compressed."""
    return bz2.compress(rows_text.encode(), BZ2_LEVEL)


def chunks_of_rows(connection: Connection, run_id: str) -> Iterator[bytes]:
    """The rows of a run, chunk by chunk: a long session's trace takes megabytes."""
    chosen = select(trace_chunks.c.rows).where(trace_chunks.c.run_id == run_id).order_by(*trace_chunks.primary_key)
    for rows in connection.execution_options(yield_per=1).execute(chosen).scalars():
        yield bz2.decompress(rows)


def decompress_rows(chunks: Iterable[bytes]) -> str:
    """The rows of a trace from its compressed chunks."""
    return "".join(bz2.decompress(chunk).decode() for chunk in chunks)


def read_trace_rows(connection: Connection, run_ids: Collection[str]) -> dict[str, str]:
    """The rows of each of these runs; empty for a run without a trace."""
    columns = (trace_chunks.c.run_id, trace_chunks.c.rows)
    chosen = select(*columns).where(trace_chunks.c.run_id.in_(run_ids)).order_by(*trace_chunks.primary_key)
    chunks: dict[str, list[bytes]] = {run_id: [] for run_id in run_ids}
    for run_id, rows in connection.execute(chosen):
        chunks[run_id].append(rows)
    return {run_id: decompress_rows(of_run) for run_id, of_run in chunks.items()}


def trace_text(header: dict[str, Any], rows_text: str, exchanged_at: datetime | None = None) -> str:
    """A trace as `station replay` reads it. `exchanged_at`: when left and right of its results were exchanged."""
    return trace_head(header, exchanged_at) + rows_text


def trace_head(header: dict[str, Any], exchanged_at: datetime | None = None) -> str:
    """What comes before the rows in the text of a trace."""
    if exchanged_at is not None:
        header = {**header, EXCHANGED_AT: exchanged_at.isoformat(timespec="seconds")}
    return "\n".join([*header_lines(header), ""])
