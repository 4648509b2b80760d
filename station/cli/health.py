"""`station health`: whether the running station and its page are well."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import click

from station.cli.options import CONFIG
from station.cli.refuse import exit_with_error

LOCAL_PORT = 8080
"""The port of systemd's socket for this machine, whatever the configuration says."""
ASK_EVERY_S = 1.0
ANSWER_WITHIN_S = 5.0


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
def health(config_path: Path | None, wait_s: int) -> None:
    """Ask the running station whether it is well.

    Exit status 0 if no action is needed, 1 if something is wrong or nothing answers. It needs no access: what is wrong
    stands on the Status page.

    Example: station health --config /etc/station.toml --wait 60
    """
    from station.config import ConfigError, load

    try:
        config = load(config_path)
    except ConfigError as error:
        exit_with_error(str(error), os.EX_CONFIG)
    until = time.monotonic() + wait_s
    while True:
        status = _status((config.page.port, LOCAL_PORT))
        is_well = status is not None and bool(status["ok"])
        if is_well or time.monotonic() >= until:
            break
        time.sleep(ASK_EVERY_S)
    if status is None:
        exit_with_error("No page answers on this machine: journalctl --unit 'station*' says why.", 1)
    click.echo(f"{status['title']}." if is_well else f"{status['title']}: see the page's Status.")
    sys.exit(0 if is_well else 1)


def _status(ports: tuple[int, ...]) -> dict[str, Any] | None:
    """What the first page that answers on one of these ports says of the station; `None` if none does."""
    import urllib.request  # slow to load, and every other command goes without
    from http.client import HTTPException

    for port in ports:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/status", timeout=ANSWER_WITHIN_S) as answer:
                found = json.load(answer)
        except (OSError, HTTPException, ValueError):
            continue
        if isinstance(found, dict) and "ok" in found:
            return found
    return None
