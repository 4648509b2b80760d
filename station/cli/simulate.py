"""`station simulate`: days of a simulated person's use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from station.cli.options import read_config
from station.cli.progress_bar import with_progress
from station.cli.refuse import exit_with_error


@click.command("simulate")
@click.option("--person", required=True, help="The name of the simulated person.")
@click.option("--days", type=click.IntRange(1, 3_650), required=True, help="How many days to simulate.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same history.")
@click.option(
    "--sessions-per-week", type=click.IntRange(1, 7), default=3, show_default=True, help="How often they come."
)
@click.option(
    "--limit-left-mm", "left_mm", type=click.FloatRange(-50, 250), help="The limit of the left ankle.  [default: 92]"
)
@click.option(
    "--limit-right-mm", "right_mm", type=click.FloatRange(-50, 250), help="The limit of the right ankle.  [default: 88]"
)
@click.option("--gain-mm-week", type=click.FloatRange(-10, 10), help="The weekly gain of both.  [default: 2]")
@click.option("--cheat", is_flag=True, help="Lift the heel where the knee does not reach.")
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("simulated.db"),
    show_default=True,
    help="The database to add to; existing data stays.",
)
@click.option("--config", "config_path", type=click.Path(dir_okay=False, path_type=Path), help="Wiring to emulate.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def simulate_days(
    person: str, days: int, seed: int, sessions_per_week: int, database: Path, as_json: bool, **options: Any
) -> None:
    """Simulate days of a person's use with the real drivers.

    About a hundred times faster than real time.

    Example: station simulate --person Robin --days 14 --database robin.db
    """
    from station.store import StoreError
    from station.system.simulate import Habits, character_of, simulate
    from station.units import count_text

    config = read_config(options.pop("config_path"))
    habits = Habits(person, character_of(**options), sessions_per_week=sessions_per_week, seed=seed)
    try:
        reached = list(with_progress(simulate(habits, days, database, config), days, person))[-1]
    except (StoreError, ValueError) as error:
        exit_with_error(str(error), 1)
    if as_json:
        click.echo(json.dumps({"database": str(database), "days": reached.day, "sessions": reached.sessions}))
    else:
        sessions, span = count_text(reached.sessions, "session"), count_text(days, "day")
        click.echo(f"{database} has {sessions} more of {person}, in {span}.")
