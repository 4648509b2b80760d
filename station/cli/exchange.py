"""The commands that export and import data: `station export` and `station import`."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from station.cli.merging import merge_if_sure
from station.cli.options import DATABASE, SAME_BOARD, database_path, existing_database, opened_store
from station.cli.refuse import exit_with_error, require_new

if TYPE_CHECKING:
    from station.store import Reader

LAST = "last"


@click.command()
@click.argument("to", type=click.Path(path_type=Path))
@DATABASE
@click.option(
    "--as",
    "kind",
    type=click.Choice(["csv", "json", "bundle"]),
    default=None,
    show_default="csv; of a session, a bundle",
    help="CSV (a zip with a file for each table), JSON (one document), or a bundle (the CSV with the traces).",
)
@click.option("--person", help="Only this person, by name.")
@click.option("--session", help="Only this session, by its identifier or as last: a bundle to attach to a question.")
def export(to: Path, database: Path | None, kind: str | None, person: str | None, session: str | None) -> None:
    """Export everything, one person or one session to a file.

    An existing file is never replaced. What is exported can be imported again, except a single session. The traces in
    a bundle are files that `station replay` accepts.

    Example: station export results.zip --person Robin
    """
    from station.store import Reader, StoreError
    from station.store.exchange.bundle import export_bundle
    from station.store.exchange.export import ExportKind, export_person, export_station

    kind = kind or ("csv" if session is None else "bundle")
    if session is not None and (person is not None or kind != "bundle"):
        exit_with_error("A session is exported as a bundle and alone: leave out --person, and --as or say --as bundle.")
    require_new(to)
    path = database_path(database)
    try:
        with Reader.open(path) as reader:
            if session is not None:
                export_bundle(reader, _session_id(reader, session, path), to)
            elif person is not None:
                export_person(reader, _person_id(reader, person, path), to, ExportKind(kind))
            else:
                export_station(reader, to, ExportKind(kind))
    except StoreError as error:
        exit_with_error(str(error), 1)
    click.echo(f"Written to {to}.")


def _session_id(reader: Reader, session: str, path: Path) -> str:
    found = session if session != LAST else next((one.id for one in reader.sessions(limit=1)), None)
    return found or exit_with_error(f"{path} has no session yet.", 1)


def _person_id(reader: Reader, name: str, path: Path) -> str:
    """The id of the person with this name. Ends the program with a sentence if there is none."""
    wanted = " ".join(name.split()).casefold()
    found = next((one.id for one in reader.people() if one.name.casefold() == wanted), None)
    if found is None:
        names = ", ".join(one.name for one in reader.people()) or "nobody"
        exit_with_error(f"{path} has no person called {name} (it has: {names}): add them on the page first.", 1)
    return found


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@SAME_BOARD
@click.option("--yes", is_flag=True, help="Import an export without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; without --yes, an export is not imported.")
@click.option("--person", help="The person whose tape measurements these are.")
@click.option("--unit", type=click.Choice(["cm", "mm", "inch"]), help="The unit of the tape measurements.")
@click.option("--sure", is_flag=True, help="Import even if the distances look wrong for this unit.")
@DATABASE
def import_file(file: Path, same_board: bool, yes: bool, as_json: bool, database: Path | None, **tape: Any) -> None:
    """Import an export of a station, or past tape measurements.

    An export adds what is new and leaves what the station has; it shows what that is, then asks. All of it is
    imported, or nothing.

    Tape measurements are a CSV file; say whose, and in which unit. The columns are date,left,right; either side may
    be empty. A date may have a time of day. Optional columns say how a test was done: shod and warmed_up
    (yes, no), back_foot (heel up, flat, off), board_angle_deg. Days that already have tests are skipped.

    Stop a running station first: it locks the database.

    Example: station import results.zip

    Example: station import tape.csv --person Robin --unit cm
    """
    from station.app.exchange.import_results import ImportRefusedError
    from station.store import StoreError
    from station.store.exchange.export_read import is_export

    path = existing_database(database)
    try:
        if is_export(file):
            if tape["person"] is not None or tape["unit"] is not None:
                exit_with_error(f"{file} is not a list of tape measurements: leave out --person and --unit.")
            _import_export(file, path, same_board=same_board, yes=yes, as_json=as_json)
        elif tape["person"] is None or tape["unit"] is None:
            exit_with_error(
                f"{file} is not an export of a station. If it is a list of tape measurements, say whose and in which "
                "unit: --person and --unit."
            )
        else:
            _import_tape(file, path, **tape)
    except (StoreError, ImportRefusedError) as error:
        exit_with_error(str(error), 1)


def _import_export(file: Path, path: Path, *, same_board: bool, yes: bool, as_json: bool) -> None:
    import msgspec

    from station.store.exchange.staging import staged_export

    with opened_store(path) as store, staged_export(file, path.parent) as staged:
        report, sure = merge_if_sure(store, staged, "Import this?", same_board=same_board, yes=yes, as_json=as_json)
    if as_json:
        click.echo(json.dumps({"imported": sure, **msgspec.to_builtins(report)}))
    elif report.new_rows:
        click.echo(f"Imported into {path}." if sure else "Nothing was changed.")


def _import_tape(file: Path, path: Path, *, person: str, unit: str, sure: bool) -> None:
    from station.app.exchange.import_results import read_past_results
    from station.units import count_text

    with opened_store(path) as store:
        person_id = _person_id(store, person, path)
        days = {score.started_at.astimezone().date() for score in store.result_summaries(person_id)}
        past = read_past_results(file, unit, days, datetime.now().astimezone(), sure=sure)
        store.add_imported_results(person_id, past.results)
        name = next(one.name for one in store.people() if one.id == person_id)
    if past.known_days:
        click.echo(f"Skipped days that already have tests: {', '.join(map(str, past.known_days))}.")
    click.echo(f"{count_text(len(past.results), 'test')} of {name} imported into {path}.")
