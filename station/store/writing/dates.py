"""Corrects dates that were written before the machine knew the date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Table, func, literal_column, select, update

from station.store.schema import UtcDateTime, metadata
from station.store.writing.transactions import WriteTransactions

RowMarks = Mapping[str, int]
"""The newest row of each table at a given moment."""
LONGEST_TERM = timedelta(days=366)
"""A pairing expires at most this long after it was made."""
ENDS = ("expires_at", "person_until", "present_until")
"""The columns with future dates."""
ROW: ColumnElement[int] = literal_column("rowid", Integer)


class DateWriter(WriteTransactions):
    """Corrects dates. A method that raises `StoreError` (one sentence) has changed nothing."""

    def row_marks(self) -> RowMarks:
        """Marks that separate existing rows from later ones. Call it in the loop's thread, as every write."""
        with self.write_transaction() as connection:  # readers see views, which have no row numbers
            return {
                table.name: connection.execute(select(func.coalesce(func.max(ROW), 0)).select_from(table)).scalar_one()
                for table in metadata.tables.values()
            }

    def correct_dates(self, marks: RowMarks, since: datetime, until: datetime, by: timedelta) -> int:
        """Shift the dates between `since` and `until` in rows made after the marks; returns how many rows had one.

        A date outside that span came from an import or an answer, and stays. Identifiers stay too.
        """
        with self.write_transaction() as connection:
            changed = 0
            for table in metadata.tables.values():
                dates = [column for column in table.columns if isinstance(column.type, UtcDateTime)]
                if not dates:
                    continue
                made_since = select(ROW.label("number"), *dates).select_from(table).where(marks[table.name] < ROW)
                for row in connection.execute(made_since).mappings().all():
                    values = _corrected(table, dict(row), since, until, by)
                    if values:
                        connection.execute(update(table).where(row["number"] == ROW).values(values))
                        changed += 1
            return changed


def _corrected(
    table: Table, row: dict[str, Any], since: datetime, until: datetime, by: timedelta
) -> dict[str, datetime]:
    found = {}
    for name, date in row.items():
        if name in table.columns and isinstance(date, datetime):
            last = until + LONGEST_TERM if name in ENDS else until
            if since <= date <= last:
                found[name] = date + by
    return found
