"""What a store acknowledged, so that another process can check it after a power cut.

Each write is announced to the ledger before it happens and acknowledged after it returns. A write pending at the cut
may or may not count, but its row must be as before or as after.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from station.store.schema import metadata
from station.store.traces import decompress_rows

_TABLES = {name: [column.name for column in table.primary_key] for name, table in metadata.tables.items()}

Key = tuple[str, str]
Fields = dict[str, Any]


class Ledger:
    """Announced and acknowledged writes. `send` passes each as a line to another process, which survives the killing of
    this one; `receive` takes such a line.
    """

    def __init__(self, send: Callable[[str], object] = lambda _line: None) -> None:
        self.known: dict[Key, Fields] = {}
        self.pending: tuple[Key, Fields] | None = None
        self._send = send

    def announce(self, table: str, row_id: str, **fields: Any) -> None:
        """Announce the next write. A new row gets its id from the store, and needs no announcement."""
        self.pending = ((table, row_id), fields)
        self._send(json.dumps(["will", table, row_id, fields]))

    def acknowledge(self, table: str, row_id: str, **fields: Any) -> None:
        """Acknowledge a write: the store has returned, so from now on the row must exist."""
        self.known.setdefault((table, row_id), {}).update(fields)
        self.pending = None
        self._send(json.dumps(["did", table, row_id, fields]))

    def receive(self, line: str) -> None:
        what, table, row_id, fields = json.loads(line)
        (self.announce if what == "will" else self.acknowledge)(table, row_id, **fields)

    def resolve_pending(self, found: dict[Key, Fields]) -> None:
        """After a cut, treat the pending write as done if its row shows it, else as never made."""
        if self.pending is not None:
            key, fields = self.pending
            if key in found and _agrees(found[key], fields):
                self.known.setdefault(key, {}).update(fields)
        self.pending = None

    def find_losses(self, found: dict[Key, Fields]) -> list[str]:
        """Acknowledged rows that are missing or differ, in words; empty if nothing was lost."""
        losses = []
        for key, fields in self.known.items():
            row = found.get(key)
            if row is None:
                losses.append(f"{key} is gone")
                continue
            under_way = self.pending is not None and self.pending[0] == key
            after = fields | self.pending[1] if self.pending is not None and under_way else fields
            if not _agrees(row, fields) and not _agrees(row, after):
                losses.append(f"{key} should be {fields} and is {row}")
        return losses


def _agrees(row: Fields, fields: Fields) -> bool:
    return all(row[name] == value for name, value in fields.items())


def digest(rows_text: str) -> str:
    """A hash of a trace, short enough for a line that is written to a pipe in one piece."""
    return sha256(rows_text.encode()).hexdigest()


def found_in(now: Connection) -> dict[Key, Fields]:
    """Every row as SQLite stores it, by table and key; the chunks of a trace as the digest of their text."""
    found: dict[Key, Fields] = {}
    chunks: dict[str, list[bytes]] = {}
    for name, keys in _TABLES.items():
        for row in now.exec_driver_sql(f"SELECT * FROM {name} ORDER BY {', '.join(keys)}").mappings():
            if name == "trace_chunks":
                chunks.setdefault(row["run_id"], []).append(row["rows"])
            else:
                found[name, "/".join(str(row[key]) for key in keys)] = dict(row)
    for run_id, parts in chunks.items():
        found["traces", run_id] = {"digest": digest(decompress_rows(parts))}
    return found
