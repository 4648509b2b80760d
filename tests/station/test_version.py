"""The version that rows carry, and the program's entry points."""

from __future__ import annotations

import tomllib
from pathlib import Path

from station.version import APP_VERSION, entry_point


def test_app_version_is_the_installed_version() -> None:
    pyproject = Path(__file__).resolve().parents[2] / "pyproject.toml"
    assert tomllib.loads(pyproject.read_text())["project"]["version"] == APP_VERSION


def test_entry_point_is_the_programs_own() -> None:
    page = entry_point("station.page")
    assert page is not None
    assert page.value == "web.server:open_page"
    assert entry_point("pytest11") is None, "that is another package's"
