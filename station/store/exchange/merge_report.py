"""What a merge of a file into the store adds, and what it leaves unchanged."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Conflict(Struct, frozen=True):
    """A row that differs: its table, its key, and the differing columns."""

    table: str
    key: str
    columns: tuple[str, ...]


class TableMerge(Struct, frozen=True):
    """How many rows of a table are new, known and equal, and known but different."""

    table: str
    new: int
    known: int
    different: int


class MergeReport(Struct, frozen=True):
    """What a merge adds, and what it leaves unchanged.

    `people` has the names of the new people, `renamed` the old and new names of rows whose name was taken.
    `takes_over`: the station was never used, so its settings come from the file. `takes_board`: so do calibration and
    empty heel plates in use; `None` in a preview if only a person can say whether it is the same board. `first_at` and
    `last_at` are the starts of the first and the last new session.
    """

    person_id: str | None
    takes_over: bool
    takes_board: bool | None
    tables: tuple[TableMerge, ...]
    people: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    first_at: datetime | None
    last_at: datetime | None
    conflicts: tuple[Conflict, ...]

    def new(self, table: str) -> int:
        """How many rows of this table are new."""
        return next(one.new for one in self.tables if one.table == table)

    @property
    def new_rows(self) -> int:
        return sum(one.new for one in self.tables)

    @property
    def known_rows(self) -> int:
        return sum(one.known for one in self.tables)

    @property
    def different_rows(self) -> int:
        return sum(one.different for one in self.tables)
