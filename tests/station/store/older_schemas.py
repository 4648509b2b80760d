"""Databases of older schemas, made by the migrations, with rows as the program of that time wrote them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import text

from station.store.connect import sqlite_driver, write_engine
from station.store.migrate import upgrade
from station.store.schema import metadata

FIRST_ROWS = (
    ("people", {"id": "p", "name": "Ann", "added_at": "2026-01-05 08:00:00.000000"}),
    (
        "calibrations",
        {"id": "c1", "number": 1, "made_at": "2026-01-05 08:00:00.000000", "gain": 1.0, "offset_mm": -70.0},
    ),
    (
        "calibrations",
        {
            "id": "c2",
            "number": 2,
            "made_at": "2026-02-05 08:00:00.000000",
            "gain": 1.01,
            "offset_mm": -69.0,
            "points_json": "[[70.0, 0.0], [170.0, 102.5]]",
        },
    ),
    (
        "calibrations",
        {
            "id": "c3",
            "number": 3,
            "made_at": "2026-03-05 08:00:00.000000",
            "gain": 1.0,
            "offset_mm": -45.0,
            "points_json": "[[145.0, 100.0]]",
        },
    ),
    (
        "sittings",
        {
            "id": "s",
            "person_id": "p",
            "started_at": "2026-02-06 08:00:00.000000",
            "ended_at": "2026-02-06 08:05:00.000000",
            "ended_why": "left",
            "simulated": False,
        },
    ),
    (
        "sittings",
        {
            "id": "s2",
            "person_id": "p",
            "started_at": "2026-02-06 08:05:00.000000",
            "ended_at": "2026-02-06 08:06:00.000000",
            "ended_why": "somebody else",
            "simulated": False,
        },
    ),
    ("runs", {"id": "r", "sitting_id": "s", "began_at": "2026-02-06 08:00:00.000000", "header_json": "{}"}),
    (
        "tests",
        {
            "id": "t",
            "run_id": "r",
            "started_us": 5,
            "full": True,
            "contact": "pad",
            "state": "finished",
            "left_mm": 84.1,
            "left_uncertainty_mm": 0.7,
            "calibration_id": "c2",
            "pain": 1,
        },
    ),
    (
        "trials",
        {
            "id": "tr",
            "test_id": "t",
            "side": "left",
            "number": 1,
            "toe_mm": 84.1,
            "below_range": False,
            "uncertainty_mm": 0.7,
            "ended_us": 9,
        },
    ),
    (
        "holds",
        {
            "id": "h",
            "run_id": "r",
            "side": "left",
            "repetition": 2,
            "target_us": 30_000_000,
            "credited_us": 12_345_678,
            "lifted_us": 700_000,
            "lifts": 1,
            "micro_lifts": 3,
            "state": "partial",
            "started_us": 4,
            "ended_us": 13_045_682,
        },
    ),
    ("lifts", {"hold_id": "h", "since_us": 7, "until_us": 700_007}),
    (
        "reps",
        {
            "id": "re",
            "run_id": "r",
            "side": "right",
            "target_count": 20,
            "count": 7,
            "too_quick": 2,
            "state": "unfinished",
            "started_us": 8,
        },
    ),
)
"""The rows of a database of schema 0001."""

SECOND_ROWS = (
    (
        "checks",
        {
            "id": "ch",
            "number": 1,
            "made_at": "2026-03-06 08:00:00.000000",
            "calibration_id": "c3",
            "kind": "block",
            "block_mm": 100.0,
            "off_mm": 2.6,
            "uncertainty_mm": 0.5,
            "passed": False,
        },
    ),
    (
        "corrections",
        {
            "id": "co",
            "number": 1,
            "made_at": "2026-03-06 08:00:00.000000",
            "test_id": "t",
            "calibration_id": "c3",
            "left_mm": 86.5,
        },
    ),
)
"""The rows that it also has as one of schema 0002."""

THIRD_ROWS = (
    (
        "answers",
        {
            "id": "an",
            "number": 1,
            "person_id": "p",
            "at": "2026-03-07 08:00:00.000000",
            "question": "care",
            "answer_json": '{"yes": [], "no": ["balance"]}',
        },
    ),
)
"""The rows that it also has as one of schema 0003."""

SCHEMAS = ("0001", "0002", "0003")
"""The schemas that have rows here, oldest first."""


def make_older_database(path: Path, schema: str) -> None:
    """Make a database of one of `SCHEMAS`, with a row in nearly every table."""
    engine = write_engine(path, sqlite_driver)
    for revision, rows in zip(SCHEMAS, (FIRST_ROWS, SECOND_ROWS, THIRD_ROWS), strict=True):
        if revision > schema:
            break
        upgrade(engine, revision)
        with engine.begin() as connection:
            for table, values in rows:
                row = values | {"app_version": "0.1.0", "rule_version": "1"}
                statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES (:{', :'.join(row)})"
                connection.execute(text(statement), row)
    engine.dispose()


def remove_checksums(path: Path) -> None:
    """Turn a database of the current schema into one of schema 0008, the last without checksums."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for name in metadata.tables:
            connection.execute(f"ALTER TABLE {name} DROP COLUMN checksum")
        connection.execute("UPDATE alembic_version SET version_num = '0008'")


Columns = dict[str, list[str]]


def rows_of(path: Path, columns: Columns | None = None) -> tuple[Columns, dict[str, list[Any]]]:
    """The columns of each table, all of them unless `columns` names some, and the values of each row in them."""
    database = sqlite3.connect(path)
    if columns is None:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'")
        columns = {
            table: [row[1] for row in database.execute(f"PRAGMA table_info({table})")] for (table,) in tables.fetchall()
        }
    rows = {
        table: database.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall()
        for table, names in columns.items()
    }
    database.close()
    return columns, rows
