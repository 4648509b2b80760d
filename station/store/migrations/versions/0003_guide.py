"""Exercises of holds and repetitions, unfinished routines, own routines, answers and plans. Frozen: see 0001.

So far the board sensed every hold and every repetition, so all of them are verified.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table in ("holds", "reps"):
        _of_routine(table)
    op.add_column("runs", sa.Column("called", sa.String()))
    op.add_column("runs", sa.Column("rest_json", sa.Text()))
    op.add_column("runs", sa.Column("rest_at", sa.DateTime(timezone=True)))
    op.create_table(
        "repetitions",
        sa.Column("reps_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("took_us", sa.BigInteger(), nullable=False),
        sa.Column("too_quick", sa.Boolean(), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["reps_id"], ["reps.id"], name="fk_repetitions_reps_id_reps"),
        sa.PrimaryKeyConstraint("reps_id", "number", name="pk_repetitions"),
    )
    op.create_table(
        "routines",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String()),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("items_json", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_routines_person_id_people"),
        sa.PrimaryKeyConstraint("id", name="pk_routines"),
    )
    op.create_index("ix_routines_person_id", "routines", ["person_id"])
    op.create_table(
        "answers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("about", sa.String()),
        sa.Column("answer_json", sa.Text(), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_answers_person_id_people"),
        sa.PrimaryKeyConstraint("id", name="pk_answers"),
    )
    op.create_index("ix_answers_person_id_number", "answers", ["person_id", "number"])
    op.create_table(
        "plans",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("plan_json", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_plans_person_id_people"),
        sa.PrimaryKeyConstraint("person_id", name="pk_plans"),
    )


def _of_routine(table: str) -> None:
    with op.batch_alter_table(table) as changed:
        changed.add_column(sa.Column("step", sa.Integer()))
        changed.add_column(sa.Column("exercise", sa.String()))
        changed.add_column(sa.Column("verified", sa.Boolean(), nullable=False, server_default="1"))
    with op.batch_alter_table(table) as changed:
        changed.alter_column("verified", server_default=None)
