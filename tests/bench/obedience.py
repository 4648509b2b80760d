"""How many people who do exactly what the page says get stuck in a whole test: paused, or 45 s without progress."""

from __future__ import annotations

import sys
from multiprocessing import Pool

import click

from station.cli.progress_bar import with_progress
from tests.station.obedience import obedient_test

PEOPLE = 1_000
PROCESSES = 2


def stall(seed: int) -> str | None:
    """Why this person got stuck; `None` if they finished."""
    return obedient_test(seed).stall


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module; each stall is also printed."""
    with Pool(PROCESSES) as pool:
        stalls = list(with_progress(pool.imap(stall, range(PEOPLE)), PEOPLE, "obedient people"))
    for seed, reason in enumerate(stalls):
        if reason is not None:
            click.echo(f"person {seed}: {reason}", err=True)
    return {"obedient_stalls": {"value": sum(map(bool, stalls)), "unit": f"of {PEOPLE} tests"}}


if __name__ == "__main__":
    sys.stdout.write(f"{figures()}\n")
