"""Swapped sides, and the answers from sessions that were given back. Frozen: see 0001."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "side_swaps",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("test_id", sa.String()),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_side_swaps_session_id_sessions"),
        sa.ForeignKeyConstraint(["test_id"], ["tests.id"], name="fk_side_swaps_test_id_tests"),
        sa.PrimaryKeyConstraint("id", name="pk_side_swaps"),
    )
    op.create_index("ix_side_swaps_session_id", "side_swaps", ["session_id"])
    op.create_table(
        "set_aside_answers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("about", sa.String()),
        sa.Column("answer_json", sa.Text(), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_set_aside_answers_session_id_sessions"),
        sa.PrimaryKeyConstraint("id", name="pk_set_aside_answers"),
    )
    op.create_index("ix_set_aside_answers_session_id", "set_aside_answers", ["session_id"])
