"""One row per distance: its uncertainty with its parts, and how it was measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from station.core.events import Side
from station.core.measurement.uncertainty import PART_DESCRIPTIONS, Budget
from station.store.reading import loading
from station.store.records import Test
from station.store.schema import calibrations, people, runs, sessions, tests

CSV_COLUMNS = (
    *("at_utc", "person", "side", "result_mm", "uncertainty_mm", *(f"part_{name}_mm" for name in PART_DESCRIPTIONS)),
    *("calibration", "trials", "contact", "rule_version", "state", "pain", "temperature_c"),
    *("original_mm", "original_uncertainty_mm", "original_calibration", "suspect", "imported", "simulated", "test_id"),
    *loading.CIRCUMSTANCE_COLUMNS,
)
"""`trials` is the planned number per side, 3 or 1. `original_…` are the first values, if a correction counts.
`uncertainty_mm` and its parts are standard uncertainties; a tape has none, and its trials are unknown."""


def result_rows(connection: Connection, person_id: str | None = None) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of `CSV_COLUMNS`, oldest first; without a person, everyone's."""
    names = {row.id: row.name for row in connection.execute(select(people.c.id, people.c.name))}
    numbers = {row.id: row.number for row in connection.execute(select(calibrations.c.id, calibrations.c.number))}
    query = loading.SELECT_TESTS.order_by(runs.c.started_at, tests.c.started_us, tests.c.id)
    if person_id is not None:
        query = query.where(sessions.c.person_id == person_id)
    for row in connection.execute(query):
        test = loading.stored_test_from_row(row)
        for side in Side:
            if _side_value(test, side, "mm") is not None:
                yield _result_row(test, side, names, numbers)


def _result_row(test: Test, side: Side, names: dict[str, str], numbers: dict[str, int]) -> tuple[Any, ...]:
    budget: Budget | None = _side_value(test, side, "budget")
    original = test.original
    return (
        *(test.started_at, names.get(test.person_id or ""), side),
        *(_side_value(test, side, "mm"), _side_value(test, side, "uncertainty_mm")),
        *((None,) * len(PART_DESCRIPTIONS) if budget is None else (part.mm for part in budget.parts)),
        numbers.get(test.calibration_id or ""),
        None if test.imported else 3 if test.full else 1,
        *(test.contact, test.rule_version),
        *(test.state, test.answers.pain, test.temperature_c),
        *(
            (None, None)
            if original is None
            else (_side_value(original, side, "mm"), _side_value(original, side, "uncertainty_mm"))
        ),
        None if original is None else numbers.get(original.calibration_id or ""),
        *(test.is_suspect, test.imported, test.simulated, test.id),
        *(getattr(test.circumstances, name) for name in loading.CIRCUMSTANCE_COLUMNS),
    )


def _side_value(record: Any, side: Side, what: str) -> Any:
    return getattr(record, f"{side}_{what}")
