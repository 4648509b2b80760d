"""`station report`: the sheet for a physiotherapist, as the page Report shows it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from station.cli.options import DATABASE, database_path
from station.cli.refuse import exit_with_error, require_new

REPORT_GROUP = "station.report"


@click.command()
@click.option("--person", required=True, help="The person's name, as on the page.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The HTML file to write; an existing one is never replaced.  [default: standard output]",
)
@DATABASE
def report(person: str, out: Path | None, database: Path | None) -> None:
    """Write a person's report for a physiotherapist.

    One HTML file that needs nothing else. Open it in a browser: it prints on one page of A4 or Letter, or saves as
    PDF. The station may be running.

    Example: station report --person Robin --out robin.html
    """
    from station.store import Reader, StoreError
    from station.version import entry_point

    installed = entry_point(REPORT_GROUP)
    if installed is None:
        exit_with_error("The pages are not installed, and the report is one of them: install the station again.", 1)
    try:
        with Reader.open(database_path(database)) as reader:
            found = next((one for one in reader.people() if one.name == person), None)
            if found is None:
                known = ", ".join(one.name for one in reader.people()) or "nobody yet"
                exit_with_error(f"This station has no person called {person!r} (it has: {known}).", 1)
            text = installed.load()(reader, found, datetime.now(UTC))
    except StoreError as error:
        exit_with_error(str(error), 1)
    if out is None:
        click.echo(text)
        return
    require_new(out)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        exit_with_error(f"{out} cannot be written: {error.strerror or error}.", 1)
    click.echo(f"Written to {out}.")
