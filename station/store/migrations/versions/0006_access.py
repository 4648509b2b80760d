"""Paired browsers, who may see whose results, and people's profiles. Frozen: see 0001."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("people") as people:
        for name, kind in _OF_A_PERSON:
            people.add_column(sa.Column(name, kind))
    _make_devices()
    _make_consents()
    _make_records()


_OF_A_PERSON: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("pin_hash", sa.String()),
    ("unit", sa.String()),
    ("goal_left_mm", sa.Float()),
    ("goal_right_mm", sa.Float()),
    ("time_zone", sa.String()),
    ("quiet_from", sa.String()),
    ("quiet_to", sa.String()),
    ("voice", sa.Boolean()),
    ("dominant_side", sa.String()),
    ("hurt_side", sa.String()),
    ("hurt_since", sa.String()),
    ("archived_at", sa.DateTime(timezone=True)),
)


def _make_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("person_id", sa.String()),
        sa.Column("person_until", sa.DateTime(timezone=True)),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("paired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("present_until", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_devices_person_id_people"),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
    )
    op.create_index("ix_devices_person_id", "devices", ["person_id"])
    op.create_index("ix_devices_token_hash", "devices", ["token_hash"], unique=True)


def _make_consents() -> None:
    op.create_table(
        "consents",
        sa.Column("viewer_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["viewer_id"], ["people.id"], name="fk_consents_viewer_id_people"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_consents_person_id_people"),
        sa.PrimaryKeyConstraint("viewer_id", "person_id", name="pk_consents"),
    )
    op.create_index("ix_consents_person_id", "consents", ["person_id"])


def _make_records() -> None:
    op.create_table(
        "access_attempts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_attempts"),
    )
    op.create_index("ix_access_attempts_kind_at", "access_attempts", ["kind", "at"])
    op.create_table(
        "access_log",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("device_id", sa.String()),
        sa.Column("person_id", sa.String()),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_access_log_device_id_devices"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_access_log_person_id_people"),
        sa.PrimaryKeyConstraint("id", name="pk_access_log"),
    )
    op.create_index("ix_access_log_at", "access_log", ["at"])
