"""The tables. Identifiers are UUIDv7 texts, times aware UTC, `…_us` microseconds since the run's trace began.

Each row names the versions of the program and of the rules that made it. Nothing is stored that follows from other
rows: a test's person is its session's, and its start follows from its run and its `started_us`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

HEAD_REVISION = "0009"
"""The newest revision in `migrations/versions`. Revisions are four-digit numbers in ascending order."""


CHECKSUM = "checksum"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC. Naive times are refused, because their zone is unknown."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"The time {value} has no time zone: give an aware one.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def _table(name: str, *columns: Column[Any] | Index) -> Table:
    return Table(
        name,
        metadata,
        *columns,
        Column("app_version", String, nullable=False),
        Column("rule_version", String, nullable=False),
        Column(CHECKSUM, BigInteger),  # of all other columns; triggers write it, see `station.store.checksums`
    )


def _id_column() -> Column[str]:
    return Column("id", String, primary_key=True)


def _foreign_key_column(name: str, key: str, *, index: bool = True) -> Column[str]:
    return Column(name, String, ForeignKey(key), nullable=False, index=index)


def _step_columns() -> tuple[Column[Any], ...]:
    """The step in the run's routine, its exercise, and whether the board verified it."""
    return Column("step_index", Integer), Column("exercise", String), Column("verified", Boolean, nullable=False)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

