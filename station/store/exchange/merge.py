"""Merges a staged database into the station's: adds what is new, keeps what is there, all in one transaction.

Rows with the same key are the same row. If its values differ, the station's own row stays, and the report names it. A
preview is the same comparison without writing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from station.store.errors import StoreError
from station.store.exchange.exported import STATION_ONLY, TABLES, exported_columns
from station.store.exchange.merge_report import Conflict, MergeReport, TableMerge
from station.store.exchange.same_board import compare_boards
from station.store.exchange.staging import Staged, staged_export, work_directory
from station.store.names import MAX_NAME_LENGTH
from station.store.reading.reader import Reader
from station.store.schema import (
    answers,
    calibration_checks,
    calibrations,
    corrections,
    metadata,
    people,
    routines,
    sessions,
    set_aside_answers,
    side_swaps,
)
from station.store.writing.store import Store

CONFLICTS_NAMED = 20
"""How many different rows of a table are named; all are counted."""


@cache
def _staged_tables() -> dict[str, Table]:
    """The tables in the staged database; only an import needs them, and they take 17 ms to create."""
    staged = MetaData()
    return {table.name: table.to_metadata(staged, schema="staged") for table in TABLES}


_NUMBERED: dict[str, tuple[Column[Any], Column[Any] | None]] = {
    "calibrations": (calibrations.c.created_at, None),
    "calibration_checks": (calibration_checks.c.created_at, None),
    "corrections": (corrections.c.created_at, corrections.c.test_id),
    "answers": (answers.c.answered_at, answers.c.person_id),
    "side_swaps": (side_swaps.c.created_at, side_swaps.c.session_id),
    "set_aside_answers": (set_aside_answers.c.answered_at, set_aside_answers.c.session_id),
}
"""The tables whose rows are ordered by `number`: the column with a row's time, and the one that groups rows, if any;
each group has its own order."""
_OF_BOARD = ("calibration_checks", "calibrations", "heel_sensors")
"""The tables of the board, in an order that allows deletion."""
_ASIDE = 10**9
"""Keeps the numbers of new rows apart until they have their final numbers."""


def import_export(store: Store, path: Path, *, same_board: bool = False) -> MergeReport:
    """Add the contents of an export to the store, all or nothing; see `merge`.

    Raises `ImportRefusedError` for a damaged file or one that is not an export, `StoreError` if the disk fails.
    """
    with staged_export(path, work_directory(store.path)) as staged:
        return merge(store, staged, same_board=same_board)


def preview(reader: Reader, staged: Staged) -> MergeReport:
    """What `merge` would do, without doing it."""
    with reader.read_transaction(attach=staged.path) as connection:
        return _compare(connection, staged, None)


def merge(store: Store, staged: Staged, *, same_board: bool = False) -> MergeReport:
    """Add to the store what it does not have yet, in one transaction.

    `same_board`: a person says that a station which was never calibrated has the file's board, so that the file's
    calibration and empty heel plates are used.
    """
    with store.write_transaction(attach=staged.path) as connection:
        report = _compare(connection, staged, same_board)
        replaced = _replaced_tables(takes_over=report.takes_over, takes_board=bool(report.takes_board))
        for name in replaced:
            connection.execute(metadata.tables[name].delete())
        new_names = [(table, _new_names(connection, table)) for table in (people, routines)]
        for table in TABLES:
            if table.name not in STATION_ONLY or table.name in replaced:
                _insert_new(connection, table)
        for table, given in new_names:
            for row_id, _, name in given:
                connection.execute(update(table).where(table.c.id == row_id).values(name=name))
        for name in _NUMBERED:
            _place_new_rows(connection, metadata.tables[name], takes_board=bool(report.takes_board))
        return report


def _replaced_tables(*, takes_over: bool, takes_board: bool) -> tuple[str, ...]:
    """The tables that the station takes unchanged from the file, in an order that allows deletion.

    A station with results keeps the calibrations behind them: those of the file follow.
    """
    of_board = _OF_BOARD if takes_over else ("heel_sensors",)
    return (*(of_board if takes_board else ()), *(("settings",) if takes_over else ()))


def _compare(connection: Connection, staged: Staged, same_board: bool | None) -> MergeReport:
    """The report; `same_board` is what a person says, `None` if nobody has been asked."""
    _require_plain(connection)
    boards = compare_boards(connection)
    takes_over = staged.person_id is None and not boards.was_calibrated and _is_unused(connection)
    takes_board: bool | None = False
    if staged.person_id is None and boards.may_be_same:
        takes_board = same_board
    elif takes_over:
        takes_board = True
    replaced = _replaced_tables(takes_over=takes_over, takes_board=bool(takes_board))
    counts, conflicts = [], []
    for table in TABLES:
        if table.name in STATION_ONLY and table.name not in replaced:
            continue
        of_file = _staged_tables()[table.name]
        total = _count(connection, select(of_file))
        if table.name in replaced:
            counts.append(TableMerge(str(table.name), total, 0, 0))
            continue
        new = _count(connection, _select_new(table))
        own, compared = table.alias("own"), _compared(table)
        differing = (
            select(of_file, *(own.c[name].label(f"own_{name}") for name in compared))
            .join_from(
                of_file, own, and_(*(of_file.c[column.name] == own.c[column.name] for column in table.primary_key))
            )
            .where(or_(*(of_file.c[name].is_distinct_from(own.c[name]) for name in compared)))
        )
        different = _count(connection, differing)
        counts.append(TableMerge(str(table.name), new, total - new - different, different))
        for row in connection.execute(differing.limit(CONFLICTS_NAMED)).mappings():
            columns = tuple(name for name in compared if row[of_file.c[name]] != row[f"own_{name}"])
            key = " ".join(str(row[of_file.c[column.name]]) for column in table.primary_key)
            conflicts.append(Conflict(str(table.name), key, columns))
    of_sessions, of_people = _staged_tables()["sessions"], _staged_tables()["people"]
    is_new_session = _is_new(sessions)
    first_at, last_at = connection.execute(
        select(func.min(of_sessions.c.started_at), func.max(of_sessions.c.started_at)).where(is_new_session)
    ).one()
    named = [_new_names(connection, table) for table in (people, routines)]
    return MergeReport(
        person_id=staged.person_id,
        takes_over=takes_over,
        takes_board=takes_board,
        tables=tuple(counts),
        people=tuple(
            connection.execute(select(of_people.c.name).where(_is_new(people)).order_by(of_people.c.name)).scalars()
        ),
        renamed=tuple((old, new) for given in named for _, old, new in given),
        first_at=first_at,
        last_at=last_at,
        conflicts=tuple(conflicts),
    )


def _require_plain(connection: Connection) -> None:
    """Raise `StoreError` if the staged database has a view or a virtual table: reading those runs code."""
    listed = connection.exec_driver_sql("SELECT type, sql FROM staged.sqlite_master").all()
    if any(kind == "view" or (sql or "").upper().startswith("CREATE VIRTUAL") for kind, sql in listed):
        raise StoreError("The staged database is none that the station made: import the export again.")


def _is_unused(connection: Connection) -> bool:
    """Whether the station has no sessions or routines, so that its settings may be replaced."""
    return not any(_count(connection, query) for query in (select(sessions), select(routines)))


def _count(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())


def _is_new(table: Table) -> ColumnElement[bool]:
    """Whether a staged row's key is not in the table."""
    of_file = _staged_tables()[table.name]
    return ~exists().where(*(of_file.c[column.name] == column for column in table.primary_key))


