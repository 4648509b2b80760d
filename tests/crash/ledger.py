"""What a store acknowledged, so that another process can check it after the power went.

Before each write the ledger is told what it will change, and after its return that it is done. Of the one write that
was under way nobody knows whether it counts: its row may be as before or as after, but nothing between.
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
    """`tell` passes each line to another process, because this one may be killed; `hear` takes such a line."""

    def __init__(self, tell: Callable[[str], object] = lambda _line: None) -> None:
        self.known: dict[Key, Fields] = {}
        self.pending: tuple[Key, Fields] | None = None
        self._tell = tell

    def will(self, table: str, row_id: str, **fields: Any) -> None:
        """This write comes next. A new row, whose id the store will give, needs no announcement."""
        self.pending = ((table, row_id), fields)
        self._tell(json.dumps(["will", table, row_id, fields]))

    def did(self, table: str, row_id: str, **fields: Any) -> None:
        """The store has returned: from now on this must exist."""
        self.known.setdefault((table, row_id), {}).update(fields)
        self.pending = None
        self._tell(json.dumps(["did", table, row_id, fields]))

    def hear(self, line: str) -> None:
        what, table, row_id, fields = json.loads(line)
        (self.will if what == "will" else self.did)(table, row_id, **fields)

    def settle(self, found: dict[Key, Fields]) -> None:
        """After a cut: what was under way has been decided one way or the other."""
        if self.pending is not None:
            key, fields = self.pending
            if key in found and _agrees(found[key], fields):
                self.known.setdefault(key, {}).update(fields)
        self.pending = None

    def lost(self, found: dict[Key, Fields]) -> list[str]:
        """What was acknowledged and is missing, in words; empty if all is well."""
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
    """A trace, short enough for one line that reaches a pipe whole."""
    return sha256(rows_text.encode()).hexdigest()


def found_in(now: Connection) -> dict[Key, Fields]:
    """Every row as SQLite keeps it, by table and key; of the chunks of a trace the digest of their text."""
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