people = _table(
    "people",
    _id_column(),
    Column("name", String, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("pin_hash", String),
    Column("unit", String),
    Column("goal_left_mm", Float),
    Column("goal_right_mm", Float),
    Column("time_zone", String),
    Column("quiet_from", String),
    Column("quiet_to", String),
    Column("voice", Boolean),
    Column("dominant_side", String),
    Column("hurt_side", String),
    Column("hurt_since", String),  # a date, or the known part of it: 2026, 2026-03
    Column("archived_at", UtcDateTime),
)

settings = _table(
    "settings",
    Column("name", String, primary_key=True),
    Column("value_json", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

calibrations = _table(
    "calibrations",
    _id_column(),
    Column("number", Integer, nullable=False),  # the newest has the greatest: without a battery the clock may go back
    Column("created_at", UtcDateTime, nullable=False),
    Column("gain", Float, nullable=False),
    Column("offset_mm", Float, nullable=False),
    Column("bend_per_mm", Float, nullable=False),
    Column("cubic_per_mm2", Float, nullable=False),
    Column("points_json", Text),  # all three are missing if as built, not calibrated
    Column("residuals_json", Text),
    Column("covariance_json", Text),
    Column("temperature_c", Float),
)

calibration_checks = _table(
    "calibration_checks",
    _id_column(),
    Column("number", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    _foreign_key_column("calibration_id", "calibrations.id"),
    Column("kind", String, nullable=False),
    Column("block_mm", Float),
    Column("off_mm", Float, nullable=False),
    Column("uncertainty_mm", Float, nullable=False),
    Column("temperature_c", Float),
    Column("passed", Boolean, nullable=False),
)

heel_sensors = _table(
    "heel_sensors",
    Column("side", String, primary_key=True),
    Column("empty_share", Float, nullable=False),
    Column("measured_at", UtcDateTime, nullable=False),
)

sessions = _table(
    "sessions",
    _id_column(),
    Column("person_id", String, ForeignKey("people.id")),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    Column("end_reason", String),
    Column("simulated", Boolean, nullable=False),
    Index("ix_sessions_person_id_started_at", "person_id", "started_at"),
)

runs = _table(
    "runs",
    _id_column(),
    _foreign_key_column("session_id", "sessions.id"),
    Column("started_at", UtcDateTime, nullable=False),
    Column("header_json", Text, nullable=False),
    Column("title", String),
    Column("remaining_json", Text),  # both are missing if the routine is complete
    Column("remaining_saved_at", UtcDateTime),
)

trace_chunks = _table(
    "trace_chunks",
    Column("run_id", String, ForeignKey("runs.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("rows", LargeBinary, nullable=False),
)

tests = _table(
    "tests",
    _id_column(),
    _foreign_key_column("run_id", "runs.id"),
    Column("started_us", BigInteger, nullable=False),
    Column("full", Boolean, nullable=False),
    Column("contact", String, nullable=False),
    Column("state", String, nullable=False),
    Column("left_mm", Float),
    Column("right_mm", Float),
    Column("left_uncertainty_mm", Float),
    Column("right_uncertainty_mm", Float),
    Column("left_budget_json", Text),
    Column("right_budget_json", Text),
    Column("calibration_id", String, ForeignKey("calibrations.id")),
    Column("temperature_c", Float),
    Column("skirting_mm", Float),  # added to each distance; missing for an imported test
    Column("is_suspect", Boolean, nullable=False),
    Column("imported", Boolean, nullable=False),
    Column("shod", Boolean),
    Column("back_foot", String),
    Column("board_angle_deg", Float),
    Column("warmed_up", Boolean),
    Column("pain", Integer),
    Column("felt_place", String),
)

corrections = _table(
    "corrections",
    _id_column(),
    Column("number", Integer, nullable=False),  # the correction with a test's greatest number counts
    Column("created_at", UtcDateTime, nullable=False),
    Column("test_id", String, ForeignKey("tests.id"), nullable=False),
    Column("calibration_id", String, ForeignKey("calibrations.id"), nullable=False),
    Column("left_mm", Float),
    Column("right_mm", Float),
    Column("left_uncertainty_mm", Float),
    Column("right_uncertainty_mm", Float),
    Column("left_budget_json", Text),
    Column("right_budget_json", Text),
    Index("ix_corrections_test_id_number", "test_id", "number", unique=True),
)

trials = _table(
    "trials",
    _id_column(),
    _foreign_key_column("test_id", "tests.id"),
    Column("side", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("toe_mm", Float, nullable=False),
    Column("below_range", Boolean, nullable=False),
    Column("uncertainty_mm", Float),
    Column("budget_json", Text),
    Column("ended_us", BigInteger, nullable=False),
)

attempts = _table(
    "attempts",
    _id_column(),
    _foreign_key_column("test_id", "tests.id"),
    Column("side", String, nullable=False),
    Column("trial", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("outcome", String, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger, nullable=False),
    Column("toe_mm", Float),
    Column("uncertainty_mm", Float),
    Column("budget_json", Text),
    Column("contact", String),
    Column("window_start_us", BigInteger),
    Column("window_end_us", BigInteger),
)

holds = _table(
    "holds",
    _id_column(),
    _foreign_key_column("run_id", "runs.id"),
    Column("side", String, nullable=False),
    Column("repetition", Integer, nullable=False),
    Column("target_us", BigInteger, nullable=False),
    Column("credited_us", BigInteger, nullable=False),
    Column("lifted_us", BigInteger, nullable=False),
    Column("lift_count", Integer, nullable=False),
    Column("micro_lift_count", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    *_step_columns(),
)

heel_lifts = _table(
    "heel_lifts",
    Column("hold_id", String, ForeignKey("holds.id"), primary_key=True),
    Column("started_us", BigInteger, primary_key=True),
    Column("ended_us", BigInteger),
)

rep_sets = _table(
    "rep_sets",
    _id_column(),
    _foreign_key_column("run_id", "runs.id"),
    Column("side", String, nullable=False),
    Column("target_count", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("too_quick_count", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    *_step_columns(),
)

repetitions = _table(
    "repetitions",
    Column("rep_set_id", String, ForeignKey("rep_sets.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 0, in the order done
    Column("at_us", BigInteger, nullable=False),
    Column("took_us", BigInteger, nullable=False),
    Column("too_quick", Boolean, nullable=False),
)

routines = _table(
    "routines",
    _id_column(),
    Column("person_id", String, ForeignKey("people.id"), index=True),
    Column("name", String, nullable=False),
    Column("items_json", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

answers = _table(
    "answers",
    _id_column(),
    Column("number", Integer, nullable=False),  # the newest has the greatest: without a battery the clock may go back
    Column("person_id", String, ForeignKey("people.id"), nullable=False),
    Column("answered_at", UtcDateTime, nullable=False),
    Column("question", String, nullable=False),
    Column("about", String),
    Column("answer_json", Text, nullable=False),
    Index("ix_answers_person_id_number", "person_id", "number"),
)

plans = _table(
    "plans",
    Column("person_id", String, ForeignKey("people.id"), primary_key=True),
    Column("plan_json", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

devices = _table(
    "devices",
    _id_column(),
    Column("name", String, nullable=False),
    Column("token_hash", String, nullable=False),
    Column("role", String, nullable=False),
    Column("person_id", String, ForeignKey("people.id"), index=True),
    Column("person_until", UtcDateTime),  # only if several people share the browser
    Column("is_shared", Boolean, nullable=False),
    Column("paired_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("present_until", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Index("ix_devices_token_hash", "token_hash", unique=True),
)

consents = _table(
    "consents",
    Column("viewer_id", String, ForeignKey("people.id"), primary_key=True),
    Column("person_id", String, ForeignKey("people.id"), primary_key=True, index=True),
    Column("agreed_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
)

access_attempts = _table(
    "access_attempts",
    _id_column(),
    Column("kind", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Index("ix_access_attempts_kind_at", "kind", "at"),
)

access_log = _table(
    "access_log",
    _id_column(),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("what", String, nullable=False),
    Column("device_id", String, ForeignKey("devices.id")),
    Column("person_id", String, ForeignKey("people.id")),
)

side_swaps = _table(
    "side_swaps",
    _id_column(),
    Column("number", Integer, nullable=False),  # two swaps of the same undo each other
    Column("created_at", UtcDateTime, nullable=False),
    _foreign_key_column("session_id", "sessions.id"),
    Column("test_id", String, ForeignKey("tests.id")),  # missing: the whole session
)

set_aside_answers = _table(
    "set_aside_answers",
    _id_column(),
    Column("number", Integer, nullable=False),
    _foreign_key_column("session_id", "sessions.id"),
    Column("answered_at", UtcDateTime, nullable=False),
    Column("question", String, nullable=False),
    Column("about", String),
    Column("answer_json", Text, nullable=False),
)

api_tokens = _table(
    "api_tokens",
    _id_column(),
    _foreign_key_column("device_id", "devices.id"),
    Column("name", String, nullable=False),
    Column("token_hash", String, nullable=False),
    Column("scopes", String, nullable=False),  # words separated by spaces
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Index("ix_api_tokens_token_hash", "token_hash", unique=True),
)

NEVER_EXPORTED: frozenset[Table | Column[Any]] = frozenset(
    {devices, consents, access_attempts, access_log, api_tokens, people.c.pin_hash}
)
"""The tables and columns about access: who may get in, who sees what, and who did. They are never exported or imported:
consent is given on the board."""
