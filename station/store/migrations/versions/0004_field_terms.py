"""Tables and columns get the field's terms. Frozen: see 0001.

No row is lost; the only values that change are the key of the health questions and two end reasons. A test gets the
skirting board that it was measured with. SQLite updates references to a renamed table or column; indexes are recreated
under their new names.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = {
    "checks": "calibration_checks",
    "heels": "heel_sensors",
    "sittings": "sessions",
    "lifts": "heel_lifts",
    "reps": "rep_sets",
}
COLUMNS = {
    "calibrations": {"made_at": "created_at"},
    "calibration_checks": {"made_at": "created_at"},
    "sessions": {"ended_why": "end_reason"},
    "runs": {
        "sitting_id": "session_id",
        "began_at": "started_at",
        "called": "title",
        "rest_json": "remaining_json",
        "rest_at": "remaining_saved_at",
    },
    "tests": {"doubted": "is_suspect", "board_deg": "board_angle_deg", "limit_felt": "felt_place"},
    "corrections": {"made_at": "created_at"},
    "attempts": {"window_from_us": "window_start_us", "window_to_us": "window_end_us"},
    "holds": {"lifts": "lift_count", "micro_lifts": "micro_lift_count", "step": "step_index"},
    "heel_lifts": {"since_us": "started_us", "until_us": "ended_us"},
    "rep_sets": {"too_quick": "too_quick_count", "step": "step_index"},
    "repetitions": {"reps_id": "rep_set_id"},
    "answers": {"at": "answered_at"},
}
INDEXES = (
    ("ix_checks_calibration_id", "ix_calibration_checks_calibration_id", "calibration_checks", ["calibration_id"]),
    ("ix_sittings_started_at", "ix_sessions_started_at", "sessions", ["started_at"]),
    ("ix_sittings_person_id_started_at", "ix_sessions_person_id_started_at", "sessions", ["person_id", "started_at"]),
    ("ix_runs_sitting_id", "ix_runs_session_id", "runs", ["session_id"]),
    ("ix_reps_run_id", "ix_rep_sets_run_id", "rep_sets", ["run_id"]),
)
SKIRTING = """
UPDATE tests SET skirting_mm = (
    SELECT CASE
        WHEN NOT json_valid(runs.header_json) THEN NULL
        WHEN json_type(runs.header_json, '$.offset_mm') IS NULL THEN 0.0
        WHEN json_type(runs.header_json, '$.offset_mm') IN ('integer', 'real')
            THEN ROUND(json_extract(runs.header_json, '$.offset_mm') - calibrations.offset_mm, 1)
    END
    FROM runs, calibrations WHERE runs.id = tests.run_id AND calibrations.id = tests.calibration_id
) WHERE NOT imported
"""
"""The skirting board is the difference between the offsets of the curve in the trace's header and the calibration's.
With a damaged header it stays unknown, and the test is not recalculated."""


def upgrade() -> None:
    for old, new in TABLES.items():
        op.rename_table(old, new)
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    for old, new, table, keys in INDEXES:
        op.drop_index(old, table)
        op.create_index(new, table, keys)
    op.add_column("tests", sa.Column("skirting_mm", sa.Float()))
    op.execute(SKIRTING)
    op.execute("UPDATE answers SET question = 'health' WHERE question = 'care'")
    op.execute("UPDATE sessions SET end_reason = 'stepped off' WHERE end_reason = 'left'")
    op.execute("UPDATE sessions SET end_reason = 'another person' WHERE end_reason = 'somebody else'")
