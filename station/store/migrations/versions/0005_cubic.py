"""The curve of a calibration gets a cubic term. Frozen: see 0001.

In older calibrations it is 0, and so are its entries in the covariance.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("calibrations") as calibrations:
        calibrations.add_column(sa.Column("cubic_per_mm2", sa.Float(), nullable=False, server_default="0"))
    with op.batch_alter_table("calibrations") as calibrations:
        calibrations.alter_column("cubic_per_mm2", server_default=None)
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, covariance_json FROM calibrations")).all()
    change = sa.text("UPDATE calibrations SET covariance_json = :covariance WHERE id = :id")
    for calibration_id, covariance_json in rows:
        if covariance_json is not None:
            oo, og, ob, gg, gb, bb = json.loads(covariance_json)
            covariance = json.dumps([oo, og, ob, 0.0, gg, gb, 0.0, bb, 0.0, 0.0])
            connection.execute(change, {"covariance": covariance, "id": calibration_id})
