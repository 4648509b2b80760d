"""What an export contains, of the whole station or of one person, and what no export ever contains."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, false, or_, select

from station.store.schema import (
    CHECKSUM,
    NEVER_EXPORTED,
    calibration_checks,
    calibrations,
    corrections,
    metadata,
    people,
    tests,
)

STATION_ONLY = frozenset({"settings", "heel_sensors"})
"""Tables of the station itself: no person's export has them, and a station in use keeps its own."""

EXPORTED = frozenset(
    {
        *("people", "settings", "calibrations", "calibration_checks", "heel_sensors", "sessions", "runs"),
        *("trace_chunks", "tests", "corrections", "trials", "attempts", "holds", "heel_lifts", "rep_sets"),
        *("repetitions", "routines", "answers", "plans", "side_swaps", "set_aside_answers"),
    }
)
"""The tables that are exported, by name."""

TABLES: tuple[Table, ...] = tuple(table for table in metadata.sorted_tables if table.name in EXPORTED)
"""The tables of an export, referenced tables first."""


def exported_columns(table: Table) -> tuple[Column[Any], ...]:
    """The columns of a table that an export has."""
    return tuple(column for column in table.c if column not in NEVER_EXPORTED and column.name != CHECKSUM)


def select_rows(table: Table, person_id: str | None) -> Select[Any]:
    """The rows of a table that belong in an export of this person (`None`: of the station), by primary key."""
    query = select(*exported_columns(table)).order_by(*table.primary_key)
    return query if person_id is None else query.where(_is_of(table, person_id))


def _is_of(table: Table, person_id: str) -> ColumnElement[bool]:
    """Whether a row is the person's: by its own `person_id`, or by that of the row that it is part of.

    The calibrations behind the person's results are included, with their checks.
    """
    if table is people:
        return people.c.id == person_id
    if table.name in STATION_ONLY:
        return false()
    if "person_id" in table.c:
        is_of: ColumnElement[bool] = table.c.person_id == person_id
        return is_of
    if table in (calibrations, calibration_checks):
        by_id = calibrations.c.id if table is calibrations else calibration_checks.c.calibration_id
        used = (
            select(made.c.calibration_id).where(_is_of(made, person_id), made.c.calibration_id.is_not(None))
            for made in (tests, corrections)
        )
        return or_(*(by_id.in_(ids) for ids in used))
    for key in table.foreign_keys:
        if key.column.table is not calibrations and not key.parent.nullable:
            return key.parent.in_(select(key.column).where(_is_of(key.column.table, person_id)))
    raise ValueError(f"The table {table.name} belongs to nobody: say whose its rows are.")
