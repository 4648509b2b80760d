"""The commands that copy the database, restore a copy, and salvage a damaged database."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from station.cli.merging import SAME_BOARD_QUESTION, merge_if_sure
from station.cli.options import DATABASE, SAME_BOARD, database_path, existing_database, opened_store
from station.cli.refuse import exit_with_error


@click.command()
@click.argument("to", required=False, type=click.Path(path_type=Path))
@DATABASE
def backup(to: Path | None, database: Path | None) -> None:
    """Copy the database, also while the station runs.

    Every page of the copy is checked.

    TO is a directory, such as that of a USB stick, or the name of a file; an older copy of that name is replaced.
    Without it the copy joins the nightly ones, of which the newest of 7 days, 8 weeks and 12 months are kept.

    Example: station backup /media/stick
    """
    from station.store import StoreError
    from station.store.backups.backup import back_up, backups_of, copy_database
    from station.store.exchange.export_read import is_database

    path, today = existing_database(database), date.today()  # noqa: DTZ011  # a copy is named after the person's local day
    try:
        if to is None or to.is_dir():
            to = back_up(path, to or backups_of(path), today).path
        elif to.is_file() and not is_database(to):
            exit_with_error(f"{to} exists and is not a copy of a database, so it is left alone: name another file.")
        else:
            copy_database(path, to)
    except StoreError as error:
        exit_with_error(str(error), 1)
    click.echo(f"Written to {to}.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--merge", "is_merge", is_flag=True, help="Add what the station lacks, and lose nothing.")
@SAME_BOARD
@click.option("--yes", is_flag=True, help="Restore without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; without --yes, nothing is restored.")
@DATABASE
def restore(file: Path, is_merge: bool, same_board: bool, yes: bool, as_json: bool, database: Path | None) -> None:
    """Restore a backup, in place of the database or merged into it.

    It shows what only the backup has and what would be lost, then asks. All of it is restored, or nothing; the
    old database is kept beside it. Pairings that were ended since stay ended. Stop a running station first.

    Example: station restore /var/lib/station/backups/station-2026-11-29.db
    """
    from station.store import StoreError

    path = database_path(database)
    try:
        if is_merge:
            _merge(file, path, same_board=same_board, yes=yes, as_json=as_json)
        else:
            _replace(file, path, same_board=same_board, yes=yes, as_json=as_json)
    except StoreError as error:
        exit_with_error(str(error), 1)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@DATABASE
def salvage(as_json: bool, database: Path | None) -> None:
    """Save what can still be read from a damaged database.

    All readable rows go into a new database, and the rest comes from the newest sound backup. The damaged file stays
    beside it under another name, with a report of what is lost. Stop a running station first; it does this by
    itself at its start if the database does not open.

    Example: station salvage
    """
    from datetime import UTC, datetime

    import msgspec

    from station.store import StoreError
    from station.store.backups.salvage import salvage as salvage_database

    path = existing_database(database)
    try:
        made = salvage_database(path, datetime.now(UTC))
    except StoreError as error:
        exit_with_error(str(error), 1)
    if as_json:
        found = {} if made is None else msgspec.to_builtins(made)
        click.echo(json.dumps({"damaged": made is not None, **found}))
    else:
        click.echo("\n".join(("Nothing is damaged, and nothing was changed.",) if made is None else made.lines()))


def _merge(file: Path, path: Path, *, same_board: bool, yes: bool, as_json: bool) -> None:
    import msgspec

    from station.store.backups.restore import staged_backup

    with opened_store(existing_database(path)) as store, staged_backup(file, path) as staged:
        report, sure = merge_if_sure(store, staged, "Merge this?", same_board=same_board, yes=yes, as_json=as_json)
    if as_json:
        click.echo(json.dumps({"restored": sure, **msgspec.to_builtins(report)}))
    elif report.new_rows:
        click.echo(f"Merged into {path}." if sure else "Nothing was changed.")


def _replace(file: Path, path: Path, *, same_board: bool, yes: bool, as_json: bool) -> None:
    from datetime import UTC, datetime

    import msgspec

    from station.app.exchange.restore_preview import UNKNOWN_ACCESS, UNKNOWN_BOARD, restore_lines
    from station.store import StoreError
    from station.store.backups.restore import preview_restore, reader_of, replace_database, staged_backup

    path.parent.mkdir(parents=True, exist_ok=True)
    with staged_backup(file, path) as staged:
        shown = None
        try:
            with reader_of(path) as reader:
                shown = preview_restore(reader, staged)
                lines = restore_lines(shown)
        except StoreError as error:
            lines = (f"What would be lost is not known: {error}", UNKNOWN_BOARD, UNKNOWN_ACCESS)
        if not as_json:
            click.echo("\n".join(lines))
        asks = not (yes or as_json)
        sure = yes or (asks and click.confirm("Replace the database with the backup?"))
        if asks and sure and not same_board and shown is not None and shown.may_be_same_board:
            same_board = click.confirm(SAME_BOARD_QUESTION)
        before = replace_database(staged, path, datetime.now(UTC), same_board=same_board) if sure else None
    if as_json:
        known = {} if shown is None else msgspec.to_builtins(shown)
        click.echo(json.dumps({"restored": sure, "before": None if before is None else str(before), **known}))
    elif sure:
        click.echo(f"Restored{'' if before is None else f'; the database before it is {before}'}.")
    else:
        click.echo("Nothing was changed.")
