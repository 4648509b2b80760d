"""The versions of the program and of the rules that produced a result: each stored row has both."""

from __future__ import annotations

from importlib.metadata import version

APP_VERSION = version("slant-board-station")
"""As `pyproject.toml` has it, since the last `make setup`."""

RULE_VERSION = "3"
"""Increases with every change of a rule after which the same trace could give another result."""
