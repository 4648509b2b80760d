"""Saves what is left of a damaged database: every row that can still be read, and the rest from a backup.

The rows are written to a new database, which replaces the damaged one in one rename. The damaged file is never changed:
it stays beside the new one under another name until it is deleted like other former databases. A report in words lists
what was saved and what is lost.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, MetaData, Table, column, delete, insert, literal_column, select, table, update
from sqlalchemy.exc import SQLAlchemyError

from station.store import checksums
from station.store.backups.backup import RESERVE_BYTES, backups_of, list_backups
from station.store.backups.restore import staged_backup
from station.store.backups.salvage_report import Salvage
from station.store.backups.salvage_scan import Found, Orders, copy_with_log, put_header, scan_rows, scan_schema
from station.store.connect import (
    attached,
    frozen_driver,
    lock_database,
    log_files,
    sqlite_driver,
    write_engine,
)
from station.store.errors import DiskFullError, PermanentStoreError, StoreError, translate_errors
from station.store.exchange.export_values import DamagedExportError
from station.store.exchange.exported import EXPORTED, exported_columns
from station.store.exchange.staging import check_staged, loose_references, scratch_directory
from station.store.prepare import had_sessions, is_mislabelled, prepare_database
from station.store.schema import HEAD_REVISION, metadata
from station.store.swap import ASIDE, swap_database, undo_unfinished_swap

if TYPE_CHECKING:
    from station.store.backups.salvage_older import Read

ROWS_AT_ONCE = 500
_Key = tuple[Any, ...]


def salvage(
    database: Path, at: datetime, sticks: Sequence[Path] = (), *, known_as_damaged: bool = False
) -> Salvage | None:
    """Replace a damaged database, which must not be in use, by a new one with everything that can be saved.

    The rest comes from the newest sound backup, beside the database or in one of the directories `sticks`. Returns
    `None`, and changes nothing, if nothing is damaged, unless it is `known_as_damaged` because it does not open. Raises
    `StoreError` and changes nothing if it is in use, there is too little room, nothing of a station is left in it, or
    its schema is newer. A database of an older schema is upgraded; see `salvage_older`.
    """
    with ExitStack() as opened:
        opened.enter_context(translate_errors(database))
        opened.enter_context(closing(lock_database(database)))
        undo_unfinished_swap(database)
        _require_room(database)
        scratch = opened.enter_context(scratch_directory(database.parent))
        aside = _unused_name(database, at)
        pages, target = scratch / "pages.db", scratch / "salvaged.db"
        copy_with_log(database, log_files(database)[0], pages)
        found = scan_schema(pages)
        revision = found.revision or HEAD_REVISION
        if is_mislabelled(revision, found.schemas.values()):
            revision, known_as_damaged = HEAD_REVISION, True
        if revision > HEAD_REVISION:
            raise PermanentStoreError(
                f"The database {database} was written by a newer program (its schema is {revision}, this program knows "
                f"{HEAD_REVISION}): update the station; the file stays as it is."
            )
        backup, staged = _newest_sound(database, sticks, opened)
        engine = write_engine(target, sqlite_driver)
        opened.callback(engine.dispose)
        if revision == HEAD_REVISION:
            prepare_database(engine, target)
            known_as_damaged |= put_header(pages, target)
            saved = _insert_rows(engine, scan_rows(pages, _orders(found, staged, scratch), found))
            whole, is_sound = _whole_tables(pages, saved)
        else:
            saved, whole, is_sound = _read_older(database, pages, revision, target, engine)
        if is_sound and not known_as_damaged:
            return None
        if not saved and staged is None and not had_sessions(database):
            raise PermanentStoreError(
                f"The file {database} is not a database of the station, or nothing is left of one, and there is no "
                "backup: it stays as it is; move it away, or name another path."
            )
        filled = {} if staged is None else _fill(engine, staged, set(metadata.tables) - whole)
        lost = {name: count for name, count in _lost(engine, found).items() if name not in whole}
        loosened, left_behind = _settle_references(engine)
        _check(engine, database)
        engine.dispose()
        uncertain = tuple(sorted(set(metadata.tables) - whole))
        made = Salvage(at, aside, backup, saved, filled, lost, loosened, left_behind, uncertain)
        swap_database(database, target, aside, made.lines())
        return made


def _read_older(database: Path, pages: Path, revision: str, target: Path, engine: Engine) -> Read:
    """See `read_older`. Raises `PermanentStoreError` if the rest cannot be upgraded."""
    from station.store.backups.salvage_older import read_older  # Alembic costs 0.2 s and 10 MB

    try:
        return read_older(pages, revision, target, engine)
    except (SQLAlchemyError, ValueError, LookupError, RuntimeError) as error:
        raise PermanentStoreError(
            f"What is left in {database}, of the older schema {revision}, cannot be upgraded ({error!s:.200}): replace "
            "it with a backup by station restore; the file stays as it is."
        ) from error


def _require_room(database: Path) -> None:
    needed, free = 3 * database.stat().st_size + RESERVE_BYTES, shutil.disk_usage(database.parent).free
    if free < needed:
        raise DiskFullError(
            f"Salvaging the database {database} needs {needed // 1_000_000} MB free and finds {free // 1_000_000} MB: "
            "free some space."
        )


def _unused_name(database: Path, at: datetime) -> Path:
    stamp, number = f"{at.astimezone():%Y-%m-%d-%H%M%S}", 1
    while (path := database.with_name(f"{database.name}{ASIDE}{stamp}{f'-{number}' if number > 1 else ''}")).exists():
        number += 1
    return path


def _newest_sound(database: Path, sticks: Sequence[Path], opened: ExitStack) -> tuple[Path | None, Path | None]:
    """The newest backup that can be restored, and its checked copy."""
    found = [copy for directory in (backups_of(database), *sticks) for copy in list_backups(directory)]
    for path in sorted(found, key=lambda one: one.name, reverse=True):
        with suppress(StoreError):
            return path, opened.enter_context(staged_backup(path, database)).path
    return None, None


def _orders(found: Found, staged: Path | None, scratch: Path) -> Orders:
    """The possible orders of each table's columns in its rows: those of the file itself, of the backup, of a new
    database, and of an upgraded one."""
    orders = {name: [tuple(one.name for one in of.c)] for name, of in metadata.tables.items()}
    with closing(sqlite3.connect(":memory:")) as memory:
        for name in orders:
            with suppress(sqlite3.Error, ValueError):  # the statement may be damaged
                memory.execute(found.schemas.get(name, ""))
        _add_orders(memory, orders)
    if staged is not None:
        with closing(frozen_driver(staged, True)) as copy:
            _add_orders(copy, orders)
    if set(orders) - set(found.schemas):
        from station.store.migrate import upgrade

        upgraded = write_engine(scratch / "upgraded.db", sqlite_driver)
        upgrade(upgraded)
        upgraded.dispose()
        with closing(frozen_driver(scratch / "upgraded.db", True)) as copy:
            _add_orders(copy, orders)
    return orders


def _add_orders(driver: Any, orders: dict[str, list[tuple[str, ...]]]) -> None:
    for name, of in metadata.tables.items():
        found = tuple(row[1] for row in driver.execute("SELECT * FROM pragma_table_info(?)", (name,)))
        if set(found) == {one.name for one in of.c}:
            orders[name].append(tuple(row for row in found))


def _insert_rows(engine: Engine, rows: Iterator[tuple[Table, dict[str, Any]]]) -> dict[str, int]:
    """Insert the rows as they are; returns how many each table got."""
    saved: Counter[str] = Counter()
    with loose_references(engine) as connection, connection.begin():
        while part := list(islice(rows, ROWS_AT_ONCE)):
            by_table: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for of, values in part:
                by_table[str(of.name)].append(values)
            for name, added in by_table.items():
                raw = table(name, *(column(one.name) for one in metadata.tables[name].c))  # without types: as stored
                saved[name] += connection.execute(insert(raw).prefix_with("OR IGNORE"), added).rowcount
    return dict(saved)


def _whole_tables(pages: Path, saved: Mapping[str, int]) -> tuple[set[str], bool]:
    """The tables that SQLite reads to the end with every row sound, and whether the whole file is sound.

    A row missing from such a table was deleted, and must not return from a backup.
    """
    whole = set()
    with closing(frozen_driver(pages, True)) as driver:
        checksums.register(driver)
        for name, of in metadata.tables.items():
            with suppress(sqlite3.Error, UnicodeDecodeError):
                count, sound = driver.execute(checksums.count_sound(of)).fetchone()
                if count == sound == saved.get(name, 0):
                    whole.add(name)
        with suppress(sqlite3.Error, UnicodeDecodeError):
            verdict = driver.execute("PRAGMA integrity_check(1)").fetchone()[0]
            return whole, verdict == "ok" and len(whole) == len(metadata.tables)
    return whole, False


def _fill(engine: Engine, staged: Path, names: set[str]) -> dict[str, int]:
    """Insert into these tables the rows that only the backup has. Access never comes from a backup."""
    filled = {}
    copy = MetaData()
    with loose_references(engine) as connection, attached(connection, staged), connection.begin():
        for of in metadata.sorted_tables:
            if of.name in names & EXPORTED:
                columns = [one.name for one in exported_columns(of)]
                source = of.to_metadata(copy, schema="staged")
                rows = (
                    insert(of)
                    .prefix_with("OR IGNORE")
                    .from_select(columns, select(*(source.c[one] for one in columns)))
                )
                filled[str(of.name)] = connection.execute(rows).rowcount
    return {name: count for name, count in filled.items() if count > 0}


def _lost(engine: Engine, found: Found) -> dict[str, int]:
    """How many rows of each table are neither saved nor filled, but referred to by another row or an index."""
    saved: dict[_Key, str] = {}
    named: dict[_Key, str] = {}
    with engine.connect() as connection:
        for of in metadata.sorted_tables:
            raw = table(of.name, *(column(one.name) for one in of.c if one.primary_key or one.foreign_keys))
            for row in connection.execute(select(raw)).mappings():
                key = tuple(row[one.name] for one in of.primary_key)
                saved.setdefault(key, str(of.name))  # a plan has the key of its person
                named |= {(row[one.parent.name],): str(one.column.table.name) for one in of.foreign_keys}
    named |= saved
    lost: dict[str, set[_Key]] = defaultdict(set)
    for key, name in named.items():
        if key not in saved and key != (None,):
            lost[name].add(key)
    for keys in found.keys:
        known = Counter(named[key] for key in keys if key in named)
        if known:
            name = known.most_common(1)[0][0]
            sample = next(key for key in keys if named.get(key) == name)
            lost[name] |= {key for key in keys if key not in named and _is_alike(key, sample)}
    return {name: len(keys) for name, keys in lost.items() if keys}


def _is_alike(key: _Key, sample: _Key) -> bool:
    """Whether two keys may belong to one table: numbers in the same places, and texts of the same length."""
    return len(key) == len(sample) and all(
        type(one) is type(other) and (not isinstance(one, str) or len(one) == len(other))
        for one, other in zip(key, sample, strict=True)
    )


def _settle_references(engine: Engine) -> tuple[dict[str, int], dict[str, int]]:
    """Clear references to lost rows, or delete rows that need the reference; returns how many of each per table."""
    loosened: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    with loose_references(engine) as connection, connection.begin():
        while broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
            for name, rowid, _, number in broken:
                of = metadata.tables[name]
                listed = connection.exec_driver_sql("SELECT * FROM pragma_foreign_key_list(?)", (name,)).all()
                key = of.c[next(row[3] for row in listed if row[0] == number)]
                is_it = literal_column("rowid") == rowid
                if key.nullable:
                    loosened[name] += connection.execute(update(of).where(is_it).values({key: None})).rowcount
                else:
                    dropped[name] += connection.execute(delete(of).where(is_it)).rowcount
    return dict(+loosened), dict(+dropped)


def _check(engine: Engine, database: Path) -> None:
    try:
        check_staged(engine, None)
    except (DamagedExportError, SQLAlchemyError) as error:
        raise PermanentStoreError(
            f"What is left in {database} makes no database of a station: replace it with a backup by station "
            "restore; the file stays as it is."
        ) from error
