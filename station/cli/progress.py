"""`station progress`: the sentences, chart and table of the page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from station.cli.options import DATABASE, database_path
from station.cli.refuse import exit_with_error


@click.command()
@click.option("--person", required=True, help="The person's name, as on the page; `nobody` for unclaimed results.")
@DATABASE
@click.option("--json", "as_json", is_flag=True, help="Print JSON: all tests, with distances in mm.")
def progress(person: str, database: Path | None, as_json: bool) -> None:
    """Show a person's progress, as on the Progress page.

    How much better, since when, and when they will reach the goal. The station may be running.

    Example: station progress --person Robin --database robin.db
    """
    from station.app.results.progress import history_of
    from station.cli.progress_text import report_json, report_lines
    from station.store import Reader, StoreError

    try:
        with Reader.open(database_path(database)) as reader:
            people = {one.name: one.id for one in reader.people()}
            if person not in people and person != "nobody":
                known = ", ".join(people) or "nobody yet"
                exit_with_error(f"This station has no person called {person!r} (it has: {known}).", 1)
            settings = reader.settings_of(people.get(person))
            history = history_of(reader, people.get(person), settings.goals, datetime.now(UTC))
    except StoreError as error:
        exit_with_error(str(error), 1)
    if as_json:
        click.echo(report_json(person, history, settings.goals, settings.units))
    else:
        for line in report_lines(history, settings.goals, settings.units):
            click.echo(line)
