"""The commands that check and calibrate the board: `station check` and `station calibrate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from station.cli.options import CONFIG, read_config
from station.cli.refuse import exit_with_error


@click.command()
@CONFIG
@click.option("--no-questions", is_flag=True, help="Ask nothing: probe only what the Pi sees by itself.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and ask nothing.")
def check(config_path: Path | None, no_questions: bool, as_json: bool) -> None:
    """Check every part, in wiring order, and name the wrong wire.

    The clock, the database and the page's address come first. Each part of the board is probed, exercised (you press
    it) and witnessed (you say what you hear, see or measure). Exit status 0 if all is well, 1 if not. Stop a running
    station first, and keep off the board. A simulated board asks nothing, and leaves the database of an installed
    station alone.

    Example: station check --config /etc/station.toml
    """
    from station.cli.terminal_witness import TerminalWitness
    from station.system.self_check import checks

    config = read_config(config_path)
    asks = not (no_questions or as_json or config.board.simulated) and sys.stdin.isatty()
    found = []
    for result in checks(config, TerminalWitness() if asks else None):
        found.append(result)
        if not as_json:
            click.echo(f"{'ok     ' if result.well else 'WRONG  '}{result.part}, {result.step}: {result.sentence}")
    if as_json:
        rows = [{"part": r.part, "step": r.step, "well": r.well, "sentence": r.sentence} for r in found]
        click.echo(json.dumps(rows))
    sys.exit(0 if all(result.well for result in found) else 1)


@click.command()
@CONFIG
@click.option("--check", "only_check", is_flag=True, help="Only check with one block that the calibration still holds.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def calibrate(config_path: Path | None, only_check: bool, as_json: bool) -> None:
    """Calibrate the distance sensor with blocks, or check it.

    Hold the blocks of the configuration against the toe stop, one after the other. It works hands-free: the sensor
    notices each block, and a cue plays when its reading is done. Exit status 0 if the calibration is good, 1 if
    not. Stop a running station first, or calibrate on its page.

    Example: station calibrate --config /etc/station.toml
    """
    from station.cli.guided_calibration import run_guided_calibration
    from station.devices.errors import DeviceError
    from station.store import StoreError

    config = read_config(config_path)
    try:
        outcome = run_guided_calibration(
            config, "check" if only_check else "calibrate", lambda line: click.echo(line, err=as_json)
        )
    except (StoreError, DeviceError) as error:
        exit_with_error(f"{error} Stop a running station first, or calibrate on its page.", 1)
    click.echo(json.dumps(outcome.as_json()) if as_json else "\n".join(outcome.lines()))
    sys.exit(0 if outcome.well else 1)
