"""`station health`: whether the running station and its page work."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from station.cli.options import CONFIG, read_config
from station.cli.refuse import exit_with_error

LOCAL_PORT = 8080
"""The port of systemd's socket for this machine, regardless of the configuration."""
ASK_EVERY_S = 1.0


@click.command()
@CONFIG
@click.option(
    "--wait",
    "wait_s",
    type=click.IntRange(0, 600),
    default=0,
    show_default=True,
    help="How many seconds to wait for a station that is just starting.",
)
@click.option("--running", "is_enough_to_run", is_flag=True, help="Only whether it runs; a loose cable is fine.")
def health(config_path: Path | None, wait_s: int, is_enough_to_run: bool) -> None:
    """Ask the running station whether it is well.

    Exit status 0 if no action is needed, 1 if something is wrong or nothing answers; with `--running` 0 if page and
    board answer. It needs no access: the Status page says what is wrong.

    Example: station health --config /etc/station.toml --wait 60
    """
    from station.system.running_page import board_answers, status_of_page

    config = read_config(config_path)
    until = time.monotonic() + wait_s
    while True:
        port, status = status_of_page((config.page.port, LOCAL_PORT))
        is_well = status is not None and bool(status["ok"])
        is_running = is_well or (status is not None and board_answers(port))
        if is_well or (is_running and is_enough_to_run) or time.monotonic() >= until:
            break
        time.sleep(ASK_EVERY_S)
    if status is None:
        exit_with_error("No page answers on this machine: journalctl --unit 'station*' says why.", 1)
    if not is_running:
        exit_with_error("The page runs, but the board does not respond: journalctl --unit station says why.", 1)
    click.echo(f"{status['title']}." if is_well else f"{status['title']}: see the page's Status.")
    sys.exit(0 if is_well or is_enough_to_run else 1)