def _select_new(table: Table) -> Select[Any]:
    of_file = _staged_tables()[table.name]
    return select(*(of_file.c[column.name] for column in exported_columns(table))).where(_is_new(table))


def _compared(table: Table) -> list[str]:
    """The columns that are compared. The row's number is not: it depends on all other rows."""
    left_out = {column.name for column in table.primary_key} | ({"number"} if table.name in _NUMBERED else set())
    return [str(column.name) for column in exported_columns(table) if column.name not in left_out]


def _insert_new(connection: Connection, table: Table) -> None:
    query = _select_new(table)
    names = [column.name for column in query.selected_columns]
    if table.name in _NUMBERED:
        of_file = _staged_tables()[table.name]
        aside = -of_file.c.number - _ASIDE
        query = query.with_only_columns(*(aside if name == "number" else of_file.c[name] for name in names))
    connection.execute(insert(table).from_select(names, query))


def _place_new_rows(connection: Connection, table: Table, *, takes_board: bool) -> None:
    """Number the new rows so that each follows the row that it followed in the file, or else the rows before its time.

    The calibration in use stays the newest, unless the station `takes_board`, or the file contains it and newer ones of
    this board.
    """
    _, group = _NUMBERED[table.name]
    is_aside = table.c.number < -_ASIDE
    groups: list[Any] = [None]
    if group is not None:
        with_own = select(group).where(table.c.number > 0)
        groups = list(connection.execute(select(group).where(is_aside, group.in_(with_own)).distinct()).scalars())
    for value in groups:
        _place_group(connection, table, [] if group is None else [group == value], follows_last=takes_board)
    connection.execute(update(table).where(is_aside).values(number=-table.c.number - _ASIDE))
    connection.execute(update(table).where(table.c.number < 0).values(number=-table.c.number))


