"""Options shared by several commands, and the configuration and database that they name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from station.cli.refuse import exit_with_error

if TYPE_CHECKING:
    from station.config import Config
    from station.store import Store

CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The board's configuration (TOML); systemd/station.toml describes every key.  [default: a real board]",
)
INSTALLED_CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("/etc/station.toml"),
    show_default=True,
    help="The board's configuration, for its host names.",
)
DATABASE = click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The station's database.  [default: /var/lib/station/station.db]",
)
SAME_BOARD = click.option(
    "--same-board", is_flag=True, help="It is of this board, whose distance sensor was not moved."
)


def read_config(path: Path | None) -> Config:
    """The configuration at this path; ends the program with a sentence if it is invalid."""
    from station.config import ConfigError, load

    try:
        return load(path)
    except ConfigError as error:
        exit_with_error(str(error), os.EX_CONFIG)


def database_path(database: Path | None) -> Path:
    """The database given by `--database`, or the station's own."""
    from station.config import StoreConfig

    return database or Path(StoreConfig().path)


def existing_database(database: Path | None) -> Path:
    """That database; ends the program with a sentence if there is none."""
    path = database_path(database)
    if not path.exists():
        exit_with_error(f"There is no database at {path}: name the one that the station uses with --database.", 1)
    return path


def opened_store(path: Path) -> Store:
    """The database, opened for writing. Raises StoreError."""
    from station.clock import SystemClock
    from station.store import Store

    return Store.open(path, clock=SystemClock())
