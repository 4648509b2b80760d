"""systemd's own measure of how exposed the station's services are; 10 is no sandbox at all."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click

UNITS = Path(__file__).resolve().parents[2] / "systemd"
SERVICES = tuple(sorted(UNITS.glob("*.service")))


class ExposureError(Exception):
    """systemd did not report a unit's exposure; the text is one sentence."""


def exposure(unit: Path) -> float:
    """The exposure of a unit file. Raises ExposureError if systemd does not report it."""
    program = shutil.which("systemd-analyze")
    if program is None:
        raise ExposureError(
            "This machine has no systemd-analyze, so unit_exposure is not measured: apt-get install systemd."
        )
    done = subprocess.run((program, "security", "--offline=true", unit), capture_output=True, text=True, check=False)
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    if found is None:
        raise ExposureError(f"systemd-analyze does not say how exposed {unit.name} is: {done.stderr.strip()}")
    return float(found[1])


def figures() -> dict[str, dict[str, Any]]:
    """The figure of this module: the largest exposure of the services."""
    try:
        found = {unit.name: exposure(unit) for unit in SERVICES}
    except ExposureError as error:
        click.echo(error, err=True)
        return {}
    return {"unit_exposure": {"value": max(found.values()), "unit": "of 10", "units": found}}
