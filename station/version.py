"""Which program and which rules made a result: each stored row carries both."""

from __future__ import annotations

from importlib.metadata import version

APP_VERSION = version("slant-board-station")
"""As `pyproject.toml` has it, since the last `make setup`."""

RULE_VERSION = "3"
"""Grows with every change of a rule after which the same trace could give another result."""
