"""Calibrations with their whole fit, checks, budgets, corrections, imported results. Frozen: see 0001.

So far the points of a calibration had no uncertainty, and their number of readings was not stored. Each is taken as one
reading (2.1 mm), which is at worst too cautious; the covariance is that of the straight line.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

READING_MM = 2.1


def upgrade() -> None:
    _calibrations()
    op.create_table(
        "checks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calibration_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("block_mm", sa.Float()),
        sa.Column("off_mm", sa.Float(), nullable=False),
        sa.Column("uncertainty_mm", sa.Float(), nullable=False),
        sa.Column("temperature_c", sa.Float()),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["calibration_id"], ["calibrations.id"], name="fk_checks_calibration_id_calibrations"),
        sa.PrimaryKeyConstraint("id", name="pk_checks"),
    )
    op.create_index("ix_checks_calibration_id", "checks", ["calibration_id"])
    for table in ("attempts", "trials"):
        op.add_column(table, sa.Column("budget_json", sa.Text()))
    _tests()
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("test_id", sa.String(), nullable=False),
        sa.Column("calibration_id", sa.String(), nullable=False),
        sa.Column("left_mm", sa.Float()),
        sa.Column("right_mm", sa.Float()),
        sa.Column("left_uncertainty_mm", sa.Float()),
        sa.Column("right_uncertainty_mm", sa.Float()),
        sa.Column("left_budget_json", sa.Text()),
        sa.Column("right_budget_json", sa.Text()),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_id"], ["calibrations.id"], name="fk_corrections_calibration_id_calibrations"
        ),
        sa.ForeignKeyConstraint(["test_id"], ["tests.id"], name="fk_corrections_test_id_tests"),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
    )
    op.create_index("ix_corrections_test_id_number", "corrections", ["test_id", "number"], unique=True)


def _calibrations() -> None:
    with op.batch_alter_table("calibrations") as calibrations:
        calibrations.add_column(sa.Column("bend_per_mm", sa.Float(), nullable=False, server_default="0"))
        calibrations.add_column(sa.Column("residuals_json", sa.Text()))
        calibrations.add_column(sa.Column("covariance_json", sa.Text()))
        calibrations.add_column(sa.Column("temperature_c", sa.Float()))
    with op.batch_alter_table("calibrations") as calibrations:
        calibrations.alter_column("bend_per_mm", server_default=None)
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, gain, offset_mm, points_json FROM calibrations")).all()
    change = sa.text(
        "UPDATE calibrations SET points_json = :points, residuals_json = :residuals, covariance_json = :covariance "
        "WHERE id = :id"
    )
    for calibration_id, gain, offset_mm, points_json in rows:
        if points_json is not None:
            known = _known(json.loads(points_json), gain, offset_mm)
            connection.execute(change, known | {"id": calibration_id})


def _known(points: list[list[float]], gain: float, offset_mm: float) -> dict[str, Any]:
    """Points of (reading, toe distance), and what is known about the straight line through them."""
    n = len(points)
    sum_r = sum(reading for reading, _ in points)
    sum_rr = sum(reading * reading for reading, _ in points)
    variance = READING_MM * READING_MM
    spread = n * sum_rr - sum_r * sum_r
    if spread > 0:
        covariance = [variance * sum_rr / spread, -variance * sum_r / spread, 0.0, variance * n / spread, 0.0, 0.0]
    else:  # one distance only: it gave the offset, and nothing about the gain
        covariance = [variance / max(n, 1), 0.0, 0.0, 0.0, 0.0, 0.0]
    named = [{"toe_mm": toe, "reading_mm": reading, "uncertainty_mm": READING_MM, "n": 1} for reading, toe in points]
    residuals = [toe - (gain * reading + offset_mm) for reading, toe in points]
    return {"points": json.dumps(named), "residuals": json.dumps(residuals), "covariance": json.dumps(covariance)}


def _tests() -> None:
    with op.batch_alter_table("tests") as tests:
        tests.add_column(sa.Column("left_budget_json", sa.Text()))
        tests.add_column(sa.Column("right_budget_json", sa.Text()))
        tests.add_column(sa.Column("temperature_c", sa.Float()))
        tests.add_column(sa.Column("doubted", sa.Boolean(), nullable=False, server_default="0"))
        tests.add_column(sa.Column("imported", sa.Boolean(), nullable=False, server_default="0"))
    with op.batch_alter_table("tests") as tests:
        tests.alter_column("doubted", server_default=None)
        tests.alter_column("imported", server_default=None)
