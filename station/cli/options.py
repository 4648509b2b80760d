"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

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