def _place_group(
    connection: Connection, table: Table, is_included: list[ColumnElement[bool]], *, follows_last: bool
) -> None:
    """Number the rows of one group from 1, as negative numbers, if it has both own and new rows.

    `follows_last`: new calibrations come after the one in use.
    """
    time, _ = _NUMBERED[table.name]
    of_file = _staged_tables()[table.name]
    listed = select(table.c.id, time, table.c.number).where(*is_included).order_by(table.c.number)
    rows = connection.execute(listed).all()
    own = [(row.id, row[1]) for row in rows if row.number > 0]
    times = {row.id: row[1] for row in rows if row.number <= 0}
    if not own or not times:
        return
    in_file = (
        connection.execute(
            select(of_file.c.id)
            .where(of_file.c.id.in_(select(table.c.id).where(*is_included)))
            .order_by(of_file.c.number)
        )
        .scalars()
        .all()
    )
    is_in_file = set(in_file)
    order = [row_id for row_id, _ in own]
    own_times = dict(own)
    last = order.pop() if table is calibrations else None
    follows_last = follows_last and last is not None
    tail: list[str] = []
    place = 0
    for row_id in in_file:
        if row_id == last:
            follows_last = True
        elif row_id not in times:
            place = order.index(row_id) + 1
        elif follows_last:
            tail.append(row_id)
        else:
            while place < len(order) and order[place] not in is_in_file and own_times[order[place]] <= times[row_id]:
                place += 1
            order.insert(place, row_id)
            place += 1
    order += [] if last is None else [last, *tail]
    connection.execute(
        update(table).where(table.c.id == bindparam("row_id")).values(number=bindparam("new_number")),
        [{"row_id": row_id, "new_number": -number} for number, row_id in enumerate(order, 1)],
    )


def _new_names(connection: Connection, table: Table) -> list[tuple[str, str, str]]:
    """The new rows of people or routines whose name is taken: id, name in the file, and new name."""
    of_file = _staged_tables()[table.name]
    owner = (lambda of: of.c.person_id) if table is routines else (lambda _of: literal(None))
    taken = {(row[1], row.name.casefold()) for row in connection.execute(select(table.c.name, owner(table)))}
    found = []
    query = select(of_file.c.id, of_file.c.name, owner(of_file)).where(_is_new(table)).order_by(of_file.c.id)
    for row_id, name, person_id in connection.execute(query):
        given, number = name, 2
        while (person_id, given.casefold()) in taken:
            ending = f" {number}"
            given, number = name[: MAX_NAME_LENGTH - len(ending)] + ending, number + 1
        taken.add((person_id, given.casefold()))
        if given != name:
            found.append((row_id, name, given))
    return found
