"""The version that rows carry."""

from __future__ import annotations

import tomllib
from pathlib import Path

from station.version import APP_VERSION


def test_rows_carry_the_version_of_the_package() -> None:
    """What is written into each row is the version that is installed."""
    pyproject = Path(__file__).resolve().parents[2] / "pyproject.toml"
    assert tomllib.loads(pyproject.read_text())["project"]["version"] == APP_VERSION
