"""The version that rows carry."""

from __future__ import annotations

import tomllib
from pathlib import Path

from station.version import APP_VERSION


def test_app_version_is_the_installed_version() -> None:
    pyproject = Path(__file__).resolve().parents[2] / "pyproject.toml"
    assert tomllib.loads(pyproject.read_text())["project"]["version"] == APP_VERSION
