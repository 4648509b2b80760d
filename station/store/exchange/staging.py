"""Loads a foreign file into a separate database of the current schema, before anything of the station changes.

There everything is checked: values, references, and that every record can be read. An export of an older schema is
upgraded by the migrations, the only place that knows how.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Connection, Engine, MetaData, Table, insert, select
from sqlalchemy.exc import SQLAlchemyError

from station.core.events import MAX_PAIN, Side
from station.core.measurement.curve import Curve
from station.core.trace import CALIBRATION_LIMITS
from station.settings import CHOICES, LIMITS, TIME_OF_DAY, Settings
from station.store import checksums
from station.store.connect import sqlite_driver, write_engine
from station.store.errors import translate_errors
from station.store.exchange.export_read import Head, Part, open_export
from station.store.exchange.export_values import LAST_YEAR, DamagedExportError, row_parser
from station.store.exchange.exported import EXPORTED
from station.store.names import is_name
from station.store.reading import loading
from station.store.reading.reader import CALIBRATIONS_NEWEST_FIRST, CHECKS_NEWEST_FIRST, stored_settings
from station.store.reading.training import is_circumstance
from station.store.schema import (
    HEAD_REVISION,
    NEVER_EXPORTED,
    answers,
    calibration_checks,
    metadata,
    people,
    plans,
    routines,
    runs,
    sessions,
    tests,
)
from station.store.writing.store import CHECK_KINDS, FINISHED, PARTIAL, UNFINISHED
from station.store.writing.training import felt_places_to_text

NEVER = {one.name for one in NEVER_EXPORTED if isinstance(one, Table)}
SESSIONS_A_READ = 200
LEFTOVER_S = 24 * 3_600
"""An older directory of an import was left by a power cut."""
DIRECTORY_PREFIX = ".station-import-"


class Staged(Struct, frozen=True):
    """A checked database of the current schema with a file's content; `person_id` is `None` for a whole station's."""

    path: Path
    person_id: str | None
    name: str = ""
    """What people call the file."""


@contextmanager
def staged_export(path: Path, directory: Path) -> Iterator[Staged]:
    """The content of the export at `path`, as a database in a temporary directory inside `directory`.

    Raises `ImportRefusedError` for a damaged file or one that is not an export, `StoreError` if it cannot be read.
    """
    with scratch_directory(directory) as scratch:
        target = scratch / "staged.db"
        with open_export(path) as (head, parts):
            engine = write_engine(target, sqlite_driver)
            try:
                _fill(engine, head, parts)
                check_staged(engine, head.person_id)
            except SQLAlchemyError as error:
                raise DamagedExportError(str(getattr(error, "orig", error))) from error
            finally:
                engine.dispose()
        target.chmod(0o640)
        yield Staged(target, head.person_id)


def work_directory(database: Path) -> Path:
    """Where files are made and checked: beside the database, which has enough room (a directory in memory may not), or
    in the cache directory that systemd gives a process that may not write there."""
    given = os.environ.get("CACHE_DIRECTORY")
    return Path(given) if given else database.parent


@contextmanager
def scratch_directory(parent: Path) -> Iterator[Path]:
    """A temporary directory; removes those left by a power cut."""
    for leftover in parent.glob(f"{DIRECTORY_PREFIX}*"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > LEFTOVER_S:
                shutil.rmtree(leftover)
    with translate_errors(parent):
        scratch = Path(tempfile.mkdtemp(prefix=DIRECTORY_PREFIX, dir=parent))
        scratch.chmod(0o750)  # the process that writes the database reads it through its group
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _fill(engine: Engine, head: Head, parts: Iterator[Part]) -> None:
    """Insert the parts into new tables of the export's schema, and upgrade them to the current one."""
    tables: MetaData = metadata
    if head.schema == HEAD_REVISION:
        metadata.create_all(engine)
        with engine.begin() as connection:
            checksums.install(connection)
    else:
        from station.store.migrate import upgrade

        upgrade(engine, head.schema)
        tables = MetaData()
        tables.reflect(engine)
    with loose_references(engine) as connection, connection.begin():
        for name, names, rows in parts:
            table = tables.tables.get(name)
            if table is None or name in NEVER or (head.schema == HEAD_REVISION and name not in EXPORTED):
                raise DamagedExportError(f"there is no table {name}")
            if rows:
                parse = row_parser(table, names, is_text=head.is_text)
                connection.execute(insert(table), [parse(row) for row in rows])
    if head.schema != HEAD_REVISION:
        upgrade(engine)


