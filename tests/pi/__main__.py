"""Test the station on a Raspberry Pi, or a machine that looks like one, whose board can be controlled from outside.

The station is installed there as systemd/README.md says, and runs as its service. This moves feet and wall, pulls
cables and cuts the power, and reads the results from the page. Examples:

    python -m tests.pi --world 17000 --page http://127.0.0.1:18080 --ssh './run.sh --ssh' \\
        --cut './run.sh --kill' --boot './run.sh --again'
    python -m tests.pi ... --part hold --part cables
    python -m tests.pi install ... --package build/slant-board-station_0.1.0_amd64.deb

`install` starts from a clean machine instead, and leaves a station whose page is on the network: the installer's
questions, an update, a failing one, the rollback, and removal.

It prints a line for each check, and at the end a table of figures and a JSON summary. Exit status: 0 if all is as
expected, 1 if not, 2 if the machine or the page could not be reached. It takes about twenty minutes, `install` ten.
Start with an empty database: the station has learnt its empty heel plates from whatever was on the board before.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from tests.pi import activities, contacts, endurance, guide, installation, mishaps, processes, sandbox
from tests.pi.board import Board, BoardError
from tests.pi.machine import Machine, MachineError
from tests.pi.page import Page, PageError
from tests.pi.person import LateError, Person
from tests.pi.rig import LIMIT_MM, Rig

PARTS: dict[str, Callable[[Rig], None]] = {
    "clock": activities.clock,
    "figures": activities.figures,
    "test": activities.knee_to_wall,
    "hold": activities.hold,
    "guide": guide.guide,
    "contacts": contacts.contacts,
    "cables": mishaps.cables,
    "service": mishaps.service,
    "processes": processes.processes,
    "power": mishaps.power,
    "check": mishaps.check,
    "sandbox": sandbox.sandbox,
    "watchdogs": endurance.watchdogs,
    "storms": endurance.storms,
    "logs": endurance.logs,
    "idle": endurance.idle,
    "cuts": endurance.cuts,
}
POWERED = ("power", "cuts")
"""The parts that need a power switch."""


def options() -> argparse.Namespace:
    found = argparse.ArgumentParser(
        prog="python -m tests.pi", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("what", nargs="?", choices=["install"], help="test the installer, on a clean machine")
    found.add_argument("--package", type=Path, help="the Debian package that `install` installs")
    found.add_argument("--world", required=True, help="where the board is moved: a port, a file with one, or a socket")
    found.add_argument("--page", required=True, help="the address of the station's page, as http://127.0.0.1:8080")
    found.add_argument("--ssh", required=True, help="the command that runs a command on the machine as root")
    found.add_argument(
        "--cut", help="the command that cuts the machine's power; without it `power` and `cuts` are left out"
    )
    found.add_argument("--boot", help="the command that gives the machine power again")
    found.add_argument("--part", action="append", choices=list(PARTS), help="only this part; may be given again")
    found.add_argument("--json", type=Path, help="write the summary to this file too")
    given = found.parse_args()
    if given.what and not given.package:
        found.error("install needs --package: make deb ARCH=amd64 builds it")
    return given


def main() -> int:
    given = options()
    began = time.monotonic()

    def print_line(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f} s  {line}")

    machine = Machine(given.ssh, given.cut, given.boot)
    board, page = Board(given.world), Page(given.page)
    chosen = given.part or [name for name in PARTS if name not in POWERED or (given.cut and given.boot)]
    try:
        board.wait(10)
        machine.run("true")
        rig = Rig(board, page, machine, Person(board, page, LIMIT_MM), print_line)
        if given.what:
            installation.install(rig, given.package)
            return _summary(rig, given.json, print_line)
        page.wait_until_up(30)
        rig.person.step_off()
        page.use_token(machine.pair_browser())  # after a restart it learns the present weight of the empty plates
        page.wait_until_up(60)
        page.choose_person()
        for name in chosen:
            print_line(f"--- {name}: {(PARTS[name].__doc__ or '').strip()}")
            try:
                PARTS[name](rig)
            except LateError as error:
                rig.check(f"{name} completes", passed=False, text=str(error))
                board("i2c", "ok")
                board("spi", "ok")
                page.press("/command", command="stop")
                rig.person.step_off()
    except (BoardError, MachineError, PageError) as error:
        print_line(f"STOPPED {error}")
        return 2
    finally:
        page.close()
    return _summary(rig, given.json, print_line)


def _summary(rig: Rig, file: Path | None, print_line: Callable[[str], None]) -> int:
    """Print the figures and the results; returns the exit status."""
    failed = [name for name, one in rig.found.items() if not one["passed"]]
    summary = json.dumps(
        {"passed": not failed, "failed": failed, "figures": rig.figures, "found": rig.found},
        ensure_ascii=False,
        indent=1,
    )
    if file:
        file.write_text(summary + "\n", encoding="utf-8")
    click.echo(summary)
    for name, value in rig.figures.items():
        click.echo(f"{name:30} {value:>10g}")
    print_line(f"{len(rig.found)} expectations, {len(failed)} not met")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
