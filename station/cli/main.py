"""The program `station` with all its commands."""

from __future__ import annotations

import click

from station.cli.backups import backup, restore, salvage
from station.cli.check import calibrate, check
from station.cli.exchange import export, import_file
from station.cli.health import health
from station.cli.network import network
from station.cli.progress import progress
from station.cli.recalibrate import recalibrate
from station.cli.replay import replay
from station.cli.report import report
from station.cli.run import demo, page, run
from station.cli.simulate import simulate_days
from station.cli.tls import tls


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="slant-board-station", prog_name="station")
def main() -> None:
    """The slant-board station measures how far your ankles bend and guides your stretches."""


COMMANDS = (
    *(run, page, demo, check, calibrate, simulate_days, replay, recalibrate, health, backup, restore, salvage, export),
    *(import_file, network, progress, report, tls),
)
for command in COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main()