@contextmanager
def loose_references(engine: Engine) -> Iterator[Connection]:
    """A connection that accepts rows in any order; their references are checked together at the end."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            yield connection
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def check_staged(engine: Engine, person_id: str | None) -> None:
    """Raise `DamagedExportError` if a reference is broken or a record cannot be read."""
    with engine.connect() as connection, connection.begin():
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise DamagedExportError(f"a row of {broken[0]} belongs to no row of {broken[2]}")
        try:
            _read_everything(connection)
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise DamagedExportError(f"a record cannot be read: {error!r:.200}") from error
        if person_id is not None and list(connection.execute(select(people.c.id)).scalars()) != [person_id]:
            raise DamagedExportError("it is of one person, and has others")


def _read_everything(connection: Connection) -> None:
    for row in connection.execute(CALIBRATIONS_NEWEST_FIRST):
        _require(_is_possible(loading.calibration_from_row(row).curve), "a calibration")
    for row in connection.execute(CHECKS_NEWEST_FIRST):
        loading.check_from_row(row)
    Settings(**stored_settings(connection))
    for table in (people, routines):
        for name in connection.execute(select(table.c.name)).scalars():
            _require(is_name(name), f"a name in {table.name}")
    for column, is_allowed in _ALLOWED:
        for value in connection.execute(select(column).distinct()).scalars():
            try:
                is_fine = is_allowed(value)
            except (ValueError, KeyError, OSError):
                is_fine = False
            _require(is_fine, f"{column.table.name}.{column.name} {value!r:.60}")
    for column, kind in _JSON_COLUMNS:
        for text in connection.execute(select(column).where(column.is_not(None))).scalars():
            _require(isinstance(loading.parse_json(text), kind), f"{column.table.name}.{column.name}")
    ids = iter(connection.execute(select(sessions.c.id)).scalars().all())
    while part := list(islice(ids, SESSIONS_A_READ)):
        is_included = sessions.c.id.in_(part)
        loading.load_tests(connection, loading.SELECT_TESTS.where(is_included))
        loading.load_holds(connection, loading.SELECT_HOLDS.where(is_included))
        loading.load_rep_sets(connection, loading.SELECT_REP_SETS.where(is_included))


def _require(is_fine: bool, what: str) -> None:
    if not is_fine:
        raise ValueError(f"{what} cannot be so")


def _is_possible(curve: Curve) -> bool:
    return all(least <= getattr(curve, name) <= most for name, (least, most) in CALIBRATION_LIMITS.items())


def _is_felt(stored: object) -> bool:
    return stored is None or (isinstance(stored, str) and felt_places_to_text(stored.split(",")) == stored)


def _is_number_for(setting: str) -> Callable[[Any], bool]:
    least, most = LIMITS[setting]
    return lambda value: value is None or least <= value <= most


def _is_one_of(*allowed: str) -> Callable[[Any], bool]:
    return lambda value: value is None or value in allowed


def _is_time_zone(value: str | None) -> bool:
    if value is not None:
        ZoneInfo(value)  # raises for an unknown one
    return True


def _is_time_of_day(value: str | None) -> bool:
    return value is None or TIME_OF_DAY.fullmatch(value) is not None


def _is_day(value: str | None) -> bool:
    """Whether this is a date, or the known part of one."""
    return value is None or date.fromisoformat(f"{value}-01-01"[: len("2026-01-01")]).year <= LAST_YEAR


_ALLOWED: tuple[tuple[Any, Callable[[Any], bool]], ...] = (
    (tests.c.state, (UNFINISHED, PARTIAL, FINISHED).__contains__),
    (tests.c.pain, lambda value: value is None or 0 <= value <= MAX_PAIN),
    (tests.c.felt_place, _is_felt),
    (tests.c.back_foot, lambda value: is_circumstance("back_foot", value)),
    (calibration_checks.c.kind, CHECK_KINDS.__contains__),
    (people.c.unit, _is_one_of(*CHOICES["units"])),
    (people.c.goal_left_mm, _is_number_for("goal_mm")),
    (people.c.goal_right_mm, _is_number_for("goal_mm")),
    (people.c.time_zone, _is_time_zone),
    (people.c.quiet_from, _is_time_of_day),
    (people.c.quiet_to, _is_time_of_day),
    (people.c.dominant_side, _is_one_of(*Side)),
    (people.c.hurt_side, _is_one_of(*Side)),
    (people.c.hurt_since, _is_day),
)
_JSON_COLUMNS: tuple[tuple[Any, Any], ...] = (
    (runs.c.header_json, dict),
    (runs.c.remaining_json, dict),
    (routines.c.items_json, list),
    (plans.c.plan_json, dict),
    (answers.c.answer_json, object),
)
